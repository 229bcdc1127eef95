//! The trial balance: what every account of the chart comes to, as of a day and as it was known at an instant.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{AccountTotal, BriefSnapshot, TrialBalanceOf, book_of, last_event_by};
use ledger::Amount;
use wire::ledger::trial_balance::{TrialBalanceBody, TrialBalanceQuery, TrialBalanceRowBody};
use wire::problem::ProblemBody;

use super::day_span::check_day;
use super::found_book;
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemCode};
use crate::request::answer;

/// The trial balance of an entity in a currency.
#[utoipa::path(
    operation_id = "get_trial_balance",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(TrialBalanceQuery),
    responses(
        (status = 200, description = "The trial balance", body = TrialBalanceBody),
        (status = 404, description = "No such entity or currency", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/trial-balance")]
pub async fn show(
    _caller: Caller<Financial>,
    query: web::Query<TrialBalanceQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    check_day(query.as_of)?;
    let mut client = node.database.get().await?;
    // One snapshot for the head and the balances.
    let snapshot = BriefSnapshot::take(&mut client).await?;
    let book = found_book(book_of(snapshot.client(), &query.entity).await?, &query.entity)?;
    let known = match query.known_at {
        None => None,
        Some(instant) => Some(last_event_by(snapshot.client(), instant).await?),
    };
    let of = TrialBalanceOf { book, currency: query.currency, as_of: query.as_of, known };
    let rows = of.rows(snapshot.client()).await?.into_iter().map(trial_balance_row_of).collect();
    let body = trial_balance_body(query, known.unwrap_or(snapshot.sequence()), rows)?;
    Ok(answer(HttpResponse::Ok(), snapshot.sequence(), &body))
}

/// The trial balance of these rows, or the problem that the entity has no account in the currency.
pub(crate) fn trial_balance_body(
    query: TrialBalanceQuery,
    sequence: u64,
    rows: Vec<TrialBalanceRowBody>,
) -> Result<TrialBalanceBody, Problem> {
    let TrialBalanceQuery { entity, currency, as_of, known_at } = query;
    if rows.is_empty() {
        let detail = format!("{entity} has no account in {currency}.");
        return Err(Problem::new(ProblemCode::CurrencyUnknown, detail));
    }
    Ok(TrialBalanceBody {
        entity,
        currency,
        as_of,
        known_at,
        sequence,
        total_debit: rows.iter().map(|row| row.debit).sum(),
        total_credit: rows.iter().map(|row| row.credit).sum(),
        rows,
    })
}

fn trial_balance_row_of(total: AccountTotal) -> TrialBalanceRowBody {
    trial_balance_row(total.code, total.balance)
}

/// The row of an account with this balance.
pub(crate) fn trial_balance_row(account: String, balance: Amount) -> TrialBalanceRowBody {
    TrialBalanceRowBody { account, debit: balance.max(Amount::ZERO), credit: (-balance).max(Amount::ZERO), balance }
}
