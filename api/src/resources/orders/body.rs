//! An order as it is shown.

use std::sync::Arc;

use infra::journal::LogRow;
use infra::projection::status_of;
use ledger::Amount;
use matching::{
    BidOptions, Billing, Event, MarketId, OrderAmended, OrderPlaced, OrderSide, Placement, Price, SelfTradePrevention,
    SpotHoursSold, SpotOrderPlaced, SpotSide, TermWindow, TimeInForce, TradeExecuted, Unfilled, Window, WouldFill,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire::{WindowBody, average_price};

/// An order.
#[derive(Clone, Serialize, ToSchema)]
pub struct OrderBody {
    /// Its id.
    pub id: Uuid,
    /// Your own name for it.
    pub client_order_id: Option<String>,
    /// `buy` or `sell`.
    pub side: String,
    /// `term` or `spot`.
    pub kind: String,
    /// Where it trades; of a bid for several markets the first of them, and each of its trades says where it bought.
    pub market: String,
    /// Of a bid for several markets: all of them.
    pub markets: Option<Vec<String>>,
    /// Of an ask: the lot that delivers.
    pub lot: Option<Uuid>,
    /// Of a resale: the contract that it resells.
    pub contract: Option<Uuid>,
    /// `open`, `partially_filled`, `filled`, `cancelled`, `expired` or, of a spot bid without funds, `suspended`.
    pub status: String,
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
    pub time_in_force: Option<String>,
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
#[derive(Clone, Serialize, ToSchema)]
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
    /// The whole window at the price.
    #[serde(skip)]
    #[schema(ignore)]
    pub amount: Amount,
}

/// Why a bid did not fill.
#[derive(Clone, Serialize, ToSchema)]
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

impl OrderBody {
    /// The order that these events placed, as they left it.
    pub fn of_receipt(rows: &[Arc<LogRow>]) -> Option<Self> {
        let mut body: Option<Self> = None;
        for row in rows {
            let (event, sequence) = (&row.record.event, row.record.sequence);
            match (event, &mut body) {
                (Event::OrderPlaced(placed), None) => {
                    body = Some(Self::placed(placed, row.record.at.to_string(), sequence));
                }
                (Event::SpotOrderPlaced(placed), None) => {
                    body = Some(Self::spot_placed(placed, row.record.at.to_string(), sequence));
                }
                (event, Some(order)) => order.follow(event),
                _ => {}
            }
        }
        body.map(Self::averaged)
    }

    /// Whether it trades in a market.
    pub(crate) fn trades_in(&self, market: MarketId) -> bool {
        let mut everywhere = self.markets.iter().flatten().chain([&self.market]);
        everywhere.any(|name| name == market.as_str())
    }

    /// Takes up what a later event means to the order.
    pub fn follow(&mut self, event: &Event) {
        match event {
            Event::OrderAmended(amended) if amended.order.uuid() == self.id => self.amended(amended),
            Event::TradeExecuted(trade) => self.traded(trade),
            Event::OrderClosed(closed) if closed.order.uuid() == self.id => {
                status_of(closed.reason).clone_into(&mut self.status);
            }
            Event::ContractBusted(busted) if busted.ask.uuid() == self.id => {
                if let Some(sold) = busted.ask_sold_gpus {
                    self.fill(sold);
                    if sold == 0 { "open" } else { "partially_filled" }.clone_into(&mut self.status);
                }
            }
            Event::SpotHoursSold(sold) => self.sold(sold),
            Event::SpotInterrupted(interrupted) if interrupted.order.uuid() == self.id => {
                self.fill(interrupted.gpus_kept);
            }
            Event::SpotBidSuspended(suspended) if suspended.order.uuid() == self.id => {
                "suspended".clone_into(&mut self.status);
            }
            Event::SpotBidResumed(resumed) if resumed.order.uuid() == self.id => {
                "open".clone_into(&mut self.status);
            }
            _ => {}
        }
    }

    /// An order with what every kind has.
    pub(super) fn new(id: Uuid, market: &str, gpus: u32, limit_price: Price, placed_at: String, sequence: u64) -> Self {
        Self {
            id,
            client_order_id: None,
            side: String::new(),
            kind: String::new(),
            market: market.to_owned(),
            markets: None,
            lot: None,
            contract: None,
            status: "open".to_owned(),
            gpus,
            filled_gpus: 0,
            remaining_gpus: gpus,
            limit_price,
            average_price: None,
            window: None,
            time_in_force: None,
            expires_at: None,
            placement: None,
            post_only: None,
            self_trade_prevention: None,
            billing: None,
            min_gpus: None,
            min_hours: None,
            max_hours: None,
            trades: Vec::new(),
            unfilled: None,
            placed_at,
            sequence,
        }
    }

    /// The order that an event placed.
    pub fn placed(placed: &OrderPlaced, placed_at: String, sequence: u64) -> Self {
        let terms = &placed.terms;
        let (id, market) = (placed.order.uuid(), terms.market);
        let mut body = Self::new(id, market.as_str(), terms.gpus, terms.limit_price, placed_at, sequence);
        body.client_order_id = placed.client_order_id.map(|id| id.to_string());
        body.window = Some(terms.window);
        body.unfilled = placed.unfilled.map(UnfilledBody::from);
        "term".clone_into(&mut body.kind);
        match &terms.side {
            OrderSide::Buy(options) => {
                "buy".clone_into(&mut body.side);
                body.bids(&terms.other_markets, options);
            }
            OrderSide::Sell { lot, contract, hours, .. } => {
                "sell".clone_into(&mut body.side);
                body.lot = Some(lot.uuid());
                body.contract = contract.map(ledger::ContractId::uuid);
                body.min_hours = Some(hours.min);
                body.max_hours = Some(hours.max);
            }
        }
        body
    }

    /// Shows what a term bid asks for besides.
    pub(super) fn bids(&mut self, other_markets: &[MarketId], options: &BidOptions) {
        if !other_markets.is_empty() {
            let others = other_markets.iter().map(ToString::to_string);
            self.markets = Some(std::iter::once(self.market.clone()).chain(others).collect());
        }
        let time_in_force = match options.time_in_force {
            TimeInForce::Gtc => "GTC",
            TimeInForce::Gtd => "GTD",
            TimeInForce::Ioc => "IOC",
            TimeInForce::Fok => "FOK",
        };
        self.time_in_force = Some(time_in_force.to_owned());
        self.min_gpus = options.min_gpus;
        self.expires_at = options.expires_at.map(|at| at.to_string());
        self.placement = Some(options.placement);
        self.post_only = Some(options.post_only);
        self.self_trade_prevention = Some(options.self_trade_prevention);
        self.billing = options.billing;
    }

    /// The spot order that an event placed.
    pub fn spot_placed(placed: &SpotOrderPlaced, placed_at: String, sequence: u64) -> Self {
        let terms = &placed.terms;
        let (id, market) = (placed.order.uuid(), terms.market);
        let mut body = Self::new(id, market.as_str(), terms.gpus, terms.limit_price, placed_at, sequence);
        body.client_order_id = placed.client_order_id.map(|id| id.to_string());
        "spot".clone_into(&mut body.kind);
        match terms.side {
            SpotSide::Buy { min_gpus } => {
                "buy".clone_into(&mut body.side);
                body.min_gpus = Some(min_gpus);
            }
            SpotSide::Sell { lot, contract, window } => {
                "sell".clone_into(&mut body.side);
                body.lot = Some(lot.uuid());
                body.contract = contract.map(ledger::ContractId::uuid);
                body.window = Some(window.into());
            }
        }
        body
    }

    fn amended(&mut self, amended: &OrderAmended) {
        self.gpus = amended.gpus;
        self.limit_price = amended.limit_price;
        self.window = amended.window.or(self.window);
        self.min_gpus = amended.min_gpus.or(self.min_gpus);
        self.fill(self.filled_gpus);
    }

    fn traded(&mut self, trade: &TradeExecuted) {
        let filled = if trade.bid.uuid() == self.id {
            self.fill(self.gpus - trade.bid_remaining);
            self.window = Some(trade.window.into());
            trade.bid_remaining == 0
        } else if trade.ask.uuid() == self.id {
            self.fill(trade.ask_sold_gpus);
            trade.ask_filled
        } else {
            return;
        };
        if filled {
            // Why it did not when it arrived is of no use any more.
            self.unfilled = None;
        }
        if filled { "filled" } else { "partially_filled" }.clone_into(&mut self.status);
        self.trades.push(OrderTradeBody {
            id: Some(trade.trade.uuid()),
            contract: Some(trade.contract.uuid()),
            market: trade.market.to_string(),
            lot: trade.lot.uuid(),
            gpus: trade.gpus,
            price: trade.price,
            window: trade.window.into(),
            minutes: None,
            amount: trade.amount,
        });
    }

    fn sold(&mut self, sold: &SpotHoursSold) {
        let own = |id: &Uuid, sale: &matching::SpotSale| sale.bid.uuid() == *id || sale.ask.uuid() == *id;
        let sales: Vec<_> = sold.sales.iter().filter(|sale| own(&self.id, sale)).collect();
        let Some(window) = Window::new(sold.hour, sold.hour.plus(1)).ok().filter(|_| !sales.is_empty()) else { return };
        let of_the_hour = self.trades.iter().filter(|trade| trade.window.start == sold.hour).map(|trade| trade.gpus);
        let gpus = of_the_hour.chain(sales.iter().map(|sale| sale.gpus)).sum();
        self.fill(if self.side == "sell" { self.filled_gpus.max(gpus) } else { gpus });
        self.trades.extend(sales.into_iter().map(|sale| OrderTradeBody {
            id: None,
            contract: None,
            market: sold.market.to_string(),
            lot: sale.lot.uuid(),
            gpus: sale.gpus,
            price: sale.price,
            window: window.into(),
            minutes: Some(sale.minutes),
            amount: sale.amount,
        }));
    }

    fn fill(&mut self, filled_gpus: u32) {
        self.filled_gpus = filled_gpus;
        self.remaining_gpus = self.gpus.saturating_sub(filled_gpus);
    }

    /// The order with the average price of its trades for a term.
    #[must_use]
    pub fn averaged(mut self) -> Self {
        let hours = |window: &WindowBody| i128::from(window.end.hours() - window.start.hours());
        let trades = || self.trades.iter().filter(|trade| trade.minutes.is_none());
        let gpu_hours = trades().map(|trade| i128::from(trade.gpus) * hours(&trade.window)).sum();
        self.average_price = average_price(trades().map(|trade| trade.amount).sum(), gpu_hours);
        self
    }
}
