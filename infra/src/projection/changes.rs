//! What a run of events changes in the read models: at most one change per row.

use std::collections::BTreeMap;

use ledger::{Amount, ContractId};
use matching::{
    CloseReason, Event, Hour, LotId, LotRegistered, OrderAmended, OrderId, OrderPlaced, Record, SpotAuctionHeld,
    SpotAuctionMissed, SpotHoursSold, SpotOrderPlaced, TradeExecuted, Window,
};

/// The rows to add and to change.
#[derive(Default)]
pub(super) struct Changes<'a> {
    pub lots: Vec<(u64, &'a LotRegistered)>,
    pub expired_lots: Vec<LotId>,
    pub withdrawn_lots: Vec<LotId>,
    pub orders: Vec<(&'a Record, Placed<'a>)>,
    pub moved_orders: BTreeMap<OrderId, OrderChange<'a>>,
    pub trades: Vec<(&'a Record, &'a TradeExecuted)>,
    pub delivered_contracts: BTreeMap<ContractId, ContractChange>,
    pub busted_contracts: Vec<ContractId>,
    pub auctions: Vec<(u64, &'a SpotAuctionHeld)>,
    pub missed_auctions: Vec<(u64, &'a SpotAuctionMissed)>,
    pub spot_sales: Vec<(&'a Record, &'a SpotHoursSold)>,
}

/// An order of either kind.
#[derive(Clone, Copy)]
pub(super) enum Placed<'a> {
    Term(&'a OrderPlaced),
    Spot(&'a SpotOrderPlaced),
}

/// What happened to an order.
#[derive(Default)]
pub(super) struct OrderChange<'a> {
    /// GPUs that a bid still wants.
    pub remaining: Option<u32>,
    /// The most GPUs that an ask has sold in any hour.
    pub sold: Option<u32>,
    pub status: Option<&'static str>,
    pub amended: Option<&'a OrderAmended>,
    /// The window that a bid's trades have fixed.
    pub window: Option<Window>,
    /// The GPUs of a spot bid that stay after an interruption.
    pub kept: Option<u32>,
}

/// What happened to a contract.
#[derive(Default)]
pub(super) struct ContractChange {
    pub hours: u32,
    pub recognized: Amount,
}

/// What a spot order traded of one hour in a run of events.
pub(super) struct SpotFill {
    pub order: OrderId,
    pub hour: Hour,
    pub gpus: u32,
}

impl<'a> Changes<'a> {
    /// Adds what an event changes.
    pub fn fold(&mut self, record: &'a Record) {
        match &record.event {
            Event::OrganizationRegistered(_)
            | Event::OrganizationSuspended(_)
            | Event::OrganizationReinstated(_)
            | Event::OrderLimitSet(_)
            | Event::BudgetSet(_)
            | Event::DepositReceived(_)
            | Event::MarketOpened(_)
            | Event::MarketHalted(_)
            | Event::MarketResumed(_)
            | Event::PriceBandSet(_)
            | Event::SpotHoursDelivered(_) => {}
            Event::LotRegistered(lot) => self.lots.push((record.sequence, lot)),
            Event::LotWithdrawn(lot) => self.withdrawn_lots.push(lot.lot),
            Event::LotExpired(lot) => self.expired_lots.push(lot.lot),
            Event::OrderPlaced(placed) => self.orders.push((record, Placed::Term(placed))),
            Event::SpotOrderPlaced(placed) => self.orders.push((record, Placed::Spot(placed))),
            Event::OrderAmended(amended) => {
                let change = self.order(amended.order);
                change.amended = Some(amended);
                // The window that was asked for now, not the one that trades fixed before.
                change.window = None;
            }
            Event::TradeExecuted(trade) => {
                self.trades.push((record, trade));
                let bid = self.order(trade.bid);
                bid.remaining = Some(trade.bid_remaining);
                bid.status = Some(if trade.bid_remaining == 0 { "filled" } else { "partially_filled" });
                bid.window = Some(trade.window);
                let ask = self.order(trade.ask);
                ask.sold = Some(trade.ask_sold_gpus);
                ask.status = Some(if trade.ask_filled { "filled" } else { "partially_filled" });
            }
            Event::OrderClosed(closed) => self.order(closed.order).status = Some(status_of(closed.reason)),
            Event::ContractBusted(busted) => {
                self.busted_contracts.push(busted.contract);
                if let Some(sold) = busted.ask_sold_gpus {
                    let ask = self.order(busted.ask);
                    ask.sold = Some(sold);
                    ask.status = Some(if sold == 0 { "open" } else { "partially_filled" });
                }
            }
            Event::HoursDelivered(delivered) => {
                for hour in &delivered.contracts {
                    let contract = self.delivered_contracts.entry(hour.contract).or_default();
                    contract.hours += 1;
                    contract.recognized += hour.amount + hour.buyer_fee;
                }
            }
            Event::SpotAuctionHeld(auction) => self.auctions.push((record.sequence, auction)),
            Event::SpotAuctionMissed(missed) => self.missed_auctions.push((record.sequence, missed)),
            Event::SpotHoursSold(sold) => {
                self.spot_sales.push((record, sold));
                for sale in &sold.sales {
                    self.order(sale.bid).kept = None;
                }
            }
            Event::SpotInterrupted(interrupted) => self.order(interrupted.order).kept = Some(interrupted.gpus_kept),
            Event::SpotBidSuspended(suspended) => self.order(suspended.order).status = Some("suspended"),
            Event::SpotBidResumed(resumed) => self.order(resumed.order).status = Some("open"),
        }
    }

    fn order(&mut self, id: OrderId) -> &mut OrderChange<'a> {
        self.moved_orders.entry(id).or_default()
    }

    /// For each spot order that traded, the last hour it did for and the GPUs of that hour.
    pub fn spot_fills(&self) -> Vec<SpotFill> {
        let mut fills: BTreeMap<(OrderId, Hour), u32> = BTreeMap::new();
        for (_, sold) in &self.spot_sales {
            for sale in &sold.sales {
                *fills.entry((sale.bid, sold.hour)).or_default() += sale.gpus;
                *fills.entry((sale.ask, sold.hour)).or_default() += sale.gpus;
            }
        }
        fills.into_iter().map(|((order, hour), gpus)| SpotFill { order, hour, gpus }).collect()
    }
}

/// The status of an order that ended with something left of it.
pub fn status_of(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Cancelled
        | CloseReason::TimeInForce
        | CloseReason::SelfTrade
        | CloseReason::PostOnly
        | CloseReason::Withdrawn
        | CloseReason::Suspended
        | CloseReason::Busted => "cancelled",
        CloseReason::Expired => "expired",
    }
}
