//! Bad input: each kind has a status and a stable code, and changes nothing.

use api::auth::{OPERATOR_ORGANIZATION, Role};
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{Answer, MARKET, OTHER_MARKET, ask, bid, market, supply, with, without};
use tests::exchange::TestExchange;
use tests::picking::{contract_of, one_whose};

use crate::opening::{END, NEXT_DAY, ORGANIZATIONS, START, day_bid, head, list, trade};

/// The longest body, and a byte more.
const TOO_LONG: usize = 65_537;

/// A request that must be refused, by whom it is sent, and how.
struct Case {
    name: String,
    role: Role,
    request: &'static str,
    body: Body,
    refusal: (u16, &'static str),
}

enum Body {
    None,
    Json(Value),
    Raw(Vec<u8>),
}

/// A case with a JSON body.
fn json_case(role: Role, request: &'static str, name: &str, body: Value, refusal: (u16, &'static str)) -> Case {
    Case { name: name.to_owned(), role, request, body: Body::Json(body), refusal }
}

/// An exchange on which every case can be sent, and the check that none of them changes anything.
struct Bench {
    exchange: TestExchange,
    head: u64,
    balances: Vec<Value>,
}

impl Bench {
    async fn open() -> (Self, String) {
        let exchange = TestExchange::start().await;
        let opened = trade(&exchange).await;
        let mut bench = Self { exchange, head: 0, balances: Vec::new() };
        bench.head = head(&bench.exchange).await;
        bench.balances = bench.balances().await;
        (bench, opened.lot)
    }

    async fn balances(&self) -> Vec<Value> {
        let mut balances = Vec::new();
        for (organization, _) in ORGANIZATIONS {
            let client = self.exchange.client(organization, Role::Buyer);
            balances.push(client.get("/v1/account/balances").await.ok());
        }
        balances
    }

    fn request(&self, role: Role, request: &str) -> reqwest::RequestBuilder {
        let organization = match role {
            Role::Buyer => "acme",
            Role::Provider => "north",
            _ => OPERATOR_ORGANIZATION,
        };
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.exchange.client(organization, role).request(method, path)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.exchange.anonymous().send(request).await
    }

