//! Reports that are sent while they are read.
//!
//! A report reads one snapshot of the database, row by row, and writes into a channel of a few chunks, from which its client is
//! sent at the pace at which it reads: nothing holds the report as a whole. Whoever gets to the end of an answer has all of it:
//! when the database or the client fails in between, the connection is broken off, never closed in order.
//!
//! Reports take turns: so many at a time, and of one trading organization fewer. Whoever does not read keeps their own turns only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures::Stream;
use infra::config::Limits;
use infra::journal::JournalError;
use infra::node::Node;
use infra::reports::Snapshot;
use ledger::OrganizationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use crate::problem::{Problem, ProblemCode};
use crate::request::SEQUENCE_HEADER;

/// Reports that are streamed at a time to finance, and as many to traders. Each has a database session of its own, so they must not
/// take all that there are.
const REPORTS_MAX: usize = 8;
/// How long a report waits for its turn.
const TURN_PATIENCE: Duration = Duration::from_secs(5);
/// How long a client may take nothing. A report that waits keeps its snapshot, and the database must keep what that sees.
const CLIENT_PATIENCE: Duration = Duration::from_secs(20);
/// The length from which what is written becomes a chunk.
const CHUNK_BYTES: usize = 32_768;
/// Chunks that wait for the client.
const CHUNKS_WAITING_MAX: usize = 4;

/// How many more reports may begin. Traders who read slowly do not keep finance waiting.
pub struct Reports {
    for_finance: Arc<Semaphore>,
    for_traders: Turns,
}

/// The turns of organizations that share them: so many in all, and fewer for each.
struct Turns {
    in_all: Arc<Semaphore>,
    each_max: usize,
    /// Those who have turns, or wait for them.
    each: Mutex<HashMap<OrganizationId, Arc<Semaphore>>>,
}

/// The right to stream a report, until it is dropped.
pub struct Turn {
    _held: Vec<OwnedSemaphorePermit>,
}

impl Reports {
    /// As the settings say.
    pub fn new(limits: &Limits) -> Self {
        let for_traders = Turns {
            in_all: Arc::new(Semaphore::new(REPORTS_MAX)),
            each_max: limits.reports_per_organization_max,
            each: Mutex::default(),
        };
        Self { for_finance: Arc::new(Semaphore::new(REPORTS_MAX)), for_traders }
    }

    /// Waits for a turn of those who may see the books.
    ///
    /// # Errors
    /// A [`Problem`] with the code `queue_full` when too many reports are under way.
    pub async fn turn_of_finance(&self) -> Result<Turn, Problem> {
        let turn = timeout(TURN_PATIENCE, self.for_finance.clone().acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or_else(too_many)?;
        Ok(Turn { _held: vec![turn] })
    }

    /// Waits for a turn of an organization that sees its own part.
    ///
    /// # Errors
    /// A [`Problem`] with the code `queue_full` when too many reports are under way, of all or of this organization.
    pub async fn turn_of_trader(&self, organization: OrganizationId) -> Result<Turn, Problem> {
        let turn = timeout(TURN_PATIENCE, self.for_traders.turn(organization)).await;
        turn.ok().flatten().ok_or_else(too_many)
    }
}

fn too_many() -> Problem {
    Problem::new(ProblemCode::QueueFull, "More reports are being sent than the exchange sends at a time.")
}

impl Turns {
    /// Waits among the organization's own first: what exceeds its share waits beside those of others, not before them.
    async fn turn(&self, organization: OrganizationId) -> Option<Turn> {
        let own = self.of(organization).acquire_owned().await.ok()?;
        let turn = self.in_all.clone().acquire_owned().await.ok()?;
        Some(Turn { _held: vec![own, turn] })
    }

    fn of(&self, organization: OrganizationId) -> Arc<Semaphore> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has no turn and waits for none needs no place here.
        each.retain(|_, own| Arc::strong_count(own) > 1);
        each.entry(organization).or_insert_with(|| Arc::new(Semaphore::new(self.each_max))).clone()
    }
}

/// A report under way: the snapshot that it reads, for as long as its turn lasts.
pub struct Reading {
    // Both are private: a task that named only the snapshot would take that alone, and give the turn back before its end.
    snapshot: Snapshot,
    _turn: Turn,
}

impl Reading {
    /// Takes a snapshot for the report whose turn it is.
    ///
    /// # Errors
    /// A [`Problem`] when the database is away.
    pub async fn begin(node: &Node, turn: Turn) -> Result<Self, Problem> {
        Ok(Self { snapshot: Snapshot::take(&node.database).await?, _turn: turn })
    }

    /// State of the database when the report began.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// Why a report ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    /// The database failed.
    #[error("the database cannot be read: {0}")]
    Database(JournalError),
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

impl From<JournalError> for Interrupted {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Database(_) => Self::Database(error),
            // As a problem it is logged with what is wrong.
            error => Self::Unshowable(error.into()),
        }
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
pub fn stream(mut answer: HttpResponseBuilder, reading: Reading, report: impl Report) -> HttpResponse {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING_MAX);
    answer.insert_header((SEQUENCE_HEADER, reading.snapshot().sequence().to_string()));
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    tokio::spawn(async move {
        let mut sheet = Sheet { pending: Vec::with_capacity(CHUNK_BYTES * 2), sender };
        let outcome = match report.write(reading.snapshot(), &mut sheet).await {
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
    use futures::{FutureExt as _, StreamExt as _};

    #[actix_web::test]
    async fn an_organization_has_its_own_turns_and_no_more() {
        let reports = Reports::new(&Limits { reports_per_organization_max: 2, ..Limits::default() });
        let turns = &reports.for_traders;
        let (acme, beta) = ("acme".parse().unwrap(), "beta".parse().unwrap());
        let first = turns.turn(acme).now_or_never().flatten().unwrap();
        let second = turns.turn(acme).now_or_never().flatten().unwrap();
        let mut third = Box::pin(turns.turn(acme));
        assert!((&mut third).now_or_never().is_none(), "it waits");
        assert!(turns.turn(beta).now_or_never().is_some(), "others do not");
        drop(first);
        assert!(third.now_or_never().is_some(), "what is given back is its own");
        drop(second);
        turns.of(beta);
        assert_eq!(turns.each.lock().unwrap().len(), 1, "nothing is kept of whoever has none");
    }

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
