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
//! Of a flexible bid, a trade also tells the hours. Names stand for ids, hours count from the scenario's start, `=>` lists the events in order. A line without `=>` must
//! succeed. Besides:
//!
//! - `0..24` is an exact window, `0~10+24` one of 24 hours that starts in one of the hours 0 to 10;
//! - `B1#2` is the contract of the second trade of the bid B1: what `ask` and `spotask` resell and `bust` undoes;
//! - `m1,m2` names two markets, `?region=eu;renewable=9000` those that a filter admits;
//! - `outage O1 acme B1#1 gpus=8 from=2-30` says that GPUs are out, `lot … confirmed penalty=2500 outages=2` what a lot promises;
//! - `until 5` moves time to hour 5 and tells all but the hours delivered, `wait 5` tells nothing;
//! - `search 8` lets one search look at eight candidates;
//! - `at 5` moves time to hour 5, `at 5-10` to ten minutes before it.

mod books;
mod boxes;

use std::collections::{BTreeMap, BTreeSet};

use ledger::{
    Account, AccountKind, Amount, BoxId, ContractId, Currency, EntityId, Instant, ItemName, JournalId, Owner, Payee,
    ReconciliationId, StatementId,
};
use matching::{
    Amendment, CloseReason, Command, CommandId, Event, Exchange, Hour, Instruction, Limits, Log, LotId, MarketId,
    MissedCause, NewLot, NewOrder, NewOutage, NewSide, OrderId, OutageId, PriceBand, Quote, QuoteRequest, Record,
    Refusal, SpotSale, Supply, Window,
};
use uuid::Uuid;

use crate::line::{
    Line, at_hour, hours, label, limit, market_id, markets, number, organization, price, tell_unfilled, term_window,
    window,
};

/// The scenario's hour 0: 2027-01-01T00:00:00Z.
pub const ORIGIN: u32 = 499_656;

/// Collects the records of one command.
#[derive(Default)]
pub struct Collected(pub Vec<Record>);

