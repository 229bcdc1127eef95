//! Reports that are sent while they are read.
//!
//! A report reads one snapshot of the database, row by row, and writes into a channel of a few chunks, from which its client is
//! sent at the pace at which it reads: nothing holds the report as a whole. Whoever gets to the end of an answer has all of it:
//! when the database or the client fails in between, the connection is broken off, never closed in order.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures::Stream;
use infra::node::Node;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, RowStream};

use crate::problem::{Problem, ProblemCode};
use crate::request::SEQUENCE_HEADER;

/// Reports that are streamed at a time to finance, and as many to traders. Each has a database session of its own, so they must not
/// take all that there are.
const REPORTS_MAX: usize = 8;
/// How long a report waits for its turn.
const TURN_PATIENCE: Duration = Duration::from_secs(5);
/// How long a client may take nothing. A report that waits keeps its snapshot, and the database must keep what that sees.
const CLIENT_PATIENCE: Duration = Duration::from_mins(1);
/// The length from which what is written becomes a chunk.
const CHUNK_BYTES: usize = 32_768;
/// Chunks that wait for the client.
const CHUNKS_WAITING_MAX: usize = 4;

/// How many more reports may begin. Traders who read slowly do not keep finance waiting.
pub struct Reports {
    /// For those who may see the books.
    pub for_finance: Turns,
    /// For those who see their own part.
    pub for_traders: Turns,
}

/// The right to stream a report, as many times as there may be at a time.
pub struct Turns(Arc<Semaphore>);

impl Default for Reports {
    fn default() -> Self {
        let turns = || Turns(Arc::new(Semaphore::new(REPORTS_MAX)));
        Self { for_finance: turns(), for_traders: turns() }
    }
}

/// The database as it stood at one moment, for one report.
pub struct Snapshot {
    client: Client,
    sequence: u64,
    _turn: OwnedSemaphorePermit,
}

impl Snapshot {
    /// Takes a snapshot, when it is the report's turn.
    ///
    /// # Errors
    /// A [`Problem`] with the code `queue_full` when too many reports are under way, and another when the database is away.
    pub async fn take(node: &Node, turns: &Turns) -> Result<Self, Problem> {
        let turn = timeout(TURN_PATIENCE, turns.0.clone().acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or_else(|| {
            Problem::new(ProblemCode::QueueFull, "More reports are being sent than the exchange sends at a time.")
        })?;
        // A session of its own: the pool's are for requests that are over in a moment. It ends with the snapshot.
        let client = node.database.connect().await?;
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let head: i64 = client.query_one("SELECT head FROM leadership", &[]).await?.get(0);
        Ok(Self { client, sequence: u64::try_from(head).unwrap_or(0), _turn: turn })
    }

    /// The session, for what is short.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How far the log was.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The rows of a statement, as the database produces them: it waits where nobody takes them.
    ///
    /// # Errors
    /// The database's.
    pub async fn rows(
        &self,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Pin<Box<RowStream>>, tokio_postgres::Error> {
        Ok(Box::pin(self.client.query_raw(statement, parameters.iter().copied()).await?))
    }
}

/// Why a report ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    /// The database failed.
    #[error("the database cannot be read: {0}")]
    Database(#[from] tokio_postgres::Error),
    /// The database holds what a report cannot show.
    #[error("the books hold what cannot be: {0}")]
    Unshowable(Problem),
    /// The client is gone, or takes nothing any more.
    #[error("the client does not take the report")]
    ClientAway,
    /// The report's task ended without a word.
    #[error("the report was cut off")]
    CutOff,
}

impl From<Problem> for Interrupted {
    fn from(problem: Problem) -> Self {
        Self::Unshowable(problem)
    }
}

/// A report, which knows how to write itself.
pub trait Report: Send + Sized + 'static {
    /// Writes all of it.
    ///
    /// # Errors
    /// [`Interrupted`] when it cannot be written to its end.
    fn write(self, snapshot: &Snapshot, sheet: &mut Sheet) -> impl Future<Output = Result<(), Interrupted>> + Send;
}

/// Where a report is written.
pub struct Sheet {
    pending: Vec<u8>,
    sender: mpsc::Sender<Part>,
}

/// What the client's connection is handed.
enum Part {
    Chunk(Bytes),
    /// The report is whole. A channel that closes without this was cut off.
    End,
}

impl Sheet {
    /// Appends text.
    ///
    /// # Errors
    /// [`Interrupted::ClientAway`] when nobody reads any more.
    pub async fn write(&mut self, text: impl AsRef<[u8]>) -> Result<(), Interrupted> {
        self.pending.extend_from_slice(text.as_ref());
        if self.pending.len() >= CHUNK_BYTES {
            self.hand_over().await?;
        }
        Ok(())
    }

