//! General-ledger detail: the lines of one account of the chart.

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{AccountPart, AccountUse, book_of};
use ledger::{AccountKind, Currency, Owner};
use wire::ledger::account_lines::AccountLinesQuery;
use wire::ledger::statements::{AccountLinesBody, ScopeBody};
use wire::problem::ProblemBody;

use super::day_span::DaySpan;
use super::statement::statement_format;
use super::statement::{Frame, Statement};
use super::streaming::{Reading, Reports};
use super::{currency_unknown, found_book};
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemCode};

/// The lines of an account of the chart by date, with the balance before, after each of them, and at the end.
#[utoipa::path(
    operation_id = "list_account_lines",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(
        ("account" = String, Path, description = "The account's code in the chart", example = "2000-customer-available"),
        AccountLinesQuery,
    ),
    responses(
        (status = 200, description = "The lines, streamed", content((AccountLinesBody = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such entity, account, currency or owner", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many reports at a time", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/accounts/{account}/lines")]
pub async fn list(
    _caller: Caller<Financial>,
    request: HttpRequest,
    account: web::Path<String>,
    query: web::Query<AccountLinesQuery>,
    node: web::Data<Node>,
    reports: web::Data<Reports>,
) -> Result<HttpResponse, Problem> {
    let entity = query.entity();
    let AccountLinesQuery { currency, owner, from, to, format, .. } = query.into_inner();
    let span = DaySpan::of(from, to)?;
    let kind = account_of(&account)?;
    let owner = owner.as_deref().map(owner_of).transpose()?;
    let reading = Reading::begin(&node, reports.turn_of_finance().await?).await?;
    let client = reading.snapshot().client();
    let book = found_book(book_of(client, &entity).await?, &entity)?;
    let part = AccountPart { book, account: kind, owner, currency };
    check_use(part.used(client).await?, kind, owner, currency)?;
    let sections = vec![part.section(client, span.from).await?];
    let scope = ScopeBody { entity, from: span.from, to: span.to, sequence: reading.snapshot().sequence() };
    let statement =
        Statement { book, frame: Frame::Account(scope), sections, format: statement_format(format, &request) };
    Ok(statement.answer(HttpResponse::Ok(), reading))
}

/// The account of the chart with this code.
pub(crate) fn account_of(code: &str) -> Result<AccountKind, Problem> {
    let unknown = || Problem::new(ProblemCode::AccountUnknown, format!("The chart has no account {code}."));
    AccountKind::from_code(code).ok_or_else(unknown)
}

/// The owner of this name.
pub(crate) fn owner_of(name: &str) -> Result<Owner, Problem> {
    name.parse().map_err(|error| Problem::new(ProblemCode::InvalidQuery, format!("The owner cannot be used: {error}.")))
}

/// The problem that nobody has used an account of a currency, or an owner's part of it, where that is so.
pub(crate) fn check_use(
    used: AccountUse,
    account: AccountKind,
    owner: Option<Owner>,
    currency: Currency,
) -> Result<(), Problem> {
    let (code, detail) = match (used, owner) {
        (AccountUse { account: false, .. }, _) => {
            (ProblemCode::AccountUnknown, format!("Nobody has used the account {account}."))
        }
        (AccountUse { currency: false, .. }, _) => return Err(currency_unknown(currency)),
        (AccountUse { part: false, .. }, Some(owner)) => {
            let whose = if owner == Owner::Entity {
                "The entity itself".to_owned()
            } else {
                format!("{:?}", owner.to_string())
            };
            (ProblemCode::OwnerUnknown, format!("{whose} has no part of {account} in {currency}."))
        }
        (AccountUse { part: false, .. }, None) => {
            (ProblemCode::AccountUnknown, format!("Nobody has used the account {account} in {currency}."))
        }
        (AccountUse { part: true, .. }, _) => return Ok(()),
    };
    Err(Problem::new(code, detail))
}
