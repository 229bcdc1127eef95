//! The book that a stream's client keeps.

use std::collections::BTreeMap;

use api::auth::Role;
use matching::{Instruction, MarketId};
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, OTHER_MARKET, ask, market, supply, with, without};
use tests::condition::{PATIENCE, until};
use tests::exchange::TestExchange;
use tests::picking::{only, text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::market_data::{Stream, StreamEvent};
use crate::opening::{NEXT_DAY, START, admit, day_bid, list};

/// An order as a client knows it.
#[derive(Clone, PartialEq, Debug)]
struct Kept {
    buys: bool,
    price: String,
    gpus: u64,
    remaining: u64,
}

/// A client's copy of the book.
#[derive(Default)]
struct ClientBook {
    orders: BTreeMap<String, Kept>,
    sequence: u64,
}

impl ClientBook {
    fn fold(&mut self, event: &StreamEvent) {
        assert!(event.id > self.sequence, "{event:?} repeats or goes back behind {}", self.sequence);
        self.sequence = event.id;
        let data = &event.data;
        let number = |field: &str| data[field].as_u64().unwrap_or_else(|| panic!("no {field} in {data}"));
        match event.name.as_str() {
            "snapshot" => self.orders = snapshot(data),
            "order_placed" => {
                let (buys, price) = (data["side"] == "buy", text(&data["price"]));
                let kept = Kept { buys, price, gpus: number("gpus"), remaining: number("gpus") };
                assert_eq!(self.orders.insert(text(&data["id"]), kept), None, "{data} was there");
            }
            "order_amended" => {
                if let Some(kept) = self.orders.get_mut(&text(&data["id"])) {
                    let traded = kept.gpus - kept.remaining;
                    (kept.gpus, kept.remaining) = (number("gpus"), number("gpus") - traded);
                    kept.price = text(&data["price"]);
                }
            }
            "order_closed" => drop(self.orders.remove(&text(&data["id"]))),
            "order_reduced" => self.reduce(&text(&data["id"]), number("remaining")),
            "trade" => {
                self.reduce(&text(&data["bid"]), number("bid_remaining"));
                let ask = text(&data["ask"]);
                if data["ask_filled"] == true {
                    self.orders.remove(&ask);
                } else {
                    let kept = &self.orders[&ask];
                    self.reduce_ask(&ask, kept.gpus - number("ask_sold_gpus"));
                }
            }
            _ => {}
        }
    }

    fn reduce(&mut self, bid: &str, remaining: u64) {
        if remaining == 0 {
            self.orders.remove(bid);
        } else {
            self.orders.get_mut(bid).unwrap_or_else(|| panic!("{bid} is not kept")).remaining = remaining;
        }
    }

    fn reduce_ask(&mut self, ask: &str, remaining: u64) {
        self.orders.get_mut(ask).expect("kept").remaining = remaining;
    }

    /// The levels as the book shows them, best first.
    fn levels(&self, buys: bool) -> Vec<Value> {
        let mut levels: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for kept in self.orders.values().filter(|kept| kept.buys == buys && kept.remaining > 0) {
            let level = levels.entry(&kept.price).or_default();
            *level = (level.0 + kept.remaining, level.1 + 1);
        }
        let level =
            |(price, (gpus, orders)): (&str, (u64, u64))| json!({"price": price, "gpus": gpus, "orders": orders});
        let mut levels: Vec<Value> = levels.into_iter().map(level).collect();
        if buys {
            levels.reverse();
        }
        levels
    }
}

fn snapshot(data: &Value) -> BTreeMap<String, Kept> {
    let mut orders = BTreeMap::new();
    for (side, buys) in [("bids", true), ("asks", false)] {
        for level in data[side].as_array().expect("levels") {
            for order in level["orders"].as_array().expect("orders") {
                let (gpus, remaining) =
                    (order["gpus"].as_u64().expect("a number"), order["remaining"].as_u64().expect("a number"));
                orders.insert(text(&order["id"]), Kept { buys, price: text(&level["price"]), gpus, remaining });
            }
        }
    }
    orders
}

/// Folds a stream until it has come to `sequence` or beyond: the marker is the last event.
async fn fold_to(stream: &mut Stream, book: &mut ClientBook, sequence: u64) {
    while book.sequence < sequence {
        book.fold(&stream.next().await);
    }
}

/// Places, trades, changes and cancels, as a seed has it; answers the sequence of the last order.
async fn trade_at_random(exchange: &TestExchange, seed: u64, steps: u32) -> u64 {
    let north = exchange.client("north", Role::Provider);
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let mut state = seed;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut open: Vec<(ApiClient, String)> = Vec::new();
    for _ in 0..steps {
        let price = format!("1.0{}00", draw(6));
        let gpus = 8 * u32::try_from(1 + draw(4)).expect("a small number");
        match draw(10) {
            0..3 => {
                let lot = list(&north, gpus).await;
                let placed = north.post("/v1/orders", &ask(&lot, gpus, &price)).await.ok();
                open.push((north.clone(), text(&placed["id"])));
            }
            3..8 => {
                let buyer = if draw(2) == 0 { acme.clone() } else { beta.clone() };
                let placed = buyer.post("/v1/orders", &day_bid(gpus, &price)).await.ok();
                open.push((buyer, text(&placed["id"])));
            }
            choice if !open.is_empty() => {
                let chosen = usize::try_from(draw(open.len() as u64)).expect("a small number");
                let (owner, id) = open[chosen].clone();
                let path = format!("/v1/orders/{id}");
                // Orders that have ended are refused, which changes nothing.
                if choice == 8 {
                    owner.delete(&path).await;
                    open.swap_remove(chosen);
                } else {
                    let request = owner.request(Method::PATCH, &path).json(&json!({"limit_price": price}));
                    owner.send(request).await;
                }
            }
            _ => {}
        }
    }
    let marker = acme.post("/v1/orders", &day_bid(8, "0.0100")).await.ok();
    marker["sequence"].as_u64().expect("a number")
}

async fn assert_book(exchange: &TestExchange, client: &ApiClient, book: &ClientBook) {
    let shown = client.get(&format!("/v1/markets/{MARKET}/book?start={START}&end={NEXT_DAY}")).await.ok();
    assert!(exchange.node.log.head() >= book.sequence);
    assert_eq!((json!(book.levels(true)), json!(book.levels(false))), (shown["bids"].clone(), shown["asks"].clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_folds_snapshot_and_increments_has_the_book() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let beta = exchange.client("beta", Role::Buyer);
    let mut early = Stream::open_with(&beta, "", None).await;
    let mut early_book = ClientBook::default();
    for seed in 1..=3 {
        let last = trade_at_random(&exchange, seed, 60).await;
        fold_to(&mut early, &mut early_book, last).await;
        assert_book(&exchange, &beta, &early_book).await;
        // A stream that begins now begins with the same book.
        let first = Stream::open_with(&beta, "", None).await.next().await;
        assert_eq!((first.name.as_str(), first.id), ("snapshot", first.data["sequence"].as_u64().unwrap()));
        let mut late_book = ClientBook::default();
        late_book.fold(&first);
        assert_eq!(late_book.orders.keys().collect::<Vec<_>>(), early_book.orders.keys().collect::<Vec<_>>());
        assert_book(&exchange, &beta, &late_book).await;
    }
    // One that was cut off goes on where it was.
    let mut book = ClientBook { orders: early_book.orders.clone(), sequence: early_book.sequence };
    let last = trade_at_random(&exchange, 4, 60).await;
    let mut resumed = Stream::open_with(&beta, "", Some(book.sequence)).await;
    fold_to(&mut resumed, &mut book, last).await;
    fold_to(&mut early, &mut early_book, last).await;
    assert_eq!(book.orders, early_book.orders);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bid_in_several_markets_is_reduced_by_its_trades_elsewhere() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    exchange.operator().post("/v1/markets", &market(OTHER_MARKET)).await.ok();
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let before = exchange.node.log.head();
    let bid = with(without(day_bid(16, "1.0000"), "market"), "markets", json!([MARKET, OTHER_MARKET]));
    let placed = acme.post("/v1/orders", &bid).await.ok();
    let mut stream = Stream::open_with(&acme, "", None).await;
    assert_eq!(only(&stream.next().await.data["bids"])["gpus"], 16);
    for _ in 0..2 {
        let lot = with(supply(8, START, NEXT_DAY), "market", OTHER_MARKET);
        let lot = north.post("/v1/lots", &lot).await.ok()["id"].clone();
        north.post("/v1/orders", &ask(&lot, 8, "1.0000")).await.ok();
    }
    let reduced = stream.take(2).await;
    for (event, remaining) in reduced.iter().zip([8, 0]) {
        assert_eq!((event.name.as_str(), &event.data["id"]), ("order_reduced", &placed["id"]));
        assert_eq!(event.data["remaining"], remaining);
    }
    // The bid is gone by now, and a stream that is resumed still tells of it.
    let mut resumed = Stream::open(&acme, Some(before)).await;
    assert_eq!(resumed.next().await.name, "order_placed");
    assert_eq!(resumed.take(2).await, reduced);
    // From between its placement and its trades, too.
    let mut resumed = Stream::open(&acme, Some(placed["sequence"].as_u64().unwrap())).await;
    assert_eq!(resumed.take(2).await, reduced);
}

/// Halts and resumes the market so many times: two events each.
async fn halt_and_resume(exchange: &TestExchange, times: u32) {
    let market: MarketId = MARKET.parse().expect("an id");
    let reason = "x".repeat(120);
    for _ in 0..times {
        let halt = exchange
            .node
            .sequencer
            .enqueue(Instruction::HaltMarket { market, reason: reason.parse().expect("a label") }, None);
        let resume = exchange.node.sequencer.enqueue(Instruction::ResumeMarket { market }, None);
        let (halt, resume) = (halt.expect("room in the queue"), resume.expect("room in the queue"));
        drop(halt);
        resume.receipt().await.expect("resumed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_dropped_and_cannot_resume_from_too_long_ago() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let beta = exchange.client("beta", Role::Buyer);
    let began = exchange.node.log.head();
    a_client_that_does_not_read_is_dropped(&exchange, &beta).await;
    what_is_too_long_ago_is_not_sent_again(&exchange, &beta, began).await;
}

async fn a_client_that_does_not_read_is_dropped(exchange: &TestExchange, beta: &ApiClient) {
    let request = beta.request(Method::GET, &format!("/v1/markets/{MARKET}/stream")).build().expect("a request");
    let bearer = request.headers()["authorization"].to_str().expect("text");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let address = exchange.url().strip_prefix("http://").expect("plain HTTP").parse().expect("an address");
    let mut client = socket.connect(address).await.expect("a connection");
    let head = format!("GET {} HTTP/1.1\r\nhost: here\r\nauthorization: {bearer}\r\n\r\n", request.url().path());
    client.write_all(head.as_bytes()).await.expect("the request is taken");

    until("the stream is dropped", async || {
        halt_and_resume(exchange, 500).await;
        (exchange.node.metrics.streams_dropped.get() == 1).then_some(())
    })
    .await;
    let mut received = Vec::new();
    let end = tokio::time::timeout(PATIENCE, client.read_to_end(&mut received)).await.expect("the connection ends");
    drop(end); // in order or by a reset
    assert!(received.starts_with(b"HTTP/1.1 200"));
}

async fn what_is_too_long_ago_is_not_sent_again(exchange: &TestExchange, beta: &ApiClient, began: u64) {
    until("more has happened than a stream sends again", async || {
        halt_and_resume(exchange, 500).await;
        (exchange.node.log.head() - began > 20_000).then_some(())
    })
    .await;
    let request = beta.request(Method::GET, &format!("/v1/markets/{MARKET}/stream"));
    let answer = beta.send(request.header("Last-Event-ID", began)).await;
    assert_eq!(answer.problem(), (410, "resume_too_old"));
}
