//! A stand-in for the exchange that keeps the wire contract, and misbehaves where clients must cope: tokens that are
//! refused, overload, answers that are lost after the request took effect. Its matching is naive: capacity never ends, and
//! every hour over which the clock moves is sold to the spot bids that reach the first spot ask's price.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::{Method, StatusCode},
    rt::System,
    web,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Small, so that lists have several pages.
const PAGE: usize = 2;

/// Faults to be played, and everything that exists.
#[derive(Debug, Default)]
pub(super) struct World {
    /// Orders are refused with this code.
    pub(super) refuse_orders: Option<&'static str>,
    /// The contracts of trades are not listed.
    pub(super) lose_contracts: bool,
    /// The clock, where it was moved.
    now: Option<Timestamp>,
    auctions: BTreeMap<String, Vec<Value>>,
    spot_sales: BTreeMap<String, Vec<Value>>,
    next_id: u64,
    /// By client id: organization and role.
    clients: BTreeMap<String, (String, String)>,
    tokens: BTreeMap<String, u64>,
    organizations: BTreeSet<String>,
    markets: BTreeSet<String>,
    lots: BTreeMap<String, String>,
    asks: Vec<Value>,
    orders: BTreeMap<String, Vec<Value>>,
    trades: BTreeMap<String, Vec<Value>>,
    answers: BTreeMap<String, (u16, Value)>,
    attempts: BTreeMap<String, u64>,
}

pub(super) type Shared = Arc<Mutex<World>>;

/// Starts it at a port of its own; its address.
pub(super) fn start(world: Shared) -> String {
    start_at(world, SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Starts it in a thread that ends with the process.
pub(super) fn start_at(world: Shared, at: SocketAddr) -> String {
    let (address, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        System::new().block_on(async move {
            let server = HttpServer::new(move || {
                let world = world.clone();
                App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
                    let answer = answer(&mut world.lock().unwrap(), &request, &body);
                    std::future::ready(answer)
                }))
            });
            let server = server.workers(1).disable_signals().bind(at).unwrap();
            address.send(server.addrs()[0].to_string()).unwrap();
            server.run().await.unwrap();
        });
    });
    format!("http://{}", told.recv().unwrap())
}

fn reply(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).json(body)
}

fn problem(status: u16, code: &str) -> (u16, Value) {
    (status, json!({"status": status, "code": code, "detail": "as the test wants it"}))
}

fn answer(world: &mut World, request: &HttpRequest, body: &[u8]) -> HttpResponse {
    let path = request.path();
    if path == "/oauth/token" {
        let form = std::str::from_utf8(body).unwrap();
        let client = form.split('&').find_map(|field| field.strip_prefix("client_id=")).unwrap();
        let serial = world.tokens.entry(client.to_owned()).and_modify(|serial| *serial += 1).or_default();
        return reply(200, &json!({"access_token": format!("{client}:{serial}"), "expires_in": 900}));
    }
    let bearer = request.headers().get("authorization").unwrap().to_str().unwrap().strip_prefix("Bearer ").unwrap();
    let (client, serial) = bearer.split_once(':').unwrap();
    let (organization, role) = match client {
        "operator" | "finance" => (client.to_owned(), client.to_owned()),
        _ => world.clients[client].clone(),
    };
    if request.method() == Method::GET {
        return get(world, path, request.query_string(), &organization, &role);
    }

    if request.method() == Method::DELETE {
        return cancel(world, path, &organization);
    }
    let key = request.headers().get("idempotency-key").unwrap().to_str().unwrap().to_owned();
    assert!((1..=64).contains(&key.len()), "{key}");
    let key = format!("{organization} {path} {key}");
    if path == "/v1/orders" {
        if serial == "0" {
            return reply(401, &problem(401, "token_expired").1);
        }
        let attempt = world.attempts.entry(key.clone()).and_modify(|attempt| *attempt += 1).or_default();
        if *attempt == 0 {
            let busy = problem(503, "overloaded").1;
            return HttpResponse::ServiceUnavailable().insert_header(("retry-after", "0")).json(busy);
        }
        if *attempt == 1 {
            let effect = post(world, path, &organization, &role, body);
            world.answers.insert(key, effect);
            return reply(500, &problem(500, "internal").1);
        }
    }
    let (status, document) = match world.answers.get(&key) {
        Some(answer) => answer.clone(),
        None => post(world, path, &organization, &role, body),
    };
    world.answers.insert(key, (status, document.clone()));
    reply(status, &document)
}

