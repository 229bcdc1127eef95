//! One state of the database, read by several sessions at once, each streaming a table in order.

use std::pin::pin;

use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio_postgres::Client;

use super::AuditError;
use super::copied::{Copied, CopiedRow};
use crate::Database;

/// Rows handed over at a time.
const BATCH_ROWS: usize = 512;
/// Batches that are read ahead.
const BATCHES_AHEAD: usize = 8;

/// A state of the database that stays as it is, whatever is committed meanwhile.
pub(super) struct Snapshot {
    database: Database,
    /// Keeps the snapshot, and answers small questions.
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

    /// Another session that sees the same.
    async fn session(&self) -> Result<Client, AuditError> {
        let client = self.database.connect().await?;
        // The id comes from the server and is made of digits and hyphens.
        let adopt = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{}'", self.id);
        client.batch_execute(&adopt).await?;
        Ok(client)
    }

    /// The rows of a query, read by a session of their own as fast as they are taken.
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
                    // The end, after which there is nothing but the server's word that it was.
                    Ok(None) => continue,
                    // Nobody to be told where the reader is gone.
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

/// Rows in their order, taken one by one on a thread that may wait.
pub(super) struct Rows<T> {
    batches: mpsc::Receiver<Result<Vec<T>, AuditError>>,
    batch: std::vec::IntoIter<T>,
}

impl<T> Rows<T> {
    /// The rows of what is sent.
    pub fn new(batches: mpsc::Receiver<Result<Vec<T>, AuditError>>) -> Self {
        Self { batches, batch: Vec::new().into_iter() }
    }

    /// The next row, which stays.
    pub fn peek(&mut self) -> Result<Option<&T>, AuditError> {
        self.fill()?;
        Ok(self.batch.as_slice().first())
    }

    /// The next row, taken.
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
