//! Random streams of commands over three markets and four organizations, with every option, and the exchange that takes them:
//! beside its naive twin, which must tell the same of every command, or alone with little money.

use ledger::{ContractId, Currency, Instant, OrganizationId};
use matching::{
    Amendment, BidOptions, Class, Command, DeliveryTerms, Event, Exchange, Hour, Instruction, Limits, LotId,
    MarketChoice, MarketFilter, MarketSpec, NewLot, NewOrder, NewOutage, NewSide, OrderId, Price, PriceBand, Quote,
    QuoteRequest, Refusal, Supply, TermWindow, TimeInForce, Window, WouldFill, ZoneAttributes,
};
use proptest::sample::Index;
use twin::{Told, Twin};

use crate::line::{label, price};
use crate::request::{Bid, HOURS, Request, Settling};
use crate::scenario::{Collected, ORIGIN, command_id, instant};

/// Who trades.
pub const ORGANIZATIONS: [&str; 4] = ["acme", "beta", "north", "south"];
/// Name, lot size, tick in cents, gate in minutes.
const MARKETS: [(&str, u32, i64, u16); 3] = [("a100.us", 4, 1, 5), ("a100.eu", 6, 5, 15), ("v100.us", 4, 5, 60)];

/// The exchange, its twin if it has one, and what they have brought about.
pub struct Stream {
    /// The one under test.
    pub exchange: Exchange,
    /// Its log.
    pub log: Collected,
    twin: Option<Twin>,
    commands: u64,
    minutes: i64,
    calendar: Calendar,
    supplies: Vec<(Supply, usize, OrganizationId)>,
    orders: Vec<(OrderId, OrganizationId, usize)>,
}

fn who(index: usize) -> OrganizationId {
    ORGANIZATIONS[index].parse().expect("a slug")
}

fn ticks(market: usize, cents: i64) -> Price {
    let tick = MARKETS[market].2;
    Price::from_micros((cents / tick * tick).max(tick) * 10_000).expect("a price")
}

/// When a stream begins, in hours after the scenarios do, and how many hours an hour of a request stands for.
#[derive(Clone, Copy)]
struct Calendar {
    origin: u32,
    scale: u32,
}

impl Calendar {
    fn hour(self, hour: u32) -> Hour {
        Hour::from_hours(ORIGIN + self.origin + hour * self.scale)
    }

    fn window(self, start: u32, end: u32) -> Window {
        Window::new(self.hour(start), self.hour(end)).expect("a window")
    }
}

/// The limits of streams that know no steps, unless a test says so: no order of theirs has so many trades.
pub fn whole() -> Limits {
    Limits { trades_per_step: 64, ..Limits::default() }
}

impl Stream {
    /// With a twin, which knows no money: everybody has plenty of it.
    ///
    /// It begins so many hours after the scenarios do, and an hour of a request stands for `scale` hours, so that windows reach
    /// over what the books keep together.
    pub fn beside_twin(origin: u32, scale: u32) -> Self {
        Self::new("900000000", Some(Twin::new(whole().search_candidates)), whole(), Calendar { origin, scale })
    }

    /// The same within limits, of which the twin knows how many candidates a search looks at.
    pub fn beside_twin_within(limits: Limits, origin: u32) -> Self {
        Self::new("900000000", Some(Twin::new(limits.search_candidates)), limits, Calendar { origin, scale: 1 })
    }

    /// With little money, so that orders are refused and spot bids wait for funds.
    pub fn of_little_money(funds: &str, scale: u32) -> Self {
        Self::new(funds, None, whole(), Calendar { origin: 0, scale })
    }

