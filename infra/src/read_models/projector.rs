//! Projector: follows the log and keeps the tables.

use std::sync::Arc;
use std::time::Duration;

use ledger::exact;
use tokio::sync::watch;
use tokio_postgres::{Client, Transaction};

use super::contracts::ContractRecord;
use super::lots::LotRecord;
use super::orders::OrderRecord;
use super::outages::OutageRecord;
use super::own_events;
use super::spot::{AuctionRecord, SaleRecord};
use super::table::{append, project};
use super::trades::TradeRecord;
use crate::Database;
use crate::database::NamedColumns as _;
use crate::journal::{JournalError, LogReader, LogRow};
use crate::telemetry::Metrics;

/// Largest number of events in one transaction.
const EVENTS_PER_STEP_MAX: usize = 4_000;
/// Pause before a new session after a failure: the database may be away, and nothing tells when it is back.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Positions of the tables in the log.
#[derive(Clone, Copy)]
struct Positions {
    /// Last event that the records include.
    records: u64,
    /// Last event that the index of organizations' own events includes.
    own_events: u64,
}

/// Follows the log until nobody can write to it or read the position any more.
pub(super) async fn follow(database: Database, log: LogReader, position: watch::Sender<u64>, metrics: Metrics) {
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
    let mut at = Positions { records: row.read("sequence")?, own_events: row.read("own_events_sequence")? };
    while at.own_events < at.records {
        let mut events = log.after(at.own_events, EVENTS_PER_STEP_MAX).await?;
        events.retain(|row| row.record.sequence <= at.records);
        let Some(last) = events.last().map(|row| row.record.sequence) else {
            let Positions { records, own_events } = at;
            return Err(JournalError::Damaged(format!("the log ends at {own_events}, the read models at {records}")));
        };
        at = write(&mut client, &events, at, Positions { own_events: last, ..at }).await?;
    }
    loop {
        position.send_replace(at.records);
        let head = *heads.borrow_and_update();
        metrics.projection_lag_events.set(i64::try_from(head.saturating_sub(at.records)).unwrap_or(i64::MAX));
        let events = log.after(at.records, EVENTS_PER_STEP_MAX).await?;
        let Some(last) = events.last().map(|row| row.record.sequence) else {
            tokio::select! {
                changed = heads.changed() => if changed.is_err() { return Ok(()) },
                () = position.closed() => return Ok(()),
            }
            continue;
        };
        let after = Positions { records: last, own_events: at.own_events.max(last) };
        at = write(&mut client, &events, at, after).await?;
    }
}

/// Writes the events between two positions, in one transaction with the position.
async fn write(
    client: &mut Client,
    events: &[Arc<LogRow>],
    before: Positions,
    after: Positions,
) -> Result<Positions, JournalError> {
    let transaction = client.transaction().await?;
    move_position(&transaction, before, after).await?;
    if after.records > before.records {
        project::<LotRecord>(&transaction, events).await?;
        project::<OrderRecord>(&transaction, events).await?;
        project::<ContractRecord>(&transaction, events).await?;
        project::<TradeRecord>(&transaction, events).await?;
        project::<OutageRecord>(&transaction, events).await?;
        append::<AuctionRecord>(&transaction, events).await?;
        append::<SaleRecord>(&transaction, events).await?;
    }
    own_events::insert(&transaction, events, before.own_events).await?;
    transaction.commit().await?;
    Ok(after)
}

/// Moves the position, which is one row; fails when it is not where it was left.
async fn move_position(transaction: &Transaction<'_>, before: Positions, after: Positions) -> Result<(), JournalError> {
    let statement = "UPDATE projection_position SET sequence = $1, own_events_sequence = $2 \
                     WHERE sequence = $3 AND own_events_sequence = $4";
    let [records, own_events, records_before, own_before] =
        [after.records, after.own_events, before.records, before.own_events].map(exact::<_, i64>);
    match transaction.execute(statement, &[&records, &own_events, &records_before, &own_before]).await? {
        1 => Ok(()),
        _ => Err(JournalError::Damaged("the read models were moved by another process".into())),
    }
}
