//! The operator's books, as they stand in the database.
//!
//! Lists and the trial balance are answered whole. Statements and exports may be as long as the books: they are streamed
//! (`streaming`), each from one snapshot.

pub mod account_lines;
pub mod accounts;
pub mod csv_record;
pub mod day_span;
pub mod entries;
pub mod exports;
pub mod statement;
pub mod statements;
pub mod streaming;
pub mod trial_balance;

use jiff::civil::Date;
use ledger::{Day, EntityId};
use tokio_postgres::Client;

use crate::problem::{Problem, ProblemCode};

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
async fn book_of(client: &Client, entity: &str) -> Result<i32, Problem> {
    let book = match entity.parse::<EntityId>() {
        Ok(entity) => client.query_opt("SELECT id FROM books WHERE entity = $1", &[&entity.to_string()]).await?,
        Err(_) => None,
    };
    Ok(book.ok_or_else(|| entity_unknown(entity))?.get(0))
}
