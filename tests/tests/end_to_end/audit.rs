//! `secondwind audit`: a sound exchange passes, and whatever is changed behind its back is found and named.

use std::collections::BTreeMap;

use api::auth::Role;
use dev_services::InProcessKafka;
use infra::audit::{Check, Outcome, Report, TopicSource};
use infra::kafka_topics::TopicSpec;
use infra::relay::{RelayConfig, RelayStatus};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{ApiClient, ask, bid, resale, spot_ask, spot_bid, supply, with};
use tests::condition::{PATIENCE, until};
use tests::exchange::TestExchange;
use tests::kafka::{Published, TestTopic, not_run};
use tests::log::audit;
use tests::picking::{contract_of, text};
use tests::postgres::TestDatabase;
use tests::server_process::binary;

use crate::opening::START;
use crate::trading::opened;

const TOPIC: &str = "events";

async fn buy(buyer: &ApiClient, gpus: u32, limit: &str, days: (&str, &str)) -> Value {
    let hour = |day: &str| format!("2037-{day}T00:00:00Z");
    let filled = buyer.post("/v1/orders", &bid(gpus, limit, &hour(days.0), &hour(days.1))).await.ok();
    assert_eq!(filled["status"], "filled");
    filled
}

/// A session in which most of what an exchange knows happens: contracts over, in delivery and to come, one that is paid in
/// periods, a resale, an outage, a busted trade, hours sold by the hour, bids that rest and that were cancelled.
async fn trade(exchange: &TestExchange) {
    opened(exchange).await;
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let (north, operator) = (exchange.client("north", Role::Provider), exchange.operator());
    let delivered = buy(&acme, 8, "1.1001", ("01-02", "01-03")).await;
    buy(&beta, 8, "1.1001", ("01-02", "01-05")).await;
    let head = buy(&acme, 8, "1.1001", ("01-10", "01-12")).await;
    let busted = buy(&acme, 8, "1.1001", ("01-20", "01-22")).await;
    let path = format!("/v1/contracts/{}/bust", contract_of(&busted));
    operator.post(&path, &json!({"reason": "mistyped"})).await.ok();

    acme.post("/v1/orders", &resale(&contract_of(&head), 8, "1.2000")).await.ok();
    buy(&beta, 16, "1.3000", ("01-11", "01-12")).await;

    let long = with(supply(16, START, "2037-06-01T00:00:00Z"), "fabric", "hall-4");
    let long = north.post("/v1/lots", &long).await.ok();
    north.post("/v1/orders", &ask(&long["id"], 8, "1.2500")).await.ok();
    buy(&acme, 8, "1.2500", ("01-02", "03-15")).await;
    // By the hour only from here on: each hour on the way would have its auction.
    exchange.move_clock_to(START).await;
    north.post("/v1/orders", &spot_ask(&long["id"], 8, "0.5500")).await.ok();
    beta.post("/v1/orders", &spot_bid(8, "0.8000")).await.ok();

    let resting = bid(16, "0.9137", "2037-01-20T00:00:00Z", "2037-01-21T07:00:00Z");
    acme.post("/v1/orders", &resting).await.ok();
    let cancelled = beta.post("/v1/orders", &resting).await.ok();
    let path = format!("/v1/orders/{}", text(&cancelled["id"]));
    beta.send(beta.request(Method::DELETE, &path)).await.ok();

    exchange.move_clock_to("2037-01-02T12:00:00Z").await;
    let outage = json!({"contract": contract_of(&delivered), "gpus": 3, "from": "2037-01-02T10:15:00Z",
                        "reason": "a node is down"});
    let outage = acme.post("/v1/outages", &outage).await.ok();
    let path = format!("/v1/outages/{}/accept", text(&outage["id"]));
    north.post(&path, &json!({})).await.ok();
    exchange.move_clock_to("2037-01-03T12:00:00Z").await;
    let read = exchange.node.read_models.reached(exchange.node.log.head(), PATIENCE).await;
    assert!(read, "the read models follow");
}

