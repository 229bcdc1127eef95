//! Commands that concern very many orders go by bounded steps, whatever else is at rest.

use ledger::{AccountKind, Amount, Currency, Instant};
use matching::{
    Amendment, BidOptions, Command, DueStep, Event, Exchange, Instruction, Limits, Log, MarketChoice, NewLot, NewOrder,
    NewSide, ORDERS_PER_STEP_MAX, OrderId, Record, Refusal, SelfTradePrevention, Supply, TermWindow, TimeInForce,
    Window,
};

use crate::line::{label, market_id, organization, price, window};
use crate::scenario::{Collected, command_id, instant};

/// Orders of others at rest.
const OTHERS: usize = 19_000;
/// Orders of the organization that cancels.
const OWN: usize = 5_000;

/// An exchange of one market, with its log.
#[derive(Default)]
struct Crowd {
    exchange: Exchange,
    log: Collected,
    commands: u64,
}

/// Takes the next step, if there is one by `to`.
fn advance(exchange: &mut Exchange, to: Instant, told: &mut impl Log) -> bool {
    exchange.advance(DueStep::to(to), command_id(1 << 40), told).expect("it is carried out")
}

impl Crowd {
    /// A lot of north's, and organizations with money and without a limit on their orders.
    fn new() -> Self {
        let mut crowd = Self::default();
        let line = crate::line::Line { words: vec![] };
        crowd.execute(Instruction::OpenMarket(line.market("m1")));
        for name in ["acme", "beta", "gamma", "north"] {
            let organization = organization(name);
            crowd.execute(Instruction::RegisterOrganization { organization, name: label(name) });
            crowd.execute(Instruction::SetOrderLimit { organization, open_orders_max: Some(u32::MAX) });
            crowd.execute(Instruction::RecordDeposit {
                organization,
                amount: "100000000".parse().expect("an amount"),
                currency: Currency::USD,
                reference: label("wire"),
            });
        }
        crowd
    }

    fn command(&mut self, instruction: Instruction) -> Command {
        self.commands += 1;
        Command { id: command_id(self.commands), at: instant(0, 60), instruction }
    }

    /// Carries out a command whole, and tells its events.
    fn execute(&mut self, instruction: Instruction) -> Vec<Record> {
        let command = self.command(instruction);
        let mut told = Collected::default();
        self.exchange.execute(&command, &mut told).expect("carried out");
        told.0.iter().for_each(|record| self.log.append(record.clone()));
        told.0
    }

    /// Takes the first step of a command and then one step after the other, and tells the events of each.
    fn steps(&mut self, instruction: Instruction) -> Vec<Vec<Record>> {
        let command = self.command(instruction);
        let mut told = Collected::default();
        self.exchange.begin(&command, &mut told).expect("carried out");
        let mut steps = vec![std::mem::take(&mut told.0)];
        while self.exchange.is_unfinished(command.id) {
            assert!(advance(&mut self.exchange, command.at, &mut told));
            steps.push(std::mem::take(&mut told.0));
        }
        assert!(steps.iter().flatten().all(|record| record.command == command.id), "of that command alone");
        steps.iter().flatten().for_each(|record| self.log.append(record.clone()));
        steps
    }

    fn place(&mut self, who: &str, gpus: u32, at: &str, side: NewSide) -> OrderId {
        let (organization, limit_price) = (organization(who), price(at));
        let order = NewOrder { organization, client_order_id: None, gpus, limit_price, side };
        let events = self.execute(Instruction::PlaceOrder(order));
        let placed = events.iter().find_map(|record| match &record.event {
            Event::OrderPlaced(placed) => Some(placed.order),
            _ => None,
        });
        placed.expect("an order")
    }

    fn bid(&mut self, who: &str, at: &str) -> OrderId {
        self.place(who, 8, at, buy(window("0..24")))
    }

    fn ask(&mut self, who: &str, supply: Supply, at: &str) -> OrderId {
        self.place(who, 8, at, sell(supply))
    }

    /// A lot of north's with 16 GPUs.
    fn lot(&mut self) -> Supply {
        self.lot_of(16)
    }

    fn lot_of(&mut self, gpus: u32) -> Supply {
        let events = self.execute(Instruction::RegisterLot(NewLot {
            organization: organization("north"),
            market: market_id("m1"),
            gpus,
            window: window("0..48"),
            fabric: label("hall-1"),
            min_remnant_hours: 0,
            delivery: matching::DeliveryTerms::default(),
        }));
        let Event::LotRegistered(lot) = &events[0].event else { panic!("{events:?}") };
        Supply::Lot(lot.lot)
    }

