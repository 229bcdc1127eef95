//! The general ledger as files, judged by the programs that they are for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use api::auth::Role;
use ledger::Amount;
use serde_json::Value;
use tempfile::TempDir;
use tests::client::{ApiClient, TRIAL_BALANCE, ask, bid, spot_ask, spot_bid};
use tests::exchange::TestExchange;
use tests::picking::text;
use tests::plain_text::{Balances, beancount_balances, hledger_balances, programs_are_there};

use crate::opening::{list, trade};

/// Deposits, trades at odd prices, holds, and deliveries over three days; answers the client of finance.
async fn busy(exchange: &TestExchange) -> ApiClient {
    trade(exchange).await;
    let (north, south) = (exchange.client("north", Role::Provider), exchange.client("south", Role::Provider));
    let odd = list(&south, 16).await;
    south.post("/v1/orders", &ask(&odd, 16, "0.9987")).await.ok();
    let beta = exchange.client("beta", Role::Buyer);
    let (start, end) = ("2037-01-01T07:00:00Z", "2037-01-04T00:00:00Z");
    let placed = beta.post("/v1/orders", &bid(8, "1.0100", start, end)).await.ok();
    assert_eq!(placed["status"], "filled");
    let more = list(&north, 8).await;
    north.post("/v1/orders", &spot_ask(&more, 8, "0.3333")).await.ok();
    beta.post("/v1/orders", &spot_bid(8, "0.4567")).await.ok();
    exchange.move_clock_to("2037-01-03T11:00:00Z").await;
    exchange.finance()
}

/// A file in a directory of its own.
struct Exported {
    path: PathBuf,
    text: String,
    disposition: String,
    _directory: TempDir,
}

async fn export(finance: &ApiClient, format: &str, days: &str) -> Exported {
    let path = format!("/v1/ledger/exports?entity=operator&format={format}{days}");
    let answer = finance.request(reqwest::Method::GET, &path).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    let disposition = answer.headers()["content-disposition"].to_str().expect("a name").to_owned();
    let text = answer.text().await.expect("the whole file");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(format!("ledger.{format}"));
    std::fs::write(&path, &text).expect("a file");
    Exported { path, text, disposition, _directory: directory }
}

/// Balances by the accounts' codes, which are the second part of the accounts' names.
fn by_code(balances: &Balances) -> BTreeMap<String, Amount> {
    let mut codes = BTreeMap::new();
    for ((account, currency), balance) in balances {
        assert_eq!(currency, "USD");
        let code = account.split(':').nth(1).unwrap_or_else(|| panic!("{account}"));
        *codes.entry(code.to_owned()).or_insert(Amount::ZERO) += *balance;
    }
    codes.retain(|_, balance| !balance.is_zero());
    codes
}

async fn trial_balance(finance: &ApiClient, as_of: Option<&str>) -> BTreeMap<String, Amount> {
    let as_of = as_of.map(|day| format!("&as_of={day}")).unwrap_or_default();
    let trial = finance.get(&format!("{TRIAL_BALANCE}{as_of}")).await.ok();
    let row = |row: &Value| (text(&row["account"]), text(&row["balance"]).parse::<Amount>().expect("an amount"));
    trial["rows"].as_array().expect("rows").iter().map(row).filter(|(_, balance)| !balance.is_zero()).collect()
}

/// Spans of days, and the day as of which the trial balance is that of the file.
const SPANS: [(&str, Option<&str>); 5] = [
    ("", None),
    ("&from=2037-01-02", None),
    ("&from=2037-01-02&to=2037-01-02", Some("2037-01-02")),
    ("&to=2037-01-01", Some("2037-01-01")),
    ("&from=2040-01-01&to=2040-12-31", None),
];

