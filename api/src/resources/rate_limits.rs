//! The rates of single organizations, as the operator sets them.

use actix_web::{HttpResponse, get, put, web};
use infra::config::{INSTRUCTIONS_BURST_MIN, RATE_MAX, Rate};
use infra::node::Node;
use infra::own_rates::{LastSet, StoredRates, last_set};
use ledger::OrganizationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::problem::ProblemBody;

use crate::auth::{Caller, OperatorOnly};
use crate::limits::RequestLimits;
use crate::problem::{Problem, ProblemCode};
use crate::request::JsonBody;

/// How often something may be asked for.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateBody {
    /// Requests in a second, in the long run: 1 to 1,000,000.
    #[schema(example = 1000, minimum = 1, maximum = 1_000_000)]
    per_second: u32,
    /// Requests at once, after a pause: 1 to 1,000,000; of instructions at least 100, the orders of a batch.
    #[schema(example = 2000, minimum = 1, maximum = 1_000_000)]
    burst: u32,
}

/// Rates by what requests are counted against.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatesBody {
    /// What changes something: orders first of all. A batch counts as its orders.
    #[serde(default)]
    instructions: Option<RateBody>,
    /// Cancelling orders.
    #[serde(default)]
    cancels: Option<RateBody>,
    /// Reads that look something up.
    #[serde(default)]
    reads: Option<RateBody>,
    /// Reads that compute: quotes, books, projections, reports.
    #[serde(default)]
    computing: Option<RateBody>,
    /// Access tokens.
    #[serde(default)]
    tokens: Option<RateBody>,
}

/// The rates of an organization.
#[derive(Serialize, ToSchema)]
pub struct RateLimitsBody {
    /// The organization.
    #[schema(value_type = String)]
    organization: OrganizationId,
    /// Its own rates; null where it has the usual one.
    own: RatesBody,
    /// The rates that hold.
    effective: RatesBody,
    /// The client that last set them; null when none did.
    set_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    set_at: Option<String>,
}

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
    let rates = body.stored()?;
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
        own: own.into(),
        effective: effective.into(),
        set_by,
        set_at,
    }))
}

impl RatesBody {
    fn stored(self) -> Result<StoredRates, Problem> {
        let Self { instructions, cancels, reads, computing, tokens } = self;
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
}

impl From<StoredRates> for RatesBody {
    fn from(rates: StoredRates) -> Self {
        let StoredRates { instructions, cancels, reads, computing, tokens } = rates;
        let [instructions, cancels, reads, computing, tokens] = [instructions, cancels, reads, computing, tokens]
            .map(|rate| rate.map(|rate: Rate| RateBody { per_second: rate.per_second.get(), burst: rate.burst.get() }));
        Self { instructions, cancels, reads, computing, tokens }
    }
}
