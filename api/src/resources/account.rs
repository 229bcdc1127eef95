//! An organization's money with the exchange.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use ledger::{AccountKind, Currency, OrganizationId};
use matching::{Event, Exchange, Instruction};
use wire::account::{BalanceBody, DepositBody, NewDepositBody};
use wire::page::Page;
use wire::problem::ProblemBody;

use super::{submit, unexpected_receipt};
use crate::auth::{Caller, OperatorOnly, Trader};
use crate::label::label;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer};

/// Your balances, one per currency that a market trades in or you have.
#[utoipa::path(
    operation_id = "list_balances",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    responses((status = 200, description = "The balances", body = Page<BalanceBody>)),
)]
#[get("/account/balances")]
pub async fn balances(caller: Caller<Trader>, node: web::Data<Node>) -> HttpResponse {
    let exchange = node.view.read();
    let data = balances_of(&exchange, caller.organization);
    answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None })
}

/// An organization's balances, one per currency that a market trades in or it has.
pub(crate) fn balances_of(exchange: &Exchange, organization: OrganizationId) -> Vec<BalanceBody> {
    let mut currencies = exchange.books().currencies_of(organization);
    currencies.extend(exchange.venue().markets().map(|market| market.spec.currency));
    let of = |kind, currency| exchange.books().customer(kind, organization, currency);
    let balance = |currency: Currency| BalanceBody {
        currency,
        available: of(AccountKind::CustomerAvailable, currency),
        held: of(AccountKind::CustomerHeld, currency),
        payable: of(AccountKind::SellerPayable, currency),
    };
    currencies.into_iter().map(balance).collect()
}

/// Credit a deposit by hand, on an exchange with a simulated clock. Others credit what a bank statement shows.
#[utoipa::path(
    operation_id = "credit_deposit",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewDepositBody,
    responses(
        (status = 201, description = "Credited", body = DepositBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/deposits")]
pub async fn deposit(
    caller: Caller<OperatorOnly>,
    request: HttpRequest,
    body: JsonBody<NewDepositBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    if !node.clock.is_simulated() {
        let detail = "Money is credited when a bank statement shows it.";
        return Err(Problem::new(ProblemCode::DepositByBank, detail));
    }
    let receipt = submit(&node, &request, caller.organization, &*body, deposit_instruction(&body)?).await?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &deposit_of_receipt(&receipt.rows)?))
}

/// What a body asks for.
pub(crate) fn deposit_instruction(body: &NewDepositBody) -> Result<Instruction, Problem> {
    let NewDepositBody { organization, amount, currency, .. } = *body;
    let reference = label("reference", &body.reference)?;
    Ok(Instruction::RecordDeposit { organization, amount, currency, reference })
}

/// The deposit that these events credited.
pub(crate) fn deposit_of_receipt(rows: &[Arc<LogRow>]) -> Result<DepositBody, Problem> {
    let received = rows.iter().find_map(|row| match &row.record.event {
        Event::DepositReceived(received) => Some(received),
        _ => None,
    });
    let received = received.ok_or_else(unexpected_receipt)?;
    Ok(DepositBody {
        id: received.deposit.uuid(),
        organization: received.organization,
        amount: received.amount,
        currency: received.currency,
        reference: received.reference.to_string(),
        status: "credited".into(),
    })
}
