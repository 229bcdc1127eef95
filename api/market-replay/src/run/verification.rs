//! Gathers what the audit looks at. What cannot be read becomes a failed check instead of an error: a replay that has
//! run deserves its report.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use tokio::time::Instant;

use super::admission::Members;
use super::audit::{Check, Evidence, Findings, LogEvidence, audit, missing_events};
use super::error::ReplayError;
use super::event_log::EventLog;
use super::holdings::Holdings;
use super::session::{Account, Exchange};
use super::tally::Tally;
use super::topic_tail::{TopicReading, TopicTail};
use super::wire::{Clock, TrialBalance};
use credentials::Credentials;

/// Reading takes its own time, so that a replay whose time is up is checked all the same.
const READING_MAX: Duration = Duration::from_mins(2);
/// How long the relay may take to publish what the log holds.
const RELAY_MAX: Duration = Duration::from_mins(1);
const RELAY_PAUSE: Duration = Duration::from_millis(200);
/// After everything is there, a record published twice would come within this time.
const SECOND_COPY_WAIT: Duration = Duration::from_secs(1);

/// The end of a replay.
#[derive(Debug)]
pub(super) struct Verification<'a> {
    pub(super) exchange: &'a Exchange,
    /// The file, which a restarted exchange writes anew.
    pub(super) credentials: &'a Path,
    /// The log's head before the replay; nothing where the log cannot be read.
    pub(super) baseline: Option<u64>,
    pub(super) tail: Option<TopicTail>,
    /// GPUs of the replay's lots.
    pub(super) capacity: &'a BTreeMap<String, u32>,
    /// Spot bids that were to be cancelled.
    pub(super) cancelled: &'a BTreeSet<String>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) checks: Vec<Check>,
    /// What the clients hold that they did not before.
    pub(super) new: Holdings,
    /// Interruptions by market; nothing where the log could not be read.
    pub(super) interruptions: Option<BTreeMap<String, u64>>,
}

impl Verification<'_> {
    /// Makes all checks.
    pub(super) async fn run(
        &self,
        members: &Members,
        before: &Holdings,
        tally: &Tally,
    ) -> Result<Verified, ReplayError> {
        let exchange = self.exchange.until(Instant::now() + READING_MAX);
        let credentials = Credentials::read(self.credentials)?;
        let holdings = evidence(Holdings::settled(&exchange, members, tally.accepted.keys()).await);
        let new = match &holdings {
            Evidence::Read(holdings) => holdings.since(before),
            Evidence::Absent(_) | Evidence::Failed(_) => Holdings::default(),
        };
        let trial_balance = trial_balance(&exchange, &credentials).await;
        let log = match (self.baseline, &credentials.database_url) {
            (Some(baseline), Some(database_url)) => {
                evidence(read_log(&exchange, &credentials, database_url, baseline).await)
            }
            _ => Evidence::Absent("the credentials file has no database_url"),
        };
        let topic = self.topic(&log).await;
        let checks = audit(&Findings {
            tally,
            holdings: &holdings,
            new: &new,
            capacity: self.capacity,
            cancelled: self.cancelled,
            trial_balance: &trial_balance,
            log: &log,
            topic: &topic,
        });
        let interruptions = match log {
            Evidence::Read(log) => Some(log.spot.interruptions),
            Evidence::Absent(_) | Evidence::Failed(_) => None,
        };
        Ok(Verified { checks, new, interruptions })
    }

    /// What was read of the topic once the relay has caught up with the log, or after a bounded time.
    async fn topic(&self, log: &Evidence<LogEvidence>) -> Evidence<TopicReading> {
        let Some(tail) = &self.tail else {
            return Evidence::Absent("the credentials file has no kafka_brokers or no topics.events");
        };
        if let Evidence::Read(log) = log {
            let until = Instant::now() + RELAY_MAX;
            while !missing_events(log, &tail.reading()).is_empty() && Instant::now() < until {
                tokio::time::sleep(RELAY_PAUSE).await;
            }
        }
        tokio::time::sleep(SECOND_COPY_WAIT).await;
        let reading = tail.reading().clone();
        match &reading.trouble {
            Some(trouble) if reading.partitions() == 0 => Evidence::Failed(trouble.clone()),
            _ => Evidence::Read(reading),
        }
    }
}

async fn trial_balance(exchange: &Exchange, credentials: &Credentials) -> Evidence<TrialBalance> {
    let Some(client) = credentials.with_role("finance") else {
        return Evidence::Absent("the credentials file has no client with the role finance");
    };
    let account = Account::new(client.client_id.clone(), client.client_secret.clone());
    let path = "/v1/ledger/trial-balance?entity=operator&currency=USD";
    evidence(exchange.get(&account, path).await)
}

async fn read_log(
    exchange: &Exchange,
    credentials: &Credentials,
    database_url: &str,
    baseline: u64,
) -> Result<LogEvidence, ReplayError> {
    let client = credentials.clients.first().ok_or_else(|| ReplayError::Task("no client".to_owned()))?;
    let account = Account::new(client.client_id.clone(), client.client_secret.clone());
    // Read before the head: what was over by then has been delivered in the log, or is missing.
    let clock: Clock = exchange.get(&account, "/v1/clock").await?;
    let log = EventLog::open(database_url).await?;
    let head = log.head().await?;
    let spot = log.spot(baseline, head, clock.now).await?;
    let (sequences, placed) = (log.sequences(head).await?, log.placed_orders(baseline).await?);
    Ok(LogEvidence { baseline, head, sequences, placed, spot })
}

fn evidence<T>(read: Result<T, ReplayError>) -> Evidence<T> {
    match read {
        Ok(read) => Evidence::Read(read),
        Err(error) => Evidence::Failed(error.to_string()),
    }
}
