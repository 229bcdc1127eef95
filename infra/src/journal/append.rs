//! Appending batches under an epoch.

use std::collections::BTreeSet;

use ledger::{ChainHash, ChainedEntry, EntityId, Guard, Line, Map, Set, chain};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, Statement, Transaction};

use super::copy::{CopyRows, JsonText, date, timestamp};
use super::statements::Statements;
use super::{AccountNumbers, BatchPart, JournalError, KeyOutcome, read};
use crate::Database;

/// Writer of the log, while it leads.
pub(super) struct Journal {
    database: Database,
    client: Client,
    statements: Statements,
    pub(super) epoch: i64,
    pub(super) head: u64,
    books: Map<EntityId, BookHead>,
    accounts: AccountNumbers,
    /// Highest account number so far.
    last_account: i64,
}

/// Head of a book.
#[derive(Clone, Copy)]
struct BookHead {
    /// Number of the book in table `books`.
    book: i32,
    sequence: u64,
    hash: ChainHash,
}

/// Entry in its place in the chain, ready for its table.
struct EntryRow<'a> {
    event: i64,
    source_key: String,
    book: i32,
    sequence: i64,
    entry: &'a ledger::Entry,
    previous: ChainHash,
    hash: ChainHash,
}

impl Journal {
    /// Takes the lead: bumps the epoch, so that whoever led before cannot write any more, and reads the heads.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be reached or holds what this program did not write.
    pub(super) async fn take_over(database: Database) -> Result<Self, JournalError> {
        let client = open_session(&database).await?;
        let statements = Statements::prepare(&client).await?;
        let row = client.query_one("UPDATE leadership SET epoch = epoch + 1 RETURNING epoch, head", &[]).await?;
        let mut journal = Self {
            database,
            client,
            statements,
            epoch: row.get(0),
            head: to_u64(row.get(1))?,
            books: Map::default(),
            accounts: AccountNumbers::default(),
            last_account: 0,
        };
        journal.read_books().await?;
        Ok(journal)
    }

    /// Commits a part of a batch in one transaction.
    pub(super) async fn append_part(&mut self, batch: BatchPart<'_>) -> Result<(), JournalError> {
        let head = batch.rows.last().map_or(self.head, |row| row.record.sequence);
        let (before, after) = (to_i64(self.head)?, to_i64(head)?);
        let new_accounts = self.number_new_accounts(batch);

        let statements = &self.statements;
        let transaction = self.client.transaction().await?;
        let moved = transaction.execute(&statements.move_head, &[&after, &self.epoch, &before]).await?;
        if moved != 1 {
            return Err(JournalError::Fenced);
        }
        copy_events(&transaction, &statements.events, batch).await?;
        // A box's book comes into being with its event.
        let opened = new_books(&transaction, &self.books, batch).await?;
        let (entries, moved_books) = chain_entries(batch, &self.books, opened)?;
        if !entries.is_empty() {
            copy_accounts(&transaction, &statements.accounts, &new_accounts, &moved_books).await?;
            copy_entries(&transaction, &statements.entries, &entries).await?;
            copy_lines(&transaction, &statements.lines, &entries, [&self.accounts, &new_accounts]).await?;
        }
        if !batch.keys.is_empty() {
            copy_keys(&transaction, &statements.keys, batch).await?;
        }
        transaction.commit().await?;
        self.head = head;
        self.last_account += i64::try_from(new_accounts.len()).map_err(|_| damaged("too many accounts"))?;
        self.accounts.extend(new_accounts);
        self.books.extend(moved_books);
        Ok(())
    }

    /// Reconnects after a failed append and reads where the log really ends. Waits for an append of ours that may still
    /// be running, because that holds the row.
    pub(super) async fn read_heads_again(&mut self) -> Result<(), JournalError> {
        self.client = open_session(&self.database).await?;
        self.statements = Statements::prepare(&self.client).await?;
        let row = self.client.query_one("SELECT epoch, head FROM leadership FOR UPDATE", &[]).await?;
        if row.get::<_, i64>(0) != self.epoch {
            return Err(JournalError::Fenced);
        }
        let head = to_u64(row.get(1))?;
        if head < self.head {
            return Err(JournalError::WentBack { known: self.head, found: head });
        }
        self.head = head;
        self.read_books().await
    }

    async fn read_books(&mut self) -> Result<(), JournalError> {
        let heads = "SELECT id, entity, head_sequence, head_hash FROM books";
        let rows = self.client.query(heads, &[]).await?;
        self.books = rows.iter().map(book_head).collect::<Result<_, _>>()?;
        self.accounts = read::load_accounts(&self.client).await?;
        self.last_account = self.accounts.values().copied().max().unwrap_or(0);
        Ok(())
    }

