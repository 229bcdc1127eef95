//! Open holds: which orders have set aside what is held of customers' money.

use std::borrow::Cow;

use ledger::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::ledger::statements::StatementFormat;

/// Whose open holds.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OpenHoldsQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    pub entity: String,
    /// The currency.
    #[param(value_type = String, example = "USD")]
    pub currency: Currency,
    /// `json` or `csv`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    pub format: Option<StatementFormat>,
}

/// An order that has money set aside.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OpenHoldBody {
    /// The order.
    pub order: Uuid,
    /// `term` or `spot`.
    pub kind: Cow<'static, str>,
    /// How much it has set aside.
    #[schema(value_type = String)]
    pub hold: Amount,
}

/// What an organization has set aside.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OrganizationHoldsBody {
    /// Whose money.
    pub organization: String,
    /// Its open orders that have money set aside, by id.
    pub orders: Vec<OpenHoldBody>,
    /// The sum of their holds.
    #[schema(value_type = String)]
    pub holds: Amount,
    /// What the ledger says is held.
    #[schema(value_type = String)]
    pub balance: Amount,
    /// The balance less the holds, which is zero.
    #[schema(value_type = String)]
    pub difference: Amount,
}

/// The open holds. Amounts are of what is owed: positive is owed.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OpenHoldsBody {
    /// The entity.
    pub entity: String,
    /// The currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The log's sequence that it includes.
    pub sequence: u64,
    /// The organizations that have, or ever had, money set aside.
    pub organizations: Vec<OrganizationHoldsBody>,
    /// What the ledger says is held of all of them.
    #[schema(value_type = String)]
    pub balance: Amount,
    /// The balance less all holds, which is zero.
    #[schema(value_type = String)]
    pub difference: Amount,
}
