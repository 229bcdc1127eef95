//! The month's trading: money comes in, contracts are made, most of them are delivered, and money goes out.

use anyhow::Context as _;
use ledger::Amount;
use serde_json::{Value, json};
use uuid::Uuid;

use super::participants::{
    BUYERS, DEPOSIT, LIMIT, LOT_DAYS, LOT_GPUS, PROVIDERS, SPOT_ASK, SPOT_LIMIT, buyer, purchase,
};
use super::{DELIVERY_FROM, Month};
use crate::client::{MARKET, market};
use crate::demo::Teller;

/// The days of the weekly payouts.
const PAYDAYS: [i64; 4] = [7, 14, 21, 28];
/// The seller from whose payouts tax is withheld, and how much: the backup withholding of 26 U.S.C. § 3406.
const TAXED: (&str, u16) = ("verda", 2_400);

/// A payout on its way to the bank.
struct Payout {
    id: Value,
    amount: Amount,
    reference: String,
}

impl Month {
    /// From the first day to the end of the last.
    pub(super) async fn trade(&mut self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        self.admit().await?;
        self.pay_in(tell).await?;
        self.offer().await?;
        self.buy(tell).await?;
        for day in 2..=31 {
            self.move_to(day, 12).await?;
            self.outages(day, tell).await?;
            if PAYDAYS.contains(&day) {
                self.payday(day, tell).await?;
            }
            if day == 17 {
                self.goodwill(tell).await?;
            }
        }
        Ok(())
    }

    async fn admit(&self) -> anyhow::Result<()> {
        self.operator.post("/v1/markets", &market(MARKET)).await.success()?;
        let buyers = (1..=BUYERS).map(buyer);
        for id in buyers.chain(PROVIDERS.iter().map(|provider| provider.id.to_owned())) {
            self.operator.post("/v1/organizations", &json!({"id": id, "name": id})).await.success()?;
        }
        let (taxed, basis_points) = TAXED;
        let path = format!("/v1/organizations/{taxed}/withholding");
        self.finance[0].put(&path, &json!({"basis_points": basis_points})).await.success()?;
        Ok(())
    }

    /// Every buyer announces a deposit. One forgets to quote its reference.
    async fn pay_in(&mut self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let mut forgotten = Value::Null;
        for n in 1..=BUYERS {
            let announced = json!({"amount": DEPOSIT, "currency": "USD"});
            let expected = self.buyer(n).post("/v1/account/deposits", &announced).await.success()?;
            let reference = expected["reference"].as_str().context("a reference")?;
            if n == 3 {
                forgotten = expected["id"].clone();
                self.bank.book(DEPOSIT.parse()?, "", "from startup-03");
            } else {
                self.bank.book(DEPOSIT.parse()?, reference, "deposit");
            }
        }
        self.statement(1, json!([{"deposit": forgotten}]), tell).await
    }

    async fn offer(&self) -> anyhow::Result<()> {
        let window = json!({"start": self.at(1, DELIVERY_FROM), "end": self.at(LOT_DAYS, 0)});
        for provider in &PROVIDERS {
            let client = self.provider(provider.id);
            let lot = json!({"market": MARKET, "gpus": LOT_GPUS, "window": window, "fabric": "hall-1",
                             "penalty_bps": provider.penalty_bps});
            let lot = client.post("/v1/lots", &lot).await.success()?["id"].clone();
            let mut ask =
                json!({"side": "sell", "kind": "term", "lot": lot, "gpus": LOT_GPUS, "limit_price": provider.price});
            client.post("/v1/orders", &ask).await.success()?;
            (ask["kind"], ask["limit_price"]) = (json!("spot"), json!(SPOT_ASK));
            client.post("/v1/orders", &ask).await.success()?;
        }
        Ok(())
    }

    /// Buyers take what they need for a term; the others bid by the hour. The last one keeps nothing for its second period.
    async fn buy(&mut self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let (mut contracts, mut by_the_hour) = (0, 0);
        for n in 1..=BUYERS {
            let client = self.buyer(n);
            let Some(wanted) = purchase(n) else {
                let standing =
                    json!({"side": "buy", "kind": "spot", "market": MARKET, "gpus": 8, "limit_price": SPOT_LIMIT});
                client.post("/v1/orders", &standing).await.success()?;
                by_the_hour += 1;
                continue;
            };
            let billing = if wanted.calendar_month { "calendar_month" } else { "hours_720" };
            let end = self.at(1 + wanted.days, DELIVERY_FROM);
            let bid = json!({"side": "buy", "kind": "term", "market": MARKET, "gpus": wanted.gpus, "limit_price": LIMIT,
                             "window": {"start": self.at(1, DELIVERY_FROM), "end": end}, "billing": billing});
            let order = client.post("/v1/orders", &bid).await.success()?;
            anyhow::ensure!(order["status"] == "filled", "{} does not get its GPUs: {order}", buyer(n));
            contracts += order["trades"].as_array().map_or(0, Vec::len);
        }
        let last = self.buyer(BUYERS);
        let left = last.get("/v1/account/balances").await.success()?["data"][0]["available"].clone();
        let left: Amount = left.as_str().context("an amount")?.parse()?;
        let cents = left.whole_cents();
        let taken =
            last.post("/v1/account/withdrawals", &json!({"amount": cents, "currency": "USD"})).await.success()?;
        self.bank.book(-cents, taken["reference"].as_str().context("a reference")?, "withdrawal");
        tell.line(&format!("{}  {contracts} contracts; {by_the_hour} buyers bid by the hour", self.day(1)))
    }

