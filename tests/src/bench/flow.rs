//! The workload of all measurements: the plain book.
//!
//! One market, one window of a day, orders of one node (8 GPUs) by 64 buyers and 16 providers. Asks rest between 1.05 and 1.15,
//! half of the bids between 0.95 and 1.05, the other half bid 1.20 and so take the best ask whole. With cancels, as many
//! orders leave the book as come to rest in it.

use std::collections::HashMap;

use anyhow::Context as _;
use ledger::{Amount, Currency, Instant, OrganizationId};
use matching::{
    Class, Command, CommandId, Event, GPUS_MAX, Hour, Instruction, LotId, MarketId, MarketSpec, NewLot, NewOrder,
    NewSide, OrderId, OrderSide, Price, TimeInForce, Window,
};
use uuid::Uuid;

use super::draw::Draw;

const SEED: u64 = 0x5EC0_4D71_0D00_0001;
const BUYERS: usize = 64;
const PROVIDERS: usize = 16;
const LOTS_PER_PROVIDER: usize = 4;
const GPUS_PER_ORDER: u32 = 8;
/// Prices are this many ticks of 0.0001 apart at most, on either side of the spread.
const TICKS: usize = 1_000;
const TICK_MICROS: i64 = 100;
const BEST_RESTING_BID_TICKS: i64 = 10_500;
const BEST_ASK_TICKS: i64 = 10_501;
const CROSSING_BID_TICKS: i64 = 12_000;
/// 2027-01-01T00:00:00Z: when the flow in memory happens.
const ORIGIN: Hour = Hour::from_hours(499_656);

/// What comes next in the flow with cancels; as many orders leave the book as come to rest.
const CYCLE: [Step; 6] = [Step::CrossingBid, Step::Ask, Step::CancelBid, Step::RestingBid, Step::Ask, Step::CancelAsk];

#[derive(Clone, Copy)]
enum Step {
    CrossingBid,
    RestingBid,
    Ask,
    CancelBid,
    CancelAsk,
}

/// Orders at rest on one side, any of which can be drawn.
#[derive(Default)]
struct Resting {
    orders: Vec<(OrderId, OrganizationId)>,
    places: HashMap<OrderId, usize>,
}

impl Resting {
    fn add(&mut self, order: OrderId, organization: OrganizationId) {
        self.places.insert(order, self.orders.len());
        self.orders.push((order, organization));
    }

    fn remove(&mut self, order: OrderId) {
        let Some(place) = self.places.remove(&order) else { return };
        self.orders.swap_remove(place);
        if let Some((moved, _)) = self.orders.get(place) {
            self.places.insert(*moved, place);
        }
    }
}

/// Makes the instructions of the workload, in an order that the seed decides.
pub(super) struct Flow {
    draw: Draw,
    market: MarketId,
    window: Window,
    buyers: Vec<OrganizationId>,
    providers: Vec<OrganizationId>,
    lots: Vec<(LotId, OrganizationId)>,
    bids: Resting,
    asks: Resting,
    step: usize,
    commands: u64,
}

impl Flow {
    /// The flow in memory, which has a time of its own.
    pub fn new() -> anyhow::Result<Self> {
        Self::after(ORIGIN)
    }

    /// The flow for an exchange on which it is `present`.
    pub fn after(present: Hour) -> anyhow::Result<Self> {
        let start = present.plus(48);
        let names = |stem: &str, count: usize| {
            (0..count).map(|n| Ok(format!("{stem}-{n:02}").parse()?)).collect::<anyhow::Result<Vec<OrganizationId>>>()
        };
        Ok(Self {
            draw: Draw::seeded(SEED),
            market: "a100-80g-sxm4-ib.us-tx-1".parse()?,
            window: Window::new(start, start.plus(24))?,
            buyers: names("buyer", BUYERS)?,
            providers: names("provider", PROVIDERS)?,
            lots: Vec::new(),
            bids: Resting::default(),
            asks: Resting::default(),
            step: 0,
            commands: 0,
        })
    }

    /// What must be there before the first order: the market, the organizations, the buyers' money and the lots.
    pub fn opening(&self) -> anyhow::Result<Vec<Instruction>> {
        let class = Class {
            model: "A100".to_owned(),
            memory_gb: 80,
            form_factor: "SXM4".to_owned(),
            fabric: "infiniband".to_owned(),
            gpus_per_node: 8,
        };
        let market = MarketSpec {
            id: self.market,
            class,
            zone: "us-tx-1".to_owned(),
            currency: Currency::USD,
            price_tick: Price::from_micros(TICK_MICROS)?,
            lot_size: GPUS_PER_ORDER,
            maker_fee_bps: 0,
            taker_fee_bps: 50,
        };
        let register = |organization: &OrganizationId| Instruction::RegisterOrganization {
            organization: *organization,
            name: organization.to_string(),
        };
        let deposit = |buyer: &OrganizationId| Instruction::RecordDeposit {
            organization: *buyer,
            // Enough for every order of a run, and far from the most a balance may be with all buyers together.
            amount: Amount::from_micros(10_000_000_000_000),
            currency: Currency::USD,
            reference: "wire".to_owned(),
        };
        let lot = |provider: &OrganizationId| {
            Instruction::RegisterLot(NewLot {
                organization: *provider,
                market: self.market,
                gpus: GPUS_MAX,
                window: self.window,
                fabric: "hall-1".to_owned(),
            })
        };
        let lots = self.providers.iter().flat_map(|provider| std::iter::repeat_n(provider, LOTS_PER_PROVIDER));
        Ok(std::iter::once(Instruction::OpenMarket(market))
            .chain(self.buyers.iter().chain(&self.providers).map(register))
            .chain(self.buyers.iter().map(deposit))
            .chain(lots.map(lot))
            .collect())
    }

