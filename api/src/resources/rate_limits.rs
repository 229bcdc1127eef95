//! The rates of single organizations, as the operator sets them.

use actix_web::{HttpResponse, get, put, web};
use infra::config::{INSTRUCTIONS_BURST_MIN, RATE_MAX, Rate};
use infra::node::Node;
use infra::own_rates::{LastSet, StoredRates, last_set};
use ledger::OrganizationId;
use wire::problem::ProblemBody;
use wire::rate_limits::{RateBody, RateLimitsBody, RatesBody};

use crate::auth::{Caller, OperatorOnly};
use crate::limits::RequestLimits;
use crate::problem::{Problem, ProblemCode};
use crate::request::JsonBody;

/// The rates of an organization, and who set them.
#[utoipa::path(
    operation_id = "get_rate_limits",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("organization" = String, Path, description = "The organization's id")),
    responses(
        (status = 200, description = "The rates", body = RateLimitsBody),
        (status = 404, description = "No such organization", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/organizations/{organization}/rate-limits")]
pub async fn show(
    _caller: Caller<OperatorOnly>,
    organization: web::Path<OrganizationId>,
    node: web::Data<Node>,
    limits: web::Data<RequestLimits>,
) -> Result<HttpResponse, Problem> {
    require(&node, *organization)?;
    told(&node, &limits, *organization).await
}

/// Set the rates of an organization, all of them: one that is left out is the usual one again. They hold at once, and for good. An
/// organization's own rate counts all of its clients together.
#[utoipa::path(
    operation_id = "set_rate_limits",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("organization" = String, Path, description = "The organization's id")),
    request_body = RatesBody,
    responses(
        (status = 200, description = "Set", body = RateLimitsBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/organizations/{organization}/rate-limits")]
pub async fn set(
    caller: Caller<OperatorOnly>,
    organization: web::Path<OrganizationId>,
    body: JsonBody<RatesBody>,
    node: web::Data<Node>,
    limits: web::Data<RequestLimits>,
) -> Result<HttpResponse, Problem> {
    require(&node, *organization)?;
    let rates = stored_rates(*body)?;
    limits.clone().into_inner().set(node.database.clone(), *organization, rates, caller.client).await?;
    told(&node, &limits, *organization).await
}

fn require(node: &Node, organization: OrganizationId) -> Result<(), Problem> {
    let is_known = node.view.read().organization(organization).is_some();
    if is_known { Ok(()) } else { Err(Problem::not_found("organization")) }
}

async fn told(node: &Node, limits: &RequestLimits, organization: OrganizationId) -> Result<HttpResponse, Problem> {
    let last = last_set(&node.database, organization).await?;
    let own = last.as_ref().map_or_else(StoredRates::default, |last| last.rates);
    let (set_by, set_at) = match last {
        Some(LastSet { set_by, set_at, .. }) => (Some(set_by), Some(set_at.to_string())),
        None => (None, None),
    };
    let effective = own.over(&limits.settings.organization);
    Ok(HttpResponse::Ok().json(RateLimitsBody {
        organization,
        own: rates_body(own),
        effective: rates_body(effective),
        set_by,
        set_at,
    }))
}

fn stored_rates(body: RatesBody) -> Result<StoredRates, Problem> {
    let RatesBody { instructions, cancels, reads, computing, tokens } = body;
    let rate = |name: &str, rate: Option<RateBody>, burst_min: u32| {
        let Some(RateBody { per_second, burst }) = rate else { return Ok(None) };
        if !(1..=RATE_MAX).contains(&per_second) || !(burst_min..=RATE_MAX).contains(&burst) {
            let detail = format!("{name} takes per_second from 1 and burst from {burst_min}, to {RATE_MAX}.");
            return Err(Problem::new(ProblemCode::InvalidField, detail));
        }
        Ok(Some(Rate::new(per_second, burst)))
    };
    Ok(StoredRates {
        instructions: rate("instructions", instructions, INSTRUCTIONS_BURST_MIN)?,
        cancels: rate("cancels", cancels, 1)?,
        reads: rate("reads", reads, 1)?,
        computing: rate("computing", computing, 1)?,
        tokens: rate("tokens", tokens, 1)?,
    })
}

fn rates_body(rates: StoredRates) -> RatesBody {
    let StoredRates { instructions, cancels, reads, computing, tokens } = rates;
    let [instructions, cancels, reads, computing, tokens] = [instructions, cancels, reads, computing, tokens]
        .map(|rate| rate.map(|rate: Rate| RateBody { per_second: rate.per_second.get(), burst: rate.burst.get() }));
    RatesBody { instructions, cancels, reads, computing, tokens }
}