    async fn hand_over(&mut self) -> Result<(), Interrupted> {
        let chunk = Bytes::from(std::mem::replace(&mut self.pending, Vec::with_capacity(CHUNK_BYTES * 2)));
        if chunk.is_empty() { Ok(()) } else { self.send(Part::Chunk(chunk)).await }
    }

    async fn send(&self, part: Part) -> Result<(), Interrupted> {
        self.sender.send_timeout(part, CLIENT_PATIENCE).await.map_err(|_| Interrupted::ClientAway)
    }
}

/// An answer that is the report.
pub fn stream(mut answer: HttpResponseBuilder, snapshot: Snapshot, report: impl Report) -> HttpResponse {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING_MAX);
    answer.insert_header((SEQUENCE_HEADER, snapshot.sequence().to_string()));
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    tokio::spawn(async move {
        let mut sheet = Sheet { pending: Vec::with_capacity(CHUNK_BYTES * 2), sender };
        let outcome = match report.write(&snapshot, &mut sheet).await {
            Ok(()) => sheet.hand_over().await,
            Err(interrupted) => Err(interrupted),
        };
        match outcome {
            Ok(()) => drop(sheet.send(Part::End).await),
            Err(interrupted) => tracing::warn!(error = %interrupted, "a report ended before its end"),
        }
    });
    answer.streaming(parts(receiver))
}

/// The report's chunks; an error after them when they are not all.
fn parts(receiver: mpsc::Receiver<Part>) -> impl Stream<Item = Result<Bytes, Interrupted>> {
    futures::stream::unfold(Some(receiver), |receiver| async {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Part::Chunk(chunk)) => Some((Ok(chunk), Some(receiver))),
            Some(Part::End) => None,
            None => Some((Err(Interrupted::CutOff), None)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt as _;

    #[actix_web::test]
    async fn a_report_that_is_cut_off_does_not_look_whole() {
        for (whole, expected) in
            [(true, vec![Ok(Bytes::from_static(b"a"))]), (false, vec![Ok(Bytes::from_static(b"a")), Err(())])]
        {
            let (sender, receiver) = mpsc::channel(4);
            sender.send(Part::Chunk(Bytes::from_static(b"a"))).await.ok().unwrap();
            if whole {
                sender.send(Part::End).await.ok().unwrap();
            }
            drop(sender);
            let seen: Vec<_> = parts(receiver).map(|part| part.map_err(drop)).collect().await;
            assert_eq!(seen, expected);
        }
    }

    #[actix_web::test]
    async fn a_report_is_sent_in_chunks_as_it_is_written() {
        let (sender, mut receiver) = mpsc::channel(4);
        let mut sheet = Sheet { pending: Vec::new(), sender };
        sheet.write(vec![b'x'; CHUNK_BYTES - 1]).await.unwrap();
        assert!(receiver.try_recv().is_err(), "not a chunk yet");
        sheet.write("yz").await.unwrap();
        assert!(matches!(receiver.try_recv(), Ok(Part::Chunk(chunk)) if chunk.len() == CHUNK_BYTES + 1));
        drop(receiver);
        sheet.write("tail").await.unwrap();
        assert!(matches!(sheet.hand_over().await, Err(Interrupted::ClientAway)));
    }
}
