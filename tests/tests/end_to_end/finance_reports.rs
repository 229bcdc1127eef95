//! What finance asks of the books: deferred revenue rolled forward, payables by age, and what open orders hold.

use std::collections::{BTreeMap, VecDeque};

use api::auth::Role;
use jiff::civil::Date;
use ledger::Amount;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, TRIAL_BALANCE, ask, bid, market, spot_bid, with, without};
use tests::exchange::TestExchange;
use tests::picking::{amount, balance, one_whose, text};

use crate::invoices::quarter;
use crate::opening::{END, NEXT_DAY, START, admit, list};
use crate::reports::records;

const DEFERRED: &str = "/v1/ledger/deferred-revenue?entity=operator&currency=USD";
const AGEING: &str = "/v1/ledger/payables-ageing?entity=operator&currency=USD";
const HOLDS: &str = "/v1/ledger/open-holds?entity=operator&currency=USD";

fn items<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body[name].as_array().unwrap_or_else(|| panic!("{body}"))
}

/// A table as records by its header.
async fn table(client: &ApiClient, path: &str) -> Vec<BTreeMap<String, String>> {
    let answer = client.request(Method::GET, path).header("Accept", "text/csv").send().await.expect("an answer");
    assert!(answer.headers()["content-type"].to_str().expect("a type").starts_with("text/csv"), "{path}");
    records(&answer.text().await.expect("the whole table"))
}

async fn refuses_the_unknown(client: &ApiClient, path: &str) {
    for (from, to, expected) in [
        ("entity=operator", "entity=nobody", (404, "entity_unknown")),
        ("currency=USD", "currency=CHF", (404, "currency_unknown")),
        ("currency=USD", "currency=dollar", (400, "invalid_query")),
    ] {
        assert_eq!(client.get(&path.replace(from, to)).await.problem(), expected, "{path}");
    }
}

/// Balances of the trial balance by account, as owed.
async fn owed(finance: &ApiClient, as_of: &str) -> BTreeMap<String, Amount> {
    let trial = finance.get(&format!("{TRIAL_BALANCE}&as_of={as_of}")).await.ok();
    items(&trial, "rows").iter().map(|row| (text(&row["account"]), -amount(&row["balance"]))).collect()
}

