//! Properties over random command streams with windows of every shape.

use std::collections::BTreeMap;

use ledger::{AccountKind, Amount, Currency, EntityId, Entry};
use matching::{
    Class, Command, Event, Exchange, Hour, Instruction, Log, LotId, MarketChoice, MarketSpec, NewLot, NewOrder,
    NewSide, Order, OrderId, Placement, Record, SelfTradePrevention, Supply, TimeInForce, Window, ZoneAttributes,
};
use proptest::prelude::*;

use crate::scenario::{ORIGIN, command_id, instant, price};

const ORGANIZATIONS: [&str; 4] = ["acme", "beta", "north", "south"];
const MARKETS: [&str; 2] = ["a100.us-1", "v100.eu-1"];
const HOURS: u32 = 36;

/// One random request; indexes pick among what exists when it runs.
#[derive(Clone, Debug)]
enum Request {
    Lot {
        who: usize,
        market: usize,
        nodes: u32,
        start: u32,
        hours: u32,
    },
    Ask {
        lot: usize,
        nodes: u32,
        cents: i64,
        min_hours: u32,
        from: u32,
        hours: u32,
    },
    Bid {
        who: usize,
        market: usize,
        nodes: u32,
        cents: i64,
        start: u32,
        hours: u32,
        time_in_force: TimeInForce,
        min: u32,
    },
    Cancel {
        order: usize,
    },
    Advance {
        minutes: i64,
    },
}

fn request() -> impl Strategy<Value = Request> {
    let time_in_force =
        prop_oneof![3 => Just(TimeInForce::Gtc), 1 => Just(TimeInForce::Ioc), 1 => Just(TimeInForce::Fok)];
    prop_oneof![
        2 => (0..4usize, 0..2usize, 1..6u32, 0..HOURS, 1..HOURS)
            .prop_map(|(who, market, nodes, start, hours)| Request::Lot { who, market, nodes, start, hours }),
        4 => (any::<prop::sample::Index>(), 1..6u32, 80..120i64, 1..4u32, 0..HOURS, 1..HOURS).prop_map(
            |(lot, nodes, cents, min_hours, from, hours)| Request::Ask { lot: lot.index(1 << 20), nodes, cents, min_hours, from, hours }
        ),
        8 => ((0..4usize, 0..2usize, 1..6u32, 80..120i64), (0..HOURS, 1..HOURS, time_in_force, 1..6u32)).prop_map(
            |((who, market, nodes, cents), (start, hours, time_in_force, min))| {
                Request::Bid { who, market, nodes, cents, start, hours, time_in_force, min }
            }
        ),
        2 => any::<prop::sample::Index>().prop_map(|order| Request::Cancel { order: order.index(1 << 20) }),
        1 => (1..300i64).prop_map(|minutes| Request::Advance { minutes }),
    ]
}

/// The exchange under test with its log and a ledger of hours kept beside it.
struct Run {
    exchange: Exchange,
    log: Vec<Record>,
    commands: u64,
    minutes: i64,
    lots: Vec<LotId>,
    orders: Vec<(OrderId, usize)>,
}

struct Append<'a>(&'a mut Vec<Record>);

impl Log for Append<'_> {
    fn append(&mut self, record: Record, entries: &[Entry]) {
        let money_moved =
            matches!(record.event, Event::DepositReceived(_) | Event::TradeExecuted(_) | Event::HoursDelivered(_));
        assert!(!money_moved || !entries.is_empty(), "{record:?} posts nothing");
        self.0.push(record);
    }
}

impl Run {
    fn new() -> Self {
        let mut run =
            Self { exchange: Exchange::new(), log: vec![], commands: 0, minutes: 0, lots: vec![], orders: vec![] };
        for (index, name) in MARKETS.iter().enumerate() {
            run.execute(Instruction::OpenMarket(MarketSpec {
                id: name.parse().expect("a market"),
                class: Class {
                    model: "A100".into(),
                    memory_gb: 80,
                    form_factor: "SXM4".into(),
                    fabric: "infiniband".into(),
                    gpus_per_node: 8,
                },
                zone: "us-1".into(),
                currency: Currency::USD,
                price_tick: price("0.0100"),
                lot_size: 8,
                maker_fee_bps: if index == 0 { 7 } else { 80 },
                taker_fee_bps: 33,
                gate_minutes: 5,
                zone_attributes: ZoneAttributes::default(),
            }));
        }
        for name in ORGANIZATIONS {
            let organization = name.parse().expect("a slug");
            run.execute(Instruction::RegisterOrganization { organization, name: name.into() });
            run.execute(Instruction::RecordDeposit {
                organization,
                amount: "6000".parse().expect("an amount"),
                currency: Currency::USD,
                reference: "wire".into(),
            });
        }
        run
    }