    /// The bids of two others, and of acme among them.
    fn crowded(&mut self) -> Vec<OrderId> {
        let mut own = Vec::new();
        for nth in 0..OTHERS {
            self.bid(if nth % 2 == 0 { "beta" } else { "gamma" }, "0.5000");
            if nth < OWN {
                own.push(self.bid("acme", "0.6000"));
            }
        }
        own
    }

    /// Whoever replays the log stands where this one does.
    fn assert_replays(&self, from: usize) {
        let mut replica = Exchange::new();
        self.log.0[..from].iter().for_each(|record| replica.apply(record).expect("it follows"));
        let mut whole = replica.clone();
        self.log.0[from..].iter().for_each(|record| whole.apply(record).expect("it follows"));
        assert_eq!(whole.state_hash(), self.exchange.state_hash());
        // One that leads from there goes on by itself.
        let mut told = Collected::default();
        let command = Command { id: command_id(1 << 41), at: instant(0, 60), instruction: Instruction::TakeLead };
        replica.execute(&command, &mut told).expect("the lead is taken");
        assert_eq!(told.0, self.log.0[from..]);
        assert_eq!(replica.state_hash(), self.exchange.state_hash());
    }
}

/// Sells any window of a supply.
fn sell(supply: Supply) -> NewSide {
    let (window, min_hours, max_hours) = (None, None, None);
    NewSide::Sell { supply, window, min_hours, max_hours, self_trade_prevention: SelfTradePrevention::default() }
}

/// An ask of north's at 0.50.
fn norths_ask(supply: Supply, gpus: u32) -> Instruction {
    let (organization, limit_price, side) = (organization("north"), price("0.5000"), sell(supply));
    Instruction::PlaceOrder(NewOrder { organization, client_order_id: None, gpus, limit_price, side })
}

/// What a bid for 16 GPUs wants that takes all or nothing.
fn all_of_16() -> NewSide {
    let mut side = buy(window("0..24"));
    if let NewSide::Buy { options, .. } = &mut side {
        options.min_gpus = Some(16);
    }
    side
}

fn buy(window: Window) -> NewSide {
    let markets = MarketChoice::One(market_id("m1"));
    NewSide::Buy { markets, window: TermWindow::from(window), options: BidOptions::default() }
}

fn closed(events: &[Record]) -> Vec<OrderId> {
    let closed = events.iter().filter_map(|record| match &record.event {
        Event::OrderClosed(closed) => Some(closed.order),
        _ => None,
    });
    closed.collect()
}

fn names(events: &[Record]) -> Vec<&'static str> {
    let others = events.iter().map(|record| record.event.name()).filter(|name| *name != "order_closed");
    others.collect()
}

/// The steps end these orders and no others, none of them too many at once.
fn assert_bounded(steps: &[Vec<Record>], orders: &[OrderId]) {
    assert_eq!(steps.len(), orders.len().div_ceil(ORDERS_PER_STEP_MAX));
    assert!(steps.iter().all(|step| closed(step).len() <= ORDERS_PER_STEP_MAX));
    let mut ended: Vec<OrderId> = steps.iter().flat_map(|step| closed(step)).collect();
    let mut orders = orders.to_vec();
    ended.sort_unstable();
    orders.sort_unstable();
    assert_eq!(ended, orders);
    assert_eq!(names(&steps[0])[0], "orders_ending");
    assert!(steps.last().is_some_and(|step| names(step).contains(&"orders_ended")));
    assert!(steps[1..steps.len() - 1].iter().all(|step| names(step).is_empty()));
}

#[test]
fn cancel_all_and_the_kill_switch_go_by_steps_among_the_orders_of_others() {
    let mut crowd = Crowd::new();
    let own = crowd.crowded();
    let acme = organization("acme");
    let before = crowd.log.0.len();
    let steps = crowd.steps(Instruction::CancelOrders { organization: acme, market: Some(market_id("m1")) });
    assert_bounded(&steps, &own);
    assert_eq!(crowd.exchange.organization(acme).map(|it| it.open_orders), Some(0));
    assert_eq!(crowd.exchange.venue().orders_of(acme).count(), 0);
    assert_eq!(crowd.exchange.venue().orders().len(), OTHERS);
    let held = crowd.exchange.books().customer(AccountKind::CustomerHeld, acme, Currency::USD);
    assert_eq!(held, Amount::ZERO);
    crowd.assert_replays(before + 3 * ORDERS_PER_STEP_MAX + 1);

    let own: Vec<OrderId> = (0..600).map(|_| crowd.bid("acme", "0.6000")).collect();
    let before = crowd.log.0.len();
    let steps = crowd.steps(Instruction::SuspendOrganization { organization: acme, reason: label("compliance") });
    assert_bounded(&steps, &own);
    assert_eq!(names(steps.last().expect("a step")), ["organization_suspended", "orders_ended"]);
    crowd.assert_replays(before + 2 * ORDERS_PER_STEP_MAX + 1);
}

