//! Facts of events: what an event means to the books, and the entries that record it.

use ledger::{Amount, ContractId, Currency, Day, Entry, Fact, Instant, Invariant, OrganizationId, post};

use super::Record;

/// Receiver of the facts that an event states, one after the other.
pub(super) struct Facts<'a> {
    /// Instant at which the event happened.
    pub at: Instant,
    /// Day on which the event happened.
    pub today: Day,
    state: &'a mut dyn FnMut(&Fact<'_>, Currency, Day),
}

impl Facts<'_> {
    /// Records a fact in a currency, dated `day`.
    pub fn state(&mut self, fact: &Fact<'_>, currency: Currency, day: Day) {
        (self.state)(fact, currency, day);
    }

    /// Records a fact dated today. Skips facts whose amount is zero.
    pub fn state_nonzero(&mut self, amount: Amount, fact: Fact<'_>, currency: Currency) {
        if amount > Amount::ZERO {
            self.state(&fact, currency, self.today);
        }
    }
}

impl Record {
    /// Computes the journal entries of the event, from nothing but its content.
    ///
    /// # Panics
    /// A [violation](ledger::Violation) when a fact makes no entry; see [`ledger::checked`].
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.facts(|fact, currency, day| match post(fact, currency, day) {
            Ok(entry) => entries.push(entry),
            Err(defect) => Invariant::EntryBalanced.violated(format_args!("{defect}: {fact:?}")),
        });
        entries
    }

    /// Passes each fact that the event states to `state`, with its currency and its date.
    pub(super) fn facts(&self, mut state: impl FnMut(&Fact<'_>, Currency, Day)) {
        self.event.facts(&mut Facts { at: self.at, today: self.at.day(), state: &mut state });
    }
}

/// Makes the fact that an order sets an amount aside.
pub(super) fn placed(organization: OrganizationId, amount: Amount) -> Fact<'static> {
    Fact::HoldPlaced { organization, amount }
}

/// Makes the fact that an amount set aside for an order is released.
pub(super) fn voided(organization: OrganizationId, amount: Amount) -> Fact<'static> {
    Fact::HoldVoided { organization, amount }
}

/// Makes the fact that a part of a contract's security deposit returns to its buyer.
pub(super) fn returned(organization: OrganizationId, contract: ContractId, amount: Amount) -> Fact<'static> {
    Fact::SecurityReturned { organization, contract, amount }
}
