//! The server as a process: killed in the middle of trading, and asked to stop.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in the functions it shares with others too")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use api::auth::{OPERATOR_ORGANIZATION, Role, Tokens};
use jiff::{Timestamp, ToSpan};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, TRIAL_BALANCE, ask, bid, market, supply, with};
use tests::condition::until;
use tests::kafka::{OwnKafka, Published, TestTopic, not_run};
use tests::server_process::{Installation, ServerProcess, binary};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::watch;
use uuid::Uuid;

use crate::bank::{pay_in, with_bank_account};

/// Tasks that place orders at the same time.
const TRADERS: usize = 6;
/// Orders that are acknowledged between two crashes, at least.
const ORDERS_BETWEEN_CRASHES: usize = 120;
/// How often the server is killed.
const CRASHES: usize = 4;

/// The path of the binary; `None`, after saying so, where it was not built.
fn built() -> Option<std::path::PathBuf> {
    let path = binary();
    if path.is_none() {
        not_run("the binary is not built: cargo build");
    }
    path
}

/// A token for 15 minutes, as the server would issue it.
fn token(installation: &Installation, organization: &str, role: Role) -> String {
    let tokens = Tokens::new(&installation.key).unwrap();
    tokens.issue("test".parse().unwrap(), organization.parse().unwrap(), role, Duration::from_mins(15)).unwrap()
}

/// A full hour so many days from now.
fn day(days: i64) -> String {
    let hour = Timestamp::now().as_second() / 3600 * 3600;
    (Timestamp::from_second(hour).unwrap() + (24 * days).hours()).to_string()
}

/// The first operator's client as `create-operator` makes it, and a market with supply and a funded buyer made with it.
async fn opened(installation: &Installation, server: &ServerProcess) {
    let client = installation.run("create-operator");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client["client_id"].as_str().unwrap()),
        ("client_secret", client["client_secret"].as_str().unwrap()),
    ];
    let anonymous = ApiClient::new(&server.url, None);
    let granted = anonymous.send(anonymous.request(Method::POST, "/oauth/token").form(&form)).await.ok();
    let operator = ApiClient::new(&server.url, Some(granted["access_token"].as_str().unwrap().to_owned()));
    operator.post("/v1/markets", &market(MARKET)).await.ok();
    for id in ["north", "acme"] {
        operator.post("/v1/organizations", &json!({"id": id, "name": id})).await.ok();
    }
    operator.put("/v1/organizations/acme/order-limit", &json!({"open_orders_max": 10_000_000})).await.ok();
    // A server's clock is real: money comes from the bank.
    let finance = ApiClient::new(&server.url, Some(token(installation, OPERATOR_ORGANIZATION, Role::Finance)));
    let acme = ApiClient::new(&server.url, Some(token(installation, "acme", Role::Buyer)));
    with_bank_account(&finance).await;
    pay_in(&finance, &acme, "100000000.00").await;
    let north = ApiClient::new(&server.url, Some(token(installation, "north", Role::Provider)));
    let lot = with(supply(800, &day(2), &day(30)), "min_remnant_hours", 0);
    let lot = north.post("/v1/lots", &lot).await.ok();
    north.post("/v1/orders", &ask(&lot["id"], 800, "1.0500")).await.ok();
}

/// Sends an order until it is acknowledged, whatever happens to the server meanwhile. Every attempt has the same key.
async fn place(urls: &watch::Receiver<String>, token: &str, order: &Value) -> String {
    let key = Uuid::now_v7().to_string();
    until("the order is acknowledged", || {
        let client = ApiClient::new(&urls.borrow(), Some(token.to_owned()));
        let request = client.request(Method::POST, "/v1/orders").header("Idempotency-Key", &key).json(order);
        async move {
            let response = request.send().await.ok()?;
            let status = response.status();
            let body: Value = response.json().await.ok()?;
            let comes_back = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            assert!(status.is_success() || comes_back, "{status} {body}");
            status.is_success().then(|| body["id"].as_str().unwrap().to_owned())
        }
    })
    .await
}

/// Places orders until told to stop, and returns the acknowledged ones.
async fn trade(
    urls: watch::Receiver<String>,
    token: String,
    acknowledged: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let mut orders = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        // Some cross and some rest.
        let price = if orders.len() % 2 == 0 { "1.1000" } else { "1.0000" };
        orders.push(place(&urls, &token, &bid(8, price, &day(3), &day(4))).await);
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    orders
}

/// Waits until the relay has published what the log holds now, and returns how much that is. Trading may go on meanwhile.
async fn published(url: &str) -> u64 {
    let anonymous = ApiClient::new(url, None);
    let head = anonymous.get("/readyz").await.ok()["sequence"].as_u64().unwrap();
    until("the log is published", async || {
        let ready = anonymous.get("/readyz").await.ok();
        ready["published"].as_u64().filter(|published| *published >= head).map(|_| head)
    })
    .await
}

