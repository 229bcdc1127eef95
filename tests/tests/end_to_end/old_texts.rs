//! A log that has texts which would not be let in today: it is read as it stands, and nothing that is shown, stored or published of it
//! fails.

use api::auth::Role;
use infra::audit::TopicSource;
use infra::relay::RelayStatus;
use ledger::Instant;
use matching::Event;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tests::client::{MARKET, ask, market};
use tests::condition::until;
use tests::exchange::{TOPIC, TestExchange};
use tests::kafka::TestTopic;
use tests::log::{audit, replay, write};
use tests::picking::{only, text};
use tests::postgres::TestDatabase;

use crate::bank::ACCOUNT;
use crate::boxes::reference_deal;
use crate::opening::{day_bid, list};

/// A name that no database takes.
const NAME: &str = "No\u{0}rth\nHall";
/// The same as it is shown.
const SHOWN: &str = "No\u{fffd}rth\u{fffd}Hall";

/// A name that makes an event too long for a record of the topic.
fn long_name() -> String {
    "x".repeat(1_200_000)
}

/// When the old events happened.
fn then() -> Instant {
    "2026-01-05T10:00:00Z".parse().expect("an instant")
}

fn event(name: &'static str, version: u16, content: &Value) -> (&'static str, u16, String) {
    (name, version, content.to_string())
}

/// What an earlier release may have written: a NUL in every kind of text, and one text that is too long for a record of the topic.
fn old_events() -> Vec<(&'static str, u16, String)> {
    let journal = "01a20001-0000-7000-8000-000000000006";
    let proposed = json!({"journal": journal, "by": "ann", "currency": "USD", "text": NAME,
                          "lines": [{"account": "6000-expense", "amount": "25.00"},
                                    {"account": "2000-customer-available", "organization": "acme", "amount": "-25.00"}]});
    let mut deal = reference_deal("north");
    let opened = market(MARKET);
    let spec = json!({"id": MARKET, "class": opened["class"], "zone": "us\u{0}tx", "currency": "USD", "price_tick": "0.0001",
                      "lot_size": 8, "maker_fee_bps": 0, "taker_fee_bps": 50,
                      "zone_attributes": {"region": "u\u{0}s", "round_trip_ms": {"dal\u{0}las": 6}}});
    let statement = "01a20001-0000-7000-8000-000000000003";
    let line = json!({"booking_day": "2026-01-05", "value_day": "2026-01-05", "amount": "69.50", "reference": "a\u{0}b",
                      "counterparty": NAME, "text": "first\nsecond\u{0}", "reversal": false});
    let box_id = "01a20001-0000-7000-8000-000000000021";
    let created = json!({"box": box_id, "by": "ann", "deal": deal});
    deal["name"] = NAME.into();
    let amended = json!({"box": box_id, "version": 2, "by": "ann", "deal": deal});
    vec![
        event("organization_registered", 1, &json!({"organization": "north", "name": NAME})),
        event("organization_registered", 1, &json!({"organization": "acme", "name": NAME})),
        event("organization_registered", 1, &json!({"organization": "large", "name": long_name()})),
        event("market_opened", 2, &json!({"market": spec})),
        event(
            "deposit_received",
            1,
            &json!({"deposit": "01a1fd27-b52a-728c-a8ad-f83f6d12b115", "organization": "acme", "amount": "100000.00",
                    "currency": "USD", "reference": NAME}),
        ),
        event(
            "bank_account_opened",
            1,
            &json!({"account": ACCOUNT, "currency": "USD", "opening": "500.00", "tolerance": "1.00"}),
        ),
        event(
            "statement_imported",
            1,
            &json!({"statement": statement, "account": ACCOUNT, "currency": "USD", "number": "7\u{0}1", "opening": "500.00",
                    "closing": "569.50", "day": "2026-01-05", "lines": 1, "digest": "0d".repeat(32)}),
        ),
        event(
            "bank_lines_booked",
            1,
            &json!({"statement": statement, "account": ACCOUNT, "currency": "USD", "day": "2026-01-05", "first": 1,
                    "lines": [line]}),
        ),
        event("journal_proposed", 1, &proposed),
        event("journal_approved", 1, &json!({"proposed": proposed, "by": "bob", "day": "2026-01-05"})),
        event("box_created", 1, &created),
        event("deal_amended", 1, &amended),
    ]
}

/// An exchange that was started on a log of [`old_events`].
async fn on_old_events() -> TestExchange {
    let database = TestDatabase::create().await;
    write(&database, then(), &old_events()).await;
    TestExchange::start_again(database).await
}

/// North sells eight GPUs to acme.
async fn sell(exchange: &TestExchange) {
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let lot = list(&north, 8).await;
    north.post("/v1/orders", &ask(&lot, 8, "1.0000")).await.ok();
    assert_eq!(acme.post("/v1/orders", &day_bid(8, "1.0000")).await.ok()["status"], "filled");
}

