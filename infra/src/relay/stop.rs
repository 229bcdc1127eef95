//! Stops of the relay. They are stored, so that a restart does not lift what only an operator may.

use jiff::Timestamp;

use crate::Database;
use crate::journal::JournalError;

/// Stop of publishing to a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// Id of the stop.
    pub id: i64,
    /// Reason of the stop.
    pub reason: String,
    /// Time of the stop, by the database's clock.
    pub stopped_at: Timestamp,
}

/// Finds the stop of a topic that no operator has lifted; `None` when there is none.
pub(super) async fn standing(database: &Database, topic: &str) -> Result<Option<Stop>, JournalError> {
    let client = database.get().await?;
    let statement = "SELECT id, reason, stopped_at FROM relay_stops WHERE topic = $1 AND lifted_at IS NULL";
    let row = client.query_opt(statement, &[&topic]).await?;
    Ok(row.map(|row| Stop { id: row.get(0), reason: row.get(1), stopped_at: row.get(2) }))
}

/// Stores a stop. A topic that is stopped stays so for the first reason.
pub(super) async fn record(database: &Database, topic: &str, reason: &str) -> Result<(), JournalError> {
    let client = database.get().await?;
    let statement = "INSERT INTO relay_stops (topic, reason) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    client.execute(statement, &[&topic, &reason]).await?;
    Ok(())
}

/// Lifts a stop in the name of an operator's client. Returns whether there was one to lift.
pub(super) async fn lift(database: &Database, topic: &str, id: i64, by: &str) -> Result<bool, JournalError> {
    let client = database.get().await?;
    let statement = "UPDATE relay_stops SET lifted_at = now(), lifted_by = $3 \
                     WHERE id = $1 AND topic = $2 AND lifted_at IS NULL";
    Ok(client.execute(statement, &[&id, &topic, &by]).await? == 1)
}
