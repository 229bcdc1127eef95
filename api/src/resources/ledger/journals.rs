//! Manual journals: lines that one person proposes and another approves.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{AccountKind, Amount, ClientId, Currency, Day, JournalId, JournalLine, OrganizationId};
use matching::{Event, Exchange, Instruction, Journal, JournalStatus, NewJournal};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use wire::page::Page;
use wire::problem::ProblemBody;

use crate::auth::{Caller, FinanceOnly, Financial};
use crate::label::label;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer};
use crate::resources::controls::ReasonBody;
use crate::resources::{submit, unexpected_receipt};

/// A line of a journal.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalLineBody {
    /// The account in the chart: of the operator's own `1900-currency-position`, `2400-withheld-tax`, `3000-equity`,
    /// `4000-fee-revenue`, `4900-other-income`, `6000-expense` and `6900-bank-difference`; of organizations `2000-customer-available` and
    /// `2200-seller-payable`.
    #[schema(example = "6000-expense")]
    account: String,
    /// Whose part of it; the operator's own when not given.
    #[schema(value_type = Option<String>)]
    organization: Option<OrganizationId>,
    /// How much: a debit is positive, a credit negative.
    #[schema(value_type = String, example = "25.00")]
    amount: Amount,
}

impl JournalLineBody {
    fn line(&self) -> Result<JournalLine, Problem> {
        let unknown =
            || Problem::new(ProblemCode::AccountUnknown, format!("The chart has no account {}.", self.account));
        let account = AccountKind::from_code(&self.account).ok_or_else(unknown)?;
        Ok(JournalLine { account, organization: self.organization, amount: self.amount })
    }
}

impl From<&JournalLine> for JournalLineBody {
    fn from(line: &JournalLine) -> Self {
        Self { account: line.account.code().to_owned(), organization: line.organization, amount: line.amount }
    }
}

/// Lines to be proposed.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJournalBody {
    /// What it is for, at most 120 characters.
    #[schema(example = "goodwill for the outage of January 5")]
    text: String,
    /// The lines' currency.
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// The lines: 2 to 100, each of another account, which come to zero.
    lines: Vec<JournalLineBody>,
    /// The day it is to be dated, in a month that is open and not in the future; that of its approval when not given.
    #[schema(value_type = Option<String>, format = Date)]
    effective_date: Option<Day>,
    /// The sequence of the event whose entries it corrects.
    corrects: Option<u64>,
}

/// A manual journal.
#[derive(Serialize, ToSchema)]
pub struct JournalBody {
    /// Its id.
    id: Uuid,
    /// `proposed`, `approved` or `rejected`.
    status: &'static str,
    /// What it is for.
    text: String,
    /// The lines' currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The lines.
    lines: Vec<JournalLineBody>,
    /// The client that proposed it.
    #[schema(value_type = String)]
    proposed_by: ClientId,
    /// The client that approved or rejected it.
    #[schema(value_type = Option<String>)]
    decided_by: Option<ClientId>,
    /// Why it was rejected.
    reason: Option<String>,
    /// The day it is dated, or to be dated where that was said.
    #[schema(value_type = Option<String>, format = Date)]
    effective_date: Option<Day>,
    /// The sequence of the event whose entries it corrects.
    corrects: Option<u64>,
    /// The event that its entry records, when it is approved: `GET /v1/ledger/entries?event=…`.
    sequence: Option<u64>,
}

impl From<&Journal> for JournalBody {
    fn from(Journal { proposed, status }: &Journal) -> Self {
        let body = Self {
            id: proposed.journal.uuid(),
            status: "proposed",
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
            JournalStatus::Approved { by, day, sequence } => Self {
                status: "approved",
                decided_by: Some(*by),
                effective_date: Some(*day),
                sequence: Some(*sequence),
                ..body
            },
            JournalStatus::Rejected { by, reason } => {
                Self { status: "rejected", decided_by: Some(*by), reason: Some(reason.to_string()), ..body }
            }
        }
    }
}

impl JournalBody {
    fn find(exchange: &Exchange, id: JournalId) -> Result<Self, Problem> {
        let unknown = || Problem::new(ProblemCode::JournalUnknown, "There is no such journal.");
        exchange.accounting().journals.get(&id).map(Self::from).ok_or_else(unknown)
    }
}

/// Which journals to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JournalQuery {
    /// Only those that are `proposed`, `approved` or `rejected`.
    status: Option<JournalStatusName>,
}

/// What became of a journal.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JournalStatusName {
    /// Nothing so far.
    Proposed,
    /// It is in the books.
    Approved,
    /// It will not be in the books.
    Rejected,
}

impl JournalStatusName {
    fn is_of(self, status: &JournalStatus) -> bool {
        match status {
            JournalStatus::Proposed => matches!(self, Self::Proposed),
            JournalStatus::Approved { .. } => matches!(self, Self::Approved),
            JournalStatus::Rejected { .. } => matches!(self, Self::Rejected),
        }
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
        lines: body.lines.iter().map(JournalLineBody::line).collect::<Result<_, _>>()?,
        text: label("text", &body.text)?,
        corrects: body.corrects,
    });
    // Who proposes is part of what is asked: another person's request under the same key is another request.
    let receipt = submit(&node, &request, caller.organization, &(caller.client, &*body), instruction).await?;
    let proposed = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::JournalProposed(proposed) => Some(proposed.journal),
        _ => None,
    });
    let journal = JournalBody::find(&node.view.read(), proposed.ok_or_else(unexpected_receipt)?)?;
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
    let wanted = |journal: &&Journal| query.status.is_none_or(|status| status.is_of(&journal.status));
    let data = exchange.accounting().journals.values().filter(wanted).map(JournalBody::from).collect();
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
    let body = JournalBody::find(&exchange, JournalId::new(journal.into_inner()))?;
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
    Ok(answer(HttpResponse::Ok(), sequence, &JournalBody::find(&node.view.read(), journal)?))
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
    Ok(answer(HttpResponse::Ok(), sequence, &JournalBody::find(&node.view.read(), journal)?))
}
