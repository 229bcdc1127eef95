//! Journal entries with their lines.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{BookEntry, EntriesOf, EntryLine, book_of};
use ledger::{BoxId, ChainHash, ContractId, EntityId, Entry};
use wire::ledger::entries::{EntryBody, EntryQuery, LineBody};
use wire::page::Page;
use wire::problem::ProblemBody;

use super::account_lines::account_of;
use super::{date_of, found_book};
use crate::auth::{Caller, Financial};
use crate::problem::Problem;
use crate::request::{PageSpan, answer};

/// The entity whose books a query asks for.
pub(crate) fn entity_of(query: &EntryQuery) -> String {
    let of_box = || query.box_id.map(|id| EntityId::Box(BoxId::new(id)));
    query.entity.clone().unwrap_or_else(|| of_box().unwrap_or(EntityId::Operator).to_string())
}

/// Whether a query asks for an event in all books that it moved.
fn is_of_all_books(query: &EntryQuery) -> bool {
    query.event.is_some() && query.entity.is_none() && query.box_id.is_none()
}

/// Whether the account that a query asks for is in the chart.
pub(crate) fn check_account(query: &EntryQuery) -> Result<(), Problem> {
    query.account.as_deref().map(account_of).transpose().map(drop)
}

/// An entry with its place in the books, the event that it records, and its link of the chain.
pub(crate) fn entry_body(entry: &Entry, sequence: i64, event: u64, hash: &ChainHash) -> Result<EntryBody, Problem> {
    let rule = entry.rule();
    Ok(EntryBody {
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

/// An entry of an entity's books.
pub(super) fn entry_of_book(entity: &str, entry: &BookEntry) -> EntryBody {
    EntryBody {
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
        lines: entry.lines.iter().map(stored_line_body).collect(),
    }
}

fn stored_line_body(line: &EntryLine) -> LineBody {
    let EntryLine { code, owner, amount, currency, contract, .. } = line.clone();
    LineBody { account: code, owner, amount, currency, contract }
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
    check_account(&query)?;
    let client = node.database.get().await?;
    let book = if is_of_all_books(&query) {
        None
    } else {
        let entity = entity_of(&query);
        Some(found_book(book_of(&client, &entity).await?, &entity)?)
    };
    let EntryQuery { event, contract, box_id, account, .. } = query.into_inner();
    let of = EntriesOf { book, event, contract, box_id, account };
    let listed = of.after(&client, span.after, span.fetch()).await?;
    let page = span.page(
        &listed,
        |listed| listed.place,
        |listed| Ok::<_, Problem>(entry_of_book(&listed.entity, &listed.entry)),
    )?;
    Ok(answer(HttpResponse::Ok(), node.log.head(), &page))
}
