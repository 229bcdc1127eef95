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
use infra::reports::BookId;
use jiff::civil::Date;
use ledger::{Currency, Day, EntityId};

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

/// The books that were found for an entity, or the problem that it keeps none.
fn found_book(book: Option<BookId>, entity: &str) -> Result<BookId, Problem> {
    book.ok_or_else(|| entity_unknown(entity))
}

/// The problem that there is no account in a currency, where it is not `used`.
fn check_currency(used: bool, currency: Currency) -> Result<(), Problem> {
    if used { Ok(()) } else { Err(currency_unknown(currency)) }
}

/// The problem that there is no account in a currency.
fn currency_unknown(currency: Currency) -> Problem {
    Problem::new(ProblemCode::CurrencyUnknown, format!("There is no account in {currency}."))
}

/// An answer that is a table.
fn table(sequence: u64, text: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((SEQUENCE_HEADER, sequence.to_string()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(CSV_TYPE)
        .body(text)
}
