//! Connections cost little, however long their clients keep them.

use std::collections::BTreeSet;
use std::time::Duration;

use api::auth::Role;
use api::resources::health::MetricsAccess;
use api::server::ServerSettings;
use infra::config::Limits;
use reqwest::Method;
use tests::attacks::{Stage, named};
use tests::client::{ApiClient, MARKET};
use tests::condition::until;
use tests::exchange::TestExchange;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::played_against;
use crate::opening::admit;

fn impatient(change: impl FnOnce(&mut Limits)) -> ServerSettings {
    let mut limits = Limits {
        head_timeout_seconds: 1,
        body_timeout_seconds: 1,
        answer_timeout_seconds: 1,
        ..Limits::of_one_machine()
    };
    change(&mut limits);
    ServerSettings { limits, metrics: MetricsAccess::Everyone }
}

/// The file descriptors of this process that are established connections to a port of its own.
fn descriptors_of_connections_to(port: &str) -> usize {
    let port = format!(":{:04X}", port.parse::<u16>().expect("a port"));
    let connections = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    let sockets = connections.lines().filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        (local.ends_with(&port) && *state == "01").then(|| format!("socket:[{inode}]"))
    });
    let sockets: BTreeSet<String> = sockets.collect();
    let descriptors = std::fs::read_dir("/proc/self/fd").expect("Linux").filter_map(Result::ok);
    let targets = descriptors.filter_map(|descriptor| std::fs::read_link(descriptor.path()).ok());
    targets.filter(|target| sockets.contains(target.to_string_lossy().as_ref())).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_are_cut_off() {
    played_against(TestExchange::start_limited(impatient(|_| ())).await, "half_sent_requests").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_wait_for_answers_hold_nobody() {
    let exchange = TestExchange::start().await;
    let (stage, anyone) = (Stage::from(&exchange), exchange.anonymous());
    let mut served = 0;
    let mut attack = (named("pipelined_requests").play)(&stage);
    let outcome = loop {
        tokio::select! {
            outcome = &mut attack => break outcome,
            answer = anyone.get("/healthz") => {
                assert_eq!(answer.status, 200);
                served += 1;
            }
        }
    };
    assert!(served >= 20, "{served} are served meanwhile: {}", outcome.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_too_slowly_is_answered_and_cut_off() {
    let exchange = TestExchange::start_limited(impatient(|_| ())).await;
    let mut connection = TcpStream::connect(exchange.url().strip_prefix("http://").unwrap()).await.unwrap();
    let half = b"POST /oauth/token HTTP/1.1\r\nhost: here\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                 content-length: 1000\r\n\r\ngrant_type=";
    connection.write_all(half).await.unwrap();
    let mut told = String::new();
    connection.read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 408 ") && told.contains("\"code\":\"request_timeout\""), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_are_cut_off() {
    played_against(TestExchange::start_limited(impatient(|_| ())).await, "unread_answers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded_for_each_address_and_given_back() {
    let settings = impatient(|limits| (limits.connections_per_address_max, limits.head_timeout_seconds) = (10, 600));
    let exchange = TestExchange::start_limited(settings).await;
    let address = exchange.url().strip_prefix("http://").unwrap().to_owned();
    let mut open = Vec::new();
    for _ in 0..10 {
        let mut served = TcpStream::connect(&address).await.unwrap();
        served.write_all(b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
        let mut told = [0; 12];
        served.read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"HTTP/1.1 200");
        open.push(served);
    }
    // One too many is closed.
    let mut refused = TcpStream::connect(&address).await.unwrap();
    let _ = refused.write_all(b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n").await;
    let mut nothing = Vec::new();
    let _ = refused.read_to_end(&mut nothing).await;
    assert!(nothing.is_empty(), "{nothing:?}");
    assert!(exchange.node.metrics.connections_refused.get() >= 1);
    drop(open);
    until("the places are given back", async || {
        let mut again = TcpStream::connect(&address).await.unwrap();
        again.write_all(b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n").await.ok()?;
        let mut told = [0; 12];
        again.read_exact(&mut told).await.ok().filter(|_| &told == b"HTTP/1.1 200").map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded_for_each_organization_and_end_with_their_token() {
    let settings = impatient(|limits| limits.streams_per_organization_max = 3);
    let exchange = TestExchange::start_limited(settings).await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let open = |client: &ApiClient| client.request(Method::GET, &format!("/v1/markets/{MARKET}/stream")).send();
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(open(&acme).await.unwrap());
    }
    let refused = acme.get(&format!("/v1/markets/{MARKET}/stream")).await;
    assert_eq!(refused.problem(), (429, "too_many_streams"));
    assert_eq!(open(&exchange.client("beta", Role::Buyer)).await.unwrap().status(), 200, "others have their own");
    drop(streams);
    until("the places are given back", async || (open(&acme).await.unwrap().status() == 200).then_some(())).await;

    let (client, lifetime) = ("brief".parse().unwrap(), Duration::from_secs(2));
    let token = exchange.tokens.issue(client, "south".parse().unwrap(), Role::Provider, lifetime).unwrap();
    let brief = open(&ApiClient::new(exchange.url(), Some(token))).await.unwrap();
    assert_eq!(brief.status(), 200);
    let told = tokio::time::timeout(tests::condition::PATIENCE, brief.text()).await.expect("it ends with its token");
    assert!(told.unwrap().starts_with("id: "), "in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_one_file_descriptor() {
    let exchange = TestExchange::start_limited(impatient(|limits| limits.head_timeout_seconds = 600)).await;
    let address = exchange.url().strip_prefix("http://").unwrap().to_owned();
    let mut open = Vec::new();
    for _ in 0..200 {
        let mut connection = TcpStream::connect(&address).await.unwrap();
        connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
        connection.read_exact(&mut [0; 12]).await.unwrap();
        open.push(connection);
    }
    let port = address.rsplit_once(':').unwrap().1;
    assert_eq!(descriptors_of_connections_to(port), 200, "file descriptors of the server's ends of 200 connections");
    drop(open);
}
