//! Reconciliation: what the bank's bookings were for.

use ledger::{Amount, BankAccountId, ClientId, Currency, MatchRule, OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::bank::accounts::{BankAccountBody, BankLineBody};

/// Bookings and what they were for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReconciliationBody {
    /// The bookings, all of one account: 1 to 500.
    pub lines: Vec<LineChoiceBody>,
    /// What they were for: 1 to 500.
    pub items: Vec<ItemChoiceBody>,
}

/// A booking, or a part of it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineChoiceBody {
    /// The statement.
    pub statement: Uuid,
    /// Its place in the statement, from 1.
    pub line: u32,
    /// How much of it, money received being positive; all that is not explained when not given.
    #[schema(value_type = Option<String>)]
    pub amount: Option<Amount>,
}

/// What bookings were for: one of `deposit`, `payout`, `organization`, `box` and `account`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemChoiceBody {
    /// A deposit.
    pub deposit: Option<Uuid>,
    /// A payout or a withdrawal.
    pub payout: Option<Uuid>,
    /// A deposit of this organization that nobody had announced.
    #[schema(value_type = Option<String>)]
    pub organization: Option<OrganizationId>,
    /// What the exchange paid this box.
    #[serde(rename = "box")]
    pub box_id: Option<Uuid>,
    /// Something of the exchange's own: `6000-expense`, `3000-equity`, `4900-other-income`, `2400-withheld-tax` for tax that is paid to
    /// the state, or `1900-currency-position` for one side of a currency conversion.
    pub account: Option<String>,
    /// How much is for it, money received being positive; what is open of it when not given, or all for a single item.
    #[schema(value_type = Option<String>)]
    pub amount: Option<Amount>,
}

/// A reconciliation that stands.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReconciliationBody {
    /// Its id.
    pub id: Uuid,
    /// The account at the bank.
    #[schema(value_type = String)]
    pub account: BankAccountId,
    /// Its currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Why they belong together: `reference`, `exact`, `tolerance` or `manual`.
    #[schema(value_type = String)]
    pub rule: MatchRule,
    /// The bookings.
    pub lines: Vec<MatchedLineBody>,
    /// What they were for.
    pub items: Vec<MatchedItemBody>,
    /// The bookings less what they were for, posted to `6900-bank-difference`.
    #[schema(value_type = String)]
    pub difference: Amount,
    /// The client that said so; null where it explained itself.
    #[schema(value_type = Option<String>)]
    pub by: Option<ClientId>,
}

/// A booking, or a part of it.
#[derive(Serialize, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the schema as it is published describes the type alone")]
pub struct MatchedLineBody {
    pub statement: Uuid,
    pub line: u32,
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// What a booking was for.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct MatchedItemBody {
    /// A deposit.
    pub deposit: Option<Uuid>,
    /// A payout or a withdrawal.
    pub payout: Option<Uuid>,
    /// Whose money.
    #[schema(value_type = Option<String>)]
    pub organization: Option<OrganizationId>,
    /// The box that the exchange had paid.
    #[serde(rename = "box")]
    pub box_id: Option<Uuid>,
    /// An account of the exchange's own.
    pub account: Option<String>,
    /// How much, money received being positive.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// A bank account with what is unmatched on either side, and what is matched.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ReconciliationStateBody {
    /// The account, and whether the books agree with the bank.
    pub account: BankAccountBody,
    /// The bank's side: bookings that are not explained.
    pub lines: Vec<BankLineBody>,
    /// The books' side: deposits in the account's currency that have not come, or not all of them.
    pub deposits: Vec<OpenItemBody>,
    /// The books' side: payouts and withdrawals in transit.
    pub payouts: Vec<OpenItemBody>,
    /// The books' side: what the exchange has paid boxes and is still in transit.
    pub boxes: Vec<OpenBoxPaymentBody>,
    /// Whether nothing is unmatched on either side.
    pub reconciled: bool,
    /// The reconciliations that stand, oldest first; the last 500.
    pub data: Vec<ReconciliationBody>,
}

/// Something that a booking is expected for.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OpenItemBody {
    /// The id of the deposit or payout.
    pub id: Uuid,
    /// Whose money.
    #[schema(value_type = String)]
    pub organization: OrganizationId,
    /// What a booking would quote.
    pub reference: Option<String>,
    /// How much is open.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// What the exchange has paid a box and no booking has shown.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OpenBoxPaymentBody {
    /// The box.
    pub id: Uuid,
    /// How much is open.
    #[schema(value_type = String)]
    pub amount: Amount,
}
