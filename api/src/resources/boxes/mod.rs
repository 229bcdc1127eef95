//! Boxes: their deals, version by version, and what those come to.

pub mod assignment;
pub mod collections;
pub mod life;
pub mod projection;
pub mod statement;
pub mod waterfalls;

use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use infra::node::Node;
use ledger::BoxId;
use ledger::deal::DealTerms;
use matching::{BoxRecord, BoxViewer, DealParty, DealVersion, Event, Exchange, Instruction};
use uuid::Uuid;
use wire::boxes::deals::{AssignedContractBody, BoxBody, BoxSummary, LendersBody, VersionQuery};
use wire::organizations::Role;
use wire::page::{Page, PageQuery};
use wire::problem::ProblemBody;

use crate::auth::{BoxMaker, BoxReader, Caller, FinanceOnly, RoleSet};
use crate::label::label;
use crate::problem::Problem;
use crate::request::{JsonBody, answer, position, span_of};
use crate::resources::{submit, unexpected_receipt};

/// A version of a box's deal: the newest where none is named.
fn box_body(node: &Node, id: BoxId, version: Option<usize>) -> Result<BoxBody, Problem> {
    let exchange = node.view.read();
    let record = exchange.boxes().get(id).ok_or_else(|| Problem::not_found("box"))?;
    let newest_version = record.versions.len();
    let version = version.unwrap_or(newest_version);
    let index = version.checked_sub(1).and_then(|index| record.versions.get(index));
    let DealVersion { at, by, deal } = index.ok_or_else(|| Problem::not_found("version"))?;
    let next_determination = record.next_period().map(|period| period.date);
    let life = record.life.as_ref();
    let currency = deal.terms().currency;
    let contracts = record.assigned.iter().map(|(name, contract)| {
        let owed = exchange.owed_to_box(id, *name, currency);
        AssignedContractBody { name: *name, contract: contract.uuid(), owed }
    });
    Ok(BoxBody {
        id: id.uuid(),
        version,
        newest_version,
        agreed_at: *at,
        agreed_by: *by,
        deal: deal.terms().clone(),
        closed: life.is_some(),
        standing: life.map(|life| life.standing.clone()),
        contracts: contracts.collect(),
        collected: life.iter().flat_map(|life| &life.collected).map(|paid| paid.content.amount).sum(),
        next_determination,
        due: next_determination.is_some_and(|date| date <= node.clock.now().day()),
        lenders: record.lenders.clone(),
        wound_up: life.is_some_and(|life| life.wound_up),
    })
}

fn box_summary(id: BoxId, record: &BoxRecord) -> Result<BoxSummary, Problem> {
    let terms = record.deal().ok_or_else(|| Problem::not_found("box"))?.terms();
    let (name, sponsor, currency) = (terms.name.to_string(), terms.sponsor, terms.currency);
    Ok(BoxSummary { id: id.uuid(), name, sponsor, currency, version: record.versions.len() })
}

/// Whether a caller sees a box: providers see their own, lenders those that they lend to, the operator's people all.
fn sees<R: RoleSet>(caller: &Caller<R>, record: &BoxRecord) -> bool {
    match caller.role {
        Role::Provider => record.deal().is_some_and(|deal| deal.terms().sponsor == caller.organization),
        Role::Lender => record.lenders.contains(&caller.organization),
        _ => true,
    }
}

/// A deal as a caller sent it, its name made a label: a document is read as the log has it, which checks no text.
fn with_label(mut deal: DealTerms) -> Result<DealTerms, Problem> {
    deal.name = label("name", deal.name.as_written())?;
    Ok(deal)
}

/// A box; a problem when there is none that the caller sees.
fn seen<'a, R: RoleSet>(exchange: &'a Exchange, caller: &Caller<R>, id: BoxId) -> Result<&'a BoxRecord, Problem> {
    let record = exchange.boxes().get(id).filter(|record| sees(caller, record));
    record.ok_or_else(|| Problem::not_found("box"))
}

/// For whom a caller enters or amends a deal.
fn party_of(caller: &Caller<BoxMaker>) -> DealParty {
    match caller.role {
        Role::Provider => DealParty::Sponsor(caller.organization),
        _ => DealParty::Finance,
    }
}

