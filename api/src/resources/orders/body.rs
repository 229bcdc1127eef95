//! An order as it is shown.

use std::sync::Arc;

use infra::journal::LogRow;
use ledger::Amount;
use matching::{CloseReason, Event, OrderPlaced, OrderSide, Price, TimeInForce, TradeExecuted, Unfilled, WouldFill};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire::{WindowBody, average_price};

/// An order.
#[derive(Serialize, ToSchema)]
pub struct OrderBody {
    /// Its id.
    pub id: Uuid,
    /// Your own name for it.
    pub client_order_id: Option<String>,
    /// `buy` or `sell`.
    pub side: String,
    /// `term`.
    pub kind: &'static str,
    /// Where it trades.
    pub market: String,
    /// Of an ask: the lot to sell from.
    pub lot: Option<Uuid>,
    /// `open`, `partially_filled`, `filled`, `cancelled` or `expired`.
    pub status: String,
    /// GPUs ordered.
    pub gpus: u32,
    /// Of a bid, GPUs bought; of an ask, the most GPUs sold in any one hour.
    pub filled_gpus: u32,
    /// The rest of `gpus`.
    pub remaining_gpus: u32,
    /// The worst price per GPU-hour.
    #[schema(value_type = String)]
    pub limit_price: Price,
    /// The average price of its trades, weighted by GPU-hours.
    #[schema(value_type = Option<String>)]
    pub average_price: Option<Price>,
    /// The hours to buy, or on offer.
    pub window: WindowBody,
    /// Of a bid: `GTC`, `IOC` or `FOK`.
    pub time_in_force: Option<String>,
    /// Of a bid: the fewest GPUs in one trade.
    pub min_gpus: Option<u32>,
    /// Of an ask: the shortest sale in hours.
    pub min_hours: Option<u32>,
    /// Of an ask: the longest sale in hours.
    pub max_hours: Option<u32>,
    /// Its trades, oldest first.
    pub trades: Vec<OrderTradeBody>,
    /// Of a bid that did not fill whole: why not when it arrived, and what would have filled it.
    pub unfilled: Option<UnfilledBody>,
    /// When it was placed.
    #[schema(format = DateTime)]
    pub placed_at: String,
    /// The log's sequence of its placing.
    pub sequence: u64,
}

/// A trade of an order.
#[derive(Serialize, ToSchema)]
pub struct OrderTradeBody {
    /// The trade.
    pub id: Uuid,
    /// The contract it created.
    pub contract: Uuid,
    /// The lot that serves it.
    pub lot: Uuid,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    pub price: Price,
    /// When.
    pub window: WindowBody,
    /// The whole window at the price.
    #[serde(skip)]
    #[schema(ignore)]
    pub amount: Amount,
}

/// Why a bid did not fill.
#[derive(Serialize, ToSchema)]
pub struct UnfilledBody {
    /// The first cause whose removal alone would have filled it: `closed`, `price`, `hours`, `quantity`, `fabric`,
    /// `provider`, `post_only` or `self_trade`.
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

impl OrderBody {
    /// The order that these events placed, as they left it.
    pub fn of_receipt(rows: &[Arc<LogRow>]) -> Option<Self> {
        let mut body: Option<Self> = None;
        for row in rows {
            match (&row.record.event, &mut body) {
                (Event::OrderPlaced(placed), None) => {
                    body = Some(Self::placed(placed, row.record.at.to_string(), row.record.sequence));
                }
                (Event::TradeExecuted(trade), Some(order)) => order.traded(trade),
                (Event::OrderClosed(closed), Some(order)) if closed.order.uuid() == order.id => {
                    status_of(closed.reason).clone_into(&mut order.status);
                }
                _ => {}
            }
        }
        body.map(Self::averaged)
    }

    fn placed(placed: &OrderPlaced, placed_at: String, sequence: u64) -> Self {
        let terms = &placed.terms;
        let mut body = Self {
            id: placed.order.uuid(),
            client_order_id: placed.client_order_id.map(|id| id.to_string()),
            side: String::new(),
            kind: "term",
            market: terms.market.to_string(),
            lot: None,
            status: "open".to_owned(),
            gpus: terms.gpus,
            filled_gpus: 0,
            remaining_gpus: terms.gpus,
            limit_price: terms.limit_price,
            average_price: None,
            window: terms.window.into(),
            time_in_force: None,
            min_gpus: None,
            min_hours: None,
            max_hours: None,
            trades: Vec::new(),
            unfilled: placed.unfilled.map(UnfilledBody::from),
            placed_at,
            sequence,
        };
        match terms.side {
            OrderSide::Buy { time_in_force, min_gpus } => {
                "buy".clone_into(&mut body.side);
                body.min_gpus = Some(min_gpus);
                let time_in_force = match time_in_force {
                    TimeInForce::Gtc => "GTC",
                    TimeInForce::Ioc => "IOC",
                    TimeInForce::Fok => "FOK",
                };
                body.time_in_force = Some(time_in_force.to_owned());
            }
            OrderSide::Sell { lot, hours } => {
                "sell".clone_into(&mut body.side);
                body.lot = Some(lot.uuid());
                body.min_hours = Some(hours.min);
                body.max_hours = Some(hours.max);
            }
        }
        body
    }

    fn traded(&mut self, trade: &TradeExecuted) {
        let filled = if trade.bid.uuid() == self.id {
            self.filled_gpus = self.gpus - trade.bid_remaining;
            trade.bid_remaining == 0
        } else if trade.ask.uuid() == self.id {
            self.filled_gpus = trade.ask_sold_gpus;
            trade.ask_filled
        } else {
            return;
        };
        self.remaining_gpus = self.gpus - self.filled_gpus;
        if filled { "filled" } else { "partially_filled" }.clone_into(&mut self.status);
        self.trades.push(OrderTradeBody {
            id: trade.trade.uuid(),
            contract: trade.contract.uuid(),
            lot: trade.lot.uuid(),
            gpus: trade.gpus,
            price: trade.price,
            window: trade.window.into(),
            amount: trade.amount,
        });
    }

    /// The order with the average price of its trades.
    #[must_use]
    pub fn averaged(mut self) -> Self {
        let hours = |window: &WindowBody| i128::from(window.end.hours() - window.start.hours());
        let gpu_hours = self.trades.iter().map(|trade| i128::from(trade.gpus) * hours(&trade.window)).sum();
        self.average_price = average_price(self.trades.iter().map(|trade| trade.amount).sum(), gpu_hours);
        self
    }
}

fn status_of(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Cancelled | CloseReason::TimeInForce | CloseReason::SelfTrade => "cancelled",
        CloseReason::Expired => "expired",
    }
}