    fn execute(&mut self, instruction: Instruction) {
        self.commands += 1;
        let at = instant(0, 60 - self.minutes);
        let command = Command { id: command_id(self.commands), at, instruction };
        let from = self.log.len();
        let before = self.exchange.clone();
        let outcome = self.exchange.execute(&command, &mut Append(&mut self.log));
        if outcome.is_err() {
            let due_only = self.log[from..].iter().all(|record| {
                matches!(record.event, Event::OrderClosed(_) | Event::HoursDelivered(_) | Event::LotExpired(_))
            });
            assert!(due_only, "a refused command left {:?}", &self.log[from..]);
            if self.log.len() == from {
                assert_eq!(before.state_hash(), self.exchange.state_hash(), "a refusal changes nothing");
            }
        }
        for record in &self.log[from..] {
            match &record.event {
                Event::LotRegistered(lot) => self.lots.push(lot.lot),
                Event::OrderPlaced(placed) => {
                    let who = ORGANIZATIONS.iter().position(|name| *name == placed.organization.as_str());
                    self.orders.push((placed.order, who.expect("a known organization")));
                }
                _ => {}
            }
        }
    }

    fn request(&mut self, request: &Request) {
        let who = |index: usize| ORGANIZATIONS[index].parse().expect("a slug");
        let market = |index: usize| MARKETS[index].parse().expect("a market");
        let limit_price = |cents: i64| price(&format!("{}.{:02}", cents / 100, cents % 100));
        let window = |start: u32, hours: u32| {
            Window::new(Hour::from_hours(ORIGIN + start), Hour::from_hours(ORIGIN + start + hours)).expect("a window")
        };
        match *request {
            Request::Lot { who: index, market: at, nodes, start, hours } => {
                self.execute(Instruction::RegisterLot(NewLot {
                    organization: who(index),
                    market: market(at),
                    gpus: nodes * 8,
                    window: window(start, hours),
                    fabric: "hall-1".into(),
                    min_remnant_hours: 0,
                }));
            }
            Request::Ask { lot, nodes, cents, min_hours, from, hours } => {
                let Some(lot) = self.lots.get(lot % self.lots.len().max(1)).copied() else { return };
                let Some(seller) = self.exchange.venue().lot(lot).map(|lot| lot.seller) else { return };
                self.execute(Instruction::PlaceOrder(NewOrder {
                    organization: seller,
                    client_order_id: None,
                    gpus: nodes * 8,
                    limit_price: limit_price(cents),
                    side: NewSide::Sell {
                        supply: Supply::Lot(lot),
                        window: (from % 3 == 0).then(|| window(from, hours)),
                        min_hours: Some(min_hours),
                        max_hours: None,
                        self_trade_prevention: SelfTradePrevention::CancelNewest,
                    },
                }));
            }
            Request::Bid { who: index, market: at, nodes, cents, start, hours, time_in_force, min } => {
                self.execute(Instruction::PlaceOrder(NewOrder {
                    organization: who(index),
                    client_order_id: None,
                    gpus: nodes * 8,
                    limit_price: limit_price(cents),
                    side: NewSide::Buy {
                        markets: MarketChoice::Named(vec![market(at)]),
                        window: window(start, hours).into(),
                        time_in_force,
                        expires_at: None,
                        min_gpus: (min <= nodes).then_some(min * 8),
                        placement: Placement::Any,
                        post_only: false,
                        self_trade_prevention: SelfTradePrevention::CancelNewest,
                    },
                }));
            }
            Request::Cancel { order } => {
                let Some((order, index)) = self.orders.get(order % self.orders.len().max(1)).copied() else { return };
                self.execute(Instruction::CancelOrder { organization: who(index), order });
            }
            Request::Advance { minutes } => {
                self.minutes += minutes;
                self.execute(Instruction::Advance);
            }
        }
    }

