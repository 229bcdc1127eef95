package secondwind;

import exchange.core2.collections.objpool.ObjectsPool;
import exchange.core2.core.ExchangeApi;
import exchange.core2.core.ExchangeCore;
import exchange.core2.core.common.CoreSymbolSpecification;
import exchange.core2.core.common.CoreWaitStrategy;
import exchange.core2.core.common.MatcherEventType;
import exchange.core2.core.common.MatcherTradeEvent;
import exchange.core2.core.common.OrderAction;
import exchange.core2.core.common.OrderType;
import exchange.core2.core.common.SymbolType;
import exchange.core2.core.common.api.ApiCancelOrder;
import exchange.core2.core.common.api.ApiCommand;
import exchange.core2.core.common.api.ApiPlaceOrder;
import exchange.core2.core.common.api.binary.BatchAddAccountsCommand;
import exchange.core2.core.common.api.binary.BatchAddSymbolsCommand;
import exchange.core2.core.common.cmd.CommandResultCode;
import exchange.core2.core.common.cmd.OrderCommand;
import exchange.core2.core.common.cmd.OrderCommandType;
import exchange.core2.core.common.config.ExchangeConfiguration;
import exchange.core2.core.common.config.InitialStateConfiguration;
import exchange.core2.core.common.config.LoggingConfiguration;
import exchange.core2.core.common.config.OrdersProcessingConfiguration;
import exchange.core2.core.common.config.PerformanceConfiguration;
import exchange.core2.core.common.config.ReportsQueriesConfiguration;
import exchange.core2.core.common.config.SerializationConfiguration;
import exchange.core2.core.orderbook.IOrderBook;
import exchange.core2.core.orderbook.OrderBookDirectImpl;
import exchange.core2.core.orderbook.OrderBookEventsHelper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ObjLongConsumer;
import java.util.stream.LongStream;
import org.eclipse.collections.impl.map.mutable.primitive.IntLongHashMap;
import org.eclipse.collections.impl.map.mutable.primitive.LongObjectHashMap;

/**
 * Drives exchange-core with a flow that the benchmark has written: {@code PlainFlow book FILE} its order book alone on one
 * thread, {@code PlainFlow exchange FILE} the whole of it with the risk engine. Prints one line of JSON.
 *
 * <p>Each line of the file is a step: {@code bid|ask ORDER PARTICIPANT PRICE QUANTITY} or {@code cancel ORDER PARTICIPANT}. Those
 * before the line {@code measured} fill the book and are not measured.
 */
public final class PlainFlow {
    /** Passes over the measured steps; the middle one counts. */
    private static final int PASSES = 5;
    /** About so many steps are carried out first, since the virtual machine compiles what it has seen often. */
    private static final int WARM_UP_STEPS = 2_000_000;
    /** A short flow is not repeated more often, since every pass fills a book. */
    private static final int WARM_UPS_MAX = 20;

    private static final int SYMBOL = 1;
    private static final int BASE_CURRENCY = 1;
    private static final int QUOTE_CURRENCY = 2;
    /** Enough for every order of a run. */
    private static final long FUNDS = 1_000_000_000_000_000L;
    private static final long PATIENCE_SECONDS = 30;
    private static final long RUN_SECONDS_MAX = 300;

    /** One spot pair with a fee for takers, so that fees are reckoned as well. */
    private static final CoreSymbolSpecification SPECIFICATION = CoreSymbolSpecification.builder()
            .symbolId(SYMBOL)
            .type(SymbolType.CURRENCY_EXCHANGE_PAIR)
            .baseCurrency(BASE_CURRENCY)
            .quoteCurrency(QUOTE_CURRENCY)
            .baseScaleK(1)
            .quoteScaleK(1)
            .takerFee(1)
            .makerFee(0)
            .build();

    private enum Kind { BID, ASK, CANCEL }

    private record Step(Kind kind, long order, long participant, long price, long quantity) {
        static Step parse(String line) {
            String[] fields = line.split(" ");
            Kind kind = Kind.valueOf(fields[0].toUpperCase(Locale.ROOT));
            long price = kind == Kind.CANCEL ? 0 : Long.parseLong(fields[3]);
            long quantity = kind == Kind.CANCEL ? 0 : Long.parseLong(fields[4]);
            return new Step(kind, Long.parseLong(fields[1]), Long.parseLong(fields[2]), price, quantity);
        }

        OrderAction action() {
            return kind == Kind.ASK ? OrderAction.ASK : OrderAction.BID;
        }