    /// Takes note of what an instruction led to: later ones refer to it.
    pub fn learn(&mut self, event: &Event) {
        match event {
            Event::LotRegistered(lot) => self.lots.push((lot.lot, lot.organization)),
            Event::OrderPlaced(placed) => match placed.terms.side {
                OrderSide::Buy { .. } => self.bids.add(placed.order, placed.organization),
                OrderSide::Sell { .. } => self.asks.add(placed.order, placed.organization),
            },
            Event::TradeExecuted(trade) => {
                if trade.bid_remaining == 0 {
                    self.bids.remove(trade.bid);
                }
                if trade.ask_filled {
                    self.asks.remove(trade.ask);
                }
            }
            Event::OrderClosed(closed) => {
                self.bids.remove(closed.order);
                self.asks.remove(closed.order);
            }
            _ => {}
        }
    }

    /// A bid or an ask that will rest, in turn.
    pub fn resting_order(&mut self) -> anyhow::Result<Instruction> {
        self.step += 1;
        let order = if self.step.is_multiple_of(2) { self.bid(false) } else { self.ask() };
        order.map(Instruction::PlaceOrder)
    }

    /// The next order of the flow without cancels: an ask, a bid that takes it, and a bid that rests.
    pub fn order(&mut self) -> anyhow::Result<NewOrder> {
        self.step += 1;
        match self.step % 3 {
            1 => self.ask(),
            2 => self.bid(true),
            _ => self.bid(false),
        }
    }

    /// The next order or cancel of the flow that leaves the book as full as it was.
    pub fn order_or_cancel(&mut self) -> anyhow::Result<Instruction> {
        self.step += 1;
        let resting = match CYCLE[self.step % CYCLE.len()] {
            Step::CrossingBid => return self.bid(true).map(Instruction::PlaceOrder),
            Step::RestingBid => return self.bid(false).map(Instruction::PlaceOrder),
            Step::Ask => return self.ask().map(Instruction::PlaceOrder),
            Step::CancelBid => &self.bids.orders,
            Step::CancelAsk => &self.asks.orders,
        };
        let place = self.draw.below(resting.len());
        let (order, organization) = *resting.get(place).context("the book has run empty")?;
        Ok(Instruction::CancelOrder { organization, order })
    }

    /// The instruction as a command of the flow in memory, a microsecond after the one before.
    pub fn command(&mut self, instruction: Instruction) -> Command {
        self.commands += 1;
        let micros = i64::try_from(self.commands).unwrap_or(i64::MAX);
        let at = Instant::from_micros(ORIGIN.start().micros().saturating_add(micros));
        // A UUIDv7: a number for its timestamp, random bits after it.
        let random = u128::from(self.draw.next()) >> 2;
        let id = (u128::from(self.commands) << 80) | (7 << 76) | (0b10 << 62) | random;
        Command { id: CommandId::new(Uuid::from_u128(id)), at, instruction }
    }

    /// Random bytes, as of a request's digest.
    pub fn digest(&mut self) -> [u8; 32] {
        self.draw.bytes()
    }

    fn bid(&mut self, crossing: bool) -> anyhow::Result<NewOrder> {
        let buyer = self.buyers[self.draw.below(self.buyers.len())];
        let depth = self.depth()?;
        let ticks = if crossing { CROSSING_BID_TICKS } else { BEST_RESTING_BID_TICKS - depth };
        let side =
            NewSide::Buy { market: self.market, window: self.window, time_in_force: TimeInForce::Gtc, min_gpus: None };
        order(buyer, ticks, side)
    }

    fn ask(&mut self) -> anyhow::Result<NewOrder> {
        let place = self.draw.below(self.lots.len());
        let (lot, provider) = *self.lots.get(place).context("no lot is registered")?;
        let ticks = BEST_ASK_TICKS + self.depth()?;
        order(provider, ticks, NewSide::Sell { lot, window: None, min_hours: None, max_hours: None })
    }

    /// Ticks away from the best price.
    fn depth(&mut self) -> anyhow::Result<i64> {
        Ok(i64::try_from(self.draw.below(TICKS))?)
    }
}

fn order(organization: OrganizationId, ticks: i64, side: NewSide) -> anyhow::Result<NewOrder> {
    let limit_price = Price::from_micros(ticks * TICK_MICROS)?;
    Ok(NewOrder { organization, client_order_id: None, gpus: GPUS_PER_ORDER, limit_price, side })
}
