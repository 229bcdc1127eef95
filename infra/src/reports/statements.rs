//! Statements: what an account had before a span of days, and every line within it.

use jiff::civil::Date;
use ledger::{AccountKind, Amount, ContractId, Currency, OrganizationId, Owner};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::{BookId, Rows, Snapshot};
use crate::journal::JournalError;
use crate::{ColumnValue as _, NamedColumns as _};

/// Account, or part of one, whose lines a statement lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementSection {
    /// Code of the account in the chart.
    pub code: String,
    /// Whose part of the account: empty for the entity's own; `None` for all parts.
    pub owner: Option<String>,
    /// The currency.
    pub currency: String,
    /// Only lines that concern this contract.
    pub contract: Option<ContractId>,
    /// Balance before the span, debit positive.
    pub opening: Amount,
}

/// Line of a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementLine {
    /// The day it is dated.
    pub effective: Date,
    /// Number of its entry in the books.
    pub entry: i64,
    /// Place in the entry, from 0.
    pub line: i32,
    /// Name of the posting rule with its version.
    pub rule: String,
    /// Sequence of the event that it records; `None` for an entry of no event.
    pub event: Option<i64>,
    /// Whose part of the account: empty for the entity's own.
    pub owner: String,
    /// The contract that it, or all of its entry, concerns.
    pub contract: Option<Uuid>,
    /// The amount, debit positive.
    pub amount: Amount,
}

impl StatementLine {
    fn read(row: &Row) -> Result<Self, JournalError> {
        Ok(Self {
            effective: row.read("effective")?,
            entry: row.read("sequence")?,
            line: row.read("line")?,
            rule: row.read("rule")?,
            event: row.read("event")?,
            owner: row.read("owner")?,
            contract: row.read("contract")?,
            amount: row.read("amount")?,
        })
    }
}

/// The lines of one contract, which is a parameter: each names it, or its entry does for all of its own.
fn lines_of_contract(parameter: &str) -> String {
    format!(
        "(SELECT * FROM lines WHERE contract = {parameter} UNION ALL \
         SELECT of_entry.* FROM entries whole \
         JOIN lines of_entry ON of_entry.book = whole.book AND of_entry.entry = whole.sequence \
         WHERE whole.contract = {parameter} AND of_entry.contract IS NULL)"
    )
}

impl StatementSection {
    /// Lines from one day to another, by date and entry; from the beginning or to the end where a day is not given.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn lines(
        &self,
        snapshot: &Snapshot,
        book: BookId,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Rows<StatementLine>, JournalError> {
        let source = self.contract.map_or_else(|| "lines".to_owned(), |_| lines_of_contract("$7"));
        let statement = format!(
            "SELECT e.effective, e.sequence, l.line, e.rule || '.' || e.rule_version AS rule, e.event, a.owner, \
             coalesce(l.contract, e.contract) AS contract, l.amount \
             FROM {source} l JOIN accounts a ON a.id = l.account \
             JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
             WHERE l.book = $1 AND a.code = $2 AND a.currency = $3 AND ($4::text IS NULL OR a.owner = $4) \
             AND ($5::date IS NULL OR e.effective >= $5) AND ($6::date IS NULL OR e.effective <= $6) \
             ORDER BY e.effective, e.sequence, l.line"
        );
        let (book, contract) = (book.to_column(), self.contract.map(|contract| contract.to_column()));
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&book, &self.code, &self.currency, &self.owner, &from, &to];
        if let Some(contract) = &contract {
            parameters.push(contract);
        }
        snapshot.rows(&statement, &parameters, StatementLine::read).await
    }
}

/// Which accounts of an owner a statement lists.
#[derive(Clone, Copy, Debug)]
pub struct SectionsOf {
    /// The books.
    pub book: BookId,
    /// Whose accounts.
    pub owner: Owner,
    /// Only accounts with lines that concern this contract, and of them only these lines.
    pub contract: Option<ContractId>,
    /// The first day of the span; from the beginning when not given.
    pub from: Option<Date>,
}

