//! The accounts of all books with their balances.

use ledger::Amount;
use tokio_postgres::{Client, Row};

use crate::NamedColumns as _;
use crate::journal::JournalError;

/// Balance of an account, or of one owner's part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountBalance {
    /// Number of the account, in the order in which accounts were first used.
    pub id: i64,
    /// The entity whose books it is in.
    pub entity: String,
    /// Code in the chart.
    pub code: String,
    /// Whose part it is: empty for the entity's own.
    pub owner: String,
    /// The currency.
    pub currency: String,
    /// The balance, debit positive.
    pub balance: Amount,
}

impl AccountBalance {
    fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self {
            id: row.read("id")?,
            entity: row.read("entity")?,
            code: row.read("code")?,
            owner: row.read("owner")?,
            currency: row.read("currency")?,
            balance: row.read("balance")?,
        })
    }
}

/// Accounts whose numbers come after `after`, at most `limit` of them, by number.
///
/// # Errors
/// [`JournalError`] when the database cannot be read, or holds what no balance can be.
pub async fn accounts_after(client: &Client, after: i64, limit: i64) -> Result<Vec<AccountBalance>, JournalError> {
    let statement = "SELECT b.entity, a.code, a.owner, a.currency, s.balance, a.id \
                     FROM accounts a JOIN books b ON b.id = a.book JOIN balances s ON s.account = a.id \
                     WHERE a.id > $1 ORDER BY a.id LIMIT $2";
    client.query(statement, &[&after, &limit]).await?.iter().map(AccountBalance::read).collect()
}
