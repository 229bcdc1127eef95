//! The operator's books: accounts, entries and the trial balance, as they stand in the database.

use actix_web::{HttpResponse, get, web};
use deadpool_postgres::GenericClient;
use infra::node::Node;
use jiff::civil::Date;
use ledger::{Account, AccountKind, Amount, ChainHash, ContractId, Currency, Day, EntityId, Entry, Line};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::request::{Page, PageQuery, PageSpan, answer};
use crate::wire::amount;

/// An account of the chart, or one organization's or contract's part of it.
#[derive(Serialize, ToSchema)]
pub struct AccountBody {
    /// The entity whose books it is in.
    entity: String,
    /// Its code in the chart.
    #[schema(example = "2000-customer-available")]
    account: String,
    /// Whose part it is: empty, `org:<id>` or `contract:<id>`.
    owner: String,
    /// Its currency.
    currency: String,
    /// Its balance, debit positive.
    #[schema(value_type = String)]
    balance: Amount,
}

/// The accounts, in the order in which they were first used.
#[utoipa::path(
    operation_id = "list_accounts",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(PageQuery),
    responses((status = 200, description = "A page of accounts", body = Page<AccountBody>)),
)]
#[get("/ledger/accounts")]
pub async fn accounts(
    _caller: Caller<Financial>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let client = node.database.get().await?;
    let statement = "SELECT b.entity, a.code, a.owner, a.currency, s.balance, a.id \
                     FROM accounts a JOIN books b ON b.id = a.book JOIN balances s ON s.account = a.id \
                     WHERE a.id > $1 ORDER BY a.id LIMIT $2";
    let rows = client.query(statement, &[&span.after, &span.fetch()]).await?;
    let page = span.page(
        &rows,
        |row| row.get(5),
        |row| {
            Ok::<_, Problem>(AccountBody {
                entity: row.get(0),
                account: row.get(1),
                owner: row.get(2),
                currency: row.get(3),
                balance: amount(row.get(4))?,
            })
        },
    )?;
    Ok(answer(HttpResponse::Ok(), node.log.head(), &page))
}

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
    /// The log's sequence that it includes.
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
pub async fn trial_balance(
    _caller: Caller<Financial>,
    query: web::Query<TrialBalanceQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let TrialBalanceQuery { entity, currency, as_of } = query.into_inner();
    let mut client = node.database.get().await?;
    // One snapshot for the head and the balances.
    let snapshot = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let book = book_of(&snapshot, &entity).await?;
    let sequence: i64 = snapshot.query_one("SELECT head FROM leadership", &[]).await?.get(0);
    let rows = match as_of {
        None => {
            let statement = "SELECT a.code, sum(s.balance) FROM accounts a JOIN balances s ON s.account = a.id \
                             WHERE a.book = $1 AND a.currency = $2 GROUP BY a.code ORDER BY a.code";
            snapshot.query(statement, &[&book, &currency.as_str()]).await?
        }
        Some(day) => {
            let statement = "SELECT a.code, coalesce(sum(l.amount) FILTER (WHERE e.effective <= $3), 0) \
                             FROM accounts a LEFT JOIN lines l ON l.account = a.id \
                             LEFT JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                             WHERE a.book = $1 AND a.currency = $2 GROUP BY a.code ORDER BY a.code";
            snapshot.query(statement, &[&book, &currency.as_str(), &day]).await?
        }
    };
    let rows = rows.iter().map(trial_balance_row).collect::<Result<Vec<_>, _>>()?;
    let sequence = u64::try_from(sequence).unwrap_or(0);
    let body = TrialBalanceBody::new(TrialBalanceQuery { entity, currency, as_of }, sequence, rows)?;
    Ok(answer(HttpResponse::Ok(), sequence, &body))
}

impl TrialBalanceBody {
    /// The trial balance of these rows, or the problem that the entity has no account in the currency.
    pub(crate) fn new(
        query: TrialBalanceQuery,
        sequence: u64,
        rows: Vec<TrialBalanceRowBody>,
    ) -> Result<Self, Problem> {
        let TrialBalanceQuery { entity, currency, as_of } = query;
        if rows.is_empty() {
            let detail = format!("{entity} has no account in {currency}.");
            return Err(Problem::new(ProblemCode::CurrencyUnknown, detail));
        }
        Ok(Self {
            entity,
            currency,
            as_of,
            sequence,
            total_debit: rows.iter().map(|row| row.debit).sum(),
            total_credit: rows.iter().map(|row| row.credit).sum(),
            rows,
        })
    }
}

