//! Reading orders back.

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::journal::timestamp;
use infra::node::Node;
use infra::projection::StoredOptions;
use jiff::Timestamp;
use ledger::{Instant, OrganizationId};
use matching::{Hour, MarketId, TermWindow, Unfilled, Window};
use serde::Deserialize;
use tokio_postgres::{Client, Row};
use utoipa::IntoParams;
use uuid::Uuid;

use super::body::{OrderBody, OrderTradeBody, UnfilledBody};
use crate::auth::{Caller, Trader};
use crate::gate::count_more;
use crate::operations::Budget;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::request::{Page, PageSpan, answer, await_reads};
use crate::wire::{amount, instant, price, window_between};

const COLUMNS: &str = "id, client_order_id, side, market, lot, status, gpus, filled_gpus, limit_price, window_start, \
                       window_end, time_in_force, min_gpus, min_hours, max_hours, unfilled::text, placed_at, sequence, \
                       kind, contract, window_latest, options::text";
const STATUSES: [&str; 6] = ["open", "partially_filled", "filled", "cancelled", "expired", "suspended"];

/// Which orders to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// Only orders of this status; `open` includes partially filled ones.
    pub(crate) status: Option<String>,
    /// Only orders of this market.
    #[param(value_type = Option<String>)]
    pub(crate) market: Option<MarketId>,
    /// Where the page before ended: its `next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub(crate) limit: Option<u32>,
    /// The answer includes at least the event with this sequence, 10,000 ahead of the log at most. It waits for that, five seconds at most.
    pub(crate) min_sequence: Option<u64>,
}

impl OrderQuery {
    /// The statuses that it asks for.
    pub(crate) fn statuses(&self) -> Result<Vec<&str>, Problem> {
        match self.status.as_deref() {
            None => Ok(STATUSES.to_vec()),
            Some("open") => Ok(vec!["open", "partially_filled"]),
            Some(status) if STATUSES.contains(&status) => Ok(vec![status]),
            Some(_) => {
                let detail = format!("status must be one of {}.", STATUSES.join(", "));
                Err(Problem::new(ProblemCode::InvalidQuery, detail))
            }
        }
    }
}

/// Your orders, oldest first. A page may have fewer than its limit: it ends where its orders have 1,000 trades together.
#[utoipa::path(
    operation_id = "list_orders",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(OrderQuery),
    responses((status = 200, description = "A page of orders", body = Page<OrderBody>)),
)]
#[get("/orders")]
pub async fn list(
    caller: Caller<Trader>,
    query: web::Query<OrderQuery>,
    node: web::Data<Node>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let statuses = query.statuses()?;
    await_reads(&node, query.min_sequence).await?;
    let client = node.database.get().await?;
    let statement = format!(
        "SELECT {COLUMNS} FROM orders WHERE organization = $1 AND sequence > $2 AND status = ANY($3) \
         AND ($4::text IS NULL OR market = $4 OR (options->'other_markets')::jsonb @> to_jsonb($4::text)) ORDER BY sequence LIMIT $5"
    );
    let market = query.market.as_ref().map(MarketId::as_str);
    let organization = caller.organization.as_str();
    let rows = client.query(&statement, &[&organization, &span.after, &statuses, &market, &span.fetch()]).await?;
    let mut page = span.page(&rows, |row| row.get(17), order_of_row)?;
    let whole = add_trades(&node, &client, &request, &mut page.data).await?;
    if let Some(last) = whole.checked_sub(1) {
        page.end_after(whole, rows[last].get(17));
    }
    page.data = page.data.into_iter().map(OrderBody::averaged).collect();
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &page))
}

/// How far a single read must have come.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadQuery {
    /// The answer includes at least the event with this sequence, 10,000 ahead of the log at most. It waits for that, five seconds at most.
    pub(crate) min_sequence: Option<u64>,
}

/// One of your orders.
#[utoipa::path(
    operation_id = "get_order",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("order" = Uuid, Path, description = "The order's id"), ReadQuery),
    responses(
        (status = 200, description = "The order", body = OrderBody),
        (status = 404, description = "No such order of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/orders/{order}")]
pub async fn show(
    caller: Caller<Trader>,
    order: web::Path<Uuid>,
    query: web::Query<ReadQuery>,
    node: web::Data<Node>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let order = read_order(&node, Some(&request), caller.organization, *order, query.min_sequence).await?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &order))
}