#[tokio::test(flavor = "multi_thread")]
async fn hledger_and_beancount_accept_the_books_and_come_to_the_same_balances() {
    if !programs_are_there() {
        return;
    }
    let exchange = TestExchange::start().await;
    let finance = busy(&exchange).await;
    for (days, as_of) in SPANS {
        let expected = trial_balance(&finance, as_of).await;
        assert!(expected.len() > 4, "{expected:?}");
        let of_hledger = hledger_balances(&export(&finance, "hledger", days).await.path);
        assert_eq!(by_code(&of_hledger), expected, "hledger{days}");
        let of_beancount = beancount_balances(&export(&finance, "beancount", days).await.path);
        assert_eq!(by_code(&of_beancount), expected, "beancount{days}");
    }

    let owned = finance.get("/v1/ledger/accounts?limit=500").await.ok();
    let balances = hledger_balances(&export(&finance, "hledger", "").await.path);
    let acme = owned["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|account| account["account"] == "2000-customer-available" && account["owner"] == "org:acme");
    let name = ("Liabilities:2000-customer-available:Org-acme".to_owned(), "USD".to_owned());
    assert_eq!(balances[&name].to_string(), text(&acme.unwrap()["balance"]), "each owner has an account of its own");
}

/// The assertions at the end of the files are worth something.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_another_amount_is_not_accepted() {
    if !programs_are_there() {
        return;
    }
    let exchange = TestExchange::start().await;
    let finance = busy(&exchange).await;
    for (format, program, arguments) in [("hledger", "hledger", &["check", "-f"][..]), ("beancount", "bean-check", &[])]
    {
        let file = export(&finance, format, "").await;
        let deposit = "100000.00 USD";
        assert!(file.text.contains(deposit));
        // One micro-unit more on either side of a deposit: the entry balances, the accounts do not come to what we say.
        let forged =
            file.text.replacen(deposit, "100000.000001 USD", 1).replacen("-100000.00 USD", "-100000.000001 USD", 1);
        std::fs::write(&file.path, forged).unwrap();
        let judged = std::process::Command::new(program).args(arguments).arg(&file.path).output().unwrap();
        assert!(!judged.status.success(), "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_for_auditors_are_those_of_the_books() {
    let exchange = TestExchange::start().await;
    let finance = busy(&exchange).await;
    let file = export(&finance, "csv", "&to=2037-01-01").await;
    assert!(
        file.disposition.contains("GL_Detail_operator_") && file.disposition.contains("_20370101.csv"),
        "{}",
        file.disposition
    );
    let mut reader = csv::Reader::from_path(&file.path).unwrap();
    let columns = reader.headers().unwrap().clone();
    assert_eq!(columns.iter().next(), Some("Journal_ID"));
    let of = |record: &csv::StringRecord, column: &str| {
        record[columns.iter().position(|name| name == column).unwrap_or_else(|| panic!("{column}"))].to_owned()
    };
    let mut balances: BTreeMap<String, Amount> = BTreeMap::new();
    let mut last = (0_i64, 0_i64);
    for record in reader.records() {
        let record = record.unwrap();
        let amount: Amount = of(&record, "Amount").parse().unwrap();
        assert!(amount > Amount::ZERO, "{record:?}");
        let signed = if of(&record, "Amount_Credit_Debit_Indicator") == "C" { -amount } else { amount };
        assert_eq!(of(&record, "Signed_Amount").parse::<Amount>().unwrap(), signed);
        *balances.entry(of(&record, "GL_Account_Number")).or_default() += signed;
        let place =
            (of(&record, "Journal_ID").parse().unwrap(), of(&record, "Journal_ID_Line_Number").parse().unwrap());
        let follows = place == (last.0, last.1 + 1) || (place.0 > last.0 && place.1 == 1);
        assert!(follows, "{place:?} follows {last:?}");
        last = place;
        let day = of(&record, "Effective_Date");
        assert_eq!((of(&record, "Fiscal_Year").as_str(), of(&record, "Period").as_str()), (&day[..4], &day[5..7]));
        assert_eq!(of(&record, "Business_Unit_Code"), "operator");
        assert!(!of(&record, "Entered_Date").is_empty(), "{record:?}");
    }
    balances.retain(|_, balance| !balance.is_zero());
    assert_eq!(balances, trial_balance(&finance, Some("2037-01-01")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_per_line_is_what_the_list_shows() {
    let exchange = TestExchange::start().await;
    let finance = busy(&exchange).await;
    let file = export(&finance, "jsonl", "").await;
    let exported: Vec<Value> = file.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = finance.get(&format!("/v1/ledger/entries?limit=500{cursor}")).await.ok();
        listed.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(listed.len() > 100, "{}", listed.len());
    assert_eq!(exported, listed);
    let none = export(&finance, "jsonl", "&from=2040-01-01").await;
    assert_eq!(none.text, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn books_in_which_nothing_happened_are_exported_too() {
    let exchange = TestExchange::start().await;
    let finance = exchange.finance();
    for format in ["csv", "jsonl", "hledger", "beancount"] {
        let file = export(&finance, format, "").await;
        assert!(file.text.lines().count() <= 4, "{}", file.text);
    }
    if programs_are_there() {
        assert_eq!(hledger_balances(&export(&finance, "hledger", "&from=2037-01-01").await.path), Balances::new());
        assert_eq!(beancount_balances(&export(&finance, "beancount", "&to=2037-01-01").await.path), Balances::new());
    }
}
