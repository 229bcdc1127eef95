//! The end of a month: periods, journals of two people, corrections, and what auditors get to see of them.

use api::auth::{OPERATOR_ORGANIZATION, Role};
use jiff::civil::Date;
use serde_json::{Value, json};
use tests::client::{Answer, ApiClient, TRIAL_BALANCE};
use tests::exchange::TestExchange;
use tests::log::assert_sound;
use tests::picking::{account, balance, one_whose, only, rules, text};

use crate::bank::{ACCOUNT, send, with_bank_account};
use crate::opening::{END, admit};

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

/// An exchange in its first month, in which acme has paid in 5,000.00.
struct FirstMonth {
    exchange: TestExchange,
    finance: ApiClient,
    /// The first days of the month and of the two after it.
    first: Date,
    next: Date,
    after: Date,
}

impl FirstMonth {
    async fn start() -> Self {
        let exchange = TestExchange::start().await;
        let finance = exchange.finance();
        exchange.operator().post("/v1/organizations", &json!({"id": "acme", "name": "Acme"})).await.ok();
        with_bank_account(&finance).await;
        let [first, next, after] = months(&exchange).await;
        let announced = json!({"amount": "5000.00", "currency": "USD"});
        let expected = exchange.client("acme", Role::Buyer).post("/v1/account/deposits", &announced).await.ok();
        bank_statement(&finance, ("0.00", "5000.00"), first, ("5000.00", &text(&expected["reference"]))).await;
        Self { exchange, finance, first, next, after }
    }

    async fn close(&self, month_from: Date) -> Answer {
        close(&self.finance, &month(month_from)).await
    }

    /// The statement of the month's last day comes, when the month is over: the bank has taken 10.00.
    async fn charge(&self) {
        let charged = ("5000.00", "4990.00");
        bank_statement(&self.finance, charged, self.first.last_of_month(), ("-10.00", "charges")).await;
    }

    /// What was taken is explained as an expense.
    async fn explain_charges(&self) -> Value {
        let periods = self.finance.get("/v1/ledger/periods").await.ok();
        let open = one_whose(&periods["unreconciled"], "amount", "-10.00");
        let line = json!({"statement": open["statement"], "line": open["line"]});
        let charges = json!({"lines": [line], "items": [{"account": "6000-expense"}]});
        self.finance.post("/v1/reconciliations", &charges).await.ok()
    }