/// An organization's order, with its trades, for which a request is [counted](count_trades) where that is no change that has happened.
pub(super) async fn read_order(
    node: &Node,
    request: Option<&HttpRequest>,
    organization: OrganizationId,
    order: Uuid,
    min_sequence: Option<u64>,
) -> Result<OrderBody, Problem> {
    await_reads(node, min_sequence).await?;
    let client = node.database.get().await?;
    let statement = format!("SELECT {COLUMNS} FROM orders WHERE id = $1 AND organization = $2");
    let row = client.query_opt(&statement, &[&order, &organization.as_str()]).await?;
    let row = row.ok_or_else(order_unknown)?;
    let mut order = order_of_row(&row)?;
    order.trades = all_trades(node, &client, request, order.id).await?;
    Ok(order.averaged())
}

/// The problem that an organization has no such order.
pub(crate) fn order_unknown() -> Problem {
    Problem::not_found("order of your organization")
}

fn order_of_row(row: &Row) -> Result<OrderBody, Problem> {
    let count = |column: usize| u32::try_from(row.get::<_, i32>(column)).unwrap_or(0);
    let optional = |column: usize| row.get::<_, Option<i32>>(column).and_then(|number| u32::try_from(number).ok());
    let (gpus, filled_gpus) = (count(6), count(7));
    let unfilled: Option<Unfilled> = row
        .get::<_, Option<&str>>(15)
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| Problem::internal(&error))?;
    let stored: Option<StoredOptions> = row
        .get::<_, Option<&str>>(21)
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| Problem::internal(&error))?;
    let (placed_at, sequence) =
        (instant(row.get::<_, Timestamp>(16)).to_string(), u64::try_from(row.get::<_, i64>(17)).unwrap_or(0));
    let mut order = OrderBody {
        client_order_id: row.get(1),
        side: row.get(2),
        kind: row.get(18),
        lot: row.get(4),
        contract: row.get(19),
        status: row.get(5),
        filled_gpus,
        remaining_gpus: gpus.saturating_sub(filled_gpus),
        window: term_window(row.get(9), row.get(10), row.get(20)),
        min_hours: optional(13),
        max_hours: optional(14),
        unfilled: unfilled.map(UnfilledBody::from),
        ..OrderBody::new(row.get(0), row.get(3), gpus, price(row.get(8))?, placed_at, sequence)
    };
    if let Some(StoredOptions { other_markets, options }) = stored {
        order.bids(&other_markets, &options);
    }
    // The columns have what amendments have made of them.
    (order.time_in_force, order.min_gpus) = (row.get(11), optional(12));
    if order.status == "filled" {
        order.unfilled = None;
    }
    Ok(order)
}

/// A window from its columns: start, end of the earliest, and the latest start of a flexible one.
fn term_window(start: Option<Timestamp>, end: Option<Timestamp>, latest: Option<Timestamp>) -> Option<TermWindow> {
    let earliest = window_between(start?, end?);
    let Some(latest) = latest else { return Window::new(earliest.start, earliest.end).ok().map(TermWindow::from) };
    let latest = Hour::containing(instant(latest));
    TermWindow::flexible(earliest.start, latest, earliest.end.hours() - earliest.start.hours()).ok()
}

/// How many hours of a standing spot order's sales are shown with it; `/v1/spot-sales` has all.
const SPOT_HOURS_SHOWN: i64 = 24;

/// Since when sales by the hour are shown with their order.
pub(crate) fn shown_since(now: Instant) -> Instant {
    Instant::nearest_to(now.micros() - SPOT_HOURS_SHOWN * 3_600_000_000)
}

/// The most trades that the orders of a page have together, unless the first alone has more.
const TRADES_PER_PAGE_MAX: usize = 1_000;
/// The trades or events in a large answer that cost as much as another read.
const ITEMS_PER_READ: usize = 100;
/// The most reads that an answer counts as besides itself, so that a client with a small burst can have it, too.
const READS_PER_ANSWER_MAX: usize = 50;
/// Of how many orders trades are read at first; then of four times as many, and so on.
const ORDERS_AT_FIRST: usize = 8;

