//! General-ledger detail: the lines of one account of the chart.

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use jiff::civil::Date;
use ledger::{AccountKind, Amount, Currency, EntityId, Owner};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::IntoParams;

use super::book_of;
use super::day_span::DaySpan;
use super::statement::{AccountLinesBody, Frame, OpeningBody, ScopeBody, Section, Statement, StatementFormat};
use super::streaming::{Reports, Snapshot};
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::wire::amount;

/// Which lines of an account.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountLinesQuery {
    /// The currency.
    #[param(value_type = String, example = "USD")]
    pub(crate) currency: Currency,
    /// Only this owner's part: `org:<id>`, `contract:<id>`, or empty for the entity's own; all of it when not given.
    pub(crate) owner: Option<String>,
    /// The first day; the lines before it are in the opening balance.
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) from: Option<Date>,
    /// The last day.
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) to: Option<Date>,
    /// `json` or `csv`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    pub(crate) format: Option<StatementFormat>,
    /// The entity; the operator when not given.
    pub(crate) entity: Option<String>,
}

impl AccountLinesQuery {
    /// The entity whose books it asks for.
    pub(crate) fn entity(&self) -> String {
        self.entity.clone().unwrap_or_else(|| EntityId::Operator.to_string())
    }
}

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
    let account = account.into_inner();
    let span = DaySpan::of(from, to)?;
    check_account(&account)?;
    let owner = owner.as_deref().map(owner_of).transpose()?.map(|owner| owner.to_string());
    let snapshot = Snapshot::take(&node, reports.turn_of_finance().await?).await?;
    let book = book_of(snapshot.client(), &entity).await?;
    let opening = OpeningBody { account, owner, currency: currency.to_string(), opening: Amount::ZERO };
    let opening = open(&snapshot, book, opening, span).await?;
    let scope = ScopeBody { entity, from: span.from, to: span.to, sequence: snapshot.sequence() };
    let statement = Statement {
        book,
        frame: Frame::Account(scope),
        sections: vec![Section { opening, contract: None }],
        format: StatementFormat::of(format, &request),
    };
    Ok(statement.answer(HttpResponse::Ok(), snapshot))
}

/// Whether an account is in the chart.
pub(crate) fn check_account(code: &str) -> Result<(), Problem> {
    AccountKind::from_code(code)
        .map(|_| ())
        .ok_or_else(|| Problem::new(ProblemCode::AccountUnknown, format!("The chart has no account {code}.")))
}

/// The owner of this name.
pub(crate) fn owner_of(name: &str) -> Result<Owner, Problem> {
    name.parse().map_err(|error| Problem::new(ProblemCode::InvalidQuery, format!("The owner cannot be used: {error}.")))
}

/// Whether anybody has used an account.
pub(crate) struct AccountUse {
    /// In some currency.
    pub account: bool,
    /// Some account in the currency.
    pub currency: bool,
    /// The account, in the currency, by the owner who is asked for.
    pub part: bool,
}

impl AccountUse {
    /// Nothing where it has been used, or else the problem that it has not.
    pub fn check(&self, of: &OpeningBody) -> Result<(), Problem> {
        let OpeningBody { account, owner, currency, .. } = of;
        let (code, detail) = match (self, owner) {
            (Self { account: false, .. }, _) => {
                (ProblemCode::AccountUnknown, format!("Nobody has used the account {account}."))
            }
            (Self { currency: false, .. }, _) => {
                (ProblemCode::CurrencyUnknown, format!("There is no account in {currency}."))
            }
            (Self { part: false, .. }, Some(owner)) => {
                (ProblemCode::OwnerUnknown, format!("{owner:?} has no part of {account} in {currency}."))
            }
            (Self { part: false, .. }, None) => {
                (ProblemCode::AccountUnknown, format!("Nobody has used the account {account} in {currency}."))
            }
            (Self { part: true, .. }, _) => return Ok(()),
        };
        Err(Problem::new(code, detail))
    }
}

/// The account with its balance before the span, if anybody has used it.
async fn open(snapshot: &Snapshot, book: i32, of: OpeningBody, span: DaySpan) -> Result<OpeningBody, Problem> {
    let statement = "SELECT count(*) FILTER (WHERE code = $2) > 0, count(*) FILTER (WHERE currency = $3) > 0, \
                     count(*) FILTER (WHERE code = $2 AND currency = $3 AND ($4::text IS NULL OR owner = $4)) > 0 \
                     FROM accounts WHERE book = $1";
    let row = snapshot.client().query_one(statement, &[&book, &of.account, &of.currency, &of.owner]).await?;
    AccountUse { account: row.get(0), currency: row.get(1), part: row.get(2) }.check(&of)?;
    let Some(from) = span.from else { return Ok(of) };
    let statement = "SELECT coalesce(sum(l.amount), 0) FROM accounts a JOIN lines l ON l.account = a.id \
                     JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                     WHERE a.book = $1 AND a.code = $2 AND a.currency = $3 AND ($4::text IS NULL OR a.owner = $4) \
                     AND e.effective < $5";
    let row = snapshot.client().query_one(statement, &[&book, &of.account, &of.currency, &of.owner, &from]).await?;
    Ok(OpeningBody { opening: amount(row.get::<_, Decimal>(0))?, ..of })
}
