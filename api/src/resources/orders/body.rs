//! An order as it is shown.

use std::sync::Arc;

use infra::journal::LogRow;
use infra::read_models::{Fill, Followed as _, OrderRecord, OrderStatus, Recorded as _, StoredBid};
use ledger::ContractId;
use matching::{
    BidOptions, Billing, LotId, MarketId, Placement, Price, SelfTradePrevention, TermWindow, TimeInForce, TradeId,
    Unfilled, WouldFill,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use wire::window::WindowBody;

use crate::average_price::average_price;

/// An order.
#[derive(Serialize, ToSchema)]
pub struct OrderBody {
    /// Its id.
    pub id: Uuid,
    /// Your own name for it.
    pub client_order_id: Option<String>,
    /// `buy` or `sell`.
    pub side: &'static str,
    /// `term` or `spot`.
    pub kind: &'static str,
    /// Where it trades; of a bid for several markets the first of them, and each of its trades says where it bought.
    pub market: String,
    /// Of a bid for several markets: all of them.
    pub markets: Option<Vec<String>>,
    /// Of an ask: the lot that delivers.
    pub lot: Option<Uuid>,
    /// Of a resale: the contract that it resells.
    pub contract: Option<Uuid>,
    /// `open`, `partially_filled`, `filled`, `cancelled`, `expired` or, of a spot bid without funds, `suspended`.
    pub status: &'static str,
    /// GPUs ordered.
    pub gpus: u32,
    /// Of a term bid, GPUs bought; of a spot bid, GPUs of its latest hour; of an ask, the most GPUs sold in any one hour.
    pub filled_gpus: u32,
    /// The rest of `gpus`.
    pub remaining_gpus: u32,
    /// The worst price per GPU-hour.
    #[schema(value_type = String)]
    pub limit_price: Price,
    /// The average price of its trades, weighted by GPU-hours.
    #[schema(value_type = Option<String>)]
    pub average_price: Option<Price>,
    /// The hours to buy, or on offer: `start` and `end`, or of a flexible bid `earliest` and `latest` start and `hours`. None of a
    /// spot bid.
    #[schema(value_type = Option<Object>)]
    pub window: Option<TermWindow>,
    /// Of a term bid: `GTC`, `GTD`, `IOC` or `FOK`.
    pub time_in_force: Option<&'static str>,
    /// Of a GTD bid: when it ends.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// Of a term bid: which lots may serve it together.
    #[schema(value_type = Option<String>)]
    pub placement: Option<Placement>,
    /// Of a term bid: whether it is cancelled rather than trade at once.
    pub post_only: Option<bool>,
    /// Of a term bid: what happens when it meets an order of your own.
    #[schema(value_type = Option<String>)]
    pub self_trade_prevention: Option<SelfTradePrevention>,
    /// Of a term bid: the periods in which contracts of more than 720 hours are paid.
    #[schema(value_type = Option<String>)]
    pub billing: Option<Billing>,
    /// Of a bid: the fewest GPUs in one trade.
    pub min_gpus: Option<u32>,
    /// Of an ask: the shortest sale in hours.
    pub min_hours: Option<u32>,
    /// Of an ask: the longest sale in hours.
    pub max_hours: Option<u32>,
    /// Its trades, oldest first.
    pub trades: Vec<OrderTradeBody>,
    /// Of a bid that did not fill whole: why not when it arrived, and what would have filled it; null once it is filled.
    pub unfilled: Option<UnfilledBody>,
    /// When it was placed.
    #[schema(format = DateTime)]
    pub placed_at: String,
    /// The log's sequence of its placing.
    pub sequence: u64,
}

/// A trade of an order: for a term, or of a spot order for one hour.
#[derive(Serialize, ToSchema)]
pub struct OrderTradeBody {
    /// The trade; none of a sale by the hour.
    pub id: Option<Uuid>,
    /// The contract it created; none of a sale by the hour.
    pub contract: Option<Uuid>,
    /// Where it traded.
    pub market: String,
    /// The lot that serves it.
    pub lot: Uuid,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    pub price: Price,
    /// When.
    pub window: WindowBody,
    /// Of a sale by the hour: the minutes of it, up to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
}

/// Why a bid did not fill.
#[derive(Serialize, ToSchema)]
pub struct UnfilledBody {
    /// The first cause whose removal alone would have filled it: `closed`, `price`, `hours`, `quantity`, `fabric`,
    /// `provider`, `post_only`, `self_trade` or `search_limit`.
    #[schema(value_type = String)]
    pub reason: matching::UnfilledReason,
    /// The cause in a sentence.
    pub detail: &'static str,
    /// What would have filled it: a `limit_price`, a `window` or a number of `gpus`.
    #[schema(value_type = Option<Object>)]
    pub would_fill: Option<WouldFill>,
}

impl From<Unfilled> for UnfilledBody {
    fn from(unfilled: Unfilled) -> Self {
        let Unfilled { reason, would_fill } = unfilled;
        Self { reason, detail: reason.detail(), would_fill }
    }
}

impl From<Fill> for OrderTradeBody {
    fn from(fill: Fill) -> Self {
        Self {
            id: fill.trade.map(TradeId::uuid),
            contract: fill.contract.map(ContractId::uuid),
            market: fill.market.to_string(),
            lot: fill.lot.uuid(),
            gpus: fill.gpus,
            price: fill.price,
            window: WindowBody { start: fill.window_start, end: fill.window_end },
            minutes: fill.minutes,
        }
    }
}

impl OrderBody {
    /// The order that these events placed, as they left it.
    pub fn of_receipt(rows: &[Arc<LogRow>]) -> Option<Self> {
        let mut rows = rows.iter().map(|row| &row.record);
        let mut order = rows.find_map(|record| OrderRecord::begun_by(record).pop())?;
        let mut fills = Vec::new();
        for record in rows {
            if OrderRecord::changed_by(&record.event).contains(&order.id) {
                order.follow(&record.event);
                fills.extend(Fill::all_of(&record.event).into_iter().filter(|fill| fill.order == order.id));
            }
        }
        Some(Self::of(order, fills))
    }

    /// An order with what it has traded, oldest first.
    pub fn of(order: OrderRecord, fills: Vec<Fill>) -> Self {
        let mut body = Self {
            id: order.id.uuid(),
            side: order.side.name(),
            kind: order.kind.name(),
            market: order.market.to_string(),
            markets: None,
            lot: order.lot.map(LotId::uuid),
            contract: order.contract.map(ContractId::uuid),
            status: order.status.name(),
            gpus: order.gpus,
            filled_gpus: order.filled_gpus,
            remaining_gpus: order.gpus.saturating_sub(order.filled_gpus),
            limit_price: order.limit_price,
            average_price: average_of(&fills),
            window: order.window(),
            time_in_force: order.time_in_force.map(TimeInForce::name),
            expires_at: None,
            placement: None,
            post_only: None,
            self_trade_prevention: None,
            billing: None,
            min_gpus: order.min_gpus,
            min_hours: order.min_hours,
            max_hours: order.max_hours,
            trades: fills.into_iter().map(OrderTradeBody::from).collect(),
            // Why it did not fill when it arrived is of no use once it has.
            unfilled: order.unfilled.filter(|_| order.status != OrderStatus::Filled).map(UnfilledBody::from),
            client_order_id: order.client_order_id,
            placed_at: order.placed_at.to_string(),
            sequence: order.sequence,
        };
        if let Some(StoredBid { other_markets, options }) = &order.options {
            body.show_options(other_markets, options);
        }
        body
    }

    /// Shows what a term bid asks for besides.
    fn show_options(&mut self, other_markets: &[MarketId], options: &BidOptions) {
        if !other_markets.is_empty() {
            let others = other_markets.iter().map(ToString::to_string);
            self.markets = Some(std::iter::once(self.market.clone()).chain(others).collect());
        }
        self.expires_at = options.expires_at.map(|at| at.to_string());
        self.placement = Some(options.placement);
        self.post_only = Some(options.post_only);
        self.self_trade_prevention = Some(options.self_trade_prevention);
        self.billing = options.billing;
    }
}

/// The average price of trades for a term, weighted by GPU-hours.
fn average_of(fills: &[Fill]) -> Option<Price> {
    let hours = |fill: &Fill| i128::from(fill.window_end.hours() - fill.window_start.hours());
    let term = || fills.iter().filter(|fill| fill.minutes.is_none());
    let gpu_hours = term().map(|fill| i128::from(fill.gpus) * hours(fill)).sum();
    average_price(term().map(|fill| fill.amount).sum(), gpu_hours)
}
