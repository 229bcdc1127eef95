//! Audit: everything that is stored, computed again from the event log with the pure crates, and compared.
//!
//! It reads one state of the database, however many sessions it takes, and holds neither the log nor the book in
//! memory: the log, the entries and their lines are streams that are merged in order, and so is the topic. It keeps
//! what an exchange keeps, the balances, and a short record of every contract. It writes nothing.
//!
//! - `snapshot`: that one state, and streams of it.
//! - `fold`: the one pass, which hands each event to the checks.
//! - `log`, `entries`, `chain`, `balances` (with client money), `holds`, `contracts`, `lots`, `boxes`, `periods`,
//!   `read_models`, `topic`: a check each.
//! - `copied`: rows as COPY sends them.
//! - `movements`: what the accounts moved on each day, a part of the balances.
//! - `stored`: entries with their lines, as they are stored.
//! - `report`: what was found.

mod balances;
mod boxes;
mod chain;
mod contract_change;
mod contracts;
mod copied;
mod entries;
mod fold;
mod holds;
mod log;
mod lots;
mod movements;
mod own_events;
mod periods;
mod read_models;
mod report;
mod snapshot;
mod stored;
mod topic;

use rdkafka::error::KafkaError;
use tokio::runtime::Handle;

use crate::brokers::Brokers;
use crate::journal::{JournalError, OPERATOR_BOOK};
use crate::relay::ChainHead;
use crate::{ConnectError, Database};

use fold::{Fold, Heads, Sources};
use snapshot::Snapshot;
use stored::StoredEntries;
use topic::{OpenTopic, TopicCheck};

pub use report::{Check, Finding, Outcome, Report};

/// Callback that receives the number of events audited so far, and of all.
pub type Progress = dyn Fn(u64, u64) + Send + Sync;

/// Topic to audit.
#[derive(Clone, Debug)]
pub struct TopicSource {
    /// Brokers that carry it.
    pub brokers: Brokers,
    /// Name of the topic.
    pub topic: String,
}

/// Reason why an audit could not be carried out. It says nothing about the books.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database cannot be read, or a row has no form that this program writes.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A stored value cannot be what this program wrote.
    #[error("the database holds what this program cannot read: {0}")]
    Unreadable(String),
    /// The brokers cannot be reached, or refused a request.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// The brokers do not know the topic.
    #[error("the topic {0} does not exist on these brokers")]
    NoTopic(String),
    /// The brokers do not name their cluster.
    #[error("the brokers do not tell which cluster they form")]
    NoClusterId,
    /// The operating system does not start a thread.
    #[error("a thread cannot be started: {0}")]
    Thread(std::io::Error),
    /// The audit itself has a defect.
    #[error("the audit broke off: {0}")]
    BrokenOff(#[from] tokio::task::JoinError),
}

impl From<ConnectError> for AuditError {
    fn from(error: ConnectError) -> Self {
        Self::Journal(error.into())
    }
}

impl From<tokio_postgres::Error> for AuditError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Journal(error.into())
    }
}

/// Audits a database, and the topic to which it is published.
///
/// The exchange may run meanwhile: what is committed or published after the audit began is left out.
///
/// # Errors
/// [`AuditError`] when the audit could not be carried out.
pub async fn audit(
    database: Database,
    topic: Option<TopicSource>,
    progress: std::sync::Arc<Progress>,
) -> Result<Report, AuditError> {
    // Only what is committed is published. So the topic's end is found first: the snapshot, which is later, has all of
    // it. And what PostgreSQL knows to be published is read before that: all of it is on the topic.
    let topic = match topic {
        Some(source) => {
            let positions = published(&database, &source.topic).await?;
            let open = tokio::task::spawn_blocking(move || OpenTopic::open(&source)).await??;
            let here = positions.iter().find(|(cluster, _)| *cluster == open.cluster);
            let published = here.map_or(0, |(_, sequence)| *sequence);
            Some((open, published))
        }
        None => None,
    };
    let snapshot = Snapshot::take(database).await?;
    let sources = sources(snapshot, topic.is_some()).await?;
    let topic = topic.map(|(open, published)| open.read().map(|records| TopicCheck::new(records, published)));
    let fold = Fold::new(sources, topic.transpose()?, Handle::current());
    tokio::task::spawn_blocking(move || fold.run(&*progress)).await?
}

/// Reads the last sequence that PostgreSQL knows to be published to the topic, by cluster.
async fn published(database: &Database, topic: &str) -> Result<Vec<(String, u64)>, AuditError> {
    let client = database.connect().await?;
    let statement = "SELECT cluster, sequence FROM relay_positions WHERE topic = $1";
    let rows = client.query(statement, &[&topic]).await?;
    Ok(rows.iter().map(|row| (row.get(0), to_u64(row.get(1)))).collect())
}

async fn sources(snapshot: Snapshot, with_topic: bool) -> Result<Sources, AuditError> {
    let client = &snapshot.client;
    let statement = "SELECT l.head, p.sequence, p.own_events_sequence FROM leadership l, projection_position p";
    let row = client.query_one(statement, &[]).await?;
    let books = client.query("SELECT entity, head_sequence, head_hash FROM books ORDER BY id", &[]).await?;
    let books = books.iter().map(|row| {
        let unreadable = |what: &str| AuditError::Unreadable(format!("books.{what} of {}", row.get::<_, &str>(0)));
        let entity = row.get::<_, &str>(0).parse().map_err(|_| unreadable("entity"))?;
        let hash = row.get::<_, &[u8]>(2).try_into().map_err(|_| unreadable("head_hash, which is not 32 bytes,"))?;
        Ok::<_, AuditError>((entity, ChainHead { sequence: to_u64(row.get(1)), hash }))
    });
    let foreign = "SELECT e.book, e.sequence FROM entries e LEFT JOIN books b ON b.id = e.book \
                   WHERE (e.book > $1 OR e.book < $1) AND (b.id IS NULL OR e.book < $1) ORDER BY e.book, e.sequence LIMIT 1";
    let foreign = client.query_opt(foreign, &[&OPERATOR_BOOK]).await?;
    let heads = Heads {
        log: to_u64(row.get(0)),
        books: books.collect::<Result<_, _>>()?,
        read_models: to_u64(row.get(1)),
        own_events: to_u64(row.get(2)),
        foreign_entry: foreign
            .map(|row| format!("entry {} of the book {}", row.get::<_, i64>(1), row.get::<_, i32>(0))),
    };
    let accounts = "SELECT a.id, b.entity, a.code, a.owner, a.currency FROM accounts a JOIN books b ON b.id = a.book";
    let accounts = client.query(accounts, &[]).await?;
    let accounts = accounts.iter().map(|row| {
        let account = balances::account_of(row.get(1), row.get(2), row.get(3), row.get(4))?;
        Ok::<_, AuditError>((row.get::<_, i64>(0), account))
    });
    let accounts = accounts.collect::<Result<_, _>>()?;
    let events = log::events(&snapshot, with_topic).await?;
    let entries = [StoredEntries::of_operator(&snapshot).await?, StoredEntries::of_boxes(&snapshot).await?];
    let own_events = own_events::index(&snapshot).await?;
    Ok(Sources { heads, accounts, events, entries, own_events, snapshot })
}

/// Converts a number that the database's own checks keep from being negative. A negative one stays large, so that it
/// equals nothing computed.
fn to_u64(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
