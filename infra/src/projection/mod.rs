//! Read models: orders, trades, contracts and lots as tables, computed from the log.
//!
//! The projector follows the log, folds what happened into one change per row, and writes the changes together with its position,
//! so that a crash neither loses nor repeats an event. The index of organizations' own events has a position beside it, for it came
//! later than the other tables and fills up by itself. Readers who need their own writes wait for [`Projection::reached`]. The
//! tables can be emptied at any time: the projector computes them again.

mod changes;
mod contract_change;
mod own_events;
mod write;

pub use changes::status_of;
pub use contract_change::ContractChange;
pub use write::StoredOptions;

use std::time::Duration;

use tokio::sync::watch;

use crate::Database;
use crate::journal::{JournalError, LogReader, stored};
use crate::telemetry::Metrics;

/// Events folded into one transaction.
const EVENTS_PER_STEP_MAX: usize = 4_000;
/// The pause after a failure.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// How far the read models have come.
#[derive(Clone)]
pub struct Projection {
    position: watch::Receiver<u64>,
}

impl Projection {
    /// Starts following the log.
    pub fn start(database: Database, log: LogReader, metrics: Metrics) -> Self {
        let (sender, position) = watch::channel(0);
        tokio::spawn(follow(database, log, sender, metrics));
        Self { position }
    }

    /// The sequence of the last event that the read models include.
    pub fn position(&self) -> u64 {
        *self.position.borrow()
    }

    /// Follows the sequence of the last event that the read models include.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.position.clone()
    }

    /// Waits until the read models include the event `sequence`; false when `patience` ran out first.
    pub async fn reached(&self, sequence: u64, patience: Duration) -> bool {
        let mut position = self.position.clone();
        let reached = position.wait_for(|position| *position >= sequence);
        matches!(tokio::time::timeout(patience, reached).await, Ok(Ok(_)))
    }
}

/// How far the tables are: the read models, and the index of organizations' own events.
#[derive(Clone, Copy)]
struct Positions {
    models: u64,
    own_events: u64,
}

async fn follow(database: Database, log: LogReader, position: watch::Sender<u64>, metrics: Metrics) {
    let mut heads = log.subscribe();
    loop {
        let outcome = follow_until_error(&database, &log, &position, &mut heads, &metrics).await;
        match outcome {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the read models are not kept up; trying again"),
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
    metrics: &Metrics,
) -> Result<(), JournalError> {
    let mut client = database.connect().await?;
    // What a crash loses is computed again from the position that survived.
    client.batch_execute("SET synchronous_commit = off").await?;
    let row = client.query_one("SELECT sequence, own_events_sequence FROM projection_position", &[]).await?;
    let at = |column: usize| stored("a position of the read models", row.get::<_, i64>(column));
    let (mut sequence, mut own_events): (u64, u64) = (at(0)?, at(1)?);
    while own_events < sequence {
        let mut rows = log.after(own_events, EVENTS_PER_STEP_MAX).await?;
        rows.retain(|row| row.record.sequence <= sequence);
        let Some(last) = rows.last().map(|row| row.record.sequence) else {
            return Err(JournalError::Damaged(format!("the log ends at {own_events}, the read models at {sequence}")));
        };
        write::write_own_events(&mut client, &own_events::parties(&rows, own_events), own_events, last).await?;
        own_events = last;
    }
    loop {
        position.send_replace(sequence);
        let head = *heads.borrow_and_update();
        metrics.projection_lag_events.set(i64::try_from(head.saturating_sub(sequence)).unwrap_or(i64::MAX));
        let rows = log.after(sequence, EVENTS_PER_STEP_MAX).await?;
        let Some(last) = rows.last().map(|row| row.record.sequence) else {
            tokio::select! {
                changed = heads.changed() => if changed.is_err() { return Ok(()) },
                () = position.closed() => return Ok(()),
            }
            continue;
        };
        let mut changes = changes::Changes::default();
        for row in &rows {
            changes.fold(&row.record);
        }
        let parties = own_events::parties(&rows, own_events);
        write::write(&mut client, &changes, &parties, Positions { models: sequence, own_events }, last).await?;
        own_events = own_events.max(last);
        sequence = last;
    }
}
