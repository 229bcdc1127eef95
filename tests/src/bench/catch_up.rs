//! The relay catching up: a whole log into an empty topic of the in-process broker.

use std::time::{Duration, Instant};

use dev_services::InProcessKafka;
use infra::journal::LogReader;
use infra::kafka_topics::TopicSpec;
use infra::relay::{KafkaTopic, Relay, RelayConfig, RelayStatus};
use infra::telemetry::Metrics;
use infra::{Clock, Database};

use super::progress;
use super::table::{Row, Table, per_second};

const TOPIC: &str = "secondwind.events";
/// The log in three sizes: these parts of it.
const PARTS: [u64; 3] = [4, 2, 1];
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// A relay that has stopped would be waited for longer than this.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where a node publishes while it is measured.
pub(super) async fn broker() -> anyhow::Result<(InProcessKafka, RelayConfig)> {
    let spec = TopicSpec { name: TOPIC.to_owned(), partitions: 2 };
    let broker = tokio::task::spawn_blocking(move || InProcessKafka::start(&[(&spec.name, spec.partitions)])).await??;
    let config = RelayConfig {
        brokers: broker.bootstrap_servers().into(),
        topic: TOPIC.to_owned(),
        transactional_id: "bench-relay".to_owned(),
        brokers_are_volatile: true,
    };
    Ok((broker, config))
}

pub(super) async fn measure(
    database: Database,
    log: LogReader,
    epoch: i64,
    clock: Clock,
    table: &mut Table,
) -> anyhow::Result<()> {
    let head = log.head();
    progress::tell("relay catching up, events", head);
    let (broker, config) = broker().await?;
    let relay = Relay::start(KafkaTopic::new(config), database, log, epoch, clock, Metrics::default())?;
    let deadline = Instant::now() + PATIENCE;
    let mut started = None;
    let mut marks = PARTS.map(|part| head / part).into_iter().peekable();
    while let Some(mark) = marks.peek() {
        anyhow::ensure!(Instant::now() < deadline, "the relay does not come to the log's end: {:?}", relay.status());
        tokio::time::sleep(LOOK_EVERY).await;
        let RelayStatus::Published(position) = relay.status() else { continue };
        // Connecting and fencing take a fixed time, which is no matter of events per second.
        let (from, since) = *started.get_or_insert((position, Instant::now()));
        if position >= *mark {
            let events = usize::try_from(position - from)?;
            table.add(Row {
                measured: "relay catching up, in-process broker",
                size: format!("{events} events"),
                rate: per_second(events, since.elapsed()),
                ..Row::default()
            });
            marks.next();
        }
    }
    drop(broker);
    Ok(())
}
