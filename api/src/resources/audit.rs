//! Checks on the running exchange.

use actix_web::{HttpResponse, get, web};
use matching::Exchange;
use wire::audit::StateHashBody;

use crate::auth::{AuditorOrOperator, Caller};
use crate::computing::Computing;
use crate::problem::Problem;
use crate::request::answer;

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
    let hash = computing.with_state(caller.organization, state_hash_body).await?;
    Ok(answer(HttpResponse::Ok(), hash.sequence, &hash))
}

/// The hash of this state.
pub(crate) fn state_hash_body(exchange: &Exchange) -> StateHashBody {
    StateHashBody { sequence: exchange.sequence(), state_hash: exchange.state_hash().to_string() }
}
