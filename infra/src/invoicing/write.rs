//! Storage of documents, and reading back what those that follow need.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use ledger::{ContractId, exact};
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

use super::document::{Document, DocumentKind};
use super::fold::Draft;
use super::register::{Invoiced, Register};
use crate::journal::{JournalError, stored};

/// Position of invoicing in the log.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// Sequence of the last event that was turned into documents.
    pub sequence: u64,
    /// Sequence of the last event before the open month.
    pub month_sequence: u64,
    /// Number of documents issued.
    pub issued: u64,
}

/// Reads where invoicing goes on.
pub(super) async fn load(client: &Client) -> Result<(Position, Register), JournalError> {
    let row = client.query_one("SELECT sequence, month_sequence, issued FROM invoicing_position", &[]).await?;
    let at = |column: usize| stored("a position of invoicing", row.get::<_, i64>(column));
    let position = Position { sequence: at(0)?, month_sequence: at(1)?, issued: at(2)? };
    let mut numbers = BTreeMap::new();
    for row in client.query("SELECT kind, year, last FROM invoice_numbers", &[]).await? {
        let kind = DocumentKind::find(row.get(0)).ok_or_else(|| damaged("a series of numbers"))?;
        numbers.insert((kind, row.get(1)), row.get(2));
    }
    let mut names = BTreeMap::new();
    for row in client.query("SELECT organization, name FROM invoiced_organizations", &[]).await? {
        let organization = row.get::<_, &str>(0).parse().map_err(|_| damaged("an organization"))?;
        names.insert(organization, row.get(1));
    }
    Ok((position, Register::new(numbers, names)?))
}

fn damaged(what: &str) -> JournalError {
    JournalError::Damaged(format!("invoicing finds {what} that it cannot have written"))
}

/// Issues the drafts of the events up to `last`, and returns the position after them.
pub(super) async fn step(
    client: &mut Client,
    register: &mut Register,
    drafts: Vec<Draft>,
    before: Position,
    last: u64,
    month_sequence: u64,
) -> Result<Position, JournalError> {
    let transaction = client.transaction().await?;
    let referred: BTreeSet<ContractId> = drafts.iter().filter_map(|draft| draft.content.refers_to()).collect();
    register.invoices = invoices_of(&transaction, &referred).await?;
    for draft in drafts {
        register.take(draft)?;
    }
    let issued = std::mem::take(&mut register.issued);
    let names = std::mem::take(&mut register.new_names);
    let count: u64 = exact(issued.len());
    let after = Position { sequence: last, month_sequence, issued: before.issued + count };
    let statement = "UPDATE invoicing_position SET sequence = $1, month_sequence = $2, issued = $3 \
                     WHERE sequence = $4 AND issued = $5";
    let moved = [after.sequence, after.month_sequence, after.issued, before.sequence, before.issued].map(signed);
    let [sequence, month, total, from, issued_before] = &moved;
    if transaction.execute(statement, &[sequence, month, total, from, issued_before]).await? != 1 {
        return Err(JournalError::Damaged("invoicing was moved by another process".into()));
    }
    insert_names(&transaction, &names).await?;
    insert_documents(&transaction, &issued, before.issued).await?;
    store_numbers(&transaction, register, &issued).await?;
    transaction.commit().await?;
    Ok(after)
}

async fn invoices_of(
    transaction: &Transaction<'_>,
    contracts: &BTreeSet<ContractId>,
) -> Result<BTreeMap<ContractId, Vec<Invoiced>>, JournalError> {
    let mut invoices: BTreeMap<ContractId, Vec<Invoiced>> = BTreeMap::new();
    if contracts.is_empty() {
        return Ok(invoices);
    }
    let ids: Vec<Uuid> = contracts.iter().map(|contract| contract.uuid()).collect();
    let statement = "SELECT content::text FROM invoices WHERE contract = ANY($1) AND kind = $2 ORDER BY position";
    for row in transaction.query(statement, &[&ids, &DocumentKind::Invoice.name()]).await? {
        let document: Document = serde_json::from_str(row.get(0)).map_err(|_| damaged("an invoice"))?;
        let (contract, of_contract) = Invoiced::of(&document).ok_or_else(|| damaged("an invoice"))?;
        invoices.entry(contract).or_default().push(of_contract);
    }
    Ok(invoices)
}