    /// No lot has ever sold more GPUs in an hour than it has, counted from the trades alone.
    fn assert_no_hour_sold_twice(&self) {
        let mut owned = BTreeMap::new();
        let mut sold: BTreeMap<(LotId, u32), u32> = BTreeMap::new();
        for record in &self.log {
            match &record.event {
                Event::LotRegistered(lot) => {
                    owned.insert(lot.lot, (lot.gpus, lot.window));
                }
                Event::TradeExecuted(trade) => {
                    let (gpus, window) = owned[&trade.lot];
                    assert!(window.covers(trade.window));
                    assert_ne!(trade.buyer, trade.seller);
                    for hour in trade.window.start().hours()..trade.window.end().hours() {
                        let total = sold.entry((trade.lot, hour)).or_default();
                        *total += trade.gpus;
                        assert!(*total <= gpus, "lot {} sold {total} of {gpus} GPUs in hour {hour}", trade.lot);
                    }
                }
                _ => {}
            }
        }
        for lot in self.exchange.venue().lots() {
            for (step, free) in lot.residual.steps() {
                for hour in step.start().hours()..step.end().hours() {
                    assert_eq!(lot.gpus - free, sold.get(&(lot.id, hour)).copied().unwrap_or(0));
                }
            }
        }
    }

    /// The books are balanced, hold exactly what open bids need and owe exactly what contracts have left.
    fn assert_books(&self) {
        let books = self.exchange.books();
        let trial = books.trial_balance(EntityId::Operator, Currency::USD);
        assert_eq!(trial.total_debit(), trial.total_credit());
        let balance = |kind| trial.rows.iter().find(|row| row.account == kind).map_or(Amount::ZERO, |row| -row.balance);
        let venue = self.exchange.venue();
        let needed = venue.orders().into_iter().map(|order| match order {
            Order::Bid(bid) => bid.hold(),
            Order::SpotBid(bid) if !bid.suspended => bid.next_hour(venue.at(bid.market).spec.fee_bps_max()),
            Order::Ask(_) | Order::SpotBid(_) | Order::SpotAsk(_) => Amount::ZERO,
        });
        assert_eq!(balance(AccountKind::CustomerHeld), needed.sum());
        let left = self.exchange.contracts().into_iter().map(|contract| {
            let (whole, earned) = (contract.earnings(contract.window.hours()), contract.earnings(contract.delivered));
            whole.amount + whole.buyer_fee - earned.amount - earned.buyer_fee
        });
        assert_eq!(balance(AccountKind::ContractPrepayment), left.sum());
    }
}

/// Folds a log through its stored form, as a restart does.
fn replay(log: &[Record], into: &mut Exchange) {
    for record in log {
        let mut content = Vec::new();
        record.event.encode(&mut content);
        let event = Event::decode(record.event.name(), record.event.version(), &content).expect("readable");
        assert_eq!(event, record.event);
        into.apply(&Record { event, ..record.clone() });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_is_sound_and_replays_from_any_cut(
        requests in prop::collection::vec(request(), 1..80),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut run = Run::new();
        for request in &requests {
            run.request(request);
            run.assert_books();
        }
        run.assert_no_hour_sold_twice();

        let cut = cut.index(run.log.len() + 1);
        let mut replica = Exchange::new();
        replay(&run.log[..cut], &mut replica);
        replay(&run.log[cut..], &mut replica);
        prop_assert_eq!(replica.state_hash(), run.exchange.state_hash());

        // Let everything run out: what was prepaid is earned, and no hold is left.
        run.minutes += i64::from(HOURS) * 3 * 60;
        run.execute(Instruction::Advance);
        run.assert_books();
        prop_assert!(run.exchange.contracts().is_empty() && run.exchange.venue().orders().is_empty());
        prop_assert!(run.exchange.venue().lots().is_empty());
        prop_assert_eq!(run.exchange.next_due(), None);
    }
}
