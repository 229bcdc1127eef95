//! What is known of the bank: its accounts, its bookings that are not explained, and what is expected of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ledger::{
    Amount, BankAccountId, BankLine, Currency, Day, DepositId, MatchRule, OpenItem, OrganizationId, PaymentReference,
    PayoutId, ReconciliationId, StatementDigest, propose,
};
use serde::Serialize;

use super::{BankLineId, MatchedItem, MatchedTarget, PayoutSource, Reconciled, StatementImported};

/// An account at a bank.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BankAccount {
    /// Its currency.
    pub currency: Currency,
    /// The closing balance of the last statement.
    pub closing: Amount,
    /// How much a booking may differ from what it is for.
    pub tolerance: Amount,
    /// The day on which it was taken up.
    pub opened: Day,
    /// The statements that were imported, in their order.
    pub statements: Vec<StatementImported>,
}

impl BankAccount {
    /// The last day of its last statement; none when it has none.
    pub fn stated_until(&self) -> Option<Day> {
        self.statements.last().map(|last| last.day)
    }

    /// Whether this very statement was imported.
    pub fn has(&self, digest: StatementDigest) -> bool {
        self.statements.iter().any(|statement| statement.digest == digest)
    }
}

/// A booking of the bank that is not explained, or not all of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenLine {
    /// The account.
    pub account: BankAccountId,
    /// What the bank says.
    pub line: BankLine,
    /// The day on which the books have it.
    pub day: Day,
    /// How much of it is not explained.
    pub left: Amount,
}

/// Money that is to come.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenDeposit {
    /// Whose money.
    pub organization: OrganizationId,
    /// In what currency.
    pub currency: Currency,
    /// How much was announced, or recorded.
    pub amount: Amount,
    /// How much of it has not come.
    pub left: Amount,
    /// What the payer quotes; none of a deposit that was recorded by hand.
    pub reference: Option<PaymentReference>,
}

/// Money that is to go.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenPayout {
    /// Whose money.
    pub organization: OrganizationId,
    /// In what currency.
    pub currency: Currency,
    /// How much leaves.
    pub amount: Amount,
    /// What is withheld as tax besides.
    pub withheld: Amount,
    /// At which rate, in basis points.
    pub withholding_bps: u16,
    /// How much of it is in transit.
    pub left: Amount,
    /// Where it comes from.
    pub source: PayoutSource,
    /// What the payment quotes.
    pub reference: PaymentReference,
    /// Whether it was given back.
    pub returned: bool,
}

/// What explained bookings, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StandingReconciliation {
    /// The event.
    pub sequence: u64,
    /// What it said.
    pub reconciled: Reconciled,
}

/// What is known of the bank.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Bank {
    /// Its accounts.
    pub accounts: BTreeMap<BankAccountId, BankAccount>,
    /// Bookings that are not explained.
    pub lines: BTreeMap<BankLineId, OpenLine>,
    /// What is expected of it.
    pub items: OpenItems,
    /// What explained which bookings, while it stands.
    pub reconciliations: BTreeMap<ReconciliationId, StandingReconciliation>,
    /// Bookings that are explained.
    pub explained: BTreeMap<BankLineId, OpenLine>,
}

/// What bookings are expected for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct OpenItems {
    /// Deposits that have not come, or not all of them.
    pub deposits: BTreeMap<DepositId, OpenDeposit>,
    /// Payouts in transit.
    pub payouts: BTreeMap<PayoutId, OpenPayout>,
    /// Deposits of which nothing is open.
    pub settled_deposits: BTreeMap<DepositId, OpenDeposit>,
    /// Payouts of which nothing is in transit.
    pub settled_payouts: BTreeMap<PayoutId, OpenPayout>,
    pub(super) references: BTreeMap<PaymentReference, Expected>,
    /// What a booking that quotes nothing may be for: payouts in transit and deposits recorded by hand, by what is open of them.
    #[serde(skip)]
    by_amount: BTreeMap<(Currency, Amount), BTreeSet<Expected>>,
    /// The deposits of each organization, by the event that made each known.
    #[serde(skip)]
    deposits_of: BTreeMap<(OrganizationId, u64), DepositId>,
    /// The payouts of each organization, likewise.
    #[serde(skip)]
    payouts_of: BTreeMap<(OrganizationId, PayoutSource, u64), PayoutId>,
    /// How many of its deposits are open.
    #[serde(skip)]
    open_deposits: BTreeMap<OrganizationId, usize>,
}

/// What the lines of a statement that were looked at before have taken off what is open.
#[derive(Default)]
pub(super) struct Taken {
    amounts: BTreeMap<Expected, Amount>,
    /// Those of which something is left.
    partly: BTreeSet<Expected>,
}

/// What a reference stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(super) enum Expected {
    Deposit(DepositId),
    Payout(PayoutId),
}

