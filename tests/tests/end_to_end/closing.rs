//! The end of a month: periods, journals of two people, corrections, and what auditors get to see of them.

use api::auth::{OPERATOR_ORGANIZATION, Role};
use jiff::civil::Date;
use serde_json::{Value, json};
use tests::client::{Answer, ApiClient, TRIAL_BALANCE};
use tests::exchange::TestExchange;
use tests::log::audit;
use tests::picking::{account, balance, one_whose, only, rules, text};

use crate::bank::{ACCOUNT, send, with_bank_account};
use crate::opening::admit;

/// The first days of the exchange's present month and of the two after it.
async fn months(exchange: &TestExchange) -> [Date; 3] {
    let now = text(&exchange.operator().get("/v1/clock").await.ok()["now"]);
    let today: Date = now[..10].parse().expect("a day");
    let next = |first: Date| first.last_of_month().tomorrow().expect("a day");
    let first = today.first_of_month();
    [first, next(first), next(next(first))]
}

fn month(first: Date) -> String {
    first.strftime("%Y-%m").to_string()
}

async fn move_to(exchange: &TestExchange, day: Date) {
    exchange.move_clock_to(&format!("{day}T00:00:00Z")).await;
}

async fn close(finance: &ApiClient, period: &str) -> Answer {
    finance.post(&format!("/v1/ledger/periods/{period}/close"), &json!({})).await
}

