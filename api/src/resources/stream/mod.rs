//! A market's events as they happen, as server-sent events without names of organizations.
//!
//! A stream reads the log at the pace of its client and buffers nothing, so a slow client costs nothing but its own delay.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use bytes::Bytes;
use futures::Stream;
use infra::journal::{LogReader, LogRow};
use infra::node::Node;
use matching::{Event, MarketId, OrderSide, SpotSide};
use serde_json::json;
use tokio::sync::watch;

use super::markets;
use crate::auth::{Anyone, Caller};
use crate::problem::{Problem, ProblemBody, ProblemCode};

/// Events read from the log at a time.
const PAGE: usize = 500;
/// How often a silent stream shows that it is alive, so that proxies keep it open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A market's events as server-sent events: `id` is the sequence in the log, `event` one of `trade`, `order_placed`,
/// `order_amended`, `order_closed`, `trade_busted`, `spot_order_placed`, `spot_auction`, `spot_auction_missed`, `halted`, `resumed`. Starts with what happens next, or after `Last-Event-ID`.
#[utoipa::path(
    operation_id = "stream_market",
    tag = "market data",
    security(("oauth2" = [])),
    params(
        ("market" = String, Path, description = "The market's id"),
        ("Last-Event-ID" = Option<u64>, Header, description = "Resume after this event"),
    ),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/markets/{market}/stream")]
pub async fn stream(
    _caller: Caller<Anyone>,
    request: HttpRequest,
    market: web::Path<MarketId>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    markets::require(&node, *market)?;
    let position = match request.headers().get("Last-Event-ID") {
        None => node.log.head(),
        Some(value) => {
            let sequence = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
            let invalid = || Problem::new(ProblemCode::InvalidQuery, "Last-Event-ID must be a sequence of the log.");
            sequence.filter(|sequence| *sequence <= node.log.head()).ok_or_else(invalid)?
        }
    };
    let follower = Follower {
        market: *market,
        position,
        heads: node.log.subscribe(),
        log: node.log.clone(),
        ready: VecDeque::new(),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(events(follower)))
}

/// One client's place in the log.
struct Follower {
    market: MarketId,
    position: u64,
    heads: watch::Receiver<u64>,
    log: LogReader,
    ready: VecDeque<Bytes>,
}

/// The events from a follower's place on. Ends when the log cannot be read, so that the client resumes.
fn events(follower: Follower) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::unfold(follower, |mut follower| async move {
        let next = follower.next().await?;
        Some((Ok(next), follower))
    })
}

impl Follower {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.heads.borrow_and_update();
            let rows = self.log.after(self.position, PAGE).await.ok()?;
            let Some(last) = rows.last() else {
                tokio::select! {
                    changed = self.heads.changed() => changed.ok()?,
                    () = tokio::time::sleep(KEEP_ALIVE) => return Some(Bytes::from_static(b": alive\n\n")),
                }
                continue;
            };
            self.position = last.record.sequence;
            self.ready.extend(rows.iter().filter_map(|row| server_sent_event(self.market, row)));
        }
    }
}

/// An event of this market as everyone may see it.
fn server_sent_event(market: MarketId, row: &Arc<LogRow>) -> Option<Bytes> {
    let (name, data) = match &row.record.event {
        Event::TradeExecuted(e) if e.market == market => {
            ("trade", json!({"id": e.trade, "gpus": e.gpus, "price": e.price, "window": e.window, "at": row.record.at}))
        }
        Event::OrderPlaced(e) if e.terms.markets().any(|id| id == market) => {
            let side = match e.terms.side {
                OrderSide::Buy { .. } => "buy",
                OrderSide::Sell { .. } => "sell",
            };
            let terms = &e.terms;
            (
                "order_placed",
                json!({"id": e.order, "side": side, "gpus": terms.gpus, "price": terms.limit_price,
                       "window": terms.window, "at": row.record.at}),
            )
        }
        Event::SpotOrderPlaced(e) if e.terms.market == market => {
            let side = match e.terms.side {
                SpotSide::Buy { .. } => "buy",
                SpotSide::Sell { .. } => "sell",
            };
            let terms = &e.terms;
            (
                "spot_order_placed",
                json!({"id": e.order, "side": side, "gpus": terms.gpus, "price": terms.limit_price, "at": row.record.at}),
            )
        }
        Event::OrderAmended(e) if e.market == market => (
            "order_amended",
            json!({"id": e.order, "gpus": e.gpus, "price": e.limit_price, "window": e.window, "at": row.record.at}),
        ),
        Event::ContractBusted(e) if e.market == market => {
            ("trade_busted", json!({"gpus": e.gpus, "window": e.window, "at": row.record.at}))
        }
        Event::MarketHalted(e) if e.market == market => ("halted", json!({"reason": e.reason, "at": row.record.at})),
        Event::MarketResumed(e) if e.market == market => ("resumed", json!({"at": row.record.at})),
        Event::SpotAuctionHeld(e) if e.market == market => (
            "spot_auction",
            json!({"hour": e.hour, "clearing_price": e.price, "gpus": e.gpus, "bids": e.gpus_bid,
                   "asks": e.gpus_offered, "at": row.record.at}),
        ),
        Event::SpotAuctionMissed(e) if e.market == market => {
            ("spot_auction_missed", json!({"hour": e.hour, "cause": e.cause, "at": row.record.at}))
        }
        Event::OrderClosed(e) if e.market == market => {
            ("order_closed", json!({"id": e.order, "reason": e.reason, "at": row.record.at}))
        }
        _ => return None,
    };
    Some(Bytes::from(format!("id: {}\nevent: {name}\ndata: {data}\n\n", row.record.sequence)))
}