/// An exchange that has traded and stopped, with what it published.
struct Traded {
    database: TestDatabase,
    broker: InProcessKafka,
    published: Vec<Published>,
}

impl Traded {
    /// `topics` are further topics of the broker, with nothing on them.
    async fn start(topics: &[&str]) -> Self {
        let specs: Vec<TopicSpec> = std::iter::once(&TOPIC)
            .chain(topics)
            .map(|name| TopicSpec { name: (*name).to_owned(), partitions: 2 })
            .collect();
        let broker = tokio::task::spawn_blocking(move || {
            let topics: Vec<_> = specs.iter().map(|spec| (spec.name.as_str(), spec.partitions)).collect();
            InProcessKafka::start(&topics)
        })
        .await;
        let broker = broker.expect("a thread").expect("the broker starts");
        let relay = RelayConfig {
            brokers: broker.bootstrap_servers().into(),
            topic: TOPIC.to_owned(),
            transactional_id: "audit-relay".to_owned(),
            brokers_are_volatile: true,
        };
        let exchange = TestExchange::start_on(TestDatabase::create().await, relay).await;
        trade(&exchange).await;
        let head = exchange.node.log.head();
        until("the relay has published all", async || {
            (exchange.node.relay.status() == RelayStatus::Published(head)).then_some(())
        })
        .await;
        let database = exchange.stop().await;
        let mut published = TestTopic::existing(&broker.bootstrap_servers(), TOPIC).written().await;
        published.sort_by_key(Published::sequence);
        Self { database, broker, published }
    }

    fn source(&self, topic: &str) -> TopicSource {
        TopicSource { brokers: self.broker.bootstrap_servers().into(), topic: topic.to_owned() }
    }

    /// Writes records to another topic.
    async fn publish(&self, topic: &str, records: Vec<Published>) {
        let (brokers, topic) = (self.broker.bootstrap_servers(), topic.to_owned());
        let write = move || {
            // One request at a time, or a batch that is tried again comes after its successors.
            let producer: BaseProducer = ClientConfig::new()
                .set("bootstrap.servers", brokers)
                .set("max.in.flight.requests.per.connection", "1")
                .set("linger.ms", "0")
                .create()
                .expect("a producer");
            for (number, record) in records.iter().enumerate() {
                let Published { partition, key, headers, payload, .. } = record;
                let headers = headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                    headers.insert(Header { key, value: Some(value) })
                });
                let record = BaseRecord::to(&topic).partition(*partition).key(key).payload(payload).headers(headers);
                producer.send(record).map_err(|(error, _)| error).expect("it is queued");
                // What is queued before the topic is known is not kept in order with what comes after.
                if number < 2 {
                    producer.flush(PATIENCE).expect("it is written");
                }
            }
            producer.flush(PATIENCE).expect("they are written");
        };
        tokio::task::spawn_blocking(write).await.expect("the records are written");
    }

    /// The report on a copy of the database in which `sql` was carried out past all triggers.
    async fn tampered(&self, sql: &str, topic: Option<TopicSource>) -> Report {
        let database = self.database.copy().await;
        let owner = database.owner().await;
        let tables = "events leadership books entries lines balances daily_movements accounts";
        let disable = tables.split(' ').map(|table| format!("ALTER TABLE {table} DISABLE TRIGGER ALL;"));
        owner.batch_execute(&disable.collect::<String>()).await.expect("the superuser may");
        owner.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let report = audit(&database, topic).await.expect("the audit is carried out");
        database.remove().await;
        report
    }
}

#[track_caller]
fn outcome(report: &Report, check: Check) -> &Outcome {
    report.outcome(check).expect("every check is reported")
}

