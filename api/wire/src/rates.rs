//! What indices are fixed at.

use ledger::deal::Rate;
use ledger::{Day, ItemName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A fixing of an index.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FixingBody {
    /// The index, by the name that deals give it.
    #[schema(value_type = String, example = "sofr")]
    pub index: ItemName,
    /// From this day on, until the next.
    #[schema(value_type = String, format = Date)]
    pub from: Day,
    /// The rate a year, as a fraction.
    #[schema(value_type = String, example = "0.0431")]
    pub rate: Rate,
}
