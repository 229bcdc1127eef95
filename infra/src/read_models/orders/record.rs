//! Orders as their events leave them.

use std::collections::BTreeSet;

use ledger::{Amount, ContractId, Instant, OrganizationId};
use matching::{
    BidOptions, ClientOrderId, CloseReason, Event, Hour, LotId, MarketId, OrderAmended, OrderId, OrderPlaced,
    OrderSide, Price, Record, SpotHoursSold, SpotOrderPlaced, SpotSide, TermWindow, TimeInForce, TradeExecuted,
    Unfilled, Window,
};
use serde::{Deserialize, Serialize};

use crate::database::named_column;
use crate::read_models::followed::{Followed, Recorded};
use crate::read_models::side::Side;

named_column! {
    /// Status of an order.
    pub enum OrderStatus {
        /// Rests and has traded nothing.
        Open = "open",
        /// Rests and has traded something.
        PartiallyFilled = "partially_filled",
        /// Has traded all.
        Filled = "filled",
        /// Ended with a part of it unfilled.
        Cancelled = "cancelled",
        /// Reached its time with a part of it unfilled.
        Expired = "expired",
        /// Waits for funds; only a spot bid does.
        Suspended = "suspended",
    }
}

impl From<CloseReason> for OrderStatus {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Cancelled
            | CloseReason::TimeInForce
            | CloseReason::SelfTrade
            | CloseReason::PostOnly
            | CloseReason::Withdrawn
            | CloseReason::Suspended
            | CloseReason::Busted
            | CloseReason::Terminated => Self::Cancelled,
            CloseReason::Expired => Self::Expired,
        }
    }
}

named_column! {
    /// Kind of an order: which market of GPUs it trades in.
    pub enum OrderKind {
        /// Trades for a term of hours.
        Term = "term",
        /// Trades hour by hour.
        Spot = "spot",
    }
}

/// Options of a term bid besides what every order has, as it was placed. Amendments change the columns, not this.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredBid {
    /// Further markets in which it trades.
    #[serde(default)]
    pub other_markets: Vec<MarketId>,
    /// Options as placed. Rows of the first releases have none of this, and `time_in_force` and `min_gpus` in columns
    /// alone.
    #[serde(flatten)]
    pub options: BidOptions,
}

/// Order as its events leave it, without what it has traded.
#[derive(Clone, Debug)]
pub struct OrderRecord {
    /// Id of the order.
    pub id: OrderId,
    /// Organization that placed it.
    pub organization: OrganizationId,
    /// Owner's name for it; `None` when it has none.
    pub client_order_id: Option<String>,
    /// Side: buy or sell.
    pub side: Side,
    /// Kind: term or spot.
    pub kind: OrderKind,
    /// Market in which it trades; of a bid for several markets, the first.
    pub market: MarketId,
    /// Lot that delivers an ask; `None` for a bid.
    pub lot: Option<LotId>,
    /// Contract that a resale sells from; `None` for other orders.
    pub contract: Option<ContractId>,
    /// Status after its latest event.
    pub status: OrderStatus,
    /// Number of GPUs ordered.
    pub gpus: u32,
    /// Number of GPUs filled: bought by a term bid; of its latest hour for a spot bid; the most sold in any one hour
    /// for an ask.
    pub filled_gpus: u32,
    /// Worst price per GPU-hour that it accepts.
    pub limit_price: Price,
    /// First hour, of a flexible bid the earliest; `None` for a spot bid.
    pub window_start: Option<Hour>,
    /// End of the hours, exclusive, of a flexible bid for its earliest start; `None` for a spot bid.
    pub window_end: Option<Hour>,
    /// Latest start of a flexible bid; `None` for other orders.
    pub window_latest: Option<Hour>,
    /// Time in force of a term bid; `None` for other orders.
    pub time_in_force: Option<TimeInForce>,
    /// Smallest number of GPUs of a bid in one trade; `None` for an ask.
    pub min_gpus: Option<u32>,
    /// Shortest sale of a term ask, in hours; `None` for other orders.
    pub min_hours: Option<u32>,
    /// Longest sale of a term ask, in hours; `None` for other orders.
    pub max_hours: Option<u32>,
    /// Further options of a term bid; `None` for other orders.
    pub options: Option<StoredBid>,
    /// Amount that it set aside as it was placed.
    pub hold: Amount,
    /// Reason why a bid did not fill whole as it arrived, and what would have filled it; `None` when it did, and for an
    /// ask.
    pub unfilled: Option<Unfilled>,
    /// Instant at which it was placed.
    pub placed_at: Instant,
    /// Last hour of which a spot order traded something; `None` for other orders.
    pub spot_hour: Option<Hour>,
    /// Number of GPUs that it traded of that hour.
    pub spot_gpus: u32,
    /// Sequence of its placing in the log.
    pub sequence: u64,
}

