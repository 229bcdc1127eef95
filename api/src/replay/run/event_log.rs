//! The event log in PostgreSQL, read past the exchange: the system of record that the answers are held against.

use std::collections::BTreeSet;

use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::error::ReplayError;

/// A connection to the database, made anew for each look: the exchange may have been restarted in between.
#[derive(Debug)]
pub(super) struct EventLog(Client);

impl EventLog {
    pub(super) async fn open(database_url: &str) -> Result<Self, ReplayError> {
        let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
        // Ends with the client; what goes wrong on the connection shows in the queries.
        tokio::spawn(connection);
        Ok(Self(client))
    }

    /// The last event's sequence, zero of none.
    pub(super) async fn head(&self) -> Result<u64, ReplayError> {
        let row = self.0.query_one("select coalesce(max(sequence), 0) from events", &[]).await?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }

    /// All sequences up to `head`.
    pub(super) async fn sequences(&self, head: u64) -> Result<BTreeSet<u64>, ReplayError> {
        let rows = self.0.query("select sequence from events where sequence <= $1", &[&signed(head)]).await?;
        Ok(rows.iter().map(|row| row.get::<_, i64>(0).unsigned_abs()).collect())
    }

    /// Ids of the orders placed after `baseline`.
    pub(super) async fn placed_orders(&self, baseline: u64) -> Result<BTreeSet<String>, ReplayError> {
        let placed = "select subject from events where type = 'order_placed' and subject is not null and sequence > $1";
        let rows = self.0.query(placed, &[&signed(baseline)]).await?;
        Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).to_string()).collect())
    }
}

fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
