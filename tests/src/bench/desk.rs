//! An exchange in memory with one market, for workloads that the plain flow does not have.

use anyhow::Context as _;
use ledger::{Amount, Currency, Instant, OrganizationId};
use matching::{
    BidOptions, Class, Command, CommandId, DeliveryTerms, Event, Exchange, GATE_MINUTES, Hour, Instruction, Log, LotId,
    MarketChoice, MarketId, MarketSpec, NewLot, NewOrder, NewSide, OrderId, Price, Record, SelfTradePrevention, Supply,
    TimeInForce, Window, ZoneAttributes,
};
use uuid::Uuid;

/// GPUs in one node, which is the lot size.
pub(super) const NODE: u32 = 8;
/// 2027-01-01T00:00:00Z: when the workloads happen.
pub(super) const ORIGIN: Hour = Hour::from_hours(499_656);

/// Keeps the events of one command.
#[derive(Default)]
struct Kept(Vec<Event>);

impl Log for Kept {
    fn append(&mut self, record: Record) {
        self.0.push(record.event);
    }
}

/// The exchange with who trades on it.
pub(super) struct Desk {
    pub exchange: Exchange,
    commands: u64,
    at: Instant,
    pub market: MarketId,
    pub provider: OrganizationId,
    pub buyer: OrganizationId,
}

impl Desk {
    /// One market, one provider, and a buyer with money for everything.
    pub fn open() -> anyhow::Result<Self> {
        let mut desk = Self {
            exchange: Exchange::new(),
            commands: 0,
            at: Instant::from_micros(ORIGIN.start().micros() - 24 * 3_600_000_000),
            market: "a100-80g-sxm4-ib.us-tx-1".parse()?,
            provider: "provider".parse()?,
            buyer: "buyer".parse()?,
        };
        let class = Class {
            model: "A100".parse()?,
            memory_gb: 80,
            form_factor: "SXM4".parse()?,
            fabric: "infiniband".parse()?,
            gpus_per_node: 8,
        };
        desk.execute(Instruction::OpenMarket(MarketSpec {
            id: desk.market,
            class,
            zone: "us-tx-1".parse()?,
            currency: Currency::USD,
            price_tick: Price::from_micros(100)?,
            lot_size: NODE,
            maker_fee_bps: 0,
            taker_fee_bps: 50,
            gate_minutes: GATE_MINUTES,
            zone_attributes: ZoneAttributes::default(),
        }))?;
        for organization in [desk.provider, desk.buyer] {
            desk.admit(organization)?;
        }
        for _ in 0..100 {
            desk.execute(Instruction::RecordDeposit {
                organization: desk.buyer,
                amount: Amount::LINE_MAX,
                currency: Currency::USD,
                reference: "wire".parse()?,
            })?;
        }
        Ok(desk)
    }

    /// An instruction as a command, a microsecond after the one before.
    pub fn command(&mut self, instruction: Instruction) -> Command {
        self.commands += 1;
        self.at = Instant::from_micros(self.at.micros() + 1);
        let id = (u128::from(self.commands) << 80) | (7 << 76) | (0b10 << 62);
        Command { id: CommandId::new(Uuid::from_u128(id)), at: self.at, instruction }
    }

    /// Moves time.
    pub fn move_to(&mut self, at: Instant) {
        self.at = at;
    }

    /// Carries an instruction out.
    pub fn execute(&mut self, instruction: Instruction) -> anyhow::Result<Vec<Event>> {
        let command = self.command(instruction);
        let mut kept = Kept::default();
        self.exchange.execute(&command, &mut kept)?;
        Ok(kept.0)
    }

    /// Acts for another provider from now on: the `nth` besides the first.
    pub fn become_provider(&mut self, nth: usize) -> anyhow::Result<()> {
        self.provider = format!("provider-{nth}").parse()?;
        self.admit(self.provider)
    }

    /// Registers an organization that may have any number of orders.
    fn admit(&mut self, organization: OrganizationId) -> anyhow::Result<()> {
        let name = organization.into();
        self.execute(Instruction::RegisterOrganization { organization, name })?;
        self.execute(Instruction::SetOrderLimit { organization, open_orders_max: Some(u32::MAX) })?;
        Ok(())
    }

    /// Lists a lot.
    pub fn list(&mut self, gpus: u32, window: Window) -> anyhow::Result<LotId> {
        self.list_with_remnant(gpus, window, 0)
    }

    /// Lists a lot that refuses to leave a free run shorter than so many hours.
    pub fn list_with_remnant(&mut self, gpus: u32, window: Window, min_remnant_hours: u32) -> anyhow::Result<LotId> {
        let (organization, market, fabric) = (self.provider, self.market, "hall-1".parse()?);
        let lot = NewLot {
            organization,
            market,
            gpus,
            window,
            fabric,
            min_remnant_hours,
            delivery: DeliveryTerms::default(),
        };
        let events = self.execute(Instruction::RegisterLot(lot))?;
        let listed = events.iter().find_map(|event| match event {
            Event::LotRegistered(lot) => Some(lot.lot),
            _ => None,
        });
        listed.context("no lot was listed")
    }

    /// An order of the provider on a lot.
    pub fn ask(&self, gpus: u32, limit_price: Price, side: NewSide) -> NewOrder {
        NewOrder { organization: self.provider, client_order_id: None, gpus, limit_price, side }
    }

    /// A bid of the buyer that does not stay.
    pub fn bid(&self, gpus: u32, limit_price: Price, window: Window) -> NewOrder {
        let side = NewSide::Buy {
            markets: MarketChoice::One(self.market),
            window: window.into(),
            options: BidOptions { time_in_force: TimeInForce::Ioc, ..BidOptions::default() },
        };
        NewOrder { organization: self.buyer, client_order_id: None, gpus, limit_price, side }
    }

    /// A bid of the buyer that stays, for all or none of its GPUs or for any of them.
    pub fn resting_bid(&self, gpus: u32, limit_price: Price, window: Window, all_or_none: bool) -> NewOrder {
        let mut bid = self.bid(gpus, limit_price, window);
        if let NewSide::Buy { options, .. } = &mut bid.side {
            (options.time_in_force, options.min_gpus) = (TimeInForce::Gtc, all_or_none.then_some(gpus));
        }
        bid
    }

    /// Places an order and tells its id.
    pub fn place(&mut self, order: NewOrder) -> anyhow::Result<OrderId> {
        let events = self.execute(Instruction::PlaceOrder(order))?;
        let placed = events.iter().find_map(|event| match event {
            Event::OrderPlaced(placed) => Some(placed.order),
            Event::SpotOrderPlaced(placed) => Some(placed.order),
            _ => None,
        });
        placed.context("no order was placed")
    }
}

/// Term supply of a lot, for sales of this many hours.
pub(super) fn term(lot: LotId, min_hours: u32, max_hours: u32) -> NewSide {
    NewSide::Sell {
        supply: Supply::Lot(lot),
        window: None,
        min_hours: Some(min_hours),
        max_hours: Some(max_hours),
        self_trade_prevention: SelfTradePrevention::CancelNewest,
    }
}
