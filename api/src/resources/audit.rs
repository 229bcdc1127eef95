//! Checks on the running exchange.

use actix_web::{HttpResponse, get, web};
use matching::Exchange;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{AuditorOrOperator, Caller};
use crate::computing::Computing;
use crate::problem::Problem;
use crate::request::answer;

/// The hash of the committed state.
#[derive(Serialize, ToSchema)]
pub struct StateHashBody {
    /// The log's sequence that it includes.
    sequence: u64,
    /// SHA-256 of the state in canonical order: equal to that of a fresh replay of the log up to `sequence`.
    state_hash: String,
}

/// The hash of the committed state, to be compared with `secondwind replay-log`.
#[utoipa::path(
    operation_id = "get_state_hash",
    tag = "operator",
    security(("oauth2" = ["auditor"]), ("oauth2" = ["operator"])),
    responses((status = 200, description = "The hash", body = StateHashBody)),
)]
#[get("/audit/state-hash")]
pub async fn state_hash(
    caller: Caller<AuditorOrOperator>,
    computing: web::Data<Computing>,
) -> Result<HttpResponse, Problem> {
    let hash = computing.with_state(caller.organization, StateHashBody::of).await?;
    Ok(answer(HttpResponse::Ok(), hash.sequence, &hash))
}

impl StateHashBody {
    /// The hash of this state.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        Self { sequence: exchange.sequence(), state_hash: exchange.state_hash().to_string() }
    }
}
