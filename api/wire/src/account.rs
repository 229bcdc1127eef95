//! An organization's money with the exchange.

use std::borrow::Cow;

use ledger::{Amount, Currency, OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Balances in one currency.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BalanceBody {
    /// The currency.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// Free to use.
    #[schema(value_type = String, example = "1250.00")]
    pub available: Amount,
    /// Set aside for open orders.
    #[schema(value_type = String)]
    pub held: Amount,
    /// Earned by delivering, and not paid out yet.
    #[schema(value_type = String)]
    pub payable: Amount,
}

/// A deposit that arrived at the bank.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDepositBody {
    /// Whose money.
    #[schema(value_type = String, example = "acme")]
    pub organization: OrganizationId,
    /// How much, above zero.
    #[schema(value_type = String, example = "100000.00")]
    pub amount: Amount,
    /// In what currency.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// The bank's reference, at most 120 characters.
    #[serde(default = "no_reference")]
    pub reference: String,
}

fn no_reference() -> String {
    "unreferenced".to_owned()
}

/// A deposit.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DepositBody {
    /// Its id.
    pub id: Uuid,
    /// Whose money.
    #[schema(value_type = String)]
    pub organization: OrganizationId,
    /// How much.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// In what currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The bank's reference.
    pub reference: String,
    /// `credited`: its booking by the bank is still to come.
    pub status: Cow<'static, str>,
}
