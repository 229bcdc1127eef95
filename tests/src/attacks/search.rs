//! Books made to keep the search of a bid busy.

use std::time::{Duration, Instant};

use api::auth::Role;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{Attack, Stage};
use crate::client::{ApiClient, bid, market};

/// The markets of these attacks, one each, in which nobody else trades.
const PHANTOM: &str = "a100-80g-sxm4-ib.phantom-1";
const SWEPT_MARKET: &str = "a100-80g-sxm4-ib.phantom-3";
const CROWDED_MARKET: &str = "a100-80g-sxm4-ib.phantom-4";
const ONE_NODE_MARKET: &str = "a100-80g-sxm4-ib.phantom-2";
const START: &str = "2037-01-01T00:00:00Z";
const NEXT_DAY: &str = "2037-01-02T00:00:00Z";
const END: &str = "2037-04-01T00:00:00Z";
const LAST_START: &str = "2037-02-01T00:00:00Z";
/// Asks on the phantom lot.
const STAGGERED: u32 = 60;
/// Asks of one node.
const ONE_NODE: u32 = 240;
/// Bids that every ask is offered to.
const SWEPT: u32 = 600;

pub(super) fn all() -> Vec<Attack> {
    vec![
        Attack {
            name: "phantom_lot",
            what: "a lot that refuses short remnants, with small trades and 60 staggered asks; then a flexible quote",
            before: "one quote held every order and read for 8.8 s",
            play: |stage| Box::pin(phantom_lot(stage)) as BoxFuture<'_, _>,
        },
        Attack {
            name: "one_node_asks",
            what: "240 asks of one node each; then an all-or-none bid for one node more rests, again and again",
            before: "8.7 s for a bid among 100,000, and 9.5 s for each later ask",
            play: |stage| Box::pin(one_node_asks(stage)) as BoxFuture<'_, _>,
        },
        Attack {
            name: "swept_bids",
            what: "600 flexible all-or-none bids that nothing fills, over partly sold lots; then 20 small asks at their price",
            before: "3.5 s for an ask behind 6,000 of them, 55 s for 20, and every write in every market waited",
            play: |stage| Box::pin(swept_bids(stage)) as BoxFuture<'_, _>,
        },
        Attack {
            name: "crowd_of_bids",
            what: "6,000 bids at one price; then one ask that all of them take",
            before: "every market waited for 1.6 s for 10,000",
            play: |stage| Box::pin(crowd_of_bids(stage)) as BoxFuture<'_, _>,
        },
        Attack {
            name: "crowd_of_asks",
            what: "6,000 asks of six sellers at one price; then one bid that takes all of them",
            before: "one step, for which every market waited as long",
            play: |stage| Box::pin(crowd_of_asks(stage)) as BoxFuture<'_, _>,
        },
        Attack {
            name: "cancel_all",
            what: "6,000 bids of one buyer; then `DELETE /v1/orders`",
            before: "outcome_unknown for everyone while the books were young: a commit's cost grew with its square",
            play: |stage| Box::pin(cancel_all(stage)) as BoxFuture<'_, _>,
        },
        Attack {
            name: "expiring_crowd",
            what: "6,000 bids of one buyer that expire at one instant",
            before: "every command waited until all had ended, 0.4 s",
            play: |stage| Box::pin(expiring_crowd(stage)) as BoxFuture<'_, _>,
        },
    ]
}

/// Orders that one other trades with, or that end together.
const CROWD: u32 = 6_000;
/// Orders in a request.
const BATCH: u32 = 100;
/// GPUs of an order in a crowd.
const CROWD_GPUS: u32 = 8;

/// The attackers: a provider and a buyer with money.
async fn enter(stage: &Stage, at: &str) -> anyhow::Result<(ApiClient, ApiClient)> {
    let operator = stage.operator();
    // Whoever played before may have opened it.
    operator.post("/v1/markets", &market(at)).await;
    for id in ["phantom-seller", "phantom-buyer"] {
        operator.post("/v1/organizations", &json!({"id": id, "name": id})).await;
    }
    let deposit =
        json!({"organization": "phantom-buyer", "amount": "9000000.00", "currency": "USD", "reference": "wire"});
    operator.post("/v1/deposits", &deposit).await.success()?;
    Ok((stage.client("phantom-seller", Role::Provider), stage.client("phantom-buyer", Role::Buyer)))
}

