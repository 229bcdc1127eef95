//! What everyone may see of a market, and lists read page by page.

use std::collections::BTreeSet;

use api::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, OTHER_MARKET, ask, bid, market, with};
use tests::condition::PATIENCE;
use tests::exchange::TestExchange;
use tests::picking::{only, text, trade_of};

use crate::opening::{END, NEXT_DAY, ORGANIZATIONS, START, THIRD_DAY, admit, day_bid, list, trade};

#[tokio::test(flavor = "multi_thread")]
async fn the_book_shows_levels_for_a_window() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, south) = (exchange.client("north", Role::Provider), exchange.client("south", Role::Provider));
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let first = list(&north, 16).await;
    let second = list(&south, 32).await;
    north.post("/v1/orders", &ask(&first, 16, "1.0500")).await.ok();
    south.post("/v1/orders", &ask(&second, 8, "1.0500")).await.ok();
    south.post("/v1/orders", &ask(&second, 24, "1.2000")).await.ok();
    acme.post("/v1/orders", &day_bid(8, "0.9000")).await.ok();
    beta.post("/v1/orders", &day_bid(16, "0.9000")).await.ok();
    let last = beta.post("/v1/orders", &day_bid(8, "0.8000")).await.ok();
    let book = async |start: &str, end: &str| {
        acme.get(&format!("/v1/markets/{MARKET}/book?start={start}&end={end}")).await.ok()
    };

    let day = book(START, NEXT_DAY).await;
    let asks = json!([{"price": "1.0500", "gpus": 24, "orders": 2}, {"price": "1.2000", "gpus": 24, "orders": 1}]);
    let bids = json!([{"price": "0.9000", "gpus": 24, "orders": 2}, {"price": "0.8000", "gpus": 8, "orders": 1}]);
    assert_eq!((&day["asks"], &day["bids"]), (&asks, &bids), "best first");
    assert_eq!(day["window"], json!({"start": START, "end": NEXT_DAY}));
    assert_eq!(day["sequence"], last["sequence"]);

    let second_day = book(NEXT_DAY, THIRD_DAY).await;
    assert_eq!((&second_day["asks"], &second_day["bids"]), (&asks, &json!([])), "no bid is for that day");
    let beyond = book(START, "2037-02-02T00:00:00Z").await;
    assert_eq!((&beyond["asks"], &beyond["bids"]), (&json!([]), &bids), "nobody can sell all of it");

    // Twelve hours of the first day are sold; what is left of the day is what can carry all of it.
    acme.post("/v1/orders", &bid(16, "1.0500", START, "2037-01-01T12:00:00Z")).await.ok();
    let day = book(START, NEXT_DAY).await;
    let left = json!([{"price": "1.0500", "gpus": 8, "orders": 1}, {"price": "1.2000", "gpus": 24, "orders": 1}]);
    assert_eq!(day["asks"], left);
    let afternoon = book("2037-01-01T12:00:00Z", NEXT_DAY).await;
    assert_eq!(afternoon["asks"], asks, "the rest of the day is as it was");
}