#[tokio::test(flavor = "multi_thread")]
async fn trading_goes_on_after_texts_that_cannot_be_stored_and_is_invoiced() {
    let exchange = on_old_events().await;
    sell(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    assert_eq!(acme.get("/v1/trades").await.ok()["data"].as_array().map(Vec::len), Some(1));
    let invoice = until("the trade is invoiced", async || {
        acme.get("/v1/invoices").await.ok()["data"].as_array().and_then(|invoices| invoices.first().cloned())
    })
    .await;
    let path = format!("/v1/invoices/{}", text(&invoice["id"]));
    let invoice = acme.get(&path).await.ok();
    assert_eq!(invoice["recipient"]["name"], SHOWN, "{invoice}");
    assert!(acme.text(&format!("{path}?format=html")).await.contains(SHOWN));
}

/// With what people said of their entries.
#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_books_shows_texts_that_cannot_be_stored() {
    let exchange = on_old_events().await;
    sell(&exchange).await;
    let finance = exchange.finance();
    for format in ["hledger", "beancount", "csv", "jsonl"] {
        let path = format!("/v1/ledger/exports?entity=operator&format={format}");
        let answer = finance.request(reqwest::Method::GET, &path).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{format}");
        let export = answer.text().await.unwrap_or_else(|error| panic!("{format} breaks off: {error}"));
        assert!(!export.contains('\0') && !export.contains("\\u0000"), "{format}");
        assert!(format != "csv" || export.contains(&format!("{SHOWN},")), "the journal's text: {export}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_shows_texts_that_cannot_be_stored() {
    let exchange = on_old_events().await;
    sell(&exchange).await;
    let finance = exchange.finance();
    let statement = finance.get("/v1/ledger/statements?owner=org:acme").await.ok();
    assert!(statement["accounts"].as_array().is_some_and(|accounts| !accounts.is_empty()), "{statement}");
    for path in [
        "/v1/ledger/entries?entity=operator",
        "/v1/ledger/journals",
        "/v1/ledger/accounts/1010-bank-unmatched/lines?currency=USD&format=csv",
        "/v1/markets",
        "/v1/boxes",
        &format!("/v1/reconciliations?account={ACCOUNT}"),
        "/v1/events?limit=500",
    ] {
        let answer = finance.request(reqwest::Method::GET, path).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap_or_else(|error| panic!("{path} breaks off: {error}"));
    }
    let boxed = finance.get("/v1/boxes").await.ok();
    assert_eq!(only(&boxed["data"])["name"], SHOWN);
}

/// The topic has a record for every event; one that is too long for a record has a stand-in.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_texts_that_cannot_be_stored_is_published_whole() {
    let exchange = on_old_events().await;
    sell(&exchange).await;
    let head = exchange.node.log.head();
    until("the log is published", async || {
        (exchange.node.relay.status() == RelayStatus::Published(head)).then_some(())
    })
    .await;
    let brokers = exchange.brokers().expect("a broker");
    let records = TestTopic::existing(&brokers, TOPIC).committed().await;
    assert_eq!(records.len(), usize::try_from(head).expect("few events"));
    let large = records.iter().find(|record| record.sequence() == 3).expect("a record of the third event");
    let content = json!({"organization": "large", "name": long_name()}).to_string();
    let digest: [u8; 32] = Sha256::digest(&content).into();
    let told: Value = serde_json::from_str(&large.payload).expect("JSON");
    assert_eq!(told, json!({"sequence": 3, "bytes": content.len(), "sha256": hex::encode(digest)}));
    for (name, value) in [
        ("content-type", "application/vnd.secondwind.stand-in+json"),
        ("ce_type", "secondwind.organization_registered"),
        ("ce_sequence", "3"),
        ("ce_dataschema", "urn:secondwind:schema:stand_in:1"),
    ] {
        assert_eq!(large.headers[name], value);
    }
    let report =
        audit(&exchange.database, Some(TopicSource { brokers: brokers.into(), topic: TOPIC.to_owned() })).await;
    let report = report.expect("the audit is carried out");
    assert!(report.sound, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_read_as_it_stands() {
    let database = TestDatabase::create().await;
    let events = old_events();
    write(&database, then(), &events).await;
    let client = database.owner().await;
    let rows = client.query("SELECT content::text FROM events ORDER BY sequence", &[]).await.expect("the log");
    for (row, (name, version, content)) in rows.iter().zip(&events) {
        let stored: &str = row.get(0);
        assert_eq!(stored, content);
        let mut again = Vec::new();
        if *name != "organization_registered" || content.len() < 1_000 {
            Event::decode(name, *version, stored.as_bytes()).expect("an event").encode(&mut again);
            let (again, before): (Value, Value) =
                (serde_json::from_slice(&again).expect("JSON"), serde_json::from_str(content).expect("JSON"));
            let kept = |texts: &Value| texts.to_string().matches("\\u0000").count();
            assert_eq!(kept(&again), kept(&before), "{name}");
        }
    }
    assert_eq!(replay(&database).await.state_hash(), replay(&database).await.state_hash());
}
