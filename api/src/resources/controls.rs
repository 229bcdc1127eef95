//! The operator's controls: halts, price bands, kill switches and limits.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use infra::node::Node;
use ledger::OrganizationId;
use matching::{Exchange, Instruction, MarketId, OPEN_ORDERS_MAX};
use wire::controls::{OrderLimitBody, OrganizationStateBody, ReasonBody};
use wire::markets::{MarketStateBody, PriceBandBody};
use wire::problem::ProblemBody;

use super::markets::find_market_state;
use super::submit;
use crate::auth::{Caller, OperatorOnly};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

/// Stop trading in a market. Orders rest, and can be placed and cancelled.
#[utoipa::path(
    operation_id = "halt_market",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("market" = String, Path, description = "The market's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Halted", body = MarketStateBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/markets/{market}/halt")]
pub async fn halt_market(
    caller: Caller<OperatorOnly>,
    market: web::Path<MarketId>,
    request: HttpRequest,
    body: JsonBody<ReasonBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let market = market.into_inner();
    market_state(&node, market)?;
    let instruction = Instruction::HaltMarket { market, reason: label("reason", &body.reason)? };
    let sequence = submit(&node, &request, caller.organization, &body, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &market_state(&node, market)?))
}

/// Let a market trade again: what crosses in its book trades at once, by rank.
#[utoipa::path(
    operation_id = "resume_market",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("market" = String, Path, description = "The market's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Open", body = MarketStateBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/markets/{market}/resume")]
pub async fn resume_market(
    caller: Caller<OperatorOnly>,
    market: web::Path<MarketId>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let market = market.into_inner();
    market_state(&node, market)?;
    let instruction = Instruction::ResumeMarket { market };
    let sequence = submit(&node, &request, caller.organization, &(), instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &market_state(&node, market)?))
}

/// Refuse limits that are far from the last price and probably mistyped.
#[utoipa::path(
    operation_id = "set_price_band",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("market" = String, Path, description = "The market's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = PriceBandBody,
    responses(
        (status = 200, description = "Set", body = MarketStateBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/markets/{market}/price-band")]
pub async fn set_price_band(
    caller: Caller<OperatorOnly>,
    market: web::Path<MarketId>,
    request: HttpRequest,
    body: JsonBody<PriceBandBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let market = market.into_inner();
    market_state(&node, market)?;
    let instruction = Instruction::SetPriceBand { market, band: Some(body.into()) };
    let sequence = submit(&node, &request, caller.organization, &body, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &market_state(&node, market)?))
}

/// Take any limit again.
#[utoipa::path(
    operation_id = "lift_price_band",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("market" = String, Path, description = "The market's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Lifted", body = MarketStateBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/markets/{market}/price-band")]
pub async fn lift_price_band(
    caller: Caller<OperatorOnly>,
    market: web::Path<MarketId>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let market = market.into_inner();
    market_state(&node, market)?;
    let instruction = Instruction::SetPriceBand { market, band: None };
    let sequence = submit(&node, &request, caller.organization, &(), instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &market_state(&node, market)?))
}

fn market_state(node: &Node, market: MarketId) -> Result<MarketStateBody, Problem> {
    find_market_state(&node.view.read(), market)
}

fn organization_state(node: &Node, id: OrganizationId) -> Result<OrganizationStateBody, Problem> {
    find_organization_state(&node.view.read(), id)
}

/// The organization of this id, or the problem that there is none.
pub(crate) fn find_organization_state(
    exchange: &Exchange,
    id: OrganizationId,
) -> Result<OrganizationStateBody, Problem> {
    let organization = exchange.organization(id).ok_or_else(|| Problem::not_found("organization"))?;
    Ok(OrganizationStateBody {
        id,
        name: organization.name.to_string(),
        status: if organization.suspended { "suspended".into() } else { "active".into() },
        open_orders: organization.open_orders,
        open_orders_max: organization.open_orders_max.unwrap_or(OPEN_ORDERS_MAX),
    })
}

/// One organization.
#[utoipa::path(
    operation_id = "get_organization",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("organization" = String, Path, description = "The organization's id")),
    responses(
        (status = 200, description = "The organization", body = OrganizationStateBody),
        (status = 404, description = "No such organization", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/organizations/{organization}")]
pub async fn show_organization(
    _caller: Caller<OperatorOnly>,
    organization: web::Path<OrganizationId>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = organization_state(&node, *organization)?;
    Ok(answer(HttpResponse::Ok(), node.view.read().sequence(), &body))
}

/// The kill switch: cancel all orders of an organization and take no more from it.
#[utoipa::path(
    operation_id = "suspend_organization",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("organization" = String, Path, description = "The organization's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Suspended", body = OrganizationStateBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/organizations/{organization}/suspend")]
pub async fn suspend_organization(
    caller: Caller<OperatorOnly>,
    organization: web::Path<OrganizationId>,
    request: HttpRequest,
    body: JsonBody<ReasonBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let organization = organization.into_inner();
    organization_state(&node, organization)?;
    let instruction = Instruction::SuspendOrganization { organization, reason: label("reason", &body.reason)? };
    let sequence = submit(&node, &request, caller.organization, &body, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &organization_state(&node, organization)?))
}

/// Take orders from an organization again.
#[utoipa::path(
    operation_id = "reinstate_organization",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("organization" = String, Path, description = "The organization's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Active", body = OrganizationStateBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/organizations/{organization}/reinstate")]
pub async fn reinstate_organization(
    caller: Caller<OperatorOnly>,
    organization: web::Path<OrganizationId>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let organization = organization.into_inner();
    organization_state(&node, organization)?;
    let instruction = Instruction::ReinstateOrganization { organization };
    let sequence = submit(&node, &request, caller.organization, &(), instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &organization_state(&node, organization)?))
}

/// Bound the number of an organization's open orders.
#[utoipa::path(
    operation_id = "set_order_limit",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("organization" = String, Path, description = "The organization's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = OrderLimitBody,
    responses(
        (status = 200, description = "Set", body = OrganizationStateBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/organizations/{organization}/order-limit")]
pub async fn set_order_limit(
    caller: Caller<OperatorOnly>,
    organization: web::Path<OrganizationId>,
    request: HttpRequest,
    body: JsonBody<OrderLimitBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let organization = organization.into_inner();
    organization_state(&node, organization)?;
    let instruction = Instruction::SetOrderLimit { organization, open_orders_max: body.open_orders_max };
    let sequence = submit(&node, &request, caller.organization, &body, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &organization_state(&node, organization)?))
}
