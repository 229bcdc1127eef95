//! Boxes, their deals, and who sees them.

use std::collections::BTreeSet;

use ledger::deal::{DealTerms, Standing};
use ledger::{Amount, ClientId, Currency, Day, Instant, ItemName, OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A box with a version of its deal.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BoxBody {
    /// Its id.
    pub id: Uuid,
    /// The version of the deal, from 1.
    pub version: usize,
    /// The newest version.
    pub newest_version: usize,
    /// When the version was agreed.
    #[schema(value_type = String, format = DateTime)]
    pub agreed_at: Instant,
    /// The client that entered it.
    #[schema(value_type = String)]
    pub agreed_by: ClientId,
    /// The deal document, whose JSON Schema is `docs/deal.schema.json`.
    #[schema(value_type = Object)]
    pub deal: DealTerms,
    /// Whether the deal has closed: the box has books.
    pub closed: bool,
    /// What it owes on each facility and holds in reserves and in the cash trap, and what steps are short of, once it has closed.
    #[schema(value_type = Option<Object>)]
    pub standing: Option<Standing>,
    /// The contracts of the exchange that were assigned to it.
    pub contracts: Vec<AssignedContractBody>,
    /// What its clients have paid that is still to be paid out.
    #[schema(value_type = String)]
    pub collected: Amount,
    /// The next determination date; none before the closing and behind the last.
    #[schema(value_type = Option<String>, format = Date)]
    pub next_determination: Option<Day>,
    /// Whether that date has come: a waterfall run is due.
    pub due: bool,
    /// The organizations that lend to it, and see it.
    #[schema(value_type = Vec<String>)]
    pub lenders: BTreeSet<OrganizationId>,
    /// Whether it has come to its end.
    pub wound_up: bool,
}

/// A contract of the exchange in a box.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AssignedContractBody {
    /// The name that the deal gives it.
    #[schema(value_type = String)]
    pub name: ItemName,
    /// The contract.
    pub contract: Uuid,
    /// What it has earned the box that the exchange has not paid over.
    #[schema(value_type = String)]
    pub owed: Amount,
}

/// A box in a list.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct BoxSummary {
    /// Its id.
    pub id: Uuid,
    /// What the deal is called.
    pub name: String,
    /// Whose box it is.
    #[schema(value_type = String)]
    pub sponsor: OrganizationId,
    /// The currency of all its amounts.
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// The newest version of the deal.
    pub version: usize,
}

/// Who lends to a box.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LendersBody {
    /// The organizations, all of them. Their clients of the role `lender` see the box.
    #[schema(value_type = Vec<String>)]
    pub lenders: BTreeSet<OrganizationId>,
}

/// Which version of a deal.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VersionQuery {
    /// Its number, from 1; the newest where not given.
    pub version: Option<usize>,
}