    fn new(funds: &str, twin: Option<Twin>, limits: Limits, calendar: Calendar) -> Self {
        let (mut exchange, log) = (Exchange::new(), Collected::default());
        exchange.set_limits(limits);
        let mut stream =
            Self { exchange, log, twin, commands: 0, minutes: 0, calendar, supplies: vec![], orders: vec![] };
        for (index, (name, lot_size, tick, gate_minutes)) in MARKETS.into_iter().enumerate() {
            let region = name.split('.').nth(1).map(label);
            stream.execute(Instruction::OpenMarket(MarketSpec {
                id: name.parse().expect("a market"),
                class: Class {
                    model: label("A100"),
                    memory_gb: 80,
                    form_factor: label("SXM4"),
                    fabric: label("infiniband"),
                    gpus_per_node: 8,
                },
                zone: label("us-1"),
                currency: Currency::USD,
                price_tick: Price::from_micros(tick * 10_000).expect("a tick"),
                lot_size,
                maker_fee_bps: if index == 0 { 7 } else { 80 },
                taker_fee_bps: 33,
                gate_minutes,
                zone_attributes: ZoneAttributes { region, ..ZoneAttributes::default() },
            }));
        }
        for (index, name) in ORGANIZATIONS.into_iter().enumerate() {
            let organization = who(index);
            stream.execute(Instruction::RegisterOrganization { organization, name: label(name) });
            stream.execute(Instruction::RecordDeposit {
                organization,
                amount: funds.parse().expect("an amount"),
                currency: Currency::USD,
                reference: label("wire"),
            });
        }
        for (seller, market, units, start, remnant) in
            [(2, 0, 12, 0, 3), (3, 0, 6, 2, 0), (2, 1, 5, 0, 0), (2, 2, 4, 4, 2)]
        {
            stream.request(&Request::Lot { who: seller, market, units, start, hours: HOURS, remnant });
        }
        stream
    }

    /// Carries out one command on both, and compares what they tell.
    pub fn execute(&mut self, instruction: Instruction) {
        self.commands += 1;
        let command = Command { id: command_id(self.commands), at: self.now(), instruction };
        let from = self.log.0.len();
        let before = self.twin.is_none().then(|| self.exchange.state_hash());
        let outcome = self.exchange.execute(&command, &mut self.log);
        if outcome.is_err()
            && self.log.0.len() == from
            && let Some(before) = before
        {
            assert_eq!(before, self.exchange.state_hash(), "a refusal changes nothing");
        }
        let records = &self.log.0[from..];
        let theirs: Vec<Told> = records.iter().flat_map(|record| Told::of(&record.event)).collect();
        for record in records {
            match &record.event {
                Event::LotRegistered(lot) => {
                    let market = MARKETS.iter().position(|market| market.0 == lot.market.as_str()).expect("a market");
                    self.supplies.push((Supply::Lot(lot.lot), market, lot.organization));
                }
                Event::TradeExecuted(trade) => {
                    let market = MARKETS.iter().position(|market| market.0 == trade.market.as_str()).expect("a market");
                    self.supplies.push((Supply::Contract(trade.contract), market, trade.buyer));
                }
                Event::OrderPlaced(e) => {
                    let market = MARKETS.iter().position(|market| market.0 == e.terms.market.as_str());
                    self.orders.push((e.order, e.organization, market.expect("a market")));
                }
                Event::SpotOrderPlaced(e) => {
                    let market = MARKETS.iter().position(|market| market.0 == e.terms.market.as_str());
                    self.orders.push((e.order, e.organization, market.expect("a market")));
                }
                _ => {}
            }
        }
        let Some(twin) = &mut self.twin else { return };
        let unfunded = matches!(outcome, Err(Refusal::InsufficientFunds { .. }));
        assert!(!unfunded, "a stream for the twin must not run out of funds");
        let (mut ours, twins_outcome) = twin.execute(&command);
        let mut theirs = theirs;
        if self.exchange.limits().trades_per_step < whole().trades_per_step {
            // Own orders that a bid meets end with the step that meets them, not before all of its trades.
            for told in [&mut ours, &mut theirs] {
                told.sort_by_key(|told| matches!(told, Told::Closed { .. }));
            }
        }
        assert!(
            Twin::agree(&ours, &theirs),
            "{:?} at minute {}\nthe twin says {ours:#?}\nmatching says {theirs:#?}",
            command.instruction,
            self.minutes
        );
        assert_eq!(outcome.is_err(), twins_outcome.is_err(), "{outcome:?} of {:?}", command.instruction);
    }