impl OpenItems {
    /// A deposit, be it open or settled.
    pub fn deposit(&self, id: DepositId) -> Option<&OpenDeposit> {
        self.deposits.get(&id).or_else(|| self.settled_deposits.get(&id))
    }

    /// A payout, be it in transit or settled.
    pub fn payout(&self, id: PayoutId) -> Option<&OpenPayout> {
        self.payouts.get(&id).or_else(|| self.settled_payouts.get(&id))
    }

    /// The deposits of an organization that events after `after` made known, with these events, in their order.
    pub fn deposits_of(
        &self,
        organization: OrganizationId,
        after: u64,
    ) -> impl Iterator<Item = (u64, DepositId, &OpenDeposit)> {
        let later = (Bound::Excluded((organization, after)), Bound::Included((organization, u64::MAX)));
        self.deposits_of.range(later).filter_map(|((_, event), id)| Some((*event, *id, self.deposit(*id)?)))
    }

    /// The payouts of an organization from a source that events after `after` made known, with these events, in their order.
    pub fn payouts_of(
        &self,
        organization: OrganizationId,
        source: PayoutSource,
        after: u64,
    ) -> impl Iterator<Item = (u64, PayoutId, &OpenPayout)> {
        let (first, last) = ((organization, source, after), (organization, source, u64::MAX));
        let later = self.payouts_of.range((Bound::Excluded(first), Bound::Included(last)));
        later.filter_map(|((.., event), id)| Some((*event, *id, self.payout(*id)?)))
    }

    /// How many deposits of an organization are open.
    pub(super) fn open_deposits_of(&self, organization: OrganizationId) -> usize {
        self.open_deposits.get(&organization).copied().unwrap_or(0)
    }

    /// Takes up a deposit that the event `sequence` made known.
    pub(super) fn add_deposit(&mut self, id: DepositId, deposit: OpenDeposit, sequence: u64) {
        self.deposits_of.insert((deposit.organization, sequence), id);
        self.put_deposit(id, deposit);
    }

    /// Takes up a payout that the event `sequence` made known.
    pub(super) fn add_payout(&mut self, id: PayoutId, payout: OpenPayout, sequence: u64) {
        self.payouts_of.insert((payout.organization, payout.source, sequence), id);
        self.put_payout(id, payout);
    }

    /// Keeps a deposit among those that are open while something is left of it.
    pub(super) fn put_deposit(&mut self, id: DepositId, deposit: OpenDeposit) {
        if deposit.left <= Amount::ZERO {
            self.settled_deposits.insert(id, deposit);
            return;
        }
        *self.open_deposits.entry(deposit.organization).or_default() += 1;
        if deposit.reference.is_none() {
            self.by_amount.entry((deposit.currency, deposit.left)).or_default().insert(Expected::Deposit(id));
        }
        self.deposits.insert(id, deposit);
    }

    /// Takes a deposit out, be it open or settled, to put it back changed.
    pub(super) fn take_deposit(&mut self, id: DepositId) -> Option<OpenDeposit> {
        let Some(deposit) = self.deposits.remove(&id) else { return self.settled_deposits.remove(&id) };
        if let Some(open) = self.open_deposits.get_mut(&deposit.organization) {
            *open -= 1;
        }
        self.forget_amount((deposit.currency, deposit.left), Expected::Deposit(id));
        Some(deposit)
    }

    /// Keeps a payout among those in transit while something is left of it.
    pub(super) fn put_payout(&mut self, id: PayoutId, payout: OpenPayout) {
        if payout.left <= Amount::ZERO {
            self.settled_payouts.insert(id, payout);
            return;
        }
        self.by_amount.entry((payout.currency, -payout.left)).or_default().insert(Expected::Payout(id));
        self.payouts.insert(id, payout);
    }

    /// Takes a payout out, be it in transit or settled, to put it back changed.
    pub(super) fn take_payout(&mut self, id: PayoutId) -> Option<OpenPayout> {
        let Some(payout) = self.payouts.remove(&id) else { return self.settled_payouts.remove(&id) };
        self.forget_amount((payout.currency, -payout.left), Expected::Payout(id));
        Some(payout)
    }

    fn forget_amount(&mut self, of: (Currency, Amount), item: Expected) {
        let Some(items) = self.by_amount.get_mut(&of) else { return };
        items.remove(&item);
        if items.is_empty() {
            self.by_amount.remove(&of);
        }
    }

