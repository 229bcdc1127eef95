//! What an event means to the books: the facts it states, and their entries.

use ledger::{Amount, Currency, Day, Delivery, Entry, Fact, OrganizationId, SpotDelivery, post};

use super::{Event, Record};
use crate::SpotSale;

impl Record {
    /// The journal entries of the event, computed from nothing else.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.facts(|fact, currency, day| {
            let entry = post(fact, currency, day);
            debug_assert!(entry.is_ok(), "{fact:?}: {entry:?}");
            entries.extend(entry);
        });
        entries
    }

    /// Hands over the facts that the event states, each with its currency and its date.
    pub(super) fn facts(&self, mut state: impl FnMut(&Fact<'_>, Currency, Day)) {
        let today = self.at.day();
        match &self.event {
            Event::DepositReceived(e) => {
                state(&Fact::DepositMatched { organization: e.organization, amount: e.amount }, e.currency, today);
            }
            Event::OrderPlaced(e) => hold(e.organization, e.hold, |fact| state(fact, e.currency, today)),
            Event::SpotOrderPlaced(e) => hold(e.organization, e.hold, |fact| state(fact, e.currency, today)),
            Event::SpotBidResumed(e) => hold(e.organization, e.hold, |fact| state(fact, e.currency, today)),
            Event::OrderAmended(e) => {
                hold(e.organization, e.hold_placed, |fact| state(fact, e.currency, today));
                void(e.organization, e.hold_released, |fact| state(fact, e.currency, today));
            }
            Event::TradeExecuted(e) => {
                let (organization, contract, amount) = (e.buyer, e.contract, e.amount + e.buyer_fee);
                state(&Fact::TermPrepaid { organization, contract, amount }, e.currency, today);
                void(e.buyer, e.hold_released, |fact| state(fact, e.currency, today));
            }
            Event::OrderClosed(e) => void(e.organization, e.hold_released, |fact| state(fact, e.currency, today)),
            Event::SpotBidSuspended(e) => void(e.organization, e.hold_released, |fact| state(fact, e.currency, today)),
            Event::ContractBusted(e) => {
                let (organization, contract, amount) = (e.buyer, e.contract, e.refund);
                state(&Fact::TermBusted { organization, contract, amount }, e.currency, today);
            }
            Event::HoursDelivered(e) => {
                let deliveries = e.contracts.iter().map(|hour| Delivery {
                    contract: hour.contract,
                    seller: hour.seller,
                    amount: hour.amount,
                    buyer_fee: hour.buyer_fee,
                    seller_fee: hour.seller_fee,
                });
                let deliveries: Vec<Delivery> = deliveries.collect();
                state(&Fact::HoursDelivered { deliveries: &deliveries }, e.currency, e.hour.day());
            }
            Event::SpotHoursSold(e) => {
                state(&Fact::SpotSold { sales: &spot_deliveries(&e.sales) }, e.currency, today);
                let holds: Vec<_> = e.holds.iter().map(|hold| (hold.organization, hold.amount)).collect();
                if !holds.is_empty() {
                    state(&Fact::SpotHeld { holds: &holds }, e.currency, today);
                }
            }
            Event::SpotHoursDelivered(e) => {
                state(&Fact::SpotDelivered { sales: &spot_deliveries(&e.sales) }, e.currency, e.hour.day());
            }
            Event::OrganizationRegistered(_)
            | Event::OrganizationSuspended(_)
            | Event::OrganizationReinstated(_)
            | Event::OrderLimitSet(_)
            | Event::BudgetSet(_)
            | Event::MarketOpened(_)
            | Event::MarketHalted(_)
            | Event::MarketResumed(_)
            | Event::PriceBandSet(_)
            | Event::LotRegistered(_)
            | Event::LotWithdrawn(_)
            | Event::LotExpired(_)
            | Event::SpotAuctionHeld(_)
            | Event::SpotAuctionMissed(_)
            | Event::SpotInterrupted(_) => {}
        }
    }
}

/// Money set aside, where there is any to.
fn hold(organization: OrganizationId, amount: Amount, state: impl FnOnce(&Fact<'_>)) {
    if amount > Amount::ZERO {
        state(&Fact::HoldPlaced { organization, amount });
    }
}

/// Money given back, where there is any to.
fn void(organization: OrganizationId, amount: Amount, state: impl FnOnce(&Fact<'_>)) {
    if amount > Amount::ZERO {
        state(&Fact::HoldVoided { organization, amount });
    }
}

fn spot_deliveries(sales: &[SpotSale]) -> Vec<SpotDelivery> {
    let delivery = |sale: &SpotSale| SpotDelivery {
        buyer: sale.buyer,
        seller: sale.seller,
        amount: sale.amount,
        buyer_fee: sale.buyer_fee,
        seller_fee: sale.seller_fee,
    };
    sales.iter().map(delivery).collect()
}
