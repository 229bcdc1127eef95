//! What a box is paid.

use ledger::{Amount, Day, ItemName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client pays a box, or the exchange pays over.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCollectionBody {
    /// The contract, by the name that the deal gives it.
    #[schema(value_type = String, example = "anchor")]
    pub contract: ItemName,
    /// How much.
    #[schema(value_type = String, example = "5400000.00")]
    pub amount: Amount,
    /// The day the money came to the box's bank, not in the future; today when not given.
    #[schema(value_type = Option<String>, format = Date)]
    pub date: Option<Day>,
    /// The bank's reference, 1 to 120 characters.
    pub reference: String,
}

/// What a client paid a box.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct CollectionBody {
    /// The contract.
    #[schema(value_type = String)]
    pub contract: ItemName,
    /// How much.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// The day the money came.
    #[schema(value_type = String, format = Date)]
    pub date: Day,
    /// The bank's reference.
    pub reference: String,
    /// Of a contract of the exchange, the transfer by which it was paid over.
    pub transfer: Option<Uuid>,
    /// The event whose entries it is: `GET /v1/ledger/entries?event=…`.
    pub sequence: u64,
}

/// A collection to be taken back.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionReversalBody {
    /// Its event.
    pub sequence: u64,
    /// Why, 1 to 120 characters.
    pub reason: String,
}