impl SectionsOf {
    /// The owner's accounts with their balances before the span, in the order of the chart.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read, or holds what no balance can be.
    pub async fn read(&self, client: &Client) -> Result<Vec<StatementSection>, JournalError> {
        let Self { book, owner, contract, from } = self;
        let (book, owner) = (book.to_column(), owner.to_column());
        let rows = match contract {
            None => {
                let statement = "SELECT a.code, a.currency, CASE WHEN $3::date IS NULL THEN 0 ELSE \
                                 (SELECT coalesce(sum(l.amount), 0) FROM lines l \
                                  JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                                  WHERE l.account = a.id AND e.effective < $3) END AS opening \
                                 FROM accounts a WHERE a.book = $1 AND a.owner = $2 ORDER BY a.code, a.currency";
                client.query(statement, &[&book, &owner, from]).await?
            }
            Some(contract) => {
                let source = lines_of_contract("$4");
                let statement = format!(
                    "SELECT a.code, a.currency, coalesce(sum(l.amount) FILTER (WHERE e.effective < $3), 0) AS opening \
                     FROM {source} l JOIN accounts a ON a.id = l.account \
                     JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                     WHERE l.book = $1 AND a.owner = $2 GROUP BY a.code, a.currency ORDER BY a.code, a.currency"
                );
                client.query(&statement, &[&book, &owner, from, &contract.to_column()]).await?
            }
        };
        let section = |row: &Row| {
            Ok(StatementSection {
                code: row.read("code")?,
                owner: Some(owner.clone()),
                currency: row.read("currency")?,
                contract: *contract,
                opening: row.read("opening")?,
            })
        };
        rows.iter().map(section).collect()
    }
}

/// Account of the chart in a currency, or one owner's part of it.
#[derive(Clone, Copy, Debug)]
pub struct AccountPart {
    /// The books.
    pub book: BookId,
    /// The account.
    pub account: AccountKind,
    /// Whose part; all parts when not given.
    pub owner: Option<Owner>,
    /// The currency.
    pub currency: Currency,
}

/// Whether anybody has used an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountUse {
    /// The account was used in some currency.
    pub account: bool,
    /// Some account was used in the currency.
    pub currency: bool,
    /// The account was used in the currency, by the owner who is asked for.
    pub part: bool,
}

impl AccountPart {
    /// Whether anybody has used it.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn used(&self, client: &Client) -> Result<AccountUse, JournalError> {
        let statement = "SELECT count(*) FILTER (WHERE code = $2) > 0 AS account, \
                         count(*) FILTER (WHERE currency = $3) > 0 AS currency, \
                         count(*) FILTER (WHERE code = $2 AND currency = $3 AND ($4::text IS NULL OR owner = $4)) > 0 AS part \
                         FROM accounts WHERE book = $1";
        let (book, owner) = (self.book.to_column(), self.owner.to_column());
        let row = client.query_one(statement, &[&book, &self.account.code(), &self.currency.as_str(), &owner]).await?;
        Ok(AccountUse { account: row.read("account")?, currency: row.read("currency")?, part: row.read("part")? })
    }

    /// The section of a statement that lists it, with the balance before `from`; zero where that is not given.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read, or holds what no balance can be.
    pub async fn section(&self, client: &Client, from: Option<Date>) -> Result<StatementSection, JournalError> {
        let opening = match from {
            Some(from) => self.balance_before(client, from).await?,
            None => Amount::ZERO,
        };
        Ok(StatementSection {
            code: self.account.to_column(),
            owner: self.owner.to_column(),
            currency: self.currency.to_column(),
            contract: None,
            opening,
        })
    }

    async fn balance_before(&self, client: &Client, day: Date) -> Result<Amount, JournalError> {
        let statement = "SELECT coalesce(sum(l.amount), 0) AS balance FROM accounts a JOIN lines l ON l.account = a.id \
                         JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                         WHERE a.book = $1 AND a.code = $2 AND a.currency = $3 AND ($4::text IS NULL OR a.owner = $4) \
                         AND e.effective < $5";
        let (book, owner) = (self.book.to_column(), self.owner.to_column());
        let row =
            client.query_one(statement, &[&book, &self.account.code(), &self.currency.as_str(), &owner, &day]).await?;
        row.read("balance")
    }
}

/// Whether an organization has bought a contract, or else sold it; `None` when it has done neither.
///
/// # Errors
/// [`JournalError`] when the database cannot be read.
pub async fn has_bought(
    client: &Client,
    contract: ContractId,
    organization: OrganizationId,
) -> Result<Option<bool>, JournalError> {
    let statement = "SELECT buyer = $2 AS has_bought FROM contracts WHERE id = $1 AND (buyer = $2 OR seller = $2)";
    let row = client.query_opt(statement, &[&contract.to_column(), &organization.as_str()]).await?;
    row.map(|row| row.read("has_bought")).transpose()
}
