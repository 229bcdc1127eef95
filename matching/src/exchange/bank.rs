//! What is known of the bank: its accounts, its bookings that are not explained, and what is expected of it.

use std::collections::BTreeMap;

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
}

/// What a reference stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(super) enum Expected {
    Deposit(DepositId),
    Payout(PayoutId),
}

impl OpenItems {
    /// What an unexplained booking is for, if that is beyond doubt.
    pub(super) fn explain(
        &self,
        account: &BankAccount,
        line: &OpenLine,
    ) -> Option<(Vec<MatchedItem>, Amount, MatchRule)> {
        let booking = BankLine { amount: line.left, ..line.line.clone() };
        let quoted =
            |reference| self.references.get(&reference).and_then(|expected| self.item(*expected, account.currency));
        let only = |amount: Amount| {
            let going = self.payouts.keys().map(|id| Expected::Payout(*id));
            let recorded = self.deposits.iter().filter(|(_, deposit)| deposit.reference.is_none());
            let coming = recorded.map(|(id, _)| Expected::Deposit(*id));
            let items = going.chain(coming).filter_map(|expected| self.item(expected, account.currency));
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

    fn item(&self, expected: Expected, currency: Currency) -> Option<OpenItem<Expected>> {
        let (of, amount) = match expected {
            Expected::Deposit(id) => self.deposits.get(&id).map(|deposit| (deposit.currency, deposit.left))?,
            Expected::Payout(id) => self.payouts.get(&id).map(|payout| (payout.currency, -payout.left))?,
        };
        (of == currency).then_some(OpenItem { key: expected, amount })
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

    fn payout(&self, id: PayoutId) -> Option<&OpenPayout> {
        self.payouts.get(&id).or_else(|| self.settled_payouts.get(&id))
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
