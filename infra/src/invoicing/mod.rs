//! Invoices, credit notes and sellers' statements, issued in the order of the log.
//!
//! A follower of the log with a position of its own. What it issues depends on nothing but the log: emptied tables fill
//! again with the same documents under the same numbers.
//!
//! - `document`: what is issued.
//! - `month`: what the open month has gathered that is billed at its end.
//! - `fold`: what each event means to the documents.
//! - `register`: gives documents their numbers, their parties' names, and the numbers of those they refer to.
//! - `write`: stores them, in one transaction with the position.
//! - `read`: lists them, and finds one by its number.
//!
//! It never knows what is owed or paid otherwise: amounts are those that the events state, which are also those of the
//! ledger.

mod document;
mod fold;
mod month;
mod read;
mod register;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub use self::document::{Document, DocumentKind, Line, LineKind, Party, Period};
use self::fold::Fold;
pub use self::read::{InvoiceSummary, InvoicesOf, document_of};
use crate::Database;
use crate::journal::{JournalError, LogReader, LogRow};

/// Events turned into documents in one transaction.
const EVENTS_PER_STEP_MAX: usize = 4_000;
/// The pause after a failure.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// How far invoicing has come.
#[derive(Clone)]
pub struct Invoicing {
    position: watch::Receiver<u64>,
}

impl Invoicing {
    /// Starts following the log.
    pub fn start(database: Database, log: LogReader) -> Self {
        let (sender, position) = watch::channel(0);
        tokio::spawn(follow(database, log, sender));
        Self { position }
    }

    /// The sequence of the last event that the documents include.
    pub fn position(&self) -> u64 {
        *self.position.borrow()
    }

    /// Waits until the documents include the event `sequence`; false when `patience` ran out first.
    pub async fn reached(&self, sequence: u64, patience: Duration) -> bool {
        let mut position = self.position.clone();
        let reached = position.wait_for(|position| *position >= sequence);
        matches!(tokio::time::timeout(patience, reached).await, Ok(Ok(_)))
    }
}

async fn follow(database: Database, log: LogReader, position: watch::Sender<u64>) {
    let mut heads = log.subscribe();
    loop {
        match follow_until_error(&database, &log, &position, &mut heads).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "invoices are not kept up; trying again"),
        }
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

/// Ends without an error when nobody can write to the log or read the position any more.
async fn follow_until_error(
    database: &Database,
    log: &LogReader,
    position: &watch::Sender<u64>,
    heads: &mut watch::Receiver<u64>,
) -> Result<(), JournalError> {
    let mut client = database.connect().await?;
    // What a crash loses is computed again from the position that survived.
    client.batch_execute("SET synchronous_commit = off").await?;
    let (mut state, mut register) = write::load(&client).await?;
    let mut fold = month_so_far(log, state).await?;
    loop {
        position.send_replace(state.sequence);
        heads.borrow_and_update();
        let rows = log.after(state.sequence, EVENTS_PER_STEP_MAX).await?;
        let Some(last) = rows.last().map(|row| row.record.sequence) else {
            tokio::select! {
                changed = heads.changed() => if changed.is_err() { return Ok(()) },
                () = position.closed() => return Ok(()),
            }
            continue;
        };
        let drafts = folded(&mut fold, &rows);
        state = write::step(&mut client, &mut register, drafts, state, last, fold.month_sequence()).await?;
    }
}

/// What the open month has gathered up to the position. What came of its events is issued already.
async fn month_so_far(log: &LogReader, state: write::Position) -> Result<Fold, JournalError> {
    let mut fold = Fold::after(state.month_sequence);
    let mut read = state.month_sequence;
    while read < state.sequence {
        let mut rows = log.after(read, EVENTS_PER_STEP_MAX).await?;
        rows.retain(|row| row.record.sequence <= state.sequence);
        let Some(last) = rows.last().map(|row| row.record.sequence) else {
            return Err(JournalError::Damaged(format!("the log ends at {read}, its invoices at {}", state.sequence)));
        };
        folded(&mut fold, &rows);
        read = last;
    }
    Ok(fold)
}

fn folded(fold: &mut Fold, rows: &[Arc<LogRow>]) -> Vec<fold::Draft> {
    let mut drafts = Vec::new();
    for row in rows {
        fold.add(&row.record, &mut drafts);
    }
    drafts
}