    /// The same orders rest, and the same is free of every lot.
    pub fn assert_same_state(&self) {
        let Some(twin) = &self.twin else { return };
        let venue = self.exchange.venue();
        let orders: Vec<OrderId> = venue.orders().iter().map(|order| order.id()).collect();
        assert_eq!(orders, twin.orders());
        for lot in venue.lots() {
            let steps = lot.residual.steps();
            let hours: Vec<u32> =
                steps.flat_map(|(step, free)| std::iter::repeat_n(free, step.hours() as usize)).collect();
            assert_eq!(Some(&hours[..]), twin.free(lot.supply), "{:?}", lot.supply);
        }
    }

    fn order(&self, bid: &Bid) -> (NewOrder, usize) {
        let name = |market: usize| MARKETS[market].0.parse().expect("a market");
        let (markets, first, unit) = match bid.markets {
            at @ 0..=2 => (MarketChoice::Named(vec![name(at.into())]), at.into(), MARKETS[usize::from(at)].1),
            3..=4 => (MarketChoice::One(name(0)), 0, 4),
            5 => (MarketChoice::Named(vec![name(0), name(2)]), 2, 4),
            6 => (MarketChoice::Named(vec![name(1), name(0)]), 1, 12),
            7 => (MarketChoice::Named(vec![name(2), name(1), name(0)]), 1, 12),
            _ => {
                let filter = MarketFilter { region: Some(label("us")), ..MarketFilter::default() };
                (MarketChoice::Filtered(filter), 2, 4)
            }
        };
        let start = self.calendar.hour(bid.start);
        let latest = start.plus(bid.flexibility);
        let expires_at = (bid.time_in_force == TimeInForce::Gtd)
            .then(|| Instant::from_micros(start.start().micros() - 90 * 60_000_000));
        let order = NewOrder {
            organization: who(bid.who),
            client_order_id: None,
            gpus: bid.units * unit,
            limit_price: ticks(first, bid.ticks),
            side: NewSide::Buy {
                markets,
                window: TermWindow::flexible(start, latest, bid.hours * self.calendar.scale).expect("a window"),
                options: BidOptions {
                    time_in_force: bid.time_in_force,
                    expires_at,
                    min_gpus: (bid.min > 1).then_some(bid.min * unit),
                    placement: bid.placement,
                    post_only: bid.post_only,
                    self_trade_prevention: bid.own,
                    billing: Some(bid.billing),
                },
            },
        };
        (order, first)
    }

    /// What a lot of so many hours promises; the twin knows of no promises.
    fn delivery_terms(&self, hours: u32) -> DeliveryTerms {
        if self.twin.is_some() {
            return DeliveryTerms::default();
        }
        DeliveryTerms {
            confirmed: hours.is_multiple_of(3),
            penalty_bps: if hours.is_multiple_of(2) { 3_000 } else { 0 },
            termination_outages: 2,
        }
    }

