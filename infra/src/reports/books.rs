//! The books: one per entity, each with a number of its own.

use ledger::{Currency, EntityId};
use tokio_postgres::Client;

use crate::journal::{JournalError, OPERATOR_BOOK};
use crate::{ColumnValue, NamedColumns as _};

/// Number of an entity's books in the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookId(i32);

impl BookId {
    /// The operator's books.
    pub const OPERATOR: Self = Self(OPERATOR_BOOK);
}

impl ColumnValue for BookId {
    const SQL_TYPE: &'static str = "int";
    type Column = i32;

    fn to_column(&self) -> i32 {
        self.0
    }

    fn from_column(column: i32) -> Option<Self> {
        Some(Self(column))
    }
}

/// Books that the entity of this name keeps; `None` when it keeps none, or nothing can have the name.
///
/// # Errors
/// [`JournalError`] when the database cannot be read.
pub async fn book_of(client: &Client, entity: &str) -> Result<Option<BookId>, JournalError> {
    let Ok(entity) = entity.parse::<EntityId>() else { return Ok(None) };
    let row = client.query_opt("SELECT id FROM books WHERE entity = $1", &[&entity.to_string()]).await?;
    row.map(|row| row.read("id")).transpose()
}

/// Whether the books have an account in a currency.
///
/// # Errors
/// [`JournalError`] when the database cannot be read.
pub async fn has_accounts_in(client: &Client, book: BookId, currency: Currency) -> Result<bool, JournalError> {
    let statement = "SELECT EXISTS (SELECT FROM accounts WHERE book = $1 AND currency = $2) AS used";
    client.query_one(statement, &[&book.to_column(), &currency.as_str()]).await?.read("used")
}