impl TrialBalanceRowBody {
    /// The row of an account with this balance.
    pub(crate) fn new(account: String, balance: Amount) -> Self {
        Self { account, debit: balance.max(Amount::ZERO), credit: (-balance).max(Amount::ZERO), balance }
    }
}

/// The entity of this name, if it keeps books: so far the operator alone does.
pub(crate) fn check_entity(entity: &str) -> Result<EntityId, Problem> {
    match entity.parse() {
        Ok(EntityId::Operator) => Ok(EntityId::Operator),
        _ => Err(entity_unknown(entity)),
    }
}

/// A day of the books as the wire shows it.
pub(crate) fn date_of(day: Day) -> Result<Date, Problem> {
    day.to_string().parse().map_err(|error| Problem::internal(&error))
}

/// The problem that an entity keeps no books.
fn entity_unknown(entity: &str) -> Problem {
    Problem::new(ProblemCode::EntityUnknown, format!("No entity {entity} keeps books here."))
}

/// The number of the books that an entity keeps.
async fn book_of(client: &impl GenericClient, entity: &str) -> Result<i32, Problem> {
    let book = match entity.parse::<EntityId>() {
        Ok(entity) => client.query_opt("SELECT id FROM books WHERE entity = $1", &[&entity.to_string()]).await?,
        Err(_) => None,
    };
    Ok(book.ok_or_else(|| entity_unknown(entity))?.get(0))
}

fn trial_balance_row(row: &Row) -> Result<TrialBalanceRowBody, Problem> {
    Ok(TrialBalanceRowBody::new(row.get(0), amount(row.get::<_, Decimal>(1))?))
}

/// Which entries to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// Only entries of this event of the log.
    pub(crate) event: Option<u64>,
    /// Only entries that concern this contract.
    pub(crate) contract: Option<Uuid>,
    /// Only entries that concern this box.
    pub(crate) r#box: Option<Uuid>,
    /// Only entries with a line on this account of the chart, given by its code.
    pub(crate) account: Option<String>,
    /// Only entries of this entity's books; the operator's when not given.
    pub(crate) entity: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub(crate) limit: Option<u32>,
}

impl EntryQuery {
    /// The entity whose books it asks for.
    pub(crate) fn entity(&self) -> String {
        self.entity.clone().unwrap_or_else(|| EntityId::Operator.to_string())
    }

    /// Whether the account that it asks for is in the chart.
    pub(crate) fn check_account(&self) -> Result<(), Problem> {
        match self.account.as_deref() {
            Some(code) if AccountKind::from_code(code).is_none() => {
                Err(Problem::new(ProblemCode::AccountUnknown, format!("The chart has no account {code}.")))
            }
            _ => Ok(()),
        }
    }
}

/// A line of an entry.
#[derive(Serialize, ToSchema)]
pub struct LineBody {
    /// The account's code in the chart.
    account: String,
    /// Whose part of the account: empty, `org:<id>` or `contract:<id>`.
    owner: String,
    /// How much: debit positive.
    #[schema(value_type = String)]
    amount: Amount,
    /// In what currency.
    currency: String,
    /// The contract it concerns.
    contract: Option<Uuid>,
}

/// A journal entry.
#[derive(Serialize, ToSchema)]
pub struct EntryBody {
    /// Its name: the entity and its number.
    #[schema(example = "operator:17")]
    id: String,
    /// Whose books.
    entity: String,
    /// Its number in the entity's books, without gaps.
    sequence: i64,
    /// The day it is dated.
    #[schema(value_type = String, format = Date)]
    effective_date: Date,
    /// The posting rule with its version.
    #[schema(example = "term.prepaid.1")]
    rule: String,
    /// The event that it records.
    event: Option<i64>,
    /// The contract that all of it concerns.
    contract: Option<Uuid>,
    /// The box that it concerns.
    r#box: Option<Uuid>,
    /// The hash that chains it to the entry before, in hexadecimal.
    hash: String,
    /// Its lines, which sum to zero.
    lines: Vec<LineBody>,
}

impl AccountBody {
    /// An account with its balance.
    pub(crate) fn of(account: &Account, balance: Amount) -> Self {
        Self {
            entity: account.entity.to_string(),
            account: account.kind.code().to_owned(),
            owner: account.owner.to_string(),
            currency: account.currency.to_string(),
            balance,
        }
    }
}

