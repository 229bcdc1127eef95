//! The lender's statement of a determination date.

use std::borrow::Cow;

use ledger::{Amount, Currency, Day, ItemName, OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which statement, and how it is told.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The determination date of a run that stands; that of the latest when not given.
    #[param(value_type = Option<String>, format = Date)]
    pub date: Option<Day>,
    /// `json`, `csv` or `html`, a page to print; `json` when not given.
    #[serde(default)]
    pub format: StatementFormat,
}

/// How a statement is told.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementFormat {
    /// An object.
    #[default]
    Json,
    /// A row for each amount or test.
    Csv,
    /// A page to print.
    Html,
}

/// A statement for the lenders.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct LenderStatement {
    /// The box.
    #[serde(rename = "box")]
    pub id: Uuid,
    /// What its deal is called.
    pub name: String,
    /// Whose box it is.
    #[schema(value_type = String)]
    pub sponsor: OrganizationId,
    /// The currency of all amounts.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// The version of the deal.
    pub version: u32,
    /// The day the period began.
    #[schema(value_type = String, format = Date)]
    pub period_from: Day,
    /// The determination date.
    #[schema(value_type = String, format = Date)]
    pub determination_date: Day,
    /// The event of the run.
    pub sequence: u64,
    /// What was collected in the period.
    #[schema(value_type = String)]
    pub collected: Amount,
    /// What the cash trap gave.
    #[schema(value_type = String)]
    pub untrapped: Amount,
    /// What reserves were drawn for.
    #[schema(value_type = String)]
    pub drawn: Amount,
    /// What reserves released.
    #[schema(value_type = String)]
    pub released: Amount,
    /// All of it: what was paid out.
    #[schema(value_type = String)]
    pub available: Amount,
    /// The facilities.
    pub facilities: Vec<FacilityStatement>,
    /// The reserves, and the cash trap.
    pub accounts: Vec<AccountStatement>,
    /// Who was due and got what, in the order of priority.
    pub steps: Vec<StepStatement>,
    /// The covenants.
    pub covenants: Vec<CovenantStatement>,
    /// Whether the sponsor is locked up.
    pub locked_up: bool,
}

/// A facility over the period.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct FacilityStatement {
    /// Its name.
    #[schema(value_type = String)]
    pub name: ItemName,
    /// What was owed at the beginning.
    #[schema(value_type = String)]
    pub opening: Amount,
    /// What was drawn.
    #[schema(value_type = String)]
    pub drawn: Amount,
    /// The interest that fell due, with what earlier dates had left unpaid.
    #[schema(value_type = String)]
    pub interest_due: Amount,
    /// The interest that was paid.
    #[schema(value_type = String)]
    pub interest_paid: Amount,
    /// The scheduled principal that fell due, with what earlier dates had left unpaid.
    #[schema(value_type = String)]
    pub principal_due: Amount,
    /// The principal that was paid, prepayments and sweeps among it.
    #[schema(value_type = String)]
    pub principal_paid: Amount,
    /// What the sponsor repaid besides, before it was due.
    #[schema(value_type = String)]
    pub prepaid: Amount,
    /// What is owed at the end.
    #[schema(value_type = String)]
    pub closing: Amount,
}

/// Cash that is kept, over the period.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AccountStatement {
    /// The reserve's name, or `cash_trap`.
    pub name: String,
    /// What it held at the beginning.
    #[schema(value_type = String)]
    pub opening: Amount,
    /// What it gave.
    #[schema(value_type = String)]
    pub given: Amount,
    /// What it took.
    #[schema(value_type = String)]
    pub taken: Amount,
    /// What it holds at the end.
    #[schema(value_type = String)]
    pub closing: Amount,
}

/// A step of the priority of payments.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct StepStatement {
    /// Its name.
    #[schema(value_type = String)]
    pub name: ItemName,
    /// What fell due.
    #[schema(value_type = String)]
    pub due: Amount,
    /// What earlier dates had left unpaid.
    #[schema(value_type = String)]
    pub carried: Amount,
    /// What there was for it and all after it.
    #[schema(value_type = String)]
    pub available: Amount,
    /// What it got.
    #[schema(value_type = String)]
    pub paid: Amount,
    /// What it asked for and did not get.
    #[schema(value_type = String)]
    pub shortfall: Amount,
}

/// A covenant, and whether it is kept.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CovenantStatement {
    /// Which.
    pub name: Cow<'static, str>,
    /// What was promised.
    pub required: String,
    /// What is.
    pub actual: String,
    /// Whether that keeps the promise.
    pub kept: bool,
}
