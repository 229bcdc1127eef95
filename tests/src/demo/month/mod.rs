//! A month of an exchange, from its first day to its closed books: 20 buyers and 8 providers, contracts and hours, outages, a buyer who
//! does not pay, deposits and payouts by statement files, and two people who close the month.
//!
//! Everything goes through the REST API of a served exchange on a simulated clock. At the end the books are audited; then one line
//! is changed behind the exchange's back, and audited again.

mod participants;
mod trading;

use anyhow::{Context as _, ensure};
use api::auth::{OPERATOR_ORGANIZATION, Role};
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::Amount;
use serde_json::{Value, json};

use crate::client::ApiClient;
use crate::demo::bank::{self, Bank};
use crate::demo::{Teller, audited, own_topic};
use crate::exchange::TestExchange;
use participants::{BUYERS, PROVIDERS, buyer};

/// The first hour of contracts, counted from the month's start.
const DELIVERY_FROM: i64 = 2;

/// The month as it goes on.
struct Month {
    exchange: TestExchange,
    first: Date,
    operator: ApiClient,
    /// Two people of finance.
    finance: [ApiClient; 2],
    bank: Bank,
}

/// Plays the month and tells of it.
///
/// # Errors
/// Whatever did not go as a controller would have it.
pub async fn play(tell: &mut Teller<'_>) -> anyhow::Result<()> {
    let mut month = Month::open().await?;
    tell.heading(&format!("The month {}", month.name()))?;
    month.trade(tell).await?;
    month.close(tell).await?;
    month.report(tell).await?;
    month.prove(tell).await
}

impl Month {
    /// An exchange whose first event is in the first hour of a month of 31 days, and everyone on it.
    async fn open() -> anyhow::Result<Self> {
        let exchange = TestExchange::start().await;
        let operator = exchange.operator();
        let now = operator.get("/v1/clock").await.success()?;
        let now: Timestamp = now["now"].as_str().context("a time")?.parse()?;
        let mut first = now.to_zoned(jiff::tz::TimeZone::UTC).date().last_of_month().tomorrow()?;
        while first.days_in_month() < 31 {
            first = first.last_of_month().tomorrow()?;
        }
        operator.post("/v1/clock", &json!({"now": format!("{first}T00:00:00Z")})).await.success()?;
        let finance = ["ann", "bob"].map(|person| exchange.person(person, OPERATOR_ORGANIZATION, Role::Finance));
        let bank = Bank::open(&finance[0]).await?;
        Ok(Self { exchange, first, operator, finance, bank })
    }

    fn name(&self) -> String {
        self.first.strftime("%Y-%m").to_string()
    }

    /// The day of the month, from 1; the day after the last is the next month's first.
    fn day(&self, day: i64) -> Date {
        self.first.saturating_add(jiff::Span::new().days(day - 1))
    }

    /// An hour of a day, as the API writes it.
    fn at(&self, day: i64, hour: i64) -> String {
        format!("{}T{hour:02}:00:00Z", self.day(day))
    }

    async fn move_to(&self, day: i64, hour: i64) -> anyhow::Result<()> {
        self.operator.post("/v1/clock", &json!({"now": self.at(day, hour)})).await.success()?;
        Ok(())
    }

    fn buyer(&self, n: usize) -> ApiClient {
        self.exchange.client(&buyer(n), Role::Buyer)
    }

    fn provider(&self, id: &str) -> ApiClient {
        self.exchange.client(id, Role::Provider)
    }

    /// Imports the day's statement, and explains by hand what has not explained itself.
    async fn statement(&mut self, day: i64, by_hand: Value, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let date = self.day(day);
        let [ann, _] = &self.finance;
        let imported = self.bank.send_statement(ann, date).await?;
        let statement = &imported["statement"];
        let unexplained = statement["unexplained"].as_array().context("bookings")?.clone();
        let by_hand = by_hand.as_array().context("a list")?.clone();
        ensure!(unexplained.len() == by_hand.len(), "{} bookings are not explained: {imported}", unexplained.len());
        tell.line(&format!(
            "{date}  statement {} closes with {}; {} bookings, {} explained by hand",
            self.bank.statements(),
            statement["closing"].as_str().unwrap_or_default(),
            statement["lines"],
            by_hand.len()
        ))?;
        for (line, item) in unexplained.iter().zip(by_hand) {
            let line = json!({"statement": line["statement"], "line": line["line"]});
            ann.post("/v1/reconciliations", &json!({"lines": [line], "items": [item]})).await.success()?;
        }
        Ok(())
    }

