//! The bank: its accounts, what it has booked, what that was for, and the payouts that it carries out.

use ledger::{
    AccountKind, Amount, BankAccountId, BankLine, BankText, BoxId, ClientId, Currency, Day, DepositId, Label,
    MatchRule, OrganizationId, PaymentReference, PayoutId, ReconciliationId, StatementDigest, StatementId, from_log,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;

/// An account at a bank was opened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankAccountOpened {
    /// The account.
    pub account: BankAccountId,
    /// Its currency.
    pub currency: Currency,
    /// What is on it before the first statement.
    pub opening: Amount,
    /// How much a booking may differ from what it is for.
    pub tolerance: Amount,
}

/// An account at a bank was given up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankAccountClosed {
    /// The account.
    pub account: BankAccountId,
    /// Its currency.
    pub currency: Currency,
    /// What it had been opened with, where no statement ever told of it; nothing otherwise.
    pub opening: Amount,
}

/// An organization announced a deposit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DepositExpected {
    /// Its id.
    pub deposit: DepositId,
    /// Whose money.
    pub organization: OrganizationId,
    /// How much.
    pub amount: Amount,
    /// In what currency.
    pub currency: Currency,
    /// What the payer quotes.
    pub reference: PaymentReference,
}

/// A bank statement was imported. Its lines follow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatementImported {
    /// Its id.
    pub statement: StatementId,
    /// The account.
    pub account: BankAccountId,
    /// Its currency.
    pub currency: Currency,
    /// What the bank calls it.
    #[serde(deserialize_with = "from_log")]
    pub number: BankText,
    /// The balance before the first line.
    pub opening: Amount,
    /// The balance after the last.
    pub closing: Amount,
    /// The day of the closing balance.
    pub day: Day,
    /// How many lines it has.
    pub lines: u32,
    /// Of its content.
    pub digest: StatementDigest,
}

/// The bank booked these on one day. A statement with many lines has several of these.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankLinesBooked {
    /// The statement.
    pub statement: StatementId,
    /// The account.
    pub account: BankAccountId,
    /// Its currency.
    pub currency: Currency,
    /// The day on which the books have them.
    pub day: Day,
    /// The place of the first in the statement, from 1.
    pub first: u32,
    /// The lines.
    pub lines: Vec<BankLine>,
}

/// One line of a statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankLineId {
    /// The statement.
    pub statement: StatementId,
    /// Its place in it, from 1.
    pub line: u32,
}

/// A booking, or a part of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MatchedLine {
    /// The line.
    pub line: BankLineId,
    /// How much of it: money received is positive.
    pub amount: Amount,
}

/// What a booking was for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchedTarget {
    /// A deposit that was announced.
    Deposit {
        /// Which.
        deposit: DepositId,
        /// Whose money.
        organization: OrganizationId,
    },
    /// A deposit that was credited before its booking was known.
    Recorded {
        /// Which.
        deposit: DepositId,
        /// Whose money.
        organization: OrganizationId,
    },
    /// A payout.
    Payout {
        /// Which.
        payout: PayoutId,
        /// Whose money.
        organization: OrganizationId,
    },
    /// A deposit that nobody had announced.
    Organization {
        /// Whose money.
        organization: OrganizationId,
    },
    /// What the exchange paid a box.
    Box {
        /// Which.
        r#box: BoxId,
    },
    /// Something of the exchange's own.
    Account {
        /// Its account in the chart.
        account: AccountKind,
    },
}

/// What a booking, or a part of one, was for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MatchedItem {
    /// What it was for.
    pub target: MatchedTarget,
    /// How much: money received is positive.
    pub amount: Amount,
}

/// Bookings were explained.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Reconciled {
    /// Its id.
    pub reconciliation: ReconciliationId,
    /// The account at the bank.
    pub account: BankAccountId,
    /// Its currency.
    pub currency: Currency,
    /// The bookings.
    pub lines: Vec<MatchedLine>,
    /// What they were for.
    pub items: Vec<MatchedItem>,
    /// The bookings less what they were for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub difference: Amount,
    /// Why they belong together.
    pub rule: MatchRule,
    /// The day on which the books have it: that of the latest booking, or the first of the month that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// Who said so; nobody where it explains itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ClientId>,
}

/// A reconciliation was undone: its bookings are unexplained again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReconciliationUndone {
    /// What was undone.
    pub undone: Reconciled,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
    /// The day on which the books have it: that of what was undone, or the first of the month that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
    /// The sequence of the event that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<u64>,
    /// Who said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ClientId>,
}

/// Where the money of a payout comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutSource {
    /// What the organization has earned.
    Payable,
    /// What it has free.
    Available,
}

/// An organization asked for its money.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PayoutRequested {
    /// Its id.
    pub payout: PayoutId,
    /// Whose money.
    pub organization: OrganizationId,
    /// How much leaves.
    pub amount: Amount,
    /// In what currency.
    pub currency: Currency,
    /// Where it comes from.
    pub source: PayoutSource,
    /// What the payment quotes.
    pub reference: PaymentReference,
    /// What is withheld as tax besides.
    #[serde(default, skip_serializing_if = "is_default")]
    pub withheld: Amount,
}

/// A payout did not leave the bank: what was in transit of it is the organization's again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PayoutReturned {
    /// The payout.
    pub payout: PayoutId,
    /// Whose money.
    pub organization: OrganizationId,
    /// How much.
    pub amount: Amount,
    /// In what currency.
    pub currency: Currency,
    /// Where it came from.
    pub source: PayoutSource,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
    /// What had been withheld as tax besides.
    #[serde(default, skip_serializing_if = "is_default")]
    pub withheld: Amount,
}
