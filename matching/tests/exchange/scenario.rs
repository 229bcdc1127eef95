//! Scenarios as text: one command a line, and what comes of it behind `=>`.
//!
//! ```text
//! market  m1 lot=8 tick=0.0001 maker=0 taker=50
//! fund    acme 1000
//! lot     L1 north m1 16 0..48
//! ask     A1 north L1 16 @1.0500
//! bid     B1 acme m1 8 @1.1000 0..24 ioc min=8 id=mine   => placed; trade A1 8 @1.0500
//! cancel  acme B1                                       => refused order_not_open
//! at      30                                            => delivered 24
//! ```
//! Names stand for ids, hours count from the scenario's start, `=>` lists the events in order. A line without `=>` must
//! succeed.

use std::collections::BTreeMap;

use ledger::{Currency, Entry, Instant, OrganizationId};
use matching::{
    CloseReason, Command, CommandId, Event, Exchange, Hour, Instruction, Log, LotId, MarketId, NewLot, NewOrder,
    NewSide, OrderId, Price, Record, Refusal, TimeInForce, UnfilledReason, Window, WouldFill,
};
use uuid::Uuid;

/// The scenario's hour 0: 2027-01-01T00:00:00Z.
pub const ORIGIN: u32 = 499_656;

/// Collects the records of one command.
#[derive(Default)]
pub struct Collected(pub Vec<Record>);

impl Log for Collected {
    fn append(&mut self, record: Record, _: &[Entry]) {
        self.0.push(record);
    }
}

/// The `n`th command id, a UUIDv7.
pub fn command_id(n: u64) -> CommandId {
    CommandId::new(Uuid::from_u128((u128::from(n) << 80) | (7 << 76) | (0b10 << 62)))
}

/// The start of the scenario's hour `hour`, less `minutes`.
pub fn instant(hour: u32, minutes_before: i64) -> Instant {
    Instant::from_micros(Hour::from_hours(ORIGIN + hour).start().micros() - minutes_before * 60_000_000)
}

#[derive(Default)]
struct Scenario {
    exchange: Exchange,
    now: Instant,
    commands: u64,
    orders: BTreeMap<String, OrderId>,
    lots: BTreeMap<String, LotId>,
}

/// Runs a scenario and compares every line with what it expects.
pub fn check(text: &str) {
    let mut scenario = Scenario { now: instant(0, 60), ..Scenario::default() };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (command, expected) = match line.split_once("=>") {
            Some((command, expected)) => (command, Some(expected.trim())),
            None => (line, None),
        };
        let outcome = scenario.run(command);
        match expected {
            Some(expected) => assert_eq!(outcome.trim(), expected, "\nin the line: {line}"),
            None => assert!(!outcome.starts_with("refused"), "{outcome}\nin the line: {line}"),
        }
        assert_sound(&scenario.exchange);
    }
}

/// Books balance in the state after every line.
pub fn assert_sound(exchange: &Exchange) {
    let trial = exchange.books().trial_balance(ledger::EntityId::Operator, Currency::USD);
    assert_eq!(trial.total_debit(), trial.total_credit());
}

