//! Deliveries and outages: what the two sides of a contract say of it, and what an operator rules.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use infra::read_models::{OutageFilter, OutageRecord, OutageStatus};
use ledger::{ContractId, OrganizationId};
use matching::{Event, Instruction, NewOutage, OutageId};
use serde::Serialize;
use uuid::Uuid;
use wire::organizations::Role;
use wire::outages::{DeliveryBody, NewOutageBody, OutageBody, OutageQuery, ReadyBody, RestoreBody, RulingBody};
use wire::page::Page;
use wire::problem::ProblemBody;

use super::contracts::require_own;
use super::{begun, submit, unexpected_receipt};
use crate::auth::{Caller, OperatorOnly, Trader, TraderOrOperator};
use crate::label::{label, label_if_given};
use crate::problem::Problem;
use crate::request::{JsonBody, PageSpan, answer, await_reads, unknown_name};

/// Say that a contract's GPUs are ready, or where they are reached. Of a lot with `delivery` `confirmed`, time counts as delivered
/// from then on.
#[utoipa::path(
    operation_id = "confirm_delivery",
    tag = "provider",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(
        ("contract" = Uuid, Path, description = "The contract's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = ReadyBody,
    responses(
        (status = 200, description = "Noted", body = DeliveryBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/deliveries/{contract}/ready")]
pub async fn confirm(
    caller: Caller<Trader>,
    contract: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<ReadyBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    require_own(&node, caller.organization, *contract).await?;
    let instruction = ready_instruction(&body, caller.organization, *contract)?;
    let receipt = submit(&node, &request, caller.organization, &*body, instruction).await?;
    let events = receipt.rows.iter().map(|row| &row.record.event);
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &delivery_of_events(events)?))
}

/// What a body asks for.
pub(crate) fn ready_instruction(
    body: &ReadyBody,
    organization: OrganizationId,
    contract: Uuid,
) -> Result<Instruction, Problem> {
    let (contract, ready) = (ContractId::new(contract), body.ready);
    let endpoint = label_if_given("endpoint", body.endpoint.as_deref())?;
    Ok(Instruction::ConfirmDelivery { organization, contract, ready, endpoint })
}

/// What these events say of a delivery.
pub(crate) fn delivery_of_events<'a>(mut events: impl Iterator<Item = &'a Event>) -> Result<DeliveryBody, Problem> {
    let said = events.find_map(|event| match event {
        Event::DeliveryReady(said) => Some(said),
        _ => None,
    });
    let said = said.ok_or_else(unexpected_receipt)?;
    Ok(DeliveryBody {
        contract: said.contract.uuid(),
        ready: said.ready,
        endpoint: said.endpoint.as_ref().map(ToString::to_string),
    })
}

/// What a body asks for.
pub(crate) fn outage_instruction(body: &NewOutageBody, organization: OrganizationId) -> Result<Instruction, Problem> {
    Ok(Instruction::OpenOutage(NewOutage {
        organization,
        contract: ContractId::new(body.contract),
        gpus: body.gpus,
        from: body.from,
        until: body.until,
        reason: label("reason", &body.reason)?,
    }))
}

/// What a body asks for.
pub(crate) fn ruling_instruction(body: &RulingBody, outage: Uuid) -> Result<Instruction, Problem> {
    let RulingBody { upheld, gpus, from, until, .. } = *body;
    let (outage, reason) = (OutageId::new(outage), label("reason", &body.reason)?);
    Ok(Instruction::RuleOutage { outage, upheld, gpus, from, until, reason })
}

pub(crate) fn outage_body(outage: OutageRecord) -> OutageBody {
    OutageBody {
        id: outage.id.uuid(),
        contract: outage.contract.uuid(),
        market: outage.market.to_string(),
        buyer: outage.buyer.to_string(),
        seller: outage.seller.to_string(),
        opened_by: outage.opened_by.to_string(),
        opened_at: outage.opened_at,
        gpus: outage.gpus,
        from: outage.from,
        until: outage.until,
        reason: outage.reason,
        status: outage.status.name().into(),
        ruling: outage.ruling,
        gpu_minutes: outage.gpu_minutes,
        credit: outage.credit,
        penalty: outage.penalty,
    }
}

/// The problem that there is no such outage.
pub(crate) fn outage_unknown() -> Problem {
    Problem::not_found("outage of your organization's contracts")
}

/// The outages that a query asks for, of those that `reader` sees.
///
/// # Errors
/// A [`Problem`] with the code `invalid_query` when there is no such status.
pub(crate) fn outage_filter(query: &OutageQuery, reader: Option<OrganizationId>) -> Result<OutageFilter, Problem> {
    let named = |name: &str| {
        let names = OutageStatus::ALL.iter().map(|status| status.name());
        OutageStatus::named(name).ok_or_else(|| unknown_name("status", names))
    };
    let status = query.status.as_deref().map(named).transpose()?;
    Ok(OutageFilter { reader, contract: query.contract, status })
}

/// Open an outage of a contract of yours, as its buyer or its seller. It counts once the other side accepts it or an operator upholds
/// it.
#[utoipa::path(
    operation_id = "open_outage",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewOutageBody,
    responses(
        (status = 201, description = "Opened", body = OutageBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/outages")]
pub async fn open(
    caller: Caller<Trader>,
    request: HttpRequest,
    body: JsonBody<NewOutageBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = outage_instruction(&body, caller.organization)?;
    let receipt = submit(&node, &request, caller.organization, &*body, instruction).await?;
    let opened: OutageRecord = begun(&receipt.rows)?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &outage_body(opened)))
}

/// Outages of your contracts, oldest first; an operator sees those of all.
#[utoipa::path(
    operation_id = "list_outages",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["operator"])),
    params(OutageQuery),
    responses((status = 200, description = "A page of outages", body = Page<OutageBody>)),
)]
#[get("/outages")]
pub async fn list(
    caller: Caller<TraderOrOperator>,
    query: web::Query<OutageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, None).await?;
    let filter = outage_filter(&query, reader_of(&caller))?;
    let outages = node.read_models.outages().page(&filter, span.after, span.fetch()).await?;
    let page = span.page_of(outages, outage_body);
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &page))
}