async fn list(seller: &ApiClient, at: &str, gpus: u32, min_remnant_hours: u32) -> anyhow::Result<Value> {
    let window = json!({"start": START, "end": END});
    let lot = json!({"market": at, "gpus": gpus, "window": window, "fabric": "hall-1", "min_remnant_hours": min_remnant_hours});
    Ok(seller.post("/v1/lots", &lot).await.success()?["id"].clone())
}

fn ask(lot: &Value, gpus: u32, price: &str) -> Value {
    json!({"side": "sell", "kind": "term", "lot": lot, "gpus": gpus, "limit_price": price})
}

fn buy(at: &str, gpus: u32, price: &str, window: Value) -> Value {
    let mut bid = bid(gpus, price, START, NEXT_DAY);
    (bid["market"], bid["window"]) = (json!(at), window);
    bid
}

/// Plays the phantom lot, and tells why the quote does not fill and how long it took.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn phantom_lot(stage: &Stage) -> anyhow::Result<String> {
    let (seller, buyer) = enter(stage, PHANTOM).await?;
    let lot = list(&seller, PHANTOM, 8_000, 7).await?;
    let first = seller.post("/v1/orders", &ask(&lot, 8_000, "0.5000")).await.success()?;
    for sale in 0..20 {
        let (day, hours) = (2 + sale, 10 + sale % 10);
        let window = json!({"start": format!("2037-01-{day:02}T00:00:00Z"), "end": format!("2037-01-{day:02}T{hours:02}:00:00Z")});
        buyer.post("/v1/orders", &buy(PHANTOM, 8, "0.5000", window)).await.success()?;
    }
    seller.delete(&format!("/v1/orders/{}", first["id"].as_str().unwrap_or_default())).await.success()?;
    for n in 0..STAGGERED {
        let mut staggered = ask(&lot, 4_032 + 8 * (n % 3), &format!("0.6{n:03}"));
        let (from, to) = (
            format!("2037-01-{:02}T{:02}:00:00Z", 1 + n / 24, n % 24),
            format!("2037-03-{:02}T{:02}:00:00Z", 1 + n / 3, n % 24),
        );
        staggered["window"] = json!({"start": from, "end": to});
        seller.post("/v1/orders", &staggered).await.success()?;
    }
    let mut asked = buy(PHANTOM, 15_936, "2.0000", json!({"earliest": START, "latest": LAST_START, "hours": 400}));
    asked["time_in_force"] = json!("FOK");
    stage.is_set_up();
    let started = Instant::now();
    let quote = buyer.post("/v1/quotes", &asked).await.success()?;
    let took = started.elapsed();
    Ok(format!("{} in {}", told(&quote), millis(took)))
}

/// Plays the one-node asks, and tells what becomes of the bids.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn one_node_asks(stage: &Stage) -> anyhow::Result<String> {
    let (seller, buyer) = enter(stage, ONE_NODE_MARKET).await?;
    let lot = list(&seller, ONE_NODE_MARKET, 8 * ONE_NODE, 0).await?;
    for n in 0..ONE_NODE {
        seller.post("/v1/orders", &ask(&lot, 8, &format!("0.9{n:03}"))).await.success()?;
    }
    let gpus = 8 * ONE_NODE + 8;
    let mut wanted = buy(ONE_NODE_MARKET, gpus, "1.2000", json!({"start": START, "end": NEXT_DAY}));
    wanted["min_gpus"] = json!(gpus);
    stage.is_set_up();
    let started = Instant::now();
    for _ in 0..10 {
        let placed = buyer.post("/v1/orders", &wanted).await.success()?;
        anyhow::ensure!(
            placed["status"] == "open" && placed["filled_gpus"] == 0,
            "it trades nothing and rests: {placed}"
        );
    }
    let bids = started.elapsed() / 10;
    buyer.delete(&format!("/v1/orders?market={ONE_NODE_MARKET}")).await.success()?;
    seller.delete(&format!("/v1/orders?market={ONE_NODE_MARKET}")).await.success()?;
    Ok(format!("nothing traded, {} a bid", millis(bids)))
}