impl OrderRecord {
    /// Returns the hours to buy, or on offer; `None` for a spot bid.
    pub fn window(&self) -> Option<TermWindow> {
        let (start, end) = (self.window_start?, self.window_end?);
        match self.window_latest {
            None => Window::new(start, end).ok().map(TermWindow::from),
            Some(latest) => TermWindow::flexible(start, latest, end.hours() - start.hours()).ok(),
        }
    }

    /// Returns the markets besides the first in which it trades.
    pub fn other_markets(&self) -> &[MarketId] {
        self.options.as_ref().map_or(&[], |stored| &stored.other_markets)
    }

    fn set_window(&mut self, window: TermWindow) {
        let earliest = window.starting(window.earliest());
        (self.window_start, self.window_end) = (Some(earliest.start()), Some(earliest.end()));
        self.window_latest = window.exact().is_none().then(|| window.latest());
    }

    /// An order as it is placed, with what both kinds have.
    fn new(record: &Record, kind: OrderKind, begun: Begun) -> Self {
        Self {
            id: begun.order,
            organization: begun.organization,
            client_order_id: begun.client_order_id.map(|id| id.to_string()),
            side: Side::Buy,
            kind,
            market: begun.market,
            lot: None,
            contract: None,
            status: OrderStatus::Open,
            gpus: begun.gpus,
            filled_gpus: 0,
            limit_price: begun.limit_price,
            window_start: None,
            window_end: None,
            window_latest: None,
            time_in_force: None,
            min_gpus: None,
            min_hours: None,
            max_hours: None,
            options: None,
            hold: begun.hold,
            unfilled: None,
            placed_at: record.at,
            spot_hour: None,
            spot_gpus: 0,
            sequence: record.sequence,
        }
    }

    fn placed(record: &Record, placed: &OrderPlaced) -> Self {
        let terms = &placed.terms;
        let begun = Begun {
            order: placed.order,
            organization: placed.organization,
            client_order_id: placed.client_order_id,
            market: terms.market,
            gpus: terms.gpus,
            limit_price: terms.limit_price,
            hold: placed.hold,
        };
        let mut order = Self { unfilled: placed.unfilled, ..Self::new(record, OrderKind::Term, begun) };
        order.set_window(terms.window);
        match &terms.side {
            OrderSide::Buy(options) => {
                order.time_in_force = Some(options.time_in_force);
                order.min_gpus = options.min_gpus;
                order.options = Some(StoredBid { other_markets: terms.other_markets.clone(), options: *options });
            }
            OrderSide::Sell { lot, contract, hours, .. } => {
                order.side = Side::Sell;
                (order.lot, order.contract) = (Some(*lot), *contract);
                (order.min_hours, order.max_hours) = (Some(sale_hours(hours.min)), Some(sale_hours(hours.max)));
            }
        }
        order
    }

    fn spot_placed(record: &Record, placed: &SpotOrderPlaced) -> Self {
        let terms = &placed.terms;
        let begun = Begun {
            order: placed.order,
            organization: placed.organization,
            client_order_id: placed.client_order_id,
            market: terms.market,
            gpus: terms.gpus,
            limit_price: terms.limit_price,
            hold: placed.hold,
        };
        let mut order = Self::new(record, OrderKind::Spot, begun);
        match terms.side {
            SpotSide::Buy { min_gpus } => order.min_gpus = Some(min_gpus),
            SpotSide::Sell { lot, contract, window } => {
                order.side = Side::Sell;
                (order.lot, order.contract) = (Some(lot), contract);
                order.set_window(window.into());
            }
        }
        order
    }

