//! Contracts: what trades created, how they are paid, and how far they are delivered.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use infra::read_models::{ContractRecord, Termination};
use ledger::{Amount, BoxId, ContractId, Instant, OrganizationId};
use matching::{Event, Instruction};
use uuid::Uuid;
use wire::contracts::{BustBody, BustedBody, ContractBody, NoticeBody, TerminationBody};
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;
use wire::window::WindowBody;

use super::{submit, unexpected_receipt};
use crate::auth::{Caller, OperatorOnly, Trader};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, PageSpan, answer, await_reads};

/// Your contracts, oldest first.
#[utoipa::path(
    operation_id = "list_contracts",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(PageQuery),
    responses((status = 200, description = "A page of contracts", body = Page<ContractBody>)),
)]
#[get("/contracts")]
pub async fn list(
    caller: Caller<Trader>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, query.min_sequence).await?;
    let contracts = node.read_models.contracts().page(caller.organization, span.after, span.fetch()).await?;
    let now = node.clock.now();
    let page = span.page_of(contracts, |contract| contract_body(contract, caller.organization, now));
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}

/// One of your contracts.
#[utoipa::path(
    operation_id = "get_contract",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("contract" = Uuid, Path, description = "The contract's id")),
    responses(
        (status = 200, description = "The contract", body = ContractBody),
        (status = 404, description = "No such contract of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/contracts/{contract}")]
pub async fn show(
    caller: Caller<Trader>,
    contract: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let contract = read_own(&node, caller.organization, *contract).await?;
    let body = contract_body(contract, caller.organization, node.clock.now());
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &body))
}

/// Whether a contract is one of an organization's.
pub(super) async fn require_own(node: &Node, organization: OrganizationId, contract: Uuid) -> Result<(), Problem> {
    read_own(node, organization, contract).await.map(drop)
}

async fn read_own(node: &Node, organization: OrganizationId, contract: Uuid) -> Result<ContractRecord, Problem> {
    await_reads(node, None).await?;
    let own = node.read_models.contracts().find(organization, ContractId::new(contract)).await?;
    own.ok_or_else(contract_unknown)
}

/// The contract as `reader` sees it at `now`.
pub(crate) fn contract_body(record: ContractRecord, reader: OrganizationId, now: Instant) -> ContractBody {
    let is_terminated = record.termination.is_some();
    let status = if is_terminated {
        "terminated"
    } else if record.delivered_hours >= record.window_end.hours() - record.window_start.hours() {
        "completed"
    } else if record.window_start.start() <= now {
        "active"
    } else {
        "pending"
    };
    let left = record.total - record.recognized - record.credited;
    ContractBody {
        id: record.id.uuid(),
        buyer: record.buyer.to_string(),
        seller: record.seller.to_string(),
        lot: record.lot.uuid(),
        head: record.head.filter(|_| record.seller == reader).map(ContractId::uuid),
        market: record.market.to_string(),
        gpus: record.gpus,
        price: record.price,
        window: WindowBody { start: record.window_start, end: record.window_end },
        status: status.into(),
        termination: record.termination.map(Termination::name).map(Into::into),
        ends: record.ends,
        currency: record.currency.to_string(),
        total: record.total,
        prepaid: record.paid,
        recognized: record.recognized,
        credited: record.credited,
        remaining: if is_terminated { Amount::ZERO } else { left },
        refunded: record.refunded,
        billing: record.billing,
        paid_until: record.paid_until,
        missed_charges: record.missed_charges,
        deposit: record.deposit,
        delivered_hours: record.delivered_hours,
        undelivered_gpu_minutes: record.undelivered_minutes,
        penalties: record.penalties,
        owed_by_seller: record.owed,
        ready: record.ready,
        endpoint: record.endpoint,
        box_id: record.box_id.map(BoxId::uuid),
    }
}

/// The problem that an organization has no such contract.
pub(crate) fn contract_unknown() -> Problem {
    Problem::not_found("contract of your organization")
}

/// End a contract because of its outages, after the hour in progress: as often within 720 hours as its lot's `termination_outages`
/// says, or when it is not ready 24 hours after its start.
#[utoipa::path(
    operation_id = "terminate_contract",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(
        ("contract" = Uuid, Path, description = "The contract's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = TerminationBody,
    responses(
        (status = 200, description = "It ends", body = NoticeBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/contracts/{contract}/terminate")]
pub async fn terminate(
    caller: Caller<Trader>,
    contract: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<TerminationBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    require_own(&node, caller.organization, *contract).await?;
    let instruction = termination_instruction(&body, caller.organization, *contract)?;
    let receipt = submit(&node, &request, caller.organization, &body, instruction).await?;
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &notice_of_receipt(&receipt.rows)?))
}

/// What a body asks for.
pub(crate) fn termination_instruction(
    body: &TerminationBody,
    organization: OrganizationId,
    contract: Uuid,
) -> Result<Instruction, Problem> {
    let (contract, reason) = (ContractId::new(contract), label("reason", &body.reason)?);
    Ok(Instruction::TerminateContract { organization, contract, reason })
}

/// The notice that these events gave.
pub(crate) fn notice_of_receipt(rows: &[Arc<LogRow>]) -> Result<NoticeBody, Problem> {
    let given = rows.iter().find_map(|row| match &row.record.event {
        Event::NoticeGiven(given) => Some(given),
        _ => None,
    });
    let given = given.ok_or_else(unexpected_receipt)?;
    Ok(NoticeBody { contract: given.contract.uuid(), ends: given.ends })
}

/// Undo a trade made in error, before its delivery begins: the buyer is refunded and the capacity returns.
#[utoipa::path(
    operation_id = "bust_contract",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("contract" = Uuid, Path, description = "The contract's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = BustBody,
    responses(
        (status = 200, description = "Undone", body = BustedBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/contracts/{contract}/bust")]
pub async fn bust(
    caller: Caller<OperatorOnly>,
    contract: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<BustBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let instruction =
        Instruction::BustContract { contract: ContractId::new(*contract), reason: label("reason", &body.reason)? };
    let receipt = submit(&node, &request, caller.organization, &body, instruction).await?;
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &busted_of_receipt(&receipt.rows)?))
}

/// The trade that these events undid.
pub(crate) fn busted_of_receipt(rows: &[Arc<LogRow>]) -> Result<BustedBody, Problem> {
    let busted = rows.iter().find_map(|row| match &row.record.event {
        Event::ContractBusted(busted) => Some(busted),
        _ => None,
    });
    let busted = busted.ok_or_else(unexpected_receipt)?;
    let refund = busted.refund + busted.deposit;
    Ok(BustedBody { contract: busted.contract.uuid(), status: "terminated".into(), refund })
}
