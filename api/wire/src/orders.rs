//! Orders.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ledger::Instant;
use matching::{
    Billing, ClientOrderId, Hour, MarketId, Placement, Price, SelfTradePrevention, TermWindow, TimeInForce, Unfilled,
    WouldFill,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::ProblemBody;
use crate::share::Share;
use crate::window::WindowBody;

/// To buy or to sell.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideBody {
    /// To buy.
    Buy,
    /// To sell.
    Sell,
}

/// For a term or by the hour.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindBody {
    /// For a window agreed in advance.
    Term,
    /// By the hour, in hourly auctions.
    Spot,
}

/// The hours of an order.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderWindowBody {
    /// The first hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-01T00:00:00Z")]
    pub start: Option<Hour>,
    /// The hour after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-02-01T00:00:00Z")]
    pub end: Option<Hour>,
    /// Of a flexible window: the earliest start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub earliest: Option<Hour>,
    /// Of a flexible window: the latest start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub latest: Option<Hour>,
    /// Of a flexible window: how many hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<u32>,
}

impl From<WindowBody> for OrderWindowBody {
    fn from(window: WindowBody) -> Self {
        Self { start: Some(window.start), end: Some(window.end), earliest: None, latest: None, hours: None }
    }
}

/// Which markets a bid may trade in: what is named must hold.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterBody {
    /// Any of these classes: what stands before the first dot of a market's id.
    #[serde(default)]
    #[schema(example = json!(["a100-80g-sxm4-ib"]))]
    pub classes: Vec<String>,
    /// What the zone must have.
    pub zone: Option<ZoneFilterBody>,
}

/// What a zone must have.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneFilterBody {
    /// The region.
    #[schema(example = "us")]
    pub region: Option<String>,
    /// The least share of renewable energy, 0 to 1 with at most four decimals.
    #[schema(value_type = Option<String>, example = "0.9")]
    pub renewable_share_min: Option<Share>,
    /// The grid that feeds it.
    pub grid: Option<String>,
    /// The longest round trip to named cities, in milliseconds.
    #[serde(default)]
    pub round_trip_ms_max: BTreeMap<String, u32>,
}

/// An order to be placed, or asked about.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrderBody {
    /// To buy or to sell.
    pub side: SideBody,
    /// For a term or by the hour.
    pub kind: KindBody,
    /// GPUs: a multiple of the market's lot size.
    #[schema(example = 16)]
    pub gpus: u32,
    /// The worst price per GPU-hour, a multiple of the market's tick. A quote may leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, example = "1.1000")]
    pub limit_price: Option<Price>,
    /// Where to buy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "a100-80g-sxm4-ib.us-tx-1")]
    pub market: Option<MarketId>,
    /// Or several markets to buy in, the cheapest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub markets: Option<Vec<MarketId>>,
    /// Or what the markets to buy in have in common; those open now are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<FilterBody>,
    /// The hours to buy; for an ask, the hours on offer, all of the lot's when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<OrderWindowBody>,
    /// Of a term bid: how long it stays; GTC when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "GTC")]
    pub time_in_force: Option<TimeInForce>,
    /// Of a GTD bid: when it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Instant>,
    /// Of a bid: the fewest GPUs in one trade; all of them for all-or-none; the lot size when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_gpus: Option<u32>,
    /// Of a term bid: `any` (default), `one_provider` or `one_fabric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "any")]
    pub placement: Option<Placement>,
    /// Of a term bid: whether it is cancelled rather than trade at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_only: Option<bool>,
    /// Of a term order: `cancel_newest` (default), `cancel_oldest` or `cancel_both`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "cancel_newest")]
    pub self_trade_prevention: Option<SelfTradePrevention>,
    /// Of an ask: the lot to sell from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<Uuid>,
    /// Of an ask: the contract to resell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<Uuid>,
    /// Of a term ask: the shortest sale in hours; 1 when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_hours: Option<u32>,
    /// Of a term ask: the longest sale in hours; any when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hours: Option<u32>,
    /// Your own name for the order, unique within your organization: the same order under the same name is placed once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 64)]
    pub client_order_id: Option<ClientOrderId>,
    /// Of a term bid of more than 720 hours: the periods in which its contracts are paid, each in advance: `hours_720` (default) or
    /// `calendar_month`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "hours_720")]
    pub billing: Option<Billing>,
}

