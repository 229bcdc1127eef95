//! Contracts: what trades created, how they are paid, and how far they are delivered.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use infra::read_models::{ContractRecord, Termination};
use ledger::{Amount, BoxId, ContractId, Instant, OrganizationId};
use matching::{Event, Hour, Instruction, Price};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;
use wire::window::WindowBody;

use super::{submit, unexpected_receipt};
use crate::auth::{Caller, OperatorOnly, Trader};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, PageSpan, answer, await_reads};

/// A contract.
#[derive(Serialize, ToSchema)]
pub struct ContractBody {
    /// Its id.
    id: Uuid,
    /// Who pays.
    buyer: String,
    /// Who delivers.
    seller: String,
    /// The lot that serves it.
    lot: Uuid,
    /// The contract that it resells part of, if it does; shown to its seller, who holds that one.
    head: Option<Uuid>,
    /// Where it traded.
    market: String,
    /// How many GPUs.
    gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    price: Price,
    /// When.
    window: WindowBody,
    /// `pending` before its window, `active` within, `completed` when every hour has passed, `terminated` when it ended before its
    /// time.
    status: &'static str,
    /// Of a terminated one: `not_paid`, `outages` or `busted`.
    termination: Option<&'static str>,
    /// The hour before which it ends, where that is not the window's end.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends: Option<Hour>,
    /// What amounts are in.
    currency: String,
    /// Price and buyer's fee for the whole window.
    #[schema(value_type = String)]
    total: Amount,
    /// What the buyer has paid so far.
    #[schema(value_type = String)]
    prepaid: Amount,
    /// The part of the total for hours that were delivered.
    #[schema(value_type = String)]
    recognized: Amount,
    /// The part of the total for time that was not delivered, given back to the buyer.
    #[schema(value_type = String)]
    credited: Amount,
    /// The rest of the total, of a contract that goes on.
    #[schema(value_type = String)]
    remaining: Amount,
    /// What the buyer got back of paid hours when it ended before its time.
    #[schema(value_type = String)]
    refunded: Amount,
    /// `hours_720` or `calendar_month`; null where the contract was paid whole when it was traded.
    billing: Option<String>,
    /// The end of the hours that are paid.
    #[schema(value_type = String, format = DateTime)]
    paid_until: Hour,
    /// Charges of the next period that could not be paid so far. One not paid when the period begins ends the contract.
    missed_charges: u32,
    /// The security deposit.
    #[schema(value_type = String)]
    deposit: Amount,
    /// Hours that have passed.
    delivered_hours: u32,
    /// GPU-minutes of them that were not delivered.
    undelivered_gpu_minutes: i64,
    /// Penalties for them that the seller has paid.
    #[schema(value_type = String)]
    penalties: Amount,
    /// What the seller still owes of credits and penalties: it is paid out of what it earns next.
    #[schema(value_type = String)]
    owed_by_seller: Amount,
    /// When the seller said that the GPUs were ready.
    #[schema(value_type = Option<String>, format = DateTime)]
    ready: Option<Instant>,
    /// Where they are reached.
    endpoint: Option<String>,
    /// The box that the contract is assigned to, which earns its hours from its next period on.
    #[serde(rename = "box")]
    box_id: Option<Uuid>,
}

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
    let page = span.page_of(contracts, |contract| ContractBody::of(contract, caller.organization, now));
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
    let body = ContractBody::of(contract, caller.organization, node.clock.now());
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &body))
}

/// Whether a contract is one of an organization's.
pub(super) async fn require_own(node: &Node, organization: OrganizationId, contract: Uuid) -> Result<(), Problem> {
    read_own(node, organization, contract).await.map(drop)
}

async fn read_own(node: &Node, organization: OrganizationId, contract: Uuid) -> Result<ContractRecord, Problem> {
    await_reads(node, None).await?;
    let own = node.read_models.contracts().find(organization, ContractId::new(contract)).await?;
    own.ok_or_else(ContractBody::unknown)
}

impl ContractBody {
    /// The contract as `reader` sees it at `now`.
    pub(crate) fn of(record: ContractRecord, reader: OrganizationId, now: Instant) -> Self {
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
        Self {
            id: record.id.uuid(),
            buyer: record.buyer.to_string(),
            seller: record.seller.to_string(),
            lot: record.lot.uuid(),
            head: record.head.filter(|_| record.seller == reader).map(ContractId::uuid),
            market: record.market.to_string(),
            gpus: record.gpus,
            price: record.price,
            window: WindowBody { start: record.window_start, end: record.window_end },
            status,
            termination: record.termination.map(Termination::name),
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
    pub(crate) fn unknown() -> Problem {
        Problem::not_found("contract of your organization")
    }
}

/// Why a contract is ended.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminationBody {
    /// Why, for both sides to read, at most 120 characters.
    #[schema(example = "three outages within a week")]
    pub(crate) reason: String,
}

/// A notice that was given.
#[derive(Serialize, ToSchema)]
pub struct NoticeBody {
    /// The contract.
    contract: Uuid,
    /// The first hour that is not delivered any more. What is paid for it and later goes back to the buyer then, with the security
    /// deposit.
    #[schema(value_type = String, format = DateTime)]
    ends: Hour,
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
    let instruction = body.instruction(caller.organization, *contract)?;
    let receipt = submit(&node, &request, caller.organization, &body, instruction).await?;
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &NoticeBody::of_receipt(&receipt.rows)?))
}

impl TerminationBody {
    /// What it asks for.
    pub(crate) fn instruction(&self, organization: OrganizationId, contract: Uuid) -> Result<Instruction, Problem> {
        let (contract, reason) = (ContractId::new(contract), label("reason", &self.reason)?);
        Ok(Instruction::TerminateContract { organization, contract, reason })
    }
}

impl NoticeBody {
    /// The notice that these events gave.
    pub(crate) fn of_receipt(rows: &[Arc<LogRow>]) -> Result<Self, Problem> {
        let given = rows.iter().find_map(|row| match &row.record.event {
            Event::NoticeGiven(given) => Some(given),
            _ => None,
        });
        let given = given.ok_or_else(unexpected_receipt)?;
        Ok(Self { contract: given.contract.uuid(), ends: given.ends })
    }
}

/// Why a trade is undone.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BustBody {
    /// Why, for both sides to read, at most 120 characters.
    #[schema(example = "price mistyped by the seller")]
    pub(crate) reason: String,
}

/// A trade that was undone.
#[derive(Serialize, ToSchema)]
pub struct BustedBody {
    /// The contract.
    contract: Uuid,
    /// `terminated`.
    status: &'static str,
    /// What the buyer got back: the price, the fee and the security deposit.
    #[schema(value_type = String)]
    refund: Amount,
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
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &BustedBody::of_receipt(&receipt.rows)?))
}

impl BustedBody {
    /// The trade that these events undid.
    pub(crate) fn of_receipt(rows: &[Arc<LogRow>]) -> Result<Self, Problem> {
        let busted = rows.iter().find_map(|row| match &row.record.event {
            Event::ContractBusted(busted) => Some(busted),
            _ => None,
        });
        let busted = busted.ok_or_else(unexpected_receipt)?;
        let refund = busted.refund + busted.deposit;
        Ok(Self { contract: busted.contract.uuid(), status: "terminated", refund })
    }
}