/// Plays asks behind bids that they might serve and do not fill, and tells what becomes of the asks.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn swept_bids(stage: &Stage) -> anyhow::Result<String> {
    let (seller, buyer) = enter(stage, SWEPT_MARKET).await?;
    for _ in 0..4 {
        let lot = list(&seller, SWEPT_MARKET, 64, 0).await?;
        seller.post("/v1/orders", &ask(&lot, 64, "0.0100")).await.success()?;
        for sale in 0..20 {
            let window = json!({"start": format!("2037-01-{:02}T{:02}:00:00Z", 2 + sale, sale), "end": format!("2037-01-{:02}T{:02}:00:00Z", 3 + sale, sale)});
            buyer.post("/v1/orders", &buy(SWEPT_MARKET, 8, "0.0100", window)).await.success()?;
        }
    }
    let mut wanted = buy(SWEPT_MARKET, 1_024, "0.0200", json!({"earliest": START, "latest": LAST_START, "hours": 23}));
    wanted["min_gpus"] = json!(1_024);
    for _ in 0..SWEPT {
        let placed = buyer.post("/v1/orders", &wanted).await.success()?;
        anyhow::ensure!(placed["status"] == "open", "it rests: {placed}");
    }
    let lot = list(&seller, SWEPT_MARKET, 8 * 20, 0).await?;
    stage.is_set_up();
    let asks = (0..20).map(|n| {
        let (seller, order) = (seller.clone(), ask(&lot, 8, &format!("0.01{n:02}")));
        async move { seller.post("/v1/orders", &order).await.success() }
    });
    let started = Instant::now();
    futures::future::try_join_all(asks).await?;
    let took = started.elapsed() / 20;
    buyer.delete(&format!("/v1/orders?market={SWEPT_MARKET}")).await.success()?;
    Ok(format!("nothing traded, {} an ask", millis(took)))
}

/// Lets a crowd of bids rest in a market of its own, and tells its seller and its buyer.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn crowd(stage: &Stage) -> anyhow::Result<(ApiClient, ApiClient)> {
    crowd_of(stage, &crowded_bid()).await
}

/// Lets a crowd of bids rest that are all like this one.
async fn crowd_of(stage: &Stage, wanted: &Value) -> anyhow::Result<(ApiClient, ApiClient)> {
    let (seller, buyer) = enter(stage, CROWDED_MARKET).await?;
    let limit = json!({"open_orders_max": CROWD});
    stage.operator().put("/v1/organizations/phantom-buyer/order-limit", &limit).await.success()?;
    place_all(&buyer, &vec![wanted.clone(); CROWD as usize]).await?;
    Ok((seller, buyer))
}

/// A bid of a crowd.
fn crowded_bid() -> Value {
    buy(CROWDED_MARKET, CROWD_GPUS, "0.0100", json!({"start": START, "end": NEXT_DAY}))
}

/// An ask that a whole crowd of bids takes, on a lot that it lists, and one bid like those of the crowd.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn crowded_orders(seller: &ApiClient) -> anyhow::Result<(Value, Value)> {
    let lot = list(seller, CROWDED_MARKET, CROWD * CROWD_GPUS, 0).await?;
    Ok((ask(&lot, CROWD * CROWD_GPUS, "0.0100"), crowded_bid()))
}

/// Places orders that rest.
async fn place_all(client: &ApiClient, orders: &[Value]) -> anyhow::Result<()> {
    for batch in orders.chunks(BATCH as usize) {
        let placed = client.post("/v1/orders/batch", &json!({"orders": batch})).await.success()?;
        let rest = placed["data"].as_array().into_iter().flatten().filter(|item| item["order"]["status"] == "open");
        anyhow::ensure!(rest.count() == batch.len(), "all rest: {placed}");
    }
    Ok(())
}

