//! State of the bank: accounts, bookings that are not explained, and expected deposits and payouts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ledger::{
    Amount, BankAccountId, BankLine, Currency, Day, DepositId, MatchRule, OpenItem, OrganizationId, PaymentReference,
    PayoutId, ReconciliationId, StatementDigest, propose,
};
use serde::Serialize;

use super::{BankLineId, MatchedItem, MatchedTarget, PayoutSource, Reconciled, StatementImported};

/// Account at a bank.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BankAccount {
    /// Currency of the account.
    pub currency: Currency,
    /// Closing balance of the last statement, or the opening balance before the first: positive is money that the bank
    /// owes.
    pub closing: Amount,
    /// Largest difference between a booking and what it is for, zero or more.
    pub tolerance: Amount,
    /// Day on which the account was opened here.
    pub opened: Day,
    /// Statements that were imported, in order.
    pub statements: Vec<StatementImported>,
}

impl BankAccount {
    /// Returns the last day of its last statement; `None` when it has none.
    pub fn stated_until(&self) -> Option<Day> {
        self.statements.last().map(|last| last.day)
    }

    /// Returns whether a statement with this content was imported.
    pub fn has(&self, digest: StatementDigest) -> bool {
        self.statements.iter().any(|statement| statement.digest == digest)
    }
}

/// Booking that is not explained, or not all of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenLine {
    /// Account that the booking is on.
    pub account: BankAccountId,
    /// Booking as the bank states it.
    pub line: BankLine,
    /// Day on which the books date it.
    pub day: Day,
    /// Part that is not explained: positive is money received, negative money paid.
    pub left: Amount,
}

/// Deposit that is expected.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenDeposit {
    /// Organization that pays it in.
    pub organization: OrganizationId,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Amount announced, or recorded by hand; more than zero.
    pub amount: Amount,
    /// Part that has not come; negative where more came than was announced.
    pub left: Amount,
    /// Reference that the payer quotes; `None` for a deposit recorded by hand.
    pub reference: Option<PaymentReference>,
}

/// Payout and how much of it is in transit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OpenPayout {
    /// Organization that is paid.
    pub organization: OrganizationId,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Amount that leaves the bank, after tax.
    pub amount: Amount,
    /// Tax withheld on top of `amount`.
    pub withheld: Amount,
    /// Rate of the tax, in basis points.
    pub withholding_bps: u16,
    /// Part that is in transit.
    pub left: Amount,
    /// Source of the money.
    pub source: PayoutSource,
    /// Reference that the payment quotes.
    pub reference: PaymentReference,
    /// Whether it was given back to the organization.
    pub returned: bool,
}

/// Reconciliation that has not been undone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ActiveReconciliation {
    /// Sequence of the event that recorded it.
    pub sequence: u64,
    /// Content of that event.
    pub reconciled: Reconciled,
}

/// State of the bank.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Bank {
    /// Accounts by id.
    pub accounts: BTreeMap<BankAccountId, BankAccount>,
    /// Bookings that are not explained, or not whole.
    pub lines: BTreeMap<BankLineId, OpenLine>,
    /// Deposits and payouts that bookings are expected for.
    pub items: OpenItems,
    /// Reconciliations that stand, by id.
    pub reconciliations: BTreeMap<ReconciliationId, ActiveReconciliation>,
    /// Bookings that are explained whole.
    pub explained: BTreeMap<BankLineId, OpenLine>,
}

/// Deposits and payouts that bookings are expected for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct OpenItems {
    /// Deposits that have not come, or not whole.
    pub deposits: BTreeMap<DepositId, OpenDeposit>,
    /// Payouts in transit.
    pub payouts: BTreeMap<PayoutId, OpenPayout>,
    /// Deposits of which nothing is open.
    pub settled_deposits: BTreeMap<DepositId, OpenDeposit>,
    /// Payouts of which nothing is in transit.
    pub settled_payouts: BTreeMap<PayoutId, OpenPayout>,
    pub(super) references: BTreeMap<PaymentReference, Expected>,
    /// Items that a booking without a reference may be for: payouts in transit and deposits recorded by hand, by their
    /// open amount.
    #[serde(skip)]
    by_amount: BTreeMap<(Currency, Amount), BTreeSet<Expected>>,
    /// Deposits of each organization, by the sequence of the event that added each.
    #[serde(skip)]
    deposits_of: BTreeMap<(OrganizationId, u64), DepositId>,
    /// Payouts of each organization and source, by the sequence of the event that added each.
    #[serde(skip)]
    payouts_of: BTreeMap<(OrganizationId, PayoutSource, u64), PayoutId>,
    /// Number of open deposits of each organization.
    #[serde(skip)]
    open_deposits: BTreeMap<OrganizationId, usize>,
}

/// Parts of open items that earlier lines of the same statement take.
#[derive(Default)]
pub(super) struct Taken {
    amounts: BTreeMap<Expected, Amount>,
    /// Items of which a part is left.
    partly: BTreeSet<Expected>,
}

