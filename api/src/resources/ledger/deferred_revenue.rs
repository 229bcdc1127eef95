//! The roll-forward of deferred revenue: what was paid and not delivered, what moved it, and what is left.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use jiff::civil::Date;
use ledger::{AccountKind, Amount, Currency};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Row};
use utoipa::{IntoParams, ToSchema};

use super::csv_record::push_record;
use super::day_span::DaySpan;
use super::statement::StatementFormat;
use super::{book_of, check_currency, table};
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::request::answer;
use crate::wire::amount;

/// The accounts of money that was paid for what is yet to be delivered, or that secures it.
const DEFERRED: [AccountKind; 3] =
    [AccountKind::ContractPrepayment, AccountKind::SecurityDeposit, AccountKind::SpotPrepayment];

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

/// What a movement does to deferred revenue, told by the account and those on the other side of its entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Movement {
    /// Paid in.
    Added,
    /// From one of the accounts to another: a security deposit that pays a period.
    Transferred,
    /// Delivered: earned by the seller and the exchange.
    Recognized,
    /// Given back to the buyer: credits, refunds and deposits, as the rule says.
    Returned,
    /// A security deposit that the seller keeps.
    Forfeited,
    /// Anything else.
    Other,
}

impl Movement {
    const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Transferred => "transferred",
            Self::Recognized => "recognized",
            Self::Returned => "returned",
            Self::Forfeited => "forfeited",
            Self::Other => "other",
        }
    }

    /// What an amount that moves an account does, with these accounts on the other side.
    fn of(account: AccountKind, moved: Amount, counter: &[AccountKind]) -> Self {
        let any = |wanted: &[AccountKind]| counter.iter().any(|kind| wanted.contains(kind));
        if !counter.is_empty() && counter.iter().all(|kind| DEFERRED.contains(kind)) {
            Self::Transferred
        } else if moved > Amount::ZERO {
            Self::Added
        } else if any(&[AccountKind::SellerPayable, AccountKind::BoxPayable, AccountKind::FeeRevenue]) {
            if account == AccountKind::SecurityDeposit { Self::Forfeited } else { Self::Recognized }
        } else if any(&[AccountKind::CustomerAvailable, AccountKind::CustomerHeld]) {
            Self::Returned
        } else {
            Self::Other
        }
    }
}

