//! Nobody takes what the others need: rates for organizations, clients and addresses.

use api::auth::Role;
use api::resources::health::MetricsAccess;
use api::server::ServerSettings;
use infra::config::{Limits, Rate, Rates};
use reqwest::Method;
use serde_json::json;
use tests::client::{Answer, ApiClient, MARKET};
use tests::exchange::TestExchange;

use super::isolation::refuse;
use super::played_against;
use crate::opening::{admit, day_bid};

/// A rate that is spent after so many requests, and comes back no sooner than a test is over.
fn once(burst: u32) -> Rate {
    Rate::new(1, burst)
}

fn all(rate: Rate) -> Rates {
    Rates { instructions: rate, cancels: rate, reads: rate, computing: rate, tokens: rate }
}

/// Limits of one machine, changed for a test.
fn limited(change: impl FnOnce(&mut Limits)) -> ServerSettings {
    let mut limits = Limits::of_one_machine();
    change(&mut limits);
    ServerSettings { limits, metrics: MetricsAccess::Everyone }
}

/// Sends a request again and again until it is refused; how many were not, and the refusal.
async fn until_refused(client: &ApiClient, method: Method, path: &str) -> (u32, Answer) {
    let mut taken = 0;
    loop {
        let answer = client.send(client.request(method.clone(), path)).await;
        if answer.status == 429 {
            return (taken, answer);
        }
        taken += 1;
        assert!(taken < 1_000, "{path} is never refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_too_often_is_told_when_to_come_back_and_others_are_served() {
    let settings = limited(|limits| limits.client.reads = once(5));
    let exchange = TestExchange::start_limited(settings).await;
    admit(&exchange).await;
    let (first, second) =
        (exchange.person("first", "acme", Role::Buyer), exchange.person("second", "acme", Role::Buyer));
    let served = first.get("/v1/clock").await;
    let policy = served.headers["ratelimit-policy"].to_str().unwrap();
    assert_eq!(policy, r#""client";q=5;w=5, "organization";q=1000000;w=1"#);
    assert!(served.headers["ratelimit"].to_str().unwrap().starts_with(r#""client";r=4;t=1, "organization";r=99"#));
    let (taken, refused) = until_refused(&first, Method::GET, "/v1/clock").await;
    assert!(taken >= 4, "{taken}");
    assert_eq!(refused.problem(), (429, "rate_limited"));
    assert_eq!(refused.headers["ratelimit"], r#""client";r=0;t=5"#);
    assert_eq!(refused.headers["retry-after"], "1");
    second.get("/v1/clock").await.ok();
    // What changes something, and what cancels, has budgets of its own.
    first.post("/v1/orders", &day_bid(8, "0.0100")).await.ok();
    first.delete("/v1/orders").await.ok();
    let asked = exchange.anonymous().get("/healthz").await;
    assert!(asked.status.is_success() && !asked.headers.contains_key("ratelimit"), "machines are never refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_counts_as_its_orders_and_whoever_spent_all_can_still_cancel() {
    let settings = limited(|limits| limits.organization = Rates { instructions: once(100), ..limits.organization });
    let exchange = TestExchange::start_limited(settings).await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    let batch = |orders| json!({"orders": vec![day_bid(8, "0.0100"); orders]});
    let placed = acme.post("/v1/orders/batch", &batch(60)).await;
    let left = |answer: &Answer| answer.headers["ratelimit"].to_str().expect("text").to_owned();
    assert!(left(&placed).contains(r#""organization";r=40"#), "{}", left(&placed));
    placed.ok();
    let refused = acme.post("/v1/orders/batch", &batch(60)).await;
    assert_eq!(refused.problem(), (429, "rate_limited"));
    assert!(left(&refused).starts_with(r#""organization";r=0"#), "{}", left(&refused));
    let open = acme.get("/v1/orders?status=open&limit=500").await.ok();
    assert_eq!(open["data"].as_array().unwrap().len(), 60, "a batch that is refused places nothing");
    let cancelled = acme.delete("/v1/orders").await;
    assert!(cancelled.status.is_success(), "{} {}", cancelled.status, cancelled.body);
    // Another organization has all of its own.
    exchange.client("beta", Role::Buyer).post("/v1/orders/batch", &batch(90)).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sets_an_organization_rates_that_last_and_say_who_set_them() {
    let settings = || limited(|limits| limits.client.reads = once(5));
    let exchange = TestExchange::start_limited(settings()).await;
    admit(&exchange).await;
    let (acme, operator) = (exchange.client("acme", Role::Buyer), exchange.person("ada", "secondwind", Role::Operator));
    let path = "/v1/organizations/acme/rate-limits";
    assert_eq!(acme.put(path, &json!({})).await.problem(), (403, "forbidden_role"));
    let too_small = json!({"instructions": {"per_second": 10, "burst": 99}});
    assert_eq!(operator.put(path, &too_small).await.problem(), (422, "invalid_field"));
    let zero = json!({"reads": {"per_second": 0, "burst": 9}});
    assert_eq!(operator.put(path, &zero).await.problem(), (422, "invalid_field"));
    let nobody = operator.put("/v1/organizations/nobody/rate-limits", &json!({})).await;
    assert_eq!(nobody.problem(), (404, "not_found"));

    let reads = json!({"per_second": 1, "burst": 20});
    let set = operator.put(path, &json!({"reads": reads})).await.ok();
    assert_eq!((&set["own"]["reads"], &set["effective"]["reads"], &set["set_by"]), (&reads, &reads, &json!("ada")));
    assert_eq!(set["own"]["cancels"], json!(null));
    let (taken, _) = until_refused(&acme, Method::GET, "/v1/clock").await;
    assert!((20..=25).contains(&taken), "its own rate, for all of its clients: {taken}");
    until_refused(&exchange.person("other", "acme", Role::Buyer), Method::GET, "/v1/clock").await;

    let database = exchange.stop().await;
    let exchange = TestExchange::start_limited_again(database, settings()).await;
    let (taken, _) = until_refused(&exchange.client("acme", Role::Buyer), Method::GET, "/v1/clock").await;
    assert!((20..=25).contains(&taken), "after a restart: {taken}");
    let operator = exchange.person("bob", "secondwind", Role::Operator);
    let reset = operator.put(path, &json!({})).await.ok();
    assert_eq!((&reset["own"]["reads"], &reset["set_by"]), (&json!(null), &json!("bob")));
    let owner = exchange.node.database.connect_as_owner().await.unwrap();
    let rows = owner.query("SELECT set_by FROM organization_rate_limits ORDER BY id", &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), ["ada", "bob"], "none is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_tokens_are_spent_is_told_whose_rate_it_was() {
    let exchange = TestExchange::start_limited(limited(|limits| limits.organization.tokens = once(2))).await;
    let (id, secret) = exchange.credentials("acme", Role::Buyer).await;
    let anyone = exchange.anonymous();
    let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
    let ask = async || anyone.send(anyone.request(Method::POST, "/oauth/token").form(&form)).await;
    let first = ask().await;
    assert!(first.headers["ratelimit"].to_str().unwrap().contains(r#""organization";r=1"#), "{:?}", first.headers);
    ask().await.ok();
    let refused = ask().await;
    assert_eq!(refused.problem(), (429, "rate_limited"));
    assert_eq!(refused.headers["ratelimit-policy"], r#""organization";q=2;w=2"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_counted_with_and_without_tokens() {
    let settings = limited(|limits| limits.address.tokens = once(10));
    let exchange = TestExchange::start_limited(settings).await;
    let (id, secret) = exchange.credentials("acme", Role::Buyer).await;
    let anyone = exchange.anonymous();
    let ask = async || {
        let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
        anyone.send(anyone.request(Method::POST, "/oauth/token").form(&form)).await
    };
    ask().await.ok();
    let (taken, refused) = until_refused(&anyone, Method::POST, "/oauth/token").await;
    assert!((9..=12).contains(&taken), "{taken}");
    assert_eq!(
        (refused.problem(), &refused.headers["ratelimit"]),
        ((429, "rate_limited"), &r#""address";r=0;t=10"#.parse().unwrap())
    );
    assert_eq!(ask().await.problem(), (429, "rate_limited"));
    // Nobody else's word counts for where a request comes from.
    let forwarded = anyone.request(Method::POST, "/oauth/token").header("X-Forwarded-For", "198.51.100.7");
    assert_eq!(anyone.send(forwarded).await.problem(), (429, "rate_limited"));
    assert_eq!(exchange.client("acme", Role::Buyer).get("/v1/clock").await.status, 200, "what is no token is apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_are_cut_and_counted() {
    let strict = limited(|limits| limits.client.instructions = once(100));
    let (_, orders) = played_against(TestExchange::start_limited(strict).await, "order_flood").await;
    assert!(orders.contains("201: ") && orders.contains("429: "), "{orders}");
    let usual = ServerSettings { limits: Limits::default(), metrics: MetricsAccess::Everyone };
    let (exchange, unknown) = played_against(TestExchange::start_limited(usual).await, "unknown_paths").await;
    assert!(unknown.contains("404: "), "{unknown}");
    let page = exchange.anonymous().text("/metrics").await;
    assert!(page.contains(r#"secondwind_answers_total{status="404",code="not_found"}"#), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_rates_can_be_low_and_the_exchange_still_says_so() {
    let settings = limited(|limits| limits.client = all(once(100)));
    let exchange = TestExchange::start_limited(settings).await;
    let (_, refused) = until_refused(&exchange.client("acme", Role::Buyer), Method::GET, "/v1/orders/nothing").await;
    assert_eq!(refused.problem(), (429, "rate_limited"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_keeps_breaking_what_must_never_be_is_turned_away_alone() {
    let exchange = TestExchange::start_limited(ServerSettings::of_one_machine()).await;
    admit(&exchange).await;
    refuse(&exchange.database.owner().await, "market_halted", "poison", "22P05").await;
    let (first, second) = (
        exchange.person("first", "secondwind", Role::Operator),
        exchange.person("second", "secondwind", Role::Operator),
    );
    let path = format!("/v1/markets/{MARKET}/halt");
    for _ in 0..3 {
        let refused = first.post(&path, &json!({"reason": "poison"})).await;
        assert_eq!(refused.problem(), (422, "invariant_violated"));
    }
    let turned_away = first.get("/v1/clock").await;
    assert_eq!(turned_away.problem(), (429, "client_blocked"));
    assert_eq!(turned_away.headers["retry-after"], "300");
    second.get("/v1/clock").await.ok();
    second.post(&path, &json!({"reason": "under review"})).await.ok();
}
