//! Webhooks, received by a real endpoint: signed, retried, replayed, and sent nowhere they must not go.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{ApiClient, ask, with};
use tests::condition::until;
use tests::exchange::{TestExchange, WEBHOOK_RETRIES};
use tests::picking::{List, contract_of, only, text};
use tests::postgres::TestDatabase;
use tokio::io::AsyncWriteExt as _;

use crate::opening::{admit, day_bid, list};
use crate::receiver::{NOWHERE, Received, Receiver};

/// An exchange without brokers, for webhooks need none, with organizations and money.
async fn opened() -> TestExchange {
    let exchange = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    admit(&exchange).await;
    exchange
}

/// An endpoint of a client's organization: its path in the API, and its secret.
async fn endpoint(client: &ApiClient, url: &str) -> (String, String) {
    let created = client.post("/v1/webhooks", &json!({"url": url})).await.ok();
    (format!("/v1/webhooks/{}", text(&created["id"])), text(&created["secret"]))
}

/// Makes an event of the buyer: a bid that rests.
async fn place(client: &ApiClient) -> Value {
    client.post("/v1/orders", &day_bid(8, "0.5000")).await.ok()
}

async fn deliveries(client: &ApiClient, webhook: &str) -> Vec<Value> {
    let page = client.get(&format!("{webhook}/deliveries")).await.ok();
    page["data"].as_array().expect("a list").clone()
}

/// Waits until an endpoint has so many deliveries and each is in this state, and answers them in sequence.
async fn settled<const COUNT: usize>(client: &ApiClient, webhook: &str, state: &str) -> [Value; COUNT] {
    until(&format!("{COUNT} deliveries are {state}"), async || {
        let deliveries = deliveries(client, webhook).await;
        let all_are = deliveries.iter().all(|delivery| delivery["state"] == state);
        deliveries.try_into().ok().filter(|_| all_are)
    })
    .await
}

/// Where a delivery is replayed alone.
fn replay_of(webhook: &str, delivery: &Value) -> String {
    format!("{webhook}/deliveries/{}/replay", text(&delivery["id"]))
}

fn statuses(delivery: &Value) -> Vec<u64> {
    let attempts = delivery["attempts"].items();
    attempts.iter().map(|attempt| attempt["status"].as_u64().expect("a status")).collect()
}

/// North sells to acme, once both have an endpoint.
struct Traded {
    exchange: TestExchange,
    north: ApiClient,
    acme: ApiClient,
    /// What the endpoints received: the order of each and the trade.
    sold: [Received; 2],
    bought: [Received; 2],
    sellers_secret: String,
    buyers_secret: String,
    /// Acme's endpoint.
    webhook: String,
}