#[test]
fn what_is_being_cancelled_trades_with_nobody() {
    let mut crowd = Crowd::new();
    let lot = crowd.lot();
    for _ in 0..300 {
        crowd.bid("acme", "0.6000");
    }
    let beta = crowd.bid("beta", "0.5000");
    let cancel = crowd.command(Instruction::CancelOrders { organization: organization("acme"), market: None });
    crowd.exchange.begin(&cancel, &mut crowd.log).expect("begun");
    assert!(crowd.exchange.is_unfinished(cancel.id));
    // The next command meets none of them, though a better bid than beta's was at rest when it came.
    let from = crowd.log.0.len();
    crowd.ask("north", lot, "0.5000");
    let rest = std::mem::take(&mut crowd.log.0).split_off(from);
    assert_eq!(closed(&rest).len(), 300 - ORDERS_PER_STEP_MAX);
    let traded = rest.iter().filter_map(|record| match &record.event {
        Event::TradeExecuted(trade) => Some(trade.bid),
        _ => None,
    });
    assert_eq!(traded.collect::<Vec<_>>(), [beta]);
    assert!(!crowd.exchange.has_unfinished());
}

#[test]
fn a_lot_and_a_contract_with_many_asks_are_withdrawn_and_undone_by_steps() {
    let mut crowd = Crowd::new();
    let lot = crowd.lot();
    let sold = crowd.ask("north", lot, "1.0000");
    let place = Instruction::PlaceOrder(NewOrder {
        organization: organization("acme"),
        client_order_id: None,
        gpus: 8,
        limit_price: price("1.0000"),
        side: buy(window("0..24")),
    });
    let events = crowd.execute(place);
    let Some(Event::TradeExecuted(trade)) = events.get(1).map(|record| &record.event) else { panic!("{events:?}") };
    let contract = trade.contract;
    assert_eq!(trade.ask, sold);

    let resale: Vec<OrderId> = (0..700).map(|_| crowd.ask("acme", Supply::Contract(contract), "2.0000")).collect();
    let waiting = crowd.bid("beta", "1.5000");
    let before = crowd.log.0.len();
    let steps = crowd.steps(Instruction::BustContract { contract, reason: label("mistyped") });
    assert_bounded(&steps, &resale);
    // What returns is offered when the contract is undone, and not before.
    assert_eq!(names(steps.last().expect("a step")), ["contract_busted", "orders_ended", "trade_executed"]);
    assert!(crowd.exchange.venue().order(waiting).is_none());
    crowd.assert_replays(before + ORDERS_PER_STEP_MAX + 1);

    let mut asks: Vec<OrderId> = (0..600).map(|_| crowd.ask("north", lot, "3.0000")).collect();
    asks.push(sold);
    let Supply::Lot(lot) = lot else { panic!("a lot") };
    let steps = crowd.steps(Instruction::WithdrawLot { organization: organization("north"), lot });
    assert_bounded(&steps, &asks);
    assert_eq!(names(steps.last().expect("a step")), ["lot_withdrawn", "orders_ended"]);
    let again = crowd.command(Instruction::WithdrawLot { organization: organization("north"), lot });
    assert_eq!(crowd.exchange.execute(&again, &mut Collected::default()), Err(Refusal::LotWithdrawn));
}

#[test]
fn what_ends_or_is_delivered_at_one_instant_goes_by_steps() {
    let mut crowd = Crowd::new();
    let lot = crowd.lot();
    let bids: Vec<OrderId> = (0..600).map(|_| crowd.bid("acme", "0.6000")).collect();
    crowd.ask("north", lot, "1.0000");
    crowd.bid("beta", "1.0000");
    let mut told = Collected::default();
    let mut ended = Vec::new();
    // The gate of hour 0, after which none of the bids can start.
    while advance(&mut crowd.exchange, instant(0, 0), &mut told) {
        let step = closed(&std::mem::take(&mut told.0));
        assert!(step.len() <= ORDERS_PER_STEP_MAX);
        ended.extend(step);
    }
    assert_eq!(ended, bids);
}

