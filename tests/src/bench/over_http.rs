//! Orders over HTTP: the whole server in this process, with read models and relay, on loopback.

use std::collections::HashMap;
use std::net::TcpListener;
use std::time::Duration;

use api::auth::{Role, SigningKey, Tokens};
use api::commands::start_node;
use api::server::{Server, ServerSettings};
use infra::Clock;
use infra::webhooks::WebhookSettings;
use ledger::OrganizationId;
use matching::{Hour, MarketChoice, NewOrder, NewSide, Supply};
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use uuid::Uuid;

use super::flow::Flow;
use super::open_loop::{Generator, Offer};
use super::postgres::DurablePostgres;
use super::table::{Row, Table};
use super::{Options, acknowledged, catch_up, progress};

/// Offered orders per second.
const RATES: [u32; 3] = [500, 1_000, 2_000];
/// How long each is offered.
const SECONDS: usize = 8;
const IN_FLIGHT_MAX: usize = 256;
/// An order that takes longer counts as not accepted.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than the whole measurement.
const TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// An order ready to be sent.
struct Request {
    authorization: String,
    key: String,
    body: Vec<u8>,
}

pub(super) async fn measure(
    options: &Options,
    postgres: &DurablePostgres,
    per_order: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let database = postgres.database("over_http").await?;
    let clock = Clock::simulated();
    let (broker, relay) = catch_up::broker().await?;
    let node =
        start_node(database, clock.clone(), matching::Limits::default(), relay, WebhookSettings::default()).await?;
    let tokens = Tokens::new(&SigningKey::generate()?)?;
    let server = Server::start(
        node.clone(),
        tokens.clone(),
        TcpListener::bind("127.0.0.1:0")?,
        ServerSettings::of_one_machine(),
    )
    .await?;
    let mut flow = Flow::after(Hour::containing(clock.now()))?;
    acknowledged::open(&node.sequencer, &mut flow).await?;
    let mut requests = Requests { tokens, known: HashMap::new() };
    let generator = Generator::start()?;
    let url = format!("http://{}/v1/orders", server.address);
    // One client and so one pool: connections stay open from rate to rate.
    let client = Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .pool_max_idle_per_host(IN_FLIGHT_MAX)
        .timeout(PATIENCE)
        .build()?;
    for rate in RATES {
        progress::tell("orders over HTTP, offered per second", rate);
        let count = usize::try_from(rate)? * if options.quick { 1 } else { SECONDS };
        let orders = (0..count).map(|_| requests.of(&flow.order()?)).collect::<anyhow::Result<Vec<_>>>()?;
        let (client, url) = (client.clone(), url.clone());
        let offer = Offer { rate: Some(rate), in_flight_max: IN_FLIGHT_MAX };
        let offered = generator.offer(offer, orders, move |request| {
            let request = client
                .post(&url)
                .header(AUTHORIZATION, request.authorization)
                .header(CONTENT_TYPE, "application/json")
                .header("Idempotency-Key", request.key)
                .body(request.body);
            async move {
                let Ok(response) = request.send().await else { return false };
                let accepted = response.status().is_success();
                // Read to its end, or the connection could not be used again.
                response.bytes().await.is_ok() && accepted
            }
        });
        let offered = offered.await?;
        table.add(Row {
            measured: "orders over HTTP",
            size: format!("offered {rate}/s"),
            rate: offered.rate,
            latency: Some(offered.latencies.quantiles()),
            per_order_rate: Some(per_order),
            remarks: offered.remarks(format!("{} orders", offered.accepted)),
            ..Row::default()
        });
    }
    generator.stop();
    server.stop().await;
    drop(node);
    drop(broker);
    Ok(())
}

/// Makes requests of orders.
struct Requests {
    tokens: Tokens,
    known: HashMap<OrganizationId, String>,
}

impl Requests {
    fn of(&mut self, order: &NewOrder) -> anyhow::Result<Request> {
        let (role, body) = match &order.side {
            NewSide::Buy { markets: MarketChoice::One(market), window, .. } => (
                Role::Buyer,
                json!({"side": "buy", "kind": "term", "market": market, "gpus": order.gpus, "limit_price": order.limit_price,
                       "window": window}),
            ),
            NewSide::Sell { supply: Supply::Lot(lot), .. } => (
                Role::Provider,
                json!({"side": "sell", "kind": "term", "lot": lot, "gpus": order.gpus, "limit_price": order.limit_price}),
            ),
            other => anyhow::bail!("the plain flow has no such orders: {other:?}"),
        };
        let authorization = self.authorization(order.organization, role)?;
        Ok(Request { authorization, key: Uuid::now_v7().to_string(), body: Value::to_string(&body).into_bytes() })
    }

    fn authorization(&mut self, organization: OrganizationId, role: Role) -> anyhow::Result<String> {
        if let Some(known) = self.known.get(&organization) {
            return Ok(known.clone());
        }
        let token = self.tokens.issue("bench".parse()?, organization, role, TOKEN_LIFETIME);
        let token = token.map_err(|problem| anyhow::anyhow!("a token cannot be issued: {problem:?}"))?;
        let authorization = format!("Bearer {token}");
        self.known.insert(organization, authorization.clone());
        Ok(authorization)
    }
}
