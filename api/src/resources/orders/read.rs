//! Reading orders back.

use actix_web::{HttpRequest, HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::{Fill, OrderFilter, OrderRecord, OrderStatus};
use ledger::OrganizationId;
use matching::OrderId;
use uuid::Uuid;
use wire::orders::{OrderBody, OrderQuery, ReadQuery};
use wire::page::Page;
use wire::problem::ProblemBody;

use super::body::order_body;
use crate::auth::{Caller, Trader};
use crate::gate::count_more;
use crate::operations::Budget;
use crate::problem::Problem;
use crate::request::{PageSpan, answer, await_reads, end_after, position, unknown_name};

/// The orders of `organization` that a query asks for.
///
/// # Errors
/// A [`Problem`] with the code `invalid_query` when there is no such status.
pub(crate) fn order_filter(query: &OrderQuery, organization: OrganizationId) -> Result<OrderFilter, Problem> {
    let statuses = match query.status.as_deref() {
        None => OrderStatus::ALL.to_vec(),
        Some("open") => vec![OrderStatus::Open, OrderStatus::PartiallyFilled],
        Some(status) => vec![OrderStatus::named(status).ok_or_else(status_unknown)?],
    };
    Ok(OrderFilter { organization, statuses, market: query.market })
}

fn status_unknown() -> Problem {
    unknown_name("status", OrderStatus::ALL.iter().map(|status| status.name()))
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
    let filter = order_filter(&query, caller.organization)?;
    await_reads(&node, query.min_sequence).await?;
    let orders = node.read_models.orders().page(&filter, span.after, span.fetch()).await?;
    let mut page = span.page_of(orders, |order| order);
    let fills = fills_of(&node, &request, &page.data).await?;
    if let Some(last) = fills.len().checked_sub(1) {
        let end = position(page.data[last].sequence);
        end_after(&mut page, fills.len(), end);
    }
    let Page { data, next_cursor } = page;
    let data = data.into_iter().zip(fills).map(|(order, fills)| order_body(order, &fills)).collect();
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &Page { data, next_cursor }))
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
    Ok(answer(HttpResponse::Ok(), node.read_models.position(), &order))
}

/// An organization's order, with its trades, for which a request is [counted](count_large_answer) as more where that is no change that has happened.
pub(super) async fn read_order(
    node: &Node,
    request: Option<&HttpRequest>,
    organization: OrganizationId,
    order: Uuid,
    min_sequence: Option<u64>,
) -> Result<OrderBody, Problem> {
    await_reads(node, min_sequence).await?;
    let order = node.read_models.orders().find(organization, OrderId::new(order)).await?;
    let order = order.ok_or_else(order_unknown)?;
    let fills = all_fills(node, request, order.id).await?;
    Ok(order_body(order, &fills))
}

/// The problem that an organization has no such order.
pub(crate) fn order_unknown() -> Problem {
    Problem::not_found("order of your organization")
}

/// The most trades that the orders of a page have together, unless the first alone has more.
const TRADES_PER_PAGE_MAX: usize = 1_000;
/// The trades or events in a large answer that cost as much as another read.
const ITEMS_PER_READ: usize = 100;
/// The most reads that an answer counts as besides itself, so that a client with a small burst can have it, too.
const READS_PER_ANSWER_MAX: usize = 50;
/// Of how many orders trades are read at first; then of four times as many, and so on.
const ORDERS_AT_FIRST: usize = 8;

/// What orders have traded, of as many of them as an answer takes: those of a page have not too many trades together, and one has all in
/// any case.
async fn fills_of(node: &Node, request: &HttpRequest, orders: &[OrderRecord]) -> Result<Vec<Vec<Fill>>, Problem> {
    let mut whole: Vec<Vec<Fill>> = Vec::with_capacity(orders.len());
    let (mut room, mut at_once) = (TRADES_PER_PAGE_MAX, ORDERS_AT_FIRST);
    while whole.len() < orders.len() {
        let some = &orders[whole.len()..orders.len().min(whole.len() + at_once)];
        let ids: Vec<OrderId> = some.iter().map(|order| order.id).collect();
        let since = Fill::hours_shown_since(node.clock.now());
        let fills = node.read_models.orders().fills(&ids, since, Some(room + 1)).await?;
        // The order at which the room ends has maybe not all of its own.
        let cut = (fills.len() > room).then(|| fills.last().map(|fill| fill.order)).flatten();
        if whole.is_empty() && cut == ids.first().copied() {
            return Ok(vec![all_fills(node, Some(request), ids[0]).await?]);
        }
        room = room.saturating_sub(fills.len());
        let mut fills = fills.into_iter().peekable();
        for id in ids {
            if cut == Some(id) {
                return Ok(whole);
            }
            whole.push(std::iter::from_fn(|| fills.next_if(|fill| fill.order == id)).collect());
        }
        at_once *= 4;
    }
    Ok(whole)
}

/// What one order has traded, however much.
async fn all_fills(node: &Node, request: Option<&HttpRequest>, order: OrderId) -> Result<Vec<Fill>, Problem> {
    let orders = node.read_models.orders();
    let since = Fill::hours_shown_since(node.clock.now());
    let fills = orders.fills(&[order], since, Some(TRADES_PER_PAGE_MAX + 1)).await?;
    if fills.len() <= TRADES_PER_PAGE_MAX {
        return Ok(fills);
    }
    if let Some(request) = request {
        // It costs as much as so many reads.
        let trades = orders.count_trades(order).await?;
        count_large_answer(request, usize::try_from(trades).unwrap_or(usize::MAX))?;
    }
    Ok(orders.fills(&[order], since, None).await?)
}

/// Counts an answer with so many trades or events as more reads.
///
/// # Errors
/// A [`Problem`] with the code `rate_limited`.
pub(super) fn count_large_answer(request: &HttpRequest, items: usize) -> Result<(), Problem> {
    count_more(request, Budget::Reads, (items / ITEMS_PER_READ).min(READS_PER_ANSWER_MAX))
}
