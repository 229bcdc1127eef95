//! The plain flow as instructions to the exchange, with what must be there before: the market, the organizations, money and lots.
//!
//! One market, one window of a day, orders of one node (8 GPUs) by 64 buyers and 16 providers. Asks rest between 1.05 and 1.15,
//! half of the bids between 0.95 and 1.05, the other half bid 1.20 and so take the best ask whole. With cancels, as many
//! orders leave the book as come to rest in it.

use std::collections::HashMap;

use anyhow::Context as _;
use ledger::{Amount, Currency, Instant, Label, OrganizationId};
use matching::{
    BidOptions, Class, Command, CommandId, DeliveryTerms, Event, GATE_MINUTES, GPUS_MAX, Hour, Instruction, LotId,
    MarketChoice, MarketId, MarketSpec, NewLot, NewOrder, NewSide, OrderId, Price, SelfTradePrevention, Supply, Window,
    ZoneAttributes,
};
use uuid::Uuid;

use super::draw::Draw;
use super::steps::{BUYERS, GPUS_PER_ORDER, PROVIDERS, Participant, Placement, Step, Steps, Tally};

/// Other than the steps' own.
const SEED: u64 = 0x5EC0_4D71_0D00_0002;
const LOTS_PER_PROVIDER: usize = 4;
pub(super) const TICK_MICROS: i64 = 100;
/// 2027-01-01T00:00:00Z: when the flow in memory happens.
const ORIGIN: Hour = Hour::from_hours(499_656);