    /// Carries out a request.
    #[expect(clippy::too_many_lines, reason = "an arm for every kind of request")]
    pub fn request(&mut self, request: &Request) {
        let calendar = self.calendar;
        let part = |window_of: Option<(u32, u32)>| {
            window_of.map(|(start, hours)| calendar.window(start, (start + hours).min(HOURS)))
        };
        match request.clone() {
            Request::Lot { who: index, market, units, start, hours, remnant } => {
                let window = calendar.window(start, (start + hours).min(HOURS));
                self.execute(Instruction::RegisterLot(NewLot {
                    organization: who(index),
                    market: MARKETS[market].0.parse().expect("a market"),
                    gpus: units * MARKETS[market].1,
                    window,
                    fabric: label("hall-1"),
                    min_remnant_hours: remnant.min(window.hours()),
                    delivery: self.delivery_terms(hours),
                }));
            }
            Request::Ask { supply, units, ticks: cents, range, window, own } => {
                let Some((supply, market, organization)) = self.pick(supply) else { return };
                self.execute(Instruction::PlaceOrder(NewOrder {
                    organization,
                    client_order_id: None,
                    gpus: units * MARKETS[market].1,
                    limit_price: ticks(market, cents),
                    side: NewSide::Sell {
                        supply,
                        window: part(window),
                        min_hours: Some(range.0),
                        max_hours: (range.1 < 20).then_some(range.1),
                        self_trade_prevention: own,
                    },
                }));
            }
            Request::Bid(bid) => {
                let order = self.order(&bid).0;
                let (before, from) = (self.exchange.clone(), self.log.0.len());
                self.execute(Instruction::PlaceOrder(order.clone()));
                let unfilled = self.log.0[from..].iter().find_map(|record| match &record.event {
                    Event::OrderPlaced(placed) => placed.unfilled,
                    _ => None,
                });
                // Bands and funds may stand against it, which streams beside the twin do not have, or the bounds of a search.
                let unbounded = self.exchange.limits() == whole();
                let would_fill = unfilled.and_then(|unfilled| unfilled.would_fill);
                let would_fill = would_fill.filter(|_| self.twin.is_some() && unbounded);
                if let Some(would) = would_fill {
                    self.assert_would_fill(before, order, would);
                }
            }
            Request::Quoted(bid) => self.quoted(&bid),
            Request::SpotAsk { supply, units, ticks: cents, window } => {
                let Some((supply, market, organization)) = self.pick(supply) else { return };
                self.execute(Instruction::PlaceOrder(NewOrder {
                    organization,
                    client_order_id: None,
                    gpus: units * MARKETS[market].1,
                    limit_price: ticks(market, cents),
                    side: NewSide::SpotSell { supply, window: part(window) },
                }));
            }
            Request::SpotBid { who: index, market, units, ticks: cents, min } => {
                self.execute(Instruction::PlaceOrder(NewOrder {
                    organization: who(index),
                    client_order_id: None,
                    gpus: units * MARKETS[market].1,
                    limit_price: ticks(market, cents),
                    side: NewSide::SpotBuy {
                        market: MARKETS[market].0.parse().expect("a market"),
                        min_gpus: (min <= units).then_some(min * MARKETS[market].1),
                    },
                }));
            }
            Request::Amend { order, units, ticks: cents, window } => {
                let Some((order, organization, market)) = self.pick_order(order) else { return };
                self.execute(Instruction::AmendOrder(Amendment {
                    organization,
                    order,
                    gpus: units.map(|units| units * MARKETS[market].1),
                    limit_price: cents.map(|cents| ticks(market, cents)),
                    window: part(window).map(|window| {
                        let latest = if window.hours() % 2 == 0 { window.start() } else { window.start().plus(3) };
                        TermWindow::flexible(window.start(), latest, window.hours()).expect("a window")
                    }),
                }));
            }
            Request::Cancel { order } => {
                let Some((order, organization, _)) = self.pick_order(order) else { return };
                self.execute(Instruction::CancelOrder { organization, order });
            }
            Request::CancelAll { who: index, market } => {
                let market = market.map(|market| MARKETS[market].0.parse().expect("a market"));
                self.execute(Instruction::CancelOrders { organization: who(index), market });
            }
            Request::Withdraw { lot } => {
                let lots: Vec<(LotId, OrganizationId)> = self
                    .supplies
                    .iter()
                    .filter_map(|(supply, _, owner)| match supply {
                        Supply::Lot(id) => Some((*id, *owner)),
                        Supply::Contract(_) => None,
                    })
                    .collect();
                if lots.is_empty() {
                    return;
                }
                let (lot, organization) = lots[lot.index(lots.len())];
                self.execute(Instruction::WithdrawLot { organization, lot });
            }
            Request::Bust { contract } => {
                let contracts = self.exchange.contracts();
                if contracts.is_empty() {
                    return;
                }
                let contract = contracts[contract.index(contracts.len())].id;
                self.execute(Instruction::BustContract { contract, reason: label("mistyped") });
            }
            Request::Ready { contract } => {
                let Some((contract, _, seller)) = self.pick_contract(contract) else { return };
                let (organization, ready, endpoint) = (seller, None, None);
                self.execute(Instruction::ConfirmDelivery { organization, contract, ready, endpoint });
            }
            Request::Outage { contract, by_buyer, gpus, back, lasts } => {
                self.execute(Instruction::Advance);
                let mut begun = self.exchange.contracts();
                begun.retain(|contract| contract.window.start().start() <= self.now());
                let Some(begun) = begun.get(contract.index(begun.len().max(1))) else { return };
                let (contract, buyer, seller) = (begun.id, begun.buyer, begun.seller);
                let since = Instant::from_micros(self.now().micros() - i64::from(back) * 60_000_000);
                let from = since.max(begun.window.start().start());
                self.execute(Instruction::OpenOutage(NewOutage {
                    organization: if by_buyer { buyer } else { seller },
                    contract,
                    gpus: Some(gpus),
                    from: Some(from),
                    until: (!lasts).then(|| self.now()),
                    reason: label("no answer"),
                }));
            }
            Request::Settle { outage, how } => self.settle(outage, how),
            Request::Terminate { contract } => {
                let Some((contract, organization, _)) = self.pick_contract(contract) else { return };
                let reason = label("too often");
                self.execute(Instruction::TerminateContract { organization, contract, reason });
            }
            Request::Halt { market } => {
                let market = MARKETS[market].0.parse().expect("a market");
                self.execute(Instruction::HaltMarket { market, reason: label("news") });
            }
            Request::Resume { market } => {
                self.execute(Instruction::ResumeMarket { market: MARKETS[market].0.parse().expect("a market") });
            }
            Request::Suspend { who: index } => {
                let (organization, reason) = (who(index), label("compliance"));
                self.execute(Instruction::SuspendOrganization { organization, reason });
            }
            Request::Reinstate { who: index } => {
                self.execute(Instruction::ReinstateOrganization { organization: who(index) });
            }
            Request::Limit { who: index, orders } => {
                self.execute(Instruction::SetOrderLimit { organization: who(index), open_orders_max: orders });
            }
            // Beside the twin, hours that only pass by cost more than they tell.
            Request::Advance { minutes, led } if self.twin.is_none() => {
                self.advance(minutes * i64::from(self.calendar.scale), led);
            }
            Request::Advance { minutes, led } => self.advance(minutes, led),
            Request::Budget { who: index, dollars } => {
                let monthly = dollars.map(|dollars| dollars.to_string().parse().expect("an amount"));
                let (organization, currency) = (who(index), Currency::USD);
                self.execute(Instruction::SetBudget { organization, currency, monthly });
            }
            Request::Band { market, width_bps } => {
                let market = MARKETS[market].0.parse().expect("a market");
                let band = width_bps.map(|width_bps| PriceBand { width_bps, reference: Some(price("0.9500")) });
                self.execute(Instruction::SetPriceBand { market, band });
            }
            Request::Deposit { who: index, dollars } => self.execute(Instruction::RecordDeposit {
                organization: who(index),
                amount: dollars.to_string().parse().expect("an amount"),
                currency: Currency::USD,
                reference: label("wire"),
            }),
        }
    }

