//! What happens when the lead is taken, the database goes away, or more comes than can be committed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::auth::Role;
use futures::FutureExt as _;
use futures::future::join_all;
use infra::journal::IdempotencyKey;
use infra::sequencer::{Receipt, SubmitError};
use matching::{BidOptions, Instruction, MarketChoice, NewOrder, NewSide, Window};
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, bid};
use tests::condition::{PATIENCE, until};
use tests::exchange::TestExchange;
use tests::log::replay;
use tests::postgres::TestDatabase;
use tokio_postgres::{Client, Config, NoTls};
use uuid::Uuid;

use crate::trading::opened;

/// An exchange with a market, an ask and two funded buyers.
pub async fn open_exchange() -> TestExchange {
    let exchange = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    opened(&exchange).await;
    exchange
}

/// A bid for the hour `number` of January: every second one trades. The hour tells one order from another.
pub(crate) fn bid_for_hour(number: usize) -> Value {
    let at = |hour: usize| format!("2037-01-{:02}T{:02}:00:00Z", 2 + hour / 24, hour % 24);
    let price = if number.is_multiple_of(2) { "1.0600" } else { "0.9400" };
    bid(8, price, &at(number), &at(number + 1))
}

/// The same as an instruction of acme's.
pub fn instruction(number: usize) -> Instruction {
    let body = bid_for_hour(number);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let hour = |name: &str| text(&body["window"][name]).parse().expect("an hour");
    Instruction::PlaceOrder(NewOrder {
        organization: "acme".parse().expect("a slug"),
        client_order_id: None,
        gpus: 8,
        limit_price: text(&body["limit_price"]).parse().expect("a price"),
        side: NewSide::Buy {
            markets: MarketChoice::One(MARKET.parse().expect("a market")),
            window: Window::new(hour("start"), hour("end")).expect("a window").into(),
            options: BidOptions::default(),
        },
    })
}