    /// What an unexplained booking is for, if that is beyond doubt, once `taken` is taken off what is open.
    pub(super) fn explain(
        &self,
        account: &BankAccount,
        line: &OpenLine,
        taken: &Taken,
    ) -> Option<(Vec<MatchedItem>, Amount, MatchRule)> {
        let booking = BankLine { amount: line.left, ..line.line.clone() };
        let currency = account.currency;
        let quoted =
            |reference| self.references.get(&reference).and_then(|expected| self.item(*expected, currency, taken));
        let only = |amount: Amount| {
            let untouched = self.by_amount.get(&(currency, amount)).into_iter().flatten();
            let untouched = untouched.filter(|expected| !taken.amounts.contains_key(expected));
            let partly = taken.partly.iter().filter(|expected| self.needs_no_reference(**expected));
            let items = untouched.chain(partly).filter_map(|expected| self.item(*expected, currency, taken));
            let mut of_amount = items.filter(|item| item.amount == amount);
            of_amount.next().filter(|_| of_amount.next().is_none())
        };
        let proposal = propose(&booking, account.tolerance, quoted, only)?;
        let items = proposal
            .items
            .iter()
            .filter_map(|(expected, amount)| Some(MatchedItem { target: self.target(*expected)?, amount: *amount }));
        Some((items.collect(), proposal.difference, proposal.rule))
    }

    /// What is open of an item once `taken` is taken off it: money to come is positive. None when nothing is.
    fn item(&self, expected: Expected, currency: Currency, taken: &Taken) -> Option<OpenItem<Expected>> {
        let taken = taken.amounts.get(&expected).copied().unwrap_or_default();
        let (of, amount) = match expected {
            Expected::Deposit(id) => {
                let deposit = self.deposits.get(&id).filter(|deposit| deposit.left > taken)?;
                (deposit.currency, deposit.left - taken)
            }
            Expected::Payout(id) => {
                let payout = self.payouts.get(&id).filter(|payout| payout.left > -taken)?;
                (payout.currency, -payout.left - taken)
            }
        };
        (of == currency).then_some(OpenItem { key: expected, amount })
    }

    /// Whether a booking that quotes nothing may be for it.
    fn needs_no_reference(&self, expected: Expected) -> bool {
        match expected {
            Expected::Deposit(id) => self.deposits.get(&id).is_some_and(|deposit| deposit.reference.is_none()),
            Expected::Payout(_) => true,
        }
    }

    /// What is still open of a target: money to come is positive. None of one that is not open, or has no amount of its own.
    pub(super) fn left_of(&self, target: &MatchedTarget) -> Option<Amount> {
        match target {
            MatchedTarget::Deposit { deposit, .. } | MatchedTarget::Recorded { deposit, .. } => {
                self.deposits.get(deposit).map(|deposit| deposit.left)
            }
            MatchedTarget::Payout { payout, .. } => self.payout(*payout).map(|payout| -payout.left),
            MatchedTarget::Organization { .. } | MatchedTarget::Box { .. } | MatchedTarget::Account { .. } => None,
        }
    }

    fn target(&self, expected: Expected) -> Option<MatchedTarget> {
        match expected {
            Expected::Deposit(id) => self.deposit_target(id),
            Expected::Payout(id) => self.payout_target(id, false),
        }
    }

    /// A deposit as what a booking is for.
    pub(super) fn deposit_target(&self, deposit: DepositId) -> Option<MatchedTarget> {
        let OpenDeposit { organization, reference, .. } = *self.deposits.get(&deposit)?;
        Some(match reference {
            Some(_) => MatchedTarget::Deposit { deposit, organization },
            None => MatchedTarget::Recorded { deposit, organization },
        })
    }

    /// Whether a booking gives back, whole or in part, what had left for a payout.
    pub(super) fn came_back(&self, target: &MatchedTarget, amount: Amount) -> bool {
        let MatchedTarget::Payout { payout, .. } = target else { return false };
        let left = |payout: &OpenPayout| payout.amount - payout.left;
        amount > Amount::ZERO && self.payout(*payout).is_some_and(|payout| !payout.returned && amount <= left(payout))
    }

    /// A payout as what a booking is for. One that has left can only come back.
    pub(super) fn payout_target(&self, payout: PayoutId, comes_back: bool) -> Option<MatchedTarget> {
        let known = if comes_back { self.payout(payout)? } else { self.payouts.get(&payout)? };
        let organization = known.organization;
        Some(MatchedTarget::Payout { payout, organization })
    }
}

impl Taken {
    /// Takes what a line was for off what is open.
    pub(super) fn take(&mut self, items: &OpenItems, matched: &[MatchedItem], currency: Currency) {
        for item in matched {
            let expected = match item.target {
                MatchedTarget::Deposit { deposit, .. } | MatchedTarget::Recorded { deposit, .. } => {
                    Expected::Deposit(deposit)
                }
                MatchedTarget::Payout { payout, .. } => Expected::Payout(payout),
                MatchedTarget::Organization { .. } | MatchedTarget::Box { .. } | MatchedTarget::Account { .. } => {
                    continue;
                }
            };
            *self.amounts.entry(expected).or_default() += item.amount;
            if items.item(expected, currency, self).is_some() {
                self.partly.insert(expected);
            } else {
                self.partly.remove(&expected);
            }
        }
    }
}
