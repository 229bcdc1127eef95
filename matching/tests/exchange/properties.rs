//! Properties over random streams of commands, among organizations that run out of money.

use std::collections::BTreeMap;

use ledger::{AccountKind, Amount, Currency, EntityId};
use matching::{Event, Exchange, Order, OrderId, OrderSide, Record, SpotSide, Supply, Window};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::request::{Request, cases, long_request, money_request};
use crate::stream::{ORGANIZATIONS, Stream};

/// What every lot and every resold contract has sold in each hour, counted from the log alone.
#[derive(Default)]
struct Sold {
    owned: BTreeMap<Supply, (u32, Window)>,
    asks: BTreeMap<OrderId, Supply>,
    hours: BTreeMap<(Supply, u32), u32>,
    /// How far the log has been read.
    read: usize,
}

impl Sold {
    fn read(&mut self, log: &[Record]) {
        for record in &log[self.read..] {
            self.count(&record.event);
        }
        self.read = log.len();
    }

    fn count(&mut self, event: &Event) {
        let supply_of = |lot, contract: Option<_>| contract.map_or(Supply::Lot(lot), Supply::Contract);
        match event {
            Event::LotRegistered(e) => {
                self.owned.insert(Supply::Lot(e.lot), (e.gpus, e.window));
            }
            Event::OrderPlaced(e) => {
                if let OrderSide::Sell { lot, contract, .. } = e.terms.side {
                    self.asks.insert(e.order, supply_of(lot, contract));
                }
            }
            Event::SpotOrderPlaced(e) => {
                if let SpotSide::Sell { lot, contract, .. } = e.terms.side {
                    self.asks.insert(e.order, supply_of(lot, contract));
                }
            }
            Event::TradeExecuted(e) => {
                assert_ne!(e.buyer, e.seller);
                assert_eq!(self.asks[&e.ask], supply_of(e.lot, e.head));
                self.owned.insert(Supply::Contract(e.contract), (e.gpus, e.window));
                self.sell(supply_of(e.lot, e.head), e.window, e.gpus);
            }
            Event::SpotHoursSold(e) => {
                let window = Window::new(e.hour, e.hour.plus(1)).expect("an hour");
                for sale in &e.sales {
                    self.sell(self.asks[&sale.ask], window, sale.gpus);
                }
            }
            Event::ContractBusted(e) => {
                let resold =
                    self.hours.iter().any(|((supply, _), sold)| *supply == Supply::Contract(e.contract) && *sold > 0);
                assert!(!resold, "a contract that was resold in part is not undone");
                for hour in e.window.start().hours()..e.window.end().hours() {
                    *self.hours.get_mut(&(supply_of(e.lot, e.head), hour)).expect("what was sold") -= e.gpus;
                }
            }
            Event::ContractTerminated(e) => {
                // What it had resold is sold by its own supply now; the rest is free there again.
                for hour in e.undelivered.start().hours()..e.undelivered.end().hours() {
                    let resold = self.hours.get(&(Supply::Contract(e.contract), hour)).copied().unwrap_or(0);
                    *self.hours.get_mut(&(supply_of(e.lot, e.head), hour)).expect("what was sold") -= e.gpus - resold;
                }
            }
            _ => {}
        }
    }

    fn sell(&mut self, supply: Supply, window: Window, gpus: u32) {
        let (owned, offered) = self.owned[&supply];
        assert!(offered.covers(window), "{supply:?} does not have {window}");
        for hour in window.start().hours()..window.end().hours() {
            let sold = self.hours.entry((supply, hour)).or_default();
            *sold += gpus;
            assert!(*sold <= owned, "{supply:?} sold {sold} of {owned} GPUs in hour {hour}");
        }
    }

    /// What is free in the state is what the log has not sold, unless it was withdrawn.
    fn assert_same(&self, exchange: &Exchange) {
        for lot in exchange.venue().lots() {
            for (step, free) in lot.residual.steps() {
                for hour in step.start().hours()..step.end().hours() {
                    let sold = self.hours.get(&(lot.supply, hour)).copied().unwrap_or(0);
                    let free = if lot.withdrawn.is_some() { lot.gpus - sold } else { free };
                    assert_eq!(lot.gpus - free, sold, "{:?} in hour {hour}", lot.supply);
                    let hour = matching::Hour::from_hours(hour);
                    assert_eq!(lot.sold_term(hour) + lot.sold_spot.at(hour), sold, "{:?} {hour}", lot.supply);
                }
            }
        }
    }
}

