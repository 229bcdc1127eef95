//! Heads of the chains after each event: what a record on the topic says of the books.
//!
//! Whoever could rewrite the tables could give them a new chain that is consistent in itself. The heads on the topic
//! are out of their reach, so such a rewrite shows.

use deadpool_postgres::Object;
use ledger::{ChainHash, EntityId, Map, exact};

use super::RelayError;
use crate::Database;
use crate::journal::{JournalError, OPERATOR_BOOK};

/// Smallest number of entries that are read at a time.
const PAGE_ENTRIES_MIN: usize = 64;

/// Head of a book's chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainHead {
    /// Number of its last entry, from 1.
    pub sequence: u64,
    /// Hash of that entry.
    pub hash: ChainHash,
}

/// Heads of the books that an event moved, after it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BookHeads {
    /// Head of the operator's book; `None` when the event did not move it.
    pub operator: Option<ChainHead>,
    /// Heads of the books of boxes, in the order in which the books were opened.
    pub boxes: Vec<(EntityId, ChainHead)>,
}

/// Reader of the heads along the chains, from an event on.
pub(super) struct ChainHeads {
    /// Number of the operator's last entry that has been read.
    last: i64,
    /// Sequence of the last event of which the entries of boxes have been read.
    last_event: i64,
}

impl ChainHeads {
    /// Makes a reader that begins after the entries of the event `position`.
    pub async fn after(database: &Database, position: u64) -> Result<Self, RelayError> {
        let client = database.get().await.map_err(JournalError::from)?;
        let statement = "SELECT sequence FROM entries WHERE book = $1 AND event <= $2 ORDER BY sequence DESC LIMIT 1";
        let position: i64 = exact(position);
        let row = client.query_opt(statement, &[&OPERATOR_BOOK, &position]).await?;
        Ok(Self { last: row.map_or(0, |row| row.get(0)), last_event: position })
    }

    /// Reads the head after the last entry of each event that led to any, up to the event `until`; `events` is about
    /// how many events that is.
    ///
    /// Reads along the entries' primary key, because entries stand in the order of their events: the index on events
    /// summarizes pages, and young ones only after a vacuum.
    pub async fn up_to(
        &mut self,
        database: &Database,
        until: u64,
        events: usize,
    ) -> Result<Map<u64, BookHeads>, RelayError> {
        let client = database.get().await.map_err(JournalError::from)?;
        let mut heads = self.of_operator(&client, until, events).await?;
        self.of_boxes(&client, until, &mut heads).await?;
        Ok(heads)
    }

    async fn of_operator(
        &mut self,
        client: &Object,
        until: u64,
        events: usize,
    ) -> Result<Map<u64, BookHeads>, RelayError> {
        let statement =
            "SELECT sequence, event, hash FROM entries WHERE book = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
        let statement = client.prepare_cached(statement).await?;
        let page = events.max(PAGE_ENTRIES_MIN);
        let limit: i64 = exact(page);
        let mut heads: Map<u64, BookHeads> = Map::default();
        loop {
            let rows = client.query(&statement, &[&OPERATOR_BOOK, &self.last, &limit]).await?;
            for row in &rows {
                let sequence: i64 = row.get(0);
                let event = row.get::<_, Option<i64>>(1).and_then(|event| u64::try_from(event).ok());
                if event.is_some_and(|event| event > until) {
                    return Ok(heads);
                }
                self.last = sequence;
                let head = chain_head(sequence, row.get(2))?;
                if let Some(event) = event {
                    heads.entry(event).or_default().operator = Some(head);
                }
            }
            if rows.len() < page {
                return Ok(heads);
            }
        }
    }

    /// Adds the heads of boxes, along the index on their entries' events.
    async fn of_boxes(
        &mut self,
        client: &Object,
        until: u64,
        heads: &mut Map<u64, BookHeads>,
    ) -> Result<(), RelayError> {
        let statement = "SELECT DISTINCT ON (e.event, e.book) e.event, b.entity, e.sequence, e.hash \
                         FROM entries e JOIN books b ON b.id = e.book \
                         WHERE e.book > 1 AND e.event > $1 AND e.event <= $2 \
                         ORDER BY e.event, e.book, e.sequence DESC";
        let statement = client.prepare_cached(statement).await?;
        let until: i64 = exact(until);
        for row in client.query(&statement, &[&self.last_event, &until]).await? {
            let (event, sequence): (i64, i64) = (row.get(0), row.get(2));
            let entity = row.get::<_, &str>(1).parse();
            let entity = entity
                .map_err(|_| JournalError::Damaged(format!("the book {} has no entity", row.get::<_, &str>(1))))?;
            let head = chain_head(sequence, row.get(3))?;
            heads.entry(event.unsigned_abs()).or_default().boxes.push((entity, head));
        }
        self.last_event = until;
        Ok(())
    }
}

fn chain_head(sequence: i64, hash: &[u8]) -> Result<ChainHead, JournalError> {
    let hash = hash.try_into();
    let hash = hash.map_err(|_| JournalError::Damaged(format!("the hash of entry {sequence} is not 32 bytes")))?;
    Ok(ChainHead { sequence: sequence.unsigned_abs(), hash })
}
