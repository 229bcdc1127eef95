//! Access tokens.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request for a token.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// Always `client_credentials`.
    #[schema(example = "client_credentials")]
    pub grant_type: Option<String>,
    /// The client's id, unless it is given by HTTP Basic.
    pub client_id: Option<String>,
    /// The client's secret, unless it is given by HTTP Basic.
    pub client_secret: Option<String>,
    /// Ignored: a client has one role, which is its scope.
    #[serde(default)]
    pub scope: Option<String>,
}

/// A token.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct TokenBody {
    /// The token, to be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: Cow<'static, str>,
    /// How long it is valid, in seconds.
    pub expires_in: u64,
    /// The client's role.
    pub scope: Cow<'static, str>,
}
