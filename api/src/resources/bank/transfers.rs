//! Money that organizations pay in, and have paid out.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use ledger::{Amount, DepositId, OrganizationId, PayoutId};
use matching::{Event, Exchange, Instruction, OpenDeposit, OpenPayout, PayoutSource};
use uuid::Uuid;
use wire::bank::transfers::{PayoutBody, TransferBody, TransferRequest};
use wire::controls::ReasonBody;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;

use crate::auth::{Caller, FinanceOnly, Trader};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, PageSpan, answer, position, span_of};
use crate::resources::{submit, unexpected_receipt};

fn transfer_body(id: DepositId, deposit: &OpenDeposit) -> TransferBody {
    let received = deposit.amount - deposit.left;
    TransferBody {
        id: id.uuid(),
        reference: deposit.reference,
        amount: deposit.amount,
        currency: deposit.currency,
        received,
        status: match deposit.left {
            left if left <= Amount::ZERO => "matched",
            _ if received.is_zero() => "expected",
            _ => "partially_matched",
        }
        .into(),
    }
}

/// The deposit that these events announced.
pub(crate) fn transfer_of_receipt(exchange: &Exchange, rows: &[Arc<LogRow>]) -> Result<TransferBody, Problem> {
    let expected = rows.iter().find_map(|row| match &row.record.event {
        Event::DepositExpected(expected) => Some(expected.deposit),
        _ => None,
    });
    let found = expected.and_then(|id| Some((id, exchange.bank().items.deposit(id)?)));
    found.map(|(id, deposit)| transfer_body(id, deposit)).ok_or_else(unexpected_receipt)
}

/// A page of an organization's deposits, oldest first.
pub(crate) fn transfer_page(
    exchange: &Exchange,
    organization: OrganizationId,
    span: PageSpan,
) -> Result<Page<TransferBody>, Problem> {
    let own = exchange.bank().items.deposits_of(organization, span.after_sequence());
    let rows: Vec<_> = own.take(span.fetch_items()).collect();
    span.page(&rows, |(event, ..)| position(*event), |(_, id, deposit)| Ok(transfer_body(*id, deposit)))
}

fn payout_body(id: PayoutId, payout: &OpenPayout) -> PayoutBody {
    PayoutBody {
        id: id.uuid(),
        reference: payout.reference,
        amount: payout.amount + payout.withheld,
        currency: payout.currency,
        withheld: payout.withheld,
        in_transit: payout.left.max(Amount::ZERO),
        status: match payout {
            _ if payout.returned => "returned",
            _ if payout.left > Amount::ZERO => "in_transit",
            _ => "paid",
        }
        .into(),
    }
}

/// A payout by its id.
fn find_payout(exchange: &Exchange, id: PayoutId) -> Option<PayoutBody> {
    exchange.bank().items.payout(id).map(|payout| payout_body(id, payout))
}

/// The payout that these events asked for, or gave back.
pub(crate) fn payout_of_receipt(exchange: &Exchange, rows: &[Arc<LogRow>]) -> Result<PayoutBody, Problem> {
    let id = rows.iter().find_map(|row| match &row.record.event {
        Event::PayoutRequested(requested) => Some(requested.payout),
        Event::PayoutReturned(returned) => Some(returned.payout),
        _ => None,
    });
    id.and_then(|id| find_payout(exchange, id)).ok_or_else(unexpected_receipt)
}

/// A page of an organization's payouts from a source, oldest first.
pub(crate) fn payout_page(
    exchange: &Exchange,
    organization: OrganizationId,
    source: PayoutSource,
    span: PageSpan,
) -> Result<Page<PayoutBody>, Problem> {
    let own = exchange.bank().items.payouts_of(organization, source, span.after_sequence());
    let rows: Vec<_> = own.take(span.fetch_items()).collect();
    span.page(&rows, |(event, ..)| position(*event), |(_, id, payout)| Ok(payout_body(*id, payout)))
}