/// Asserts that a text names no organization that trades.
#[track_caller]
fn names_nobody(text: &str) {
    for (organization, _) in ORGANIZATIONS {
        assert!(!text.contains(organization), "{organization} is named in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn market_trades_name_no_organization() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let beta = exchange.client("beta", Role::Buyer);
    let trades = beta.get(&format!("/v1/markets/{MARKET}/trades")).await.ok();
    let trade = only(&trades["data"]);
    assert_eq!((&trade["gpus"], &trade["price"]), (&json!(8), &json!("1.0500")));
    assert_eq!(trade["window"], json!({"start": START, "end": NEXT_DAY}));
    names_nobody(&trades.to_string());
    let unknown = beta.get(&format!("/v1/markets/{OTHER_MARKET}/trades")).await;
    assert_eq!(unknown.problem(), (404, "not_found"));
}

/// A server-sent event.
#[derive(Clone, PartialEq, Debug)]
pub struct StreamEvent {
    pub id: u64,
    pub name: String,
    pub data: Value,
}

/// A client's end of a stream.
pub struct Stream {
    response: reqwest::Response,
    read: String,
}

impl Stream {
    /// A stream without a snapshot, from the present or after an event.
    pub async fn open(client: &ApiClient, last_event_id: Option<u64>) -> Self {
        Self::open_with(client, "?snapshot=false", last_event_id).await
    }

    /// A stream with this query.
    pub async fn open_with(client: &ApiClient, query: &str, last_event_id: Option<u64>) -> Self {
        let request = client.request(Method::GET, &format!("/v1/markets/{MARKET}/stream{query}"));
        let request = last_event_id.into_iter().fold(request, |request, id| request.header("Last-Event-ID", id));
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, read: String::new() }
    }

    /// The next event.
    pub async fn next(&mut self) -> StreamEvent {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                // Comments show only that the stream is alive.
                if !event.starts_with(':') {
                    return StreamEvent::read(&event);
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event comes in time");
            let chunk = chunk.expect("the connection holds").expect("the stream goes on");
            self.read.push_str(std::str::from_utf8(&chunk).expect("an event is text"));
        }
    }

    /// The next events.
    pub async fn take(&mut self, count: usize) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await);
        }
        events
    }
}

impl StreamEvent {
    fn read(text: &str) -> Self {
        names_nobody(text);
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        let data = serde_json::from_str(field("data")).expect("data is JSON");
        Self { id: field("id").parse().expect("an id is a number"), name: field("event").to_owned(), data }
    }
}

/// A stream that has told of an ask, a bid that trades, one that rests and is cancelled, and another that trades.
struct Told {
    exchange: TestExchange,
    acme: ApiClient,
    beta: ApiClient,
    stream: Stream,
    events: Vec<StreamEvent>,
    first: Value,
    resting: Value,
    second: Value,
}

