//! An organization's own events.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which events to list.
#[derive(Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Only events after the one with this sequence; from the first when not given.
    pub after: Option<u64>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
    /// The answer includes at least the event with this sequence, 10,000 ahead of the log at most. It waits for that, five seconds at most.
    pub min_sequence: Option<u64>,
}

/// An event of one's own.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct EventBody {
    /// Its sequence in the log; the next of yours need not be the next of all.
    pub sequence: u64,
    /// When it happened.
    #[schema(format = DateTime)]
    pub time: String,
    /// Its type.
    #[schema(example = "trade_executed")]
    pub r#type: Cow<'static, str>,
    /// The version of the type's form.
    pub version: u16,
    /// What happened, without what is another organization's business.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}