#[test]
fn orders_in_other_markets_go_ahead_of_those_that_expire_at_one_instant() {
    let mut crowd = Crowd::new();
    crowd.execute(Instruction::OpenMarket(crate::line::Line { words: vec![] }.market("m2")));
    for _ in 0..300 {
        crowd.bid("acme", "0.6000");
    }
    let gate = instant(0, 5);
    assert!(advance(&mut crowd.exchange, gate, &mut crowd.log));
    assert!(crowd.exchange.is_busy() && !crowd.exchange.has_unfinished());
    let at = |crowd: &mut Crowd, at, instruction| Command { at, ..crowd.command(instruction) };
    let later = at(&mut crowd, instant(0, 1), order_for("1..24", "beta", "m2", "0.5000"));
    let there = at(&mut crowd, gate, order_for("1..24", "beta", "m1", "0.5000"));
    let elsewhere = at(&mut crowd, gate, order_for("1..24", "beta", "m2", "0.5000"));
    assert!(!crowd.exchange.goes_ahead(&later), "time stands still");
    assert!(!crowd.exchange.goes_ahead(&there), "it could meet one of them");
    assert!(crowd.exchange.goes_ahead(&elsewhere));
    assert_eq!(begin_at(&mut crowd, &elsewhere), ["order_placed"]);
    assert!(crowd.exchange.is_busy());
    while advance(&mut crowd.exchange, gate, &mut crowd.log) {}
    assert!(!crowd.exchange.is_busy());
    assert_eq!(crowd.exchange.venue().orders().len(), 1);
}

#[test]
fn an_ask_that_very_many_bids_could_take_is_offered_to_them_by_steps() {
    let mut crowd = Crowd::new();
    let lot = crowd.lot();
    for _ in 0..10_000 {
        crowd.place("acme", 16, "0.6000", all_of_16());
    }
    crowd.bid("beta", "0.5000");
    let before = crowd.log.0.len();
    let steps = crowd.steps(norths_ask(lot, 8));
    // Each of the first bids costs a look at itself and one at the ask.
    let names: Vec<_> = steps.iter().map(|step| names(step)).collect();
    assert_eq!(names, [vec!["order_placed", "sweep_paused"], vec!["trade_executed", "sweep_ended"]]);
    crowd.assert_replays(before + 2);
}

/// What is begun while work is left: whether it goes ahead, and the names of its events.
fn begin(crowd: &mut Crowd, instruction: Instruction) -> (bool, Vec<&'static str>) {
    let command = crowd.command(instruction);
    let goes_ahead = crowd.exchange.goes_ahead(&command);
    (goes_ahead, if goes_ahead { begin_at(crowd, &command) } else { vec![] })
}

/// Begins a command, and names its events.
fn begin_at(crowd: &mut Crowd, command: &Command) -> Vec<&'static str> {
    let from = crowd.log.0.len();
    crowd.exchange.begin(command, &mut crowd.log).expect("begun");
    names(&crowd.log.0[from..])
}

fn order(who: &str, market: &str, at: &str) -> Instruction {
    order_for("0..24", who, market, at)
}

fn order_for(hours: &str, who: &str, market: &str, at: &str) -> Instruction {
    let mut side = buy(window(hours));
    if let NewSide::Buy { markets, .. } = &mut side {
        *markets = MarketChoice::One(market_id(market));
    }
    let (organization, limit_price) = (organization(who), price(at));
    Instruction::PlaceOrder(NewOrder { organization, client_order_id: None, gpus: 8, limit_price, side })
}

