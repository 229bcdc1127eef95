//! An exchange on its first day: a market, capacity on offer, money to buy it with. Its hours lie far ahead of any machine's clock.

use api::auth::Role;
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, ask, bid, market, supply};
use tests::exchange::TestExchange;
use tests::picking::{contract_of, text};

/// The first hour that is on offer.
pub const START: &str = "2037-01-01T00:00:00Z";
/// A day later.
pub const NEXT_DAY: &str = "2037-01-02T00:00:00Z";
/// Another day later.
pub const THIRD_DAY: &str = "2037-01-03T00:00:00Z";
/// The hour after the last that is on offer.
pub const END: &str = "2037-02-01T00:00:00Z";

/// The organizations that trade, and what each has.
pub const ORGANIZATIONS: [(&str, Option<&str>); 4] =
    [("north", None), ("south", None), ("acme", Some("100000.00")), ("beta", Some("100000.00"))];

/// Opens the market and admits the organizations: the providers north and south, the buyers acme and beta.
pub async fn admit(exchange: &TestExchange) {
    let operator = exchange.operator();
    operator.post("/v1/markets", &market(MARKET)).await.ok();
    for (id, funds) in ORGANIZATIONS {
        operator.post("/v1/organizations", &json!({"id": id, "name": id})).await.ok();
        if let Some(amount) = funds {
            deposit(&operator, id, amount).await;
        }
    }
}

/// Credits money to an organization.
pub async fn deposit(operator: &ApiClient, organization: &str, amount: &str) {
    let deposit = json!({"organization": organization, "amount": amount, "currency": "USD", "reference": "wire"});
    operator.post("/v1/deposits", &deposit).await.ok();
}

/// Lists GPUs from [`START`] to [`END`] and answers the lot's id.
pub async fn list(provider: &ApiClient, gpus: u32) -> Value {
    provider.post("/v1/lots", &supply(gpus, START, END)).await.ok()["id"].clone()
}

/// The body of a bid for the first day.
pub fn day_bid(gpus: u32, limit_price: &str) -> Value {
    bid(gpus, limit_price, START, NEXT_DAY)
}

/// What is on the exchange after [`trade`].
pub struct Opened {
    /// The lot of north.
    pub lot: String,
    /// The bid of acme that rests.
    pub bid: String,
    /// The contract between acme and north.
    pub contract: String,
}

/// A first day: north offers 16 GPUs at 1.05, acme takes eight of them for a day and bids for eight more at 1.00.
pub async fn trade(exchange: &TestExchange) -> Opened {
    admit(exchange).await;
    let (north, acme) = (exchange.client("north", Role::Provider), exchange.client("acme", Role::Buyer));
    let lot = list(&north, 16).await;
    north.post("/v1/orders", &ask(&lot, 16, "1.0500")).await.ok();
    let filled = acme.post("/v1/orders", &day_bid(8, "1.1000")).await.ok();
    assert_eq!(filled["status"], "filled");
    let resting = acme.post("/v1/orders", &day_bid(8, "1.0000")).await.ok();
    assert_eq!(resting["status"], "open");
    Opened { lot: text(&lot), bid: text(&resting["id"]), contract: contract_of(&filled) }
}

/// The log's head.
pub async fn head(exchange: &TestExchange) -> u64 {
    exchange.anonymous().get("/readyz").await.ok()["sequence"].as_u64().expect("a sequence")
}
