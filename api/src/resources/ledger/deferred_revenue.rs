//! The roll-forward of deferred revenue: what was paid and not delivered, what moved it, and what is left.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{BriefSnapshot, DeferredAccount, DeferredMovement, DeferredRevenueOf, book_of, has_accounts_in};
use jiff::civil::Date;
use ledger::{Amount, Currency, Movement};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use wire::problem::ProblemBody;

use super::csv_record::push_record;
use super::day_span::DaySpan;
use super::statement::StatementFormat;
use super::{check_currency, found_book, table};
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemCode};
use crate::request::answer;

/// Which roll-forward.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeferredRevenueQuery {
    /// The entity: `operator`.
    #[param(example = "operator")]
    entity: String,
    /// The currency.
    #[param(value_type = String, example = "USD")]
    currency: Currency,
    /// The month, such as `2027-01`, in place of `from` and `to`.
    #[param(example = "2027-01")]
    month: Option<String>,
    /// The first day; the lines before it are in the opening balances.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// `json` or `csv`; by `Accept` when not given, or else JSON.
    #[param(inline)]
    format: Option<StatementFormat>,
}

/// What one posting rule moved on an account.
#[derive(Serialize, ToSchema)]
pub struct DeferredMovementBody {
    /// The posting rule with its version.
    #[schema(example = "hours.delivered.1")]
    rule: String,
    /// What it does.
    #[schema(value_type = MovementSchema)]
    movement: Movement,
    /// The accounts on the other side of its entries.
    counter_accounts: Vec<String>,
    /// How many entries.
    entries: i64,
    /// By how much more is deferred; less than nothing where less is.
    #[schema(value_type = String)]
    amount: Amount,
}

/// One account of the roll-forward.
#[derive(Serialize, ToSchema)]
pub struct DeferredAccountBody {
    /// Its code in the chart.
    account: String,
    /// What was deferred before `from`.
    #[schema(value_type = String)]
    opening: Amount,
    /// What moved it.
    movements: Vec<DeferredMovementBody>,
    /// What is deferred at the end of `to`: the opening balance and all movements.
    #[schema(value_type = String)]
    closing: Amount,
}

/// What all accounts come to.
#[derive(Serialize, ToSchema)]
pub struct DeferredTotalBody {
    /// What was deferred before.
    #[schema(value_type = String)]
    opening: Amount,
    /// What each kind of movement comes to.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    movements: BTreeMap<Movement, Amount>,
    /// What is deferred at the end.
    #[schema(value_type = String)]
    closing: Amount,
}

/// The roll-forward of deferred revenue. Amounts are of what is owed: positive is owed.
#[derive(Serialize, ToSchema)]
pub struct DeferredRevenueBody {
    /// The entity.
    entity: String,
    /// The currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The first day; null for all from the beginning.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day; null for all to the end.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// The log's sequence that it includes.
    sequence: u64,
    /// The accounts, in the order of the chart.
    accounts: Vec<DeferredAccountBody>,
    /// All of them together.
    total: DeferredTotalBody,
}

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
    let span = query.span()?;
    let mut client = node.database.get().await?;
    let snapshot = BriefSnapshot::take(&mut client).await?;
    let book = found_book(book_of(snapshot.client(), &query.entity).await?, &query.entity)?;
    check_currency(has_accounts_in(snapshot.client(), book, query.currency).await?, query.currency)?;
    let of = DeferredRevenueOf { book, currency: query.currency, from: span.from, to: span.to };
    let accounts = of.accounts(snapshot.client()).await?.into_iter().map(DeferredAccountBody::from).collect::<Vec<_>>();
    let body = DeferredRevenueBody {
        entity: query.entity,
        currency: query.currency,
        from: span.from,
        to: span.to,
        sequence: snapshot.sequence(),
        total: DeferredTotalBody::of(&accounts),
        accounts,
    };
    match StatementFormat::of(query.format, &request) {
        StatementFormat::Json => Ok(answer(HttpResponse::Ok(), body.sequence, &body)),
        StatementFormat::Csv => Ok(table(body.sequence, body.csv())),
    }
}

impl DeferredRevenueQuery {
    fn span(&self) -> Result<DaySpan, Problem> {
        match (&self.month, self.from, self.to) {
            (None, from, to) => DaySpan::of(from, to),
            (Some(month), None, None) => DaySpan::of_month(month),
            (Some(_), _, _) => {
                let detail = "The span is either a month, or from one day to another.";
                Err(Problem::new(ProblemCode::InvalidQuery, detail))
            }
        }
    }
}

impl From<DeferredAccount> for DeferredAccountBody {
    fn from(account: DeferredAccount) -> Self {
        Self {
            account: account.account.code().to_owned(),
            opening: account.opening,
            movements: account.movements.into_iter().map(DeferredMovementBody::from).collect(),
            closing: account.closing,
        }
    }
}

impl From<DeferredMovement> for DeferredMovementBody {
    fn from(moved: DeferredMovement) -> Self {
        let DeferredMovement { rule, movement, counter_accounts, entries, amount } = moved;
        Self { rule, movement, counter_accounts, entries, amount }
    }
}

/// Schema of [`Movement`], which knows nothing of `OpenAPI`.
struct MovementSchema;

impl PartialSchema for MovementSchema {
    fn schema() -> RefOr<Schema> {
        let description =
            "What a movement does to deferred revenue, told by the account and those on the other side of its entries.";
        let schema = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
        schema.enum_values(Some(Movement::ALL.map(Movement::name))).into()
    }
}

impl ToSchema for MovementSchema {
    fn name() -> Cow<'static, str> {
        "Movement".into()
    }
}

impl DeferredTotalBody {
    fn of(accounts: &[DeferredAccountBody]) -> Self {
        let mut movements = BTreeMap::new();
        for moved in accounts.iter().flat_map(|account| &account.movements) {
            *movements.entry(moved.movement).or_default() += moved.amount;
        }
        Self {
            opening: accounts.iter().map(|account| account.opening).sum(),
            movements,
            closing: accounts.iter().map(|account| account.closing).sum(),
        }
    }
}

impl DeferredRevenueBody {
    fn csv(&self) -> String {
        let mut text = String::new();
        let columns = ["account", "row", "movement", "counter_accounts", "currency", "entries", "amount"];
        push_record(&mut text, &columns);
        let currency = self.currency.to_string();
        for account in &self.accounts {
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
}