/// Create a box with the first version of its deal.
///
/// A provider creates boxes of its own, finance those of any sponsor.
#[utoipa::path(
    operation_id = "create_box",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["finance"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body(content = Object, description = "The deal document, whose JSON Schema is `docs/deal.schema.json`"),
    responses(
        (status = 201, description = "Created", body = BoxBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes")]
pub async fn create(
    caller: Caller<BoxMaker>,
    request: HttpRequest,
    deal: JsonBody<DealTerms>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let deal = deal.into_inner();
    let deal = with_label(deal)?;
    let party = party_of(&caller);
    let instruction = Instruction::CreateBox { deal: Box::new(deal.clone()), party, by: caller.client };
    let receipt = submit(&node, &request, caller.organization, &(caller.client, &deal), instruction).await?;
    let created = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::BoxCreated(created) => Some(created.box_id),
        _ => None,
    });
    let body = box_body(&node, created.ok_or_else(unexpected_receipt)?, Some(1))?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &body))
}

/// The boxes that the caller sees, in the order of their creation.
#[utoipa::path(
    operation_id = "list_boxes",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["lender"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(PageQuery),
    responses((status = 200, description = "A page of boxes", body = Page<BoxSummary>)),
)]
#[get("/boxes")]
pub async fn list(
    caller: Caller<BoxReader>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = span_of(&query, &node).await?;
    let viewer = match caller.role {
        Role::Provider => BoxViewer::Sponsor(caller.organization),
        Role::Lender => BoxViewer::Lender(caller.organization),
        _ => BoxViewer::Operator,
    };
    let exchange = node.view.read();
    let seen = exchange.boxes().seen_by(viewer, span.after_sequence(), span.fetch_items());
    let page = span.page(&seen, |(_, record)| position(record.created), |(id, record)| box_summary(*id, record))?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &page))
}

/// Say who lends to a box: the clients of the role `lender` of these organizations see it, its deal, projections, runs and statements.
#[utoipa::path(
    operation_id = "set_lenders",
    tag = "boxes",
    security(("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = LendersBody,
    responses(
        (status = 200, description = "Said", body = BoxBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/boxes/{box}/lenders")]
pub async fn set_lenders(
    caller: Caller<FinanceOnly>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<LendersBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let instruction = Instruction::SetLenders { box_id: id, lenders: body.lenders.clone(), by: caller.client };
    let content = (caller.client, id, &*body);
    let sequence = submit(&node, &request, caller.organization, &content, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &box_body(&node, id, None)?))
}

/// A box with its deal.
#[utoipa::path(
    operation_id = "get_box",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["lender"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("box" = Uuid, Path, description = "The box's id"), VersionQuery),
    responses(
        (status = 200, description = "The box", body = BoxBody),
        (status = 404, description = "No such box, or no such version", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/boxes/{box}")]
pub async fn show(
    caller: Caller<BoxReader>,
    id: web::Path<Uuid>,
    query: web::Query<VersionQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    let sequence = {
        let exchange = node.view.read();
        seen(&exchange, &caller, id)?;
        exchange.sequence()
    };
    Ok(answer(HttpResponse::Ok(), sequence, &box_body(&node, id, query.version)?))
}

/// Amend a box's deal: a new version that holds from now on. Sponsor, currency, closing and determination dates
/// stay, and so does what the box owes, holds or is short of. Before the closing the sponsor amends its deal, after it finance alone.
#[utoipa::path(
    operation_id = "amend_deal",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body(content = Object, description = "The deal document as it is to be"),
    responses(
        (status = 200, description = "Amended", body = BoxBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[put("/boxes/{box}/deal")]
pub async fn amend(
    caller: Caller<BoxMaker>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    deal: JsonBody<DealTerms>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let (id, deal) = (BoxId::new(id.into_inner()), deal.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let deal = with_label(deal)?;
    let party = party_of(&caller);
    let instruction = Instruction::AmendDeal { box_id: id, deal: Box::new(deal.clone()), party, by: caller.client };
    let receipt = submit(&node, &request, caller.organization, &(caller.client, &deal), instruction).await?;
    let version = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::DealAmended(amended) => usize::try_from(amended.version).ok(),
        _ => None,
    });
    let body = box_body(&node, id, Some(version.ok_or_else(unexpected_receipt)?))?;
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &body))
}
