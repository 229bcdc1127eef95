//! Invoices, credit notes and statements: that they tie to the ledger, whose they are, and that they never change.

use std::collections::BTreeMap;

use api::auth::Role;
use ledger::Amount;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{ApiClient, TRIAL_BALANCE, ask, bid, spot_ask, spot_bid, supply};
use tests::condition::{PATIENCE, until};
use tests::exchange::TestExchange;
use tests::picking::{List, account, amount, any, balance, contract_of, one_whose, text};
use tests::postgres::TestDatabase;
use tokio_postgres::Client;

use crate::opening::{NEXT_DAY, START, admit, deposit, trade};

const BEFORE: &str = "2036-12-31T12:00:00Z";
const CLIENT_NAME: &str = "O'Neill & <b>Sons</b>";

/// Every item of a list.
async fn all(client: &ApiClient, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut page = client.get(path).await.ok();
    loop {
        items.extend(page["data"].as_array().expect("a list").iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return items };
        let sign = if path.contains('?') { '&' } else { '?' };
        page = client.get(&format!("{path}{sign}cursor={cursor}")).await.ok();
    }
}

async fn lot(exchange: &TestExchange, gpus: u32, promises: Value) -> Value {
    let north = exchange.client("north", Role::Provider);
    let mut lot = supply(gpus, START, "2037-04-01T00:00:00Z");
    lot.as_object_mut().expect("an object").extend(promises.as_object().expect("an object").clone());
    north.post("/v1/lots", &lot).await.ok()["id"].clone()
}

async fn bought(buyer: &ApiClient, order: &Value) -> String {
    let order = buyer.post("/v1/orders", order).await.ok();
    assert_eq!(order["status"], "filled", "{order}");
    contract_of(&order)
}

/// An outage of four GPUs of a contract that north accepts while it lasts, and that ends.
async fn outage(exchange: &TestExchange, contract: &str, (from, accepted, end): (&str, &str, &str)) {
    let (acme, north) = (exchange.client("acme", Role::Buyer), exchange.client("north", Role::Provider));
    exchange.move_clock_to(accepted).await;
    let claim = json!({"contract": contract, "gpus": 4, "from": from, "reason": "no answer"});
    let claimed = acme.post("/v1/outages", &claim).await.ok();
    let path = format!("/v1/outages/{}", text(&claimed["id"]));
    north.post(&format!("{path}/accept"), &json!({})).await.ok();
    exchange.move_clock_to(end).await;
    north.post(&format!("{path}/restore"), &json!({"until": end})).await.ok();
}

/// The contracts of [`quarter`].
pub struct Quarter {
    /// 1,500 hours, billed by periods, with an outage.
    pub long: String,
    /// Ended for its outages.
    pub ended: String,
    /// Undone before its delivery.
    pub busted: String,
    /// Of a buyer that does not pay its second period.
    pub unpaid: String,
}

/// A quarter of a year: contracts that are billed, credited, refunded, undone and not paid, and hours bought one by one.
pub async fn quarter(exchange: &TestExchange) -> Quarter {
    exchange.move_clock_to(BEFORE).await;
    admit(exchange).await;
    let operator = exchange.operator();
    operator.post("/v1/organizations", &json!({"id": "poor", "name": CLIENT_NAME})).await.ok();
    deposit(&operator, "poor", "11577.60").await;
    let (acme, north) = (exchange.client("acme", Role::Buyer), exchange.client("north", Role::Provider));
    let poor = exchange.client("poor", Role::Buyer);
    let promises = json!({"penalty_bps": 2_500, "termination_outages": 2});
    // Who arrives pays the fee: north of the first contract, the buyers of the others.
    let resting = acme.post("/v1/orders", &bid(8, "1.0000", START, "2037-01-05T00:00:00Z")).await.ok();
    let lots = (lot(exchange, 40, promises).await, lot(exchange, 8, json!({})).await);
    north.post("/v1/orders", &ask(&lots.0, 40, "1.0000")).await.ok();
    let traded = acme.get(&format!("/v1/orders/{}", text(&resting["id"]))).await.ok();
    let ended = contract_of(&traded);
    let long = bought(&acme, &bid(8, "1.0000", START, "2037-03-04T12:00:00Z")).await;
    let busted = bought(&acme, &bid(8, "1.0000", START, NEXT_DAY)).await;
    let unpaid = bought(&poor, &bid(8, "1.0000", START, "2037-03-04T12:00:00Z")).await;
    operator.post(&format!("/v1/contracts/{busted}/bust"), &json!({"reason": "mistyped"})).await.ok();

    north.post("/v1/orders", &spot_ask(&lots.1, 8, "0.5000")).await.ok();
    let spot = acme.post("/v1/orders", &spot_bid(8, "0.8000")).await.ok();
    outage(exchange, &ended, ("2037-01-01T00:30:00Z", "2037-01-01T02:15:00Z", "2037-01-01T03:20:00Z")).await;
    outage(exchange, &ended, ("2037-01-01T05:00:00Z", "2037-01-01T07:00:00Z", "2037-01-01T10:00:00Z")).await;
    acme.post(&format!("/v1/contracts/{ended}/terminate"), &json!({"reason": "too often"})).await.ok();
    exchange.move_clock_to("2037-01-02T02:30:00Z").await;
    acme.delete(&format!("/v1/orders/{}", text(&spot["id"]))).await.ok();
    outage(exchange, &long, ("2037-01-30T22:00:00Z", "2037-01-31T03:00:00Z", "2037-02-01T05:00:00Z")).await;
    exchange.move_clock_to("2037-04-01T00:00:01Z").await;
    // What has been gathered of a month is issued with the first event after it.
    deposit(&operator, "beta", "1.00").await;
    Quarter { long, ended, busted, unpaid }
}