impl EntryBody {
    /// An entry with its place in the books, the event that it records, and its link of the chain.
    pub(crate) fn of(entry: &Entry, sequence: i64, event: u64, hash: &ChainHash) -> Result<Self, Problem> {
        let rule = entry.rule();
        Ok(Self {
            id: format!("{}:{sequence}", entry.entity()),
            entity: entry.entity().to_string(),
            sequence,
            effective_date: date_of(entry.effective())?,
            rule: format!("{}.{}", rule.id, rule.version),
            event: i64::try_from(event).ok(),
            contract: entry.contract().map(ContractId::uuid),
            r#box: entry.r#box().map(ledger::BoxId::uuid),
            hash: hex::encode(hash),
            lines: entry.lines().iter().map(LineBody::from).collect(),
        })
    }
}

impl From<&Line> for LineBody {
    fn from(line: &Line) -> Self {
        Self {
            account: line.account.kind.code().to_owned(),
            owner: line.account.owner.to_string(),
            amount: line.amount,
            currency: line.account.currency.to_string(),
            contract: line.contract.map(ContractId::uuid),
        }
    }
}

/// Journal entries, in the order of the books.
#[utoipa::path(
    operation_id = "list_entries",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(EntryQuery),
    responses(
        (status = 200, description = "A page of entries", body = Page<EntryBody>),
        (status = 404, description = "No such entity or account", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/ledger/entries")]
pub async fn entries(
    _caller: Caller<Financial>,
    query: web::Query<EntryQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let entity = query.entity();
    query.check_account()?;
    let client = node.database.get().await?;
    let book = book_of(&client, &entity).await?;
    let event = query.event.map(|event| i64::try_from(event).unwrap_or(i64::MAX));
    let statement = "SELECT e.sequence, e.effective, e.rule || '.' || e.rule_version, e.event, e.contract, e.box, \
                     encode(e.hash, 'hex') FROM entries e \
                     WHERE e.book = $1 AND e.sequence > $2 \
                     AND ($3::bigint IS NULL OR e.event = $3) \
                     AND ($4::uuid IS NULL OR e.contract = $4 OR e.sequence IN \
                          (SELECT entry FROM lines WHERE book = $1 AND contract = $4)) \
                     AND ($5::uuid IS NULL OR e.box = $5) \
                     AND ($6::text IS NULL OR EXISTS (SELECT FROM lines l JOIN accounts a ON a.id = l.account \
                          WHERE l.book = e.book AND l.entry = e.sequence AND a.code = $6)) \
                     ORDER BY e.sequence LIMIT $7";
    let rows = client
        .query(statement, &[&book, &span.after, &event, &query.contract, &query.r#box, &query.account, &span.fetch()])
        .await?;
    let mut page = span.page(
        &rows,
        |row| row.get(0),
        |row| {
            Ok::<_, Problem>(EntryBody {
                id: format!("{entity}:{}", row.get::<_, i64>(0)),
                entity: entity.clone(),
                sequence: row.get(0),
                effective_date: row.get(1),
                rule: row.get(2),
                event: row.get(3),
                contract: row.get(4),
                r#box: row.get(5),
                hash: row.get(6),
                lines: Vec::new(),
            })
        },
    )?;
    add_lines(&client, book, &mut page.data).await?;
    Ok(answer(HttpResponse::Ok(), node.log.head(), &page))
}

/// Adds the lines of each entry.
async fn add_lines(client: &tokio_postgres::Client, book: i32, page: &mut [EntryBody]) -> Result<(), Problem> {
    let numbers: Vec<i64> = page.iter().map(|entry| entry.sequence).collect();
    let statement = "SELECT l.entry, a.code, a.owner, l.amount, a.currency, l.contract \
                     FROM lines l JOIN accounts a ON a.id = l.account \
                     WHERE l.book = $1 AND l.entry = ANY($2) ORDER BY l.entry, l.line";
    for row in client.query(statement, &[&book, &numbers]).await? {
        let Ok(place) = numbers.binary_search(&row.get(0)) else { continue };
        page[place].lines.push(LineBody {
            account: row.get(1),
            owner: row.get(2),
            amount: amount(row.get(3))?,
            currency: row.get(4),
            contract: row.get(5),
        });
    }
    Ok(())
}
