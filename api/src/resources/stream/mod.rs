//! A market's book and its events as they happen, as server-sent events without names of organizations.
//!
//! A stream reads the log at the pace of its client, a page at a time: what waits for a client is one page or one snapshot, and
//! what its connection buffers. A client that falls too far behind is dropped (`pace`), and resumes with `Last-Event-ID`.
//!
//! A client that keeps every order of the snapshot and applies the increments has the market's term book. A bid that trades in
//! several markets is in the book of each, so its trades elsewhere are told here as `order_reduced`.

mod pace;
mod snapshot;

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use bytes::Bytes;
use futures::Stream;
use infra::journal::LogRow;
use infra::node::Node;
use ledger::OrganizationId;
use matching::{Event, MarketId, OrderId, OrderSide, SpotSide};
use serde_json::json;
use tokio::sync::{oneshot, watch};
use wire::problem::ProblemBody;
use wire::stream::StreamQuery;

use super::markets;
use crate::auth::{Anyone, Caller, time_left};
use crate::computing::Computing;
use crate::connection::Connection;
use crate::limits::{Place, RequestLimits};
use crate::problem::{Problem, ProblemCode};
use crate::request::await_reads;
use pace::Pace;
use snapshot::{roaming, snapshot_of};

/// Events read from the log at a time.
const PAGE: usize = 500;
/// How often a silent stream shows that it is alive, so that proxies keep it open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A stream that was cut off may be resumed over this many events of the log; a snapshot is shorter than more of them.
const RESUME_EVENTS_MAX: u64 = 20_000;

/// A market's term book and its events as server-sent events: `id` is the sequence in the log, `event` one of `snapshot`, `trade`,
/// `order_placed`, `order_amended`, `order_reduced`, `order_closed`, `trade_busted`, `spot_order_placed`, `spot_auction`,
/// `spot_auction_missed`, `halted`, `resumed`. Starts with a snapshot, after `Last-Event-ID` with what came next, or with
/// `snapshot=false` with what happens next. A snapshot has every order at rest, and its id is the last event that it includes;
/// another one follows `trade_busted`. A trade says what remains of its bid and the most that its ask has sold in any hour. A client
/// that falls behind by more than 10,000 events or takes nothing for 30 seconds is disconnected. A stream ends when the token expires
/// that it was opened with: get a new one, and resume with `Last-Event-ID`.
#[utoipa::path(
    operation_id = "stream_market",
    tag = "market data",
    security(("oauth2" = [])),
    params(
        ("market" = String, Path, description = "The market's id"),
        StreamQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "Resume after this event"),
    ),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 410, description = "Too long ago to resume", body = ProblemBody, content_type = "application/problem+json"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/markets/{market}/stream")]
pub async fn stream(
    caller: Caller<Anyone>,
    request: HttpRequest,
    market: web::Path<MarketId>,
    query: web::Query<StreamQuery>,
    node: web::Data<Node>,
    limits: web::Data<RequestLimits>,
    computing: web::Data<Computing>,
) -> Result<HttpResponse, Problem> {
    let place = limits.streams.take(Some(caller.organization)).ok_or_else(|| {
        let max = limits.settings.streams_per_organization_max;
        Problem::new(ProblemCode::TooManyStreams, format!("An organization may have {max} streams at a time."))
    })?;
    markets::require(&node, *market)?;
    let resume = match request.headers().get("Last-Event-ID") {
        None => None,
        Some(value) => {
            let sequence = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
            let invalid = || Problem::new(ProblemCode::InvalidQuery, "Last-Event-ID must be a sequence of the log.");
            Some(sequence.filter(|sequence| *sequence <= node.log.head()).ok_or_else(invalid)?)
        }
    };
    let (over, stream_over) = oneshot::channel();
    let mut follower = Follower {
        market: *market,
        position: resume.unwrap_or_else(|| node.log.head()),
        heads: node.log.subscribe(),
        node: node.clone(),
        ready: VecDeque::new(),
        roaming: BTreeSet::new(),
        pace: Arc::default(),
        ends_at: tokio::time::Instant::now() + time_left(caller.expires_at),
        _over: over,
        organization: caller.organization,
        computing: computing.clone(),
        _place: place,
    };
    match resume {
        Some(position) => {
            let missed = node.log.head().saturating_sub(position);
            if missed > RESUME_EVENTS_MAX {
                let detail = format!(
                    "{missed} events have happened since, more than the {RESUME_EVENTS_MAX} that are sent again. \
                     Connect without Last-Event-ID to start from a snapshot."
                );
                return Err(Problem::new(ProblemCode::ResumeTooOld, detail));
            }
            follower.recall_roaming().await?;
        }
        None => follower.start(query.snapshot.unwrap_or(true)).await?,
    }
    if let Some(connection) = request.conn_data::<Arc<Connection>>() {
        follower.pace.reached(follower.position);
        tokio::spawn(follower.pace.clone().watch(
            connection.clone(),
            node.log.subscribe(),
            stream_over,
            node.metrics.clone(),
        ));
    }
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
    node: web::Data<Node>,
    ready: VecDeque<Bytes>,
    /// Bids of this market that trade in others as well.
    roaming: BTreeSet<OrderId>,
    pace: Arc<Pace>,
    /// Dropped with the stream, which ends the watch over its client.
    _over: oneshot::Sender<()>,
    /// When the client's token expires, and the stream with it.
    ends_at: tokio::time::Instant,
    organization: OrganizationId,
    computing: web::Data<Computing>,
    _place: Place<OrganizationId>,
}