impl Scenario {
    fn run(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.split_whitespace().collect();
        let option = |key: &str| words.iter().find_map(|word| word.strip_prefix(key));
        match words[..] {
            ["market", name, ..] => {
                let spec = matching::MarketSpec {
                    id: market(name),
                    class: matching::Class {
                        model: "A100".into(),
                        memory_gb: 80,
                        form_factor: "SXM4".into(),
                        fabric: "infiniband".into(),
                        gpus_per_node: 8,
                    },
                    zone: "us-tx-1".into(),
                    currency: Currency::USD,
                    price_tick: option("tick=").unwrap_or("0.0001").parse().expect("a price"),
                    lot_size: option("lot=").map_or(8, number),
                    maker_fee_bps: option("maker=").map_or(0, |bps| bps.parse().expect("basis points")),
                    taker_fee_bps: option("taker=").map_or(0, |bps| bps.parse().expect("basis points")),
                };
                self.execute(Instruction::OpenMarket(spec))
            }
            ["fund", who, amount] => {
                self.admit(who);
                self.execute(Instruction::RecordDeposit {
                    organization: organization(who),
                    amount: amount.parse().expect("an amount"),
                    currency: Currency::USD,
                    reference: "wire".into(),
                })
            }
            ["lot", name, who, at, gpus, hours, ..] => {
                self.admit(who);
                self.execute_named(
                    name,
                    Instruction::RegisterLot(NewLot {
                        organization: organization(who),
                        market: market(at),
                        gpus: number(gpus),
                        window: window(hours),
                        fabric: "hall-1".into(),
                    }),
                )
            }
            ["ask", name, who, lot, gpus, price, ..] => {
                let lot = self.lots[lot];
                let side = NewSide::Sell {
                    lot,
                    window: words.iter().find(|word| word.contains("..")).map(|hours| window(hours)),
                    min_hours: option("min_hours=").map(number),
                    max_hours: option("max_hours=").map(number),
                };
                self.place(name, who, gpus, price, option("id="), side)
            }
            ["bid", name, who, at, gpus, price, hours, ..] => {
                let time_in_force = match () {
                    () if words.contains(&"ioc") => TimeInForce::Ioc,
                    () if words.contains(&"fok") => TimeInForce::Fok,
                    () => TimeInForce::Gtc,
                };
                let side = NewSide::Buy {
                    market: market(at),
                    window: window(hours),
                    time_in_force,
                    min_gpus: option("min=").map(number),
                };
                self.place(name, who, gpus, price, option("id="), side)
            }
            ["cancel", who, name] => {
                let order = self.orders[name];
                self.execute(Instruction::CancelOrder { organization: organization(who), order })
            }
            ["at", hour] => {
                self.now = match hour.split_once('-') {
                    Some((hour, minutes)) => instant(number(hour), i64::from(number(minutes))),
                    None => instant(number(hour), 0),
                };
                self.execute(Instruction::Advance)
            }
            ["free", lot] => {
                let lot = self.exchange.venue().lot(self.lots[lot]).expect("a lot");
                let step = |(window, free): (Window, u32)| format!("{}:{free}", hours(window));
                lot.residual.steps().map(step).collect::<Vec<_>>().join(" ")
            }
            ["book", at] => self.book(market(at)),
            ["money", who] => {
                let of = |kind| self.exchange.books().customer(kind, organization(who), Currency::USD);
                format!(
                    "available {} held {} payable {}",
                    of(ledger::AccountKind::CustomerAvailable),
                    of(ledger::AccountKind::CustomerHeld),
                    of(ledger::AccountKind::SellerPayable)
                )
            }
            _ => panic!("not a scenario line: {command}"),
        }
    }

    fn admit(&mut self, who: &str) {
        let organization = organization(who);
        if self.exchange.organization(organization).is_none() {
            self.execute(Instruction::RegisterOrganization { organization, name: who.to_owned() });
        }
    }

    fn place(
        &mut self,
        name: &str,
        who: &str,
        gpus: &str,
        price: &str,
        client_order_id: Option<&str>,
        side: NewSide,
    ) -> String {
        self.admit(who);
        let order = NewOrder {
            organization: organization(who),
            client_order_id: client_order_id.map(|id| id.parse().expect("a client order id")),
            gpus: number(gpus),
            limit_price: price.strip_prefix('@').expect("@price").parse().expect("a price"),
            side,
        };
        self.execute_named(name, Instruction::PlaceOrder(order))
    }

    fn execute(&mut self, instruction: Instruction) -> String {
        self.execute_named("", instruction)
    }

