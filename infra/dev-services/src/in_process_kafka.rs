//! An in-memory stand-in for Kafka inside this process.

use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread::{self, JoinHandle};

use rdkafka::mocking::MockCluster;

use super::ServiceError;

/// Brokers simulated.
const BROKERS: i32 = 1;

/// The client library's mock broker, listening on a loopback port of its own.
///
/// It starts in milliseconds and needs neither Java nor disk. It keeps records
/// in memory only, about 5 MiB per partition, discarding the oldest beyond
/// that, and forgets everything when dropped. It answers the transaction
/// protocol without carrying it out: records are visible at once, aborted ones
/// stay visible, and stale producers are not fenced. Therefore it must never be
/// used to assert commits, aborts or fencing; that takes
/// [`ApacheKafka`](super::ApacheKafka). It does not answer the admin protocol,
/// so topics are given at the start.
#[derive(Debug)]
pub struct InProcessKafka {
    bootstrap_servers: String,
    /// Closed to end the thread.
    keep_alive: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl InProcessKafka {
    /// Starts the stand-in with `topics`.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Kafka`] when the library cannot create the cluster or a
    /// topic, [`ServiceError::Thread`] when no thread can be created.
    pub fn start(topics: &[(&str, i32)]) -> Result<Self, ServiceError> {
        let topics: Vec<(String, i32)> =
            topics.iter().map(|(name, partitions)| ((*name).to_owned(), *partitions)).collect();
        let (started, outcome) = mpsc::sync_channel(1);
        let (keep_alive, closed) = mpsc::channel();
        // The cluster's handle must stay on one thread.
        let thread = thread::Builder::new()
            .name("in-process-kafka".to_owned())
            .spawn(move || hold_cluster(&topics, &started, &closed))
            .map_err(ServiceError::Thread)?;
        let bootstrap_servers =
            outcome.recv().map_err(|error| ServiceError::Thread(std::io::Error::other(error)))??;
        Ok(Self { bootstrap_servers, keep_alive: Some(keep_alive), thread: Some(thread) })
    }

    /// Addresses for the client setting `bootstrap.servers`.
    pub fn bootstrap_servers(&self) -> String {
        self.bootstrap_servers.clone()
    }
}

impl Drop for InProcessKafka {
    fn drop(&mut self) {
        drop(self.keep_alive.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the in-process Kafka panicked");
        }
    }
}

/// Creates the cluster, reports its address and holds it until `closed`.
fn hold_cluster(topics: &[(String, i32)], started: &SyncSender<Result<String, ServiceError>>, closed: &Receiver<()>) {
    let created = MockCluster::new(BROKERS).and_then(|cluster| {
        for (name, partitions) in topics {
            cluster.create_topic(name, *partitions, BROKERS)?;
        }
        Ok(cluster)
    });
    match created {
        Ok(cluster) => {
            let reported = started.send(Ok(cluster.bootstrap_servers()));
            if reported.is_ok() {
                // Returns when the owner closes the channel.
                let _ = closed.recv();
            }
        }
        Err(source) => {
            // The owner waits for the outcome; it cannot be gone.
            let _ = started.send(Err(ServiceError::Kafka { action: "create the in-process Kafka", source }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::ClientConfig;
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
    use rdkafka::{Message, Offset, TopicPartitionList};
    use std::time::Duration;

    const DEADLINE: Duration = Duration::from_secs(20);

    #[test]
    fn records_are_carried() {
        let kafka = InProcessKafka::start(&[("letters", 3)]).unwrap();
        let producer: ThreadedProducer<_> =
            ClientConfig::new().set("bootstrap.servers", kafka.bootstrap_servers()).create().unwrap();
        producer.send(BaseRecord::to("letters").partition(2).key("k").payload("v")).unwrap();
        producer.flush(DEADLINE).unwrap();

        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", kafka.bootstrap_servers())
            .set("group.id", "readers")
            .create()
            .unwrap();
        let metadata = consumer.fetch_metadata(Some("letters"), DEADLINE).unwrap();
        assert_eq!(metadata.topics()[0].partitions().len(), 3);
        let mut from_start = TopicPartitionList::new();
        from_start.add_partition_offset("letters", 2, Offset::Beginning).unwrap();
        consumer.assign(&from_start).unwrap();
        let record = consumer.poll(DEADLINE).unwrap().unwrap();
        assert_eq!(record.payload(), Some(&b"v"[..]));
    }
}