    fn amend(&mut self, amended: &OrderAmended) {
        (self.gpus, self.limit_price) = (amended.gpus, amended.limit_price);
        self.min_gpus = amended.min_gpus.or(self.min_gpus);
        if let Some(window) = amended.window {
            self.set_window(window);
        }
    }

    fn trade(&mut self, trade: &TradeExecuted) {
        let is_filled = if trade.bid == self.id {
            self.filled_gpus += trade.gpus;
            // A trade fixes the window of a flexible bid.
            self.set_window(trade.window.into());
            trade.bid_remaining == 0
        } else {
            self.filled_gpus = trade.ask_sold_gpus;
            trade.ask_filled
        };
        self.status = if is_filled { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
    }

    /// Sets what an ask has sold after a sale was taken back; `None` leaves an ask that has ended as it is.
    fn take_back(&mut self, sold_gpus: Option<u32>) {
        if let Some(sold_gpus) = sold_gpus {
            self.filled_gpus = sold_gpus;
            self.status = if sold_gpus == 0 { OrderStatus::Open } else { OrderStatus::PartiallyFilled };
        }
    }

    fn trade_hour(&mut self, sold: &SpotHoursSold) {
        let own = sold.sales.iter().filter(|sale| sale.bid == self.id || sale.ask == self.id);
        let before = if self.spot_hour == Some(sold.hour) { self.spot_gpus } else { 0 };
        let gpus = before + own.map(|sale| sale.gpus).sum::<u32>();
        (self.spot_hour, self.spot_gpus) = (Some(sold.hour), gpus);
        self.filled_gpus = match self.side {
            Side::Buy => gpus,
            Side::Sell => self.filled_gpus.max(gpus),
        };
    }
}

/// Fields that the events of both kinds of orders share.
#[derive(Clone, Copy)]
struct Begun {
    order: OrderId,
    organization: OrganizationId,
    client_order_id: Option<ClientOrderId>,
    market: MarketId,
    gpus: u32,
    limit_price: Price,
    hold: Amount,
}

/// Converts the hours of an ask's shortest or longest sale, clamped to the column's range. A client may name any
/// number, and no window has so many.
fn sale_hours(hours: u32) -> u32 {
    hours.min(i32::MAX.unsigned_abs())
}

impl Recorded for OrderRecord {
    fn begun_by(record: &Record) -> Vec<Self> {
        match &record.event {
            Event::OrderPlaced(placed) => vec![Self::placed(record, placed)],
            Event::SpotOrderPlaced(placed) => vec![Self::spot_placed(record, placed)],
            _ => Vec::new(),
        }
    }
}

impl Followed for OrderRecord {
    type Id = OrderId;

    fn id(&self) -> OrderId {
        self.id
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn changed_by(event: &Event) -> Vec<OrderId> {
        match event {
            Event::OrderAmended(e) => vec![e.order],
            Event::TradeExecuted(e) => vec![e.bid, e.ask],
            Event::OrderClosed(e) => vec![e.order],
            Event::ContractBusted(e) => vec![e.ask],
            Event::ContractTerminated(e) => vec![e.ask],
            Event::SpotHoursSold(e) => {
                let orders: BTreeSet<_> = e.sales.iter().flat_map(|sale| [sale.bid, sale.ask]).collect();
                orders.into_iter().collect()
            }
            Event::SpotInterrupted(e) => vec![e.order],
            Event::SpotBidSuspended(e) => vec![e.order],
            Event::SpotBidResumed(e) => vec![e.order],
            _ => Vec::new(),
        }
    }

    fn follow(&mut self, event: &Event) {
        match event {
            Event::OrderAmended(e) => self.amend(e),
            Event::TradeExecuted(e) => self.trade(e),
            Event::OrderClosed(e) => self.status = e.reason.into(),
            Event::ContractBusted(e) => self.take_back(e.ask_sold_gpus),
            Event::ContractTerminated(e) => self.take_back(e.ask_sold_gpus),
            Event::SpotHoursSold(e) => self.trade_hour(e),
            Event::SpotInterrupted(e) => self.filled_gpus = e.gpus_kept,
            Event::SpotBidSuspended(_) => self.status = OrderStatus::Suspended,
            Event::SpotBidResumed(_) => self.status = OrderStatus::Open,
            _ => {}
        }
    }
}