/// The movements of a roll-forward: rule, account, what it does, how much.
fn movements(body: &Value) -> Vec<String> {
    let of_account = |account: &Value| -> Vec<String> {
        let code = text(&account["account"]);
        let line = |row: &Value| {
            let [rule, movement, amount] = ["rule", "movement", "amount"].map(|name| text(&row[name]));
            format!("{} {rule} {movement} {amount}", &code[..4])
        };
        items(account, "movements").iter().map(line).collect()
    };
    items(body, "accounts").iter().flat_map(of_account).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn deferred_revenue_is_rolled_forward_as_the_ledger_has_it() {
    let exchange = TestExchange::start().await;
    quarter(&exchange).await;
    let finance = exchange.finance();
    it_rolls_from_one_month_into_the_next(&finance).await;
    it_says_what_moved_and_why(&finance).await;
    its_table_says_the_same(&finance).await;
    refuses_the_unknown(&finance, DEFERRED).await;
    for bad in ["month=2037-1", "month=2037-01&to=2037-01-31", "from=2037-02-01&to=2037-01-01"] {
        assert_eq!(finance.get(&format!("{DEFERRED}&{bad}")).await.problem(), (400, "invalid_query"), "{bad}");
    }
}

async fn it_rolls_from_one_month_into_the_next(finance: &ApiClient) {
    let mut closing: BTreeMap<String, Amount> = BTreeMap::new();
    for (month, last) in [
        ("2036-12", "2036-12-31"),
        ("2037-01", "2037-01-31"),
        ("2037-02", "2037-02-28"),
        ("2037-03", "2037-03-31"),
        ("2037-04", "2037-04-30"),
    ] {
        let body = finance.get(&format!("{DEFERRED}&month={month}")).await.ok();
        let first = format!("{month}-01");
        assert_eq!(body, finance.get(&format!("{DEFERRED}&from={first}&to={last}")).await.ok(), "a month is its days");
        let owed = owed(finance, last).await;
        let mut total = Amount::ZERO;
        for account in items(&body, "accounts") {
            let code = text(&account["account"]);
            let opening = amount(&account["opening"]);
            assert_eq!(opening, closing.get(&code).copied().unwrap_or(Amount::ZERO), "{month} {code}");
            let moved: Amount = items(account, "movements").iter().map(|row| amount(&row["amount"])).sum();
            assert_eq!(opening + moved, amount(&account["closing"]));
            assert_eq!(owed[&code], amount(&account["closing"]), "{month} {code}");
            total += amount(&account["closing"]);
            closing.insert(code, amount(&account["closing"]));
        }
        assert_eq!(amount(&body["total"]["closing"]), total);
    }
    assert_eq!(closing.len(), 3, "contracts, their deposits, and hours bought one by one");
    assert!(closing.values().all(|left| left.is_zero()), "all contracts are over: {closing:?}");
}

async fn it_says_what_moved_and_why(finance: &ApiClient) {
    let whole = finance.get(DEFERRED).await.ok();
    assert_eq!(
        movements(&whole),
        [
            "2100 period.billed.1 added 5788.80",
            "2100 security.applied.1 transferred 482.40",
            "2100 term.prepaid.1 added 12538.56",
            "2100 hours.credited.1 returned -121.853333",
            "2100 hours.delivered.1 recognized -17814.946667",
            "2100 term.busted.1 returned -192.96",
            "2100 term.refunded.1 returned -680.00",
            "2105 security.taken.1 added 11577.60",
            "2105 security.applied.1 transferred -482.40",
            "2105 security.forfeited.1 forfeited -5788.80",
            "2105 security.returned.1 returned -5306.40",
            "2110 spot.sold.1 added 108.54",
            "2110 spot.delivered.1 recognized -108.54",
        ]
    );
    let of_kinds = &whole["total"]["movements"];
    assert_eq!((&of_kinds["transferred"], &of_kinds["forfeited"]), (&json!("0.00"), &json!("-5788.80")));
}

async fn its_table_says_the_same(finance: &ApiClient) {
    let rows = table(finance, &format!("{DEFERRED}&month=2037-01")).await;
    let january = finance.get(&format!("{DEFERRED}&month=2037-01")).await.ok();
    assert_eq!(rows.len(), movements(&january).len() + 2 * 3);
    let opening = rows.first().expect("a row");
    let prepaid = one_whose(&january["accounts"], "account", &opening["account"]);
    assert_eq!((opening["row"].as_str(), &opening["amount"]), ("opening", &text(&prepaid["opening"])));
}

/// What is left of an account's credits when its debits take the oldest first, by age in days.
fn unpaid(detail: &Value, as_of: Date) -> Vec<(i32, Amount)> {
    let mut credits: VecDeque<(Date, Amount)> = VecDeque::new();
    let (mut credited, mut debited) = (Amount::ZERO, Amount::ZERO);
    for line in items(detail, "lines") {
        let (day, moved) = (text(&line["effective_date"]).parse().expect("a day"), amount(&line["amount"]));
        if moved < Amount::ZERO {
            credits.push_back((day, -moved));
            credited += -moved;
        } else {
            debited += moved;
        }
    }
    assert!(debited <= credited);
    while let Some((_, oldest)) = credits.front_mut() {
        let taken = debited.min(*oldest);
        *oldest -= taken;
        debited -= taken;
        if !oldest.is_zero() {
            break;
        }
        credits.pop_front();
    }
    credits.into_iter().map(|(day, left)| ((as_of - day).get_days(), left)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn payables_are_told_by_age_the_oldest_paid_first() {
    let exchange = TestExchange::start().await;
    quarter(&exchange).await;
    let finance = exchange.finance();
    for as_of in ["2036-12-31", "2037-01-01", "2037-01-31", "2037-02-10", "2037-03-31", "2037-04-04", "2037-06-30"] {
        let body = finance.get(&format!("{AGEING}&as_of={as_of}")).await.ok();
        let path = "/v1/ledger/accounts/2200-seller-payable/lines?currency=USD&owner=org:north";
        let detail = finance.get(&format!("{path}&to={as_of}")).await.ok();
        let left = unpaid(&detail, as_of.parse().unwrap());
        let aged = |from: i32, to: i32| -> Amount {
            left.iter().filter(|(age, _)| (from..=to).contains(age)).map(|(_, left)| *left).sum()
        };
        let whole = aged(0, i32::MAX);
        let expected = [whole, aged(0, 30), aged(31, 60), aged(61, 90), aged(91, i32::MAX)];
        let shown = |ages: &Value| {
            ["payable", "days_0_30", "days_31_60", "days_61_90", "days_over_90"].map(|name| amount(&ages[name]))
        };
        let of_sellers: Vec<_> =
            items(&body, "sellers").iter().map(|of| (text(&of["organization"]), shown(of))).collect();
        let north = (!whole.is_zero()).then(|| ("north".to_owned(), expected));
        assert_eq!(of_sellers, north.into_iter().collect::<Vec<_>>(), "{as_of}");
        let total = owed(&finance, as_of).await["2200-seller-payable"];
        assert_eq!((shown(&body["total"]), amount(&body["total"]["payable"])), (expected, total), "{as_of}");
        let rows = table(&finance, &format!("{AGEING}&as_of={as_of}")).await;
        assert_eq!(rows.len(), of_sellers.len());
    }
    let today = finance.get(AGEING).await.ok();
    assert_eq!(today["as_of"], "2037-04-01");
    assert!(["days_0_30", "days_31_60", "days_61_90"].iter().all(|bucket| today["total"][bucket] != "0.00"), "{today}");
    refuses_the_unknown(&finance, AGEING).await;
}

/// Orders that hold money: partly filled, in several markets, by periods, by the hour; and one that is cancelled.
/// Answers those of acme that are open, in the order of their ids, and that of beta.
async fn orders_of_every_kind(exchange: &TestExchange) -> ([String; 3], String) {
    exchange.move_clock_to("2036-12-31T12:00:00Z").await;
    admit(exchange).await;
    let (acme, beta, north) = (
        exchange.client("acme", Role::Buyer),
        exchange.client("beta", Role::Buyer),
        exchange.client("north", Role::Provider),
    );
    let other = MARKET.replace("us-tx-1", "eu-no-1");
    exchange.operator().post("/v1/markets", &market(&other)).await.ok();
    let lot = list(&north, 16).await;
    north.post("/v1/orders", &ask(&lot, 16, "1.0000")).await.ok();
    let partly = with(bid(24, "1.0000", START, NEXT_DAY), "min_gpus", 8);
    let partly = acme.post("/v1/orders", &partly).await.ok();
    assert_eq!(partly["status"], "partially_filled", "{partly}");
    let wide = with(without(bid(8, "0.9000", START, END), "market"), "markets", json!([MARKET, other]));
    let wide = acme.post("/v1/orders", &wide).await.ok();
    let long = acme.post("/v1/orders", &bid(8, "0.7000", START, "2037-06-01T00:00:00Z")).await.ok();
    let spot = beta.post("/v1/orders", &spot_bid(8, "0.2000")).await.ok();
    let gone = beta.post("/v1/orders", &bid(8, "0.5000", START, NEXT_DAY)).await.ok();
    beta.delete(&format!("/v1/orders/{}", text(&gone["id"]))).await.ok();
    let mut of_acme = [&partly, &wide, &long].map(|order| text(&order["id"]));
    of_acme.sort();
    (of_acme, text(&spot["id"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn open_orders_hold_what_the_ledger_says_is_held() {
    let exchange = TestExchange::start().await;
    let finance = exchange.finance();
    let (of_acme, of_beta) = orders_of_every_kind(&exchange).await;
    refuses_the_unknown(&finance, HOLDS).await;
    let body = finance.get(HOLDS).await.ok();
    let held: BTreeMap<String, Vec<String>> = items(&body, "organizations")
        .iter()
        .map(|of| (text(&of["organization"]), items(of, "orders").iter().map(|order| text(&order["order"])).collect()))
        .collect();
    assert_eq!(held["acme"], of_acme);
    assert_eq!(held["beta"], [of_beta]);
    let mut total = Amount::ZERO;
    for of in items(&body, "organizations") {
        let client = exchange.client(&text(&of["organization"]), Role::Buyer);
        assert_eq!(of["balance"], balance(&client, "held").await);
        assert_eq!((&of["holds"], &of["difference"]), (&of["balance"], &json!("0.00")));
        assert!(amount(&of["holds"]) > Amount::ZERO);
        total += amount(&of["holds"]);
    }
    assert_eq!((amount(&body["balance"]), &body["difference"]), (total, &json!("0.00")));
    assert_eq!(total, owed(&finance, "2037-01-01").await["2010-customer-held"]);
    let rows = table(&finance, HOLDS).await;
    let holds = rows.iter().filter(|row| row["row"] == "hold").map(|row| row["amount"].parse::<Amount>().unwrap());
    assert_eq!(holds.sum::<Amount>(), total);
    assert_eq!(rows.iter().filter(|row| row["row"] == "difference").count(), 2);
}