#[test]
fn orders_in_other_markets_go_ahead_of_work() {
    let mut crowd = Crowd::new();
    crowd.execute(Instruction::OpenMarket(crate::line::Line { words: vec![] }.market("m2")));
    let lot = crowd.lot();
    for _ in 0..600 {
        crowd.bid("acme", "0.6000");
    }
    let elsewhere = crowd.execute(order("gamma", "m2", "0.5000"));
    let Event::OrderPlaced(placed) = &elsewhere[0].event else { panic!("{elsewhere:?}") };
    let (gamma, elsewhere) = (organization("gamma"), placed.order);

    let cancel = crowd.command(Instruction::CancelOrders { organization: organization("acme"), market: None });
    crowd.exchange.begin(&cancel, &mut crowd.log).expect("begun");
    assert!(crowd.exchange.is_unfinished(cancel.id));
    assert_eq!(begin(&mut crowd, order("beta", "m2", "0.5000")), (true, vec!["order_placed"]));
    let gone = begin(&mut crowd, Instruction::CancelOrder { organization: gamma, order: elsewhere });
    assert!(gone.0 && crowd.exchange.venue().order(elsewhere).is_none());
    // Theirs, where theirs rest, and what is no order.
    for waits in [
        order("acme", "m2", "0.5000"),
        order("beta", "m1", "0.5000"),
        Instruction::CancelOrder { organization: gamma, order: elsewhere },
        Instruction::SuspendOrganization { organization: organization("acme"), reason: label("compliance") },
        Instruction::HaltMarket { market: market_id("m1"), reason: label("a test") },
        Instruction::Advance,
    ] {
        assert_eq!(begin(&mut crowd, waits), (false, vec![]));
    }
    // What concerns others, and other markets.
    assert!(begin(&mut crowd, Instruction::HaltMarket { market: market_id("m2"), reason: label("a test") }).0);
    assert!(begin(&mut crowd, Instruction::ResumeMarket { market: market_id("m2") }).0);
    let suspend = Instruction::SuspendOrganization { organization: gamma, reason: label("compliance") };
    assert_eq!(begin(&mut crowd, suspend), (true, vec!["organization_suspended"]));
    while crowd.exchange.is_unfinished(cancel.id) {
        assert!(advance(&mut crowd.exchange, cancel.at, &mut crowd.log));
    }
    assert_eq!(crowd.exchange.venue().orders_of(organization("acme")).count(), 0);

    // The same of a sweep, for its market alone, until something falls due.
    crowd.exchange.set_limits(Limits { search_candidates: 100, ..Limits::default() });
    for _ in 0..300 {
        crowd.place("acme", 16, "0.6000", all_of_16());
    }
    let ask = crowd.command(norths_ask(lot, 8));
    crowd.exchange.begin(&ask, &mut crowd.log).expect("begun");
    assert!(crowd.exchange.is_unfinished(ask.id));
    assert_eq!(begin(&mut crowd, order("acme", "m2", "0.5000")), (true, vec!["order_placed"]));
    assert!(!begin(&mut crowd, order("beta", "m1", "0.4000")).0);
    let late = Command { at: instant(0, 0), ..crowd.command(order("beta", "m2", "0.5000")) };
    assert!(!crowd.exchange.goes_ahead(&late), "the gate of hour 0 comes first");
    while crowd.exchange.is_unfinished(ask.id) {
        assert!(advance(&mut crowd.exchange, ask.at, &mut crowd.log));
    }
    let mut replica = Exchange::new();
    crowd.log.0.iter().for_each(|record| replica.apply(record).expect("it follows"));
    assert_eq!(replica.state_hash(), crowd.exchange.state_hash());
}

#[test]
fn an_ask_that_very_many_bids_take_trades_by_steps() {
    let mut crowd = Crowd::new();
    let lot = crowd.lot_of(8_000);
    for _ in 0..1_000 {
        crowd.bid("acme", "0.5000");
    }
    let before = crowd.log.0.len();
    let steps = crowd.steps(norths_ask(lot, 8_000));
    assert_eq!(trades(&steps), by_steps(1_000));
    crowd.assert_replays(before + STEP + 2);
}

/// The trades of one step.
const STEP: usize = 4;

/// So many trades, step by step.
fn by_steps(trades: usize) -> Vec<usize> {
    (0..trades).step_by(STEP).map(|done| STEP.min(trades - done)).collect()
}

fn trades(steps: &[Vec<Record>]) -> Vec<usize> {
    let is_trade = |record: &&Record| record.event.name() == "trade_executed";
    steps.iter().map(|step| step.iter().filter(is_trade).count()).collect()
}

/// 200 asks of 8 GPUs each.
fn crowd_of_asks() -> Crowd {
    let mut crowd = Crowd::new();
    let lot = crowd.lot_of(1_600);
    for _ in 0..200 {
        crowd.ask("north", lot, "0.5000");
    }
    crowd
}

