//! Where the chain over the operator's entries stood after each event: what a record on the topic says of the books.
//!
//! Whoever could rewrite the tables could give them a new chain that is consistent in itself. The heads on the topic are out of
//! that hand's reach, so such a rewrite shows.

use ledger::{ChainHash, Map};

use super::RelayError;
use crate::Database;
use crate::journal::{JournalError, OPERATOR_BOOK};

/// The fewest entries that are read at a time.
const PAGE_ENTRIES_MIN: usize = 64;

/// Where a book stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ChainHead {
    /// The number of its last entry.
    pub sequence: u64,
    /// That entry's hash.
    pub hash: ChainHash,
}

/// Reads the heads along the chain, from an event on.
pub(super) struct ChainHeads {
    /// The last entry that has been read.
    last: i64,
}

impl ChainHeads {
    /// Begins after the entries of the event `position`.
    pub async fn after(database: &Database, position: u64) -> Result<Self, RelayError> {
        let client = database.get().await.map_err(JournalError::from)?;
        let statement = "SELECT sequence FROM entries WHERE book = $1 AND event <= $2 ORDER BY sequence DESC LIMIT 1";
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let row = client.query_opt(statement, &[&OPERATOR_BOOK, &position]).await?;
        Ok(Self { last: row.map_or(0, |row| row.get(0)) })
    }

    /// The head after the last entry of each event that led to any, up to the event `until`; `events` is about how many
    /// events that is.
    ///
    /// Along the entries' primary key, because entries stand in the order of their events: the index on events summarizes
    /// pages, and young ones only after a vacuum.
    pub async fn up_to(
        &mut self,
        database: &Database,
        until: u64,
        events: usize,
    ) -> Result<Map<u64, ChainHead>, RelayError> {
        let client = database.get().await.map_err(JournalError::from)?;
        let statement =
            "SELECT sequence, event, hash FROM entries WHERE book = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
        let statement = client.prepare_cached(statement).await?;
        let page = events.max(PAGE_ENTRIES_MIN);
        let limit = i64::try_from(page).unwrap_or(i64::MAX);
        let mut heads = Map::default();
        loop {
            let rows = client.query(&statement, &[&OPERATOR_BOOK, &self.last, &limit]).await?;
            for row in &rows {
                let sequence: i64 = row.get(0);
                let event = row.get::<_, Option<i64>>(1).and_then(|event| u64::try_from(event).ok());
                if event.is_some_and(|event| event > until) {
                    return Ok(heads);
                }
                self.last = sequence;
                let hash = row.get::<_, &[u8]>(2).try_into();
                let hash =
                    hash.map_err(|_| JournalError::Damaged(format!("the hash of entry {sequence} is not 32 bytes")))?;
                if let Some(event) = event {
                    heads.insert(event, ChainHead { sequence: sequence.unsigned_abs(), hash });
                }
            }
            if rows.len() < page {
                return Ok(heads);
            }
        }
    }
}
