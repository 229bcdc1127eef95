//! What a run of events changes in the read models: at most one change per row.

use std::collections::BTreeMap;

use ledger::{Amount, ContractId};
use matching::{CloseReason, Event, LotId, LotRegistered, OrderId, OrderPlaced, Record, TradeExecuted};

/// The rows to add and to change.
#[derive(Default)]
pub(super) struct Changes<'a> {
    pub lots: Vec<(u64, &'a LotRegistered)>,
    pub expired_lots: Vec<LotId>,
    pub orders: Vec<(&'a Record, &'a OrderPlaced)>,
    pub moved_orders: BTreeMap<OrderId, OrderChange>,
    pub trades: Vec<(&'a Record, &'a TradeExecuted)>,
    pub delivered_contracts: BTreeMap<ContractId, ContractChange>,
}

/// What happened to an order.
#[derive(Default)]
pub(super) struct OrderChange {
    /// GPUs that a bid still wants.
    pub remaining: Option<u32>,
    /// The most GPUs that an ask has sold in any hour.
    pub sold: Option<u32>,
    pub status: &'static str,
}

/// What happened to a contract.
#[derive(Default)]
pub(super) struct ContractChange {
    pub hours: u32,
    pub recognized: Amount,
}

impl<'a> Changes<'a> {
    /// Adds what an event changes.
    pub fn fold(&mut self, record: &'a Record) {
        match &record.event {
            Event::OrganizationRegistered(_) | Event::MarketOpened(_) | Event::DepositReceived(_) => {}
            Event::LotRegistered(lot) => self.lots.push((record.sequence, lot)),
            Event::LotExpired(lot) => self.expired_lots.push(lot.lot),
            Event::OrderPlaced(placed) => self.orders.push((record, placed)),
            Event::TradeExecuted(trade) => {
                self.trades.push((record, trade));
                let bid = self.moved_orders.entry(trade.bid).or_default();
                bid.remaining = Some(trade.bid_remaining);
                bid.status = if trade.bid_remaining == 0 { "filled" } else { "partially_filled" };
                let ask = self.moved_orders.entry(trade.ask).or_default();
                ask.sold = Some(trade.ask_sold_gpus);
                ask.status = if trade.ask_filled { "filled" } else { "partially_filled" };
            }
            Event::OrderClosed(closed) => {
                self.moved_orders.entry(closed.order).or_default().status = match closed.reason {
                    CloseReason::Cancelled | CloseReason::TimeInForce | CloseReason::SelfTrade => "cancelled",
                    CloseReason::Expired => "expired",
                };
            }
            Event::HoursDelivered(delivered) => {
                for hour in &delivered.contracts {
                    let contract = self.delivered_contracts.entry(hour.contract).or_default();
                    contract.hours += 1;
                    contract.recognized += hour.amount + hour.buyer_fee;
                }
            }
        }
    }
}