/// Every organization has as many open orders as it is told when it reaches its limit.
fn assert_counts(exchange: &Exchange) {
    let orders = exchange.venue().orders();
    for name in ORGANIZATIONS {
        let organization = name.parse().expect("a slug");
        let open = orders.iter().filter(|order| order.organization() == organization).count();
        assert_eq!(exchange.organization(organization).map(|it| it.open_orders as usize), Some(open), "of {name}");
    }
}

/// The books are balanced, hold exactly what open bids need and owe exactly what is not delivered yet.
fn assert_books(exchange: &Exchange) {
    let trial = exchange.books().trial_balance(EntityId::Operator, Currency::USD);
    assert_eq!(trial.total_debit(), trial.total_credit());
    let balance = |kind| trial.rows.iter().find(|row| row.account == kind).map_or(Amount::ZERO, |row| -row.balance);
    let venue = exchange.venue();
    let needed = venue.orders().into_iter().map(|order| match order {
        Order::Bid(bid) => bid.hold(),
        Order::SpotBid(bid) if !bid.suspended => bid.next_hour(venue.at(bid.market).spec.fee_bps_max()),
        Order::Ask(_) | Order::SpotBid(_) | Order::SpotAsk(_) => Amount::ZERO,
    });
    assert_eq!(balance(AccountKind::CustomerHeld), needed.sum());
    let contracts = exchange.contracts();
    let prepaid = contracts.iter().map(|contract| contract.prepayment());
    assert_eq!(balance(AccountKind::ContractPrepayment), prepaid.sum());
    assert_eq!(balance(AccountKind::SecurityDeposit), contracts.iter().map(|contract| contract.deposit).sum());
    let sold_by_the_hour = venue.markets().flat_map(|market| market.spot.hours.values()).flat_map(|hour| &hour.sales);
    let undelivered = sold_by_the_hour.map(|sale| sale.amount + sale.buyer_fee);
    assert_eq!(balance(AccountKind::SpotPrepayment), undelivered.sum());
    for row in exchange.books().sorted() {
        let guarded = matches!(row.0.kind, AccountKind::CustomerAvailable | AccountKind::CustomerHeld);
        assert!(!guarded || row.1 <= Amount::ZERO, "{row:?} is overdrawn");
    }
}

/// Folds a log through its stored form, as a restart does.
fn replay(log: &[Record], into: &mut Exchange) {
    for record in log {
        let mut content = Vec::new();
        record.event.encode(&mut content);
        let event = Event::decode(record.event.name(), record.event.version(), &content).expect("readable");
        assert_eq!(event, record.event);
        into.apply(&Record { event, ..record.clone() }).expect("it follows");
    }
}

/// Carries requests out, and checks the state after each and the log from any cut.
fn check(mut stream: Stream, requests: &[Request], cut: Index) -> Stream {
    let mut sold = Sold::default();
    for request in requests {
        stream.request(request);
        assert_books(&stream.exchange);
        assert_counts(&stream.exchange);
        sold.read(&stream.log.0);
        sold.assert_same(&stream.exchange);
    }

    let log = &stream.log.0;
    let cut = cut.index(log.len() + 1);
    let mut replica = Exchange::new();
    replay(&log[..cut], &mut replica);
    let mut follower = replica.clone();
    replay(&log[cut..], &mut replica);
    assert_eq!(replica.state_hash(), stream.exchange.state_hash());
    replay(&log[cut..], &mut follower);
    assert_eq!(follower.state_hash(), stream.exchange.state_hash());

    // Let everything run out: what was prepaid is earned, and no hold is left but of standing spot bids.
    stream.run_out();
    assert_books(&stream.exchange);
    assert!(stream.exchange.contracts().is_empty() && stream.exchange.venue().lots().is_empty());
    let of_contracts = |row: &(ledger::Account, Amount)| matches!(row.0.owner, ledger::Owner::Contract(_));
    assert_eq!(stream.exchange.books().sorted().into_iter().find(of_contracts), None, "nothing is left of a contract");
    let standing = stream.exchange.venue().orders();
    assert!(standing.iter().all(|order| matches!(order, Order::SpotBid(_))));
    assert_eq!(stream.exchange.next_due(), None);
    stream
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn any_stream_is_sound_and_replays_from_any_cut(
        requests in prop::collection::vec(money_request(), 10..120),
        cut in any::<Index>(),
    ) {
        check(Stream::of_little_money("400", 1), &requests, cut);
    }
}

proptest! {
    #![proptest_config(cases(200))]

    /// Contracts of several periods, which some buyers cannot go on paying.
    #[test]
    fn any_stream_of_long_contracts_is_sound(
        scale in 60..130u32,
        requests in prop::collection::vec(long_request(), 10..80),
        cut in any::<Index>(),
    ) {
        check(Stream::of_little_money("15000", scale), &requests, cut);
    }
}
