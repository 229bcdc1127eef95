//! The trial balance: what every account of the chart comes to, as of a day and as it was known at an instant.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{AccountTotal, BriefSnapshot, TrialBalanceOf, book_of, last_event_by};
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::{Amount, Currency};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::problem::ProblemBody;

use super::day_span::check_day;
use super::found_book;
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemCode};
use crate::request::answer;

/// Which trial balance.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrialBalanceQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    pub(crate) entity: String,
    /// The currency.
    #[param(value_type = String, example = "USD")]
    pub(crate) currency: Currency,
    /// Only entries dated up to this day, such as `2027-01-31`; all when not given.
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) as_of: Option<Date>,
    /// Only entries of events that had happened by this instant, RFC 3339: what the books said then. All when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub(crate) known_at: Option<Timestamp>,
}

/// One account of a trial balance.
#[derive(Serialize, ToSchema)]
pub struct TrialBalanceRowBody {
    /// Its code in the chart.
    account: String,
    /// The balance where it is a debit.
    #[schema(value_type = String)]
    debit: Amount,
    /// The balance where it is a credit.
    #[schema(value_type = String)]
    credit: Amount,
    /// Debit less credit.
    #[schema(value_type = String)]
    balance: Amount,
}

/// A trial balance.
#[derive(Serialize, ToSchema)]
pub struct TrialBalanceBody {
    /// The entity.
    entity: String,
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The last day whose entries are included; null for all.
    #[schema(value_type = Option<String>, format = Date)]
    as_of: Option<Date>,
    /// The instant up to which events are included; null for all.
    #[schema(value_type = Option<String>, format = DateTime)]
    known_at: Option<Timestamp>,
    /// The log's sequence that it includes: with `known_at` that of the last event by then, 0 before the first.
    sequence: u64,
    /// One row per account that was ever used, in the order of the chart.
    rows: Vec<TrialBalanceRowBody>,
    /// The sum of the debit side.
    #[schema(value_type = String)]
    total_debit: Amount,
    /// The sum of the credit side.
    #[schema(value_type = String)]
    total_credit: Amount,
}

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
    let rows = of.rows(snapshot.client()).await?.into_iter().map(TrialBalanceRowBody::from).collect();
    let body = TrialBalanceBody::new(query, known.unwrap_or(snapshot.sequence()), rows)?;
    Ok(answer(HttpResponse::Ok(), snapshot.sequence(), &body))
}

impl TrialBalanceBody {
    /// The trial balance of these rows, or the problem that the entity has no account in the currency.
    pub(crate) fn new(
        query: TrialBalanceQuery,
        sequence: u64,
        rows: Vec<TrialBalanceRowBody>,
    ) -> Result<Self, Problem> {
        let TrialBalanceQuery { entity, currency, as_of, known_at } = query;
        if rows.is_empty() {
            let detail = format!("{entity} has no account in {currency}.");
            return Err(Problem::new(ProblemCode::CurrencyUnknown, detail));
        }
        Ok(Self {
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
}

impl From<AccountTotal> for TrialBalanceRowBody {
    fn from(total: AccountTotal) -> Self {
        Self::new(total.code, total.balance)
    }
}

impl TrialBalanceRowBody {
    /// The row of an account with this balance.
    pub(crate) fn new(account: String, balance: Amount) -> Self {
        Self { account, debit: balance.max(Amount::ZERO), credit: (-balance).max(Amount::ZERO), balance }
    }
}
