//! What is held of customers' money, to be compared with what their orders have set aside.

use std::collections::BTreeMap;

use ledger::{AccountKind, Amount, Currency, OrganizationId, Owner};
use tokio_postgres::Client;

use super::BookId;
use crate::journal::JournalError;
use crate::{ColumnValue as _, NamedColumns as _};

/// Present balances, less what was posted for later events.
const HELD: &str = "WITH later AS ( \
                        SELECT l.account, sum(l.amount) AS amount FROM entries e \
                        JOIN lines l ON l.book = e.book AND l.entry = e.sequence \
                        WHERE e.book = $1 AND e.event > $4 GROUP BY l.account) \
                    SELECT a.owner, coalesce(later.amount, 0) - b.balance AS held FROM accounts a \
                    JOIN balances b ON b.account = a.id LEFT JOIN later ON later.account = a.id \
                    WHERE a.book = $1 AND a.currency = $2 AND a.code = $3";

/// Which held balances.
#[derive(Clone, Copy, Debug)]
pub struct HeldBalancesOf {
    /// The books.
    pub book: BookId,
    /// The currency.
    pub currency: Currency,
    /// Sequence of the last event whose entries count.
    pub sequence: u64,
}

impl HeldBalancesOf {
    /// What was held of each organization's money after the event. Positive is held.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read; [`JournalError::Damaged`] when held money is not an organization's.
    pub async fn by_organization(&self, client: &Client) -> Result<BTreeMap<OrganizationId, Amount>, JournalError> {
        let Self { book, currency, sequence } = self;
        let code = AccountKind::CustomerHeld.code();
        let (book, sequence) = (book.to_column(), sequence.to_column());
        let mut balances = BTreeMap::new();
        for row in client.query(HELD, &[&book, &currency.as_str(), &code, &sequence]).await? {
            let Owner::Organization(organization) = row.read("owner")? else {
                return Err(JournalError::Damaged("held money is not an organization's".into()));
            };
            balances.insert(organization, row.read("held")?);
        }
        Ok(balances)
    }
}
