//! The relay on a real Apache Kafka: every event once, in order, whatever happens to either side.

use std::collections::BTreeMap;

use api::auth::Role;
use infra::relay::{RelayConfig, RelayStatus};
use serde_json::{Value, json};
use tests::client::{MARKET, ask, bid, market, supply, with};
use tests::condition::until;
use tests::exchange::TestExchange;
use tests::kafka::{OwnKafka, Published, TestTopic};
use tests::postgres::TestDatabase;

use crate::opening::deposit;

const OTHER_MARKET: &str = "a100-40g-sxm4-ib.us-tx-1";

/// Two markets, a lot on offer in the first, and a funded buyer.
async fn opened(exchange: &TestExchange) {
    let operator = exchange.operator();
    operator.post("/v1/markets", &market(MARKET)).await.ok();
    operator.post("/v1/markets", &market(OTHER_MARKET)).await.ok();
    for id in ["north", "acme"] {
        operator.post("/v1/organizations", &json!({"id": id, "name": id})).await.ok();
    }
    deposit(&operator, "acme", "1000000.00").await;
    let north = exchange.client("north", Role::Provider);
    let lot = with(supply(64, "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"), "min_remnant_hours", 0);
    let lot = north.post("/v1/lots", &lot).await.ok();
    north.post("/v1/orders", &ask(&lot["id"], 64, "1.0500")).await.ok();
}

/// Places `count` bids, alternating between the markets; those in the first trade until the lot is sold.
async fn bids(exchange: &TestExchange, count: usize) {
    let acme = exchange.client("acme", Role::Buyer);
    for number in 0..count {
        let mut order = bid(8, "1.1000", "2027-01-02T00:00:00Z", "2027-01-03T00:00:00Z");
        if number % 2 == 1 {
            order["market"] = json!(OTHER_MARKET);
        }
        acme.post("/v1/orders", &order).await.ok();
    }
}

async fn caught_up(exchange: &TestExchange) -> u64 {
    let head = exchange.node.log.head();
    let what = format!("the relay has published event {head}");
    until(&what, async || (exchange.node.relay.status() == RelayStatus::Published(head)).then_some(head)).await
}

/// Why the relay stopped, as the operator is told it.
async fn reason_to_stop(exchange: &TestExchange) -> String {
    let reason = until("the relay stops", async || match exchange.node.relay.status() {
        RelayStatus::Stopped(reason) => Some(reason),
        _ => None,
    })
    .await;
    let ready = exchange.anonymous().get("/readyz").await.ok();
    assert_eq!(
        (&ready["ready"], &ready["relay"]),
        (&json!(true), &json!("stopped")),
        "which is all that everyone is told"
    );
    let told = exchange.operator().get("/v1/relay").await.ok();
    assert_eq!((&told["status"], &told["reason"]), (&json!("stopped"), &json!(reason)));
    reason
}

/// Waits until the operator is told that this keeps the relay from publishing for now.
async fn interrupted_by(exchange: &TestExchange, cause: &str) {
    until("the relay is interrupted", async || {
        let ready = exchange.anonymous().get("/readyz").await.ok();
        assert_eq!(ready["ready"], json!(true));
        let told = exchange.operator().get("/v1/relay").await.ok();
        let reason = told["reason"].as_str().filter(|_| told["status"] == "interrupted");
        reason.filter(|reason| reason.contains(cause)).map(drop)
    })
    .await;
}

