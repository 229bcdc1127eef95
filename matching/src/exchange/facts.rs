//! What an event means to the books: the facts it states, and their entries.

use ledger::{Amount, ContractId, Currency, Day, Entry, Fact, Instant, Invariant, OrganizationId, post};

use super::Record;

/// Takes the facts that an event states, one after the other.
pub(super) struct Facts<'a> {
    /// When the event happened.
    pub at: Instant,
    /// The day on which it did.
    pub today: Day,
    state: &'a mut dyn FnMut(&Fact<'_>, Currency, Day),
}

impl Facts<'_> {
    /// Takes a fact in a currency, dated `day`.
    pub fn state(&mut self, fact: &Fact<'_>, currency: Currency, day: Day) {
        (self.state)(fact, currency, day);
    }

    /// Takes a fact dated today, unless its amount is zero.
    pub fn state_nonzero(&mut self, amount: Amount, fact: Fact<'_>, currency: Currency) {
        if amount > Amount::ZERO {
            self.state(&fact, currency, self.today);
        }
    }
}

impl Record {
    /// The journal entries of the event, computed from nothing else.
    ///
    /// # Panics
    /// A [violation](ledger::Violation) where a fact makes no entry; see [`ledger::checked`].
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.facts(|fact, currency, day| match post(fact, currency, day) {
            Ok(entry) => entries.push(entry),
            Err(defect) => Invariant::EntryBalanced.violated(format_args!("{defect}: {fact:?}")),
        });
        entries
    }

    /// Hands over the facts that the event states, each with its currency and its date.
    pub(super) fn facts(&self, mut state: impl FnMut(&Fact<'_>, Currency, Day)) {
        self.event.facts(&mut Facts { at: self.at, today: self.at.day(), state: &mut state });
    }
}

/// Sets aside an amount for an order.
pub(super) fn placed(organization: OrganizationId, amount: Amount) -> Fact<'static> {
    Fact::HoldPlaced { organization, amount }
}

/// Gives back an amount that an order had set aside.
pub(super) fn voided(organization: OrganizationId, amount: Amount) -> Fact<'static> {
    Fact::HoldVoided { organization, amount }
}

/// Returns an amount of a contract's security deposit to its buyer.
pub(super) fn returned(organization: OrganizationId, contract: ContractId, amount: Amount) -> Fact<'static> {
    Fact::SecurityReturned { organization, contract, amount }
}