/// Imports a statement of one booking.
async fn bank_statement(
    finance: &ApiClient,
    (opening, closing): (&str, &str),
    day: Date,
    (amount, quoted): (&str, &str),
) {
    let head = "account,currency,statement,opening,closing,date,value_date,amount,reference,counterparty,text\n";
    let row = format!("{ACCOUNT},USD,{closing},{opening},{closing},{day},{day},{amount},,,{quoted}\n");
    send(finance, "/v1/bank-statements", "text/csv", format!("{head}{row}")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_and_stays_as_it_is() {
    let exchange = TestExchange::start().await;
    let finance = exchange.finance();
    exchange.operator().post("/v1/organizations", &json!({"id": "acme", "name": "Acme"})).await.ok();
    with_bank_account(&finance).await;
    let [first, next, after] = months(&exchange).await;
    let announced = json!({"amount": "5000.00", "currency": "USD"});
    let expected = exchange.client("acme", Role::Buyer).post("/v1/account/deposits", &announced).await.ok();
    bank_statement(&finance, ("0.00", "5000.00"), first, ("5000.00", &text(&expected["reference"]))).await;
    let present = month(first);

    assert_eq!(close(&finance, &present).await.problem(), (409, "period_not_over"));
    assert_eq!(close(&finance, &month(next)).await.problem(), (409, "period_not_next"));
    assert_eq!(close(&finance, "2027-13").await.problem(), (400, "invalid_query"));
    move_to(&exchange, next).await;
    let early = close(&finance, &present).await;
    assert_eq!(early.problem(), (409, "period_unreconciled"));
    assert!(text(&early.body["detail"]).contains("end with"), "{}", early.body);
    bank_statement(&finance, ("5000.00", "4990.00"), first.last_of_month(), ("-10.00", "charges")).await;
    assert_eq!(close(&finance, &present).await.problem(), (409, "period_unreconciled"));
    let periods = finance.get("/v1/ledger/periods").await.ok();
    assert_eq!((&periods["next"], periods["data"].as_array().map(Vec::len)), (&json!(present), Some(2)));
    let open = one_whose(&periods["unreconciled"], "amount", "-10.00");
    assert_eq!((&open["kind"], &open["amount"]), (&json!("bank_line"), &json!("-10.00")));
    let line = json!({"statement": open["statement"], "line": open["line"]});
    let charges = json!({"lines": [line], "items": [{"account": "6000-expense"}]});
    let charges = finance.post("/v1/reconciliations", &charges).await.ok();

    let trial = |as_of: Date| format!("{TRIAL_BALANCE}&as_of={as_of}");
    let reported = finance.get(&trial(first.last_of_month())).await.ok();
    let unmatched = account(&reported, "1010-bank-unmatched");
    assert_eq!(unmatched["balance"], "0.00", "the charges are explained on the day of their booking");
    let closed = close(&finance, &present).await.ok();
    assert_eq!((&closed["status"], &closed["closed_by"]), (&json!("closed"), &json!("test")));
    assert_eq!(close(&finance, &present).await.problem(), (409, "period_not_next"));

    // The charges were not charges: that is corrected in the month that is open.
    let undo = format!("/v1/reconciliations/{}/undo", text(&charges["id"]));
    finance.post(&undo, &json!({"reason": "a payment to acme"})).await.ok();
    let entries = finance.get("/v1/ledger/entries?limit=500").await.ok()["data"].clone();
    let undone = entries.as_array().unwrap().last().unwrap();
    assert_eq!((&undone["rule"], &undone["effective_date"]), (&json!("reconciliation.undone.1"), &json!(next)));
    let corrected = text(&undone["corrects"]);
    let event = corrected.strip_prefix("event:").expect("an event");
    let wrong = finance.get(&format!("/v1/ledger/entries?event={event}")).await.ok();
    assert_eq!(rules(&wrong).first().map(String::as_str), Some("bank.explained.1"));
    let again = finance.get(&trial(first.last_of_month())).await.ok();
    assert_eq!(again["rows"], reported["rows"], "nothing has changed of the closed month");
    move_to(&exchange, after).await;
    assert_eq!(close(&finance, &month(next)).await.problem(), (409, "period_unreconciled"));

    let report = audit(&exchange.database, None).await.expect("an audit");
    assert!(report.sound, "{report:#?}");
}

/// An expense, and acme's balance that is credited with it.
fn journal(text: &str, (expense, credit): (&str, &str), more: &Value) -> Value {
    let expense = json!({"account": "6000-expense", "amount": expense});
    let credit = json!({"account": "2000-customer-available", "organization": "acme", "amount": credit});
    let mut body = json!({"text": text, "currency": "USD", "lines": [expense, credit]});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_takes_two_people() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let ann = exchange.person("ann", OPERATOR_ORGANIZATION, Role::Finance);
    let bob = exchange.person("bob", OPERATOR_ORGANIZATION, Role::Finance);
    // What is given away is the owners'.
    let account = json!({"account": ACCOUNT, "currency": "USD", "opening": "100.00"});
    ann.post("/v1/bank-accounts", &account).await.ok();
    let acme = exchange.client("acme", Role::Buyer);
    let before = balance(&acme, "available").await;

    let proposed =
        ann.post("/v1/ledger/journals", &journal("goodwill; \"sorry\"", ("25.00", "-25.00"), &json!({}))).await.ok();
    assert_eq!((&proposed["status"], &proposed["proposed_by"]), (&json!("proposed"), &json!("ann")));
    let path = |what: &str| format!("/v1/ledger/journals/{}{what}", text(&proposed["id"]));
    assert_eq!(ann.post(&path("/approve"), &json!({})).await.problem(), (403, "approval_own"));
    assert_eq!(balance(&acme, "available").await, before, "nothing is posted by one");
    let approved = bob.post(&path("/approve"), &json!({})).await.ok();
    assert_eq!((&approved["status"], &approved["decided_by"]), (&json!("approved"), &json!("bob")));
    assert_ne!(balance(&acme, "available").await, before);
    assert_eq!(bob.post(&path("/approve"), &json!({})).await.problem(), (409, "journal_not_open"));
    assert_eq!(ann.get(&path("")).await.ok(), approved);
    let told = acme.get("/v1/events?limit=500").await.ok().to_string();
    assert!(told.contains("journal_approved") && !told.contains("6000-expense") && !told.contains("\"bob\""), "{told}");

    // It went too far, and is put right by another that points to it.
    let corrects = json!({"corrects": approved["sequence"]});
    let back = journal("of it, twenty back", ("-20.00", "20.00"), &corrects);
    let back = bob.post("/v1/ledger/journals", &back).await.ok();
    let path = format!("/v1/ledger/journals/{}/approve", text(&back["id"]));
    let back = ann.post(&path, &json!({})).await.ok();
    let entries = ann.get(&format!("/v1/ledger/entries?event={}", back["sequence"])).await.ok();
    assert_eq!(only(&entries["data"])["corrects"], format!("event:{}", approved["sequence"]));
    let wrong = ann.post("/v1/ledger/journals", &journal("never", ("1.00", "-1.00"), &json!({}))).await.ok();
    let path = format!("/v1/ledger/journals/{}/reject", text(&wrong["id"]));
    ann.post(&path, &json!({"reason": "a typo"})).await.ok();
    let list = ann.get("/v1/ledger/journals?status=approved").await.ok();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    let unknown = ann
        .post(
            "/v1/ledger/journals",
            &journal("x", ("1.00", "-1.00"), &json!({"lines": [{"account": "9999-x", "amount": "1"}]})),
        )
        .await;
    assert_eq!(unknown.problem(), (404, "account_unknown"));

    // Auditors see who entered and who approved.
    let csv = ann.request(reqwest::Method::GET, "/v1/ledger/exports?entity=operator&format=csv").send().await.unwrap();
    let csv = csv.text().await.unwrap();
    let manual = csv.lines().find(|line| line.contains("journal.manual")).expect("its line");
    assert!(
        manual.contains("\"goodwill; \"\"sorry\"\"\"") && manual.contains(",ann,") && manual.contains(",bob,"),
        "{manual}"
    );
    let report = audit(&exchange.database, None).await.expect("an audit");
    assert!(report.sound, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tax_is_withheld_and_paid_to_the_state() {
    let exchange = TestExchange::start().await;
    crate::opening::trade(&exchange).await;
    let finance = exchange.finance();
    let north = exchange.client("north", Role::Provider);
    exchange.move_clock_to("2037-02-01T00:00:00Z").await;
    let path = "/v1/organizations/north/withholding";
    assert_eq!(finance.put(path, &json!({"basis_points": 10_001})).await.problem(), (422, "withholding_invalid"));
    finance.put(path, &json!({"basis_points": 2400})).await.ok();
    assert_eq!(finance.get(path).await.ok()["basis_points"], 2400);
    let payout = north.post("/v1/payouts", &json!({"amount": "100.00", "currency": "USD"})).await.ok();
    let told = (&payout["amount"], &payout["withheld"], &payout["in_transit"]);
    assert_eq!(told, (&json!("100.00"), &json!("24.00"), &json!("76.00")));
    let entries = finance.get("/v1/ledger/entries?account=2400-withheld-tax").await.ok();
    assert_eq!(rules(&entries).first().map(String::as_str), Some("tax.withheld.1"));
    let returned = format!("/v1/payouts/{}/return", text(&payout["id"]));
    finance.post(&returned, &json!({"reason": "account closed"})).await.ok();
    assert_eq!(balance(&north, "payable").await, "201.60");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_month_of_the_demonstration_closes_and_its_tampered_line_is_named() {
    let mut told = Vec::new();
    tests::demo::month::play(&mut tests::demo::Teller::new(&mut told)).await.expect("a month without a surprise");
    let told = String::from_utf8(told).expect("text");
    for expected in
        ["is closed by ann", "contract_terminated", "charge_missed", "forfeited", "sound up to", "NOT SOUND"]
    {
        assert!(told.contains(expected), "{expected} is missing:\n{told}");
    }
}