        /** The command of the order book; one object serves all, as a slot of the ring buffer does in the exchange. */
        void write(OrderCommand command) {
            command.orderId = order;
            command.uid = participant;
            command.symbol = SYMBOL;
            command.resultCode = CommandResultCode.VALID_FOR_MATCHING_ENGINE;
            command.matcherEvent = null;
            if (kind == Kind.CANCEL) {
                command.command = OrderCommandType.CANCEL_ORDER;
            } else {
                command.command = OrderCommandType.PLACE_ORDER;
                command.price = price;
                command.size = quantity;
                command.reserveBidPrice = price;
                command.action = action();
                command.orderType = OrderType.GTC;
            }
        }

        /** The command as a client of the whole exchange gives it. */
        ApiCommand request() {
            if (kind == Kind.CANCEL) {
                return ApiCancelOrder.builder().orderId(order).uid(participant).symbol(SYMBOL).build();
            }
            return ApiPlaceOrder.builder()
                    .orderId(order)
                    .uid(participant)
                    .symbol(SYMBOL)
                    .price(price)
                    .reservePrice(price)
                    .size(quantity)
                    .action(action())
                    .orderType(OrderType.GTC)
                    .build();
        }
    }

    private record Flow(List<Step> resting, List<Step> measured) {
        static Flow read(Path file) throws IOException {
            Flow flow = new Flow(new ArrayList<>(), new ArrayList<>());
            try (BufferedReader lines = Files.newBufferedReader(file)) {
                List<Step> steps = flow.resting;
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.equals("measured")) {
                        steps = flow.measured;
                    } else {
                        steps.add(Step.parse(line));
                    }
                }
            }
            return flow;
        }

        int warmUps() {
            return Math.max(2, Math.min(WARM_UPS_MAX, WARM_UP_STEPS / Math.max(1, measured.size())));
        }
    }

    /** What traded. */
    private static final class Tally {
        private long trades;
        private long quantity;
        private long value;

        void add(MatcherTradeEvent first) {
            for (MatcherTradeEvent event = first; event != null; event = event.nextEvent) {
                if (event.eventType == MatcherEventType.TRADE) {
                    trades += 1;
                    quantity += event.size;
                    value += event.size * event.price;
                }
            }
        }
    }

    /** One pass: how long it took, and what traded. */
    private record Pass(long nanos, Tally tally, String remark) {}

    private PlainFlow() {}

    public static void main(String[] arguments) {
        Thread watch = new Thread(PlainFlow::giveUpInTheEnd, "watch");
        watch.setDaemon(true);
        watch.start();
        try {
            run(arguments);
            System.exit(0);
        } catch (Throwable failure) {
            failure.printStackTrace();
            // The exchange's own threads would keep the process alive.
            System.exit(1);
        }
    }

    /** A publisher waits for ever for a thread of the exchange that has failed. */
    private static void giveUpInTheEnd() {
        try {
            TimeUnit.SECONDS.sleep(RUN_SECONDS_MAX);
        } catch (InterruptedException interrupted) {
            return;
        }
        System.err.println("Error: not done after " + RUN_SECONDS_MAX + " seconds");
        Runtime.getRuntime().halt(1);
    }

    private static void run(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            throw new IllegalArgumentException("usage: PlainFlow book|exchange FILE");
        }
        Flow flow = Flow.read(Path.of(arguments[1]));
        switch (arguments[0]) {
            case "book" -> measureBook(flow);
            case "exchange" -> measureExchange(flow);
            default -> throw new IllegalArgumentException("neither book nor exchange: " + arguments[0]);
        }
    }

    private static void measureBook(Flow flow) {
        for (int warmUp = 0; warmUp < flow.warmUps(); warmUp++) {
            bookPass(flow, warmUp % 2 == 0 ? null : new long[flow.measured.size()]);
        }
        List<Pass> passes = new ArrayList<>();
        for (int pass = 0; pass < PASSES; pass++) {
            passes.add(bookPass(flow, null));
        }
        long[] latencies = new long[flow.measured.size()];
        bookPass(flow, latencies);
        print(flow, middle(passes), latencies);
    }

    /** All steps through a fresh book; each by the clock where {@code latencies} are wanted. */
    private static Pass bookPass(Flow flow, long[] latencies) {
        // Events are taken from a pool, as they are within the exchange.
        EventPool events = new EventPool();
        IOrderBook book = new OrderBookDirectImpl(
                SPECIFICATION, pool(), new OrderBookEventsHelper(events::take), LoggingConfiguration.DEFAULT);
        OrderCommand command = new OrderCommand();
        Tally ignored = new Tally();
        for (Step step : flow.resting) {
            carryOut(book, step, command, events, ignored);
        }
        Tally tally = new Tally();
        System.gc();
        long started = System.nanoTime();
        if (latencies == null) {
            for (Step step : flow.measured) {
                carryOut(book, step, command, events, tally);
            }
        } else {
            long before = started;
            int index = 0;
            for (Step step : flow.measured) {
                carryOut(book, step, command, events, tally);
                long after = System.nanoTime();
                latencies[index++] = after - before;
                before = after;
            }
        }
        return new Pass(System.nanoTime() - started, tally, "");
    }

    private static void carryOut(IOrderBook book, Step step, OrderCommand command, EventPool events, Tally tally) {
        step.write(command);
        CommandResultCode code = IOrderBook.processCommand(book, command);
        if (code != CommandResultCode.SUCCESS) {
            throw new IllegalStateException(step + ": " + code);
        }
        tally.add(command.matcherEvent);
        events.giveBack(command.matcherEvent);
    }

    /** As large as the exchange makes its own. */
    private static ObjectsPool pool() {
        Map<Integer, Integer> sizes = new HashMap<>();
        sizes.put(ObjectsPool.DIRECT_ORDER, 1024 * 1024);
        sizes.put(ObjectsPool.DIRECT_BUCKET, 64 * 1024);
        sizes.put(ObjectsPool.ART_NODE_4, 32 * 1024);
        sizes.put(ObjectsPool.ART_NODE_16, 16 * 1024);
        sizes.put(ObjectsPool.ART_NODE_48, 8 * 1024);
        sizes.put(ObjectsPool.ART_NODE_256, 4 * 1024);
        return new ObjectsPool(sizes);
    }

    /** A stack of events that have been read. */
    private static final class EventPool {
        private MatcherTradeEvent free;

        MatcherTradeEvent take() {
            MatcherTradeEvent event = free;
            if (event == null) {
                return new MatcherTradeEvent();
            }
            free = event.nextEvent;
            event.nextEvent = null;
            return event;
        }

        void giveBack(MatcherTradeEvent chain) {
            while (chain != null) {
                MatcherTradeEvent next = chain.nextEvent;
                chain.nextEvent = free;
                free = chain;
                chain = next;
            }
        }
    }

    /** With each way of waiting that the machine has the cores for; the best counts. */
    private static void measureExchange(Flow flow) throws Exception {
        List<CoreWaitStrategy> strategies = new ArrayList<>(List.of(CoreWaitStrategy.BLOCKING, CoreWaitStrategy.YIELDING));
        // Publisher, grouping, risk, matching and results spin on a core each.
        if (Runtime.getRuntime().availableProcessors() > 5) {
            strategies.add(CoreWaitStrategy.BUSY_SPIN);
        }
        List<ApiCommand> resting = flow.resting.stream().map(Step::request).toList();
        List<ApiCommand> measured = flow.measured.stream().map(Step::request).toList();
        int warmUps = Math.max(2, flow.warmUps() / strategies.size());
        Pass best = null;
        for (CoreWaitStrategy strategy : strategies) {
            for (int warmUp = 0; warmUp < warmUps; warmUp++) {
                exchangePass(flow, resting, measured, strategy);
            }
            List<Pass> passes = new ArrayList<>();
            for (int pass = 0; pass < PASSES; pass++) {
                passes.add(exchangePass(flow, resting, measured, strategy));
            }
            Pass middle = middle(passes);
            if (best == null || middle.nanos < best.nanos) {
                best = middle;
            }
        }
        print(flow, best, null);
    }

    /** All steps through a fresh exchange: from the first request to the last result. */
    private static Pass exchangePass(
            Flow flow, List<ApiCommand> resting, List<ApiCommand> measured, CoreWaitStrategy strategy) throws Exception {
        Results results = new Results();
        ExchangeCore exchange = ExchangeCore.builder()
                .resultsConsumer(results)
                .exchangeConfiguration(configuration(strategy))
                .build();
        exchange.startup();
        try {
            ExchangeApi api = exchange.getApi();
            succeed(api.submitBinaryDataAsync(new BatchAddSymbolsCommand(SPECIFICATION)));
            succeed(api.submitBinaryDataAsync(new BatchAddAccountsCommand(accounts(flow))));
            run(api, resting, results);
            System.gc();
            long started = System.nanoTime();
            Tally tally = run(api, measured, results);
            return new Pass(System.nanoTime() - started, tally, strategy.name().toLowerCase(Locale.ROOT));
        } finally {
            exchange.shutdown(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static Tally run(ExchangeApi api, List<ApiCommand> commands, Results results) throws InterruptedException {
        results.expect(commands.size());
        for (ApiCommand command : commands) {
            api.submitCommand(command);
        }
        return results.await();
    }

    private static ExchangeConfiguration configuration(CoreWaitStrategy strategy) {
        // Matching has one market and so one thread; risk likewise gets one.
        PerformanceConfiguration performance = PerformanceConfiguration.baseBuilder()
                .ringBufferSize(64 * 1024)
                .msgsInGroupLimit(1024)
                .waitStrategy(strategy)
                .orderBookFactory(OrderBookDirectImpl::new)
                .build();
        return ExchangeConfiguration.builder()
                .ordersProcessingCfg(OrdersProcessingConfiguration.DEFAULT)
                .initStateCfg(InitialStateConfiguration.CLEAN_TEST)
                .performanceCfg(performance)
                .reportsQueriesCfg(ReportsQueriesConfiguration.DEFAULT)
                .loggingCfg(LoggingConfiguration.DEFAULT)
                .serializationCfg(SerializationConfiguration.DEFAULT)
                .build();
    }

    private static LongObjectHashMap<IntLongHashMap> accounts(Flow flow) {
        LongObjectHashMap<IntLongHashMap> accounts = new LongObjectHashMap<>();
        for (List<Step> steps : List.of(flow.resting, flow.measured)) {
            for (Step step : steps) {
                accounts.getIfAbsentPut(step.participant, () -> {
                    IntLongHashMap balances = new IntLongHashMap();
                    balances.put(BASE_CURRENCY, FUNDS);
                    balances.put(QUOTE_CURRENCY, FUNDS);
                    return balances;
                });
            }
        }
        return accounts;
    }

    private static void succeed(CompletableFuture<CommandResultCode> result) throws Exception {
        // A thread of the exchange that has failed leaves its clients waiting.
        CommandResultCode code = result.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (code != CommandResultCode.SUCCESS && code != CommandResultCode.ACCEPTED) {
            throw new IllegalStateException("the exchange cannot be set up: " + code);
        }
    }

    /** Takes the results on the exchange's last thread. */
    private static final class Results implements ObjLongConsumer<OrderCommand> {
        private long left;
        private Tally tally = new Tally();
        private OrderCommand refused;
        private volatile CountDownLatch complete;

        /** Called while nothing is under way; the publication that follows makes it visible. */
        void expect(int count) {
            left = count;
            tally = new Tally();
            complete = new CountDownLatch(1);
        }

        Tally await() throws InterruptedException {
            if (!complete.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("results are missing: " + left);
            }
            if (refused != null) {
                throw new IllegalStateException("refused: " + refused);
            }
            return tally;
        }

        @Override
        public void accept(OrderCommand command, long sequence) {
            if (command.command != OrderCommandType.PLACE_ORDER && command.command != OrderCommandType.CANCEL_ORDER) {
                return;
            }
            if (command.resultCode != CommandResultCode.SUCCESS && refused == null) {
                refused = command.copy();
            }
            tally.add(command.matcherEvent);
            left -= 1;
            if (left == 0) {
                complete.countDown();
            }
        }
    }

    private static Pass middle(List<Pass> passes) {
        return passes.stream().sorted(Comparator.comparingLong(Pass::nanos)).skip(passes.size() / 2).findFirst().orElseThrow();
    }

    private static void print(Flow flow, Pass pass, long[] latencies) {
        StringBuilder json = new StringBuilder("{");
        json.append("\"orders_per_second\":").append(flow.measured.size() * 1_000_000_000L / Math.max(1, pass.nanos));
        if (latencies != null) {
            long[] sorted = LongStream.of(latencies).sorted().toArray();
            long[] quantiles = {
                sorted[sorted.length / 2],
                sorted[(int) (sorted.length * 99L / 100)],
                sorted[(int) (sorted.length * 999L / 1000)]
            };
            json.append(",\"latency_ns\":").append(Arrays.toString(quantiles));
        }
        json.append(",\"trades\":").append(pass.tally.trades);
        json.append(",\"quantity\":").append(pass.tally.quantity);
        json.append(",\"value\":").append(pass.tally.value);
        json.append(",\"remark\":\"").append(pass.remark).append("\"}");
        System.out.println(json);
    }
}
