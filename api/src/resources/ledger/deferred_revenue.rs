//! The roll-forward of deferred revenue: what was paid and not delivered, what moved it, and what is left.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{BriefSnapshot, DeferredAccount, DeferredMovement, DeferredRevenueOf, book_of, has_accounts_in};
use wire::ledger::deferred_revenue::{
    DeferredAccountBody, DeferredMovementBody, DeferredRevenueBody, DeferredRevenueQuery, DeferredTotalBody,
};
use wire::ledger::statements::StatementFormat;
use wire::problem::ProblemBody;

use super::csv_record::push_record;
use super::day_span::DaySpan;
use super::statement::statement_format;
use super::{check_currency, found_book, table};
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemCode};
use crate::request::answer;

/// The roll-forward of deferred revenue: what was paid for and not delivered before, what was added, recognized, given back and
/// forfeited under each posting rule, and what is left.
#[utoipa::path(
    operation_id = "get_deferred_revenue",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(DeferredRevenueQuery),
    responses(
        (status = 200, description = "The roll-forward", content((DeferredRevenueBody = "application/json"), (String = "text/csv"))),
        (status = 404, description = "No such entity or currency", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/deferred-revenue")]
pub async fn show(
    _caller: Caller<Financial>,
    request: HttpRequest,
    query: web::Query<DeferredRevenueQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let span = deferred_revenue_span(&query)?;
    let mut client = node.database.get().await?;
    let snapshot = BriefSnapshot::take(&mut client).await?;
    let book = found_book(book_of(snapshot.client(), &query.entity).await?, &query.entity)?;
    check_currency(has_accounts_in(snapshot.client(), book, query.currency).await?, query.currency)?;
    let of = DeferredRevenueOf { book, currency: query.currency, from: span.from, to: span.to };
    let accounts = of.accounts(snapshot.client()).await?.into_iter().map(deferred_account_body).collect::<Vec<_>>();
    let body = DeferredRevenueBody {
        entity: query.entity,
        currency: query.currency,
        from: span.from,
        to: span.to,
        sequence: snapshot.sequence(),
        total: deferred_total(&accounts),
        accounts,
    };
    match statement_format(query.format, &request) {
        StatementFormat::Json => Ok(answer(HttpResponse::Ok(), body.sequence, &body)),
        StatementFormat::Csv => Ok(table(body.sequence, deferred_revenue_csv(&body))),
    }
}

fn deferred_revenue_span(query: &DeferredRevenueQuery) -> Result<DaySpan, Problem> {
    match (&query.month, query.from, query.to) {
        (None, from, to) => DaySpan::of(from, to),
        (Some(month), None, None) => DaySpan::of_month(month),
        (Some(_), _, _) => {
            let detail = "The span is either a month, or from one day to another.";
            Err(Problem::new(ProblemCode::InvalidQuery, detail))
        }
    }
}

fn deferred_account_body(account: DeferredAccount) -> DeferredAccountBody {
    DeferredAccountBody {
        account: account.account.code().to_owned(),
        opening: account.opening,
        movements: account.movements.into_iter().map(deferred_movement_body).collect(),
        closing: account.closing,
    }
}

fn deferred_movement_body(moved: DeferredMovement) -> DeferredMovementBody {
    let DeferredMovement { rule, movement, counter_accounts, entries, amount } = moved;
    DeferredMovementBody { rule, movement, counter_accounts, entries, amount }
}

fn deferred_total(accounts: &[DeferredAccountBody]) -> DeferredTotalBody {
    let mut movements = BTreeMap::new();
    for moved in accounts.iter().flat_map(|account| &account.movements) {
        *movements.entry(moved.movement).or_default() += moved.amount;
    }
    DeferredTotalBody {
        opening: accounts.iter().map(|account| account.opening).sum(),
        movements,
        closing: accounts.iter().map(|account| account.closing).sum(),
    }
}

fn deferred_revenue_csv(body: &DeferredRevenueBody) -> String {
    let mut text = String::new();
    let columns = ["account", "row", "movement", "counter_accounts", "currency", "entries", "amount"];
    push_record(&mut text, &columns);
    let currency = body.currency.to_string();
    for account in &body.accounts {
        let opening = account.opening.to_string();
        push_record(&mut text, &[&account.account, "opening", "", "", &currency, "", &opening]);
        for moved in &account.movements {
            let fields = [
                &account.account,
                &moved.rule,
                moved.movement.name(),
                &moved.counter_accounts.join(" "),
                &currency,
                &moved.entries.to_string(),
                &moved.amount.to_string(),
            ];
            push_record(&mut text, &fields);
        }
        let closing = account.closing.to_string();
        push_record(&mut text, &[&account.account, "closing", "", "", &currency, "", &closing]);
    }
    text
}