/// Item that a reference stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub(super) enum Expected {
    Deposit(DepositId),
    Payout(PayoutId),
}

impl OpenItems {
    /// Returns a deposit, open or settled.
    pub fn deposit(&self, id: DepositId) -> Option<&OpenDeposit> {
        self.deposits.get(&id).or_else(|| self.settled_deposits.get(&id))
    }

    /// Returns a payout, in transit or settled.
    pub fn payout(&self, id: PayoutId) -> Option<&OpenPayout> {
        self.payouts.get(&id).or_else(|| self.settled_payouts.get(&id))
    }

    /// Iterates over the deposits of an organization that events after `after` added, with the sequences of these
    /// events, in order.
    pub fn deposits_of(
        &self,
        organization: OrganizationId,
        after: u64,
    ) -> impl Iterator<Item = (u64, DepositId, &OpenDeposit)> {
        let later = (Bound::Excluded((organization, after)), Bound::Included((organization, u64::MAX)));
        self.deposits_of.range(later).filter_map(|((_, event), id)| Some((*event, *id, self.deposit(*id)?)))
    }

    /// Iterates over the payouts of an organization from a source that events after `after` added, with the sequences
    /// of these events, in order.
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

    /// Counts the open deposits of an organization.
    pub(super) fn open_deposits_of(&self, organization: OrganizationId) -> usize {
        self.open_deposits.get(&organization).copied().unwrap_or(0)
    }

    /// Adds a deposit that the event `sequence` made known.
    pub(super) fn add_deposit(&mut self, id: DepositId, deposit: OpenDeposit, sequence: u64) {
        self.deposits_of.insert((deposit.organization, sequence), id);
        self.put_deposit(id, deposit);
    }

    /// Adds a payout that the event `sequence` made known.
    pub(super) fn add_payout(&mut self, id: PayoutId, payout: OpenPayout, sequence: u64) {
        self.payouts_of.insert((payout.organization, payout.source, sequence), id);
        self.put_payout(id, payout);
    }

    /// Stores a deposit: among the open ones while a part of it is left, else among the settled.
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

    /// Removes a deposit, open or settled, so that it can be put back changed.
    pub(super) fn take_deposit(&mut self, id: DepositId) -> Option<OpenDeposit> {
        let Some(deposit) = self.deposits.remove(&id) else { return self.settled_deposits.remove(&id) };
        if let Some(open) = self.open_deposits.get_mut(&deposit.organization) {
            *open -= 1;
        }
        self.forget_amount((deposit.currency, deposit.left), Expected::Deposit(id));
        Some(deposit)
    }

    /// Stores a payout: among those in transit while a part of it is left, else among the settled.
    pub(super) fn put_payout(&mut self, id: PayoutId, payout: OpenPayout) {
        if payout.left <= Amount::ZERO {
            self.settled_payouts.insert(id, payout);
            return;
        }
        self.by_amount.entry((payout.currency, -payout.left)).or_default().insert(Expected::Payout(id));
        self.payouts.insert(id, payout);
    }

    /// Removes a payout, in transit or settled, so that it can be put back changed.
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

    /// Explains a booking, if that is beyond doubt, with `taken` subtracted from the open items: items, difference and
    /// rule.
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

    /// Returns what is open of an item less `taken`: positive is money to come, negative money to go. `None` when
    /// nothing is.
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

    /// Returns whether a booking without a reference may be for the item.
    fn needs_no_reference(&self, expected: Expected) -> bool {
        match expected {
            Expected::Deposit(id) => self.deposits.get(&id).is_some_and(|deposit| deposit.reference.is_none()),
            Expected::Payout(_) => true,
        }
    }

    /// Returns what is still open of a target: positive is money to come, negative money to go. `None` when it is not
    /// open, or has no amount of its own.
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

    /// Returns a deposit as the target of a booking; `None` when it is not open.
    pub(super) fn deposit_target(&self, deposit: DepositId) -> Option<MatchedTarget> {
        let OpenDeposit { organization, reference, .. } = *self.deposits.get(&deposit)?;
        Some(match reference {
            Some(_) => MatchedTarget::Deposit { deposit, organization },
            None => MatchedTarget::Recorded { deposit, organization },
        })
    }

    /// Returns whether a booking gives back, whole or in part, what had left for a payout.
    pub(super) fn came_back(&self, target: &MatchedTarget, amount: Amount) -> bool {
        let MatchedTarget::Payout { payout, .. } = target else { return false };
        let left = |payout: &OpenPayout| payout.amount - payout.left;
        amount > Amount::ZERO && self.payout(*payout).is_some_and(|payout| !payout.returned && amount <= left(payout))
    }

    /// Returns a payout as the target of a booking. One that has left can only come back.
    pub(super) fn payout_target(&self, payout: PayoutId, comes_back: bool) -> Option<MatchedTarget> {
        let known = if comes_back { self.payout(payout)? } else { self.payouts.get(&payout)? };
        let organization = known.organization;
        Some(MatchedTarget::Payout { payout, organization })
    }
}

impl Taken {
    /// Subtracts what a line was for from the open items.
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
