//! Snapshot of the database, read by several sessions at once, each streaming a table in order.

use std::pin::pin;

use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio_postgres::Client;

use super::AuditError;
use super::copied::{Copied, CopiedRow};
use crate::Database;

/// Number of rows handed over at a time.
const BATCH_ROWS: usize = 512;
/// Number of batches that are read ahead.
const BATCHES_AHEAD: usize = 8;

/// State of the database that stays as it is, whatever is committed meanwhile.
pub(super) struct Snapshot {
    database: Database,
    /// Session that keeps the snapshot, and answers small queries.
    pub client: Client,
    id: String,
}

impl Snapshot {
    /// Takes a snapshot.
    pub async fn take(database: Database) -> Result<Self, AuditError> {
        let client = database.connect().await?;
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let id = client.query_one("SELECT pg_export_snapshot()", &[]).await?.get(0);
        Ok(Self { database, client, id })
    }

    /// Opens another session on the same snapshot.
    async fn session(&self) -> Result<Client, AuditError> {
        let client = self.database.connect().await?;
        // The id comes from the server and is made of digits and hyphens.
        let adopt = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{}'", self.id);
        client.batch_execute(&adopt).await?;
        Ok(client)
    }

    /// Streams the rows of a query, read by a session of their own as fast as they are taken.
    pub async fn rows<T: Send + 'static>(
        &self,
        query: &str,
        read: fn(&mut CopiedRow<'_>) -> Result<T, AuditError>,
    ) -> Result<Rows<T>, AuditError> {
        let client = self.session().await?;
        let stream = client.copy_out(&format!("COPY ({query}) TO STDOUT BINARY")).await?;
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        tokio::spawn(async move {
            let (mut stream, mut copied) = (pin!(stream), Copied::default());
            let mut batch = Vec::with_capacity(BATCH_ROWS);
            while let Some(message) = stream.next().await {
                let row = message.map_err(AuditError::from).and_then(|mut message| {
                    let row = copied.row(&mut message)?;
                    row.map(|mut row| read(&mut row)).transpose()
                });
                match row {
                    Ok(Some(row)) => batch.push(row),
                    // End of the rows, after which the server only confirms it.
                    Ok(None) => continue,
                    // The reader may be gone, and then nobody needs the error.
                    Err(error) => return drop(sender.send(Err(error)).await),
                }
                if batch.len() == BATCH_ROWS {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
                    if sender.send(Ok(full)).await.is_err() {
                        return;
                    }
                }
            }
            drop(sender.send(Ok(batch)).await);
            drop(client);
        });
        Ok(Rows::new(batches))
    }
}

/// Rows in their order, taken one by one on a thread that may block.
pub(super) struct Rows<T> {
    batches: mpsc::Receiver<Result<Vec<T>, AuditError>>,
    batch: std::vec::IntoIter<T>,
}

impl<T> Rows<T> {
    /// Makes the rows of a channel's batches.
    pub fn new(batches: mpsc::Receiver<Result<Vec<T>, AuditError>>) -> Self {
        Self { batches, batch: Vec::new().into_iter() }
    }

    /// Returns the next row without taking it; `None` at the end.
    pub fn peek(&mut self) -> Result<Option<&T>, AuditError> {
        self.fill()?;
        Ok(self.batch.as_slice().first())
    }

    /// Takes the next row; `None` at the end.
    pub fn take(&mut self) -> Result<Option<T>, AuditError> {
        self.fill()?;
        Ok(self.batch.next())
    }

    fn fill(&mut self) -> Result<(), AuditError> {
        while self.batch.as_slice().is_empty() {
            let Some(batch) = self.batches.blocking_recv() else { return Ok(()) };
            self.batch = batch?.into_iter();
        }
        Ok(())
    }
}
