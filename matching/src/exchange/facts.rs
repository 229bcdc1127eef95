//! What an event means to the books: the facts it states, and their entries.

use ledger::{Amount, Currency, Day, Delivery, Entry, Fact, post};

use super::{Event, Exchange, Record};

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

/// The journal entries of an event, computed from nothing but the event.
fn entries_of(record: &Record, entries: &mut Vec<Entry>) {
    let day = record.at.day();
    let mut book = |fact: &Fact<'_>, currency: Currency, day: Day| {
        let entry = post(fact, currency, day);
        debug_assert!(entry.is_ok(), "{fact:?}: {entry:?}");
        entries.extend(entry);
    };
    match &record.event {
        Event::DepositReceived(e) => {
            book(&Fact::DepositMatched { organization: e.organization, amount: e.amount }, e.currency, day);
        }
        Event::OrderPlaced(e) if e.hold > Amount::ZERO => {
            book(&Fact::HoldPlaced { organization: e.organization, amount: e.hold }, e.currency, day);
        }
        Event::TradeExecuted(e) => {
            let amount = e.amount + e.buyer_fee;
            book(&Fact::TermPrepaid { organization: e.buyer, contract: e.contract, amount }, e.currency, day);
            if e.hold_released > Amount::ZERO {
                book(&Fact::HoldVoided { organization: e.buyer, amount: e.hold_released }, e.currency, day);
            }
        }
        Event::OrderClosed(e) if e.hold_released > Amount::ZERO => {
            book(&Fact::HoldVoided { organization: e.organization, amount: e.hold_released }, e.currency, day);
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
            book(&Fact::HoursDelivered { deliveries: &deliveries }, e.currency, e.hour.day());
        }
        Event::OrganizationRegistered(_)
        | Event::MarketOpened(_)
        | Event::LotRegistered(_)
        | Event::LotExpired(_)
        | Event::OrderPlaced(_)
        | Event::OrderClosed(_) => {}
    }
}