    fn now(&self) -> Instant {
        instant(self.calendar.origin, 60 - self.minutes)
    }

    /// Lets time pass.
    pub fn advance(&mut self, minutes: i64, led: bool) {
        self.minutes += minutes;
        self.execute(if led { Instruction::Advance } else { Instruction::TakeLead });
    }

    /// Lets everything end that ends by itself.
    pub fn run_out(&mut self) {
        self.advance(i64::from(HOURS * self.calendar.scale) * 3 * 60, true);
    }

    /// A contract in progress, with its buyer and its seller.
    fn pick_contract(&self, which: Index) -> Option<(ContractId, OrganizationId, OrganizationId)> {
        let contracts = self.exchange.contracts();
        let contract = contracts.get(which.index(contracts.len().max(1)))?;
        Some((contract.id, contract.buyer, contract.seller))
    }

    fn settle(&mut self, which: Index, how: Settling) {
        let opened = self.log.0.iter().filter_map(|record| match &record.event {
            Event::OutageOpened(e) => Some(e),
            _ => None,
        });
        let opened: Vec<_> = opened.collect();
        let Some(claim) = opened.get(which.index(opened.len().max(1))) else { return };
        let other = if claim.opened_by == claim.buyer { claim.seller } else { claim.buyer };
        let (outage, organization) = (claim.outage, claim.opened_by);
        self.execute(match how {
            Settling::Accept => Instruction::AcceptOutage { organization: other, outage },
            Settling::Restore => Instruction::RestoreOutage { organization: other, outage, until: None },
            Settling::TakeBack => Instruction::WithdrawOutage { organization, outage },
            Settling::Rule(upheld) => {
                let (gpus, from, until, reason) = (None, None, None, label("as the logs show"));
                Instruction::RuleOutage { outage, upheld, gpus, from, until, reason }
            }
        });
    }