    /// The seller's contract that ends last, with its buyer.
    async fn contract_of(&self, seller: &str) -> anyhow::Result<(Uuid, String)> {
        let contracts = self.provider(seller).get("/v1/contracts?limit=500").await.success()?;
        let contracts = contracts["data"].as_array().context("contracts")?;
        let longest = contracts.iter().filter(|contract| contract["status"] == "active");
        let longest = longest.max_by_key(|contract| contract["window"]["end"].to_string()).context("a contract")?;
        let id = longest["id"].as_str().context("an id")?.parse()?;
        Ok((id, longest["buyer"].as_str().context("a buyer")?.to_owned()))
    }

    /// Three outages: one that the seller accepts when its hours are long delivered, one that an operator rules on, and one that the
    /// seller says itself while it lasts.
    async fn outages(&self, day: i64, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let (seller, from, until) = match day {
            5 => ("vast-ai", self.at(4, 10), Some(self.at(4, 16))),
            9 => ("verda", self.at(8, 0), Some(self.at(8, 12))),
            12 => ("hyperstack", self.at(12, 12), None),
            _ => return Ok(()),
        };
        let (contract, buyer) = self.contract_of(seller).await?;
        let (provider, buyer) = (self.provider(seller), self.exchange.client(&buyer, api::auth::Role::Buyer));
        let outage = json!({"contract": contract, "from": from, "until": until, "reason": "a node does not answer"});
        let (says, other) = if until.is_some() { (&buyer, &provider) } else { (&provider, &buyer) };
        let outage = says.post("/v1/outages", &outage).await.success()?;
        let path = |what: &str| format!("/v1/outages/{}/{what}", outage["id"].as_str().unwrap_or_default());
        if day == 9 {
            let ruling = json!({"upheld": true, "from": self.at(8, 6), "reason": "the logs show it from six on"});
            self.operator.post(&path("ruling"), &ruling).await.success()?;
            return tell.line(&format!("{}  an operator rules on an outage of {seller}", self.day(day)));
        }
        other.post(&path("accept"), &json!({})).await.success()?;
        if until.is_none() {
            self.move_to(day, 15).await?;
            provider.post(&path("restore"), &json!({})).await.success()?;
        }
        tell.line(&format!("{}  an outage of {seller} is accepted", self.day(day)))
    }

    /// Every provider has its earnings paid out. The bank keeps fifty cents of one payout, and one does not arrive.
    async fn payday(&mut self, day: i64, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let mut payouts = self.request_payouts().await?;
        if day == PAYDAYS[2]
            && let Some(Payout { id, .. }) = payouts.pop()
        {
            let path = format!("/v1/payouts/{}/return", id.as_str().context("an id")?);
            self.finance[0].post(&path, &json!({"reason": "account closed"})).await.success()?;
        }
        for (place, payout) in payouts.iter().enumerate() {
            let kept = if day == PAYDAYS[1] && place == 0 { Amount::from_micros(500_000) } else { Amount::ZERO };
            self.bank.book(-payout.amount - kept, &payout.reference, "payout");
        }
        tell.line(&format!("{}  {} sellers are paid", self.day(day), payouts.len()))?;
        self.statement(day, json!([]), tell).await
    }

    async fn request_payouts(&self) -> anyhow::Result<Vec<Payout>> {
        let mut payouts = Vec::new();
        for provider in &PROVIDERS {
            let client = self.provider(provider.id);
            let balances = client.get("/v1/account/balances").await.success()?;
            let payable: Amount = balances["data"][0]["payable"].as_str().unwrap_or("0.00").parse()?;
            let payable = payable.whole_cents();
            if payable <= Amount::ZERO {
                continue;
            }
            let asked = json!({"amount": payable, "currency": "USD"});
            let payout = client.post("/v1/payouts", &asked).await.success()?;
            payouts.push(Payout {
                id: payout["id"].clone(),
                amount: payout["in_transit"].as_str().context("an amount")?.parse()?,
                reference: payout["reference"].as_str().context("a reference")?.to_owned(),
            });
        }
        Ok(payouts)
    }

    /// Ann proposes a credit, and bob approves it.
    async fn goodwill(&self, tell: &mut Teller<'_>) -> anyhow::Result<()> {
        let [ann, bob] = &self.finance;
        let credited = buyer(3);
        let journal = json!({"text": "goodwill for the outage", "currency": "USD", "lines": [
            {"account": "6000-expense", "amount": "250.00"},
            {"account": "2000-customer-available", "organization": credited, "amount": "-250.00"},
        ]});
        let journal = ann.post("/v1/ledger/journals", &journal).await.success()?;
        let path = format!("/v1/ledger/journals/{}/approve", journal["id"].as_str().context("an id")?);
        let own = ann.post(&path, &json!({})).await;
        anyhow::ensure!(own.status == 403, "ann approved her own journal");
        bob.post(&path, &json!({})).await.success()?;
        tell.line(&format!("{}  a goodwill of 250.00 to {credited}: proposed by ann, approved by bob", self.day(17)))
    }
}
