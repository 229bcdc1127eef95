//! Manual journals: lines that one person proposes and another approves.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{AccountKind, JournalId, JournalLine};
use matching::{Event, Exchange, Instruction, Journal, JournalStatus, NewJournal};
use uuid::Uuid;
use wire::controls::ReasonBody;
use wire::ledger::journals::{JournalBody, JournalLineBody, JournalQuery, JournalStatusName, NewJournalBody};
use wire::page::Page;
use wire::problem::ProblemBody;

use crate::auth::{Caller, FinanceOnly, Financial};
use crate::label::label;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer};
use crate::resources::{submit, unexpected_receipt};

fn journal_line(body: &JournalLineBody) -> Result<JournalLine, Problem> {
    let unknown = || Problem::new(ProblemCode::AccountUnknown, format!("The chart has no account {}.", body.account));
    let account = AccountKind::from_code(&body.account).ok_or_else(unknown)?;
    Ok(JournalLine { account, organization: body.organization, amount: body.amount })
}

fn journal_body(Journal { proposed, status }: &Journal) -> JournalBody {
    let body = JournalBody {
        id: proposed.journal.uuid(),
        status: "proposed".into(),
        text: proposed.text.to_string(),
        currency: proposed.currency,
        lines: proposed.lines.iter().map(JournalLineBody::from).collect(),
        proposed_by: proposed.by,
        decided_by: None,
        reason: None,
        effective_date: proposed.day,
        corrects: proposed.corrects,
        sequence: None,
    };
    match status {
        JournalStatus::Proposed => body,
        JournalStatus::Approved { by, day, sequence } => JournalBody {
            status: "approved".into(),
            decided_by: Some(*by),
            effective_date: Some(*day),
            sequence: Some(*sequence),
            ..body
        },
        JournalStatus::Rejected { by, reason } => {
            JournalBody { status: "rejected".into(), decided_by: Some(*by), reason: Some(reason.to_string()), ..body }
        }
    }
}

fn find_journal(exchange: &Exchange, id: JournalId) -> Result<JournalBody, Problem> {
    let unknown = || Problem::new(ProblemCode::JournalUnknown, "There is no such journal.");
    exchange.accounting().journals.get(&id).map(journal_body).ok_or_else(unknown)
}

fn is_status_of(name: JournalStatusName, status: &JournalStatus) -> bool {
    match status {
        JournalStatus::Proposed => matches!(name, JournalStatusName::Proposed),
        JournalStatus::Approved { .. } => matches!(name, JournalStatusName::Approved),
        JournalStatus::Rejected { .. } => matches!(name, JournalStatusName::Rejected),
    }
}

/// Propose lines for the books. Nothing is posted until somebody else approves them.
#[utoipa::path(
    operation_id = "propose_journal",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewJournalBody,
    responses(
        (status = 201, description = "Proposed", body = JournalBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/ledger/journals")]
pub async fn propose(
    caller: Caller<FinanceOnly>,
    request: HttpRequest,
    body: JsonBody<NewJournalBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = Instruction::ProposeJournal(NewJournal {
        by: caller.client,
        day: body.effective_date,
        currency: body.currency,
        lines: body.lines.iter().map(journal_line).collect::<Result<_, _>>()?,
        text: label("text", &body.text)?,
        corrects: body.corrects,
    });
    // Who proposes is part of what is asked: another person's request under the same key is another request.
    let receipt = submit(&node, &request, caller.organization, &(caller.client, &*body), instruction).await?;
    let proposed = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::JournalProposed(proposed) => Some(proposed.journal),
        _ => None,
    });
    let journal = find_journal(&node.view.read(), proposed.ok_or_else(unexpected_receipt)?)?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &journal))
}

/// Manual journals, in the order in which they were proposed.
#[utoipa::path(
    operation_id = "list_journals",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(JournalQuery),
    responses((status = 200, description = "The journals", body = Page<JournalBody>)),
)]
#[get("/ledger/journals")]
pub async fn list(
    _caller: Caller<Financial>,
    query: web::Query<JournalQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let wanted = |journal: &&Journal| query.status.is_none_or(|status| is_status_of(status, &journal.status));
    let data = exchange.accounting().journals.values().filter(wanted).map(journal_body).collect();
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None }))
}

/// A manual journal.
#[utoipa::path(
    operation_id = "get_journal",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("journal" = Uuid, Path, description = "The journal's id")),
    responses(
        (status = 200, description = "The journal", body = JournalBody),
        (status = 404, description = "No such journal", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/journals/{journal}")]
pub async fn show(
    _caller: Caller<Financial>,
    journal: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let body = find_journal(&exchange, JournalId::new(journal.into_inner()))?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &body))
}

/// Approve what somebody else proposed: it is posted. Its proposer may not.
#[utoipa::path(
    operation_id = "approve_journal",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(
        ("journal" = Uuid, Path, description = "The journal's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Approved", body = JournalBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/ledger/journals/{journal}/approve")]
pub async fn approve(
    caller: Caller<FinanceOnly>,
    journal: web::Path<Uuid>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let journal = JournalId::new(journal.into_inner());
    let instruction = Instruction::ApproveJournal { journal, by: caller.client };
    let sequence = submit(&node, &request, caller.organization, &caller.client, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &find_journal(&node.view.read(), journal)?))
}

/// Let a proposed journal come to nothing; its proposer takes it back.
#[utoipa::path(
    operation_id = "reject_journal",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(
        ("journal" = Uuid, Path, description = "The journal's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "Rejected", body = JournalBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/ledger/journals/{journal}/reject")]
pub async fn reject(
    caller: Caller<FinanceOnly>,
    journal: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<ReasonBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let journal = JournalId::new(journal.into_inner());
    let instruction = Instruction::RejectJournal { journal, by: caller.client, reason: label("reason", &body.reason)? };
    let sequence = submit(&node, &request, caller.organization, &(caller.client, &*body), instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &find_journal(&node.view.read(), journal)?))
}
