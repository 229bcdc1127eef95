//! Money over the bank: deposits, payouts, statement files, and what they were for.

use api::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{Answer, ApiClient, TRIAL_BALANCE, ask, bid, supply};
use tests::exchange::TestExchange;
use tests::picking::{List, account, balance, one_whose, only, text};

use crate::contract_life::Hours;
use crate::opening::admit;

pub const ACCOUNT: &str = "DE02120300000000202051";

/// An exchange with a bank account, on which a dollar may be missing.
async fn with_bank(exchange: &TestExchange) -> ApiClient {
    let finance = exchange.finance();
    with_bank_account(&finance).await;
    finance
}

/// Takes up a bank account.
pub async fn with_bank_account(finance: &ApiClient) {
    let account = json!({"account": ACCOUNT, "currency": "USD", "tolerance": "1.00"});
    finance.post("/v1/bank-accounts", &account).await.ok();
}

/// Where finance sees what of the account is explained.
fn reconciliations() -> String {
    format!("/v1/reconciliations?account={ACCOUNT}")
}

fn dollars(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

/// An exchange on whose account nova has paid in 5,000.00, as the first statement says, and 3.50 of interest came.
struct PaidIn {
    exchange: TestExchange,
    finance: ApiClient,
    nova: ApiClient,
    /// The statement's file, and what became of it.
    file: String,
    imported: Value,
}

impl PaidIn {
    async fn start() -> Self {
        let exchange = TestExchange::start().await;
        admit(&exchange).await;
        let finance = with_bank(&exchange).await;
        exchange.operator().post("/v1/organizations", &json!({"id": "nova", "name": "Nova"})).await.ok();
        let nova = exchange.client("nova", Role::Buyer);
        let expected = nova.post("/v1/account/deposits", &dollars("5000.00")).await.ok();
        assert_eq!((&expected["status"], &expected["received"]), (&json!("expected"), &json!("0.00")));
        assert_eq!(balance(&nova, "available").await, "0.00");
        let reference = format!("invoice {}", text(&expected["reference"]));
        let file = csv(1, "0.00", "5003.50", &[("5000.00", &reference), ("3.50", "interest")]);
        let imported = send(&finance, "/v1/bank-statements", "text/csv", file.clone()).await.ok();
        Self { exchange, finance, nova, file, imported }
    }

    /// Says that the interest is the exchange's own.
    async fn explain_interest(&self) -> Value {
        let open = self.finance.get(&reconciliations()).await.ok();
        let open = only(&open["lines"]);
        let line = json!({"statement": open["statement"], "line": open["line"]});
        let interest = json!({"lines": [line], "items": [{"account": "4900-other-income"}]});
        self.finance.post("/v1/reconciliations", &interest).await.ok()
    }

    /// North earns 80.00 by what nova buys of it.
    async fn earn(&self) -> ApiClient {
        let north = self.exchange.client("north", Role::Provider);
        let hours = Hours::of(&self.nova).await;
        let lot = north.post("/v1/lots", &supply(8, &hours.at(0), &hours.at(10))).await.ok()["id"].clone();
        north.post("/v1/orders", &ask(&lot, 8, "1.0000")).await.ok();
        self.nova.post("/v1/orders", &bid(8, "1.0000", &hours.at(0), &hours.at(10))).await.ok();
        hours.move_to(&self.exchange, 10).await;
        assert_eq!(balance(&north, "payable").await, "80.00");
        north
    }
}

/// Announces a deposit, and imports the account's first statement, which has it.
pub async fn pay_in(finance: &ApiClient, client: &ApiClient, amount: &str) {
    let expected = client.post("/v1/account/deposits", &dollars(amount)).await.ok();
    let file = csv(1, "0.00", amount, &[(amount, &text(&expected["reference"]))]);
    send(finance, "/v1/bank-statements", "text/csv", file).await.ok();
}

/// Sends a file as it is.
pub async fn send(client: &ApiClient, path: &str, content_type: &str, file: String) -> Answer {
    client.send(client.request(Method::POST, path).header("Content-Type", content_type).body(file)).await
}

/// A statement of these amounts with what they quote, in the documented CSV.
fn csv(number: u32, opening: &str, closing: &str, lines: &[(&str, &str)]) -> String {
    let row = |(amount, reference): &(&str, &str)| {
        format!("{ACCOUNT},USD,{number},{opening},{closing},2026-11-20,2026-11-20,{amount},{reference},,\n")
    };
    let rows: String = lines.iter().map(row).collect();
    format!("account,currency,statement,opening,closing,date,value_date,amount,reference,counterparty,text\n{rows}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_deposit_is_credited_when_the_bank_has_booked_it() {
    let PaidIn { exchange: _exchange, finance, nova, file, imported } = PaidIn::start().await;
    let imported = only(&imported["data"]);
    let statement = &imported["statement"];
    assert_eq!((&imported["status"], &statement["closing"]), (&json!(201), &json!("5003.50")));
    assert_eq!(only(&statement["unexplained"])["amount"], "3.50", "nothing is silent about what is not explained");
    assert_eq!(balance(&nova, "available").await, "5000.00");
    assert_eq!(only(&nova.get("/v1/account/deposits").await.ok()["data"])["status"], "matched");
    let again = send(&finance, "/v1/bank-statements", "text/csv", file).await;
    assert_eq!(again.problem(), (409, "statement_imported_before"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_deposit_explains_is_explained_by_hand() {
    let paid_in = PaidIn::start().await;
    let open = paid_in.finance.get(&reconciliations()).await.ok();
    assert_eq!((&open["reconciled"], &open["account"]["ledger_balance"]), (&json!(false), &json!("5003.50")));
    let interest = paid_in.explain_interest().await;
    assert_eq!((&interest["rule"], &only(&interest["items"])["amount"]), (&json!("manual"), &json!("3.50")));
    let explained = paid_in.finance.get(&reconciliations()).await.ok();
    // What was credited by hand, to acme and beta, is still on no statement.
    assert_eq!((&explained["lines"], &explained["reconciled"]), (&json!([]), &json!(false)));
    assert_eq!(explained["deposits"].as_array().map(Vec::len), Some(2));
}

/// The bank keeps a little of a payout for itself.
#[tokio::test(flavor = "multi_thread")]
async fn payouts_and_withdrawals_are_paid_when_the_bank_has_booked_them() {
    let paid_in = PaidIn::start().await;
    paid_in.explain_interest().await;
    let north = paid_in.earn().await;
    let PaidIn { finance, nova, .. } = &paid_in;
    assert_eq!(north.post("/v1/payouts", &dollars("80.01")).await.problem(), (422, "insufficient_funds"));
    let payout = north.post("/v1/payouts", &dollars("80.00")).await.ok();
    assert_eq!((&payout["status"], &payout["in_transit"]), (&json!("in_transit"), &json!("80.00")));
    let withdrawal = nova.post("/v1/account/withdrawals", &dollars("19.60")).await.ok();
    let wire = |transfer: &Value| text(&transfer["reference"]);
    let file = csv(2, "5003.50", "4903.40", &[("-80.50", &wire(&payout)), ("-19.60", &wire(&withdrawal))]);
    send(finance, "/v1/bank-statements?format=csv", "application/octet-stream", file).await.ok();
    assert_eq!(only(&north.get("/v1/payouts").await.ok()["data"])["status"], "paid");
    assert_eq!(only(&nova.get("/v1/account/withdrawals").await.ok()["data"])["status"], "paid");
    let done = finance.get(&reconciliations()).await.ok();
    assert_eq!((&done["lines"], &done["payouts"]), (&json!([]), &json!([])));
    assert_eq!(done["account"]["ledger_balance"], "4903.40");
    let trial = finance.get(TRIAL_BALANCE).await.ok();
    for (code, balance) in
        [("1000-bank", "4903.40"), ("6900-bank-difference", "0.50"), ("2300-payout-in-transit", "0.00")]
    {
        assert_eq!(account(&trial, code)["balance"], balance, "{code}");
    }
    assert_eq!(trial["total_debit"], trial["total_credit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconciliation_is_undone_and_made_again() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let finance = with_bank(&exchange).await;
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let before = balance(&acme, "available").await;
    let announced = dollars("100.00");
    let first = acme.post("/v1/account/deposits", &announced).await.ok();
    let second = beta.post("/v1/account/deposits", &announced).await.ok();
    let file = csv(1, "0.00", "100.00", &[("100.00", &text(&first["reference"]))]);
    send(&finance, "/v1/bank-statements", "text/csv", file).await.ok();
    let state = reconciliations();
    let matched = only(&finance.get(&state).await.ok()["data"]).clone();
    assert_eq!((&matched["rule"], &only(&matched["items"])["organization"]), (&json!("reference"), &json!("acme")));
    let undo = format!("/v1/reconciliations/{}/undo", text(&matched["id"]));
    finance.post(&undo, &json!({"reason": "it was beta's"})).await.ok();
    assert_eq!(finance.post(&undo, &json!({"reason": "again"})).await.problem(), (409, "reconciliation_unknown"));
    assert_eq!(balance(&acme, "available").await, before);
    let open = finance.get(&state).await.ok();
    assert_eq!(
        (open["lines"].as_array().map(Vec::len), open["deposits"].as_array().map(Vec::len)),
        (Some(1), Some(4)),
        "two were credited by hand"
    );
    let line = json!({"statement": only(&open["lines"])["statement"], "line": 1});
    let right = json!({"lines": [line], "items": [{"deposit": second["id"]}]});
    finance.post("/v1/reconciliations", &right).await.ok();
    let deposits = beta.get("/v1/account/deposits").await.ok();
    assert_eq!(one_whose(&deposits["data"], "id", &second["id"])["status"], "matched");
    is_listed_alike_page_by_page(&beta, &deposits).await;
    // Each organization is told of its own part, and of no account of the exchange.
    let told = beta.get("/v1/events?limit=500").await.ok().to_string();
    assert!(told.contains("reconciled") && !told.contains(ACCOUNT) && !told.contains("\"acme\""), "{told}");
}

async fn is_listed_alike_page_by_page(client: &ApiClient, deposits: &Value) {
    let mut paged = Vec::new();
    let mut path = "/v1/account/deposits?limit=1".to_owned();
    loop {
        let page = client.get(&path).await.ok();
        paged.extend(page["data"].as_array().expect("a page").clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/account/deposits?limit=1&cursor={cursor}");
    }
    assert_eq!(Value::Array(paged), deposits["data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_statements_in_a_file_stand_each_for_itself() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let finance = with_bank(&exchange).await;
    let mt940 = |account: &str, opening: &str, amount: &str, closing: &str| {
        format!(
            ":20:STATEMENT\r\n:25:{account}\r\n:28C:1/1\r\n:60F:C261119USD{opening}\r\n:61:2611191119C{amount}NTRFNONREF\r\n\
             :86:wire\r\n:62F:C261119USD{closing}\r\n-\r\n"
        )
    };
    let file = format!(
        "{}{}{}",
        mt940(ACCOUNT, "0,00", "10,00", "10,00"),
        mt940("ELSEWHERE", "0,00", "5,00", "5,00"),
        mt940(ACCOUNT, "10,00", "7,00", "17,01"),
    );
    let answer = send(&finance, "/v1/bank-statements", "text/plain", file).await;
    assert_eq!(answer.status.as_u16(), 207, "{}", answer.body);
    let outcomes = &answer.body["data"];
    let shown = outcomes.items().iter().map(|outcome| json!([outcome["status"], outcome["problem"]["code"]]));
    let expected = [json!([201, null]), json!([404, "bank_account_unknown"]), json!([422, "statement_broken"])];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    let broken = text(&one_whose(outcomes, "status", &422)["problem"]["detail"]);
    assert!(broken.contains("-0.01"), "the break, to the cent: {broken}");
    let nothing = send(&finance, "/v1/bank-statements", "text/plain", "hello".into()).await;
    assert_eq!(nothing.problem(), (422, "statement_unreadable"));
    let unknown = finance.get("/v1/reconciliations?account=NOWHERE").await;
    assert_eq!(unknown.problem(), (404, "bank_account_unknown"), "an empty answer is never a reconciled one");
    let gap = csv(2, "50.00", "60.00", &[("10.00", "x")]);
    let gap = send(&finance, "/v1/bank-statements", "text/csv", gap).await;
    assert_eq!(gap.problem(), (409, "statement_not_next"));
}