/// The first difference of a check, as one text.
#[track_caller]
fn first(report: &Report, check: Check) -> String {
    let outcome = outcome(report, check);
    outcome.first.as_ref().map_or_else(|| panic!("{check:?} found nothing: {report:#?}"), ToString::to_string)
}

/// The checks that found a difference.
fn differing(report: &Report) -> Vec<Check> {
    let differing = report.checks.iter().filter(|outcome| outcome.differences > 0);
    differing.map(|outcome| outcome.check).collect()
}

/// Asserts that these checks found what was done, and that the first of them names it.
#[track_caller]
fn assert_named(report: &Report, done: &str, checks: &[Check], named: &str) {
    assert_eq!(differing(report), checks, "{done}: {report:#?}");
    let said = first(report, *checks.first().expect("a check that notices"));
    assert!(said.contains(named), "{done}: {said}");
}

/// Gives every entry the hashes of a consistent chain, by the text that `ledger::chain` documents.
const CHAIN_ANEW: &str = r"
    DO $$
    DECLARE
        e record; previous bytea := decode(repeat('00', 32), 'hex'); computed bytea;
    BEGIN
        FOR e IN SELECT * FROM entries ORDER BY sequence LOOP
            SELECT sha256(convert_to(concat_ws(E'\n', encode(previous, 'hex'), 'operator', e.sequence, e.source_key,
                          e.rule || '.' || e.rule_version, to_char(e.effective, 'YYYY-MM-DD'),
                          coalesce(e.contract::text, ''), coalesce(e.box::text, ''), 'corrects ' || e.corrects,
                          string_agg(concat_ws(' ', a.code, a.owner, a.currency,
                                               regexp_replace(l.amount::text, '0{1,4}$', ''),
                                               coalesce(l.contract::text, '')), E'\n' ORDER BY l.line)), 'UTF8'))
            INTO computed FROM lines l JOIN accounts a ON a.id = l.account WHERE l.entry = e.sequence;
            UPDATE entries SET previous_hash = previous, hash = computed WHERE sequence = e.sequence;
            previous := computed;
        END LOOP;
        UPDATE books SET head_hash = previous;
    END $$;";

