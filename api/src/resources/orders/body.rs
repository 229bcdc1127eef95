//! An order as it is shown.

use std::sync::Arc;

use infra::journal::LogRow;
use infra::read_models::{Fill, Followed as _, OrderRecord, OrderStatus, Recorded as _, StoredBid};
use ledger::ContractId;
use matching::{BidOptions, LotId, MarketId, Price, TimeInForce, TradeId};
use wire::orders::{OrderBody, OrderTradeBody, UnfilledBody};
use wire::window::WindowBody;

use crate::average_price::average_price;

fn order_trade_body(fill: &Fill) -> OrderTradeBody {
    OrderTradeBody {
        id: fill.trade.map(TradeId::uuid),
        contract: fill.contract.map(ContractId::uuid),
        market: fill.market.to_string(),
        lot: fill.lot.uuid(),
        gpus: fill.gpus,
        price: fill.price,
        window: WindowBody { start: fill.window_start, end: fill.window_end },
        minutes: fill.minutes,
    }
}

/// The order that these events placed, as they left it.
pub(crate) fn order_of_receipt(rows: &[Arc<LogRow>]) -> Option<OrderBody> {
    let mut rows = rows.iter().map(|row| &row.record);
    let mut order = rows.find_map(|record| OrderRecord::begun_by(record).pop())?;
    let mut fills = Vec::new();
    for record in rows {
        if OrderRecord::changed_by(&record.event).contains(&order.id) {
            order.follow(&record.event);
            fills.extend(Fill::all_of(&record.event).into_iter().filter(|fill| fill.order == order.id));
        }
    }
    Some(order_body(order, &fills))
}

/// An order with what it has traded, oldest first.
pub(crate) fn order_body(order: OrderRecord, fills: &[Fill]) -> OrderBody {
    let mut body = OrderBody {
        id: order.id.uuid(),
        side: order.side.name().into(),
        kind: order.kind.name().into(),
        market: order.market.to_string(),
        markets: None,
        lot: order.lot.map(LotId::uuid),
        contract: order.contract.map(ContractId::uuid),
        status: order.status.name().into(),
        gpus: order.gpus,
        filled_gpus: order.filled_gpus,
        remaining_gpus: order.gpus.saturating_sub(order.filled_gpus),
        limit_price: order.limit_price,
        average_price: average_of(fills),
        window: order.window(),
        time_in_force: order.time_in_force.map(TimeInForce::name).map(Into::into),
        expires_at: None,
        placement: None,
        post_only: None,
        self_trade_prevention: None,
        billing: None,
        min_gpus: order.min_gpus,
        min_hours: order.min_hours,
        max_hours: order.max_hours,
        trades: fills.iter().map(order_trade_body).collect(),
        // Why it did not fill when it arrived is of no use once it has.
        unfilled: order.unfilled.filter(|_| order.status != OrderStatus::Filled).map(UnfilledBody::from),
        client_order_id: order.client_order_id,
        placed_at: order.placed_at.to_string(),
        sequence: order.sequence,
    };
    if let Some(StoredBid { other_markets, options }) = &order.options {
        show_options(&mut body, other_markets, options);
    }
    body
}

/// Shows what a term bid asks for besides.
fn show_options(body: &mut OrderBody, other_markets: &[MarketId], options: &BidOptions) {
    if !other_markets.is_empty() {
        let others = other_markets.iter().map(ToString::to_string);
        body.markets = Some(std::iter::once(body.market.clone()).chain(others).collect());
    }
    body.expires_at = options.expires_at.map(|at| at.to_string());
    body.placement = Some(options.placement);
    body.post_only = Some(options.post_only);
    body.self_trade_prevention = Some(options.self_trade_prevention);
    body.billing = options.billing;
}

/// The average price of trades for a term, weighted by GPU-hours.
fn average_of(fills: &[Fill]) -> Option<Price> {
    let hours = |fill: &Fill| i128::from(fill.window_end.hours() - fill.window_start.hours());
    let term = || fills.iter().filter(|fill| fill.minutes.is_none());
    let gpu_hours = term().map(|fill| i128::from(fill.gpus) * hours(fill)).sum();
    average_price(term().map(|fill| fill.amount).sum(), gpu_hours)
}
