//! Tax that is withheld from what sellers have paid out of their earnings.

use actix_web::{HttpRequest, HttpResponse, get, put, web};
use infra::node::Node;
use ledger::OrganizationId;
use matching::{Exchange, Instruction};
use wire::bank::withholding::WithholdingBody;
use wire::problem::ProblemBody;

use crate::auth::{Caller, FinanceOnly, Financial};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};
use crate::resources::submit;

fn withholding_body(exchange: &Exchange, organization: OrganizationId) -> Result<WithholdingBody, Problem> {
    let found = exchange.organization(organization).ok_or_else(|| Problem::not_found("organization"))?;
    Ok(WithholdingBody { basis_points: found.withholding_bps })
}

/// How much tax is withheld from an organization's payouts.
#[utoipa::path(
    operation_id = "get_withholding",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("organization" = String, Path, description = "The organization's id")),
    responses(
        (status = 200, description = "The rate", body = WithholdingBody),
        (status = 404, description = "No such organization", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/organizations/{organization}/withholding")]
pub async fn show(
    _caller: Caller<Financial>,
    organization: web::Path<OrganizationId>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let body = withholding_body(&exchange, organization.into_inner())?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &body))
}

/// Withhold tax from what an organization has paid out of its earnings, from the next payout on. What is withheld is on
/// `2400-withheld-tax` until the bank has booked that it was paid to the state.
#[utoipa::path(
    operation_id = "set_withholding",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(
        ("organization" = String, Path, description = "The organization's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = WithholdingBody,
    responses(
        (status = 200, description = "Set", body = WithholdingBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/organizations/{organization}/withholding")]
pub async fn set(
    caller: Caller<FinanceOnly>,
    organization: web::Path<OrganizationId>,
    request: HttpRequest,
    body: JsonBody<WithholdingBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let organization = organization.into_inner();
    withholding_body(&node.view.read(), organization)?;
    let instruction = Instruction::SetWithholding { organization, basis_points: body.basis_points };
    let sequence = submit(&node, &request, caller.organization, &*body, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &withholding_body(&node.view.read(), organization)?))
}