/// Every event of the log is there once, in the order of the log within each partition.
#[track_caller]
fn assert_once_in_order(published: &[Published], head: u64) {
    let mut last = BTreeMap::new();
    for record in published {
        let before = last.insert(record.partition, record.sequence()).unwrap_or(0);
        assert!(before < record.sequence(), "{before} before {} in one partition", record.sequence());
    }
    let mut sequences: Vec<u64> = published.iter().map(Published::sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=head).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_published_once_in_order_as_a_cloud_event() {
    let Some(topic) = TestTopic::create(4).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    bids(&exchange, 20).await;
    // Deliveries date from far ahead of the broker's clock.
    exchange.move_clock_to("2027-01-02T12:00:00Z").await;
    let head = caught_up(&exchange).await;
    let published = topic.committed().await;
    assert_once_in_order(&published, head);

    assert_one_partition_a_key(&published);
    assert_cloud_events_of_the_log(&exchange, &published).await;
}

#[track_caller]
fn assert_one_partition_a_key(published: &[Published]) {
    let mut partitions: BTreeMap<&str, i32> = BTreeMap::new();
    for record in published {
        let partition = *partitions.entry(&record.key).or_insert(record.partition);
        assert_eq!(partition, record.partition, "events of one key are in one partition: {}", record.key);
    }
    assert!(partitions.contains_key(MARKET) && partitions.contains_key("acme"), "{partitions:?}");
}

/// Each record says of its event what the log and the chain of entries have of it.
async fn assert_cloud_events_of_the_log(exchange: &TestExchange, published: &[Published]) {
    let statement = "SELECT sequence, type, version, key, subject::text, (extract(epoch FROM at) * 1000000)::bigint, \
                     content::text, e.entry, e.hash \
                     FROM events v LEFT JOIN LATERAL (SELECT sequence AS entry, encode(hash, 'hex') AS hash FROM entries \
                     WHERE event = v.sequence ORDER BY entries.sequence DESC LIMIT 1) e ON true ORDER BY sequence";
    let rows = exchange.database.owner().await.query(statement, &[]).await.expect("the log");
    let by_sequence: BTreeMap<u64, &Published> = published.iter().map(|record| (record.sequence(), record)).collect();
    assert!(rows.iter().any(|row| row.get::<_, &str>(1) == "hours_delivered"));
    let mut with_entries = 0;
    for row in rows {
        let sequence = u64::try_from(row.get::<_, i64>(0)).expect("a sequence");
        let record = by_sequence[&sequence];
        let (name, version): (&str, i16) = (row.get(1), row.get(2));
        let at = row.get::<_, i64>(5);
        let mut headers: BTreeMap<String, String> = [
            ("ce_specversion", "1.0"),
            ("ce_id", &sequence.to_string()),
            ("ce_sequence", &sequence.to_string()),
            ("ce_source", "/secondwind"),
            ("ce_type", &format!("secondwind.{name}")),
            ("ce_dataschema", &format!("urn:secondwind:schema:{name}:{version}")),
            ("ce_time", &jiff::Timestamp::from_microsecond(at).expect("a time").to_string()),
            ("content-type", "application/json"),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
        if let Some(subject) = row.get::<_, Option<String>>(4) {
            headers.insert("ce_subject".to_owned(), subject);
        }
        if let (Some(entry), Some(hash)) = (row.get::<_, Option<i64>>(7), row.get::<_, Option<String>>(8)) {
            headers.insert("ce_ledgersequence".to_owned(), entry.to_string());
            headers.insert("ce_ledgerhash".to_owned(), hash);
            with_entries += 1;
        }
        assert_eq!(record.headers, headers);
        assert_eq!(record.key, row.get::<_, &str>(3));
        assert_eq!(record.payload, row.get::<_, &str>(6), "the payload is the stored content, byte for byte");
        assert_eq!(record.timestamp, Some(at.div_euclid(1000)));
    }
    assert!(with_entries > 20, "{with_entries} records say where the chain of entries stood");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_repeats_nothing_and_goes_on() {
    let Some(topic) = TestTopic::create(2).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    bids(&exchange, 5).await;
    // Not waited for: the next relay finds whatever this one has managed.
    let exchange = TestExchange::start_on(exchange.stop().await, topic.relay()).await;
    let before = caught_up(&exchange).await;
    let exchange = TestExchange::start_on(exchange.stop().await, topic.relay()).await;
    assert_eq!(caught_up(&exchange).await, before);
    bids(&exchange, 5).await;
    let head = caught_up(&exchange).await;
    assert!(head > before);
    let published = topic.committed().await;
    assert_once_in_order(&published, head);

    let heads = "SELECT array_agg(event || ' ' || sequence ORDER BY event) \
                 FROM (SELECT event, max(sequence) AS sequence FROM entries GROUP BY event) e";
    let stored: Vec<String> = exchange.database.owner().await.query_one(heads, &[]).await.unwrap().get(0);
    let mut told: Vec<_> = published
        .iter()
        .filter_map(|record| Some((record.sequence(), record.headers.get("ce_ledgersequence")?)))
        .collect();
    told.sort_unstable();
    let told: Vec<String> = told.iter().map(|(event, entry)| format!("{event} {entry}")).collect();
    assert_eq!(told, stored, "every record says where the chain stood, those after a restart as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_was_replaced_cannot_commit_what_it_had_begun() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let stale = topic.rival().await;
    stale.begin(0, 1_000);
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    let head = caught_up(&exchange).await;
    let refused = stale.commit().expect_err("it is fenced").to_string();
    assert!(refused.contains("fenced"), "{refused}");
    bids(&exchange, 1).await;
    let later = caught_up(&exchange).await;
    assert!(later > head, "the fenced producer has not disturbed the relay");
    assert_once_in_order(&topic.committed().await, later);
    let written = topic.written().await;
    assert!(written.iter().any(|record| record.key == "forged"), "it was written, and never seen by readers");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leading_relay_takes_its_place_back_from_a_stale_one() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    caught_up(&exchange).await;
    let stale = topic.rival().await;
    stale.begin(0, 1_000);
    bids(&exchange, 2).await;
    let head = caught_up(&exchange).await;
    stale.commit().expect_err("it is fenced");
    assert_once_in_order(&topic.committed().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_left_open_at_the_end_is_not_taken_for_the_tail() {
    let Some(topic) = TestTopic::create(2).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    caught_up(&exchange).await;
    let database = exchange.stop().await;
    let crashed = topic.rival().await;
    crashed.begin(0, 1_000);
    let exchange = TestExchange::start_on(database, topic.relay()).await;
    bids(&exchange, 4).await;
    let head = caught_up(&exchange).await;
    assert_once_in_order(&topic.committed().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_found_behind_many_aborted_transactions() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    let before = caught_up(&exchange).await;
    let database = exchange.stop().await;
    let rival = topic.rival().await;
    // Each leaves a record and a marker: far more than the search's first window of 64.
    for sequence in 0..80 {
        rival.begin(0, 1_000 + sequence);
        rival.abort();
    }
    let exchange = TestExchange::start_on(database, topic.relay()).await;
    assert_eq!(caught_up(&exchange).await, before, "it neither stops nor publishes again");
    bids(&exchange, 2).await;
    let head = caught_up(&exchange).await;
    assert_once_in_order(&topic.committed().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_open_transaction_makes_the_relay_wait_instead_of_publishing_twice() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    caught_up(&exchange).await;
    // Behind it, committed records are hidden from readers until it ends.
    let foreign = topic.foreigner().await;
    foreign.begin(0, 0);
    bids(&exchange, 2).await;
    caught_up(&exchange).await;
    let database = exchange.stop().await;
    // As after a crash between the commit and the note of the position.
    database.owner().await.execute("UPDATE relay_positions SET sequence = 1", &[]).await.unwrap();
    let exchange = TestExchange::start_on(database, topic.relay()).await;
    interrupted_by(&exchange, "transaction of another producer").await;
    bids(&exchange, 2).await;
    foreign.abort();
    let head = caught_up(&exchange).await;
    assert_once_in_order(&topic.committed().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn trading_goes_on_while_the_broker_is_away_and_the_relay_catches_up() {
    let Some(mut kafka) = OwnKafka::start(1).await else { return };
    let topic = kafka.topic(2).await;
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    let before = caught_up(&exchange).await;
    tokio::task::block_in_place(|| kafka.cluster.kill_node(0).unwrap());
    bids(&exchange, 20).await;
    let ready = exchange.anonymous().get("/readyz").await.ok();
    assert_eq!(ready["ready"], json!(true));
    assert!(exchange.node.log.head() > before);
    assert_ne!(exchange.node.relay.status(), RelayStatus::Published(exchange.node.log.head()));
    tokio::task::block_in_place(|| kafka.cluster.restart_node(0).unwrap());
    bids(&exchange, 1).await;
    let head = caught_up(&exchange).await;
    assert_once_in_order(&topic.committed().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_recreated_between_two_runs_stops_the_relay_and_not_the_trading() {
    let Some(topic) = TestTopic::create(2).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    let published = caught_up(&exchange).await;
    let database = exchange.stop().await;
    topic.delete().await;
    topic.create_again().await;
    let exchange = TestExchange::start_on(database, topic.relay()).await;
    let reason = reason_to_stop(&exchange).await;
    assert!(reason.contains(&format!("ends at event 0, but {published} events")), "{reason}");
    bids(&exchange, 2).await;
    assert_eq!(topic.committed().await, [], "nothing is published again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_recreated_under_a_running_relay_stops_it_before_it_leaves_a_gap() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    caught_up(&exchange).await;
    topic.delete().await;
    topic.create_again().await;
    bids(&exchange, 2).await;
    let reason = reason_to_stop(&exchange).await;
    assert!(reason.contains("recreated or truncated"), "{reason}");
    bids(&exchange, 1).await;
    assert_eq!(topic.committed().await, [], "no part of the log stands in for the whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_carries_another_log_stops_the_relay() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    let published = caught_up(&exchange).await;
    exchange.stop().await;
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    let reason = reason_to_stop(&exchange).await;
    assert!(reason.contains("it carries another log"), "{reason}");
    opened(&exchange).await;
    assert_once_in_order(&topic.committed().await, published);
}

/// The stop that stands, as an operator sees it.
async fn stop_of(exchange: &TestExchange) -> Value {
    let relay = exchange.operator().get("/v1/relay").await.ok();
    assert_eq!((&relay["status"], &relay["reason"]), (&json!("stopped"), &relay["stop"]["reason"]));
    relay["stop"]["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_does_not_fork_the_topic_however_often_it_is_restarted() {
    let Some(topic) = TestTopic::create(2).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    caught_up(&exchange).await;
    let backup = exchange.database.copy().await;
    // Its sessions were cut off, which the next commit finds out.
    until("commands are taken again", async || {
        let later = json!({"id": "later", "name": "Later"});
        (exchange.operator().post("/v1/organizations", &later).await.status != 503).then_some(())
    })
    .await;
    bids(&exchange, 3).await;
    caught_up(&exchange).await;
    exchange.stop().await;
    let before = topic.committed().await;

    let exchange = TestExchange::start_on(backup, topic.relay()).await;
    let ahead = reason_to_stop(&exchange).await;
    assert!(ahead.contains("carries another log"), "{ahead}");
    // Other events get the numbers of those that the topic has, and more.
    bids(&exchange, 10).await;
    assert!(exchange.node.log.head() > u64::try_from(before.len()).unwrap());
    let exchange = TestExchange::start_on(exchange.stop().await, topic.relay()).await;
    assert_eq!(reason_to_stop(&exchange).await, ahead, "a restart lifts no stop");
    assert_eq!(topic.committed().await, before);
    a_stop_that_is_lifted_without_a_look_does_no_harm(&exchange).await;
    assert_eq!(topic.committed().await, before);
}

async fn a_stop_that_is_lifted_without_a_look_does_no_harm(exchange: &TestExchange) {
    let first = stop_of(exchange).await;
    let (operator, body) = (exchange.operator(), json!({"stop": first}));
    assert_eq!(exchange.client("acme", Role::Buyer).post("/v1/relay/resume", &body).await.problem().0, 403);
    assert_eq!(operator.post("/v1/relay/resume", &body).await.status, 204);
    until("it stops again", async || match exchange.node.relay.status() {
        RelayStatus::Stopped(reason) if reason.contains("differs from the log's in ce_time") => Some(()),
        _ => None,
    })
    .await;
    until("the stop is stored", async || {
        let relay = operator.get("/v1/relay").await.ok();
        (relay["stop"]["id"] != Value::Null && relay["stop"]["id"] != first).then_some(())
    })
    .await;
    assert_eq!(operator.post("/v1/relay/resume", &body).await.problem(), (409, "relay_not_stopped"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_lifted_by_an_operator_and_publishing_goes_on() {
    let Some(topic) = TestTopic::create(1).await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    caught_up(&exchange).await;
    let database = exchange.stop().await;
    let stop = "INSERT INTO relay_stops (topic, reason) VALUES ($1, 'as an earlier process found')";
    database.application().await.execute(stop, &[&topic.name]).await.unwrap();
    let exchange = TestExchange::start_on(database, topic.relay()).await;
    assert_eq!(reason_to_stop(&exchange).await, "as an earlier process found");
    bids(&exchange, 2).await;
    let body = json!({"stop": stop_of(&exchange).await});
    assert_eq!(exchange.operator().post("/v1/relay/resume", &body).await.status, 204);
    let head = caught_up(&exchange).await;
    assert_once_in_order(&topic.committed().await, head);
    assert_eq!(exchange.operator().get("/v1/relay").await.ok()["stop"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_created_late_gets_the_whole_log() {
    let Some(topic) = TestTopic::named_only().await else { return };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    opened(&exchange).await;
    interrupted_by(&exchange, "has no partitions").await;
    topic.create_again().await;
    let head = caught_up(&exchange).await;
    assert_once_in_order(&topic.committed().await, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_forget_are_given_the_log_again_after_a_restart() {
    let exchange = TestExchange::start().await;
    opened(&exchange).await;
    caught_up(&exchange).await;
    let database = exchange.stop().await;
    let exchange = TestExchange::start_again(database).await;
    let head = caught_up(&exchange).await;
    let brokers = exchange.brokers().expect("a broker of its own");
    let published = TestTopic::existing(&brokers, tests::exchange::TOPIC).written().await;
    assert_once_in_order(&published, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_without_brokers_trades_and_leaves_no_relay_behind() {
    let relay = RelayConfig {
        // Nothing listens there.
        brokers: "127.0.0.1:1".to_owned().into(),
        topic: "events".to_owned(),
        transactional_id: "nobody".to_owned(),
        brokers_are_volatile: false,
    };
    let exchange = TestExchange::start_on(TestDatabase::create().await, relay).await;
    opened(&exchange).await;
    let ready: Value = exchange.anonymous().get("/readyz").await.ok();
    assert_eq!((&ready["ready"], &ready["published"]), (&json!(true), &Value::Null));
    let heads = exchange.node.log.subscribe();
    exchange.stop().await;
    until("nobody holds the log any more", async || heads.has_changed().err()).await;
}