/// What a buyer's own accounts say it has paid for a contract, less what it got back.
async fn paid_by_ledger(exchange: &TestExchange, contract: &str, buyer: &str) -> Amount {
    let own = exchange.client(buyer, Role::Buyer).get(&format!("/v1/account/statement?contract={contract}")).await.ok();
    let of_contract = exchange.finance().get(&format!("/v1/ledger/statements?owner=contract:{contract}")).await.ok();
    let lines = |body: &Value, wanted: &dyn Fn(&Value) -> bool, rule: &str| -> Amount {
        let accounts = body["accounts"].as_array().expect("accounts").iter().filter(|account| wanted(account));
        let lines = accounts.flat_map(|account| account["lines"].as_array().expect("lines").clone());
        lines.filter(|line| text(&line["rule"]).starts_with(rule)).map(|line| amount(&line["amount"])).sum()
    };
    let organization = format!("org:{buyer}");
    let paid = lines(&own, &|account| account["owner"] == organization.as_str(), "");
    // A security deposit pays for nothing until it is applied.
    let is_deposit = |account: &Value| account["account"] == "2105-security-deposit";
    let held = -lines(&of_contract, &is_deposit, "");
    let forfeited = lines(&of_contract, &is_deposit, "security.forfeited");
    paid - held - forfeited
}

async fn invoiced(client: &ApiClient, contract: &str) -> Amount {
    let of_contract = all(client, &format!("/v1/invoices?contract={contract}&limit=2")).await;
    let signed = |item: &Value| match item["kind"].as_str() {
        Some("invoice") => amount(&item["total"]),
        Some("credit_note") => -amount(&item["total"]),
        _ => panic!("{item}"),
    };
    of_contract.iter().map(signed).sum()
}

/// A document in a line: its number, what it comes to, and each of its lines by kind and supplier.
fn summary(document: &Value) -> String {
    let lines = document["lines"].as_array().expect("lines").iter();
    let lines: Vec<String> = lines
        .map(|line| {
            let (kind, supplier) = (text(&line["kind"]), text(&line["supplier"]["organization"]));
            format!("{kind} {supplier} {}", text(&line["amount"]))
        })
        .collect();
    format!("{} {}: {}", text(&document["id"]), text(&document["total"]), lines.join(", "))
}