/// The events from a follower's place on. Ends when the log cannot be read, so that the client resumes.
fn events(follower: Follower) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::unfold(follower, |mut follower| async move {
        let next = follower.next().await?;
        Some((Ok(next), follower))
    })
}

impl Follower {
    /// Takes the book as it is committed, and sends it if that is wanted.
    async fn start(&mut self, send: bool) -> Result<(), Problem> {
        let market = self.market;
        let taken = self.computing.with_state(self.organization, move |exchange| {
            let market = exchange.venue().key(market)?;
            let snapshot = send.then(|| serde_json::to_string(&snapshot_of(exchange, market)).unwrap_or_default());
            Some((exchange.sequence(), roaming(exchange, market), snapshot))
        });
        let Some((sequence, roaming, snapshot)) = taken.await? else { return Ok(()) };
        (self.position, self.roaming) = (sequence, roaming);
        if let Some(data) = snapshot {
            self.ready.push_back(format!("id: {sequence}\nevent: snapshot\ndata: {data}\n\n").into());
        }
        Ok(())
    }

    /// Finds the bids that trade here and elsewhere and to which something happened since the position: those may be gone from
    /// the book by now.
    async fn recall_roaming(&mut self) -> Result<(), Problem> {
        let head = self.node.log.head();
        let rows = self.node.log.range(self.position + 1, head).await.map_err(|error| Problem::internal(&error))?;
        let elsewhere: Vec<OrderId> =
            rows.iter().filter_map(|row| changed_order(self.market, &row.record.event)).collect();
        if !elsewhere.is_empty() {
            await_reads(&self.node, Some(head)).await?;
            let found = self.node.read_models.orders().trading_in(self.market, &elsewhere).await?;
            self.roaming.extend(found);
        }
        let market = self.market;
        let here = self.computing.with_state(self.organization, move |exchange| {
            exchange.venue().key(market).map(|market| roaming(exchange, market))
        });
        self.roaming.extend(here.await?.into_iter().flatten());
        Ok(())
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if tokio::time::Instant::now() >= self.ends_at {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.pace.reached(self.position);
            self.heads.borrow_and_update();
            let rows = self.node.log.after(self.position, PAGE).await.ok()?;
            if rows.is_empty() {
                tokio::select! {
                    changed = self.heads.changed() => changed.ok()?,
                    () = tokio::time::sleep_until(self.ends_at) => return None,
                    () = tokio::time::sleep(KEEP_ALIVE) => return Some(Bytes::from_static(b": alive\n\n")),
                }
                continue;
            }
            for row in &rows {
                // A snapshot may have gone beyond the page.
                if row.record.sequence > self.position {
                    self.take(row).await.ok()?;
                }
            }
        }
    }

    async fn take(&mut self, row: &Arc<LogRow>) -> Result<(), Problem> {
        self.position = row.record.sequence;
        let event = &row.record.event;
        if let Event::OrderPlaced(e) = event
            && !e.terms.other_markets.is_empty()
            && e.terms.markets().any(|market| market == self.market)
        {
            self.roaming.insert(e.order);
        }
        let roams = changed_order(self.market, event).is_some_and(|order| self.roaming.contains(&order));
        self.ready.extend(server_sent_event(self.market, roams, row));
        match event {
            Event::OrderClosed(e) => drop(self.roaming.remove(&e.order)),
            Event::TradeExecuted(e) if e.bid_remaining == 0 => drop(self.roaming.remove(&e.bid)),
            // What the ask can sell again is in no event.
            Event::ContractBusted(e) if e.market == self.market => self.start(true).await?,
            _ => {}
        }
        Ok(())
    }
}

/// The order to which an event of another market happens.
fn changed_order(market: MarketId, event: &Event) -> Option<OrderId> {
    match event {
        Event::TradeExecuted(e) if e.market != market => Some(e.bid),
        Event::OrderAmended(e) if e.market != market => Some(e.order),
        Event::OrderClosed(e) if e.market != market => Some(e.order),
        _ => None,
    }
}

/// An event of this market as everyone may see it; `roams` where it happens to an order of this market in another one.
fn server_sent_event(market: MarketId, roams: bool, row: &Arc<LogRow>) -> Option<Bytes> {
    let (name, data) = match &row.record.event {
        Event::TradeExecuted(e) if e.market == market => (
            "trade",
            json!({"id": e.trade, "gpus": e.gpus, "price": e.price, "window": e.window, "bid": e.bid,
                   "bid_remaining": e.bid_remaining, "ask": e.ask, "ask_sold_gpus": e.ask_sold_gpus,
                   "ask_filled": e.ask_filled, "at": row.record.at}),
        ),
        Event::TradeExecuted(e) if roams => {
            ("order_reduced", json!({"id": e.bid, "remaining": e.bid_remaining, "at": row.record.at}))
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
        Event::OrderAmended(e) if e.market == market || roams => (
            "order_amended",
            json!({"id": e.order, "gpus": e.gpus, "price": e.limit_price, "window": e.window, "at": row.record.at}),
        ),
        Event::ContractBusted(e) if e.market == market => (
            "trade_busted",
            json!({"trade": e.trade, "ask": e.ask, "gpus": e.gpus, "window": e.window, "at": row.record.at}),
        ),
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
        Event::OrderClosed(e) if e.market == market || roams => {
            ("order_closed", json!({"id": e.order, "reason": e.reason, "at": row.record.at}))
        }
        _ => return None,
    };
    Some(Bytes::from(format!("id: {}\nevent: {name}\ndata: {data}\n\n", row.record.sequence)))
}
