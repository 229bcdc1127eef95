//! Connections that are held open.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use api::auth::Role;
use futures::future::join_all;
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Attack, Stage};
use crate::client::MARKET;

/// Connections of an attack.
const CONNECTIONS: usize = 300;
/// How long an attacker waits to be cut off.
const PATIENCE: Duration = Duration::from_secs(25);

/// The attacks.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack {
            name: "half_sent_requests",
            what: "opens 300 connections and sends half a body, half a first head, or half a second head over each",
            before: "held for ever, two file descriptors each",
            play: |stage| Box::pin(half_sent(stage)),
        },
        Attack {
            name: "unread_answers",
            what: "asks for 2,000 large answers over one connection and reads none",
            before: "held for ever",
            play: |stage| Box::pin(unread(stage)),
        },
        Attack {
            name: "pipelined_requests",
            what: "sends 500 requests for the reference over each of two connections without waiting, and reads the answers",
            before: "each held a thread of the server until it was done: orders and reads took 4 s",
            play: |stage| Box::pin(pipelined(stage)),
        },
        Attack {
            name: "streams_without_end",
            what: "opens 100 market streams of one organization",
            before: "all open, beyond the life of their token",
            play: |stage| Box::pin(streams(stage)),
        },
    ]
}

async fn connect(stage: &Stage) -> anyhow::Result<TcpStream> {
    let address = stage.url().strip_prefix("http://").context("plain HTTP")?;
    Ok(TcpStream::connect(address).await?)
}

/// Sends what is no whole request; whether the connection is ended in time.
async fn is_cut_off(stage: &Stage, number: usize) -> anyhow::Result<bool> {
    let Ok(mut connection) = connect(stage).await else { return Ok(true) };
    let half: &[u8] = match number % 4 {
        0 => {
            b"POST /oauth/token HTTP/1.1\r\nhost: here\r\ncontent-type: application/x-www-form-urlencoded\r\n\
               content-length: 1000\r\n\r\ngrant_type="
        }
        1 => b"POST /v1/orders HTTP/1.1\r\nhost: he",
        2 => b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\nGET /healthz HTTP/1.1\r\nho",
        _ => b"POST /v1/nothing HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
    };
    // It may be closed before all is sent, which is as good.
    if connection.write_all(half).await.is_err() {
        return Ok(true);
    }
    let mut told = Vec::new();
    Ok(timeout(PATIENCE, connection.read_to_end(&mut told)).await.is_ok())
}

async fn half_sent(stage: &Stage) -> anyhow::Result<String> {
    let started = Instant::now();
    let bystander = stage.client("acme", Role::Buyer);
    let attack = join_all((0..CONNECTIONS).map(|number| is_cut_off(stage, number)));
    let read = async { bystander.get("/v1/clock").await };
    let (cut_off, read) = futures::future::join(attack, read).await;
    // The attacker may have taken all places of the address that the bystander has as well.
    drop(read);
    let mut open = 0;
    for cut_off in cut_off {
        open += usize::from(!cut_off?);
    }
    ensure!(open == 0, "{open} of {CONNECTIONS} are still open after {:?}", started.elapsed());
    Ok(format!("all cut off after {:.0?}", started.elapsed()))
}

async fn unread(stage: &Stage) -> anyhow::Result<String> {
    let mut connection = connect(stage).await?;
    let request = b"GET /openapi.json HTTP/1.1\r\nhost: here\r\n\r\n";
    let started = Instant::now();
    let mut sent = 0;
    // Once the server takes no more of them, it waits for this client, which takes nothing.
    while sent < 2_000 {
        match timeout(Duration::from_secs(1), connection.write_all(request)).await {
            Ok(Ok(())) => sent += 1,
            _ => break,
        }
    }
    let ended = async {
        // What the client has not read hides the end of the connection, unless it goes on writing.
        while connection.write_all(b"G").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let is_ended = timeout(PATIENCE * 3, ended).await.is_ok();
    ensure!(is_ended, "still open after {:?}", started.elapsed());
    Ok(format!("cut off after {:.0?} and {sent} requests", started.elapsed()))
}

async fn pipelined(stage: &Stage) -> anyhow::Result<String> {
    let started = Instant::now();
    let send_all = async || -> anyhow::Result<usize> {
        let (mut answers, mut requests) = connect(stage).await?.into_split();
        let send = async {
            for _ in 0..499 {
                requests.write_all(b"GET /openapi.json HTTP/1.1\r\nhost: here\r\n\r\n").await?;
            }
            requests.write_all(b"GET /openapi.json HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await
        };
        let receive = async { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await };
        let (written, received) = futures::future::join(send, receive).await;
        written?;
        Ok(usize::try_from(received?)?)
    };
    let (first, second) = futures::future::try_join(send_all(), send_all()).await?;
    Ok(format!("{} MB of answers in {:.1?}", (first + second) / 1_000_000, started.elapsed()))
}

async fn streams(stage: &Stage) -> anyhow::Result<String> {
    stage.open().await?;
    let acme = stage.client("acme", Role::Buyer);
    let mut open = Vec::new();
    let mut refused = 0;
    for _ in 0..100 {
        let request = acme.request(Method::GET, &format!("/v1/markets/{MARKET}/stream?snapshot=false"));
        let answer = request.send().await?;
        match answer.status().as_u16() {
            200 => open.push(answer),
            _ => refused += 1,
        }
    }
    Ok(format!("{} open, {refused} refused", open.len()))
}