    fn execute_named(&mut self, name: &str, instruction: Instruction) -> String {
        self.commands += 1;
        let command = Command { id: command_id(self.commands), at: self.now, instruction };
        let mut log = Collected::default();
        let outcome = self.exchange.execute(&command, &mut log);
        for record in &log.0 {
            match &record.event {
                Event::OrderPlaced(placed) => {
                    self.orders.insert(name.to_owned(), placed.order);
                }
                Event::LotRegistered(lot) => {
                    self.lots.insert(name.to_owned(), lot.lot);
                }
                _ => {}
            }
        }
        let mut told: Vec<String> = log.0.iter().map(|record| self.tell(&record.event)).collect();
        if let Err(refusal) = outcome {
            told.push(self.tell_refusal(&refusal));
        }
        told.join("; ")
    }

    fn tell_refusal(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::OrderPlacedBefore { order } => format!("refused as {}", self.name_of(*order)),
            _ => format!("refused {}", refusal.code()),
        }
    }

    fn tell(&self, event: &Event) -> String {
        match event {
            Event::OrderPlaced(e) => {
                let reason = e.unfilled.as_ref().map(|unfilled| {
                    let would = match unfilled.would_fill {
                        None => String::new(),
                        Some(WouldFill::LimitPrice(price)) => format!("@{price}"),
                        Some(WouldFill::Window(window)) => hours(window),
                        Some(WouldFill::Gpus(gpus)) => gpus.to_string(),
                    };
                    let reason = match unfilled.reason {
                        UnfilledReason::Price => "price",
                        UnfilledReason::Hours => "hours",
                        UnfilledReason::Quantity => "quantity",
                        UnfilledReason::SelfTrade => "self_trade",
                    };
                    format!(" ({})", format!("{reason} {would}").trim())
                });
                format!("placed{}", reason.unwrap_or_default())
            }
            Event::TradeExecuted(e) => {
                format!("trade {} {} {} @{}", self.name_of(e.bid), self.name_of(e.ask), e.gpus, e.price)
            }
            Event::OrderClosed(e) => {
                let reason = match e.reason {
                    CloseReason::Cancelled => "cancelled",
                    CloseReason::TimeInForce => "killed",
                    CloseReason::SelfTrade => "self-trade",
                    CloseReason::Expired => "expired",
                };
                format!("{reason} {}", self.name_of(e.order))
            }
            Event::HoursDelivered(e) => {
                format!("delivered {}h x{}", e.hour.hours() - ORIGIN, e.contracts.len())
            }
            other => other.name().to_owned(),
        }
    }

    fn name_of(&self, order: OrderId) -> &str {
        self.orders.iter().find(|(_, id)| **id == order).map_or("?", |(name, _)| name)
    }

    fn book(&self, market: MarketId) -> String {
        let venue = self.exchange.venue();
        let bid =
            |bid: &matching::Bid| format!("{} {}@{}", self.name_of(bid.id), bid.terms.remaining, bid.terms.limit_price);
        let ask = |ask: &matching::Ask| format!("{} {}@{}", self.name_of(ask.id), ask.remaining.min(), ask.limit_price);
        let bids: Vec<String> = venue.bids(market).map(bid).collect();
        let asks: Vec<String> = venue.asks(market).map(ask).collect();
        format!("bids {} | asks {}", bids.join(", "), asks.join(", "))
    }
}

fn organization(name: &str) -> OrganizationId {
    name.parse().expect("a slug")
}

fn market(name: &str) -> MarketId {
    format!("a100.{name}").parse().expect("a market")
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("{text} is not a number"))
}

fn window(text: &str) -> Window {
    let (start, end) = text.split_once("..").expect("start..end");
    Window::new(Hour::from_hours(ORIGIN + number(start)), Hour::from_hours(ORIGIN + number(end))).expect("a window")
}

fn hours(window: Window) -> String {
    format!("{}..{}", window.start().hours() - ORIGIN, window.end().hours() - ORIGIN)
}

/// A price in text, for tests that build orders directly.
pub fn price(text: &str) -> Price {
    text.parse().expect("a price")
}