/// Announce a deposit. It is credited when the bank has booked money that quotes its reference.
#[utoipa::path(
    operation_id = "expect_deposit",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = TransferRequest,
    responses(
        (status = 201, description = "Expected", body = TransferBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/account/deposits")]
pub async fn expect(
    caller: Caller<Trader>,
    request: HttpRequest,
    body: JsonBody<TransferRequest>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let (organization, TransferRequest { amount, currency }) = (caller.organization, body.into_inner());
    let instruction = Instruction::ExpectDeposit { organization, amount, currency };
    let receipt = submit(&node, &request, organization, &TransferRequest { amount, currency }, instruction).await?;
    let body = transfer_of_receipt(&node.view.read(), &receipt.rows)?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &body))
}

/// Your deposits, oldest first.
#[utoipa::path(
    operation_id = "list_deposits",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(PageQuery),
    responses((status = 200, description = "A page of deposits", body = Page<TransferBody>)),
)]
#[get("/account/deposits")]
pub async fn deposits(
    caller: Caller<Trader>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = span_of(&query, &node).await?;
    let exchange = node.view.read();
    let page = transfer_page(&exchange, caller.organization, span)?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &page))
}

async fn ask_for(
    node: &Node,
    request: &HttpRequest,
    organization: OrganizationId,
    body: &TransferRequest,
    source: PayoutSource,
) -> Result<HttpResponse, Problem> {
    let TransferRequest { amount, currency } = *body;
    let instruction = Instruction::RequestPayout { organization, amount, currency, source };
    let receipt = submit(node, request, organization, body, instruction).await?;
    let payout = payout_of_receipt(&node.view.read(), &receipt.rows)?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &payout))
}

async fn list(
    node: &Node,
    organization: OrganizationId,
    source: PayoutSource,
    query: &PageQuery,
) -> Result<HttpResponse, Problem> {
    let span = span_of(query, node).await?;
    let exchange = node.view.read();
    let page = payout_page(&exchange, organization, source, span)?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &page))
}

/// Withdraw money that is free. It is in transit until the bank has booked it.
#[utoipa::path(
    operation_id = "request_withdrawal",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = TransferRequest,
    responses(
        (status = 201, description = "In transit", body = PayoutBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/account/withdrawals")]
pub async fn withdraw(
    caller: Caller<Trader>,
    request: HttpRequest,
    body: JsonBody<TransferRequest>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    ask_for(&node, &request, caller.organization, &body, PayoutSource::Available).await
}

/// Your withdrawals, oldest first.
#[utoipa::path(
    operation_id = "list_withdrawals",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(PageQuery),
    responses((status = 200, description = "A page of withdrawals", body = Page<PayoutBody>)),
)]
#[get("/account/withdrawals")]
pub async fn withdrawals(
    caller: Caller<Trader>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    list(&node, caller.organization, PayoutSource::Available, &query).await
}

/// Have paid out what you have earned by delivering. It is in transit until the bank has booked it.
#[utoipa::path(
    operation_id = "request_payout",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = TransferRequest,
    responses(
        (status = 201, description = "In transit", body = PayoutBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/payouts")]
pub async fn pay_out(
    caller: Caller<Trader>,
    request: HttpRequest,
    body: JsonBody<TransferRequest>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    ask_for(&node, &request, caller.organization, &body, PayoutSource::Payable).await
}

/// Your payouts, oldest first.
#[utoipa::path(
    operation_id = "list_payouts",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(PageQuery),
    responses((status = 200, description = "A page of payouts", body = Page<PayoutBody>)),
)]
#[get("/payouts")]
pub async fn payouts(
    caller: Caller<Trader>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    list(&node, caller.organization, PayoutSource::Payable, &query).await
}

/// Give a payout or a withdrawal back that did not leave the bank.
#[utoipa::path(
    operation_id = "return_payout",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(
        ("payout" = Uuid, Path, description = "The payout's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Given back", body = PayoutBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/payouts/{payout}/return")]
pub async fn return_payout(
    caller: Caller<FinanceOnly>,
    payout: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<ReasonBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = PayoutId::new(*payout);
    find_payout(&node.view.read(), id).ok_or_else(|| Problem::not_found("payout"))?;
    let instruction = Instruction::ReturnPayout { payout: id, reason: label("reason", &body.reason)? };
    let receipt = submit(&node, &request, caller.organization, &*body, instruction).await?;
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &payout_of_receipt(&node.view.read(), &receipt.rows)?))
}