/// What one posting rule moved on an account.
#[derive(Serialize, ToSchema)]
pub struct DeferredMovementBody {
    /// The posting rule with its version.
    #[schema(example = "hours.delivered.1")]
    rule: String,
    /// What it does.
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
    let snapshot = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let book = book_of(snapshot.client(), &query.entity).await?;
    check_currency(snapshot.client(), book, query.currency).await?;
    let head: i64 = snapshot.query_one("SELECT head FROM leadership", &[]).await?.get(0);
    let accounts = accounts_of(snapshot.client(), (book, query.currency), span).await?;
    let body = DeferredRevenueBody {
        entity: query.entity,
        currency: query.currency,
        from: span.from,
        to: span.to,
        sequence: u64::try_from(head).unwrap_or(0),
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

/// The deferred accounts that were ever used in the currency.
async fn accounts_of(
    client: &Client,
    (book, currency): (i32, Currency),
    span: DaySpan,
) -> Result<Vec<DeferredAccountBody>, Problem> {
    let codes = DEFERRED.map(AccountKind::code).to_vec();
    // Kept apart from the movements, so that the two can be compared.
    let statement = "SELECT a.code, coalesce(-sum(l.amount) FILTER (WHERE e.effective < $4), 0), \
                     coalesce(-sum(l.amount) FILTER (WHERE $5::date IS NULL OR e.effective <= $5), 0) \
                     FROM accounts a LEFT JOIN lines l ON l.account = a.id \
                     LEFT JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                     WHERE a.book = $1 AND a.currency = $2 AND a.code = ANY($3) GROUP BY a.code ORDER BY a.code";
    let balances = client.query(statement, &[&book, &currency.as_str(), &codes, &span.from, &span.to]).await?;
    // The other side of an entry is what has the other sign.
    let statement = "WITH moved AS ( \
                         SELECT l.entry, e.rule || '.' || e.rule_version AS rule, a.code, l.amount > 0 AS debit, \
                                sum(l.amount) AS amount \
                         FROM accounts a JOIN lines l ON l.account = a.id \
                         JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                         WHERE a.book = $1 AND a.currency = $2 AND a.code = ANY($3) \
                           AND ($4::date IS NULL OR e.effective >= $4) AND ($5::date IS NULL OR e.effective <= $5) \
                         GROUP BY l.entry, e.rule, e.rule_version, a.code, l.amount > 0), \
                     told AS ( \
                         SELECT m.*, ARRAY(SELECT DISTINCT c.code FROM lines o JOIN accounts c ON c.id = o.account \
                                           WHERE o.book = $1 AND o.entry = m.entry AND c.currency = $2 \
                                             AND (o.amount > 0) <> m.debit ORDER BY c.code) AS counter \
                         FROM moved m) \
                     SELECT code, rule, counter, count(DISTINCT entry), -sum(amount) FROM told \
                     GROUP BY code, rule, counter, debit ORDER BY code, debit, rule, counter";
    let moved = client.query(statement, &[&book, &currency.as_str(), &codes, &span.from, &span.to]).await?;
    balances.iter().map(|row| account_of(row, &moved)).collect()
}

fn account_of(row: &Row, moved: &[Row]) -> Result<DeferredAccountBody, Problem> {
    let code: String = row.get(0);
    let kind = AccountKind::from_code(&code).ok_or_else(|| Problem::internal(&"an account's code is unknown"))?;
    let of_account = moved.iter().filter(|moved| moved.get::<_, &str>(0) == code);
    let movements: Vec<_> = of_account.map(|moved| movement_of(kind, moved)).collect::<Result<_, Problem>>()?;
    let (opening, closing) = (amount(row.get::<_, Decimal>(1))?, amount(row.get::<_, Decimal>(2))?);
    if opening + movements.iter().map(|of| of.amount).sum() != closing {
        return Err(Problem::internal(&format!("the movements of {code} do not lead to its closing balance")));
    }
    Ok(DeferredAccountBody { account: code, opening, movements, closing })
}

fn movement_of(account: AccountKind, row: &Row) -> Result<DeferredMovementBody, Problem> {
    let counter_accounts: Vec<String> = row.get(2);
    let moved = amount(row.get::<_, Decimal>(4))?;
    let counter: Vec<_> = counter_accounts.iter().filter_map(|code| AccountKind::from_code(code)).collect();
    let movement = Movement::of(account, moved, &counter);
    Ok(DeferredMovementBody { rule: row.get(1), movement, counter_accounts, entries: row.get(3), amount: moved })
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

#[cfg(test)]
mod tests {
    use super::*;
    use AccountKind::{
        Bank, ContractPrepayment, CustomerAvailable, CustomerHeld, FeeRevenue, SecurityDeposit, SellerPayable,
    };

    #[test]
    fn a_movement_is_told_by_the_accounts() {
        for (account, micros, counter, expected) in [
            (ContractPrepayment, 1, &[CustomerHeld][..], Movement::Added),
            (ContractPrepayment, 1, &[CustomerAvailable, SellerPayable], Movement::Added),
            (ContractPrepayment, 1, &[SecurityDeposit], Movement::Transferred),
            (SecurityDeposit, -1, &[ContractPrepayment], Movement::Transferred),
            (ContractPrepayment, -1, &[SellerPayable], Movement::Recognized),
            (ContractPrepayment, -1, &[FeeRevenue, SellerPayable], Movement::Recognized),
            (SecurityDeposit, -1, &[SellerPayable], Movement::Forfeited),
            (SecurityDeposit, -1, &[CustomerAvailable], Movement::Returned),
            (ContractPrepayment, -1, &[CustomerAvailable], Movement::Returned),
            (ContractPrepayment, -1, &[Bank], Movement::Other),
            (ContractPrepayment, -1, &[], Movement::Other),
        ] {
            let told = Movement::of(account, Amount::from_micros(micros), counter);
            assert_eq!(told.name(), expected.name(), "{account:?} {micros} {counter:?}");
        }
    }
}
