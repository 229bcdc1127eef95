//! One state of the database, whatever is committed meanwhile, with the head of the log in it.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, IsolationLevel, Row, Transaction};

use crate::Database;
use crate::journal::{JournalError, log_head};

/// Rows as the database produces them: it waits where nobody takes them. After an error there is nothing more to read; an error is also
/// what follows when the [`Snapshot`] that they are read in has been dropped.
pub type Rows<T> = BoxStream<'static, Result<T, JournalError>>;

/// State of the database for a report that is read row by row, in a session of its own: the pool's are for requests that are over in a
/// moment. The session ends with the snapshot.
pub struct Snapshot {
    client: Client,
    sequence: u64,
}

impl Snapshot {
    /// Takes a snapshot of the present state.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be reached or read.
    pub async fn take(database: &Database) -> Result<Self, JournalError> {
        let client = database.connect().await?;
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let sequence = log_head(&client).await?;
        Ok(Self { client, sequence })
    }

    /// The session, for questions with short answers.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sequence of the last event that the snapshot includes.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Rows of a statement, each made into a `T` as it is taken.
    pub(super) async fn rows<T: 'static>(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
        read: fn(&Row) -> Result<T, JournalError>,
    ) -> Result<Rows<T>, JournalError> {
        Ok(self.raw_rows(statement, parameters).await?.map(move |row| read(&row?)).boxed())
    }

    /// Rows of a statement as they come.
    pub(super) async fn raw_rows(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Rows<Row>, JournalError> {
        let rows = self.client.query_raw(statement, parameters.iter().copied()).await?;
        // The driver takes whoever asks again after the end for somebody whose session is gone.
        Ok(rows.map_err(JournalError::from).fuse().boxed())
    }
}

/// State of the database for the questions of one request, within a session of the pool.
pub struct BriefSnapshot<'a> {
    transaction: Transaction<'a>,
    sequence: u64,
}

impl<'a> BriefSnapshot<'a> {
    /// Takes a snapshot of the present state. Dropping it frees the session for others.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn take(client: &'a mut Client) -> Result<Self, JournalError> {
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = transaction.start().await?;
        let sequence = log_head(transaction.client()).await?;
        Ok(Self { transaction, sequence })
    }

    /// The session, for questions to this state.
    pub fn client(&self) -> &Client {
        self.transaction.client()
    }

    /// Sequence of the last event that the snapshot includes.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}