impl Traded {
    async fn start() -> Self {
        let exchange = opened().await;
        let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
        let (sellers, buyers) = (Receiver::start(&[]), Receiver::start(&[]));
        let lot = list(&north, 8).await;
        let (_, sellers_secret) = endpoint(&north, sellers.url()).await;
        let (webhook, buyers_secret) = endpoint(&acme, buyers.url()).await;
        north.post("/v1/orders", &ask(&lot, 8, "1.0500")).await.ok();
        acme.post("/v1/orders", &day_bid(8, "1.1000")).await.ok();
        let (sold, bought) = (sellers.wait_for().await, buyers.wait_for().await);
        settled::<2>(&acme, &webhook, "delivered").await;
        Self { exchange, north, acme, sold, bought, sellers_secret, buyers_secret, webhook }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn own_events_arrive_signed_and_nothing_that_was_before() {
    let Traded { exchange: _exchange, north, acme, sold, bought, sellers_secret, buyers_secret, .. } =
        Traded::start().await;
    for (requests, secret, client) in [(&sold, &sellers_secret, &north), (&bought, &buyers_secret, &acme)] {
        let types: Vec<Value> = requests.iter().map(|one| one.body()["type"].clone()).collect();
        assert_eq!(types, ["secondwind.order_placed", "secondwind.trade_executed"]);
        assert!(requests.iter().all(|one| one.is_signed_by(secret)));
        for one in requests {
            let after = one.sequence() - 1;
            let shown = client.get(&format!("/v1/events?after={after}&limit=1")).await.ok();
            let shown = only(&shown["data"]);
            let data = with(shown["data"].clone(), "sequence", shown["sequence"].clone());
            assert_eq!(one.body()["data"], data, "what is sent is what GET shows");
            assert_eq!(one.body()["timestamp"], shown["time"]);
            assert_eq!(one.header("content-type"), "application/json");
        }
    }
    let [offer, sale] = &sold;
    assert!(!offer.is_signed_by(&buyers_secret), "each endpoint has a secret of its own");
    let part = sale.body()["data"].clone();
    assert!(part.get("bid").is_none() && part.get("buyer_fee").is_none(), "{part}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_may_be_for_some_types_of_events_only() {
    let exchange = opened().await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let receiver = Receiver::start(&[]);
    let lot = list(&north, 8).await;
    let trades = json!({"url": receiver.url(), "event_types": ["trade_executed", "secondwind.trade_executed"]});
    let trades = acme.post("/v1/webhooks", &trades).await.ok();
    assert_eq!(trades["event_types"], json!(["trade_executed"]));
    north.post("/v1/orders", &ask(&lot, 8, "1.0500")).await.ok();
    let filled = acme.post("/v1/orders", &day_bid(8, "1.1000")).await.ok();
    let [delivered] = receiver.wait_for().await;
    assert_eq!(delivered.body()["data"]["contract"], contract_of(&filled));
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_logged_and_listed_page_by_page() {
    let Traded { exchange: _exchange, acme, bought, webhook, .. } = Traded::start().await;
    let log: [Value; 2] = settled(&acme, &webhook, "delivered").await;
    for (delivery, request) in log.iter().zip(&bought) {
        assert_eq!(text(&delivery["id"]), request.id());
        assert_eq!(delivery["sequence"], request.sequence());
        assert_eq!((statuses(delivery), &delivery["next_attempt_at"]), (vec![200], &Value::Null));
    }
    let first = acme.get(&format!("{webhook}/deliveries?limit=1")).await.ok();
    let cursor = text(&first["next_cursor"]);
    let second = acme.get(&format!("{webhook}/deliveries?limit=1&cursor={cursor}")).await.ok();
    assert_eq!([only(&first["data"]), only(&second["data"])], log.each_ref());
    assert_eq!(second["next_cursor"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_under_the_same_id() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[500, 302]);
    let (webhook, secret) = endpoint(&acme, receiver.url()).await;
    place(&acme).await;
    let [first, second, third] = receiver.wait_for().await;
    for again in [&first, &second, &third] {
        assert!(again.is_signed_by(&secret) && again.id() == first.id());
        assert_eq!(again.body(), first.body());
    }
    let [delivered] = settled(&acme, &webhook, "delivered").await;
    assert_eq!(statuses(&delivered), [500, 302, 200], "a redirect is not followed, it failed");
    let shown = acme.get(&webhook).await.ok();
    assert_eq!((&shown["status"], &shown["failing_since"]), (&json!("enabled"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_failed_for_good_can_be_replayed() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let attempts = WEBHOOK_RETRIES + 1;
    let receiver = Receiver::start(&[503; WEBHOOK_RETRIES + 1]);
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    place(&acme).await;
    let [failed] = settled(&acme, &webhook, "failed").await;
    assert_eq!(statuses(&failed), vec![503; attempts]);
    assert!(acme.get(&webhook).await.ok()["failing_since"].is_string());

    let replayed = acme.post(&replay_of(&webhook, &failed), &json!({})).await;
    assert_eq!(replayed.status, 202);
    assert_eq!(replayed.ok()["state"], "pending");
    let [delivered] = settled(&acme, &webhook, "delivered").await;
    assert_eq!(statuses(&delivered).last(), Some(&200));
    let requests = receiver.received();
    assert_eq!(requests.len(), attempts + 1);
    assert!(requests.iter().all(|one| one.id() == text(&failed["id"])));

    let foreign = format!("{webhook}/deliveries/{}/replay", uuid::Uuid::nil());
    assert_eq!(acme.post(&foreign, &json!({})).await.problem(), (404, "not_found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_since_a_sequence_can_be_replayed() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[]);
    let before = place(&acme).await;
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    for _ in 0..3 {
        place(&acme).await;
    }
    let [first, _, last] = settled(&acme, &webhook, "delivered").await;
    let replay = format!("{webhook}/replay");
    let replayed = acme.post(&replay, &json!({"after": first["sequence"]})).await.ok();
    assert_eq!(replayed, json!({"events": 2, "last_sequence": last["sequence"], "more": false}));
    let [_, second, third, second_again, third_again] = receiver.wait_for().await.map(|request| request.id());
    assert_eq!([second_again, third_again], [second, third], "the same ids in the same order");

    let all = acme.post(&replay, &json!({"after": 0})).await.ok();
    assert_eq!(all["events"], 3, "what was before the endpoint is not for it");
    let requests: [Received; 8] = receiver.wait_for().await;
    assert!(requests.iter().all(|one| one.body()["data"]["order"] != before["id"]));
    settled::<3>(&acme, &webhook, "delivered").await;
    let none = acme.post(&replay, &json!({"after": last["sequence"]})).await.ok();
    assert_eq!(none, json!({"events": 0, "last_sequence": null, "more": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replayed_on_its_way_is_sent_again() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[]);
    receiver.hold();
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    place(&acme).await;
    receiver.wait_for::<1>().await;
    let replayed = acme.post(&format!("{webhook}/replay"), &json!({"after": 0})).await.ok();
    assert_eq!(replayed["events"], 1);
    receiver.release();
    let [on_its_way, again] = receiver.wait_for().await;
    assert_eq!(on_its_way.id(), again.id());
    settled::<1>(&acme, &webhook, "delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_endpoint_holds_up_no_other() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let (slow, quick) = (Receiver::start(&[]), Receiver::start(&[]));
    slow.hold();
    let (slow_webhook, _) = endpoint(&acme, slow.url()).await;
    let (quick_webhook, _) = endpoint(&acme, quick.url()).await;
    for _ in 0..4 {
        place(&acme).await;
    }
    settled::<4>(&acme, &quick_webhook, "delivered").await;
    settled::<4>(&acme, &slow_webhook, "pending").await;
    assert_eq!(slow.received().len(), 1, "one request at a time");
    let in_order: Vec<u64> = quick.received().iter().map(Received::sequence).collect();
    assert!(in_order.is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn urgent_events_go_first() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[]);
    receiver.hold();
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    for _ in 0..4 {
        place(&acme).await;
    }
    receiver.wait_for::<1>().await;
    let waiting: [Value; 4] = settled(&acme, &webhook, "pending").await;
    let [under_way, second, third, last] = waiting.map(|delivery| delivery["sequence"].as_u64().expect("a sequence"));
    // No event is urgent yet, so one is made so.
    let owner = exchange.database.owner().await;
    let urgent = "UPDATE webhook_deliveries SET urgency = 0 WHERE sequence = $1";
    owner.execute(urgent, &[&i64::try_from(last).unwrap()]).await.unwrap();
    receiver.release();
    let order = receiver.wait_for().await.map(|request| request.sequence());
    assert_eq!(order, [under_way, last, second, third], "the one under way, the urgent one, the others in sequence");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_delivers_what_was_pending_and_enqueues_nothing_twice() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[]);
    receiver.hold();
    let (webhook, secret) = endpoint(&acme, receiver.url()).await;
    for _ in 0..3 {
        place(&acme).await;
    }
    let pending: [Value; 3] = settled(&acme, &webhook, "pending").await;
    receiver.wait_for::<1>().await;
    let owner = exchange.database.owner().await;
    let old = "INSERT INTO webhook_deliveries (id, webhook, sequence, type, urgency, state, next_attempt_at, created_at) \
               SELECT gen_random_uuid(), id, 1, 'order_placed', 1, 'delivered', NULL, now() - interval '31 days' FROM webhooks";
    assert_eq!(owner.execute(old, &[]).await.unwrap(), 1);

    let again = TestExchange::start_without_kafka(exchange.stop().await).await;
    receiver.release();
    let acme = again.client("acme", Role::Buyer);
    let delivered: [Value; 3] = settled(&acme, &webhook, "delivered").await;
    let ids = |log: [Value; 3]| log.map(|delivery| text(&delivery["id"]));
    assert_eq!(ids(delivered), ids(pending), "and what is older than 30 days is gone");
    let requests = receiver.received();
    assert!(requests.iter().all(|one| one.is_signed_by(&secret)));
    place(&acme).await;
    settled::<4>(&acme, &webhook, "delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_stays_valid_beside_the_new_one() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[]);
    let (webhook, old) = endpoint(&acme, receiver.url()).await;
    let rotate = format!("{webhook}/rotate-secret");
    let new = text(&acme.post(&rotate, &json!({})).await.ok()["secret"]);
    place(&acme).await;
    let [by_both] = receiver.wait_for().await;
    assert!(by_both.is_signed_by(&new) && by_both.is_signed_by(&old));
    assert_eq!(by_both.header("webhook-signature").split(' ').count(), 2);

    let owner = exchange.database.owner().await;
    let later =
        "UPDATE webhook_secrets SET valid_until = valid_until - interval '24 hours' WHERE valid_until IS NOT NULL";
    assert_eq!(owner.execute(later, &[]).await.unwrap(), 1);
    place(&acme).await;
    let [_, a_day_later] = receiver.wait_for().await;
    assert!(a_day_later.is_signed_by(&new) && !a_day_later.is_signed_by(&old));
    for _ in 0..3 {
        acme.post(&rotate, &json!({})).await.ok();
    }
    assert_eq!(acme.post(&rotate, &json!({})).await.problem(), (409, "webhook_secret_limit"));
    let shown = acme.get(&webhook).await.ok();
    assert!(!shown.to_string().contains("whsec_"), "a secret is shown once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_is_disabled_until_it_is_enabled() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[410]);
    receiver.hold();
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    place(&acme).await;
    place(&acme).await;
    settled::<2>(&acme, &webhook, "pending").await;
    receiver.release();
    let [failed, next] = settled(&acme, &webhook, "failed").await;
    assert_eq!((statuses(&failed), statuses(&next)), (vec![410], vec![]));
    let shown = acme.get(&webhook).await.ok();
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("gone")));
    place(&acme).await;
    let replay = format!("{webhook}/replay");
    assert_eq!(acme.post(&replay, &json!({"after": 0})).await.problem(), (409, "webhook_disabled"));
    let one = acme.post(&replay_of(&webhook, &failed), &json!({})).await;
    assert_eq!(one.problem(), (409, "webhook_disabled"));

    assert_eq!(acme.post(&format!("{webhook}/enable"), &json!({})).await.ok()["status"], "enabled");
    assert_eq!(acme.post(&replay, &json!({"after": 0})).await.ok()["events"], 3);
    settled::<3>(&acme, &webhook, "delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_for_five_days_is_disabled() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[500; WEBHOOK_RETRIES + 2]);
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    place(&acme).await;
    settled::<1>(&acme, &webhook, "failed").await;
    assert_eq!(acme.get(&webhook).await.ok()["status"], "enabled");
    let owner = exchange.database.owner().await;
    let earlier = "UPDATE webhooks SET failing_since = failing_since - interval '5 days'";
    assert_eq!(owner.execute(earlier, &[]).await.unwrap(), 1);
    place(&acme).await;
    settled::<2>(&acme, &webhook, "failed").await;
    let shown = acme.get(&webhook).await.ok();
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("failing")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_its_organizations_alone() {
    let exchange = opened().await;
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let receiver = Receiver::start(&[]);
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    place(&acme).await;
    let [delivered] = settled(&acme, &webhook, "delivered").await;
    assert_eq!(beta.get("/v1/webhooks").await.ok()["data"], json!([]));
    for answer in [
        beta.get(&webhook).await,
        beta.get(&format!("{webhook}/deliveries")).await,
        beta.post(&replay_of(&webhook, &delivered), &json!({})).await,
        beta.post(&format!("{webhook}/replay"), &json!({"after": 0})).await,
        beta.post(&format!("{webhook}/rotate-secret"), &json!({})).await,
        beta.post(&format!("{webhook}/enable"), &json!({})).await,
        beta.delete(&webhook).await,
    ] {
        assert_eq!(answer.problem(), (404, "not_found"));
    }
    let (own, _) = endpoint(&beta, receiver.url()).await;
    let through_own = beta.post(&replay_of(&own, &delivered), &json!({})).await;
    assert_eq!(through_own.problem(), (404, "not_found"));

    assert_eq!(acme.get("/v1/webhooks").await.ok()["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_more_is_sent_to_an_endpoint_that_is_deleted() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[]);
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    place(&acme).await;
    settled::<1>(&acme, &webhook, "delivered").await;
    assert_eq!(acme.delete(&webhook).await.status, 204);
    assert_eq!(acme.get(&webhook).await.problem(), (404, "not_found"));
    place(&acme).await;
    let (next, _) = endpoint(&acme, receiver.url()).await;
    place(&acme).await;
    settled::<1>(&acme, &next, "delivered").await;
    assert_eq!(receiver.received().len(), 2, "nothing more was sent to the one that is deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_into_private_networks() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let receiver = Receiver::start(&[]);
    for url in [
        "http://hooks.example.com/",
        "https://10.0.0.1/",
        "https://[fd00::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:192.168.0.1]/",
        "https://0xa9fea9fe/",
        "https://user:word@hooks.example.com/",
        "https://hooks.example.com/#fragment",
        "ftp://hooks.example.com/",
        "hooks.example.com",
        "",
        &format!("https://hooks.example.com/{}", "a".repeat(2_048)),
    ] {
        let refused = acme.post("/v1/webhooks", &json!({"url": url})).await;
        assert_eq!(refused.problem(), (422, "webhook_url_invalid"), "{url}");
    }
    // What was stored is checked again when it is sent: here it has become forbidden since.
    let (webhook, _) = endpoint(&acme, receiver.url()).await;
    let owner = exchange.database.owner().await;
    owner.execute("UPDATE webhooks SET url = 'https://192.168.0.1/'", &[]).await.unwrap();
    place(&acme).await;
    let [failed] = settled(&acme, &webhook, "failed").await;
    let attempts = failed["attempts"].items();
    assert_eq!(attempts.len(), WEBHOOK_RETRIES + 1);
    for attempt in attempts {
        assert_eq!(attempt["status"], Value::Null);
        assert_eq!(attempt["error"], "the url leads to an address that is not on the public internet");
    }
}

/// Endpoints on this machine are for development. Whoever registers one does not learn what listens here and does not speak HTTP.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_tells_nothing_of_the_port_it_went_to() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    // One port nobody listens on, one with a service that hangs up, and one with a service of another protocol.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut ports = vec![closed];
    for greeting in ["", "+OK ready\r\n"] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        ports.push(listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                // The client may be gone already.
                let _ = connection.write_all(greeting.as_bytes()).await;
            }
        });
    }
    let mut webhooks = Vec::new();
    for port in ports {
        webhooks.push(endpoint(&acme, &format!("http://{port}/")).await.0);
    }
    place(&acme).await;
    for webhook in &webhooks {
        let [failed] = settled(&acme, webhook, "failed").await;
        for attempt in failed["attempts"].items() {
            assert_eq!((&attempt["status"], &attempt["duration_ms"]), (&Value::Null, &json!(0)));
            assert_eq!(attempt["error"], "no answer; the server's log says why");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_for_types_of_events_that_there_are() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let body = |types: Value| json!({"url": NOWHERE, "event_types": types});
    let unknown = acme.post("/v1/webhooks", &body(json!(["trade_executed", "trade_imagined"]))).await;
    assert_eq!(unknown.problem(), (422, "event_type_unknown"));
    assert!(unknown.body["detail"].as_str().is_some_and(|detail| detail.contains("spot_interrupted, ")), "{unknown:?}");
    let twice = acme.post("/v1/webhooks", &body(json!(["secondwind.secondwind.trade_executed"]))).await;
    assert_eq!(twice.problem(), (422, "event_type_unknown"));
    assert_eq!(acme.post("/v1/webhooks", &body(json!([]))).await.problem(), (422, "invalid_field"));
    assert_eq!(acme.post("/v1/webhooks", &json!({"url": "", "colour": "red"})).await.problem(), (422, "invalid_field"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_has_no_more_than_sixteen_endpoints() {
    let exchange = opened().await;
    let acme = exchange.client("acme", Role::Buyer);
    let all_types = json!({"url": NOWHERE, "event_types": null});
    let created = futures::future::join_all((0..20).map(|_| acme.post("/v1/webhooks", &all_types))).await;
    let (made, refused): (Vec<_>, Vec<_>) = created.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (16, 4), "however many are asked for at once");
    assert!(refused.iter().all(|answer| answer.problem() == (409, "webhook_limit")));
    assert!(made.iter().all(|answer| answer.body["event_types"].is_null()));
    endpoint(&exchange.client("beta", Role::Buyer), NOWHERE).await;
}
