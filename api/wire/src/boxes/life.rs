//! What suppliers invoice to a box, and its acceleration.

use ledger::{Amount, ItemName, Month};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the supplier of an agreement invoices.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierInvoiceBody {
    /// The agreement, by the name that the deal gives it.
    #[schema(value_type = String, example = "power")]
    pub agreement: ItemName,
    /// The month, not one still to come.
    #[schema(value_type = String, example = "2026-01")]
    pub month: Month,
    /// What it costs in whole.
    #[schema(value_type = String, example = "512345.67")]
    pub amount: Amount,
    /// The supplier's reference, 1 to 120 characters.
    pub reference: String,
}

/// Whether the lenders want all debt back.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccelerationBody {
    /// Whether all debt is due; `false` takes that back.
    pub accelerated: bool,
    /// Why, 1 to 120 characters.
    pub reason: String,
}
