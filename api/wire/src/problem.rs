//! The body of every error answer, `application/problem+json` (RFC 9457).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error answer as it is sent.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where the page of this cause is.
    #[serde(rename = "type")]
    #[schema(example = "/errors/price_off_tick")]
    pub kind: String,
    /// The cause in a few words.
    pub title: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong with this request.
    pub detail: String,
    /// The stable code of the cause.
    #[schema(example = "price_off_tick")]
    pub code: Cow<'static, str>,
    /// The id of this request in the operator's log.
    pub request_id: String,
    /// Of `/oauth/token` only: the error code of RFC 6749, section 5.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Cow<'static, str>>,
}