/// An order.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OrderBody {
    /// Its id.
    pub id: Uuid,
    /// Your own name for it.
    pub client_order_id: Option<String>,
    /// `buy` or `sell`.
    pub side: Cow<'static, str>,
    /// `term` or `spot`.
    pub kind: Cow<'static, str>,
    /// Where it trades; of a bid for several markets the first of them, and each of its trades says where it bought.
    pub market: String,
    /// Of a bid for several markets: all of them.
    pub markets: Option<Vec<String>>,
    /// Of an ask: the lot that delivers.
    pub lot: Option<Uuid>,
    /// Of a resale: the contract that it resells.
    pub contract: Option<Uuid>,
    /// `open`, `partially_filled`, `filled`, `cancelled`, `expired` or, of a spot bid without funds, `suspended`.
    pub status: Cow<'static, str>,
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
    pub time_in_force: Option<Cow<'static, str>>,
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
#[derive(Serialize, Deserialize, ToSchema)]
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
#[derive(Serialize, Deserialize, ToSchema)]
pub struct UnfilledBody {
    /// The first cause whose removal alone would have filled it: `closed`, `price`, `hours`, `quantity`, `fabric`,
    /// `provider`, `post_only`, `self_trade` or `search_limit`.
    #[schema(value_type = String)]
    pub reason: matching::UnfilledReason,
    /// The cause in a sentence.
    pub detail: Cow<'static, str>,
    /// What would have filled it: a `limit_price`, a `window` or a number of `gpus`.
    #[schema(value_type = Option<Object>)]
    pub would_fill: Option<WouldFill>,
}

impl From<Unfilled> for UnfilledBody {
    fn from(unfilled: Unfilled) -> Self {
        let Unfilled { reason, would_fill } = unfilled;
        Self { reason, detail: reason.detail().into(), would_fill }
    }
}

/// Which orders to list.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// Only orders of this status; `open` includes partially filled ones.
    pub status: Option<String>,
    /// Only orders of this market.
    #[param(value_type = Option<String>)]
    pub market: Option<MarketId>,
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
    /// The answer includes at least the event with this sequence, 10,000 ahead of the log at most. It waits for that, five seconds at most.
    pub min_sequence: Option<u64>,
}

/// How far a single read must have come.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadQuery {
    /// The answer includes at least the event with this sequence, 10,000 ahead of the log at most. It waits for that, five seconds at most.
    pub min_sequence: Option<u64>,
}

/// A change to an order; what is not given stays.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendmentBody {
    /// GPUs, those already traded included.
    pub gpus: Option<u32>,
    /// The worst price per GPU-hour.
    #[schema(value_type = Option<String>, example = "1.1000")]
    pub limit_price: Option<Price>,
    /// The hours.
    pub window: Option<OrderWindowBody>,
}

/// Which orders to cancel.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CancelQuery {
    /// Only orders that trade in this market.
    #[param(value_type = Option<String>)]
    pub market: Option<MarketId>,
}

/// The orders that were cancelled.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CancelledBody {
    /// Their ids.
    pub data: Vec<Uuid>,
}

/// Several orders to be placed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    /// The orders, at most 100; they are decided one after the other, and each stands for itself.
    #[schema(value_type = Vec<NewOrderBody>)]
    pub orders: Vec<serde_json::Value>,
}

/// What became of the orders of a batch.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BatchOutcome {
    /// One item for each order, in their order.
    pub data: Vec<BatchItem>,
}

/// What became of one order of a batch: an order or a problem, with the status that it would have had alone.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BatchItem {
    /// The HTTP status.
    pub status: u16,
    /// The order, if it was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderBody>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemBody>,
}