/// One of them.
#[utoipa::path(
    operation_id = "get_outage",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["operator"])),
    params(("outage" = Uuid, Path, description = "The outage's id")),
    responses(
        (status = 200, description = "The outage", body = OutageBody),
        (status = 404, description = "No such outage of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/outages/{outage}")]
pub async fn show(
    caller: Caller<TraderOrOperator>,
    outage: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = read(&node, *outage, reader_of(&caller)).await?;
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &body))
}

/// Whose outages a caller sees: its own, or, as an operator, all.
fn reader_of(caller: &Caller<TraderOrOperator>) -> Option<OrganizationId> {
    (caller.role != Role::Operator).then_some(caller.organization)
}

async fn read(node: &Node, outage: Uuid, reader: Option<OrganizationId>) -> Result<OutageBody, Problem> {
    await_reads(node, None).await?;
    let outage = node.read_models.outages().find(reader, OutageId::new(outage)).await?;
    outage.map(outage_body).ok_or_else(outage_unknown)
}

/// Carries out what is said of an outage, by an operator or one of its two sides, and answers with what it is then.
async fn say<T: Serialize>(
    node: &Node,
    request: &HttpRequest,
    (organization, role): (OrganizationId, Role),
    outage: Uuid,
    content: &T,
    instruction: Instruction,
) -> Result<HttpResponse, Problem> {
    read(node, outage, (role != Role::Operator).then_some(organization)).await?;
    let receipt = submit(node, request, organization, content, instruction).await?;
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &read(node, outage, None).await?))
}

/// Accept the other side's outage: its time is not billed, and what was is given back.
#[utoipa::path(
    operation_id = "accept_outage",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(
        ("outage" = Uuid, Path, description = "The outage's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Settled", body = OutageBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/outages/{outage}/accept")]
pub async fn accept(
    caller: Caller<Trader>,
    outage: web::Path<Uuid>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let organization = caller.organization;
    let instruction = Instruction::AcceptOutage { organization, outage: OutageId::new(*outage) };
    say(&node, &request, (organization, caller.role), *outage, &(), instruction).await
}

/// Take back an outage that you opened and that is not settled.
#[utoipa::path(
    operation_id = "withdraw_outage",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(
        ("outage" = Uuid, Path, description = "The outage's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Dismissed", body = OutageBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/outages/{outage}/withdraw")]
pub async fn withdraw(
    caller: Caller<Trader>,
    outage: web::Path<Uuid>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let organization = caller.organization;
    let instruction = Instruction::WithdrawOutage { organization, outage: OutageId::new(*outage) };
    say(&node, &request, (organization, caller.role), *outage, &(), instruction).await
}

/// Say that an outage has ended, as either side.
#[utoipa::path(
    operation_id = "restore_outage",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(
        ("outage" = Uuid, Path, description = "The outage's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = RestoreBody,
    responses(
        (status = 200, description = "Ended", body = OutageBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/outages/{outage}/restore")]
pub async fn restore(
    caller: Caller<Trader>,
    outage: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<RestoreBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let organization = caller.organization;
    let instruction = Instruction::RestoreOutage { organization, outage: OutageId::new(*outage), until: body.until };
    say(&node, &request, (organization, caller.role), *outage, &*body, instruction).await
}

/// Rule on an outage that one side claims.
#[utoipa::path(
    operation_id = "rule_on_outage",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("outage" = Uuid, Path, description = "The outage's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = RulingBody,
    responses(
        (status = 200, description = "Ruled on", body = OutageBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/outages/{outage}/ruling")]
pub async fn rule(
    caller: Caller<OperatorOnly>,
    outage: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<RulingBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = ruling_instruction(&body, *outage)?;
    say(&node, &request, (caller.organization, caller.role), *outage, &*body, instruction).await
}