    /// The month ends: it cannot be closed while something is open, and is closed when nothing is.
    async fn close(&mut self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        tell.heading("The close")?;
        self.move_to(32, 9).await?;
        let path = format!("/v1/ledger/periods/{}/close", self.name());
        let [ann, _] = self.finance.clone();
        let early = ann.post(&path, &json!({})).await;
        ensure!(early.status == 409, "the bank is not reconciled, and the month was closed: {}", early.body);
        tell.line(&format!("refused: {}", early.body["detail"].as_str().unwrap_or_default()))?;
        // The last payouts of the month, the tax withheld in it, and the bank's own charges.
        let tax = ann.get("/v1/ledger/trial-balance?entity=operator&currency=USD").await.success()?;
        let rows = tax["rows"].as_array().context("rows")?;
        let tax = rows.iter().find(|row| row["account"] == "2400-withheld-tax").context("the tax withheld")?;
        let tax: Amount = tax["balance"].as_str().context("an amount")?.parse()?;
        self.bank.book(tax.whole_cents(), "tax", "withheld tax");
        self.bank.book("-45.00".parse()?, "fees", "account charges");
        let by_hand = json!([{"account": "2400-withheld-tax"}, {"account": "6000-expense"}]);
        self.statement(31, by_hand, tell).await?;
        let state = ann.get(&format!("/v1/reconciliations?account={}", bank::ACCOUNT)).await.success()?;
        ensure!(state["reconciled"] == true, "something is unmatched: {state}");
        let closed = ann.post(&path, &json!({})).await.success()?;
        let (by, sequence) = (closed["closed_by"].as_str().unwrap_or_default(), &closed["sequence"]);
        tell.line(&format!(
            "{} is closed by {by}, event {sequence}; the bank is reconciled on both sides",
            self.name()
        ))?;
        let late = json!({"text": "too late", "currency": "USD", "effective_date": self.day(31),
                          "lines": [{"account": "6000-expense", "amount": "1.00"},
                                    {"account": "3000-equity", "amount": "-1.00"}]});
        let late = ann.post("/v1/ledger/journals", &late).await;
        ensure!(late.status == 422, "a journal was dated in the closed month");
        tell.line(&format!("refused: {}", late.body["detail"].as_str().unwrap_or_default()))
    }

    /// What finance reads of the month.
    async fn report(&self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let [ann, _] = &self.finance;
        tell.heading(&format!("What happened between {BUYERS} buyers and {} providers", PROVIDERS.len()))?;
        let owner = self.exchange.database.owner().await;
        let events = owner.query("SELECT type, count(*) FROM events GROUP BY type ORDER BY 2 DESC, 1", &[]).await?;
        for row in events {
            tell.line(&format!("{:<28}{:>16}", row.get::<_, &str>(0), row.get::<_, i64>(1)))?;
        }
        tell.heading(&format!("Trial balance of the operator, as of {}", self.day(31)))?;
        let of = "entity=operator&currency=USD";
        let trial = ann.get(&format!("/v1/ledger/trial-balance?{of}&as_of={}", self.day(31))).await.success()?;
        tell.table(&trial["rows"], &["account", "debit", "credit"])?;
        tell.table(
            &json!([{"": "", "debit": trial["total_debit"], "credit": trial["total_credit"]}]),
            &["", "debit", "credit"],
        )?;
        ensure!(trial["total_debit"] == trial["total_credit"], "the trial balance is not zero");
        tell.heading("Deferred revenue, rolled forward")?;
        let deferred = ann.get(&format!("/v1/ledger/deferred-revenue?{of}&month={}", self.name())).await.success()?;
        let total = deferred["total"]["movements"].as_object().context("movements")?;
        let movements = total.iter().map(|(movement, amount)| json!({"movement": movement, "amount": amount}));
        let opening = [json!({"movement": "opening", "amount": deferred["total"]["opening"]})];
        let closing = [json!({"movement": "closing", "amount": deferred["total"]["closing"]})];
        let rows: Vec<Value> = opening.into_iter().chain(movements).chain(closing).collect();
        tell.table(&Value::from(rows), &["movement", "amount"])
    }

    /// Audits everything, changes one line behind the exchange's back, and audits again.
    async fn prove(self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        tell.heading("The audit")?;
        let report = audited(&self.exchange, Some(own_topic(&self.exchange)?)).await?;
        tell.audit(&report)?;
        ensure!(report.sound, "the audit found a difference");
        let owner = self.exchange.database.owner().await;
        let one = "SELECT l.entry, l.line, a.owner FROM lines l JOIN accounts a ON a.id = l.account \
                   WHERE a.code = '2200-seller-payable' ORDER BY l.entry DESC, l.line LIMIT 1";
        let row = owner.query_one(one, &[]).await?;
        let (entry, line, whose): (i64, i32, String) = (row.get(0), row.get(1), row.get(2));
        let tamper = "ALTER TABLE lines DISABLE TRIGGER ALL; UPDATE lines SET amount = amount - 0.01";
        let tampered =
            format!("{tamper} WHERE entry = {entry} AND line = {line}; ALTER TABLE lines ENABLE TRIGGER ALL");
        owner.batch_execute(&tampered).await?;
        tell.heading("A cent more for one seller")?;
        tell.line(&format!("line {line} of entry {entry}, {whose}, is changed by the database's superuser"))?;
        let tampered = audited(&self.exchange, Some(own_topic(&self.exchange)?)).await?;
        tell.audit(&tampered)?;
        let named = tampered.checks.iter().filter_map(|outcome| outcome.first.as_ref());
        let named = named.filter(|finding| finding.place.starts_with(&format!("entry {entry} ")));
        ensure!(!tampered.sound && named.count() > 0, "the audit did not name entry {entry}");
        Ok(())
    }
}