    /// What is told an unfilled bid is true: with that change alone it fills whole.
    fn assert_would_fill(&self, mut exchange: Exchange, mut order: NewOrder, would: WouldFill) {
        let NewSide::Buy { window, options, .. } = &mut order.side else { return };
        (options.time_in_force, options.expires_at, options.post_only) = (TimeInForce::Fok, None, false);
        match would {
            WouldFill::LimitPrice(price) => order.limit_price = price,
            WouldFill::Window(other) => *window = other.into(),
            WouldFill::Gpus(gpus) => {
                options.min_gpus = options.min_gpus.filter(|least| *least < order.gpus);
                if options.min_gpus == Some(gpus) {
                    return; // It would be all-or-none, which bounds its trades in another way.
                }
                order.gpus = gpus;
            }
        }
        let (gpus, asked) = (order.gpus, format!("{order:?}"));
        let mut log = Collected::default();
        let command = Command { id: command_id(1 << 40), at: self.now(), instruction: Instruction::PlaceOrder(order) };
        let outcome = exchange.execute(&command, &mut log);
        let traded = log.0.iter().map(|record| match &record.event {
            Event::TradeExecuted(trade) => trade.gpus,
            _ => 0,
        });
        assert_eq!((outcome, traded.sum::<u32>()), (Ok(()), gpus), "{would:?} would not fill {asked}: {:?}", log.0);
    }

    /// What a quote promises, the order posted from it does: the same trades at the same prices.
    fn quoted(&mut self, bid: &Bid) {
        let mut order = self.order(bid).0;
        let NewSide::Buy { markets, window, options } = order.side else { return };
        let options = BidOptions { time_in_force: TimeInForce::Fok, expires_at: None, post_only: false, ..options };
        let request = QuoteRequest {
            organization: order.organization,
            markets: markets.clone(),
            gpus: order.gpus,
            limit_price: bid.post_only.then_some(order.limit_price),
            window,
            options,
        };
        self.execute(Instruction::Advance);
        let quote = self.exchange.quote(&request, self.now());
        let Ok(Quote::Fillable { window, limit_price, trades, .. }) = quote else { return };
        order.limit_price = limit_price;
        order.side = NewSide::Buy { markets, window: window.into(), options };
        let from = self.log.0.len();
        let admitted = self.exchange.check_bid(&order, self.now());
        self.execute(Instruction::PlaceOrder(order));
        assert_eq!(admitted.is_ok(), self.log.0.len() > from, "an order is placed unless its check refuses it");
        if admitted.is_err() {
            return; // The organization may not order now.
        }
        let traded = self.log.0[from..].iter().filter_map(|record| match &record.event {
            Event::TradeExecuted(trade) => Some((trade.lot, trade.gpus, trade.price, trade.window)),
            _ => None,
        });
        if self.exchange.limits() != whole() {
            return; // A search of one start may look further than one of several did.
        }
        let quoted = trades.iter().map(|trade| (trade.lot, trade.gpus, trade.price, window));
        assert_eq!(traded.collect::<Vec<_>>(), quoted.collect::<Vec<_>>(), "the order does what its quote says");
    }

    fn pick(&self, supply: Index) -> Option<(Supply, usize, OrganizationId)> {
        let alive = |supply: &Supply| match supply {
            Supply::Lot(id) => self.exchange.venue().lot(*id).is_some_and(|lot| lot.withdrawn.is_none()),
            Supply::Contract(id) => self.exchange.contract(*id).is_some(),
        };
        let mut from: Vec<_> = self.supplies.iter().filter(|(supply, ..)| alive(supply)).collect();
        if from.is_empty() {
            from = self.supplies.iter().collect();
        }
        (!from.is_empty()).then(|| *from[supply.index(from.len())])
    }

    /// Mostly an order at rest.
    fn pick_order(&self, order: Index) -> Option<(OrderId, OrganizationId, usize)> {
        let resting: Vec<_> =
            self.orders.iter().filter(|(id, ..)| self.exchange.venue().order(*id).is_some()).collect();
        let from = if resting.is_empty() { self.orders.iter().collect() } else { resting };
        (!from.is_empty()).then(|| *from[order.index(from.len())])
    }
}