impl Log for Collected {
    fn append(&mut self, record: Record) {
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
    contracts: BTreeMap<String, ContractId>,
    outages: BTreeMap<String, OutageId>,
    /// Deposits and payouts, with what they quote.
    money: BTreeMap<String, (Uuid, String)>,
    statements: BTreeMap<String, StatementId>,
    reconciliations: BTreeMap<String, ReconciliationId>,
    journals: BTreeMap<String, JournalId>,
    boxes: BTreeMap<String, BoxId>,
    /// The records of the last command.
    last: Vec<Record>,
    /// Bids of which a trade tells the hours.
    flexible: BTreeSet<OrderId>,
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

/// Runs a scenario in a market of two lots and two funded buyers.
pub fn market(text: &str) {
    check(&format!(
        "market m1
         fund acme 100000
         fund beta 100000
         lot L1 north m1 16 0..48
         lot L2 south m1 16 0..48
         {text}"
    ));
}

/// Books balance in the state after every line.
pub fn assert_sound(exchange: &Exchange) {
    let check = |entity| {
        let trial = exchange.books().trial_balance(entity, Currency::USD);
        assert_eq!(trial.total_debit(), trial.total_credit(), "{entity}");
    };
    check(EntityId::Operator);
    for (id, record) in exchange.boxes().iter() {
        check(EntityId::Box(id));
        let of = |name: &ItemName| Account::of_box(id, AccountKind::Receivable, Owner::Item(*name), Currency::USD);
        let owed: Amount = record.assigned.keys().map(|name| exchange.books().balance(&of(name))).sum();
        assert_eq!(exchange.books().payable(Payee::Box(id), Currency::USD), owed, "either side of what {id} is owed");
    }
}

impl Scenario {
    #[expect(clippy::too_many_lines, reason = "an arm for every kind of line")]
    fn run(&mut self, command: &str) -> String {
        let line = Line { words: command.split_whitespace().collect() };
        match line.words[..] {
            ["market", name, ..] => self.execute(Instruction::OpenMarket(line.market(name))),
            ["fund", who, amount] => {
                self.admit(who);
                self.execute(Instruction::RecordDeposit {
                    organization: organization(who),
                    amount: amount.parse().expect("an amount"),
                    currency: Currency::USD,
                    reference: label("wire"),
                })
            }
            ["lot", name, who, at, gpus, hours, ..] => {
                self.admit(who);
                let lot = Instruction::RegisterLot(NewLot {
                    organization: organization(who),
                    market: market_id(at),
                    gpus: number(gpus),
                    window: window(hours),
                    fabric: label("hall-1"),
                    min_remnant_hours: line.option("remnant=").map_or(0, number),
                    delivery: line.delivery(),
                });
                self.execute_named(name, lot)
            }
            ["ask", name, who, supply, gpus, price, ..] => {
                let side = NewSide::Sell {
                    supply: self.supply(supply),
                    window: line.window(),
                    min_hours: line.option("min_hours=").map(number),
                    max_hours: line.option("max_hours=").map(number),
                    self_trade_prevention: line.self_trade_prevention(),
                };
                self.place(name, who, gpus, price, &line, side)
            }
            ["bid", name, who, at, gpus, price, hours, ..] => {
                let side =
                    NewSide::Buy { markets: markets(at), window: term_window(hours), options: line.bid_options() };
                self.place(name, who, gpus, price, &line, side)
            }
            ["spotbid", name, who, at, gpus, price, ..] => {
                let side = NewSide::SpotBuy { market: market_id(at), min_gpus: line.option("min=").map(number) };
                self.place(name, who, gpus, price, &line, side)
            }
            ["spotask", name, who, supply, gpus, price, ..] => {
                let side = NewSide::SpotSell { supply: self.supply(supply), window: line.window() };
                self.place(name, who, gpus, price, &line, side)
            }
            ["quote", who, at, gpus, price, hours, ..] => {
                self.admit(who);
                let request = QuoteRequest {
                    organization: organization(who),
                    markets: markets(at),
                    gpus: number(gpus),
                    limit_price: (price != "@any").then(|| limit(price)),
                    window: term_window(hours),
                    options: line.bid_options(),
                };
                self.tell_quote(&self.exchange_at_now().quote(&request, self.now))
            }
            ["amend", who, name, ..] => {
                let amendment = Amendment {
                    organization: organization(who),
                    order: self.orders[name],
                    gpus: line.option("gpus=").map(number),
                    limit_price: line.words.iter().find(|word| word.starts_with('@')).map(|price| limit(price)),
                    window: line.option("window=").map(term_window),
                };
                self.execute(Instruction::AmendOrder(amendment))
            }
            ["cancel", who, name] => {
                let order = self.orders[name];
                self.execute(Instruction::CancelOrder { organization: organization(who), order })
            }
            ["cancel_all", who] => {
                self.execute(Instruction::CancelOrders { organization: organization(who), market: None })
            }
            ["cancel_all", who, at] => {
                let market = Some(market_id(at));
                self.execute(Instruction::CancelOrders { organization: organization(who), market })
            }
            ["withdraw", who, lot] => {
                let lot = self.lots[lot];
                self.execute(Instruction::WithdrawLot { organization: organization(who), lot })
            }
            ["bust", contract] => {
                let contract = self.contracts[contract];
                self.execute(Instruction::BustContract { contract, reason: label("mistyped") })
            }
            ["ready", who, contract, ..] => self.execute(Instruction::ConfirmDelivery {
                organization: organization(who),
                contract: self.contracts[contract],
                ready: line.option("since=").map(at_hour),
                endpoint: line.option("endpoint=").map(label),
            }),
            ["outage", name, who, contract, ..] => {
                let outage = NewOutage {
                    organization: organization(who),
                    contract: self.contracts[contract],
                    gpus: line.option("gpus=").map(number),
                    from: line.option("from=").map(at_hour),
                    until: line.option("until=").map(at_hour),
                    reason: label("no answer"),
                };
                self.execute_named(name, Instruction::OpenOutage(outage))
            }
            ["accept", who, outage] => self
                .execute(Instruction::AcceptOutage { organization: organization(who), outage: self.outages[outage] }),
            ["restore", who, outage, ..] => self.execute(Instruction::RestoreOutage {
                organization: organization(who),
                outage: self.outages[outage],
                until: line.option("until=").map(at_hour),
            }),
            ["take_back", who, outage] => self
                .execute(Instruction::WithdrawOutage { organization: organization(who), outage: self.outages[outage] }),
            ["rule", outage, ..] => self.execute(Instruction::RuleOutage {
                outage: self.outages[outage],
                upheld: line.has("upheld"),
                gpus: line.option("gpus=").map(number),
                from: line.option("from=").map(at_hour),
                until: line.option("until=").map(at_hour),
                reason: label("as the logs show"),
            }),
            ["terminate", who, contract] => self.execute(Instruction::TerminateContract {
                organization: organization(who),
                contract: self.contracts[contract],
                reason: label("too often"),
            }),
            ["halt", at] => self.execute(Instruction::HaltMarket { market: market_id(at), reason: label("news") }),
            ["resume", at] => self.execute(Instruction::ResumeMarket { market: market_id(at) }),
            ["band", at, width, ..] => {
                let reference = line.option("around=").map(price);
                let band = (width != "none").then(|| PriceBand { width_bps: number(width), reference });
                self.execute(Instruction::SetPriceBand { market: market_id(at), band })
            }
            ["suspend", who] => {
                let (organization, reason) = (organization(who), label("compliance"));
                self.execute(Instruction::SuspendOrganization { organization, reason })
            }
            ["reinstate", who] => self.execute(Instruction::ReinstateOrganization { organization: organization(who) }),
            ["limit", who, orders] => {
                let (organization, open_orders_max) = (organization(who), Some(number(orders)));
                self.execute(Instruction::SetOrderLimit { organization, open_orders_max })
            }
            ["search", candidates] => {
                let limits = Limits { search_candidates: number(candidates), ..self.exchange.limits() };
                self.exchange.set_limits(limits);
                String::new()
            }
            ["budget", who, amount] => {
                let monthly = (amount != "none").then(|| amount.parse().expect("an amount"));
                let (organization, currency) = (organization(who), Currency::USD);
                self.execute(Instruction::SetBudget { organization, currency, monthly })
            }
            ["at", hour] => {
                self.now = at_hour(hour);
                self.execute(Instruction::Advance)
            }
            ["take_lead_at", hour] => {
                self.now = at_hour(hour);
                self.execute(Instruction::TakeLead)
            }
            ["free", lot] => {
                let lot = self.exchange.venue().supply(self.supply(lot)).expect("a lot, or a contract with asks on it");
                let step = |(window, free): (Window, u32)| format!("{}:{free}", hours(window));
                lot.residual.steps().map(step).collect::<Vec<_>>().join(" ")
            }
            ["book", at] => self.book(market_id(at)),
            // What is paid and not delivered of a contract, and what secures the rest.
            ["contract", name] => {
                let contract = self.exchange.contract(self.contracts[name]).expect("a contract in progress");
                let owed = contract.owed.credit + contract.owed.penalty;
                let owed = if owed.is_zero() { String::new() } else { format!(" owed {owed}") };
                format!(
                    "prepaid {} deposit {} seller {}{owed}",
                    contract.prepayment(),
                    contract.deposit,
                    contract.seller
                )
            }
            ["accounts", name] => {
                let of = Owner::Contract(self.contracts[name]);
                let rows = self.exchange.books().sorted().into_iter().filter(|(account, _)| account.owner == of);
                let row = |(account, balance): (Account, Amount)| format!("{} {}", account.kind.code(), -balance);
                rows.map(row).collect::<Vec<_>>().join("; ")
            }
            ["wait", hour] => {
                self.now = at_hour(hour);
                self.execute(Instruction::Advance);
                String::new()
            }
            // Moves time as `at` does, and tells all but the hours delivered.
            ["until", hour] => {
                self.now = at_hour(hour);
                let told = self.execute(Instruction::Advance);
                let heard = told.split("; ").filter(|told| !told.starts_with("delivered") || told.contains("short"));
                heard.collect::<Vec<_>>().join("; ")
            }
            ["money", who] => {
                let of = |kind| self.exchange.books().customer(kind, organization(who), Currency::USD);
                format!(
                    "available {} held {} payable {}",
                    of(ledger::AccountKind::CustomerAvailable),
                    of(ledger::AccountKind::CustomerHeld),
                    of(ledger::AccountKind::SellerPayable)
                )
            }
            _ => self.keep_books(&line),
        }
    }

    /// What an ask is backed by: a lot by its name, or a contract.
    fn supply(&self, name: &str) -> Supply {
        match self.contracts.get(name) {
            Some(contract) => Supply::Contract(*contract),
            None => Supply::Lot(self.lots[name]),
        }
    }

    /// The exchange as a reader sees it at the present time.
    fn exchange_at_now(&self) -> Exchange {
        let mut exchange = self.exchange.clone();
        let command = Command { id: command_id(self.commands + 1), at: self.now, instruction: Instruction::Advance };
        exchange.execute(&command, &mut Collected::default()).expect("time can be moved");
        exchange
    }

    fn admit(&mut self, who: &str) {
        let organization = organization(who);
        if self.exchange.organization(organization).is_none() {
            self.execute(Instruction::RegisterOrganization { organization, name: label(who) });
        }
    }

    fn place(&mut self, name: &str, who: &str, gpus: &str, price: &str, line: &Line<'_>, side: NewSide) -> String {
        self.admit(who);
        let order = NewOrder {
            organization: organization(who),
            client_order_id: line.option("id=").map(|id| id.parse().expect("a client order id")),
            gpus: number(gpus),
            limit_price: limit(price),
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
                    if placed.terms.window.exact().is_none() {
                        self.flexible.insert(placed.order);
                    }
                }
                Event::SpotOrderPlaced(placed) => {
                    self.orders.insert(name.to_owned(), placed.order);
                }
                Event::TradeExecuted(trade) => {
                    let bid = self.name_of(trade.bid).to_owned();
                    let nth = 1 + self.contracts.keys().filter(|name| name.starts_with(&format!("{bid}#"))).count();
                    self.contracts.insert(format!("{bid}#{nth}"), trade.contract);
                }
                Event::LotRegistered(lot) => {
                    self.lots.insert(name.to_owned(), lot.lot);
                }
                Event::DepositExpected(e) => {
                    self.money.insert(name.to_owned(), (e.deposit.uuid(), e.reference.to_string()));
                }
                Event::DepositReceived(e) => {
                    self.money.insert(format!("D{}", self.money.len()), (e.deposit.uuid(), String::new()));
                }
                Event::PayoutRequested(e) => {
                    self.money.insert(name.to_owned(), (e.payout.uuid(), e.reference.to_string()));
                }
                Event::StatementImported(e) => {
                    self.statements.insert(name.to_owned(), e.statement);
                }
                Event::Reconciled(e) => {
                    let name = format!("R{}", self.reconciliations.len() + 1);
                    self.reconciliations.insert(name, e.reconciliation);
                }
                Event::BoxCreated(e) => {
                    self.boxes.insert(name.to_owned(), e.box_id);
                }
                Event::JournalProposed(e) => {
                    self.journals.insert(name.to_owned(), e.journal);
                }
                Event::OutageOpened(outage) => {
                    self.outages.insert(name.to_owned(), outage.outage);
                }
                _ => {}
            }
        }
        let mut told: Vec<String> = log.0.iter().map(|record| self.tell(&record.event)).collect();
        if let Err(refusal) = outcome {
            told.push(self.tell_refusal(&refusal));
        }
        self.last = log.0;
        told.join("; ")
    }