impl Told {
    async fn start() -> Self {
        let exchange = TestExchange::start().await;
        admit(&exchange).await;
        exchange.operator().post("/v1/markets", &market(OTHER_MARKET)).await.ok();
        let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
        let beta = exchange.client("beta", Role::Buyer);
        let mut stream = Stream::open(&beta, None).await;

        let lot = list(&north, 16).await;
        north.post("/v1/orders", &ask(&lot, 16, "1.0500")).await.ok();
        let elsewhere = with(day_bid(8, "1.0000"), "market", OTHER_MARKET);
        acme.post("/v1/orders", &elsewhere).await.ok();
        let first = acme.post("/v1/orders", &day_bid(8, "1.0500")).await.ok();
        let resting = acme.post("/v1/orders", &day_bid(8, "1.0000")).await.ok();
        acme.delete(&format!("/v1/orders/{}", text(&resting["id"]))).await.ok();
        let second = beta.post("/v1/orders", &day_bid(8, "1.1000")).await.ok();
        let events = stream.take(7).await;
        Self { exchange, acme, beta, stream, events, first, resting, second }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_what_happens_in_order() {
    let Told { exchange: _exchange, beta, events, first, resting, second, .. } = Told::start().await;
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    let expected = ["order_placed", "order_placed", "trade", "order_placed", "order_closed", "order_placed", "trade"];
    assert_eq!(names, expected, "and nothing of the other market");
    assert!(events.is_sorted_by(|one, next| one.id < next.id), "{events:?}");
    let [offered, bid, first_trade, _, closed, _, second_trade] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(offered.data["side"], "sell");
    assert_eq!(bid.id, first["sequence"].as_u64().unwrap(), "an event's id is its sequence in the log");
    assert_eq!((&first_trade.data["id"], &first_trade.data["price"]), (&trade_of(&first)["id"], &json!("1.0500")));
    assert_eq!(closed.data["id"], resting["id"]);
    assert_eq!(second_trade.data["id"], trade_of(&second)["id"]);
    let trades = beta.get(&format!("/v1/markets/{MARKET}/trades")).await.ok();
    let sequences = trades["data"].as_array().unwrap().iter().map(|trade| trade["sequence"].as_u64().unwrap());
    assert_eq!(sequences.collect::<Vec<_>>(), [first_trade.id, second_trade.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_resumes_without_loss_or_repetition() {
    let Told { exchange: _exchange, acme, beta, mut stream, events, .. } = Told::start().await;
    for seen in 0..events.len() {
        let mut resumed = Stream::open(&beta, Some(events[seen].id)).await;
        assert_eq!(resumed.take(events.len() - seen - 1).await, events[seen + 1..]);
    }
    // A stream that was resumed goes on with what happens next.
    let last = events.last().expect("events");
    let mut resumed = Stream::open(&beta, Some(last.id)).await;
    let next = acme.post("/v1/orders", &day_bid(8, "0.9000")).await.ok();
    assert_eq!(resumed.next().await.id, next["sequence"].as_u64().unwrap());
    assert_eq!(stream.next().await.id, next["sequence"].as_u64().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_no_market_or_from_no_event_is_refused() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let unknown = acme.get(&format!("/v1/markets/{OTHER_MARKET}/stream")).await;
    assert_eq!(unknown.problem(), (404, "not_found"));
    for id in ["first", "-1", "", "9999999999"] {
        let request = acme.request(Method::GET, &format!("/v1/markets/{MARKET}/stream"));
        let answer = acme.send(request.header("Last-Event-ID", id)).await;
        assert_eq!(answer.problem(), (400, "invalid_query"), "{id:?}");
    }
}

/// Every row of a list, read in pages of `limit`.
async fn walk(client: &ApiClient, list: &str, limit: usize) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{list}?limit={limit}{cursor}")).await.ok();
        let data = page["data"].as_array().expect("rows");
        assert!(data.len() <= limit, "{list}");
        rows.extend(data.iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return rows };
        assert_eq!(data.len(), limit, "{list}: only the last page is short");
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_any_length_show_every_row_once() {
    const ROWS: usize = 6;
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    for _ in 0..ROWS {
        let lot = list(&north, 8).await;
        north.post("/v1/orders", &ask(&lot, 8, "1.0500")).await.ok();
        assert_eq!(acme.post("/v1/orders", &day_bid(8, "1.0500")).await.ok()["status"], "filled");
    }
    let finance = exchange.finance();
    let market_trades = format!("/v1/markets/{MARKET}/trades");
    let lists = [
        (&acme, "/v1/orders"),
        (&acme, "/v1/trades"),
        (&acme, "/v1/contracts"),
        (&acme, &market_trades),
        (&north, "/v1/orders"),
        (&north, "/v1/trades"),
        (&north, "/v1/contracts"),
        (&north, "/v1/lots"),
        (&finance, "/v1/ledger/entries"),
        (&finance, "/v1/ledger/accounts"),
    ];
    for (client, list) in lists {
        let whole = client.get(&format!("{list}?limit=500")).await.ok();
        assert_eq!(whole["next_cursor"], Value::Null, "{list}");
        let whole = whole["data"].as_array().unwrap();
        assert!(whole.len() >= ROWS, "{list} has {} rows", whole.len());
        let distinct: BTreeSet<String> = whole.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), whole.len(), "{list}");
        for limit in 1..=3 {
            assert_eq!(walk(client, list, limit).await, *whole, "{list} in pages of {limit}");
        }
        assert_eq!(walk(client, list, whole.len()).await, *whole, "{list} in one page that is just full");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_the_far_future_is_told_to_come_back() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let placed = acme.post("/v1/orders", &bid(8, "1.0000", START, END)).await;
    let sequence: u64 = placed.headers["secondwind-sequence"].to_str().unwrap().parse().unwrap();
    let seen = acme.get(&format!("/v1/orders?min_sequence={sequence}")).await.ok();
    assert_eq!(only(&seen["data"])["id"], placed.body["id"]);
    let answer = acme.get(&format!("/v1/orders?min_sequence={}", sequence + 1)).await;
    assert_eq!(answer.problem(), (503, "not_caught_up"));
    assert_eq!(answer.headers["retry-after"], "1");
    let answer = acme.get(&format!("/v1/orders?min_sequence={}", sequence + 1_000_000)).await;
    assert_eq!(answer.problem(), (400, "invalid_query"), "nobody was told that");
}
