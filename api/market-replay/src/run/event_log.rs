//! The event log in PostgreSQL, read past the exchange: the system of record that the answers are held against.

use std::collections::BTreeSet;

use infra::{Database, DatabaseError};
use jiff::Timestamp;
use secrecy::SecretString;
use tokio_postgres::Client;
use uuid::Uuid;

use super::error::ReplayError;
use super::spot_evidence::SpotLog;

/// A connection to the database, made anew for each look: the exchange may have been restarted in between.
#[derive(Debug)]
pub(super) struct EventLog(Client);

impl EventLog {
    pub(super) async fn open(database_url: &str) -> Result<Self, ReplayError> {
        let database = Database::new(&SecretString::from(database_url))?;
        Ok(Self(database.connect_as_owner().await.map_err(DatabaseError::from)?))
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
        let placed = "select subject from events where type in ('order_placed', 'spot_order_placed') and subject is not null and sequence > $1";
        let rows = self.0.query(placed, &[&signed(baseline)]).await?;
        Ok(rows.iter().map(|row| row.get::<_, Uuid>(0).to_string()).collect())
    }

    /// What was sold and delivered by the hour, up to `head`; `now` is the exchange's clock.
    pub(super) async fn spot(&self, baseline: u64, head: u64, now: Timestamp) -> Result<SpotLog, ReplayError> {
        let sales = "select content->>'market', (content->>'hour')::timestamptz, type, sequence > $1, \
                     sum((sale->>'gpus')::bigint * (sale->>'minutes')::bigint)::bigint \
                     from events, json_array_elements(content->'sales') sale \
                     where type in ('spot_hours_sold', 'spot_hours_delivered') and sequence <= $2 group by 1, 2, 3, 4";
        let mut log = SpotLog { now, ..SpotLog::default() };
        for row in self.0.query(sales, &[&signed(baseline), &signed(head)]).await? {
            let minutes = row.get::<_, i64>(4).unsigned_abs();
            let hour = log.hours.entry((row.get(0), row.get(1))).or_default();
            match row.get(2) {
                "spot_hours_sold" => {
                    hour.0 += minutes;
                    log.sold_since_baseline += if row.get(3) { minutes } else { 0 };
                }
                _ => hour.1 += minutes,
            }
        }
        let interruptions = "select content->>'market', count(*) from events \
                             where type = 'spot_interrupted' and sequence > $1 and sequence <= $2 group by 1";
        for row in self.0.query(interruptions, &[&signed(baseline), &signed(head)]).await? {
            log.interruptions.insert(row.get(0), row.get::<_, i64>(1).unsigned_abs());
        }
        Ok(log)
    }
}

fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
