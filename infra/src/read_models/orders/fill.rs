//! Fills: what orders have traded.

use ledger::{Amount, ContractId, Instant};
use matching::{Event, Hour, LotId, MarketId, OrderId, Price, TradeId};

/// Execution of an order: a term trade, or a spot order's sale for an hour.
#[derive(Clone, Debug)]
pub struct Fill {
    /// Id of the order.
    pub order: OrderId,
    /// Trade that filled it; `None` for a spot sale.
    pub trade: Option<TradeId>,
    /// Contract that the trade created; `None` for a spot sale.
    pub contract: Option<ContractId>,
    /// Market in which it traded.
    pub market: MarketId,
    /// Lot that serves it.
    pub lot: LotId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Price per GPU-hour.
    pub price: Price,
    /// First hour, inclusive.
    pub window_start: Hour,
    /// End of the hours, exclusive.
    pub window_end: Hour,
    /// Minutes of the hour that a spot sale has, up to its end; `None` for a trade.
    pub minutes: Option<u32>,
    /// Price of the whole window, or of these minutes, without fees.
    pub amount: Amount,
}

impl Fill {
    /// Lists what orders trade by an event: of each sale the bid's part, then the ask's.
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

    /// Returns whether it is shown with its order at `now`: spot sales for a day, term trades always.
    pub fn is_shown(&self, now: Instant) -> bool {
        self.minutes.is_none() || self.window_start.start() >= Self::hours_shown_since(now)
    }

    /// Returns the instant since which spot sales are shown with their order.
    pub fn hours_shown_since(now: Instant) -> Instant {
        /// Hours for which a standing spot order's sales are shown with it; the list of sales has all.
        const SPOT_HOURS_SHOWN: i64 = 24;
        Instant::nearest_to(now.micros() - SPOT_HOURS_SHOWN * 3_600_000_000)
    }
}
