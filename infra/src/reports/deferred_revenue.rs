//! The roll-forward of deferred revenue: what was paid and not delivered, what moved it, and what is left.

use jiff::civil::Date;
use ledger::{AccountKind, Amount, Currency, DEFERRED_REVENUE, Movement};
use tokio_postgres::{Client, Row};

use super::BookId;
use crate::journal::JournalError;
use crate::{ColumnValue as _, NamedColumns as _};

/// Balances before the span and at its end. Kept apart from the movements, so that the two can be compared.
const BALANCES: &str = "SELECT a.code, coalesce(-sum(l.amount) FILTER (WHERE e.effective < $4), 0) AS opening, \
                        coalesce(-sum(l.amount) FILTER (WHERE $5::date IS NULL OR e.effective <= $5), 0) AS closing \
                        FROM accounts a LEFT JOIN lines l ON l.account = a.id \
                        LEFT JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                        WHERE a.book = $1 AND a.currency = $2 AND a.code = ANY($3) GROUP BY a.code ORDER BY a.code";

/// Movements within the span. The other side of an entry is what has the other sign.
const MOVEMENTS: &str = "WITH moved AS ( \
                             SELECT l.entry, e.rule || '.' || e.rule_version AS rule, a.code, l.amount > 0 AS debit, \
                                    sum(l.amount) AS amount \
                             FROM accounts a JOIN lines l ON l.account = a.id \
                             JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                             WHERE a.book = $1 AND a.currency = $2 AND a.code = ANY($3) \
                               AND ($4::date IS NULL OR e.effective >= $4) AND ($5::date IS NULL OR e.effective <= $5) \
                             GROUP BY l.entry, e.rule, e.rule_version, a.code, l.amount > 0), \
                         told AS ( \
                             SELECT m.*, ARRAY(SELECT DISTINCT c.code FROM lines o JOIN accounts c ON c.id = o.account \
                                               WHERE o.book = $1 AND o.entry = m.entry AND c.currency = $2 \
                                                 AND (o.amount > 0) <> m.debit ORDER BY c.code) AS counter \
                             FROM moved m) \
                         SELECT code, rule, counter, count(DISTINCT entry) AS entries, -sum(amount) AS amount FROM told \
                         GROUP BY code, rule, counter, debit ORDER BY code, debit, rule, counter";

/// Which roll-forward.
#[derive(Clone, Copy, Debug)]
pub struct DeferredRevenueOf {
    /// The books.
    pub book: BookId,
    /// The currency.
    pub currency: Currency,
    /// The first day; from the beginning when not given.
    pub from: Option<Date>,
    /// The last day; to the end when not given.
    pub to: Option<Date>,
}

/// What one posting rule moved on a deferred account, against the same accounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeferredMovement {
    /// Name of the posting rule with its version.
    pub rule: String,
    /// What it does.
    pub movement: Movement,
    /// Codes of the accounts on the other side of its entries.
    pub counter_accounts: Vec<String>,
    /// How many entries.
    pub entries: i64,
    /// By how much more is deferred; below zero where less is.
    pub amount: Amount,
}

/// Roll-forward of one deferred account. Amounts are of what is owed: positive is owed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeferredAccount {
    /// The account.
    pub account: AccountKind,
    /// What was deferred before the span.
    pub opening: Amount,
    /// What moved it within the span.
    pub movements: Vec<DeferredMovement>,
    /// What is deferred at the end of the span: the opening balance and all movements.
    pub closing: Amount,
}

impl DeferredRevenueOf {
    /// Deferred accounts that were ever used in the currency, in the order of the chart. The client should read one state of the database.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read; [`JournalError::Damaged`] when the movements do not lead to a closing balance.
    pub async fn accounts(&self, client: &Client) -> Result<Vec<DeferredAccount>, JournalError> {
        let Self { book, currency, from, to } = self;
        let (book, currency) = (book.to_column(), currency.as_str());
        let codes = DEFERRED_REVENUE.map(AccountKind::code).to_vec();
        let balances = client.query(BALANCES, &[&book, &currency, &codes, from, to]).await?;
        let moved = client.query(MOVEMENTS, &[&book, &currency, &codes, from, to]).await?;
        balances.iter().map(|row| DeferredAccount::read(row, &moved)).collect()
    }
}

impl DeferredAccount {
    /// The account of a row of [`BALANCES`], with its own of the rows of [`MOVEMENTS`].
    fn read(row: &Row, moved: &[Row]) -> Result<Self, JournalError> {
        let account: AccountKind = row.read("code")?;
        let (opening, closing): (Amount, Amount) = (row.read("opening")?, row.read("closing")?);
        let mut movements = Vec::new();
        for row in moved {
            if row.read::<AccountKind>("code")? == account {
                movements.push(DeferredMovement::read(account, row)?);
            }
        }
        if opening + movements.iter().map(|of| of.amount).sum() != closing {
            let detail = format!("the movements of {account} do not lead to its closing balance");
            return Err(JournalError::Damaged(detail));
        }
        Ok(Self { account, opening, movements, closing })
    }
}

impl DeferredMovement {
    fn read(account: AccountKind, row: &Row) -> Result<Self, JournalError> {
        let counter_accounts: Vec<String> = row.read("counter")?;
        let amount = row.read("amount")?;
        let counter: Vec<_> = counter_accounts.iter().filter_map(|code| AccountKind::from_code(code)).collect();
        let movement = Movement::of(account, amount, &counter);
        Ok(Self { rule: row.read("rule")?, movement, counter_accounts, entries: row.read("entries")?, amount })
    }
}
