//! Statements of organizations and of contracts: for finance of everyone, for traders of their own.

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{BookId, SectionsOf, Snapshot, StatementSection, book_of, has_bought};
use ledger::{ContractId, EntityId, OrganizationId, Owner};
use wire::ledger::statements::{OwnStatementQuery, ScopeBody, StatementBody, StatementQuery, StatementScopeBody};
use wire::problem::ProblemBody;

use super::account_lines::owner_of;
use super::day_span::DaySpan;
use super::found_book;
use super::statement::statement_format;
use super::statement::{Frame, Statement};
use super::streaming::{Reading, Reports};
use crate::auth::{Caller, Financial, Trader};
use crate::problem::{Problem, ProblemCode};
use crate::request::await_reads;
use crate::resources::contracts::contract_unknown;

/// A statement over all accounts of an organization or a contract.
#[utoipa::path(
    operation_id = "get_statement",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(StatementQuery),
    responses(
        (status = 200, description = "The statement, streamed", content((StatementBody = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such entity or owner", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many reports at a time", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/statements")]
pub async fn of_owner(
    _caller: Caller<Financial>,
    request: HttpRequest,
    query: web::Query<StatementQuery>,
    node: web::Data<Node>,
    reports: web::Data<Reports>,
) -> Result<HttpResponse, Problem> {
    let entity = query.entity();
    let StatementQuery { owner, from, to, format, .. } = query.into_inner();
    let span = DaySpan::of(from, to)?;
    let owner = statement_owner(&owner)?;
    let reading = Reading::begin(&node, reports.turn_of_finance().await?).await?;
    let client = reading.snapshot().client();
    let book = found_book(book_of(client, &entity).await?, &entity)?;
    let sections = SectionsOf { book, owner, contract: None, from: span.from }.read(client).await?;
    if sections.is_empty() && !is_registered(&node, owner) {
        return Err(owner_unknown(owner));
    }
    let scope = ScopeBody { entity, from: span.from, to: span.to, sequence: reading.snapshot().sequence() };
    let of = StatementScopeBody { scope, owner: owner.to_string(), contract: None };
    let format = statement_format(format, &request);
    Ok(Statement { book, frame: Frame::Owner(of), sections, format }.answer(HttpResponse::Ok(), reading))
}

/// The owner of a statement: somebody, not the entity itself.
pub(crate) fn statement_owner(name: &str) -> Result<Owner, Problem> {
    match owner_of(name)? {
        Owner::Entity => {
            let detail =
                "A statement is of org:<id> or contract:<id>; the entity's own accounts are listed one by one.";
            Err(Problem::new(ProblemCode::InvalidQuery, detail))
        }
        owner => Ok(owner),
    }
}

/// The problem that nobody of this name has accounts.
pub(crate) fn owner_unknown(owner: Owner) -> Problem {
    Problem::new(ProblemCode::OwnerUnknown, format!("{owner} has no accounts here."))
}

/// Whether an organization is there that may not have had any money yet.
fn is_registered(node: &Node, owner: Owner) -> bool {
    matches!(owner, Owner::Organization(id) if node.view.read().organization(id).is_some())
}

/// Your statement: every line on your accounts. With `contract`, those lines that concern it, and of a contract that you bought
/// its prepayment as well.
#[utoipa::path(
    operation_id = "get_own_statement",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(OwnStatementQuery),
    responses(
        (status = 200, description = "The statement, streamed", content((StatementBody = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such contract of yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many reports at a time", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/account/statement")]
pub async fn own(
    caller: Caller<Trader>,
    request: HttpRequest,
    query: web::Query<OwnStatementQuery>,
    node: web::Data<Node>,
    reports: web::Data<Reports>,
) -> Result<HttpResponse, Problem> {
    let OwnStatementQuery { contract, from, to, format } = query.into_inner();
    let span = DaySpan::of(from, to)?;
    if contract.is_some() {
        await_reads(&node, None).await?;
    }
    let reading = Reading::begin(&node, reports.turn_of_trader(caller.organization).await?).await?;
    let owner = Owner::Organization(caller.organization);
    let of = SectionsOf { book: BookId::OPERATOR, owner, contract: contract.map(ContractId::new), from: span.from };
    let sections = own_sections(reading.snapshot(), caller.organization, of).await?;
    let entity = EntityId::Operator.to_string();
    let scope = ScopeBody { entity, from: span.from, to: span.to, sequence: reading.snapshot().sequence() };
    let frame = Frame::Owner(StatementScopeBody { scope, owner: owner.to_string(), contract });
    let format = statement_format(format, &request);
    Ok(Statement { book: of.book, frame, sections, format }.answer(HttpResponse::Ok(), reading))
}

/// An organization's own accounts; of one of its contracts only, where that is asked for.
async fn own_sections(
    snapshot: &Snapshot,
    organization: OrganizationId,
    of: SectionsOf,
) -> Result<Vec<StatementSection>, Problem> {
    let client = snapshot.client();
    let Some(contract) = of.contract else { return Ok(of.read(client).await?) };
    let has_bought = has_bought(client, contract, organization).await?.ok_or_else(contract_unknown)?;
    let mut sections = of.read(client).await?;
    if has_bought {
        // What a contract holds was paid by its buyer.
        let prepaid = SectionsOf { owner: Owner::Contract(contract), contract: None, ..of };
        sections.extend(prepaid.read(client).await?);
    }
    Ok(sections)
}
