//! Deliveries and outages.

use std::borrow::Cow;

use ledger::{Amount, Instant};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What a seller says of its delivery.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadyBody {
    /// Since when the GPUs are ready; now when not given, and not before the hour in progress. What was said first stays.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ready: Option<Instant>,
    /// Where they are reached, at most 120 characters; as before when not given.
    #[schema(example = "ssh gpu-17.example")]
    pub endpoint: Option<String>,
}

/// What is known of a delivery.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct DeliveryBody {
    /// The contract.
    pub contract: Uuid,
    /// Since when its GPUs are ready.
    #[schema(value_type = String, format = DateTime)]
    pub ready: Instant,
    /// Where they are reached, where that was said now.
    pub endpoint: Option<String>,
}

/// An outage to be opened.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOutageBody {
    /// The contract.
    pub contract: Uuid,
    /// How many of its GPUs are out; all when not given.
    pub gpus: Option<u32>,
    /// Since when, to the minute; now when not given, and at most 720 hours ago.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Instant>,
    /// Until when, if it is over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Instant>,
    /// What happened, for both sides to read, at most 120 characters.
    #[schema(example = "node 3 does not answer")]
    pub reason: String,
}

/// When an outage ended.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreBody {
    /// When; now when not given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Instant>,
}

/// What an operator rules on an outage that one side claims.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulingBody {
    /// Whether it counts.
    pub upheld: bool,
    /// How many GPUs were out; as claimed when not given.
    pub gpus: Option<u32>,
    /// Since when; as claimed when not given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Instant>,
    /// Until when; as claimed when not given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Instant>,
    /// Why, for both sides to read, at most 120 characters.
    #[schema(example = "the logs show it from 14:10 on")]
    pub reason: String,
}

/// An outage.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OutageBody {
    /// Its id.
    pub id: Uuid,
    /// The contract.
    pub contract: Uuid,
    /// Where that traded.
    pub market: String,
    /// Who uses the GPUs.
    pub buyer: String,
    /// Who delivers.
    pub seller: String,
    /// Which of the two opened it.
    pub opened_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Instant,
    /// How many GPUs are out.
    pub gpus: u32,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Instant,
    /// Until when; null while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Instant>,
    /// What happened.
    pub reason: String,
    /// `claimed`, `settled` when it counts, `dismissed` when it does not.
    pub status: Cow<'static, str>,
    /// What the operator said, where one ruled.
    pub ruling: Option<String>,
    /// GPU-minutes that had been recorded as delivered when it was settled. Later ones are credited hour by hour.
    pub gpu_minutes: u64,
    /// Their price and the buyer's fee on it, given back.
    #[schema(value_type = String)]
    pub credit: Amount,
    /// What the lot promises on top for them.
    #[schema(value_type = String)]
    pub penalty: Amount,
}

/// Which outages to list.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutageQuery {
    /// Only those of this contract.
    pub contract: Option<Uuid>,
    /// Only those that are `claimed`, `settled` or `dismissed`.
    pub status: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
}
