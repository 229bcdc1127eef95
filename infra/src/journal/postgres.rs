//! Log in PostgreSQL, as [`Storage`].

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use ledger::Instant;

use super::read::{log_head, read_keys, read_rows};
use super::{BatchPart, Journal, JournalError, LogRow, StoredKey, timestamp};
use crate::Database;
use crate::database::NamedColumns as _;
use crate::storage::{Lease, Storage};

/// Number of rows that are read from the database at a time.
const PAGE_ROWS: usize = 5_000;
/// Number of pages of the table of keys that are looked through at a time: some ten thousand rows.
const PAGES_AT_ONCE: i64 = 256;
/// Pause between two parts of a walk through that table: appends share its disk, and nobody waits for the walk.
const PAUSE: Duration = Duration::from_millis(50);

impl Storage for Database {
    fn take_lead(&self) -> BoxFuture<'_, Result<Box<dyn Lease>, JournalError>> {
        async { Ok(Box::new(Journal::take_over(self.clone()).await?) as Box<dyn Lease>) }.boxed()
    }

    fn epoch(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        async { self.get().await?.query_one("SELECT epoch FROM leadership", &[]).await?.read("epoch") }.boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<u64, JournalError>> {
        async { log_head(&*self.get().await?).await }.boxed()
    }

    fn read(&self, sequence: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Arc<LogRow>>, JournalError>> {
        async move { read_rows(&*self.get().await?, sequence, limit.min(PAGE_ROWS)).await }.boxed()
    }

    fn keys(&self, since: Instant) -> BoxFuture<'_, Result<Vec<StoredKey>, JournalError>> {
        // A session of its own: there may be millions of them, for which the pool has no time.
        async move { read_keys(&self.connect().await?, since).await }.boxed()
    }

    fn forget_keys(&self, until: Instant) -> BoxFuture<'_, Result<u64, JournalError>> {
        delete_keys(self, until).boxed()
    }
}

impl Lease for Journal {
    fn epoch(&self) -> i64 {
        self.epoch
    }

    fn head(&self) -> u64 {
        self.head
    }

    fn append<'a>(&'a mut self, part: BatchPart<'a>) -> BoxFuture<'a, Result<(), JournalError>> {
        self.append_part(part).boxed()
    }

    fn recover(&mut self) -> BoxFuture<'_, Result<(), JournalError>> {
        self.read_heads_again().boxed()
    }
}

/// Deletes keys a few pages of their table at a time, each in a transaction of its own. Rows that are being inserted
/// are in nobody's way: an append waits for none of it.
async fn delete_keys(database: &Database, until: Instant) -> Result<u64, JournalError> {
    let client = database.connect().await?;
    // What a crash brings back is deleted by the next walk.
    client.batch_execute("SET synchronous_commit = off").await?;
    let pages = "SELECT pg_relation_size('idempotency_keys') / current_setting('block_size')::bigint AS pages";
    let pages: i64 = client.query_one(pages, &[]).await?.read("pages")?;
    let delete =
        "DELETE FROM idempotency_keys WHERE ctid >= ($1::text)::tid AND ctid < ($2::text)::tid AND created_at < $3";
    let delete = client.prepare(delete).await?;
    let mut deleted = 0;
    let mut from = 0;
    while from < pages {
        let to = from + PAGES_AT_ONCE;
        deleted += client.execute(&delete, &[&format!("({from},0)"), &format!("({to},0)"), &timestamp(until)]).await?;
        from = to;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(deleted)
}
