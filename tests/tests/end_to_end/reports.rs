//! Finance's reports: what they say, of whom, as of when, and that they are streamed whole or not at all.

use std::collections::BTreeMap;

use api::auth::Role;
use ledger::Amount;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tests::client::{ApiClient, TRIAL_BALANCE, ask, bid};
use tests::condition::until;
use tests::exchange::TestExchange;
use tests::picking::{List, account, amount, one_whose, only, text};
use tokio_postgres::Client;

use crate::opening::{Opened, list, trade};

/// [`trade`], and half a day of delivery.
async fn delivered(exchange: &TestExchange) -> Opened {
    let opened = trade(exchange).await;
    exchange.move_clock_to("2037-01-01T12:00:00Z").await;
    opened
}

fn balance_of(trial: &Value, code: &str) -> Amount {
    amount(&account(trial, code)["balance"])
}

/// The records of a table by its header.
pub fn records(table: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    reader.deserialize().map(|record| record.expect("a record")).collect()
}

async fn csv_of(client: &ApiClient, path: &str) -> Vec<BTreeMap<String, String>> {
    let answer = client.request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    assert!(answer.headers()["content-type"].to_str().expect("a type").starts_with("text/csv"));
    records(&answer.text().await.expect("the whole table"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_balance_is_what_was_known_then_of_what_was_dated_by_then() {
    let exchange = TestExchange::start().await;
    delivered(&exchange).await;
    let finance = exchange.finance();
    let trial = async |more: &str| finance.get(&format!("{TRIAL_BALANCE}{more}")).await.ok();
    let current = trial("").await;

    let events = "SELECT sequence, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM events \
                  WHERE type = 'deposit_received' ORDER BY sequence";
    let deposits = exchange.database.owner().await.query(events, &[]).await.unwrap();
    assert_eq!(deposits.len(), 2);
    for (place, row) in (1..).zip(&deposits) {
        let (sequence, at): (i64, String) = (row.get(0), row.get(1));
        let then = trial(&format!("&known_at={at}")).await;
        assert_eq!(then["sequence"], sequence);
        assert_eq!(balance_of(&then, "1010-bank-unmatched"), Amount::from_micros(place * 100_000_000_000));
        assert_eq!(then["total_debit"], then["total_credit"]);
    }

    let before = trial("&known_at=2001-01-01T00:00:00Z").await;
    assert_eq!((&before["sequence"], &before["total_debit"]), (&json!(0), &json!("0.00")));
    assert_eq!(
        before["rows"].as_array().map(Vec::len),
        current["rows"].as_array().map(Vec::len),
        "every account, with nothing"
    );
    let earliest = trial("&known_at=-009998-01-01T00:00:00Z&as_of=0001-01-01").await;
    assert_eq!(earliest["total_debit"], "0.00");

    let fees = async |more: &str| balance_of(&trial(more).await, "4000-fee-revenue").to_string();
    // 8 GPUs at 1.05 and 50 basis points on it: 0.042 an hour, all of it dated the first of January.
    assert_eq!(fees("").await, "-0.504");
    assert_eq!(fees("&known_at=2037-01-01T03:30:00Z").await, "-0.126");
    assert_eq!(
        fees("&known_at=2037-01-01T03:00:00Z&as_of=2037-01-01").await,
        "-0.126",
        "at the very instant it is known"
    );
    assert_eq!(fees("&known_at=2037-01-01T03:30:00Z&as_of=2036-12-31").await, "0.00");
    assert_eq!(fees("&known_at=2036-12-31T23:59:59Z&as_of=2037-01-01").await, "0.00");
    assert_eq!(trial("&known_at=2100-01-01T00:00:00Z&as_of=2037-01-01").await["rows"], current["rows"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_lines_lead_from_its_opening_to_its_closing_balance() {
    let exchange = TestExchange::start().await;
    delivered(&exchange).await;
    let finance = exchange.finance();
    let account = "/v1/ledger/accounts/2000-customer-available/lines?currency=USD";
    let (whole, delivery, before_delivery) = ("", "&from=2037-01-01", "&to=2036-12-31");
    let of_beta = "&owner=org:beta&from=2000-01-01&to=2050-01-01";
    let mut closings = BTreeMap::new();
    for days in [whole, delivery, before_delivery, "&owner=org:acme", of_beta] {
        let detail = finance.get(&format!("{account}{days}")).await.ok();
        let mut balance = amount(&detail["opening"]);
        for line in detail["lines"].as_array().unwrap() {
            balance += amount(&line["amount"]);
            assert_eq!(amount(&line["balance"]), balance, "{line}");
        }
        assert_eq!(amount(&detail["closing"]), balance);
        closings.insert(days, text(&detail["closing"]));

        let table = csv_of(&finance, &format!("{account}{days}&format=csv")).await;
        let (first, last) = (table.first().unwrap(), table.last().unwrap());
        assert_eq!((first["kind"].as_str(), &first["balance"]), ("opening", &text(&detail["opening"])));
        assert_eq!(table.len(), detail["lines"].as_array().unwrap().len() + 2);
        assert_eq!((last["kind"].as_str(), &last["balance"]), ("closing", &text(&detail["closing"])));
    }
    let trial = finance.get(TRIAL_BALANCE).await.ok();
    assert_eq!(closings[whole], balance_of(&trial, "2000-customer-available").to_string());
    assert_eq!((&closings[delivery], closings[of_beta].as_str()), (&closings[whole], "-100000.00"));
    let before = finance.get(&format!("{account}{delivery}")).await.ok();
    assert_eq!(
        (&before["opening"], &before["lines"]),
        (&json!(closings[before_delivery]), &json!([])),
        "all of it was before the delivery"
    );

    let fees = finance.get("/v1/ledger/accounts/4000-fee-revenue/lines?currency=USD&owner=&from=2037-01-01").await.ok();
    assert_eq!(fees["lines"].as_array().map(Vec::len), Some(12), "an hour each");
    assert!(fees["lines"].items().iter().all(|line| line["rule"] == "hours.delivered.1"), "{fees}");
    let accepted = finance.request(Method::GET, account).header("Accept", "text/csv").send().await.unwrap();
    assert!(accepted.text().await.unwrap().starts_with("kind,account,owner,currency,"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_of_all_accounts_of_its_owner() {
    let exchange = TestExchange::start().await;
    let opened = delivered(&exchange).await;
    let finance = exchange.finance();
    let statement = finance.get("/v1/ledger/statements?owner=org:acme").await.ok();
    let summary = |body: &Value| -> Vec<(String, String, String)> {
        let accounts = body["accounts"].as_array().unwrap().iter();
        accounts.map(|part| (text(&part["account"]), text(&part["opening"]), text(&part["closing"]))).collect()
    };
    let part =
        |account: &str, opening: &str, closing: &str| (account.to_owned(), opening.to_owned(), closing.to_owned());
    // 100,000.00 less the contract (8 x 24 x 1.05 and 50 basis points); the bid at 1.00 expired and held nothing any more.
    let expected = [part("2000-customer-available", "0.00", "-99797.392"), part("2010-customer-held", "0.00", "0.00")];
    assert_eq!(summary(&statement), expected);
    let own = exchange.client("acme", Role::Buyer).get("/v1/account/statement").await.ok();
    assert_eq!(own, statement, "one's own statement is the one that finance sees");
    let late = finance.get("/v1/ledger/statements?owner=org:acme&from=2037-01-01").await.ok();
    let expected =
        [part("2000-customer-available", "-99797.392", "-99797.392"), part("2010-customer-held", "0.00", "0.00")];
    assert_eq!(summary(&late), expected);

    let contract = format!("contract:{}", opened.contract);
    let of_contract = finance.get(&format!("/v1/ledger/statements?owner={contract}&from=2037-01-01")).await.ok();
    // Half of its 24 hours are left.
    assert_eq!(summary(&of_contract), [part("2100-contract-prepayment", "-202.608", "-101.304")]);
    assert_eq!(only(&of_contract["accounts"])["lines"].as_array().map(Vec::len), Some(12));

    let table = csv_of(&finance, "/v1/ledger/statements?owner=org:acme&format=csv").await;
    let kinds: Vec<&str> = table.iter().map(|record| record["kind"].as_str()).filter(|kind| *kind != "line").collect();
    assert_eq!(kinds, ["opening", "closing", "opening", "closing"]);
    let south = finance.get("/v1/ledger/statements?owner=org:south").await.ok();
    assert_eq!(south["accounts"], json!([]), "registered, and without any money yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_party_of_a_contract_sees_its_own_lines_of_it() {
    let exchange = TestExchange::start().await;
    let opened = delivered(&exchange).await;
    // Another contract of the same two, which is not in the statement of the first.
    let north = exchange.client("north", Role::Provider);
    let acme = exchange.client("acme", Role::Buyer);
    let more = list(&north, 8).await;
    north.post("/v1/orders", &ask(&more, 8, "0.9000")).await.ok();
    acme.post("/v1/orders", &bid(8, "0.9000", "2037-01-01T13:00:00Z", "2037-01-01T20:00:00Z")).await.ok();
    exchange.move_clock_to("2037-01-01T15:00:00Z").await;

    let path = format!("/v1/account/statement?contract={}", opened.contract);
    let shown = |body: &Value| -> Vec<(String, String, usize, String)> {
        let accounts = body["accounts"].as_array().unwrap().iter();
        accounts
            .map(|part| {
                let lines = part["lines"].as_array().unwrap();
                (text(&part["account"]), text(&part["owner"]), lines.len(), text(&part["closing"]))
            })
            .collect()
    };
    let bought = acme.get(&path).await.ok();
    let contract = format!("contract:{}", opened.contract);
    let expected = [
        ("2010-customer-held".to_owned(), "org:acme".to_owned(), 1, "202.608".to_owned()),
        ("2100-contract-prepayment".to_owned(), contract.clone(), 16, "-75.978".to_owned()),
    ];
    assert_eq!(shown(&bought), expected, "what was held paid for it, and 15 of its 24 hours were delivered");
    let sold = north.get(&path).await.ok();
    let expected = [("2200-seller-payable".to_owned(), "org:north".to_owned(), 15, "-126.00".to_owned())];
    assert_eq!(shown(&sold), expected, "neither what the buyer prepaid nor its fee");
    assert!(!sold.to_string().contains("acme") && !bought.to_string().contains("north"));
    let whole = north.get("/v1/account/statement").await.ok();
    assert!(
        one_whose(&whole["accounts"], "account", "2200-seller-payable")["lines"].as_array().unwrap().len() > 15,
        "the other contract is in the whole statement"
    );

    for (role, stranger) in [(Role::Buyer, "beta"), (Role::Provider, "south")] {
        let refused = exchange.client(stranger, role).get(&path).await;
        assert_eq!(refused.problem(), (404, "not_found"), "{stranger}");
    }
}

/// Entries of many lines, written as the fast path writes them, and their count: all on the bank and on one customer's account.
pub async fn grow(client: &Client) -> i64 {
    const ENTRIES: i64 = 500;
    const PAIRS: i64 = 500;
    let statement = format!(
        "BEGIN; \
         INSERT INTO accounts VALUES (1, 1, '1000-bank', '', 'USD', false), \
           (2, 1, '2000-customer-available', 'org:acme', 'USD', true); \
         INSERT INTO entries (book, sequence, source_key, rule, rule_version, effective, line_count, previous_hash, hash) \
           SELECT 1, n, n || '.0', 'deposit.matched', 1, '2027-01-01', {PAIRS} * 2, \
                  CASE n WHEN 1 THEN decode(repeat('00', 32), 'hex') ELSE sha256((n - 1)::text::bytea) END, \
                  sha256(n::text::bytea) \
           FROM generate_series(1, {ENTRIES}) n; \
         INSERT INTO lines (book, entry, line, account, amount) \
           SELECT 1, n, line, 1 + line % 2, CASE line % 2 WHEN 0 THEN 0.000001 ELSE -0.000001 END \
           FROM generate_series(1, {ENTRIES}) n, generate_series(0, {PAIRS} * 2 - 1) line; \
         COMMIT"
    );
    client.batch_execute(&statement).await.expect("sound entries");
    ENTRIES * PAIRS
}

/// The session that reads a report and waits for somebody to take more of it.
async fn waiting_session(client: &Client) -> i32 {
    until("the database waits for the client", async || {
        let statement = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                         AND wait_event = 'ClientWrite'";
        client.query_opt(statement, &[]).await.expect("it can be read").map(|row| row.get(0))
    })
    .await
}

async fn begin(finance: &ApiClient) -> Response {
    let path = "/v1/ledger/accounts/2000-customer-available/lines?currency=USD";
    let mut response = finance.request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let first = response.chunk().await.expect("it can be read").expect("a beginning");
    assert!(first.starts_with(b"{\"entity\":\"operator\""), "it has begun");
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_statement_is_sent_as_it_is_read_and_whole_or_visibly_not() {
    let exchange = TestExchange::start().await;
    let owner = exchange.database.owner().await;
    let expected = grow(&owner).await;
    let finance = exchange.finance();
    nothing_holds_it_between_database_and_client(&finance, &owner, expected).await;
    it_breaks_off_where_the_database_fails(&finance, &owner).await;
    its_session_ends_when_the_client_goes_away(&finance, &owner).await;
}

/// The client has the beginning, and the database has not handed over the rest.
async fn nothing_holds_it_between_database_and_client(finance: &ApiClient, owner: &Client, expected: i64) {
    let mut response = begin(finance).await;
    waiting_session(owner).await;
    let (mut lines, mut tail) = (1, Vec::new());
    while let Some(chunk) = response.chunk().await.expect("it goes on to its end") {
        lines += i64::try_from(chunk.windows(2).filter(|pair| pair == b"{\"").count()).expect("a count");
        tail = [tail, chunk.to_vec()].concat();
        tail.drain(..tail.len().saturating_sub(200));
    }
    assert!(lines > expected * 9 / 10, "{lines} lines came after the first chunk");
    let tail = String::from_utf8(tail).expect("text");
    assert!(tail.ends_with("\"balance\":\"-0.25\"}],\"closing\":\"-0.25\"}"), "{tail}");
}

/// The answer does not look whole.
async fn it_breaks_off_where_the_database_fails(finance: &ApiClient, owner: &Client) {
    let mut response = begin(finance).await;
    let session = waiting_session(owner).await;
    owner.execute("SELECT pg_terminate_backend($1)", &[&session]).await.expect("the superuser may");
    let broken = loop {
        match response.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "a statement that was cut off looked whole");
}

async fn its_session_ends_when_the_client_goes_away(finance: &ApiClient, owner: &Client) {
    let response = begin(finance).await;
    let session = waiting_session(owner).await;
    drop(response);
    until("the session of a client that is gone ends", async || {
        let statement = "SELECT FROM pg_stat_activity WHERE pid = $1";
        owner.query_opt(statement, &[&session]).await.expect("it can be read").is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_reports_are_sent_at_a_time() {
    let exchange = TestExchange::start().await;
    let owner = exchange.database.owner().await;
    grow(&owner).await;
    let finance = exchange.finance();
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(begin(&finance).await);
    }
    let short = "/v1/ledger/accounts/1000-bank/lines?currency=USD&to=2000-01-01";
    assert_eq!(finance.get(short).await.problem(), (503, "queue_full"));
    exchange.client("acme", Role::Buyer).get("/v1/account/statement?to=2000-01-01").await.ok();
    drop(held);
    until("there is a turn again", async || finance.get(short).await.status.is_success().then_some(())).await;
}
