//! The operator's books, as they stand in the database.
//!
//! Lists and the trial balance are answered whole. Statements and exports may be as long as the books: they are streamed
//! (`streaming`), each from one snapshot.

pub mod account_lines;
pub mod accounts;
pub mod csv_record;
pub mod day_span;
pub mod deferred_revenue;
pub mod entries;
pub mod exports;
mod journal;
pub mod journals;
pub mod open_holds;
pub mod payables_ageing;
pub mod periods;
pub mod statement;
pub mod statements;
pub mod streaming;
pub mod trial_balance;

use actix_web::HttpResponse;
use actix_web::http::header;
use jiff::civil::Date;
use ledger::{Currency, Day, EntityId};
use tokio_postgres::Client;

use crate::problem::{Problem, ProblemCode};
use crate::request::{CSV_TYPE, SEQUENCE_HEADER};

/// The entity of this name, if it keeps books at a desk, where there are no boxes: the operator alone does.
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
async fn book_of(client: &Client, entity: &str) -> Result<i32, Problem> {
    let book = match entity.parse::<EntityId>() {
        Ok(entity) => client.query_opt("SELECT id FROM books WHERE entity = $1", &[&entity.to_string()]).await?,
        Err(_) => None,
    };
    Ok(book.ok_or_else(|| entity_unknown(entity))?.get(0))
}

/// The problem that an entity has no account in a currency, if it has none.
async fn check_currency(client: &Client, book: i32, currency: Currency) -> Result<(), Problem> {
    let statement = "SELECT EXISTS (SELECT FROM accounts WHERE book = $1 AND currency = $2)";
    let used: bool = client.query_one(statement, &[&book, &currency.as_str()]).await?.get(0);
    let unknown = || Problem::new(ProblemCode::CurrencyUnknown, format!("There is no account in {currency}."));
    if used { Ok(()) } else { Err(unknown()) }
}

/// An answer that is a table.
fn table(sequence: u64, text: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((SEQUENCE_HEADER, sequence.to_string()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(CSV_TYPE)
        .body(text)
}
