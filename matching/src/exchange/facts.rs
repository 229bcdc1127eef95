//! What an event means to the books: the facts it states, and their entries.

use ledger::{Amount, ContractId, Currency, Day, Delivery, Entry, Fact, OrganizationId, SpotDelivery, post};

use super::{Event, Exchange, Record};
use crate::SpotSale;

impl Exchange {
    /// Posts the facts of an event: fills [`Exchange::posted`] and moves the balances.
    pub(super) fn post(&mut self, record: &Record) {
        self.posted.clear();
        entries_of(record, &mut self.posted);
        for entry in &self.posted {
            self.books.record(entry);
        }
    }
}

/// Takes the facts of one event.
struct Journal<'a> {
    entries: &'a mut Vec<Entry>,
    day: Day,
}

impl Journal<'_> {
    fn book(&mut self, fact: &Fact<'_>, currency: Currency, day: Day) {
        let entry = post(fact, currency, day);
        debug_assert!(entry.is_ok(), "{fact:?}: {entry:?}");
        self.entries.extend(entry);
    }

    fn hold(&mut self, organization: OrganizationId, currency: Currency, amount: Amount) {
        if amount > Amount::ZERO {
            self.book(&Fact::HoldPlaced { organization, amount }, currency, self.day);
        }
    }

    fn void(&mut self, organization: OrganizationId, currency: Currency, amount: Amount) {
        if amount > Amount::ZERO {
            self.book(&Fact::HoldVoided { organization, amount }, currency, self.day);
        }
    }

    fn prepay(&mut self, organization: OrganizationId, contract: ContractId, currency: Currency, amount: Amount) {
        self.book(&Fact::TermPrepaid { organization, contract, amount }, currency, self.day);
    }
}

/// The journal entries of an event, computed from nothing but the event.
fn entries_of(record: &Record, entries: &mut Vec<Entry>) {
    let mut journal = Journal { entries, day: record.at.day() };
    let day = journal.day;
    match &record.event {
        Event::DepositReceived(e) => {
            journal.book(&Fact::DepositMatched { organization: e.organization, amount: e.amount }, e.currency, day);
        }
        Event::OrderPlaced(e) => journal.hold(e.organization, e.currency, e.hold),
        Event::SpotOrderPlaced(e) => journal.hold(e.organization, e.currency, e.hold),
        Event::OrderAmended(e) => {
            journal.hold(e.organization, e.currency, e.hold_placed);
            journal.void(e.organization, e.currency, e.hold_released);
        }
        Event::TradeExecuted(e) => {
            journal.prepay(e.buyer, e.contract, e.currency, e.amount + e.buyer_fee);
            journal.void(e.buyer, e.currency, e.hold_released);
        }
        Event::OrderClosed(e) => journal.void(e.organization, e.currency, e.hold_released),
        Event::ContractBusted(e) => {
            let (organization, contract, amount) = (e.buyer, e.contract, e.refund);
            journal.book(&Fact::TermBusted { organization, contract, amount }, e.currency, day);
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
            journal.book(&Fact::HoursDelivered { deliveries: &deliveries }, e.currency, e.hour.day());
        }
        Event::SpotHoursSold(e) => {
            let sales = spot_deliveries(&e.sales);
            journal.book(&Fact::SpotSold { sales: &sales }, e.currency, day);
            let holds: Vec<_> = e.holds.iter().map(|hold| (hold.organization, hold.amount)).collect();
            if !holds.is_empty() {
                journal.book(&Fact::SpotHeld { holds: &holds }, e.currency, day);
            }
        }
        Event::SpotBidSuspended(e) => journal.void(e.organization, e.currency, e.hold_released),
        Event::SpotBidResumed(e) => journal.hold(e.organization, e.currency, e.hold),
        Event::SpotHoursDelivered(e) => {
            let sales = spot_deliveries(&e.sales);
            journal.book(&Fact::SpotDelivered { sales: &sales }, e.currency, e.hour.day());
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
