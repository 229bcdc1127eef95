//! Creation of Kafka topics.
//!
//! Owns the description of a topic and the one request that creates it on a
//! broker that answers the admin protocol. Promises that asking twice is
//! harmless. Knows nothing of what the topics carry.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::brokers::Brokers;

/// Time that the brokers may take to create the topics.
const CREATION_DEADLINE: Duration = Duration::from_secs(30);

/// Largest setting of a time, in milliseconds.
const ANY_TIME_MS: &str = "9223372036854775807";

/// Topic to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Name: 1 to 249 characters out of `a-z A-Z 0-9 . _ -`.
    pub name: String,
    /// Number of partitions, at least 1.
    pub partitions: i32,
}

/// Error: a topic could not be created.
#[derive(Debug, thiserror::Error)]
pub enum TopicCreationError {
    /// The request itself failed: no broker reachable, or no answer in time.
    #[error("cannot create topics at {bootstrap}: {source}; check that Kafka runs and is reachable")]
    Request {
        /// The broker addresses that were asked.
        bootstrap: String,
        /// What the client library reports.
        source: KafkaError,
    },
    /// The brokers refused one topic.
    #[error("Kafka at {bootstrap} refused to create the topic {topic}: {code}")]
    Refused {
        /// The broker addresses that were asked.
        bootstrap: String,
        /// Name of the refused topic.
        topic: String,
        /// The brokers' reason.
        code: RDKafkaErrorCode,
    },
}

/// Creates every topic of `topics` that does not exist yet.
///
/// `replication` is the number of copies of each partition, from 1 to the
/// number of brokers. A write with `acks=all` then waits for all copies but
/// one (`min.insync.replicas`), so that one broker may be lost without losing
/// acknowledged records or refusing new ones. An existing topic is left as it
/// is, even where its number of partitions differs.
///
/// A topic keeps its records for good, and takes records dated at any time:
/// the log is published with its own times, which a simulated clock moves
/// ahead, and whoever begins late must find its start.
///
/// # Errors
///
/// [`TopicCreationError::Request`] when no broker answers within 30 seconds,
/// [`TopicCreationError::Refused`] when the brokers reject a topic.
pub async fn create_topics(
    brokers: &Brokers,
    topics: &[TopicSpec],
    replication: i32,
) -> Result<(), TopicCreationError> {
    if topics.is_empty() {
        return Ok(());
    }
    let request_failed = |source| TopicCreationError::Request { bootstrap: brokers.addresses.clone(), source };
    let admin: AdminClient<DefaultClientContext> = brokers.client().create().map_err(request_failed)?;
    let in_sync = (replication - 1).max(1).to_string();
    let requested: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|topic| {
            NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(replication))
                .set("min.insync.replicas", &in_sync)
                .set("retention.ms", "-1")
                .set("message.timestamp.after.max.ms", ANY_TIME_MS)
        })
        .collect();
    let options =
        AdminOptions::new().request_timeout(Some(CREATION_DEADLINE)).operation_timeout(Some(CREATION_DEADLINE));
    let outcomes = admin.create_topics(&requested, &options).await.map_err(request_failed)?;
    for outcome in outcomes {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                return Err(TopicCreationError::Refused { bootstrap: brokers.addresses.clone(), topic, code });
            }
        }
    }
    Ok(())
}
