//! What a topic has to keep.

use std::sync::Arc;

use infra::journal::LogRow;
use infra::relay::{KafkaTopic, Topic, TopicError, TopicSession};
use ledger::Map;
use tests::kafka::TestTopic;

use super::{admission, deposit};

/// The sequences of the records that readers see, partition by partition.
async fn committed(topic: &TestTopic) -> Vec<u64> {
    topic.committed().await.iter().map(tests::kafka::Published::sequence).collect()
}

fn publish(session: &dyn TopicSession, rows: &[Arc<LogRow>]) -> Result<(), TopicError> {
    session.publish(rows, &Map::default())
}

/// Calls of a topic block their thread.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

#[tokio::test]
async fn a_session_finds_where_the_topic_ends_and_publishes_in_order() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let door = KafkaTopic::new(topic.relay());
    blocking(move || {
        let session = door.open().expect("a session");
        assert_eq!(session.tail().sequence, 0, "nothing is there at first");
        publish(&*session, &[admission(1), deposit(2)]).expect("published");
        publish(&*session, &[admission(3)]).expect("published");
        drop(session);
        let session = door.open().expect("a session");
        assert_eq!(session.tail().sequence, 3);
        let last = session.tail().records.first().expect("a partition with a record");
        assert_eq!((last.sequence, last.header("ce_type")), (3, Some("secondwind.organization_registered")));
        publish(&*session, &[deposit(4)]).expect("published");
    })
    .await;
    assert_eq!(committed(&topic).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_later_session_fences_the_earlier_one() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let door = KafkaTopic::new(topic.relay());
    blocking(move || {
        let replaced = door.open().expect("a session");
        publish(&*replaced, &[admission(1)]).expect("published");
        let leading = door.open().expect("a session");
        assert_eq!(leading.cluster(), replaced.cluster());
        publish(&*replaced, &[admission(2)]).expect_err("it has been fenced");
        publish(&*leading, &[deposit(2)]).expect("published");
    })
    .await;
    assert_eq!(committed(&topic).await, [1, 2], "each once");
}

#[tokio::test]
async fn the_end_is_the_highest_event_of_all_partitions() {
    let Some(topic) = TestTopic::create(4).await else { return };
    let door = KafkaTopic::new(topic.relay());
    blocking(move || {
        let session = door.open().expect("a session");
        let rows: Vec<_> = (1..=40).map(admission).collect();
        publish(&*session, &rows).expect("published");
        drop(session);
        let session = door.open().expect("a session");
        assert_eq!(session.tail().sequence, 40);
        assert!(session.tail().records.len() > 1, "organizations are spread over the partitions");
    })
    .await;
    let mut sequences = committed(&topic).await;
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=40).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_topic_that_is_not_there_has_no_session() {
    let Some(topic) = TestTopic::named_only().await else { return };
    let door = KafkaTopic::new(topic.relay());
    let refused = blocking(move || door.open().map(drop)).await;
    assert!(matches!(refused, Err(TopicError::NoTopic { .. } | TopicError::Kafka(_))), "{refused:?}");
}