async fn summaries(client: &ApiClient, query: &str) -> Vec<String> {
    let mut shown = Vec::new();
    for item in all(client, &format!("/v1/invoices?{query}")).await {
        let document = client.get(&format!("/v1/invoices/{}", text(&item["id"]))).await.ok();
        let lines: Amount =
            document["lines"].as_array().expect("lines").iter().map(|line| amount(&line["amount"])).sum();
        assert_eq!(lines, amount(&document["total"]), "{document}");
        let suppliers = document["suppliers"].as_array().expect("suppliers").iter();
        assert_eq!(suppliers.map(|of| amount(&of["amount"])).sum::<Amount>(), lines);
        shown.push(summary(&document));
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn invoices_less_credit_notes_are_what_the_ledger_says_was_paid() {
    let exchange = TestExchange::start().await;
    let quarter = quarter(&exchange).await;
    let (acme, finance) = (exchange.client("acme", Role::Buyer), exchange.finance());
    for (contract, buyer) in
        [(&quarter.long, "acme"), (&quarter.ended, "acme"), (&quarter.busted, "acme"), (&quarter.unpaid, "poor")]
    {
        let paid = paid_by_ledger(&exchange, contract, buyer).await;
        assert_eq!(invoiced(&finance, contract).await, paid, "{contract}");
        assert_eq!(invoiced(&exchange.client(buyer, Role::Buyer), contract).await, paid, "the buyer's own");
        assert_eq!(paid == Amount::ZERO, contract == &quarter.busted);
    }

    periods_are_invoiced_and_outages_credited(&acme, &quarter.long).await;
    what_is_refunded_is_credited_at_once(&acme, &quarter.ended).await;
    what_was_undone_is_credited_whole(&acme, &quarter.busted).await;
    the_hours_bought_one_by_one_are_on_one_invoice(&acme, &finance).await;
}

/// Whole, in periods, and out of the security deposit; the exchange's part is its own.
async fn periods_are_invoiced_and_outages_credited(acme: &ApiClient, contract: &str) {
    assert_eq!(
        summaries(acme, &format!("contract={contract}&kind=invoice")).await,
        [
            "INV-2036-000002 5788.80: capacity north 5760.00, exchange_fee secondwind 28.80",
            "INV-2037-000001 5788.80: capacity north 5760.00, exchange_fee secondwind 28.80",
            "INV-2037-000003 482.40: capacity north 480.00, exchange_fee secondwind 2.40",
        ]
    );
    // Four GPUs for five hours that had been recorded and for 21 that had not; what passed in February is credited in February.
    assert_eq!(
        summaries(acme, &format!("contract={contract}&kind=credit_note")).await,
        [
            "CN-2037-000003 130.52: not_delivered north 84.00, exchange_fee secondwind 0.42, delivery_reversed north 20.00, \
             exchange_fee secondwind 0.10, penalty north 5.00, penalty north 21.00",
            "CN-2037-000004 25.10: not_delivered north 20.00, exchange_fee secondwind 0.10, penalty north 5.00",
        ]
    );
}

/// Its seller had arrived and pays the fee. What was not delivered is credited at the month's end.
async fn what_is_refunded_is_credited_at_once(acme: &ApiClient, contract: &str) {
    let of_ended = [
        "INV-2036-000001 768.00: capacity north 768.00",
        "CN-2037-000001 680.00: refund north 680.00",
        "CN-2037-000002 39.166666: not_delivered north 4.00, not_delivered north 1.333333, not_delivered north 12.00, \
         delivery_reversed north 6.00, penalty north 1.50, delivery_reversed north 8.00, penalty north 2.00, \
         penalty north 4.333333",
    ];
    assert_eq!(summaries(acme, &format!("contract={contract}")).await, of_ended);
    let note = acme.get("/v1/invoices/CN-2037-000002").await.ok();
    assert_eq!(note["corrects"], json!(["INV-2036-000001"]));
    let second_outage = one_whose(&note["lines"], "amount", "12.00");
    assert_eq!(second_outage["period"], json!({"start": "2037-01-01T07:00:00Z", "end": "2037-01-01T10:00:00Z"}));
    assert_eq!(second_outage["description"], "Time not delivered: 240 GPU-minutes of each hour");
}

async fn what_was_undone_is_credited_whole(acme: &ApiClient, contract: &str) {
    assert_eq!(
        summaries(acme, &format!("contract={contract}")).await,
        [
            "INV-2036-000003 192.96: capacity north 192.00, exchange_fee secondwind 0.96",
            "CN-2036-000001 192.96: refund north 192.00, exchange_fee secondwind 0.96",
        ]
    );
}

async fn the_hours_bought_one_by_one_are_on_one_invoice(acme: &ApiClient, finance: &ApiClient) {
    let of_january = all(acme, "/v1/invoices?month=2037-01&kind=invoice").await;
    assert_eq!(of_january.iter().map(|of| text(&of["id"])).collect::<Vec<_>>(), ["INV-2037-000001", "INV-2037-000002"]);
    let invoice = acme.get("/v1/invoices/INV-2037-000002").await.ok();
    assert_eq!((&invoice["issued"], &invoice["contract"]), (&json!("2037-01-31"), &Value::Null));
    assert_eq!(invoice["period"], json!({"start": START, "end": "2037-02-01T00:00:00Z"}));
    let path = "/v1/ledger/accounts/2110-spot-prepayment/lines?currency=USD&owner=org:acme";
    let detail = finance.get(path).await.ok();
    let delivered = detail["lines"].as_array().expect("lines").iter().filter(|line| line["rule"] == "spot.delivered.1");
    assert_eq!(delivered.map(|line| amount(&line["amount"])).sum::<Amount>(), amount(&invoice["total"]));
    let days = invoice["lines"].as_array().expect("lines").iter().map(|line| text(&line["period"]["start"]));
    assert_eq!(days.collect::<Vec<_>>(), [START, NEXT_DAY, START], "a line a day, and the month's fee");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_sellers_and_of_the_exchange_tie_to_the_ledger() {
    let exchange = TestExchange::start().await;
    quarter(&exchange).await;
    sellers_statements_are_what_they_earned(&exchange.client("north", Role::Provider)).await;
    let finance = exchange.finance();
    let every = all(&finance, "/v1/invoices?limit=3").await;
    the_fees_on_invoices_are_the_exchanges_revenue(&finance, &every).await;
    numbers_have_no_gaps(&every);
}

async fn sellers_statements_are_what_they_earned(north: &ApiClient) {
    let statements = all(north, "/v1/invoices?kind=self_billed_invoice").await;
    assert_eq!(
        statements.iter().map(|of| text(&of["issued"])).collect::<Vec<_>>(),
        ["2037-01-31", "2037-02-28", "2037-03-31"]
    );
    assert_eq!(
        summaries(north, "month=2037-01").await,
        [
            "FEE-2037-000001 0.283334: exchange_fee secondwind 0.283334",
            "SB-2037-000001 17527.35: capacity north 70.666667, delivery_reversed north -14.00, penalty north -7.833333, \
             capacity north 5868.00, delivery_reversed north -20.00, penalty north -26.00, capacity north 5760.00, \
             deposit_forfeited north 5788.80, capacity north 96.00, capacity north 12.00, exchange_fee secondwind -0.283334",
        ]
    );
    let earned: Amount = statements.iter().map(|of| amount(&of["total"])).sum();
    assert_eq!(earned.to_string(), balance(north, "payable").await);
}

/// What buyers paid is what sellers earned and the exchange kept: its invoices to both sides are its revenue.
async fn the_fees_on_invoices_are_the_exchanges_revenue(finance: &ApiClient, every: &[Value]) {
    let mut fees = Amount::ZERO;
    for item in every {
        let document = finance.get(&format!("/v1/invoices/{}", text(&item["id"]))).await.ok();
        let of_the_exchange = |line: &&Value| line["kind"] == "exchange_fee";
        let fees_of_it = document["lines"].items().iter().filter(of_the_exchange);
        let fee: Amount = fees_of_it.map(|line| amount(&line["amount"])).sum();
        match item["kind"].as_str() {
            Some("invoice" | "fee_invoice") => fees += fee,
            Some("credit_note") => fees -= fee,
            _ => {}
        }
    }
    let trial = finance.get(TRIAL_BALANCE).await.ok();
    assert_eq!(fees, -amount(&account(&trial, "4000-fee-revenue")["balance"]));
}

fn numbers_have_no_gaps(every: &[Value]) {
    let mut series: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
    for item in every {
        let number = text(&item["id"]);
        let (kind, count) = number.rsplit_once('-').expect("a number");
        series.entry((kind.to_owned(), text(&item["kind"]))).or_default().push(count.parse().expect("a count"));
    }
    assert!(series.len() >= 5, "{series:?}");
    for (kind, numbers) in series {
        let whole: Vec<u32> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, whole, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_is_shown_to_those_it_concerns_as_a_page_too() {
    let exchange = TestExchange::start().await;
    quarter(&exchange).await;
    let poor = exchange.client("poor", Role::Buyer);
    let invoices = all(&poor, "/v1/invoices").await;
    let number = text(&any(&invoices)["id"]);
    is_shown_to_those_it_concerns(&exchange, &number).await;
    can_be_printed(&poor, &number).await;
}

async fn is_shown_to_those_it_concerns(exchange: &TestExchange, number: &str) {
    let path = format!("/v1/invoices/{number}");
    for (role, stranger) in [(Role::Buyer, "acme"), (Role::Provider, "north"), (Role::Provider, "south")] {
        let refused = exchange.client(stranger, role).get(&path).await;
        assert_eq!(refused.problem(), (404, "not_found"), "{stranger}");
    }
    for role in [Role::Finance, Role::Operator, Role::Auditor] {
        let shown = exchange.client("secondwind", role).get(&path).await.ok();
        assert_eq!(shown["recipient"], json!({"organization": "poor", "name": CLIENT_NAME}));
    }
}

async fn can_be_printed(poor: &ApiClient, number: &str) {
    let path = format!("/v1/invoices/{number}");
    for (query, accept) in [("?format=html", "*/*"), ("", "text/html,application/xhtml+xml")] {
        let request = poor.request(Method::GET, &format!("{path}{query}")).header("Accept", accept);
        let page = request.send().await.expect("an answer");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let policy = page.headers()["content-security-policy"].to_str().expect("a policy");
        assert!(policy.starts_with("default-src 'none'"));
        let page = page.text().await.expect("the whole page");
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(number));
        assert!(page.contains("O&#39;Neill &#38; &#60;b&#62;Sons"), "{page}");
        assert!(!page.contains("<b>") && !page.contains("http"), "nothing is fetched");
        assert!(page.contains("@page") && page.contains("5788.80"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_invoices_that_are_not_possible_are_refused() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let acme = exchange.client("acme", Role::Buyer);
    for bad in ["month=2037-13", "month=january", "kind=bill", "contract=x", "cursor=x", "limit=0"] {
        let refused = acme.get(&format!("/v1/invoices?{bad}")).await;
        assert_eq!(refused.status, 400, "{bad}");
    }
}

/// Everything that invoicing has written.
async fn written(owner: &Client) -> String {
    let each = ["invoices", "invoice_numbers", "invoiced_organizations", "invoicing_position"]
        .map(|table| format!("SELECT '{table} ' || row_to_json(t)::text AS content FROM {table} t"));
    let all = format!("SELECT string_agg(content, E'\\n' ORDER BY content) FROM ({}) t", each.join(" UNION ALL "));
    owner.query_one(&all, &[]).await.expect("it can be read").get(0)
}

const EMPTY: &str = "BEGIN; DELETE FROM invoices; DELETE FROM invoice_numbers; DELETE FROM invoiced_organizations; \
                     UPDATE invoicing_position SET sequence = 0, month_sequence = 0, issued = 0; COMMIT";

#[tokio::test(flavor = "multi_thread")]
async fn the_same_log_gives_the_same_documents() {
    let mut exchange = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    quarter(&exchange).await;
    let owner = exchange.database.owner().await;
    let invoiced = async |exchange: &TestExchange| {
        assert!(exchange.node.invoicing.reached(exchange.node.log.head(), PATIENCE).await);
    };
    invoiced(&exchange).await;
    let before = written(&owner).await;

    // A restart in the middle of a month goes on with what the month had gathered.
    let database = exchange.stop().await;
    owner.batch_execute(EMPTY).await.unwrap();
    exchange = TestExchange::start_without_kafka(database).await;
    invoiced(&exchange).await;
    assert_eq!(written(&owner).await, before);

    // At work, too.
    owner.batch_execute(EMPTY).await.unwrap();
    deposit(&exchange.operator(), "beta", "1.00").await;
    let head = i64::try_from(exchange.node.log.head()).unwrap();
    until("the invoices are complete", async || {
        let row = owner.query_one("SELECT sequence FROM invoicing_position", &[]).await.unwrap();
        (row.get::<_, i64>(0) == head).then_some(())
    })
    .await;
    let documents =
        |text: &str| text.lines().filter(|line| line.starts_with("invoices ")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(documents(&written(&owner).await), documents(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_with_what_the_month_has_gathered() {
    let exchange = TestExchange::start_without_kafka(TestDatabase::create().await).await;
    let opened = trade(&exchange).await;
    exchange.move_clock_to("2037-01-01T05:00:00Z").await;
    let exchange = TestExchange::start_without_kafka(exchange.stop().await).await;
    exchange.move_clock_to("2037-02-01T00:00:01Z").await;
    deposit(&exchange.operator(), "beta", "1.00").await;
    let north = exchange.client("north", Role::Provider);
    assert_eq!(summaries(&north, "").await, ["SB-2037-000001 201.60: capacity north 201.60"]);
    let acme = exchange.client("acme", Role::Buyer);
    let own = all(&acme, &format!("/v1/invoices?contract={}", opened.contract)).await;
    assert_eq!(own.len(), 1);
    // What is issued is not changed, whoever asks the database in the service's name.
    let owner = exchange.database.owner().await;
    owner.batch_execute("SET ROLE secondwind_app").await.unwrap();
    for change in ["UPDATE invoices SET total = 0", "DELETE FROM invoices", "TRUNCATE invoices"] {
        assert!(owner.batch_execute(change).await.is_err(), "{change}");
    }
}