/// What must hold after any number of crashes.
async fn assert_whole(installation: &Installation, server: &ServerProcess, topic: &TestTopic, orders: &[String]) {
    let head = published(&server.url).await;
    let owner = installation.database.owner().await;
    let rows = owner.query("SELECT content->>'order' FROM events WHERE type = 'order_placed'", &[]).await.unwrap();
    let mut logged: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    logged.sort_unstable();
    let asks: Vec<_> = owner
        .query(
            "SELECT content->>'order' FROM events WHERE type = 'order_placed' AND content->>'organization' = 'north'",
            &[],
        )
        .await
        .unwrap();
    let mut expected: Vec<String> = orders.to_vec();
    expected.extend(asks.iter().map(|row| row.get::<_, String>(0)));
    expected.sort_unstable();
    assert_eq!(logged, expected, "every acknowledged order is in the log once, and no retry made another");

    let records = topic.committed().await;
    let mut sequences: Vec<u64> = records.iter().map(Published::sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=head).collect::<Vec<_>>(), "every event is in the topic once");

    let operator = ApiClient::new(&server.url, Some(token(installation, "secondwind", Role::Operator)));
    let shown = operator.get("/v1/audit/state-hash").await.ok();
    assert_eq!(shown, installation.run("replay-log"), "the state is that of a fresh replay");
    let trial = operator.get(TRIAL_BALANCE).await.ok();
    assert_eq!(trial["total_debit"], trial["total_credit"]);
    assert_ne!(trial["total_debit"], json!("0.00"));
}

/// Runs traders against a server while `disturb` does its worst, and checks what is left.
async fn under_load(
    installation: &Installation,
    topic: &TestTopic,
    disturb: impl AsyncFnOnce(ServerProcess, &watch::Sender<String>, &AtomicUsize) -> ServerProcess,
) {
    let server = installation.serve();
    opened(installation, &server).await;
    let (new_url, urls) = watch::channel(server.url.clone());
    let (acknowledged, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let token = token(installation, "acme", Role::Buyer);
    let traders: Vec<_> = (0..TRADERS)
        .map(|_| {
            let (urls, token, acknowledged, stop) = (urls.clone(), token.clone(), acknowledged.clone(), stop.clone());
            // A thread each: waiting for a condition does not let itself be sent between threads.
            tokio::task::spawn_blocking(move || Handle::current().block_on(trade(urls, token, acknowledged, stop)))
        })
        .collect();
    let server = disturb(server, &new_url, &acknowledged).await;
    stop.store(true, Ordering::Relaxed);
    let mut orders = Vec::new();
    for trader in traders {
        orders.extend(trader.await.unwrap());
    }
    assert_eq!(orders.iter().collect::<BTreeSet<_>>().len(), orders.len(), "no id was given twice");
    assert_whole(installation, &server, topic, &orders).await;
}

/// A request that the server has begun to handle and waits for the rest of.
struct InFlight {
    connection: TcpStream,
    body: Vec<u8>,
}

impl InFlight {
    async fn begin(url: &str, token: &str, order: &Value) -> Self {
        let body = serde_json::to_vec(order).unwrap();
        let address = url.trim_start_matches("http://");
        let mut connection = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /v1/orders HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Idempotency-Key: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\nExpect: 100-continue\r\n\r\n",
            Uuid::now_v7(),
            body.len()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        // The server says so when it wants the body, so the request is being handled.
        let mut go_on = [0; 25];
        connection.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { connection, body }
    }

    async fn finish(&mut self) -> String {
        self.connection.write_all(&self.body).await.unwrap();
        let mut answer = String::new();
        self.connection.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

/// Waits until so many more orders are acknowledged and what the log then holds is published: what comes next happens to a
/// relay in the middle of its work.
async fn more_orders(server: &ServerProcess, acknowledged: &AtomicUsize) {
    let enough = acknowledged.load(Ordering::Relaxed) + ORDERS_BETWEEN_CRASHES;
    until("orders are acknowledged", async || (acknowledged.load(Ordering::Relaxed) >= enough).then_some(())).await;
    published(&server.url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_server_loses_no_acknowledged_order_and_repeats_no_event() {
    let Some(binary) = built() else { return };
    let Some(topic) = TestTopic::named_only().await else { return };
    let installation = Installation::new(binary, &topic).await;
    under_load(&installation, &topic, async |mut server, new_url, acknowledged| {
        for _ in 0..CRASHES {
            more_orders(&server, acknowledged).await;
            server.kill();
            server = installation.serve();
            new_url.send_replace(server.url.clone());
        }
        more_orders(&server, acknowledged).await;
        server
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_server_in_order_and_requests_in_flight_are_answered() {
    let Some(binary) = built() else { return };
    let Some(topic) = TestTopic::named_only().await else { return };
    let installation = Installation::new(binary, &topic).await;
    let mut first = true;
    for signal in ["TERM", "INT"] {
        let server = installation.serve();
        if std::mem::take(&mut first) {
            opened(&installation, &server).await;
        }
        let token = token(&installation, "acme", Role::Buyer);
        let mut request = InFlight::begin(&server.url, &token, &bid(8, "1.0000", &day(3), &day(4))).await;
        server.signal(signal);
        until("it takes no new requests", async || {
            reqwest::get(format!("{}/healthz", server.url)).await.is_err().then_some(())
        })
        .await;
        let answer = request.finish().await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        let (status, said) = server.ended().await;
        assert!(status.success(), "{signal}: {status}\n{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loss_of_one_broker_of_three_loses_and_repeats_nothing() {
    if std::env::var_os("SECONDWIND_VERIFY").is_none() {
        return not_run("make verify runs it");
    }
    let Some(binary) = built() else { return };
    let Some(mut kafka) = OwnKafka::start(3).await else { return };
    let topic = kafka.topic(4).await;
    let installation = Installation::new(binary, &topic).await;
    under_load(&installation, &topic, async |server, _, acknowledged| {
        more_orders(&server, acknowledged).await;
        tokio::task::block_in_place(|| kafka.cluster.kill_node(1).unwrap());
        more_orders(&server, acknowledged).await;
        tokio::task::block_in_place(|| kafka.cluster.restart_node(1).unwrap());
        more_orders(&server, acknowledged).await;
        server
    })
    .await;
}