    fn tell_refusal(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::OrderPlacedBefore { order } => format!("refused as {}", self.name_of(*order)),
            _ => format!("refused {}", refusal.code()),
        }
    }

    fn tell(&self, event: &Event) -> String {
        let hour = |hour: Hour| hour.hours() - ORIGIN;
        match event {
            Event::OrderPlaced(e) => format!("placed{}", e.unfilled.map(tell_unfilled).unwrap_or_default()),
            Event::SpotOrderPlaced(_) => "placed".to_owned(),
            Event::OrderAmended(e) => {
                let place = if e.keeps_priority { " in place" } else { "" };
                format!("amended {}{place}{}", self.name_of(e.order), e.unfilled.map(tell_unfilled).unwrap_or_default())
            }
            Event::TradeExecuted(e) => {
                let window =
                    if self.flexible.contains(&e.bid) { format!(" {}", hours(e.window)) } else { String::new() };
                format!("trade {} {} {} @{}{window}", self.name_of(e.bid), self.name_of(e.ask), e.gpus, e.price)
            }
            Event::OrderClosed(e) => {
                let reason = match e.reason {
                    CloseReason::Cancelled => "cancelled",
                    CloseReason::TimeInForce => "killed",
                    CloseReason::SelfTrade => "self-trade",
                    CloseReason::Expired => "expired",
                    CloseReason::PostOnly => "post-only",
                    CloseReason::Withdrawn => "withdrawn",
                    CloseReason::Suspended => "suspended",
                    CloseReason::Busted => "busted",
                    CloseReason::Terminated => "terminated",
                };
                format!("{reason} {}", self.name_of(e.order))
            }
            Event::PeriodCharged(e) => format!("charged {} {}", self.contract_name(e.contract), hours(e.period)),
            Event::ChargeMissed(e) => format!("missed {} {}", self.contract_name(e.contract), hours(e.period)),
            Event::ContractTerminated(e) => {
                format!("terminated {} {}", self.contract_name(e.contract), hours(e.undelivered))
            }
            Event::ContractNovated(e) => format!("novated {} to {}", self.contract_name(e.contract), e.seller),
            Event::StatementImported(e) => format!("imported {}", e.lines),
            Event::BankLinesBooked(e) => format!("booked {}", e.lines.len()),
            Event::Reconciled(e) => {
                let amount = |item: &matching::MatchedItem| item.amount.to_string();
                let items: Vec<String> = e.items.iter().map(amount).collect();
                let rule = format!("{:?}", e.rule).to_lowercase();
                let difference =
                    if e.difference.is_zero() { String::new() } else { format!(" off by {}", e.difference) };
                format!("{rule} {}{difference}", items.join(" "))
            }
            Event::OutageOpened(_) => "outage".to_owned(),
            Event::OutageRestored(_) => "restored".to_owned(),
            Event::OutageSettled(e) => format!("settled {}", e.gpu_minutes),
            Event::OutageDismissed(_) => "dismissed".to_owned(),
            Event::NoticeGiven(e) => format!("notice {}h", hour(e.ends)),
            Event::DeliveryReady(_) => "ready".to_owned(),
            Event::HoursDelivered(e) => {
                let short = e.contracts.iter().filter_map(|hour| Some((hour.contract, hour.shortfall.as_ref()?)));
                let short = short.map(|(contract, shortfall)| {
                    format!(" short {} {}", self.contract_name(contract), shortfall.gpu_minutes)
                });
                format!("delivered {}h x{}{}", hour(e.hour), e.contracts.len(), short.collect::<String>())
            }
            Event::SpotAuctionHeld(e) => match e.price {
                Some(price) => format!("auction {}h {}@{price}", hour(e.hour), e.gpus),
                None => format!("auction {}h none", hour(e.hour)),
            },
            Event::SpotAuctionMissed(e) => {
                let cause = match e.cause {
                    MissedCause::NobodyLed => "nobody led",
                    MissedCause::Halted => "halted",
                };
                format!("missed {}h {cause}", hour(e.hour))
            }
            Event::SpotHoursSold(e) => {
                let sale = |sale: &SpotSale| {
                    let minutes = if sale.minutes < 60 { format!(" {}min", sale.minutes) } else { String::new() };
                    let (bid, ask) = (self.name_of(sale.bid), self.name_of(sale.ask));
                    format!("sold {bid} {ask} {} @{}{minutes}", sale.gpus, sale.price)
                };
                e.sales.iter().map(sale).collect::<Vec<_>>().join("; ")
            }
            Event::SpotInterrupted(e) => format!("interrupted {} {}h {}", self.name_of(e.order), hour(e.hour), e.gpus),
            Event::SpotBidSuspended(e) => format!("unfunded {}", self.name_of(e.order)),
            Event::SpotBidResumed(e) => format!("funded {}", self.name_of(e.order)),
            Event::SpotHoursDelivered(e) => format!("spot delivered {}h x{}", hour(e.hour), e.sales.len()),
            other => other.name().to_owned(),
        }
    }

    fn tell_quote(&self, quote: &Result<Quote, Refusal>) -> String {
        match quote {
            Err(refusal) => self.tell_refusal(refusal),
            Ok(Quote::Unfillable(unfilled)) => format!("unfillable{}", tell_unfilled(*unfilled)),
            Ok(Quote::Fillable { window, limit_price, amount, fees, trades, .. }) => {
                let trades: Vec<_> = trades.iter().map(|trade| format!("{} @{}", trade.gpus, trade.price)).collect();
                format!("{} limit @{limit_price} costs {amount} + {fees}: {}", hours(*window), trades.join(", "))
            }
        }
    }

    fn contract_name(&self, contract: ContractId) -> &str {
        self.contracts.iter().find(|(_, id)| **id == contract).map_or("?", |(name, _)| name)
    }

    fn name_of(&self, order: OrderId) -> &str {
        self.orders.iter().find(|(_, id)| **id == order).map_or("?", |(name, _)| name)
    }

    fn book(&self, market: MarketId) -> String {
        let venue = self.exchange.venue();
        let bid =
            |bid: &matching::Bid| format!("{} {}@{}", self.name_of(bid.id), bid.terms.remaining, bid.terms.limit_price);
        let ask = |ask: &matching::Ask| format!("{} {}@{}", self.name_of(ask.id), ask.remaining.min(), ask.limit_price);
        let market = venue.key(market).expect("an open market");
        let bids: Vec<String> = venue.bids(market).map(bid).collect();
        let asks: Vec<String> = venue.asks(market).map(ask).collect();
        format!("bids {} | asks {}", bids.join(", "), asks.join(", "))
    }
}
