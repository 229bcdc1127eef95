//! The roll-forward of deferred revenue.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use ledger::{Amount, Currency, Movement};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::ledger::statements::StatementFormat;

/// Which roll-forward.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeferredRevenueQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    pub entity: String,
    /// The currency.
    #[param(value_type = String, example = "USD")]
    pub currency: Currency,
    /// The month, such as `2027-01`, in place of `from` and `to`.
    #[param(example = "2027-01")]
    pub month: Option<String>,
    /// The first day; the lines before it are in the opening balances.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The last day.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// `json` or `csv`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    pub format: Option<StatementFormat>,
}

/// What one posting rule moved on an account.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeferredMovementBody {
    /// The posting rule with its version.
    #[schema(example = "hours.delivered.1")]
    pub rule: String,
    /// What it does.
    #[schema(value_type = MovementSchema)]
    pub movement: Movement,
    /// The accounts on the other side of its entries.
    pub counter_accounts: Vec<String>,
    /// How many entries.
    pub entries: i64,
    /// By how much more is deferred; less than nothing where less is.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// One account of the roll-forward.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeferredAccountBody {
    /// Its code in the chart.
    pub account: String,
    /// What was deferred before `from`.
    #[schema(value_type = String)]
    pub opening: Amount,
    /// What moved it.
    pub movements: Vec<DeferredMovementBody>,
    /// What is deferred at the end of `to`: the opening balance and all movements.
    #[schema(value_type = String)]
    pub closing: Amount,
}

/// What all accounts come to.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeferredTotalBody {
    /// What was deferred before.
    #[schema(value_type = String)]
    pub opening: Amount,
    /// What each kind of movement comes to.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub movements: BTreeMap<Movement, Amount>,
    /// What is deferred at the end.
    #[schema(value_type = String)]
    pub closing: Amount,
}

/// The roll-forward of deferred revenue. Amounts are of what is owed: positive is owed.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeferredRevenueBody {
    /// The entity.
    pub entity: String,
    /// The currency.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The first day; null for all from the beginning.
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The last day; null for all to the end.
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// The log's sequence that it includes.
    pub sequence: u64,
    /// The accounts, in the order of the chart.
    pub accounts: Vec<DeferredAccountBody>,
    /// All of them together.
    pub total: DeferredTotalBody,
}

/// Schema of [`Movement`], which knows nothing of `OpenAPI`.
pub struct MovementSchema;

impl PartialSchema for MovementSchema {
    fn schema() -> RefOr<Schema> {
        let description =
            "What a movement does to deferred revenue, told by the account and those on the other side of its entries.";
        let schema = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
        schema.enum_values(Some(Movement::ALL.map(Movement::name))).into()
    }
}

impl ToSchema for MovementSchema {
    fn name() -> Cow<'static, str> {
        "Movement".into()
    }
}
