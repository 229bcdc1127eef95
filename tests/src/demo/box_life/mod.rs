//! Five years of a box: a provider lists 6,720 GPUs, sells them for five years on the exchange, and finances them on that contract. The client pays
//! the exchange month by month, the exchange pays the box what its hours have earned, and the box pays its costs, its lenders and its sponsor.
//!
//! In one month half of the GPUs are out for sixteen days; in another the client's money, and then the exchange's, comes late.

mod deal;
mod outcome;

use anyhow::{Context as _, ensure};
use api::auth::{OPERATOR_ORGANIZATION, Role};
use infra::audit::TopicSource;
use jiff::civil::Date;
use jiff::{Span, Timestamp, tz::TimeZone};
use ledger::{Amount, share_floor};
use serde_json::{Value, json};

use super::bank::{self, Bank};
use super::{Teller, audited, own_topic};
use crate::client::{ApiClient, MARKET, market};
use crate::exchange::TestExchange;
use crate::kafka::TestTopic;
use crate::postgres::TestDatabase;

/// How many months the contract has.
pub const MONTHS: u32 = 60;
/// What is sold, and at what price.
const GPUS: u32 = 6_720;
const PRICE: &str = "1.1000";
/// Who sells it, and who buys.
const SPONSOR: &str = "north";
const CLIENT: &str = "orbit";
/// What the client pays in before the trade: two months with the exchange's fee, and a reserve for the months that are longer than the second.
const FIRST_DEPOSIT: &str = "12000000.00";
/// The month with the outage: how many GPUs are out, from its fourth day on, for how many hours.
const OUTAGE_MONTH: u32 = 7;
const OUT_GPUS: u32 = 3_360;
const OUT_HOURS: i64 = 380;
/// The month whose payments are late, by how many days and which part of it.
const LATE_MONTH: u32 = 13;
const LATE_DAYS: i64 = 2;
const LATE_SHARE_BPS: u16 = 2_500;
/// A broker in memory keeps the events of so many months.
const IN_MEMORY_MONTHS: u32 = 3;

/// A box as it goes on.
struct Life {
    exchange: TestExchange,
    /// Where its events go; none for a life of more events than a broker in memory keeps, where there is no other.
    topic: Option<TopicSource>,
    operator: ApiClient,
    finance: ApiClient,
    bank: Bank,
    /// The first day of the contract, and of the box.
    closing: Date,
    contract: Value,
    id: String,
    /// What each month brought, from its runs.
    runs: Vec<Value>,
    /// What was collected of the month with the outage, which the projection is told.
    short: String,
}

/// Plays the first `months` of a box's life and tells of it; all of them end it.
///
/// # Errors
/// Whatever did not go as a lender would have it.
pub async fn play(months: u32, tell: &mut Teller<'_>) -> anyhow::Result<()> {
    let mut life = Box::pin(Life::open(months, tell)).await?;
    tell.heading("Month by month")?;
    let columns = ["date", "collected", "interest", "principal", "reserve", "sponsor", "debt", "dscr"];
    tell.line(&columns.map(|column| format!("{column:>15}")).concat())?;
    for month in 1..=months {
        life.live(month, tell).await?;
    }
    life.compare(tell).await?;
    if months == MONTHS {
        life.end(tell).await?;
    }
    let report = audited(&life.exchange, life.topic).await?;
    tell.heading("The audit")?;
    tell.audit(&report)?;
    ensure!(report.sound, "the audit found a difference");
    Ok(())
}

impl Life {
    /// The contract is traded, the box is created on it and closed, and everything is ready for its first month: a January, so that its months
    /// are of the same lengths whenever it is played.
    async fn open(months: u32, tell: &mut Teller<'_>) -> anyhow::Result<Self> {
        let (exchange, topic) = start(months).await?;
        let operator = exchange.operator();
        let now = operator.get("/v1/clock").await.success()?;
        let now: Timestamp = now["now"].as_str().context("a time")?.parse()?;
        let closing = now.to_zoned(TimeZone::UTC).date().last_of_year().tomorrow()?;
        let finance = exchange.person("ann", OPERATOR_ORGANIZATION, Role::Finance);
        operator.post("/v1/markets", &market(MARKET)).await.success()?;
        for id in [SPONSOR, CLIENT] {
            operator.post("/v1/organizations", &json!({"id": id, "name": id})).await.success()?;
        }
        let bank = Bank::open(&finance).await?;
        let (contract, id, short) = (Value::Null, String::new(), String::new());
        let mut life =
            Self { exchange, topic, operator, finance, bank, closing, contract, id, runs: Vec::new(), short };
        tell.heading("The deal")?;
        life.trade(tell).await?;
        life.create(tell).await?;
        Ok(life)
    }

    /// The first day of a month of the life, from 1.
    fn first_of(&self, month: u32) -> Date {
        self.closing.saturating_add(Span::new().months(i64::from(month) - 1))
    }

    fn provider(&self) -> ApiClient {
        self.exchange.client(SPONSOR, Role::Provider)
    }