    /// Sends the cases one after the other; after each, everything is as it was.
    async fn refuses(&self, cases: Vec<Case>) {
        for Case { name, role, request, body, refusal } in cases {
            let builder = self.request(role, request);
            let builder = match body {
                Body::None => builder,
                Body::Json(body) => builder.json(&body),
                Body::Raw(bytes) => builder.header("Content-Type", "application/json").body(bytes),
            };
            let answer = self.send(builder).await;
            let case = format!("{request}, {name}: {} {}", answer.status, answer.body);
            assert!(!answer.status.is_success(), "{case}");
            assert_eq!(answer.problem(), refusal, "{case}");
            assert!(answer.body["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{case}");
            self.is_unchanged(&case).await;
        }
    }

    async fn is_unchanged(&self, case: &str) {
        assert_eq!(head(&self.exchange).await, self.head, "{case}");
        assert_eq!(self.balances().await, self.balances, "{case}");
    }
}

const MALFORMED: (u16, &str) = (400, "malformed_json");
const FIELD: (u16, &str) = (422, "invalid_field");
const QUERY: (u16, &str) = (400, "invalid_query");
const CURSOR: (u16, &str) = (400, "invalid_cursor");

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_cannot_be_read() {
    let (bench, _) = Bench::open().await;
    let order = day_bid(8, "1.0000").to_string();
    let nested = |levels: usize| format!("{{\"filter\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let invalid_utf8 = [&br#"{"client_order_id":""#[..], &[0xff, 0xfe], &br#""}"#[..]].concat();
    let rows: Vec<(&str, Vec<u8>, (u16, &str))> = vec![
        ("empty", Vec::new(), MALFORMED),
        ("cut off", order.as_bytes()[..order.len() - 1].to_vec(), MALFORMED),
        ("not JSON", b"side=buy&kind=term".to_vec(), MALFORMED),
        ("a trailing comma", format!("{},}}", &order[..order.len() - 1]).into(), MALFORMED),
        ("two values", format!("{order}{order}").into(), MALFORMED),
        ("invalid UTF-8", invalid_utf8, MALFORMED),
        ("half a surrogate pair", br#"{"client_order_id":"\ud800"}"#.to_vec(), MALFORMED),
        ("a raw control character", b"{\"client_order_id\":\"a\x00b\"}".to_vec(), MALFORMED),
        ("nested deeply", nested(10_000).into(), FIELD),
        ("nested deeply at the top", "[".repeat(60_000).into(), FIELD),
        ("a list", b"[]".to_vec(), FIELD),
        ("null", b"null".to_vec(), FIELD),
        ("a text", b"\"buy\"".to_vec(), FIELD),
        ("nothing in it", b"{}".to_vec(), FIELD),
        ("a field twice", format!("{},\"gpus\":8}}", &order[..order.len() - 1]).into(), FIELD),
        ("over the limit", vec![b' '; TOO_LONG], (413, "body_too_large")),
        ("far over the limit", vec![b' '; 1_000_000], (413, "body_too_large")),
    ];
    let cases = rows.into_iter().map(|(name, bytes, refusal)| Case {
        name: name.to_owned(),
        role: Role::Buyer,
        request: "POST /v1/orders",
        body: Body::Raw(bytes),
        refusal,
    });
    bench.refuses(cases.collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_another_media_type() {
    let (bench, _) = Bench::open().await;
    let order = day_bid(8, "1.0000").to_string();
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/octet-stream")]
    {
        let request = bench.request(Role::Buyer, "POST /v1/orders").body(order.clone());
        let request = kind.into_iter().fold(request, |request, kind| request.header("Content-Type", kind));
        assert_eq!(bench.send(request).await.problem(), (415, "unsupported_media_type"), "{kind:?}");
        bench.is_unchanged("unsupported media type").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_packed() {
    let (bench, _) = Bench::open().await;
    let order = day_bid(8, "1.0000").to_string();
    let request = |encoding: &str| {
        let request = bench.request(Role::Buyer, "POST /v1/orders").header("Content-Type", "application/json");
        request.header("Content-Encoding", encoding).body(order.clone())
    };
    for encoding in ["gzip", "br", "gzip, identity"] {
        let refused = bench.send(request(encoding)).await;
        assert_eq!(refused.problem(), (415, "unsupported_media_type"), "{encoding}");
        bench.is_unchanged("packed body").await;
    }
    bench.send(request("identity")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn bids_that_are_not_possible() {
    let (bench, lot) = Bench::open().await;
    let good = || day_bid(8, "1.0000");
    let set = |field: &str, to: Value| with(good(), field, to);
    let window = |start: &str, end: &str| bid(8, "1.0000", start, end);
    let rows: Vec<(&str, Value, (u16, &str))> = vec![
        ("an unknown field", set("colour", json!("red")), FIELD),
        ("an unknown field in the window", set("window", json!({"start": START, "end": END, "zone": "UTC"})), FIELD),
        ("a price as a number", set("limit_price", json!(1.05)), FIELD),
        ("a price as an integer", set("limit_price", json!(1)), FIELD),
        ("no price", without(good(), "limit_price"), FIELD),
        ("price null", set("limit_price", Value::Null), FIELD),
        ("a side as a number", set("side", json!(1)), FIELD),
        ("side null", set("side", Value::Null), FIELD),
        ("price empty", set("limit_price", json!("")), FIELD),
        ("price zero", set("limit_price", json!("0")), FIELD),
        ("price negative", set("limit_price", json!("-1.0000")), FIELD),
        ("price with a space", set("limit_price", json!(" 1.0000")), FIELD),
        ("price with an exponent", set("limit_price", json!("1e0")), FIELD),
        ("price no number", set("limit_price", json!("NaN")), FIELD),
        ("price in other digits", set("limit_price", json!("١.٠")), FIELD),
        ("price of seven places", set("limit_price", json!("1.0000001")), FIELD),
        ("price huge", set("limit_price", json!("1000000.0001")), FIELD),
        ("price beyond any number", set("limit_price", json!("9".repeat(1_000))), FIELD),
        ("price off the tick", set("limit_price", json!("1.00005")), (422, "price_off_tick")),
        ("gpus as a text", set("gpus", json!("8")), FIELD),
        ("gpus in halves", set("gpus", json!(8.5)), FIELD),
        ("gpus negative", set("gpus", json!(-8)), FIELD),
        ("gpus beyond any number", set("gpus", json!(4_294_967_304_u64)), FIELD),
        ("gpus zero", set("gpus", json!(0)), (422, "quantity_invalid")),
        ("gpus fewer than a lot", set("gpus", json!(4)), (422, "quantity_invalid")),
        ("gpus no multiple of the lot size", set("gpus", json!(12)), (422, "quantity_invalid")),
        ("gpus huge", set("gpus", json!(1_000_008)), (422, "quantity_invalid")),
        ("min_gpus zero", set("min_gpus", json!(0)), (422, "minimum_invalid")),
        ("min_gpus no multiple", set("min_gpus", json!(4)), (422, "minimum_invalid")),
        ("min_gpus above gpus", set("min_gpus", json!(16)), (422, "minimum_invalid")),
        ("no window", without(good(), "window"), FIELD),
        ("a window without an end", set("window", json!({"start": START})), FIELD),
        ("an empty window", window(START, START), (422, "window_invalid")),
        ("a reversed window", window(NEXT_DAY, START), (422, "window_invalid")),
        ("a past window", window("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"), (422, "window_past")),
        ("a window that has begun", window("2020-01-01T00:00:00Z", "2029-01-01T00:00:00Z"), (422, "window_past")),
        ("a window off the hour", window("2037-01-01T00:30:00Z", NEXT_DAY), FIELD),
        ("a window off by a microsecond", window("2037-01-01T00:00:00.000001Z", NEXT_DAY), FIELD),
        ("a window over ten years long", window(START, "2047-01-03T00:00:00Z"), (422, "window_invalid")),
        ("a day without an hour", window("2037-01-01", NEXT_DAY), FIELD),
        ("a time of no zone", window("2037-01-01T00:00:00", NEXT_DAY), FIELD),
        ("a day that is none", window("2037-02-30T00:00:00Z", "2037-03-30T00:00:00Z"), FIELD),
        ("before all time", window("1969-12-31T00:00:00Z", NEXT_DAY), FIELD),
        ("after all time", window(START, "10000-01-01T00:00:00Z"), FIELD),
        (
            "a total beyond the books",
            bid(1_000_000, "1000000.0000", START, "2047-01-01T00:00:00Z"),
            (422, "amount_too_large"),
        ),
        ("more than the funds", day_bid(8, "100000.0000"), (422, "insufficient_funds")),
        ("no market", without(good(), "market"), FIELD),
        ("an unknown market", set("market", json!("h100-80g-sxm5-ib.us-tx-1")), (422, "market_unknown")),
        ("no market's name", set("market", json!("A100 in Texas")), FIELD),
        ("market NUL", set("market", json!("a100\u{0}us")), FIELD),
        ("an unknown side", set("side", json!("lend")), FIELD),
        ("an unknown kind", set("kind", json!("forward")), FIELD),
        ("an unknown time in force", set("time_in_force", json!("DAY")), FIELD),
        ("a bid with a lot", set("lot", json!(lot)), FIELD),
        ("a bid with min_hours", set("min_hours", json!(1)), FIELD),
        ("a bid with max_hours", set("max_hours", json!(24)), FIELD),
        ("client_order_id empty", set("client_order_id", json!("")), FIELD),
        ("client_order_id too long", set("client_order_id", json!("x".repeat(65))), FIELD),
        ("client_order_id NUL", set("client_order_id", json!("a\u{0}b")), FIELD),
        ("client_order_id not ASCII", set("client_order_id", json!("ordén")), FIELD),
        ("other billing", set("billing", json!("weekly")), FIELD),
        ("a sell by a buyer", ask(&json!(lot), 8, "1.0000"), (403, "forbidden_role")),
    ];
    let cases =
        rows.into_iter().map(|(name, body, refusal)| json_case(Role::Buyer, "POST /v1/orders", name, body, refusal));
    bench.refuses(cases.collect()).await;
    // What the rows change one thing of is itself accepted.
    bench.exchange.client("acme", Role::Buyer).post("/v1/orders", &good()).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_bids_that_are_not_possible() {
    let (bench, _) = Bench::open().await;
    let good = || day_bid(8, "1.0000");
    let set = |field: &str, to: Value| with(good(), field, to);
    let flexible = |earliest: &str, latest: &str, hours: u32| {
        with(good(), "window", json!({"earliest": earliest, "latest": latest, "hours": hours}))
    };
    let rows: Vec<(&str, Value, (u16, &str))> = vec![
        ("a spot bid with a window", set("kind", json!("spot")), FIELD),
        ("GTD without its end", set("time_in_force", json!("GTD")), (422, "expiry_invalid")),
        (
            "GTD in the past",
            with(set("time_in_force", json!("GTD")), "expires_at", "2020-01-01T00:00:00Z"),
            (422, "expiry_invalid"),
        ),
        ("an expiry without GTD", set("expires_at", json!(START)), (422, "expiry_invalid")),
        (
            "post-only that cannot rest",
            with(set("post_only", json!(true)), "time_in_force", "IOC"),
            (422, "options_conflict"),
        ),
        ("half a flexible window", set("window", json!({"earliest": START, "hours": 24})), FIELD),
        ("both kinds of window", set("window", json!({"start": START, "end": NEXT_DAY, "hours": 24})), FIELD),
        ("a reversed flexible window", flexible(NEXT_DAY, START, 24), (422, "window_invalid")),
        ("a flexible window of no hours", flexible(START, NEXT_DAY, 0), (422, "window_invalid")),
        (
            "a flexible window over too many starts",
            flexible(START, "2038-01-01T00:00:00Z", 24),
            (422, "window_invalid"),
        ),
        ("a market and a list", set("markets", json!([MARKET])), FIELD),
        ("a list of none", with(without(good(), "market"), "markets", json!([])), (422, "no_market_chosen")),
        (
            "a filter that admits none",
            with(without(good(), "market"), "filter", json!({"classes": ["v100"]})),
            (422, "no_market_chosen"),
        ),
        (
            "a filter's share above one",
            with(without(good(), "market"), "filter", json!({"zone": {"renewable_share_min": "1.1"}})),
            FIELD,
        ),
        ("an unknown placement", set("placement", json!("one_rack")), FIELD),
        ("an unknown prevention", set("self_trade_prevention", json!("decrement")), FIELD),
    ];
    let cases =
        rows.into_iter().map(|(name, body, refusal)| json_case(Role::Buyer, "POST /v1/orders", name, body, refusal));
    bench.refuses(cases.collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_that_are_not_possible() {
    let (bench, lot) = Bench::open().await;
    let good = || ask(&json!(lot), 8, "1.2000");
    let set = |field: &str, to: Value| with(good(), field, to);
    let early = json!({"start": "2036-12-31T23:00:00Z", "end": NEXT_DAY});
    let rows: Vec<(&str, Value, (u16, &str))> = vec![
        ("no lot", without(good(), "lot"), FIELD),
        ("no lot's id", set("lot", json!("lot-1")), FIELD),
        ("an unknown lot", set("lot", json!("019a0000-0000-7000-8000-000000000000")), (422, "lot_unknown")),
        ("more than the lot", set("gpus", json!(24)), (422, "quantity_invalid")),
        ("gpus zero", set("gpus", json!(0)), (422, "quantity_invalid")),
        ("gpus no multiple of the lot size", set("gpus", json!(9)), (422, "quantity_invalid")),
        ("a price off the tick", set("limit_price", json!("1.20001")), (422, "price_off_tick")),
        ("a window that leaves the lot's", set("window", early), (422, "window_outside_lot")),
        ("an empty window", set("window", json!({"start": START, "end": START})), (422, "window_invalid")),
        ("min_hours zero", set("min_hours", json!(0)), (422, "hours_range_invalid")),
        ("max_hours below min_hours", with(set("min_hours", json!(48)), "max_hours", 24), (422, "hours_range_invalid")),
        ("an ask with a market", set("market", json!(MARKET)), FIELD),
        ("an ask with min_gpus", set("min_gpus", json!(8)), FIELD),
        ("an ask with a time in force", set("time_in_force", json!("GTC")), FIELD),
        ("a spot ask with min_hours", with(set("kind", json!("spot")), "min_hours", json!(2)), FIELD),
        ("a resale of nothing", with(without(good(), "lot"), "contract", lot.clone()), (422, "contract_unknown")),
        ("a lot and a contract", set("contract", json!(lot)), FIELD),
        ("a bid by a provider", day_bid(8, "1.0000"), (403, "forbidden_role")),
    ];
    let cases =
        rows.into_iter().map(|(name, body, refusal)| json_case(Role::Provider, "POST /v1/orders", name, body, refusal));
    bench.refuses(cases.collect()).await;
    // What the rows change one thing of is itself accepted.
    bench.exchange.client("north", Role::Provider).post("/v1/orders", &good()).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn lots_that_are_not_possible() {
    let (bench, _) = Bench::open().await;
    let good = || supply(8, START, END);
    let set = |field: &str, to: Value| with(good(), field, to);
    let window = |start: &str, end: &str| supply(8, start, end);
    let rows: Vec<(&str, Value, (u16, &str))> = vec![
        ("an unknown field", set("rack", json!(7)), FIELD),
        ("no fabric", without(good(), "fabric"), FIELD),
        ("fabric empty", set("fabric", json!("")), (422, "text_invalid")),
        ("fabric too long", set("fabric", json!("x".repeat(121))), (422, "text_invalid")),
        ("fabric NUL", set("fabric", json!("hall\u{0}3")), (422, "text_invalid")),
        ("gpus zero", set("gpus", json!(0)), (422, "quantity_invalid")),
        ("gpus no multiple of the lot size", set("gpus", json!(12)), (422, "quantity_invalid")),
        ("gpus huge", set("gpus", json!(1_000_008)), (422, "quantity_invalid")),
        ("an unknown market", set("market", json!("h100.us-tx-1")), (422, "market_unknown")),
        ("a past window", window("2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"), (422, "window_past")),
        ("a reversed window", window(END, START), (422, "window_invalid")),
        ("an empty window", window(START, START), (422, "window_invalid")),
        ("a window off the hour", window("2037-01-01T00:00:01Z", END), FIELD),
        ("a window over ten years long", window(START, "2047-01-03T00:00:00Z"), (422, "window_invalid")),
        ("a remnant longer than the lot", set("min_remnant_hours", json!(87_000)), (422, "remnant_invalid")),
    ];
    let cases =
        rows.into_iter().map(|(name, body, refusal)| json_case(Role::Provider, "POST /v1/lots", name, body, refusal));
    bench.refuses(cases.collect()).await;
    // What the rows change one thing of is itself accepted.
    bench.exchange.client("north", Role::Provider).post("/v1/lots", &good()).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn instructions_of_the_operator_that_are_not_possible() {
    let (bench, _) = Bench::open().await;
    let other = || market(OTHER_MARKET);
    let deposit = || json!({"organization": "acme", "amount": "1.00", "currency": "USD", "reference": "wire"});
    let organization = || json!({"id": "gamma", "name": "Gamma"});
    let class = |field: &str, to: Value| with(other(), "class", with(other()["class"].clone(), field, to));
    let rows: Vec<(&str, &str, Value, (u16, &str))> = vec![
        ("POST /v1/markets", "open already", market(MARKET), (409, "market_exists")),
        ("POST /v1/markets", "no market's name", market("Texas"), FIELD),
        ("POST /v1/markets", "tick zero", with(other(), "price_tick", "0"), FIELD),
        ("POST /v1/markets", "lot size zero", with(other(), "lot_size", 0), (422, "market_invalid")),
        ("POST /v1/markets", "fee above all", with(other(), "taker_fee_bps", 10_001), (422, "market_invalid")),
        ("POST /v1/markets", "fee negative", with(other(), "maker_fee_bps", -1), FIELD),
        ("POST /v1/markets", "no currency", with(other(), "currency", "dollars"), FIELD),
        ("POST /v1/markets", "zone NUL", with(other(), "zone", "us\u{0}tx"), (422, "text_invalid")),
        ("POST /v1/markets", "no GPUs in a node", class("gpus_per_node", json!(0)), (422, "market_invalid")),
        ("POST /v1/markets", "an unknown field of the class", class("cores", json!(6912)), FIELD),
        (
            "POST /v1/organizations",
            "there already",
            json!({"id": "acme", "name": "Acme"}),
            (409, "organization_exists"),
        ),
        ("POST /v1/organizations", "no id", without(organization(), "id"), FIELD),
        ("POST /v1/organizations", "no slug", with(organization(), "id", "Gamma Ltd"), FIELD),
        ("POST /v1/organizations", "name empty", with(organization(), "name", ""), (422, "text_invalid")),
        ("POST /v1/organizations", "name NUL", with(organization(), "name", "a\u{0}b"), (422, "text_invalid")),
        ("POST /v1/organizations/acme/clients", "no such role", json!({"role": "king"}), FIELD),
        ("POST /v1/organizations/nobody/clients", "nobody", json!({"role": "buyer"}), (404, "not_found")),
        ("POST /v1/organizations/A%00B/clients", "no slug", json!({"role": "buyer"}), QUERY),
        ("POST /v1/deposits", "for nobody", with(deposit(), "organization", "nobody"), (422, "organization_unknown")),
        ("POST /v1/deposits", "zero", with(deposit(), "amount", "0"), (422, "amount_not_positive")),
        ("POST /v1/deposits", "negative", with(deposit(), "amount", "-1.00"), (422, "amount_not_positive")),
        (
            "POST /v1/deposits",
            "beyond a line",
            with(deposit(), "amount", "1000000000000.000001"),
            (422, "amount_too_large"),
        ),
        ("POST /v1/deposits", "beyond any balance", with(deposit(), "amount", "9".repeat(40)), FIELD),
        ("POST /v1/deposits", "seven places", with(deposit(), "amount", "1.0000001"), FIELD),
        ("POST /v1/deposits", "a number", with(deposit(), "amount", 1.0), FIELD),
        ("POST /v1/deposits", "reference NUL", with(deposit(), "reference", "a\u{0}b"), (422, "text_invalid")),
        ("POST /v1/clock", "the past", json!({"now": "2020-01-01T00:00:00Z"}), (422, "time_passed")),
        ("POST /v1/clock", "no time", json!({"now": "tomorrow"}), FIELD),
        ("POST /v1/clock", "after all time", json!({"now": "9999-12-31T23:59:59Z"}), FIELD),
    ];
    let cases =
        rows.into_iter().map(|(request, name, body, refusal)| json_case(Role::Operator, request, name, body, refusal));
    bench.refuses(cases.collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_paths_that_are_not_possible() {
    let (bench, _) = Bench::open().await;
    let rows: &[(Role, &'static str, (u16, &'static str))] = &[
        (Role::Buyer, "GET /v1/orders?cursor=x", CURSOR),
        (Role::Buyer, "GET /v1/orders?cursor=", CURSOR),
        (Role::Buyer, "GET /v1/trades?cursor=__________8", CURSOR),
        (Role::Buyer, "GET /v1/contracts?cursor=%00", QUERY),
        (Role::Provider, "GET /v1/lots?cursor=AAAAAAAAAAE%3D%3D", CURSOR),
        (Role::Buyer, "GET /v1/markets/a100-80g-sxm4-ib.us-tx-1/trades?cursor=x", CURSOR),
        (Role::Buyer, "GET /v1/orders?limit=0", QUERY),
        (Role::Buyer, "GET /v1/orders?limit=501", QUERY),
        (Role::Buyer, "GET /v1/orders?limit=70000", QUERY),
        (Role::Buyer, "GET /v1/orders?limit=-1", QUERY),
        (Role::Buyer, "GET /v1/orders?limit=ten", QUERY),
        (Role::Buyer, "GET /v1/orders?colour=red", QUERY),
        (Role::Buyer, "GET /v1/orders?limit=1&limit=2", QUERY),
        (Role::Buyer, "GET /v1/orders?status=lost", QUERY),
        (Role::Buyer, "GET /v1/outages?status=lost", QUERY),
        (Role::Buyer, "GET /v1/orders?market=Texas", QUERY),
        (Role::Buyer, "GET /v1/orders?market=a100%00us", QUERY),
        (Role::Buyer, "GET /v1/orders?min_sequence=-1", QUERY),
        (Role::Buyer, "GET /v1/orders?min_sequence=99999999999999999999", QUERY),
        (Role::Buyer, "GET /v1/trades?colour=red", QUERY),
        (Role::Buyer, "GET /v1/contracts?colour=red", QUERY),
        (Role::Provider, "GET /v1/lots?colour=red", QUERY),
        (Role::Buyer, "GET /v1/orders/first", QUERY),
        (Role::Buyer, "GET /v1/orders/%00", QUERY),
        (Role::Buyer, "DELETE /v1/orders/first", QUERY),
        (Role::Buyer, "GET /v1/contracts/first", QUERY),
        (Role::Provider, "GET /v1/lots/first", QUERY),
        (Role::Provider, "GET /v1/lots/first/calendar", QUERY),
        (Role::Buyer, "GET /v1/orders/019a0000-0000-7000-8000-000000000000", (404, "not_found")),
        (Role::Buyer, "GET /v1/orders/019a0000-0000-7000-8000-000000000000?colour=red", QUERY),
        (Role::Buyer, "GET /v1/markets/Texas", QUERY),
        (Role::Buyer, "GET /v1/markets/h100.us-tx-1", (404, "not_found")),
        (Role::Buyer, "GET /v1/markets/h100.us-tx-1/book", (404, "not_found")),
        (Role::Buyer, "GET /v1/markets/h100.us-tx-1/trades", (404, "not_found")),
        (Role::Buyer, "GET /v1/markets/a100-80g-sxm4-ib.us-tx-1/book?start=2037-01-01T00:30:00Z", QUERY),
        (
            Role::Buyer,
            "GET /v1/markets/a100-80g-sxm4-ib.us-tx-1/book?start=2037-01-02T00:00:00Z&end=2037-01-01T00:00:00Z",
            (422, "window_invalid"),
        ),
        (Role::Buyer, "GET /v1/nothing", (404, "not_found")),
        (Role::Buyer, "PUT /v1/orders", (405, "method_not_allowed")),
        (Role::Buyer, "DELETE /v1/markets", (405, "method_not_allowed")),
    ];
    let cases = rows.iter().map(|(role, request, refusal)| Case {
        name: String::new(),
        role: *role,
        request,
        body: Body::None,
        refusal: *refusal,
    });
    bench.refuses(cases.collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_are_not_possible() {
    let (bench, _) = Bench::open().await;
    let rows: &[(Role, &'static str, (u16, &'static str))] = &[
        (Role::Finance, "GET /v1/ledger/accounts?cursor=x", CURSOR),
        (Role::Finance, "GET /v1/ledger/entries?cursor=x", CURSOR),
        (Role::Finance, "GET /v1/ledger/accounts?colour=red", QUERY),
        (Role::Finance, "GET /v1/ledger/entries?colour=red", QUERY),
        (Role::Finance, "GET /v1/ledger/entries?event=first", QUERY),
        (Role::Finance, "GET /v1/ledger/entries?contract=first", QUERY),
        (Role::Finance, "GET /v1/ledger/entries?account=9999-misspelt", (404, "account_unknown")),
        (Role::Finance, "GET /v1/ledger/entries?account=%00", QUERY),
        (Role::Finance, "GET /v1/ledger/entries?entity=nobody", (404, "entity_unknown")),
        (Role::Finance, "GET /v1/ledger/entries?entity=a%00b", QUERY),
        (Role::Finance, "GET /v1/ledger/trial-balance", QUERY),
        (Role::Finance, "GET /v1/ledger/trial-balance?entity=operator", QUERY),
        (Role::Finance, "GET /v1/ledger/trial-balance?entity=operator&currency=dollars", QUERY),
        (Role::Finance, "GET /v1/ledger/trial-balance?entity=operator&currency=USD&as_of=2037-02-30", QUERY),
        (Role::Finance, "GET /v1/ledger/trial-balance?entity=operator&currency=EUR", (404, "currency_unknown")),
        (Role::Finance, "GET /v1/ledger/trial-balance?entity=nobody&currency=USD", (404, "entity_unknown")),
        (Role::Finance, "GET /v1/ledger/trial-balance?entity=a%00b&currency=USD", QUERY),
        (Role::Finance, "GET /v1/ledger/trial-balance?entity=operator&currency=USD&known_at=yesterday", QUERY),
        (Role::Finance, "GET /v1/ledger/trial-balance?entity=operator&currency=USD&as_of=-000001-01-01", QUERY),
        (
            Role::Finance,
            "GET /v1/ledger/trial-balance?entity=operator&currency=EUR&known_at=2037-01-01T00:00:00Z",
            (404, "currency_unknown"),
        ),
        (Role::Finance, "GET /v1/ledger/accounts/1010-bank-unmatched/lines", QUERY),
        (Role::Finance, "GET /v1/ledger/accounts/1010-bank-unmatched/lines?currency=USD&format=pdf", QUERY),
        (Role::Finance, "GET /v1/ledger/accounts/1010-bank-unmatched/lines?currency=USD&owner=acme", QUERY),
        (
            Role::Finance,
            "GET /v1/ledger/accounts/1010-bank-unmatched/lines?currency=USD&from=2037-01-02&to=2037-01-01",
            QUERY,
        ),
        (Role::Finance, "GET /v1/ledger/accounts/1010-bank-unmatched/lines?currency=USD&from=-009999-01-01", QUERY),
        (Role::Finance, "GET /v1/ledger/accounts/1010-bank-unmatched/lines?currency=EUR", (404, "currency_unknown")),
        (
            Role::Finance,
            "GET /v1/ledger/accounts/1010-bank-unmatched/lines?currency=USD&owner=org:acme",
            (404, "owner_unknown"),
        ),
        (
            Role::Finance,
            "GET /v1/ledger/accounts/1010-bank-unmatched/lines?currency=USD&entity=nobody",
            (404, "entity_unknown"),
        ),
        (Role::Finance, "GET /v1/ledger/accounts/2110-spot-prepayment/lines?currency=USD", (404, "account_unknown")),
        (Role::Finance, "GET /v1/ledger/accounts/9999-misspelt/lines?currency=USD", (404, "account_unknown")),
        (Role::Finance, "GET /v1/ledger/accounts/%00/lines?currency=USD", QUERY),
        (Role::Finance, "GET /v1/ledger/statements", QUERY),
        (Role::Finance, "GET /v1/ledger/statements?owner=", QUERY),
        (Role::Finance, "GET /v1/ledger/statements?owner=acme", QUERY),
        (Role::Finance, "GET /v1/ledger/statements?owner=org:a%00b", QUERY),
        (Role::Finance, "GET /v1/ledger/statements?owner=contract:first", QUERY),
        (Role::Finance, "GET /v1/ledger/statements?owner=org:acme&to=0000-01-01", QUERY),
        (Role::Finance, "GET /v1/ledger/statements?owner=org:nobody", (404, "owner_unknown")),
        (
            Role::Finance,
            "GET /v1/ledger/statements?owner=contract:00000000-0000-0000-0000-000000000000",
            (404, "owner_unknown"),
        ),
        (Role::Finance, "GET /v1/ledger/statements?owner=org:acme&entity=nobody", (404, "entity_unknown")),
        (Role::Finance, "GET /v1/ledger/exports?entity=operator", QUERY),
        (Role::Finance, "GET /v1/ledger/exports?format=csv", QUERY),
        (Role::Finance, "GET /v1/ledger/exports?entity=operator&format=xlsx", QUERY),
        (Role::Finance, "GET /v1/ledger/exports?entity=operator&format=csv&from=2037-01-02&to=2037-01-01", QUERY),
        (Role::Finance, "GET /v1/ledger/exports?entity=nobody&format=csv", (404, "entity_unknown")),
        (Role::Buyer, "GET /v1/account/statement?contract=first", QUERY),
        (Role::Buyer, "GET /v1/account/statement?from=2037-01-02&to=2037-01-01", QUERY),
        (Role::Buyer, "GET /v1/account/statement?contract=00000000-0000-0000-0000-000000000000", (404, "not_found")),
    ];
    let cases = rows.iter().map(|(role, request, refusal)| Case {
        name: String::new(),
        role: *role,
        request,
        body: Body::None,
        refusal: *refusal,
    });
    bench.refuses(cases.collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idempotency_keys_that_are_not_usable() {
    let (bench, _) = Bench::open().await;
    let keys = [String::new(), "k".repeat(129), "k".repeat(8_000), "clé".to_owned()];
    for key in keys {
        let request = bench.request(Role::Buyer, "POST /v1/orders").json(&day_bid(8, "1.0000"));
        let answer = bench.send(request.header("Idempotency-Key", key.as_bytes())).await;
        assert_eq!(answer.problem(), (400, "idempotency_key_invalid"), "{} bytes", key.len());
        bench.is_unchanged(&key).await;
    }
    let request = bench.request(Role::Buyer, "POST /v1/orders").json(&day_bid(8, "1.0000"));
    bench.send(request.header("Idempotency-Key", "k".repeat(128))).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_order_id_stands_for_one_order() {
    let (bench, lot) = Bench::open().await;
    let named = |gpus| with(day_bid(gpus, "1.0000"), "client_order_id", "first");
    let acme = bench.exchange.client("acme", Role::Buyer);
    let placed = acme.post("/v1/orders", &named(8)).await;
    assert_eq!(placed.status, 201);
    let placed = placed.ok();
    let before = head(&bench.exchange).await;
    let balances = bench.balances().await;

    let again = acme.post("/v1/orders", &named(8)).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.ok(), placed);
    let other = acme.post("/v1/orders", &named(16)).await;
    assert_eq!(other.problem(), (409, "client_order_id_conflict"));
    let dearer = with(named(8), "limit_price", "1.0001");
    assert_eq!(acme.post("/v1/orders", &dearer).await.problem(), (409, "client_order_id_conflict"));
    assert_eq!(head(&bench.exchange).await, before);
    assert_eq!(bench.balances().await, balances);

    // Others may use the same name.
    let beta = bench.exchange.client("beta", Role::Buyer).post("/v1/orders", &named(8)).await;
    assert_eq!(beta.status, 201);
    let ask = with(ask(&json!(lot), 8, "1.2000"), "client_order_id", "first");
    assert_eq!(bench.exchange.client("north", Role::Provider).post("/v1/orders", &ask).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_not_open_cannot_be_cancelled_again() {
    let (bench, _) = Bench::open().await;
    let acme = bench.exchange.client("acme", Role::Buyer);
    let placed = acme.post("/v1/orders", &day_bid(8, "0.9000")).await.ok();
    let path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
    assert_eq!(acme.delete(&path).await.ok()["status"], "cancelled");
    assert_eq!(bench.balances().await, bench.balances, "the hold is released");
    let before = head(&bench.exchange).await;
    assert_eq!(acme.delete(&path).await.problem(), (409, "order_not_open"));
    assert_eq!(head(&bench.exchange).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_hours_of_all_time_can_be_listed_and_bid_for() {
    let (bench, _) = Bench::open().await;
    let (start, end) = ("9999-12-29T00:00:00Z", "9999-12-30T00:00:00Z");
    let north = bench.exchange.client("north", Role::Provider);
    let lot = north.post("/v1/lots", &supply(8, start, end)).await.ok();
    assert_eq!(lot["window"]["end"], end);
    north.post("/v1/orders", &ask(&lot["id"], 8, "1.0000")).await.ok();
    let acme = bench.exchange.client("acme", Role::Buyer);
    let bought = acme.post("/v1/orders", &bid(8, "1.0000", start, end)).await.ok();
    assert_eq!(bought["status"], "filled");
    let contracts = acme.get("/v1/contracts").await.ok();
    let contract = one_whose(&contracts["data"], "id", &contract_of(&bought));
    assert_eq!(contract["window"]["end"], end, "the read models hold it too");
    // Trading goes on beside it.
    list(&north, 8).await;
}