    /// Numbers the accounts that a batch is the first to use.
    fn number_new_accounts(&self, batch: BatchPart<'_>) -> AccountNumbers {
        let mut seen = Set::default();
        let lines = batch.entries.iter().flat_map(|(_, _, entry)| entry.lines());
        let new = lines.map(|line| line.account).filter(|account| !self.accounts.contains_key(account));
        new.filter(|account| seen.insert(*account)).zip(self.last_account + 1..).collect()
    }
}

/// Opens a session of the journal's own. What it reports as committed is durable, whatever the server, the database or
/// the role have as their default.
///
/// The server ends on its own what a writer has left behind that can no longer be heard of, or the row that every
/// append locks would stay locked: its transaction, its wait for that lock, and the connection itself.
async fn open_session(database: &Database) -> Result<Client, JournalError> {
    let client = database.connect().await?;
    let settings = "SELECT set_config('synchronous_commit', 'on', false) \
                    WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply'); \
                    SET lock_timeout = '20s'; \
                    SET idle_in_transaction_session_timeout = '30s'; \
                    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
    client.batch_execute(settings).await?;
    Ok(client)
}

/// Reads the entity and the head of a book from a row of table `books`.
fn book_head(row: &Row) -> Result<(EntityId, BookHead), JournalError> {
    let entity = row.get::<_, &str>(1).parse().map_err(|_| damaged("a book's entity cannot be read"))?;
    let hash = row.get::<_, &[u8]>(3).try_into().map_err(|_| damaged("a book's chain head cannot be read"))?;
    Ok((entity, BookHead { book: row.get(0), sequence: to_u64(row.get(2))?, hash }))
}

/// Opens the books of a batch's entries that are not known yet.
async fn new_books(
    transaction: &Transaction<'_>,
    known: &Map<EntityId, BookHead>,
    batch: BatchPart<'_>,
) -> Result<Map<EntityId, BookHead>, JournalError> {
    let entities = batch.entries.iter().map(|(_, _, entry)| entry.entity());
    let new: BTreeSet<String> =
        entities.filter(|entity| !known.contains_key(entity)).map(|entity| entity.to_string()).collect();
    if new.is_empty() {
        return Ok(Map::default());
    }
    let statement = "SELECT id, entity, head_sequence, head_hash FROM books WHERE entity = ANY ($1)";
    let rows = transaction.query(statement, &[&Vec::from_iter(new)]).await?;
    rows.iter().map(book_head).collect()
}

/// Numbers and chains a batch's entries after the heads of their books, including those just opened. Returns the rows
/// and the new heads of these books.
fn chain_entries<'a>(
    batch: BatchPart<'a>,
    known: &Map<EntityId, BookHead>,
    mut moved: Map<EntityId, BookHead>,
) -> Result<(Vec<EntryRow<'a>>, Map<EntityId, BookHead>), JournalError> {
    let mut text = String::with_capacity(1024);
    let mut rows = Vec::with_capacity(batch.entries.len());
    for (event, ordinal, entry) in batch.entries {
        let entity = entry.entity();
        let before = moved.get(&entity).or_else(|| known.get(&entity)).copied();
        let before = before.ok_or_else(|| JournalError::Damaged(format!("{entity} has no book")))?;
        let BookHead { book, hash: previous, .. } = before;
        let sequence = before.sequence + 1;
        let source_key = format!("{event}.{ordinal}");
        let hash = chain(&previous, &ChainedEntry { sequence, source_key: &source_key, entry }, &mut text);
        moved.insert(entity, BookHead { book, sequence, hash });
        let (event, sequence) = (to_i64(*event)?, to_i64(sequence)?);
        rows.push(EntryRow { event, source_key, book, sequence, entry, previous, hash });
    }
    Ok((rows, moved))
}

async fn copy_events(
    transaction: &Transaction<'_>,
    statement: &Statement,
    batch: BatchPart<'_>,
) -> Result<(), JournalError> {
    let types = [
        Type::INT8,
        Type::TIMESTAMPTZ,
        Type::UUID,
        Type::TEXT,
        Type::INT2,
        Type::TEXT,
        Type::UUID,
        Type::DATE,
        Type::JSON,
    ];
    let mut copy = CopyRows::start(transaction, statement, &types).await?;
    for row in batch.rows {
        let record = &row.record;
        let version =
            i16::try_from(record.event.version()).map_err(|_| damaged("an event's version is out of range"))?;
        let (sequence, key) = (to_i64(record.sequence)?, record.event.key().to_string());
        copy.row(&[
            &sequence,
            &timestamp(record.at),
            &record.command.uuid(),
            &record.event.name(),
            &version,
            &key,
            &record.event.subject(),
            &record.event.period().map(|period| date(period.first_day())),
            &JsonText(&row.content),
        ])
        .await?;
    }
    copy.finish().await?;
    Ok(())
}