    fn client(&self) -> ApiClient {
        self.exchange.client(CLIENT, Role::Buyer)
    }

    async fn move_to(&self, day: Date, hour: i64) -> anyhow::Result<()> {
        self.operator.post("/v1/clock", &json!({"now": format!("{day}T{hour:02}:00:00Z")})).await.success()?;
        Ok(())
    }

    /// The client pays money in, which the bank's statement of the day shows.
    async fn pay_in(&mut self, amount: &str, day: Date) -> anyhow::Result<()> {
        let announced = json!({"amount": amount, "currency": "USD"});
        let expected = self.client().post("/v1/account/deposits", &announced).await.success()?;
        self.bank.book(amount.parse()?, expected["reference"].as_str().context("a reference")?, "compute");
        let imported = self.bank.send_statement(&self.finance, day).await?;
        ensure!(imported["statement"]["unexplained"] == json!([]), "a deposit did not explain itself: {imported}");
        Ok(())
    }

    async fn trade(&mut self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let (closing, end) = (self.closing, self.first_of(MONTHS + 1));
        self.move_to(closing.yesterday()?, 9).await?;
        self.pay_in(FIRST_DEPOSIT, closing.yesterday()?).await?;
        let window = json!({"start": format!("{closing}T00:00:00Z"), "end": format!("{end}T00:00:00Z")});
        let provider = self.provider();
        let lot = json!({"market": MARKET, "gpus": GPUS, "window": window, "fabric": "hall-1"});
        let lot = provider.post("/v1/lots", &lot).await.success()?;
        let ask = json!({"side": "sell", "kind": "term", "lot": lot["id"], "gpus": GPUS, "limit_price": PRICE});
        provider.post("/v1/orders", &ask).await.success()?;
        let bid = json!({"side": "buy", "kind": "term", "market": MARKET, "gpus": GPUS, "limit_price": "1.1200",
                         "window": window, "time_in_force": "FOK", "billing": "calendar_month"});
        let bid = self.client().post("/v1/orders", &bid).await.success()?;
        let trade = bid["trades"].get(0).context("a trade")?;
        self.contract = trade["contract"].clone();
        let contract = provider.get(&format!("/v1/contracts/{}", self.contract())).await.success()?;
        tell.line(&format!(
            "{SPONSOR} sells {} GPUs to {CLIENT} at {} from {closing} to {end}: {} {}, billed by calendar month",
            trade["gpus"],
            trade["price"].as_str().unwrap_or_default(),
            contract["total"].as_str().unwrap_or_default(),
            contract["currency"].as_str().unwrap_or_default()
        ))
    }

    fn contract(&self) -> &str {
        self.contract.as_str().unwrap_or_default()
    }

    /// The box is created on the contract, which is assigned to it before its first hour, and closed on its first day.
    async fn create(&mut self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let provider = self.provider();
        let created = provider.post("/v1/boxes", &deal::on(&self.contract, self.closing)?).await.success()?;
        created["id"].as_str().context("an id")?.clone_into(&mut self.id);
        let path = self.path("contracts");
        let assigned = provider.post(&path, &json!({"name": "anchor"})).await.success()?;
        let again = provider.post(&path, &json!({"name": "anchor"})).await;
        ensure!(again.status == 409, "a contract was assigned twice: {}", again.body);
        self.move_to(self.closing, 0).await?;
        let closed = self.finance.post(&self.path("closing"), &json!({})).await.success()?;
        tell.line(&format!(
            "{SPONSOR} assigns it to the box {}, which earns it from {} on",
            self.id,
            assigned["from"].as_str().unwrap_or_default()
        ))?;
        tell.line(&format!(
            "the box draws {} and buys the hardware for {}",
            closed["standing"]["debts"]["senior"].as_str().unwrap_or_default(),
            closed["deal"]["assets"][0]["cost"].as_str().unwrap_or_default()
        ))?;
        let projection = self.finance.get(&self.path("projection")).await.success()?;
        tell.line(&format!("the projection repays the debt in month {}", outcome::payoff(&projection)))
    }

    /// What is below the box.
    fn path(&self, of: &str) -> String {
        format!("/v1/boxes/{}/{of}", self.id)
    }