/// The orders in the log: how often each hour of [`bid_for_hour`] was ordered, and as what.
pub(crate) async fn orders_in_log(owner: &Client) -> BTreeMap<String, Vec<Uuid>> {
    let statement = "SELECT content->'terms'->'window'->>'start', array_agg(subject) FROM events \
                     WHERE type = 'order_placed' AND content->'terms'->'side'->>'buy' IS NOT NULL GROUP BY 1";
    let rows = owner.query(statement, &[]).await.expect("the log can be read");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn count(owner: &Client, statement: &str) -> i64 {
    owner.query_one(statement, &[]).await.expect("it can be counted").get(0)
}

/// Holds the row that every commit needs, until it is rolled back.
pub async fn hold_commits(database: &TestDatabase) -> Client {
    let owner = database.owner().await;
    owner.batch_execute("BEGIN; SELECT FROM leadership FOR UPDATE").await.expect("the row is free");
    owner
}

pub async fn commit_waits(owner: &Client) {
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("a commit waits", async || (count(owner, waiting).await > 0).then_some(())).await;
}

/// Cuts every connection that the application has.
async fn cut_connections(owner: &Client) {
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'secondwind'";
    assert!(count(owner, cut).await > 0, "the application was connected");
}

pub(crate) async fn is_leading(exchange: &TestExchange) {
    until("orders are taken again", async || {
        let ready = exchange.anonymous().get("/readyz").await;
        (ready.status == 200 && ready.body["sequencer"] == "leading").then_some(())
    })
    .await;
}

/// Asserts that memory, log and read models agree.
pub(crate) async fn assert_consistent(exchange: &TestExchange) {
    let owner = exchange.database.owner().await;
    let (sequence, hash) = {
        let view = exchange.node.view.read();
        (view.sequence(), view.state_hash())
    };
    let replayed = replay(&exchange.database).await;
    assert_eq!((replayed.sequence(), replayed.state_hash()), (sequence, hash));
    assert_eq!(count(&owner, "SELECT count(*) FROM events").await, i64::try_from(sequence).expect("a small number"));

    assert!(exchange.node.read_models.reached(sequence, PATIENCE).await, "the read models reach {sequence}");
    for (table, event) in [("orders", "order_placed"), ("trades", "trade_executed"), ("contracts", "trade_executed")] {
        let apart = format!(
            "SELECT count(*) FROM (SELECT sequence FROM {table}) t \
             FULL JOIN (SELECT sequence FROM events WHERE type = '{event}') e USING (sequence) \
             WHERE t IS NULL OR e IS NULL"
        );
        assert_eq!(count(&owner, &apart).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_later_leads_and_who_led_before_writes_nothing_more() {
    let first = open_exchange().await;
    let second = TestExchange::start_without_kafka(first.database.clone()).await;
    let owner = first.database.owner().await;
    let head = second.node.log.head();

    let (key, order) = (Uuid::now_v7().to_string(), bid_for_hour(0));
    let acme = first.client("acme", Role::Buyer);
    let refused = acme.post_with_key("/v1/orders", &order, &key).await;
    assert_eq!(refused.problem(), (503, "outcome_unknown"));
    tokio::time::timeout(PATIENCE, first.node.sequencer.fenced()).await.expect("it knows that it is fenced");
    let ready = first.anonymous().get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["sequencer"]), (503, &json!("fenced")));
    assert_eq!((&ready.body["ready"], &ready.body["sequence"]), (&json!(false), &json!(head)));
    let later = acme.post("/v1/orders", &bid_for_hour(2)).await;
    assert_eq!(later.problem(), (503, "outcome_unknown"));
    assert_eq!(count(&owner, "SELECT max(sequence) FROM events").await, i64::try_from(head).unwrap());

    let acme = second.client("acme", Role::Buyer);
    let placed = acme.post_with_key("/v1/orders", &order, &key).await.ok();
    assert_eq!(placed["status"], "filled");
    let orders = orders_in_log(&owner).await;
    assert_eq!(orders.len(), 1);
    assert_eq!(orders["2037-01-02T00:00:00Z"], [placed["id"].as_str().unwrap().parse::<Uuid>().unwrap()]);
    assert_eq!(second.anonymous().get("/readyz").await.body["sequencer"], "leading");
    assert_consistent(&second).await;
}

/// Places an order again and again under one key until it is acknowledged; counts the unknown outcomes on the way.
pub(crate) async fn place_for_certain(buyer: &ApiClient, number: usize, unknown: &AtomicUsize) -> Uuid {
    let (key, order) = (Uuid::now_v7().to_string(), bid_for_hour(number));
    until("the order is acknowledged", async || {
        let answer = buyer.post_with_key("/v1/orders", &order, &key).await;
        if answer.status == 503 {
            unknown.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(answer.ok()["id"].as_str().expect("an id").parse().expect("a UUID"))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_lost_or_doubled_when_connections_are_cut_under_load() {
    const TASKS: usize = 16;
    const ORDERS_EACH: usize = 20;
    const CUTS: usize = 8;
    let exchange = open_exchange().await;
    let owner = exchange.database.owner().await;
    let (acknowledged, unknown) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (acknowledged, unknown) = (&acknowledged, &unknown);
    let tasks = (0..TASKS).map(|task| {
        let buyer = exchange.client(if task % 4 < 2 { "acme" } else { "beta" }, Role::Buyer);
        async move {
            let mut placed = Vec::new();
            for number in (0..ORDERS_EACH).map(|order| order * TASKS + task) {
                placed.push((number, place_for_certain(&buyer, number, unknown).await));
                acknowledged.fetch_add(1, Ordering::Relaxed);
                // Readers meet the cuts as well, and are told to come again.
                let read = buyer.get("/v1/orders?limit=5").await;
                assert!(read.status == 200 || read.status == 503, "{} {}", read.status, read.body);
            }
            placed
        }
    });
    let cuts = async {
        for cut in 1..=CUTS {
            let enough = cut * TASKS * ORDERS_EACH / (CUTS + 1);
            until("more orders are acknowledged", async || {
                (acknowledged.load(Ordering::Relaxed) >= enough).then_some(())
            })
            .await;
            cut_connections(&owner).await;
        }
    };
    let (placed, ()) = tokio::join!(join_all(tasks), cuts);
    let placed: Vec<(usize, Uuid)> = placed.into_iter().flatten().collect();
    assert!(unknown.load(Ordering::Relaxed) > 0, "the cuts were felt");
    is_leading(&exchange).await;

    let in_log = orders_in_log(&owner).await;
    assert_eq!((placed.len(), in_log.len()), (TASKS * ORDERS_EACH, TASKS * ORDERS_EACH));
    for (number, order) in placed {
        let start = bid_for_hour(number)["window"]["start"].as_str().unwrap().to_owned();
        assert_eq!(in_log[&start], [order], "hour {number} was ordered once, as acknowledged");
    }
    assert_consistent(&exchange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_while_the_database_is_away() {
    let exchange = open_exchange().await;
    let mut config: Config = exchange.database.url().parse().unwrap();
    let name = config.get_dbname().unwrap().to_owned();
    let (server, connection) = config.dbname("postgres").connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let allow = async |yes: bool| {
        server.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {yes}")).await.unwrap();
    };
    let owner = exchange.database.owner().await;
    allow(false).await;
    cut_connections(&owner).await;

    let (key, order) = (Uuid::now_v7().to_string(), bid_for_hour(0));
    let acme = exchange.client("acme", Role::Buyer);
    for _ in 0..3 {
        let answer = tokio::time::timeout(PATIENCE, acme.post_with_key("/v1/orders", &order, &key)).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.problem(), (503, "outcome_unknown"));
        assert_eq!(answer.headers["retry-after"], "1");
    }
    let ready = exchange.anonymous().get("/readyz").await;
    assert_eq!((ready.status.as_u16(), &ready.body["sequencer"]), (503, &json!("recovering")));
    assert_eq!(exchange.anonymous().get("/healthz").await.status, 200);
    let read = acme.get("/v1/orders").await;
    assert_eq!(read.problem(), (503, "not_caught_up"));

    allow(true).await;
    is_leading(&exchange).await;
    let placed = place_for_certain(&acme, 2, &AtomicUsize::new(0)).await;
    let first = acme.post_with_key("/v1/orders", &order, &key).await.ok();
    let orders = orders_in_log(&owner).await;
    let first: Uuid = first["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(orders.into_values().flatten().collect::<Vec<_>>(), [first, placed]);
    assert_consistent(&exchange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_changes_nothing() {
    let before = open_exchange().await;
    before.move_clock_to("2037-01-01T12:00:00Z").await;
    let acme = before.client("acme", Role::Buyer);
    let (key, order) = (Uuid::now_v7().to_string(), bid_for_hour(4));
    let placed = acme.post_with_key("/v1/orders", &order, &key).await.ok();
    for number in [0, 1, 2, 60] {
        acme.post("/v1/orders", &bid_for_hour(number)).await.ok();
    }
    // A simulated clock goes on from the last event, so the last thing to happen is at this instant.
    before.move_clock_to("2037-01-02T03:00:00Z").await;
    let shown = async |exchange: &TestExchange| {
        let mut shown = vec![exchange.operator().get("/v1/audit/state-hash").await.ok()];
        for (organization, role) in [("acme", Role::Buyer), ("north", Role::Provider)] {
            let client = exchange.client(organization, role);
            for path in ["/v1/orders", "/v1/trades", "/v1/contracts", "/v1/account/balances"] {
                shown.push(client.get(path).await.ok());
            }
        }
        shown
    };
    let shown_before = shown(&before).await;
    let after = TestExchange::start_without_kafka(before.stop().await).await;
    for (after, before) in shown(&after).await.iter().zip(&shown_before) {
        assert_eq!(after, before);
    }
    let acme = after.client("acme", Role::Buyer);
    assert_eq!(acme.post_with_key("/v1/orders", &order, &key).await.ok()["id"], placed["id"], "keys are remembered");
    assert_consistent(&after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_a_key_may_stand_for_a_new_request() {
    let mut exchange = open_exchange().await;
    let key = "every-day";
    let mut placed = Vec::new();
    for (day, restart) in [(3, false), (5, false), (7, true)] {
        exchange.move_clock_to(&format!("2037-01-{day:02}T00:00:00Z")).await;
        // Keys are forgotten when new ones come, and not loaded when the log has gone on for a day.
        exchange.client("acme", Role::Buyer).post("/v1/orders", &bid_for_hour(401)).await.ok();
        if restart {
            exchange = TestExchange::start_without_kafka(exchange.stop().await).await;
        }
        let acme = exchange.client("acme", Role::Buyer);
        let first = acme.post_with_key("/v1/orders", &bid_for_hour(400), key).await.ok();
        let again = acme.post_with_key("/v1/orders", &bid_for_hour(400), key).await.ok();
        assert_eq!(first["id"], again["id"]);
        placed.push(first["id"].clone());
    }
    placed.dedup();
    assert_eq!(placed.len(), 3);
    assert_consistent(&exchange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_turns_away_and_answers_all_that_it_took() {
    /// What the queue holds; the batch that is being gathered comes on top.
    const QUEUE: usize = 8_192;
    let exchange = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    let owner = exchange.database.owner().await;
    let blocker = hold_commits(&exchange.database).await;
    let operator = exchange.operator();
    let acme = json!({"id": "acme", "name": "Acme"});
    let registration = tokio::spawn({
        let (operator, acme) = (operator.clone(), acme.clone());
        async move { operator.post("/v1/organizations", &acme).await }
    });
    commit_waits(&owner).await;

    let mut taken = Vec::new();
    until("the queue stays full", async || {
        let before = taken.len();
        loop {
            let mut submission = Box::pin(exchange.node.sequencer.submit(Instruction::Advance, None));
            match (&mut submission).now_or_never() {
                None => taken.push(submission),
                Some(answer) => {
                    assert!(matches!(answer, Err(SubmitError::Busy)), "{answer:?}");
                    break;
                }
            }
            assert!(taken.len() < 10 * QUEUE, "the queue has a bound");
        }
        (taken.len() == before).then_some(())
    })
    .await;
    assert!(taken.len() >= QUEUE, "{}", taken.len());
    let refused = operator.post("/v1/organizations", &json!({"id": "beta", "name": "Beta"})).await;
    assert_eq!(refused.problem(), (503, "queue_full"));
    assert_eq!(refused.headers["retry-after"], "1");
    assert!(exchange.node.metrics.queue_full.get() >= 2);

    blocker.batch_execute("ROLLBACK").await.unwrap();
    let answers = tokio::time::timeout(PATIENCE, join_all(taken)).await.expect("all are answered");
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(registration.await.unwrap().ok(), acme);
    operator.post("/v1/organizations", &json!({"id": "beta", "name": "Beta"})).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_wait_together_are_committed_in_one_transaction_with_all_that_follows() {
    const ORDERS: usize = 40;
    let exchange = open_exchange().await;
    let owner = exchange.database.owner().await;
    let head = exchange.node.log.head();
    let key = |number: usize| {
        let byte = u8::try_from(number).expect("a small number");
        Some(IdempotencyKey { organization: None, digest: [byte; 32], request_hash: [byte; 32] })
    };
    let submit = |number| Box::pin(exchange.node.sequencer.submit(instruction(number), key(number)));
    let blocker = hold_commits(&exchange.database).await;
    let mut first = submit(0);
    assert!((&mut first).now_or_never().is_none());
    commit_waits(&owner).await;
    let mut others: Vec<_> = (1..=ORDERS).map(submit).collect();
    for other in &mut others {
        assert!(other.now_or_never().is_none(), "nobody hears of success before the commit");
    }
    assert_eq!(exchange.node.view.read().sequence(), head, "nobody sees what is not committed");
    commit_waits(&owner).await;
    blocker.batch_execute("ROLLBACK").await.unwrap();
    first.await.unwrap();
    let receipts: Vec<Receipt> = join_all(others).await.into_iter().collect::<Result<_, _>>().unwrap();

    let their_rows = receipts.iter().flat_map(|receipt| &receipt.rows);
    let first_of_them = their_rows.map(|row| row.record.sequence).min().unwrap();
    let transactions = format!("SELECT count(DISTINCT xmin::text) FROM events WHERE sequence >= {first_of_them}");
    let transactions = count(&owner, &transactions).await;
    // One, unless the engine was still taking them when the first commit came through.
    assert!((1..=3).contains(&transactions), "{transactions} transactions for {ORDERS} orders");

    let parts = "SELECT count(*), count(*) FILTER (WHERE kinds = 4), count(*) FILTER (WHERE transactions <> 1) FROM ( \
                 SELECT count(DISTINCT x) AS transactions, count(DISTINCT kind) AS kinds \
                 FROM idempotency_keys k CROSS JOIN LATERAL ( \
                   SELECT 'key' AS kind, k.xmin::text AS x \
                   UNION ALL SELECT 'event', xmin::text FROM events WHERE sequence BETWEEN k.first_sequence AND k.last_sequence \
                   UNION ALL SELECT 'entry', xmin::text FROM entries WHERE event BETWEEN k.first_sequence AND k.last_sequence \
                   UNION ALL SELECT 'line', l.xmin::text FROM lines l JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
                     WHERE e.event BETWEEN k.first_sequence AND k.last_sequence) part \
                 WHERE length(k.digest) = 32 AND k.digest = k.request_hash GROUP BY k.digest) parts";
    let row = owner.query_one(parts, &[]).await.unwrap();
    let all = i64::try_from(ORDERS + 1).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)), (all, all, 0));
    assert_consistent(&exchange).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_durable_whatever_the_database_has_as_its_default() {
    let database = TestDatabase::create().await;
    let owner = database.owner().await;
    let watched = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$; \
                   CREATE TABLE durability (setting text); \
                   CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS \
                   $$ BEGIN INSERT INTO durability VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$; \
                   CREATE TRIGGER watch AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION watch()";
    owner.batch_execute(watched).await.unwrap();
    let exchange = TestExchange::start_without_kafka(database).await;
    cut_connections(&owner).await;
    let register =
        |id: &str| Instruction::RegisterOrganization { organization: id.parse().unwrap(), name: id.parse().unwrap() };
    until("the journal is connected again", async || exchange.node.sequencer.submit(register("acme"), None).await.ok())
        .await;
    let settings: Vec<String> =
        owner.query("SELECT setting FROM durability", &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(settings, ["on", "on"], "before and after the journal reconnected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_database_is_restored_to_an_earlier_state_ends() {
    let exchange = open_exchange().await;
    let owner = exchange.database.owner().await;
    let acme = exchange.client("acme", Role::Buyer);
    acme.post("/v1/orders", &bid_for_hour(0)).await.ok();
    // What a restore looks like to those who are connected again.
    let restore = "ALTER TABLE leadership DISABLE TRIGGER USER; UPDATE leadership SET head = head - 1; \
                   ALTER TABLE leadership ENABLE TRIGGER USER";
    owner.batch_execute(restore).await.unwrap();
    cut_connections(&owner).await;
    assert_eq!(acme.post("/v1/orders", &bid_for_hour(2)).await.problem(), (503, "outcome_unknown"));
    tokio::time::timeout(PATIENCE, exchange.node.sequencer.fenced()).await.expect("it ends");
}