/// Adds their trades to orders, and tells how many of them have theirs: those of a page have not too many together, and one has them in any
/// case.
async fn add_trades(
    node: &Node,
    client: &Client,
    request: &HttpRequest,
    orders: &mut [OrderBody],
) -> Result<usize, Problem> {
    let (mut done, mut room, mut at_once) = (0, TRADES_PER_PAGE_MAX, ORDERS_AT_FIRST);
    while done < orders.len() {
        let some = done..orders.len().min(done + at_once);
        let ids: Vec<Uuid> = orders[some.clone()].iter().map(|order| order.id).collect();
        let rows = trade_rows(node, client, &ids, Some(room + 1)).await?;
        let place = |row: &Row| ids.iter().position(|id| *id == row.get::<_, Uuid>(0)).map(|place| done + place);
        let cut = (rows.len() > room).then(|| rows.last().and_then(place)).flatten();
        if cut == Some(0) {
            orders[0].trades = all_trades(node, client, Some(request), orders[0].id).await?;
            return Ok(1);
        }
        for row in &rows {
            if let Some(place) = place(row).filter(|place| cut.is_none_or(|cut| *place < cut)) {
                orders[place].trades.push(trade_of_row(row)?);
            }
        }
        if let Some(cut) = cut {
            return Ok(cut);
        }
        (done, room, at_once) = (some.end, room - rows.len(), at_once * 4);
    }
    Ok(done)
}

/// The trades of one order, however many.
async fn all_trades(
    node: &Node,
    client: &Client,
    request: Option<&HttpRequest>,
    order: Uuid,
) -> Result<Vec<OrderTradeBody>, Problem> {
    let mut rows = trade_rows(node, client, &[order], Some(TRADES_PER_PAGE_MAX + 1)).await?;
    if rows.len() > TRADES_PER_PAGE_MAX {
        if let Some(request) = request {
            count_trades(client, request, order).await?;
        }
        rows = trade_rows(node, client, &[order], None).await?;
    }
    rows.iter().map(trade_of_row).collect()
}

/// Counts a read of an order that has very many trades as more reads, one for each hundred of them: it costs as much as these.
///
/// # Errors
/// A [`Problem`] with the code `rate_limited`.
async fn count_trades(client: &Client, request: &HttpRequest, order: Uuid) -> Result<(), Problem> {
    let statement = "SELECT count(*) FROM trades WHERE bid = $1 OR ask = $1";
    let trades: i64 = client.query_one(statement, &[&order]).await?.get(0);
    count_large_answer(request, usize::try_from(trades).unwrap_or(0))
}

/// Counts an answer with so many trades or events as more reads.
///
/// # Errors
/// A [`Problem`] with the code `rate_limited`.
pub(super) fn count_large_answer(request: &HttpRequest, items: usize) -> Result<(), Problem> {
    count_more(request, Budget::Reads, (items / ITEMS_PER_READ).min(READS_PER_ANSWER_MAX))
}

/// The trades of orders, up to so many: those of the first order first, each order's oldest first.
async fn trade_rows(node: &Node, client: &Client, orders: &[Uuid], limit: Option<usize>) -> Result<Vec<Row>, Problem> {
    let term = "id, contract, lot, gpus, price, window_start, window_end, amount, sequence, NULL::int, market";
    let spot = "NULL, NULL, lot, gpus, price, hour, hour + interval '1 hour', amount, sequence, minutes, market";
    let statement = format!(
        "SELECT * FROM (SELECT bid AS whose, {term} FROM trades WHERE bid = ANY($1) \
         UNION ALL SELECT ask, {term} FROM trades WHERE ask = ANY($1) \
         UNION ALL SELECT bid, {spot} FROM spot_sales WHERE bid = ANY($1) AND hour >= $2 \
         UNION ALL SELECT ask, {spot} FROM spot_sales WHERE ask = ANY($1) AND hour >= $2) t \
         ORDER BY array_position($1, whose), sequence LIMIT $3"
    );
    let since = shown_since(node.clock.now());
    let limit = limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
    Ok(client.query(&statement, &[&orders, &timestamp(since), &limit]).await?)
}

fn trade_of_row(row: &Row) -> Result<OrderTradeBody, Problem> {
    Ok(OrderTradeBody {
        id: row.get(1),
        contract: row.get(2),
        market: row.get(11),
        lot: row.get(3),
        gpus: u32::try_from(row.get::<_, i32>(4)).unwrap_or(0),
        price: price(row.get(5))?,
        window: window_between(row.get(6), row.get(7)),
        minutes: row.get::<_, Option<i32>>(10).and_then(|minutes| u32::try_from(minutes).ok()),
        amount: amount(row.get(8))?,
    })
}