/// Makes the instructions of the workload.
pub(super) struct Flow {
    steps: Steps,
    draw: Draw,
    market: MarketId,
    window: Window,
    buyers: Vec<OrganizationId>,
    providers: Vec<OrganizationId>,
    /// The lots of the first provider, then those of the next.
    lots: Vec<LotId>,
    /// The order that was placed last, until the exchange has given it an id.
    placing: Option<u64>,
    /// The exchange's ids of the flow's orders.
    orders: HashMap<u64, OrderId>,
    traded: Tally,
    /// Searches that met their limit.
    limited: usize,
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
            steps: Steps::new(),
            draw: Draw::seeded(SEED),
            market: "a100-80g-sxm4-ib.us-tx-1".parse()?,
            window: Window::new(start, start.plus(24))?,
            buyers: names("buyer", BUYERS)?,
            providers: names("provider", PROVIDERS)?,
            lots: Vec::new(),
            placing: None,
            orders: HashMap::new(),
            traded: Tally::default(),
            limited: 0,
            commands: 0,
        })
    }

    /// What must be there before the first order: the market, the organizations, the buyers' money and the lots.
    pub fn opening(&self) -> anyhow::Result<Vec<Instruction>> {
        let class = Class {
            model: "A100".parse()?,
            memory_gb: 80,
            form_factor: "SXM4".parse()?,
            fabric: "infiniband".parse()?,
            gpus_per_node: 8,
        };
        let market = MarketSpec {
            id: self.market,
            class,
            zone: "us-tx-1".parse()?,
            currency: Currency::USD,
            price_tick: Price::from_micros(TICK_MICROS)?,
            lot_size: GPUS_PER_ORDER,
            maker_fee_bps: 0,
            taker_fee_bps: 50,
            gate_minutes: GATE_MINUTES,
            zone_attributes: ZoneAttributes::default(),
        };
        let (wire, hall): (Label, Label) = ("wire".parse()?, "hall-1".parse()?);
        let register = |organization: &OrganizationId| Instruction::RegisterOrganization {
            organization: *organization,
            name: (*organization).into(),
        };
        let unlimited = |organization: &OrganizationId| Instruction::SetOrderLimit {
            organization: *organization,
            open_orders_max: Some(u32::MAX),
        };
        let deposit = |buyer: &OrganizationId| Instruction::RecordDeposit {
            organization: *buyer,
            // Enough for every order of a run, and far from the most a balance may be with all buyers together.
            amount: Amount::from_micros(10_000_000_000_000),
            currency: Currency::USD,
            reference: wire.clone(),
        };
        let lot = |provider: &OrganizationId| {
            Instruction::RegisterLot(NewLot {
                organization: *provider,
                market: self.market,
                gpus: GPUS_MAX,
                window: self.window,
                fabric: hall.clone(),
                min_remnant_hours: 0,
                delivery: DeliveryTerms::default(),
            })
        };
        let lots = self.providers.iter().flat_map(|provider| std::iter::repeat_n(provider, LOTS_PER_PROVIDER));
        Ok(std::iter::once(Instruction::OpenMarket(market))
            .chain(self.buyers.iter().chain(&self.providers).map(register))
            .chain(self.buyers.iter().chain(&self.providers).map(unlimited))
            .chain(self.buyers.iter().map(deposit))
            .chain(lots.map(lot))
            .collect())
    }

    /// Takes note of what an instruction led to, before the next one is made: later ones refer to it.
    pub fn learn(&mut self, event: &Event) {
        self.limited += usize::from(event.met_search_limit());
        match event {
            Event::LotRegistered(lot) => self.lots.push(lot.lot),
            Event::OrderPlaced(placed) => {
                if let Some(number) = self.placing.take() {
                    self.orders.insert(number, placed.order);
                }
            }
            Event::TradeExecuted(trade) => {
                let ticks = trade.price.micros() / TICK_MICROS;
                self.traded.add(u64::from(trade.gpus), u64::try_from(ticks).unwrap_or(0));
            }
            _ => {}
        }
    }

    /// How many searches have met their limit.
    pub fn limited(&self) -> usize {
        self.limited
    }

    /// What has traded since it was asked last.
    pub fn take_traded(&mut self) -> Tally {
        std::mem::take(&mut self.traded)
    }

    /// A bid or an ask that will rest, in turn.
    pub fn resting_order(&mut self) -> anyhow::Result<Instruction> {
        let placement = self.steps.resting_order();
        self.instruction(Step::Place(placement))
    }

    /// The next order of the flow without cancels: an ask, a bid that takes it, and a bid that rests.
    pub fn order(&mut self) -> anyhow::Result<NewOrder> {
        let placement = self.steps.order()?;
        self.new_order(placement)
    }

    /// The next order or cancel of the flow that leaves the book as full as it was.
    pub fn order_or_cancel(&mut self) -> anyhow::Result<Instruction> {
        let step = self.steps.order_or_cancel()?;
        self.instruction(step)
    }

    /// A step as an instruction.
    pub fn instruction(&mut self, step: Step) -> anyhow::Result<Instruction> {
        match step {
            Step::Place(placement) => {
                self.placing = Some(placement.order);
                self.new_order(placement).map(Instruction::PlaceOrder)
            }
            Step::Cancel { order, participant } => {
                let order = *self.orders.get(&order).context("an order was never placed")?;
                Ok(Instruction::CancelOrder { organization: self.organization(participant), order })
            }
        }
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

    fn organization(&self, participant: Participant) -> OrganizationId {
        match participant {
            Participant::Buyer(buyer) => self.buyers[buyer],
            Participant::Provider(provider) => self.providers[provider],
        }
    }

    fn new_order(&self, placement: Placement) -> anyhow::Result<NewOrder> {
        let Placement { order, participant, price_ticks } = placement;
        let side = match participant {
            Participant::Buyer(_) => NewSide::Buy {
                markets: MarketChoice::One(self.market),
                window: self.window.into(),
                options: BidOptions::default(),
            },
            Participant::Provider(provider) => {
                // A provider's orders take its lots in turn.
                let lot = provider * LOTS_PER_PROVIDER + usize::try_from(order)? % LOTS_PER_PROVIDER;
                let lot = *self.lots.get(lot).context("no lot is registered")?;
                NewSide::Sell {
                    supply: Supply::Lot(lot),
                    window: None,
                    min_hours: None,
                    max_hours: None,
                    self_trade_prevention: SelfTradePrevention::CancelNewest,
                }
            }
        };
        Ok(NewOrder {
            organization: self.organization(participant),
            client_order_id: None,
            gpus: GPUS_PER_ORDER,
            limit_price: Price::from_micros(i64::from(price_ticks) * TICK_MICROS)?,
            side,
        })
    }
}
