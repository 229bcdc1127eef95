//! Commands: what a caller asks of the exchange.

use ledger::{Amount, Currency, Instant, OrganizationId};

use crate::{ClientOrderId, CommandId, LotId, MarketId, MarketSpec, OrderId, Price, TimeInForce, Window};

/// A caller's request with the id and the instant that the shell gave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Its id, a UUIDv7; the ids of what it brings into being derive from it.
    pub id: CommandId,
    /// When it is decided. Time moves to it first; an instant before the exchange's own time counts as that.
    pub at: Instant,
    /// What is asked.
    pub instruction: Instruction,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Instruction {
    /// Only let time pass.
    Advance,
    /// Admit an organization.
    RegisterOrganization {
        /// Its id.
        organization: OrganizationId,
        /// Its name as people write it.
        name: String,
    },
    /// Open a market.
    OpenMarket(MarketSpec),
    /// List capacity.
    RegisterLot(NewLot),
    /// Place an order.
    PlaceOrder(NewOrder),
    /// Cancel what is open of an order.
    CancelOrder {
        /// Whose order.
        organization: OrganizationId,
        /// Which.
        order: OrderId,
    },
    /// Credit a deposit that arrived at the bank.
    RecordDeposit {
        /// Whose money.
        organization: OrganizationId,
        /// How much, more than zero.
        amount: Amount,
        /// In what currency.
        currency: Currency,
        /// The bank's reference.
        reference: String,
    },
}

/// Capacity to be listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewLot {
    /// Who delivers.
    pub organization: OrganizationId,
    /// Where it is sold.
    pub market: MarketId,
    /// How many GPUs: a multiple of the market's lot size.
    pub gpus: u32,
    /// When.
    pub window: Window,
    /// The seller's name for the network the GPUs share.
    pub fabric: String,
}

/// An order to be placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// Whose order.
    pub organization: OrganizationId,
    /// The caller's own name for it.
    pub client_order_id: Option<ClientOrderId>,
    /// GPUs: a multiple of the market's lot size.
    pub gpus: u32,
    /// The worst price per GPU-hour.
    pub limit_price: Price,
    /// What distinguishes a bid from an ask.
    pub side: NewSide,
}

/// What distinguishes a bid from an ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NewSide {
    /// Buy.
    Buy {
        /// Where.
        market: MarketId,
        /// The hours.
        window: Window,
        /// How long the order stays.
        time_in_force: TimeInForce,
        /// The fewest GPUs in one trade; the lot size when not given; all of them for all-or-none.
        min_gpus: Option<u32>,
    },
    /// Sell.
    Sell {
        /// The lot to sell from.
        lot: LotId,
        /// The hours on offer; the lot's when not given.
        window: Option<Window>,
        /// The shortest sale in hours; 1 when not given.
        min_hours: Option<u32>,
        /// The longest sale in hours; the window's when not given.
        max_hours: Option<u32>,
    },
}