/// Plays an ask that very many bids take, and tells what becomes of it.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn crowd_of_bids(stage: &Stage) -> anyhow::Result<String> {
    let (seller, _) = crowd(stage).await?;
    let (ask, _) = crowded_orders(&seller).await?;
    trade_all(stage, &seller, &ask).await
}

/// Plays a bid that takes very many asks, and tells what becomes of it.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn crowd_of_asks(stage: &Stage) -> anyhow::Result<String> {
    let (_, buyer) = enter(stage, CROWDED_MARKET).await?;
    // As many as a seller may have in a market, as many as there may be on a lot.
    let (sellers, lots, on_a_lot) = (6, 4, CROWD / 24);
    for seller in 0..sellers {
        let id = format!("phantom-seller-{seller}");
        stage.operator().post("/v1/organizations", &json!({"id": id, "name": id})).await.success()?;
        let limit = json!({"open_orders_max": CROWD});
        stage.operator().put(&format!("/v1/organizations/{id}/order-limit"), &limit).await.success()?;
        let seller = stage.client(&id, Role::Provider);
        for _ in 0..lots {
            let lot = list(&seller, CROWDED_MARKET, on_a_lot * CROWD_GPUS, 0).await?;
            place_all(&seller, &vec![ask(&lot, CROWD_GPUS, "0.0100"); on_a_lot as usize]).await?;
        }
    }
    let mut wanted = buy(CROWDED_MARKET, CROWD * CROWD_GPUS, "0.0100", json!({"start": START, "end": NEXT_DAY}));
    wanted["time_in_force"] = json!("FOK");
    trade_all(stage, &buyer, &wanted).await
}

/// Places an order that trades with a whole crowd.
async fn trade_all(stage: &Stage, client: &ApiClient, order: &Value) -> anyhow::Result<String> {
    stage.is_set_up();
    let started = Instant::now();
    let placed = client.post("/v1/orders", order).await.success()?;
    let took = started.elapsed();
    anyhow::ensure!(placed["filled_gpus"] == CROWD * CROWD_GPUS, "it trades: {}", placed["filled_gpus"]);
    Ok(format!("{CROWD} trades in {}", millis(took)))
}

/// Plays the end of very many orders at once, and tells what becomes of them.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn cancel_all(stage: &Stage) -> anyhow::Result<String> {
    let (_, buyer) = crowd(stage).await?;
    stage.is_set_up();
    let started = Instant::now();
    let cancelled = buyer.delete("/v1/orders").await.success()?;
    let took = started.elapsed();
    anyhow::ensure!(cancelled["data"].as_array().map(Vec::len) == Some(CROWD as usize), "all end");
    Ok(format!("{CROWD} ended in {}", millis(took)))
}

/// Plays the end of very many orders whose time is over at one instant, and tells what becomes of them.
///
/// # Errors
/// When the exchange answers otherwise than it should.
pub async fn expiring_crowd(stage: &Stage) -> anyhow::Result<String> {
    let mut wanted = crowded_bid();
    (wanted["time_in_force"], wanted["expires_at"]) = (json!("GTD"), json!("2036-12-01T00:00:00Z"));
    let (_, buyer) = crowd_of(stage, &wanted).await?;
    // Near enough that it is not caught up with like a time when nobody led.
    stage.operator().post("/v1/clock", &json!({"now": "2036-11-30T23:59:59Z"})).await.success()?;
    stage.is_set_up();
    let started = Instant::now();
    // The command waits for whatever is due by then.
    stage.operator().post("/v1/clock", &json!({"now": "2036-12-01T00:00:00Z"})).await.success()?;
    let took = started.elapsed();
    let open = buyer.get("/v1/orders?status=open").await.success()?;
    anyhow::ensure!(open["data"] == json!([]), "all have ended: {open}");
    Ok(format!("{CROWD} ended in {}", millis(took)))
}

fn told(quote: &Value) -> String {
    match quote["fillable"].as_bool() {
        Some(true) => "fillable".to_owned(),
        _ => format!("unfillable ({})", quote["unfilled"]["reason"].as_str().unwrap_or("?")),
    }
}

fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1e3)
}