fn get(world: &World, path: &str, query: &str, organization: &str, role: &str) -> HttpResponse {
    let list = match path {
        "/v1/clock" => return reply(200, &json!({"now": now(world).to_string(), "simulated": true})),
        "/v1/spot-sales" => world.spot_sales.get(organization).cloned().unwrap_or_default(),
        "/v1/ledger/trial-balance" => {
            assert_eq!((role, query), ("finance", "entity=operator&currency=USD"));
            let rows = [json!({"debit": "2.5", "credit": "0"}), json!({"debit": "0", "credit": "2.5"})];
            return reply(200, &json!({"rows": rows, "total_debit": "2.5", "total_credit": "2.5"}));
        }
        "/v1/orders" => world.orders.get(organization).cloned().unwrap_or_default(),
        "/v1/trades" => world.trades.get(organization).cloned().unwrap_or_default(),
        "/v1/contracts" if world.lose_contracts => Vec::new(),
        "/v1/contracts" => {
            let trades = world.trades.get(organization).cloned().unwrap_or_default();
            trades.iter().map(|trade| json!({"id": trade["contract"]})).collect()
        }
        other => {
            let market = other.strip_prefix("/v1/markets/").and_then(|rest| rest.strip_suffix("/spot"));
            let market = market.unwrap_or_else(|| panic!("GET {other} is not in the contract"));
            world.auctions.get(market).cloned().unwrap_or_default()
        }
    };
    let from: usize = query.split_once("cursor=").map_or(0, |(_, cursor)| cursor.parse().unwrap());
    let until = (from + PAGE).min(list.len());
    let next = (until < list.len()).then(|| until.to_string());
    reply(200, &json!({"data": list[from..until], "next_cursor": next}))
}

fn post(world: &mut World, path: &str, organization: &str, role: &str, body: &[u8]) -> (u16, Value) {
    let body: Value = serde_json::from_slice(body).unwrap();
    world.next_id += 1;
    let id = format!("id-{:04}", world.next_id);
    let text = |field: &str| body[field].as_str().unwrap().to_owned();
    match path {
        "/v1/markets" if !world.markets.insert(text("id")) => problem(409, "market_exists"),
        "/v1/organizations" if !world.organizations.insert(text("id")) => problem(409, "organization_exists"),
        "/v1/markets" | "/v1/organizations" | "/v1/deposits" => {
            assert_eq!(role, "operator");
            (201, json!({"id": id}))
        }
        "/v1/clock" => {
            assert_eq!(role, "operator");
            move_clock(world, text("now").parse().unwrap());
            (200, json!({"now": text("now"), "simulated": true}))
        }
        "/v1/lots" => {
            assert_eq!(role, "provider");
            world.lots.insert(id.clone(), text("market"));
            (201, json!({"id": id}))
        }
        "/v1/orders" => match world.refuse_orders {
            Some(code) => problem(422, code),
            None => (201, place(world, &id, organization, body)),
        },
        clients => {
            let of = clients.strip_prefix("/v1/organizations/").and_then(|rest| rest.strip_suffix("/clients")).unwrap();
            assert!(world.organizations.contains(of), "{of}");
            world.clients.insert(id.clone(), (of.to_owned(), text("role")));
            (201, json!({"client_id": id, "client_secret": "s", "organization": of, "role": text("role")}))
        }
    }
}

