//! What an order has traded.

use ledger::{Amount, ContractId, Instant};
use matching::{Event, Hour, LotId, MarketId, OrderId, Price, TradeId};

/// What an order has traded at once: a trade for a term, or of a spot order a sale for an hour.
#[derive(Clone, Debug)]
pub struct Fill {
    /// The order.
    pub order: OrderId,
    /// The trade; `None` for a sale by the hour.
    pub trade: Option<TradeId>,
    /// The contract that the trade created; `None` for a sale by the hour.
    pub contract: Option<ContractId>,
    /// Where it traded.
    pub market: MarketId,
    /// The lot that serves it.
    pub lot: LotId,
    /// How many GPUs.
    pub gpus: u32,
    /// Per GPU-hour.
    pub price: Price,
    /// The first hour.
    pub window_start: Hour,
    /// The hour after the last.
    pub window_end: Hour,
    /// Of a sale by the hour: the minutes of it, up to its end.
    pub minutes: Option<u32>,
    /// The whole window, or these minutes, at the price.
    pub amount: Amount,
}

impl Fill {
    /// What orders trade by an event: of each sale the bid's part, then the ask's.
    pub fn all_of(event: &Event) -> Vec<Self> {
        let fills = match event {
            Event::TradeExecuted(trade) => {
                let fill = |order| Self {
                    order,
                    trade: Some(trade.trade),
                    contract: Some(trade.contract),
                    market: trade.market,
                    lot: trade.lot,
                    gpus: trade.gpus,
                    price: trade.price,
                    window_start: trade.window.start(),
                    window_end: trade.window.end(),
                    minutes: None,
                    amount: trade.amount,
                };
                return vec![fill(trade.bid), fill(trade.ask)];
            }
            Event::SpotHoursSold(sold) => sold.sales.iter().flat_map(|sale| {
                [sale.bid, sale.ask].map(|order| Self {
                    order,
                    trade: None,
                    contract: None,
                    market: sold.market,
                    lot: sale.lot,
                    gpus: sale.gpus,
                    price: sale.price,
                    window_start: sold.hour,
                    window_end: sold.hour.plus(1),
                    minutes: Some(sale.minutes),
                    amount: sale.amount,
                })
            }),
            _ => return Vec::new(),
        };
        fills.collect()
    }

    /// Whether it is shown with its order at `now`: sales by the hour are for a day, trades for a term always.
    pub fn is_shown(&self, now: Instant) -> bool {
        self.minutes.is_none() || self.window_start.start() >= Self::hours_shown_since(now)
    }

    /// Since when sales by the hour are shown with their order.
    pub fn hours_shown_since(now: Instant) -> Instant {
        /// How many hours of a standing spot order's sales are shown with it; the list of sales has all.
        const SPOT_HOURS_SHOWN: i64 = 24;
        Instant::nearest_to(now.micros() - SPOT_HOURS_SHOWN * 3_600_000_000)
    }
}