    /// A month: the client pays the next one, hours pass, the exchange pays the box, the box pays out.
    async fn live(&mut self, month: u32, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let (first, date) = (self.first_of(month), self.first_of(month + 1));
        if month == OUTAGE_MONTH {
            self.outage(first, tell).await?;
        }
        let is_late = month == LATE_MONTH;
        if month < MONTHS {
            let ahead = Span::new().days(if is_late { LATE_DAYS } else { 10 });
            let payday = date.saturating_sub(ahead);
            self.move_to(payday, 9).await?;
            if is_late {
                let contract = self.client().get(&format!("/v1/contracts/{}", self.contract())).await.success()?;
                let missed = contract["missed_charges"].as_u64().context("a number")?;
                ensure!(missed > 0, "the client was late, and nothing was missed: {contract}");
                tell.line(&format!(
                    "{payday}: the client pays late; the next month's charge was missed {missed} times"
                ))?;
            }
            // A month with its fee of 50 basis points.
            let hours = (self.first_of(month + 2) - date).get_days() * 24;
            let price = Amount::from_micros(1_105_500 * i128::from(GPUS) * i128::from(hours));
            self.pay_in(&price.whole_cents().to_string(), payday).await?;
        }
        self.move_to(date, 0).await?;
        let owed = self.owed().await?;
        if month == OUTAGE_MONTH {
            owed.to_string().clone_into(&mut self.short);
        }
        let late = if is_late { share_floor(owed, LATE_SHARE_BPS).whole_cents() } else { Amount::ZERO };
        self.pay_over(owed - late, date).await?;
        let run = self.finance.post(&self.path("waterfalls"), &json!({"determination_date": date})).await.success()?;
        self.balanced().await?;
        tell.line(&outcome::row(&run)?)?;
        self.runs.push(run);
        if is_late {
            let after = date.saturating_add(Span::new().days(LATE_DAYS));
            self.move_to(after, 9).await?;
            tell.line(&format!("{after}: the exchange's bank sends {late} that was to come on {date}"))?;
            self.pay_over(late, after).await?;
        }
        Ok(())
    }

    /// Half of the GPUs are out. The client accepts what the provider says of it, and is not billed.
    async fn outage(&self, first: Date, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let begins = first.saturating_add(Span::new().days(3));
        self.move_to(begins, 0).await?;
        let outage = json!({"contract": self.contract, "gpus": OUT_GPUS, "reason": "a transformer failed"});
        let outage = self.provider().post("/v1/outages", &outage).await.success()?;
        let path = format!("/v1/outages/{}", outage["id"].as_str().context("an id")?);
        self.client().post(&format!("{path}/accept"), &json!({})).await.success()?;
        let ends = begins.to_datetime(jiff::civil::Time::midnight()).saturating_add(Span::new().hours(OUT_HOURS));
        self.move_to(ends.date(), i64::from(ends.hour())).await?;
        self.provider().post(&format!("{path}/restore"), &json!({})).await.success()?;
        tell.line(&format!("{begins}: {OUT_GPUS} GPUs are out for {OUT_HOURS} hours, which nobody is billed"))
    }

    /// What the exchange owes the box, in whole cents.
    async fn owed(&self) -> anyhow::Result<Amount> {
        let it = self.finance.get(&format!("/v1/boxes/{}", self.id)).await.success()?;
        let owed: Amount = it["contracts"][0]["owed"].as_str().context("an amount")?.parse()?;
        Ok(owed.whole_cents())
    }

    /// The exchange pays the box: in the books of either, and out of the exchange's bank.
    async fn pay_over(&mut self, amount: Amount, day: Date) -> anyhow::Result<()> {
        let collection =
            json!({"contract": "anchor", "amount": amount, "date": day, "reference": format!("anchor {day}")});
        let paid = self.finance.post(&self.path("collections"), &collection).await.success()?;
        let entries = self.finance.get(&format!("/v1/ledger/entries?event={}", paid["sequence"])).await.success()?;
        let is_pair = entries["data"].as_array().is_some_and(|data| data.len() == 2);
        ensure!(is_pair, "not a pair of entries: {entries}");
        self.bank.book(-amount, &self.id, "to the box");
        let imported = self.bank.send_statement(&self.finance, day).await?;
        let line = imported["statement"]["unexplained"].get(0).context("the payment to the box")?;
        let line = json!({"statement": line["statement"], "line": line["line"]});
        let matched = json!({"lines": [line], "items": [{"box": self.id}]});
        self.finance.post("/v1/reconciliations", &matched).await.success()?;
        Ok(())
    }

    /// Either's books come to zero, and the bank agrees with them.
    async fn balanced(&self) -> anyhow::Result<()> {
        for entity in ["operator".to_owned(), format!("box:{}", self.id)] {
            let path = format!("/v1/ledger/trial-balance?entity={entity}&currency=USD");
            let trial = self.finance.get(&path).await.success()?;
            ensure!(trial["total_debit"] == trial["total_credit"], "the books of {entity} are not zero: {trial}");
        }
        let state = self.finance.get(&format!("/v1/reconciliations?account={}", bank::ACCOUNT)).await.success()?;
        ensure!(state["reconciled"] == true, "something is unmatched: {state}");
        Ok(())
    }
}

/// An exchange whose events go to a broker that keeps them all; in its first months one in memory does.
async fn start(months: u32) -> anyhow::Result<(TestExchange, Option<TopicSource>)> {
    if months <= IN_MEMORY_MONTHS {
        let exchange = TestExchange::start().await;
        let topic = own_topic(&exchange)?;
        return Ok((exchange, Some(topic)));
    }
    let Some(topic) = TestTopic::create(2).await else { return Ok((TestExchange::start().await, None)) };
    let exchange = TestExchange::start_on(TestDatabase::create().await, topic.relay()).await;
    Ok((exchange, Some(TopicSource { brokers: topic.brokers.into(), topic: topic.name })))
}