/// A deposit of 100,000.00 becomes one of 100,001.00, in the log and in everything that follows from it but the chain.
const RICHER: &str = r#"
    UPDATE events SET content = replace(content::text, '"100000.00"', '"100001.00"')::json
    WHERE sequence = (SELECT min(sequence) FROM events WHERE type = 'deposit_received');
    UPDATE lines SET amount = amount + sign(amount) WHERE entry = 1;
    UPDATE balances b SET balance = balance + sign(l.amount) FROM lines l WHERE l.entry = 1 AND l.account = b.account;
    UPDATE daily_movements m SET amount = m.amount + sign(l.amount) FROM lines l JOIN entries e ON e.sequence = l.entry
        JOIN accounts a ON a.id = l.account WHERE l.entry = 1 AND m.code = a.code AND m.day = e.effective;"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_exchange_passes_every_check() {
    let traded = Traded::start(&[]).await;
    let report = audit(&traded.database, Some(traded.source(TOPIC))).await.expect("the audit is carried out");
    assert!(report.sound, "{report:#?}");
    assert_eq!(report.checks.iter().map(|outcome| outcome.check).collect::<Vec<_>>(), Check::ALL);
    // There are no boxes here; the tests of boxes audit theirs.
    let mut others = report.checks.iter().filter(|outcome| outcome.check != Check::Boxes);
    let idle = others.find(|outcome| outcome.compared == 0 || outcome.not_checked.is_some());
    assert_eq!(idle, None, "every check compared something");
    assert_eq!(outcome(&report, Check::Topic).compared, report.head);
    assert_eq!(outcome(&report, Check::Log).compared, report.head);

    let without = audit(&traded.database, None).await.expect("the audit is carried out");
    assert!(without.sound);
    assert_eq!(outcome(&without, Check::Topic).not_checked.as_deref(), Some("no brokers were named"));
    assert_eq!(outcome(&without, Check::Topic).compared, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_in_the_books_is_named() {
    use Check::{Balances, Chain, Entries};
    let traded = Traded::start(&[]).await;
    let head: i64 = {
        let owner = traded.database.owner().await;
        owner.query_one("SELECT head_sequence FROM books", &[]).await.unwrap().get(0)
    };
    let next = head + 1;
    let inserted = format!(
        "INSERT INTO entries SELECT book, {next}, 'refund-7', NULL, rule, rule_version, effective, contract, box, line_count, \
         hash, sha256('forged') FROM entries WHERE sequence = {head}; \
         INSERT INTO lines SELECT book, {next}, line, account, amount, contract FROM lines WHERE entry = {head}; \
         UPDATE books SET head_sequence = {next}, head_hash = sha256('forged')"
    );
    // What is done, which checks notice, what the first says.
    let cases: [(&str, &[Check], &str); 14] = [
        (
            "UPDATE lines SET amount = amount + 2 * sign(amount) WHERE entry = 2",
            &[Entries, Chain],
            "line 0: expected line 0, 100000.00 USD on 1010-bank-unmatched, found line 0, 100002.00 USD on 1010-bank-unmatched",
        ),
        ("UPDATE entries SET effective = effective + 1 WHERE sequence = 5", &[Entries, Chain], "entry 5 (source key "),
        (
            "UPDATE lines SET account = (SELECT account FROM lines WHERE entry = 2 AND line = 1) WHERE entry = 1 AND line = 1",
            &[Entries, Chain],
            "on 2000-customer-available org:acme, found line 1, -100000.00 USD on 2000-customer-available org:beta",
        ),
        (
            "UPDATE entries SET rule = 'tax' WHERE sequence = 5",
            &[Entries, Chain],
            "rule: expected hold.voided.1, found tax.1",
        ),
        (
            "DELETE FROM entries WHERE sequence = 5; DELETE FROM lines WHERE entry = 5",
            &[Entries, Chain],
            "the entry with source key ",
        ),
        ("DELETE FROM entries WHERE sequence = 5", &[Entries, Chain], "the entry with source key "),
        ("DELETE FROM lines WHERE entry = 5 AND line = 1", &[Entries, Chain], "lines: expected 2, found 1"),
        (&inserted, &[Entries, Chain], "expected none: no event of the log leads to it, found source key refund-7"),
        (
            "UPDATE balances SET balance = balance - 1 WHERE account = (SELECT account FROM lines WHERE entry = 2 AND line = 1)",
            &[Balances, Check::ClientMoney],
            "operator 2000-customer-available org:beta USD: expected -",
        ),
        (
            "UPDATE daily_movements SET amount = amount + 1 WHERE code = '4000-fee-revenue'",
            &[Balances],
            "4000-fee-revenue USD, movements of 2037-",
        ),
        (
            "DELETE FROM daily_movements WHERE code = '2010-customer-held'",
            &[Balances],
            "found no row in daily_movements",
        ),
        ("UPDATE books SET head_hash = sha256('other')", &[Chain], "books.head_hash of operator: expected "),
        (
            "UPDATE entries SET corrects = 'event:1' WHERE sequence = 5",
            &[Entries, Chain],
            "corrects: expected none, found event:1",
        ),
        (
            "INSERT INTO closed_periods (period, event) VALUES ('2037-01-01', 5)",
            &[Check::Periods],
            "the event that closes 2037-01: expected none, found 5",
        ),
    ];
    for (sql, checks, named) in cases {
        let report = traded.tampered(sql, None).await;
        assert!(!report.sound);
        assert_named(&report, sql, checks, named);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_in_the_log_or_the_read_models_is_named() {
    use Check::{Balances, Entries, Log, ReadModels};
    let traded = Traded::start(&[]).await;
    let deposit = "(SELECT min(sequence) FROM events WHERE type = 'deposit_received')";
    let content = |change: &str| format!("UPDATE events SET content = {change} WHERE sequence = {deposit}");
    let amount = content(r#"replace(content::text, '"100000.00"', '"100001.00"')::json"#);
    let unreadable = content("'{\"amount\": 5}'");
    let cases: [(&str, &[Check], &str); 11] = [
        (
            &amount,
            &[Entries, Balances],
            "line 0: expected line 0, 100001.00 USD on 1010-bank-unmatched, found line 0, 100000.00",
        ),
        (&unreadable, &[Log], "its content: expected an event, found the content of an event of type deposit_received"),
        ("DELETE FROM events WHERE sequence = 9", &[Log], "after event 8: expected event 9, found event 10"),
        ("UPDATE leadership SET head = head + 1", &[Log], "beside leadership.head"),
        ("UPDATE events SET key = 'other' WHERE sequence = 9", &[Log], "event 9, column key: expected "),
        (
            "UPDATE contracts SET recognized = recognized + 1 WHERE id = (SELECT id FROM contracts ORDER BY sequence LIMIT 1)",
            &[ReadModels],
            "column recognized: expected ",
        ),
        ("DELETE FROM contracts", &[ReadModels], "contracts, rows that are not there: expected 0, found "),
        (
            "UPDATE orders SET status = 'open' WHERE status = 'cancelled'",
            &[ReadModels],
            "column status: expected one of an",
        ),
        ("UPDATE lots SET gpus = gpus + 8", &[ReadModels], "column gpus: expected 16, found 24"),
        ("TRUNCATE organization_events", &[ReadModels], "organization_events, event "),
        (
            "INSERT INTO organization_events (organization, sequence) VALUES ('stranger', 1)",
            &[ReadModels],
            "organization_events, event 1 of stranger: expected no row",
        ),
    ];
    for (sql, checks, named) in cases {
        let report = traded.tampered(sql, None).await;
        assert_named(&report, sql, checks, named);
    }
    let report = traded.tampered(&unreadable, None).await;
    let why = outcome(&report, Balances).not_checked.as_deref().expect("it needs the whole log");
    assert!(why.contains("cannot be followed past event"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrite_that_is_consistent_in_itself_is_seen_on_the_topic() {
    let traded = Traded::start(&[]).await;
    let rewrite = format!("{RICHER} {CHAIN_ANEW}");
    let alone = traded.tampered(&rewrite, None).await;
    assert!(alone.sound, "the database alone cannot know: {alone:#?}");
    let report = traded.tampered(&rewrite, Some(traded.source(TOPIC))).await;
    assert_eq!(differing(&report), [Check::Topic], "{report:#?}");
    let said = first(&report, Check::Topic);
    assert!(said.contains("the content of its record") && said.contains("100001.00"), "{said}");
    // The event's own content, and the head after every entry from there on.
    let entries = outcome(&report, Check::Entries).compared;
    let with_entries = traded.published.iter().filter(|record| record.headers.contains_key("ce_ledgerhash")).count();
    assert_eq!(outcome(&report, Check::Topic).differences, 1 + with_entries as u64, "of {entries} entries");

    // Without a new chain the database alone says so.
    let half = traded.tampered(RICHER, None).await;
    assert_eq!(differing(&half), [Check::Chain]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_has_every_event_once_and_as_it_is_in_the_log() {
    let topics = ["missing", "twice", "swapped", "beyond", "content", "cut", "of-old", "half-old"];
    let traded = Traded::start(&topics).await;
    let head = traded.published.len();
    let ledger = |name: &String, _: &mut String| !name.starts_with("ce_ledger");
    let place_of_event_9 =
        |records: &[Published]| records.iter().position(|record| record.sequence() == 9).expect("a record of event 9");
    let alter = |topic: &str, records: &mut Vec<Published>| match topic {
        "missing" => drop(records.remove(place_of_event_9(records))),
        "twice" => records.push(records[place_of_event_9(records)].clone()),
        "swapped" => {
            let neighbours = |at: &usize| records[*at].partition == records[at + 1].partition;
            let at = (0..head - 1).find(neighbours).unwrap();
            records.swap(at, at + 1);
        }
        "beyond" => {
            let mut more = records[place_of_event_9(records)].clone();
            more.headers.insert("ce_sequence".to_owned(), (head + 1).to_string());
            records.push(more);
        }
        "content" => {
            let place = place_of_event_9(records);
            records[place].payload.push(' ');
        }
        "cut" => records.truncate(head - 3),
        "of-old" => records.iter_mut().for_each(|record| record.headers.retain(ledger)),
        _ => records[head / 2..].iter_mut().for_each(|record| record.headers.retain(ledger)),
    };
    let expected = BTreeMap::from([
        ("missing", "event 9 on the topic: expected one record, found none; event 10 comes next"),
        ("twice", "expected none: the event was there before, or it is none, found a record of event 9"),
        ("swapped", "on the topic: expected one record, found none; event "),
        ("beyond", "found a record of event "),
        ("content", "event 9, the content of its record (partition "),
        ("half-old", "the header ce_ledgersequence of its record"),
    ]);
    for topic in topics {
        let mut records = traded.published.clone();
        alter(topic, &mut records);
        traded.publish(topic, records).await;
        let report = audit(&traded.database, Some(traded.source(topic))).await.expect("the audit is carried out");
        match expected.get(topic) {
            Some(named) => {
                assert_eq!(differing(&report), [Check::Topic], "{topic}");
                let said = first(&report, Check::Topic);
                assert!(said.contains(named), "{topic}: {said}");
            }
            None => assert!(report.sound, "{topic}: {report:#?}"),
        }
        if topic == "cut" {
            assert_eq!(outcome(&report, Check::Topic).note.as_deref(), Some("3 events are not published yet"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_status_says_whether_it_is_sound() {
    let Some(binary) = binary() else { return not_run("the binary is not built") };
    let traded = Traded::start(&[]).await;
    let run = |url: String, more: &[&str]| {
        let mut command = std::process::Command::new(&binary);
        let output = command.args(["audit", "--database-url", &url]).args(more).output().expect("it starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let brokers = traded.broker.bootstrap_servers();
    let of_topic = ["--kafka-brokers", &brokers, "--topic", TOPIC];
    let (status, table, _) = tokio::task::block_in_place(|| run(traded.database.url(), &of_topic));
    assert_eq!(status, Some(0), "{table}");
    assert!(table.contains("client money") && table.contains("\nsound up to event "), "{table}");

    let copy = traded.database.copy().await;
    let owner = copy.owner().await;
    owner.batch_execute("UPDATE contracts SET deposit = deposit + 1").await.unwrap();
    let (status, table, _) = tokio::task::block_in_place(|| run(copy.url(), &[]));
    assert_eq!(status, Some(1));
    assert!(
        table.contains("NOT SOUND") && table.contains("column deposit") && table.contains("computed again"),
        "{table}"
    );
    let (status, report, _) = tokio::task::block_in_place(|| run(copy.url(), &["--json"]));
    assert_eq!(status, Some(1));
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let differing = report["checks"].as_array().expect("checks").iter().filter(|check| check["differences"] != 0);
    assert_eq!(differing.map(|check| &check["check"]).collect::<Vec<_>>(), ["read_models"]);

    let (status, _, said) = tokio::task::block_in_place(|| run(copy.url() + "-gone", &[]));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("could not be carried out"), "{said}");
    let nowhere = ["--kafka-brokers", &brokers, "--topic", "nowhere"];
    let (status, _, said) = tokio::task::block_in_place(|| run(copy.url(), &nowhere));
    assert_eq!(status, Some(2), "{said}");
}