async fn insert_names(
    transaction: &Transaction<'_>,
    names: &[(ledger::OrganizationId, String)],
) -> Result<(), JournalError> {
    if names.is_empty() {
        return Ok(());
    }
    let organizations: Vec<&str> = names.iter().map(|(organization, _)| organization.as_str()).collect();
    let names: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
    let statement = "INSERT INTO invoiced_organizations SELECT * FROM unnest($1::text[], $2::text[]) \
                     ON CONFLICT (organization) DO NOTHING";
    transaction.execute(statement, &[&organizations, &names]).await?;
    Ok(())
}

async fn insert_documents(transaction: &Transaction<'_>, issued: &[Document], before: u64) -> Result<(), JournalError> {
    if issued.is_empty() {
        return Ok(());
    }
    let mut content = Vec::with_capacity(issued.len());
    let mut dates: Vec<Date> = Vec::with_capacity(issued.len());
    for document in issued {
        content.push(serde_json::to_string(document).map_err(|error| JournalError::Damaged(error.to_string()))?);
        dates.push(document.issued.to_string().parse().map_err(|_| damaged("a day"))?);
    }
    let column = |of: fn(&Document) -> String| issued.iter().map(of).collect::<Vec<String>>();
    let positions: Vec<i64> = (before + 1..).zip(issued).map(|(position, _)| signed(position)).collect();
    let contracts: Vec<Option<Uuid>> = issued.iter().map(|one| one.contract.map(ContractId::uuid)).collect();
    let sequences: Vec<i64> = issued.iter().map(|one| signed(one.sequence)).collect();
    let totals: Vec<_> = issued.iter().map(|one| one.total.to_decimal()).collect();
    let statement = "INSERT INTO invoices (position, number, kind, organization, contract, issued, sequence, currency, \
                     total, content) \
                     SELECT position, number, kind, organization, contract, issued, sequence, currency, total, content::json \
                     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::date[], $7::bigint[], \
                     $8::text[], $9::numeric[], $10::text[]) AS i (position, number, kind, organization, contract, issued, \
                     sequence, currency, total, content)";
    transaction
        .execute(
            statement,
            &[
                &positions,
                &column(|one| one.number.clone()),
                &column(|one| one.kind.name().to_owned()),
                &column(|one| one.recipient.organization.to_string()),
                &contracts,
                &dates,
                &sequences,
                &column(|one| one.currency.to_string()),
                &totals,
                &content,
            ],
        )
        .await?;
    Ok(())
}

async fn store_numbers(
    transaction: &Transaction<'_>,
    register: &Register,
    issued: &[Document],
) -> Result<(), JournalError> {
    if issued.is_empty() {
        return Ok(());
    }
    // There are a few series a year: all of them are as quickly written as those that have moved.
    let kinds: Vec<&str> = register.numbers.keys().map(|(kind, _)| kind.name()).collect();
    let years: Vec<i32> = register.numbers.keys().map(|(_, year)| *year).collect();
    let lasts: Vec<i32> = register.numbers.values().copied().collect();
    let statement = "INSERT INTO invoice_numbers SELECT * FROM unnest($1::text[], $2::int[], $3::int[]) \
                     ON CONFLICT (kind, year) DO UPDATE SET last = EXCLUDED.last \
                     WHERE invoice_numbers.last <> EXCLUDED.last";
    transaction.execute(statement, &[&kinds, &years, &lasts]).await?;
    Ok(())
}

fn signed(number: u64) -> i64 {
    exact(number)
}
