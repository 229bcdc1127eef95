//! Journal entries with their lines.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use jiff::civil::Date;
use ledger::{Amount, BoxId, ChainHash, ContractId, EntityId, Entry, Line};
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::account_lines::check_account;
use super::exports::{JournalEntry, JournalLine};
use super::{book_of, date_of};
use crate::auth::{Caller, Financial};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Page, PageSpan, answer};
use crate::wire::amount;

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
    /// Only entries of this entity's books. When not given, those of the box that is asked for, or of the box whose books the event that
    /// is asked for moved, or else the operator's.
    pub(crate) entity: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub(crate) limit: Option<u32>,
}

impl EntryQuery {
    /// The entity whose books it asks for.
    pub(crate) fn entity(&self) -> String {
        let of_box = || self.r#box.map(|id| EntityId::Box(BoxId::new(id)));
        self.entity.clone().unwrap_or_else(|| of_box().unwrap_or(EntityId::Operator).to_string())
    }

    /// The entity whose books it asks for, be it only by their event.
    async fn entity_in(&self, client: &Client) -> Result<String, Problem> {
        let event = self.event.filter(|_| self.entity.is_none() && self.r#box.is_none());
        let Some(event) = event.and_then(|event| i64::try_from(event).ok()) else { return Ok(self.entity()) };
        // Along the index on the entries of boxes: an event moves the operator's books or those of boxes.
        let statement = "SELECT b.entity FROM entries e JOIN books b ON b.id = e.book \
                         WHERE e.book > 1 AND e.event = $1 ORDER BY e.book LIMIT 1";
        let row = client.query_opt(statement, &[&event]).await?;
        Ok(row.map_or_else(|| self.entity(), |row| row.get(0)))
    }

    /// Whether the account that it asks for is in the chart.
    pub(crate) fn check_account(&self) -> Result<(), Problem> {
        self.account.as_deref().map_or(Ok(()), check_account)
    }
}

/// A line of an entry.
#[derive(Serialize, ToSchema)]
pub struct LineBody {
    /// The account's code in the chart.
    account: String,
    /// Whose part of the account: empty, `org:<id>`, `contract:<id>`, `bank:<account>` or, in a box, `item:<name>`.
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
    /// What it corrects: `event:<sequence>`, or `hours:<from>/<until>` of its contract.
    #[schema(example = "event:17")]
    corrects: Option<String>,
    /// The hash that chains it to the entry before, in hexadecimal.
    hash: String,
    /// Its lines, which sum to zero.
    lines: Vec<LineBody>,
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
            r#box: entry.r#box().map(BoxId::uuid),
            corrects: entry.corrects().map(|corrects| corrects.to_string()),
            hash: hex::encode(hash),
            lines: entry.lines().iter().map(LineBody::from).collect(),
        })
    }
}

impl EntryBody {
    /// An entry of an export.
    pub(super) fn exported(entity: &str, entry: &JournalEntry) -> Self {
        let line = |line: &JournalLine| LineBody {
            account: line.code.clone(),
            owner: line.owner.clone(),
            amount: line.amount,
            currency: line.currency.clone(),
            contract: line.contract,
        };
        Self {
            id: format!("{entity}:{}", entry.sequence),
            entity: entity.to_owned(),
            sequence: entry.sequence,
            effective_date: entry.effective,
            rule: entry.rule(),
            event: entry.event,
            contract: entry.contract,
            r#box: entry.r#box,
            corrects: entry.corrects.clone(),
            hash: entry.hash.clone(),
            lines: entry.lines.iter().map(line).collect(),
        }
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
pub async fn list(
    _caller: Caller<Financial>,
    query: web::Query<EntryQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    query.check_account()?;
    let client = node.database.get().await?;
    let entity = query.entity_in(&client).await?;
    let book = book_of(&client, &entity).await?;
    let event = query.event.map(|event| i64::try_from(event).unwrap_or(i64::MAX));
    let statement = "SELECT e.sequence, e.effective, e.rule || '.' || e.rule_version, e.event, e.contract, e.box, \
                     encode(e.hash, 'hex'), e.corrects FROM entries e \
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
                corrects: row.get(7),
                hash: row.get(6),
                lines: Vec::new(),
            })
        },
    )?;
    add_lines(&client, book, &mut page.data).await?;
    Ok(answer(HttpResponse::Ok(), node.log.head(), &page))
}

/// Adds the lines of each entry.
async fn add_lines(client: &Client, book: i32, page: &mut [EntryBody]) -> Result<(), Problem> {
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