fn place(world: &mut World, id: &str, organization: &str, mut order: Value) -> Value {
    order["id"] = json!(id);
    order["status"] = json!("open");
    order["filled_gpus"] = json!(0);
    if order["side"] == "sell" {
        order["market"] = json!(world.lots[order["lot"].as_str().unwrap()]);
        world.asks.push(order.clone());
    } else if order["kind"] == "term" {
        let price = |order: &Value| order["limit_price"].as_str().unwrap().parse::<Decimal>().unwrap();
        let edge = |order: &Value, edge: &str| order["window"][edge].as_str().unwrap().to_owned();
        let ask = world.asks.iter().find(|ask| {
            ask["kind"] == "term"
                && ask["market"] == order["market"]
                && price(ask) <= price(&order)
                && edge(ask, "start") <= edge(&order, "start")
                && edge(&order, "end") <= edge(ask, "end")
        });
        if let Some(ask) = ask {
            let trade = json!({"id": format!("t-{id}"), "contract": format!("c-{id}"), "market": order["market"],
                "lot": ask["lot"], "gpus": order["gpus"], "price": ask["limit_price"], "window": order["window"],
                "amount": amount(ask, &order), "buyer_fee": "0"});
            order["status"] = json!("filled");
            order["filled_gpus"] = order["gpus"].clone();
            world.trades.entry(organization.to_owned()).or_default().push(trade);
        }
    }
    world.orders.entry(organization.to_owned()).or_default().push(order.clone());
    order
}

fn now(world: &World) -> Timestamp {
    world.now.unwrap_or_else(|| "2027-01-01T00:10:00Z".parse().unwrap())
}

fn move_clock(world: &mut World, to: Timestamp) {
    let mut hour = now(world).as_second() / 3600 + 1;
    world.now = Some(to);
    let price = |order: &Value| order["limit_price"].as_str().unwrap().parse::<Decimal>().unwrap();
    while hour * 3600 <= to.as_second() {
        let at = Timestamp::from_second(hour * 3600).unwrap();
        let covers = |ask: &Value| {
            let edge = |edge: &str| ask["window"][edge].as_str().unwrap().parse::<Timestamp>().unwrap();
            edge("start") <= at && at < edge("end")
        };
        let Some(ask) = world.asks.iter().find(|ask| ask["kind"] == "spot" && covers(ask)) else {
            hour += 1;
            continue;
        };
        let mut met = false;
        for (organization, orders) in &world.orders {
            let bids = orders.iter().filter(|bid| bid["kind"] == "spot" && bid["side"] == "buy");
            for bid in bids.filter(|bid| bid["status"] == "open" && price(bid) >= price(ask)) {
                met = true;
                let amount = price(ask) * Decimal::from(bid["gpus"].as_u64().unwrap());
                let sale = json!({"order": bid["id"], "market": ask["market"], "hour": at.to_string(), "minutes": 60,
                    "lot": ask["lot"], "gpus": bid["gpus"], "price": ask["limit_price"], "amount": amount.to_string()});
                world.spot_sales.entry(organization.clone()).or_default().push(sale);
            }
        }
        let clearing = if met { ask["limit_price"].clone() } else { Value::Null };
        let auction = json!({"hour": at.to_string(), "clearing_price": clearing});
        world.auctions.entry(ask["market"].as_str().unwrap().to_owned()).or_default().push(auction);
        hour += 1;
    }
}

fn cancel(world: &mut World, path: &str, organization: &str) -> HttpResponse {
    let id = path.strip_prefix("/v1/orders/").unwrap();
    let order = world.orders.get_mut(organization).and_then(|orders| orders.iter_mut().find(|order| order["id"] == id));
    let order = order.unwrap();
    order["status"] = json!("cancelled");
    reply(200, &order.clone())
}

fn amount(ask: &Value, order: &Value) -> String {
    let at = |edge: &str| order["window"][edge].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    let hours = (at("end") - at("start")) / 3600 * order["gpus"].as_i64().unwrap();
    (ask["limit_price"].as_str().unwrap().parse::<Decimal>().unwrap() * Decimal::from(hours)).to_string()
}
