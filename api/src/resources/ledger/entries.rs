//! Journal entries with their lines.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{BookEntry, EntriesOf, EntryLine, book_of};
use jiff::civil::Date;
use ledger::{Amount, BoxId, ChainHash, ContractId, EntityId, Entry, Line};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use wire::page::Page;
use wire::problem::ProblemBody;

use super::account_lines::account_of;
use super::{date_of, found_book};
use crate::auth::{Caller, Financial};
use crate::problem::Problem;
use crate::request::{PageSpan, answer};

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
    #[serde(rename = "box")]
    pub(crate) box_id: Option<Uuid>,
    /// Only entries with a line on this account of the chart, given by its code.
    pub(crate) account: Option<String>,
    /// Only entries of this entity's books. When not given, those of the box that is asked for, or all books that the event that is asked for
    /// moved, or else the operator's.
    pub(crate) entity: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub(crate) limit: Option<u32>,
}

impl EntryQuery {
    /// The entity whose books it asks for.
    pub(crate) fn entity(&self) -> String {
        let of_box = || self.box_id.map(|id| EntityId::Box(BoxId::new(id)));
        self.entity.clone().unwrap_or_else(|| of_box().unwrap_or(EntityId::Operator).to_string())
    }

    /// Whether it asks for an event in all books that it moved.
    fn is_of_all_books(&self) -> bool {
        self.event.is_some() && self.entity.is_none() && self.box_id.is_none()
    }

    /// Whether the account that it asks for is in the chart.
    pub(crate) fn check_account(&self) -> Result<(), Problem> {
        self.account.as_deref().map(account_of).transpose().map(drop)
    }
}

/// A line of an entry.
#[derive(Serialize, ToSchema)]
pub struct LineBody {
    /// The account's code in the chart.
    account: String,
    /// Whose part of the account: empty, `org:<id>`, `contract:<id>`, `bank:<account>` `box:<id>` or, in a box, `item:<name>`.
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
    #[serde(rename = "box")]
    box_id: Option<Uuid>,
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
            box_id: entry.box_id().map(BoxId::uuid),
            corrects: entry.corrects().map(|corrects| corrects.to_string()),
            hash: hex::encode(hash),
            lines: entry.lines().iter().map(LineBody::from).collect(),
        })
    }
}

impl EntryBody {
    /// An entry of an entity's books.
    pub(super) fn of_book(entity: &str, entry: &BookEntry) -> Self {
        Self {
            id: format!("{entity}:{}", entry.sequence),
            entity: entity.to_owned(),
            sequence: entry.sequence,
            effective_date: entry.effective,
            rule: entry.rule(),
            event: entry.event,
            contract: entry.contract,
            box_id: entry.box_id,
            corrects: entry.corrects.clone(),
            hash: entry.hash.clone(),
            lines: entry.lines.iter().map(LineBody::from).collect(),
        }
    }
}

impl From<&EntryLine> for LineBody {
    fn from(line: &EntryLine) -> Self {
        let EntryLine { code, owner, amount, currency, contract, .. } = line.clone();
        Self { account: code, owner, amount, currency, contract }
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
    let book = if query.is_of_all_books() {
        None
    } else {
        let entity = query.entity();
        Some(found_book(book_of(&client, &entity).await?, &entity)?)
    };
    let EntryQuery { event, contract, box_id, account, .. } = query.into_inner();
    let of = EntriesOf { book, event, contract, box_id, account };
    let listed = of.after(&client, span.after, span.fetch()).await?;
    let page = span.page(
        &listed,
        |listed| listed.place,
        |listed| Ok::<_, Problem>(EntryBody::of_book(&listed.entity, &listed.entry)),
    )?;
    Ok(answer(HttpResponse::Ok(), node.log.head(), &page))
}
