//! What both exchanges say of one command, without the money.

use ledger::ContractId;
use matching::{
    CloseReason, Event, Hour, Liquidity, LotId, MarketId, MissedCause, OrderId, Price, TermWindow, Unfilled, Window,
};

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields are the events'")]
pub enum Told {
    /// A lot was listed.
    Listed { lot: LotId },
    /// What is free of a lot was withdrawn.
    LotWithdrawn { lot: LotId },
    /// A lot's window passed.
    LotExpired { lot: LotId },
    /// An order came into being.
    Placed { order: OrderId, unfilled: Option<Unfilled> },
    /// An order was changed.
    Amended {
        order: OrderId,
        gpus: u32,
        min_gpus: Option<u32>,
        limit: Price,
        window: Option<TermWindow>,
        in_place: bool,
        unfilled: Option<Unfilled>,
    },
    /// A bid and an ask met.
    Traded {
        contract: ContractId,
        bid: OrderId,
        ask: OrderId,
        lot: LotId,
        head: Option<ContractId>,
        gpus: u32,
        price: Price,
        window: Window,
        buyer: Liquidity,
        bid_remaining: u32,
        ask_sold_gpus: u32,
        ask_filled: bool,
    },
    /// An order ended.
    Closed { order: OrderId, reason: CloseReason },
    /// A trade was undone.
    Busted { contract: ContractId, ask_sold_gpus: Option<u32> },
    /// A period of a contract was paid.
    Charged { contract: ContractId, period: Window },
    /// An hour of contracts was delivered; whether each is complete.
    Delivered { market: MarketId, hour: Hour, contracts: Vec<(ContractId, bool)> },
    /// An auction was held.
    Auctioned { market: MarketId, hour: Hour, price: Option<Price>, gpus: u32, gpus_bid: u64, gpus_offered: u64 },
    /// An auction was void.
    Missed { market: MarketId, hour: Hour, cause: MissedCause },
    /// GPUs were sold by the hour.
    Sold { hour: Hour, bid: OrderId, ask: OrderId, lot: LotId, gpus: u32, price: Price, minutes: u32 },
    /// A buyer by the hour loses GPUs.
    Interrupted { order: OrderId, hour: Hour, gpus: u32, kept: u32 },
    /// Hours sold by the hour were delivered.
    SpotDelivered { market: MarketId, hour: Hour, sales: Vec<(OrderId, OrderId, u32)> },
    /// Something about which only that it happened matters.
    Other(&'static str),
}

impl Told {
    /// What an event says.
    pub fn of(event: &Event) -> Vec<Self> {
        let told = match event {
            Event::LotRegistered(e) => Self::Listed { lot: e.lot },
            Event::LotWithdrawn(e) => Self::LotWithdrawn { lot: e.lot },
            Event::LotExpired(e) => Self::LotExpired { lot: e.lot },
            Event::OrderPlaced(e) => Self::Placed { order: e.order, unfilled: e.unfilled },
            Event::SpotOrderPlaced(e) => Self::Placed { order: e.order, unfilled: None },
            Event::OrderAmended(e) => Self::Amended {
                order: e.order,
                gpus: e.gpus,
                min_gpus: e.min_gpus,
                limit: e.limit_price,
                window: e.window,
                in_place: e.keeps_priority,
                unfilled: e.unfilled,
            },
            Event::TradeExecuted(e) => Self::Traded {
                contract: e.contract,
                bid: e.bid,
                ask: e.ask,
                lot: e.lot,
                head: e.head,
                gpus: e.gpus,
                price: e.price,
                window: e.window,
                buyer: e.buyer_liquidity,
                bid_remaining: e.bid_remaining,
                ask_sold_gpus: e.ask_sold_gpus,
                ask_filled: e.ask_filled,
            },
            Event::OrderClosed(e) => Self::Closed { order: e.order, reason: e.reason },
            Event::ContractBusted(e) => Self::Busted { contract: e.contract, ask_sold_gpus: e.ask_sold_gpus },
            Event::PeriodCharged(e) => Self::Charged { contract: e.contract, period: e.period },
            Event::HoursDelivered(e) => Self::Delivered {
                market: e.market,
                hour: e.hour,
                contracts: e.contracts.iter().map(|hour| (hour.contract, hour.completed)).collect(),
            },
            Event::SpotAuctionHeld(e) => Self::Auctioned {
                market: e.market,
                hour: e.hour,
                price: e.price,
                gpus: e.gpus,
                gpus_bid: e.gpus_bid,
                gpus_offered: e.gpus_offered,
            },
            Event::SpotAuctionMissed(e) => Self::Missed { market: e.market, hour: e.hour, cause: e.cause },
            Event::SpotHoursSold(e) => {
                let sales = e.sales.iter().map(|sale| Self::Sold {
                    hour: e.hour,
                    bid: sale.bid,
                    ask: sale.ask,
                    lot: sale.lot,
                    gpus: sale.gpus,
                    price: sale.price,
                    minutes: sale.minutes,
                });
                return sales.collect();
            }
            Event::SpotInterrupted(e) => {
                Self::Interrupted { order: e.order, hour: e.hour, gpus: e.gpus, kept: e.gpus_kept }
            }
            Event::SpotHoursDelivered(e) => Self::SpotDelivered {
                market: e.market,
                hour: e.hour,
                sales: e.sales.iter().map(|sale| (sale.bid, sale.ask, sale.gpus)).collect(),
            },
            // The twin ends all orders at once that end together.
            Event::PriceBandSet(_)
            | Event::BudgetSet(_)
            | Event::OrderLimitSet(_)
            | Event::OrdersEnding(_)
            | Event::OrdersEnded(_)
            | Event::SweepPaused(_)
            | Event::SweepEnded(_) => return Vec::new(),
            other => Self::Other(other.name()),
        };
        vec![told]
    }
}