async fn copy_accounts(
    transaction: &Transaction<'_>,
    statement: &Statement,
    accounts: &AccountNumbers,
    books: &Map<EntityId, BookHead>,
) -> Result<(), JournalError> {
    if accounts.is_empty() {
        return Ok(());
    }
    let types = [Type::INT8, Type::INT4, Type::TEXT, Type::TEXT, Type::TEXT, Type::BOOL];
    let mut copy = CopyRows::start(transaction, statement, &types).await?;
    for (account, number) in accounts {
        let guarded = account.kind.guard() == Guard::NeverDebit;
        let owner = account.owner.to_string();
        let values = (&account.kind.code(), &owner, &account.currency.as_str());
        let book = books.get(&account.entity).map(|head| head.book);
        let book = book.ok_or_else(|| damaged("an account has no book"))?;
        copy.row(&[number, &book, values.0, values.1, values.2, &guarded]).await?;
    }
    copy.finish().await?;
    Ok(())
}

async fn copy_entries(
    transaction: &Transaction<'_>,
    statement: &Statement,
    entries: &[EntryRow<'_>],
) -> Result<(), JournalError> {
    let types = [
        Type::INT4,
        Type::INT8,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::INT2,
        Type::DATE,
        Type::UUID,
        Type::UUID,
        Type::TEXT,
        Type::INT4,
        Type::BYTEA,
        Type::BYTEA,
    ];
    let mut copy = CopyRows::start(transaction, statement, &types).await?;
    for row in entries {
        let entry = row.entry;
        let effective = date(entry.effective());
        let version = i16::try_from(entry.rule().version).map_err(|_| damaged("a rule's version is out of range"))?;
        let line_count = i32::try_from(entry.lines().len()).map_err(|_| damaged("an entry has too many lines"))?;
        copy.row(&[
            &row.book,
            &row.sequence,
            &row.source_key,
            &row.event,
            &entry.rule().id,
            &version,
            &effective,
            &entry.contract().map(ledger::ContractId::uuid),
            &entry.box_id().map(ledger::BoxId::uuid),
            &entry.corrects().map(|corrects| corrects.to_string()),
            &line_count,
            &row.previous.as_slice(),
            &row.hash.as_slice(),
        ])
        .await?;
    }
    copy.finish().await?;
    Ok(())
}

async fn copy_lines(
    transaction: &Transaction<'_>,
    statement: &Statement,
    entries: &[EntryRow<'_>],
    accounts: [&AccountNumbers; 2],
) -> Result<(), JournalError> {
    let types = [Type::INT4, Type::INT8, Type::INT4, Type::INT8, Type::NUMERIC, Type::UUID];
    let mut copy = CopyRows::start(transaction, statement, &types).await?;
    for row in entries {
        for (number, Line { account, amount, contract }) in (0i32..).zip(row.entry.lines()) {
            let number_of_account = accounts.iter().find_map(|numbers| numbers.get(account));
            let account = number_of_account.ok_or_else(|| damaged("an account has no number"))?;
            let contract = contract.map(ledger::ContractId::uuid);
            copy.row(&[&row.book, &row.sequence, &number, account, &amount.to_decimal(), &contract]).await?;
        }
    }
    copy.finish().await?;
    Ok(())
}

async fn copy_keys(
    transaction: &Transaction<'_>,
    statement: &Statement,
    batch: BatchPart<'_>,
) -> Result<(), JournalError> {
    let types = [Type::BYTEA, Type::BYTEA, Type::TIMESTAMPTZ, Type::INT8, Type::INT8, Type::JSON, Type::TEXT];
    let mut copy = CopyRows::start(transaction, statement, &types).await?;
    for stored in batch.keys {
        let (first, last, refusal) = match &stored.outcome {
            KeyOutcome::Events { first, last } => (Some(to_i64(*first)?), Some(to_i64(*last)?), None),
            KeyOutcome::Refused(refusal) => {
                let text = serde_json::to_vec(&**refusal);
                (None, None, Some(text.map_err(|error| JournalError::Damaged(error.to_string()))?))
            }
        };
        let refusal = refusal.as_deref().map(JsonText);
        copy.row(&[
            &stored.key.digest.as_slice(),
            &stored.key.request_hash.as_slice(),
            &timestamp(stored.created_at),
            &first,
            &last,
            &refusal,
            &stored.key.organization.map(|organization| organization.to_string()),
        ])
        .await?;
    }
    copy.finish().await?;
    Ok(())
}

fn damaged(what: &str) -> JournalError {
    JournalError::Damaged(what.to_owned())
}

fn to_i64(number: u64) -> Result<i64, JournalError> {
    i64::try_from(number).map_err(|_| JournalError::Damaged(format!("{number} is beyond the database's numbers")))
}

fn to_u64(number: i64) -> Result<u64, JournalError> {
    u64::try_from(number).map_err(|_| JournalError::Damaged(format!("{number} should not be negative")))
}
