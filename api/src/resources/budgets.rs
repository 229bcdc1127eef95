//! A buyer's own bounds on what it commits in a calendar month.

use actix_web::{HttpRequest, HttpResponse, delete, get, put, web};
use infra::node::Node;
use ledger::{Amount, Currency, Instant, OrganizationId};
use matching::{Budget, Exchange, Instruction};
use wire::budgets::{BudgetBody, NewBudgetBody};
use wire::page::Page;
use wire::problem::ProblemBody;

use super::submit;
use crate::auth::{BuyerOnly, Caller};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

fn budgets_of(node: &Node, organization: OrganizationId) -> (u64, Vec<BudgetBody>) {
    let now = node.clock.now();
    let exchange = node.view.read();
    (exchange.sequence(), budget_bodies(&exchange, organization, now))
}

/// An organization's budgets, as of the month of `now`.
pub(crate) fn budget_bodies(exchange: &Exchange, organization: OrganizationId, now: Instant) -> Vec<BudgetBody> {
    let month = now.day().month();
    let budgets = exchange.organization(organization).map(|organization| &organization.budgets);
    let shown = |(currency, budget): (&Currency, &Budget)| BudgetBody {
        currency: *currency,
        monthly: budget.monthly,
        month: month.to_string(),
        spent: budget.spent_in(month),
    };
    budgets.into_iter().flatten().map(shown).collect()
}

/// Your budgets, one per currency.
#[utoipa::path(
    operation_id = "list_budgets",
    tag = "account",
    security(("oauth2" = ["buyer"])),
    responses((status = 200, description = "The budgets", body = Page<BudgetBody>)),
)]
#[get("/account/budgets")]
pub async fn list(caller: Caller<BuyerOnly>, node: web::Data<Node>) -> HttpResponse {
    let (sequence, data) = budgets_of(&node, caller.organization);
    answer(HttpResponse::Ok(), sequence, &Page { data, next_cursor: None })
}

/// Bound what your organization commits in a calendar month: orders beyond it are refused, spot bids wait.
#[utoipa::path(
    operation_id = "set_budget",
    tag = "account",
    security(("oauth2" = ["buyer"])),
    params(("currency" = String, Path, description = "An ISO 4217 code")),
    request_body = NewBudgetBody,
    responses(
        (status = 200, description = "Your budgets", body = Page<BudgetBody>),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/account/budgets/{currency}")]
pub async fn set(
    caller: Caller<BuyerOnly>,
    currency: web::Path<Currency>,
    request: HttpRequest,
    body: JsonBody<NewBudgetBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    bound(&node, &request, caller.organization, *currency, Some(body.monthly)).await
}

/// Lift the bound on what your organization commits.
#[utoipa::path(
    operation_id = "lift_budget",
    tag = "account",
    security(("oauth2" = ["buyer"])),
    params(("currency" = String, Path, description = "An ISO 4217 code")),
    responses(
        (status = 200, description = "Your budgets", body = Page<BudgetBody>),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/account/budgets/{currency}")]
pub async fn lift(
    caller: Caller<BuyerOnly>,
    currency: web::Path<Currency>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    bound(&node, &request, caller.organization, *currency, None).await
}

async fn bound(
    node: &Node,
    request: &HttpRequest,
    organization: OrganizationId,
    currency: Currency,
    monthly: Option<Amount>,
) -> Result<HttpResponse, Problem> {
    let instruction = Instruction::SetBudget { organization, currency, monthly };
    let sequence = submit(node, request, organization, &monthly, instruction).await?.sequence;
    let (_, data) = budgets_of(node, organization);
    Ok(answer(HttpResponse::Ok(), sequence, &Page { data, next_cursor: None }))
}
