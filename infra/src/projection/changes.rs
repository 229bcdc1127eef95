//! What a run of events changes in the read models: at most one change per row.

use std::collections::BTreeMap;

use ledger::{ContractId, Instant};
use matching::{
    CloseReason, Event, Hour, LotId, LotRegistered, OrderAmended, OrderId, OrderPlaced, OutageDismissed, OutageId,
    OutageOpened, OutageSettled, Record, SpotAuctionHeld, SpotAuctionMissed, SpotHoursSold, SpotOrderPlaced,
    TradeExecuted, Window,
};

use super::ContractChange;

/// The rows to add and to change.
#[derive(Default)]
pub(super) struct Changes<'a> {
    pub lots: Vec<(u64, &'a LotRegistered)>,
    pub expired_lots: Vec<LotId>,
    pub withdrawn_lots: Vec<LotId>,
    pub orders: Vec<(&'a Record, Placed<'a>)>,
    pub moved_orders: BTreeMap<OrderId, OrderChange<'a>>,
    pub trades: Vec<(&'a Record, &'a TradeExecuted)>,
    pub contracts: BTreeMap<ContractId, ContractChange>,
    pub busted_trades: Vec<ContractId>,
    pub outages: Vec<(&'a Record, &'a OutageOpened)>,
    pub moved_outages: BTreeMap<OutageId, OutageChange<'a>>,
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
    /// GPUs that a bid has bought.
    pub bought: u32,
    /// The most GPUs that an ask has sold in any hour.
    pub sold: Option<u32>,
    pub status: Option<&'static str>,
    pub amended: Option<&'a OrderAmended>,
    /// The window that a bid's trades have fixed.
    pub window: Option<Window>,
    /// The GPUs of a spot bid that stay after an interruption.
    pub kept: Option<u32>,
}

/// What happened to an outage.
#[derive(Default)]
pub(super) struct OutageChange<'a> {
    pub until: Option<Instant>,
    pub settled: Option<&'a OutageSettled>,
    pub dismissed: Option<&'a OutageDismissed>,
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
        for (contract, change) in ContractChange::of(&record.event) {
            self.contracts.entry(contract).or_default().then(change);
        }
        match &record.event {
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
                bid.bought += trade.gpus;
                bid.status = Some(if trade.bid_remaining == 0 { "filled" } else { "partially_filled" });
                bid.window = Some(trade.window);
                let ask = self.order(trade.ask);
                ask.sold = Some(trade.ask_sold_gpus);
                ask.status = Some(if trade.ask_filled { "filled" } else { "partially_filled" });
            }
            Event::OrderClosed(closed) => self.order(closed.order).status = Some(status_of(closed.reason)),
            Event::ContractBusted(busted) => {
                self.busted_trades.push(busted.contract);
                self.return_to_ask(busted.ask, busted.ask_sold_gpus);
            }
            Event::ContractTerminated(ended) => self.return_to_ask(ended.ask, ended.ask_sold_gpus),
            Event::OutageOpened(opened) => self.outages.push((record, opened)),
            Event::OutageRestored(restored) => self.outage(restored.outage).until = Some(restored.until),
            Event::OutageSettled(settled) => {
                let outage = self.outage(settled.outage);
                outage.settled = Some(settled);
                outage.until = settled.until;
            }
            Event::OutageDismissed(dismissed) => self.outage(dismissed.outage).dismissed = Some(dismissed),
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
            // The read models show nothing of the others.
            _ => {}
        }
    }

    /// What returns to an ask that is open, or open again.
    fn return_to_ask(&mut self, ask: OrderId, sold: Option<u32>) {
        if let Some(sold) = sold {
            let ask = self.order(ask);
            ask.sold = Some(sold);
            ask.status = Some(if sold == 0 { "open" } else { "partially_filled" });
        }
    }

    fn outage(&mut self, id: OutageId) -> &mut OutageChange<'a> {
        self.moved_outages.entry(id).or_default()
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
        | CloseReason::Busted
        | CloseReason::Terminated => "cancelled",
        CloseReason::Expired => "expired",
    }
}