    /// The trial balance of the month's last day.
    async fn reported(&self) -> Value {
        self.finance.get(&format!("{TRIAL_BALANCE}&as_of={}", self.first.last_of_month())).await.ok()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_when_it_is_over_and_the_next_to_close() {
    let month = FirstMonth::start().await;
    assert_eq!(month.close(month.first).await.problem(), (409, "period_not_over"));
    assert_eq!(month.close(month.next).await.problem(), (409, "period_not_next"));
    assert_eq!(close(&month.finance, "2027-13").await.problem(), (400, "invalid_query"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_when_all_of_it_is_explained() {
    let month = FirstMonth::start().await;
    move_to(&month.exchange, month.next).await;
    let early = month.close(month.first).await;
    assert_eq!(early.problem(), (409, "period_unreconciled"));
    assert!(text(&early.body["detail"]).contains("end with"), "{}", early.body);
    month.charge().await;
    assert_eq!(month.close(month.first).await.problem(), (409, "period_unreconciled"));
    let periods = month.finance.get("/v1/ledger/periods").await.ok();
    assert_eq!(periods["next"], month.first.strftime("%Y-%m").to_string());
    assert_eq!(periods["data"].as_array().map(Vec::len), Some(2));
    let open = one_whose(&periods["unreconciled"], "amount", "-10.00");
    assert_eq!((&open["kind"], &open["amount"]), (&json!("bank_line"), &json!("-10.00")));
    month.explain_charges().await;
    let reported = month.reported().await;
    let unmatched = account(&reported, "1010-bank-unmatched");
    assert_eq!(unmatched["balance"], "0.00", "the charges are explained on the day of their booking");
    let closed = month.close(month.first).await.ok();
    assert_eq!((&closed["status"], &closed["closed_by"]), (&json!("closed"), &json!("test")));
    assert_eq!(month.close(month.first).await.problem(), (409, "period_not_next"));
}

/// The charges were not charges: that is corrected in the month that is open.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_month_stays_as_it_is() {
    let month = FirstMonth::start().await;
    move_to(&month.exchange, month.next).await;
    month.charge().await;
    let charges = month.explain_charges().await;
    let reported = month.reported().await;
    month.close(month.first).await.ok();
    let FirstMonth { exchange, finance, next, after, .. } = &month;
    let undo = format!("/v1/reconciliations/{}/undo", text(&charges["id"]));
    finance.post(&undo, &json!({"reason": "a payment to acme"})).await.ok();
    let entries = finance.get("/v1/ledger/entries?limit=500").await.ok()["data"].clone();
    let undone = entries.as_array().unwrap().last().unwrap();
    assert_eq!((&undone["rule"], &undone["effective_date"]), (&json!("reconciliation.undone.1"), &json!(next)));
    let corrected = text(&undone["corrects"]);
    let event = corrected.strip_prefix("event:").expect("an event");
    let wrong = finance.get(&format!("/v1/ledger/entries?event={event}")).await.ok();
    assert_eq!(rules(&wrong).first().map(String::as_str), Some("bank.explained.1"));
    assert_eq!(month.reported().await["rows"], reported["rows"], "nothing has changed of the closed month");
    move_to(exchange, *after).await;
    assert_eq!(month.close(*next).await.problem(), (409, "period_unreconciled"));
    assert_sound(&exchange.database).await;
}

/// An expense, and acme's balance that is credited with it.
fn journal(text: &str, (expense, credit): (&str, &str), more: &Value) -> Value {
    let expense = json!({"account": "6000-expense", "amount": expense});
    let credit = json!({"account": "2000-customer-available", "organization": "acme", "amount": credit});
    let mut body = json!({"text": text, "currency": "USD", "lines": [expense, credit]});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

/// An exchange whose finance are ann and bob.
struct TwoPeople {
    exchange: TestExchange,
    ann: ApiClient,
    bob: ApiClient,
    acme: ApiClient,
}

impl TwoPeople {
    async fn start() -> Self {
        let exchange = TestExchange::start().await;
        admit(&exchange).await;
        let [ann, bob] = ["ann", "bob"].map(|name| exchange.person(name, OPERATOR_ORGANIZATION, Role::Finance));
        // What is given away is the owners'.
        let account = json!({"account": ACCOUNT, "currency": "USD", "opening": "100.00"});
        ann.post("/v1/bank-accounts", &account).await.ok();
        let acme = exchange.client("acme", Role::Buyer);
        Self { exchange, ann, bob, acme }
    }

    /// Acme is given 25.00, by ann.
    async fn propose_goodwill(&self) -> Value {
        let goodwill = journal("goodwill; \"sorry\"", ("25.00", "-25.00"), &json!({}));
        self.ann.post("/v1/ledger/journals", &goodwill).await.ok()
    }

    /// Acme is given 25.00, by both.
    async fn give_goodwill(&self) -> Value {
        let proposed = self.propose_goodwill().await;
        self.bob.post(&journal_path(&proposed, "/approve"), &json!({})).await.ok()
    }
}

fn journal_path(journal: &Value, what: &str) -> String {
    format!("/v1/ledger/journals/{}{what}", text(&journal["id"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_takes_two_people() {
    let people = TwoPeople::start().await;
    let TwoPeople { ann, bob, acme, .. } = &people;
    let before = balance(acme, "available").await;
    let proposed = people.propose_goodwill().await;
    assert_eq!((&proposed["status"], &proposed["proposed_by"]), (&json!("proposed"), &json!("ann")));
    let approve = journal_path(&proposed, "/approve");
    assert_eq!(ann.post(&approve, &json!({})).await.problem(), (403, "approval_own"));
    assert_eq!(balance(acme, "available").await, before, "nothing is posted by one");
    let approved = bob.post(&approve, &json!({})).await.ok();
    assert_eq!((&approved["status"], &approved["decided_by"]), (&json!("approved"), &json!("bob")));
    assert_ne!(balance(acme, "available").await, before);
    assert_eq!(bob.post(&approve, &json!({})).await.problem(), (409, "journal_not_open"));
    assert_eq!(ann.get(&journal_path(&proposed, "")).await.ok(), approved);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_is_told_of_a_journals_part_that_is_its_own() {
    let people = TwoPeople::start().await;
    people.give_goodwill().await;
    let told = people.acme.get("/v1/events?limit=500").await.ok().to_string();
    assert!(told.contains("journal_approved") && !told.contains("6000-expense") && !told.contains("\"bob\""), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_went_too_far_is_put_right_by_another_that_points_to_it() {
    let people = TwoPeople::start().await;
    let approved = people.give_goodwill().await;
    let TwoPeople { exchange, ann, bob, .. } = &people;
    let corrects = json!({"corrects": approved["sequence"]});
    let back = journal("of it, twenty back", ("-20.00", "20.00"), &corrects);
    let back = bob.post("/v1/ledger/journals", &back).await.ok();
    let back = ann.post(&journal_path(&back, "/approve"), &json!({})).await.ok();
    let entries = ann.get(&format!("/v1/ledger/entries?event={}", back["sequence"])).await.ok();
    assert_eq!(only(&entries["data"])["corrects"], format!("event:{}", approved["sequence"]));
    let list = ann.get("/v1/ledger/journals?status=approved").await.ok();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    assert_sound(&exchange.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_can_be_rejected_and_needs_accounts_that_there_are() {
    let people = TwoPeople::start().await;
    people.give_goodwill().await;
    let ann = &people.ann;
    let wrong = ann.post("/v1/ledger/journals", &journal("never", ("1.00", "-1.00"), &json!({}))).await.ok();
    ann.post(&journal_path(&wrong, "/reject"), &json!({"reason": "a typo"})).await.ok();
    let list = ann.get("/v1/ledger/journals?status=approved").await.ok();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "what is rejected is not among the approved");
    let nowhere = json!({"lines": [{"account": "9999-x", "amount": "1"}]});
    let unknown = ann.post("/v1/ledger/journals", &journal("x", ("1.00", "-1.00"), &nowhere)).await;
    assert_eq!(unknown.problem(), (404, "account_unknown"));
    assert_sound(&people.exchange.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auditors_see_who_entered_a_journal_and_who_approved_it() {
    let people = TwoPeople::start().await;
    people.give_goodwill().await;
    let csv = people.ann.text("/v1/ledger/exports?entity=operator&format=csv").await;
    let manual = csv.lines().find(|line| line.contains("journal.manual")).expect("its line");
    assert!(
        manual.contains("\"goodwill; \"\"sorry\"\"\"") && manual.contains(",ann,") && manual.contains(",bob,"),
        "{manual}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tax_is_withheld_and_paid_to_the_state() {
    let exchange = TestExchange::start().await;
    crate::opening::trade(&exchange).await;
    let (finance, north) = (exchange.finance(), exchange.client("north", Role::Provider));
    exchange.move_clock_to(END).await;
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
