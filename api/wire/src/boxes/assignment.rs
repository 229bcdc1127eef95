//! Contracts of the exchange that are assigned to a box.

use ledger::ItemName;
use matching::Hour;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A contract to be assigned.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssignmentBody {
    /// The name that the deal gives it; the deal's `exchange` says which contract it is.
    #[schema(value_type = String, example = "anchor")]
    pub name: ItemName,
}

/// A contract that was assigned.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AssignmentBody {
    /// The name that the deal gives it.
    #[schema(value_type = String)]
    pub name: ItemName,
    /// The contract.
    pub contract: Uuid,
    /// The first hour that the box earns: the beginning of the contract's next period.
    #[schema(value_type = String, format = DateTime)]
    pub from: Hour,
}