fn order_of(gpus: u32, side: NewSide) -> Instruction {
    let (organization, limit_price) = (organization("acme"), price("0.5000"));
    Instruction::PlaceOrder(NewOrder { organization, client_order_id: None, gpus, limit_price, side })
}

#[test]
fn a_bid_that_takes_very_many_asks_trades_by_steps() {
    for (in_force, least, wanted, rests) in [
        (TimeInForce::Gtc, None, 1_600, false),
        (TimeInForce::Gtc, None, 1_608, true),
        (TimeInForce::Ioc, None, 1_608, false),
        (TimeInForce::Fok, None, 1_600, false),
        (TimeInForce::Gtc, Some(1_600), 1_600, false),
    ] {
        let mut crowd = crowd_of_asks();
        let before = crowd.log.0.len();
        let mut side = buy(window("0..24"));
        if let NewSide::Buy { options, .. } = &mut side {
            (options.time_in_force, options.min_gpus) = (in_force, least);
        }
        let steps = crowd.steps(order_of(wanted, side));
        assert_eq!(trades(&steps), by_steps(200), "{in_force:?} {wanted}");
        assert!(
            !steps.iter().flatten().any(|record| record.event.met_search_limit()),
            "it is no search that was cut off"
        );
        let rest = crowd.exchange.venue().orders_of(organization("acme")).count();
        assert_eq!(rest, usize::from(rests), "{in_force:?} {wanted}");
        crowd.assert_replays(before + STEP + 2);
    }
}

#[test]
fn a_bid_that_needs_less_than_before_trades_by_steps() {
    let mut crowd = crowd_of_asks();
    let mut side = buy(window("0..24"));
    if let NewSide::Buy { options, .. } = &mut side {
        options.min_gpus = Some(1_608);
    }
    let order = crowd.place("acme", 1_608, "0.5000", side);
    assert!(crowd.exchange.venue().bid(order).is_some(), "all or nothing");
    let before = crowd.log.0.len();
    let (organization, gpus) = (organization("acme"), Some(1_600));
    let steps =
        crowd.steps(Instruction::AmendOrder(Amendment { organization, order, gpus, limit_price: None, window: None }));
    assert_eq!(trades(&steps), by_steps(200));
    assert!(crowd.exchange.venue().bid(order).is_none());
    crowd.assert_replays(before + STEP + 2);
}

#[test]
fn a_market_that_trades_again_trades_by_steps() {
    let mut crowd = crowd_of_asks();
    let market = market_id("m1");
    crowd.execute(Instruction::HaltMarket { market, reason: label("a test") });
    crowd.execute(order_of(1_592, buy(window("0..24"))));
    crowd.execute(order_of(16, buy(window("0..24"))));
    let before = crowd.log.0.len();
    let steps = crowd.steps(Instruction::ResumeMarket { market });
    assert_eq!(trades(&steps), by_steps(200));
    assert_eq!(crowd.exchange.venue().orders_of(organization("acme")).count(), 1);
    crowd.assert_replays(before + STEP + 2);
}

#[test]
fn deposits_are_counted_and_listed_by_organization() {
    let mut crowd = Crowd::new();
    crowd.execute(Instruction::OpenBankAccount {
        account: "DE02120300000000202051".parse().expect("an account"),
        currency: Currency::USD,
        opening: Amount::ZERO,
        tolerance: Amount::ZERO,
    });
    let expect = |who: &str| Instruction::ExpectDeposit {
        organization: organization(who),
        amount: "10".parse().expect("an amount"),
        currency: Currency::USD,
    };
    let mut own = Vec::new();
    for nth in 0..99 {
        for who in ["acme", "beta"] {
            let told = crowd.execute(expect(who));
            if who == "acme" && nth > 0 {
                own.push(told[0].sequence);
            }
        }
    }
    // One was recorded by hand for each, so that these are a hundred.
    let refused = crowd.command(expect("acme"));
    let outcome = crowd.exchange.execute(&refused, &mut Collected::default());
    assert_eq!(outcome, Err(Refusal::TooManyDeposits { max: 100 }));
    crowd.execute(expect("gamma"));
    let (acme, items) = (organization("acme"), &crowd.exchange.bank().items);
    let first = items.deposits_of(acme, 0).nth(1).map(|(event, ..)| event).expect("the second");
    let listed: Vec<u64> = items.deposits_of(acme, first).map(|(event, ..)| event).collect();
    assert_eq!(listed, own);
    assert!(items.deposits_of(acme, 0).all(|(.., deposit)| deposit.organization == acme));
}
