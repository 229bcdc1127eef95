//! Writing the changes, set by set, in one transaction with the position.

use jiff::Timestamp;
use ledger::exact;
use matching::{BidOptions, Hour, HoursRange, MarketId, OrderSide, Parties, SpotSide, TermWindow, TimeInForce};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

use super::changes::{Changes, Placed};
use super::{Positions, own_events};
use crate::journal::{JournalError, timestamp};

/// Writes `changes` and `parties`, which lead from the positions `before` to `after`.
pub(super) async fn write(
    client: &mut Client,
    changes: &Changes<'_>,
    parties: &[(u64, Parties)],
    before: Positions,
    after: u64,
) -> Result<(), JournalError> {
    let transaction = client.transaction().await?;
    let statement = "UPDATE projection_position SET sequence = $1, own_events_sequence = greatest($1, $3) \
                     WHERE sequence = $2 AND own_events_sequence = $3";
    let (models, own_events) = (signed(before.models), signed(before.own_events));
    require_moved(transaction.execute(statement, &[&signed(after), &models, &own_events]).await?)?;
    insert_lots(&transaction, changes).await?;
    insert_orders(&transaction, changes).await?;
    insert_trades(&transaction, changes).await?;
    update_orders(&transaction, changes).await?;
    contracts::update(&transaction, changes).await?;
    contracts::bust_trades(&transaction, changes).await?;
    contracts::insert_outages(&transaction, changes).await?;
    contracts::update_outages(&transaction, changes).await?;
    end_lots(&transaction, changes).await?;
    insert_auctions(&transaction, changes).await?;
    insert_spot_sales(&transaction, changes).await?;
    interrupt_orders(&transaction, changes).await?;
    own_events::insert(&transaction, parties).await?;
    transaction.commit().await?;
    Ok(())
}

/// Writes `parties`, which lead the index of own events from `before` to `after`, no further than the read models are.
pub(super) async fn write_own_events(
    client: &mut Client,
    parties: &[(u64, Parties)],
    before: u64,
    after: u64,
) -> Result<(), JournalError> {
    let transaction = client.transaction().await?;
    let statement = "UPDATE projection_position SET own_events_sequence = $1 WHERE own_events_sequence = $2";
    require_moved(transaction.execute(statement, &[&signed(after), &signed(before)]).await?)?;
    own_events::insert(&transaction, parties).await?;
    transaction.commit().await?;
    Ok(())
}

/// The position is one row, which is where it was left.
fn require_moved(rows: u64) -> Result<(), JournalError> {
    match rows {
        1 => Ok(()),
        _ => Err(JournalError::Damaged("the read models were moved by another process".into())),
    }
}

/// One value of every item, as a column for `unnest`.
macro_rules! column {
    ($items:expr, $item:pat => $value:expr) => {
        $items.iter().map(|$item| $value).collect::<Vec<_>>()
    };
}

mod contracts;

async fn insert_lots(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let lots = &changes.lots;
    if lots.is_empty() {
        return Ok(());
    }
    let statement = "INSERT INTO lots (id, organization, market, gpus, window_start, window_end, fabric, \
                     min_remnant_hours, sequence, confirmed, penalty_bps, termination_outages) \
                     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], \
                     $6::timestamptz[], $7::text[], $8::int[], $9::bigint[], $10::bool[], $11::int[], $12::int[])";
    transaction
        .execute(
            statement,
            &[
                &column!(lots, (_, lot) => lot.lot.uuid()),
                &column!(lots, (_, lot) => lot.organization.as_str()),
                &column!(lots, (_, lot) => lot.market.as_str()),
                &column!(lots, (_, lot) => int(lot.gpus)),
                &column!(lots, (_, lot) => timestamp(lot.window.start().start())),
                &column!(lots, (_, lot) => timestamp(lot.window.end().start())),
                &column!(lots, (_, lot) => lot.fabric.printable()),
                &column!(lots, (_, lot) => int(lot.min_remnant_hours)),
                &column!(lots, (sequence, _) => signed(*sequence)),
                &column!(lots, (_, lot) => lot.delivery.confirmed),
                &column!(lots, (_, lot) => i32::from(lot.delivery.penalty_bps)),
                &column!(lots, (_, lot) => int(lot.delivery.termination_outages)),
            ],
        )
        .await?;
    Ok(())
}

/// What a bid asks for, as it is stored beside its columns.
#[derive(Serialize, Deserialize)]
pub struct StoredOptions {
    /// Where else it trades.
    #[serde(default)]
    pub other_markets: Vec<MarketId>,
    /// What it asked for when it was placed. Rows of earlier releases have `time_in_force` and `min_gpus` in columns alone.
    #[serde(flatten)]
    pub options: BidOptions,
}

/// An order's row, before its status.
struct OrderRow<'a> {
    id: Uuid,
    organization: &'a str,
    market: &'a str,
    side: &'static str,
    kind: &'static str,
    lot: Option<Uuid>,
    contract: Option<Uuid>,
    gpus: i32,
    limit_price: Decimal,
    window: WindowColumns,
    time_in_force: Option<&'static str>,
    min_gpus: Option<i32>,
    hours: Option<HoursRange>,
    options: Option<String>,
    client_order_id: Option<String>,
    hold: Decimal,
    unfilled: Option<String>,
}

/// A window as columns: its start, its end, and the latest start of a flexible one.
#[derive(Clone, Copy, Default)]
struct WindowColumns {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    latest: Option<Timestamp>,
}

impl From<TermWindow> for WindowColumns {
    fn from(window: TermWindow) -> Self {
        let earliest = window.starting(window.earliest());
        Self {
            start: Some(at_hour(earliest.start())),
            end: Some(at_hour(earliest.end())),
            latest: window.exact().is_none().then(|| at_hour(window.latest())),
        }
    }
}

impl<'a> From<Placed<'a>> for OrderRow<'a> {
    fn from(placed: Placed<'a>) -> Self {
        match placed {
            Placed::Term(placed) => {
                let terms = &placed.terms;
                let mut row = Self {
                    id: placed.order.uuid(),
                    organization: placed.organization.as_str(),
                    market: terms.market.as_str(),
                    side: "buy",
                    kind: "term",
                    lot: None,
                    contract: None,
                    gpus: int(terms.gpus),
                    limit_price: price(terms.limit_price),
                    window: terms.window.into(),
                    time_in_force: None,
                    min_gpus: None,
                    hours: None,
                    options: None,
                    client_order_id: placed.client_order_id.map(|id| id.to_string()),
                    hold: placed.hold.to_decimal(),
                    unfilled: placed.unfilled.and_then(|why| serde_json::to_string(&why).ok()),
                };
                match &terms.side {
                    OrderSide::Buy(options) => {
                        row.time_in_force = Some(time_in_force_name(options.time_in_force));
                        row.min_gpus = options.min_gpus.map(int);
                        let stored = StoredOptions { other_markets: terms.other_markets.clone(), options: *options };
                        row.options = serde_json::to_string(&stored).ok();
                    }
                    OrderSide::Sell { lot, contract, hours, .. } => {
                        row.side = "sell";
                        row.lot = Some(lot.uuid());
                        row.contract = contract.map(ledger::ContractId::uuid);
                        row.hours = Some(*hours);
                    }
                }
                row
            }
            Placed::Spot(placed) => {
                let terms = &placed.terms;
                let (side, lot, contract, min_gpus, window) = match terms.side {
                    SpotSide::Buy { min_gpus } => ("buy", None, None, Some(int(min_gpus)), WindowColumns::default()),
                    SpotSide::Sell { lot, contract, window } => {
                        let contract = contract.map(ledger::ContractId::uuid);
                        ("sell", Some(lot.uuid()), contract, None, TermWindow::from(window).into())
                    }
                };
                Self {
                    id: placed.order.uuid(),
                    organization: placed.organization.as_str(),
                    market: terms.market.as_str(),
                    side,
                    kind: "spot",
                    lot,
                    contract,
                    gpus: int(terms.gpus),
                    limit_price: price(terms.limit_price),
                    window,
                    time_in_force: None,
                    min_gpus,
                    hours: None,
                    options: None,
                    client_order_id: placed.client_order_id.map(|id| id.to_string()),
                    hold: placed.hold.to_decimal(),
                    unfilled: None,
                }
            }
        }
    }
}

fn time_in_force_name(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Gtd => "GTD",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
    }
}

async fn insert_orders(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let orders = &changes.orders;
    if orders.is_empty() {
        return Ok(());
    }
    let rows = column!(orders, (_, placed) => OrderRow::from(*placed));
    let statement = "INSERT INTO orders (id, organization, market, side, kind, lot, contract, status, gpus, limit_price, \
                     window_start, window_end, window_latest, time_in_force, min_gpus, min_hours, max_hours, options, \
                     client_order_id, hold, unfilled, placed_at, sequence) \
                     SELECT id, organization, market, side, kind, lot, contract, 'open', gpus, limit_price, window_start, \
                     window_end, window_latest, time_in_force, min_gpus, min_hours, max_hours, options::json, \
                     client_order_id, hold, unfilled::json, placed_at, sequence \
                     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], \
                     $8::int[], $9::numeric[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], \
                     $14::int[], $15::int[], $16::int[], $17::text[], $18::text[], $19::numeric[], $20::text[], \
                     $21::timestamptz[], $22::bigint[]) \
                     AS o (id, organization, market, side, kind, lot, contract, gpus, limit_price, window_start, window_end, \
                     window_latest, time_in_force, min_gpus, min_hours, max_hours, options, client_order_id, hold, \
                     unfilled, placed_at, sequence)";
    transaction
        .execute(
            statement,
            &[
                &column!(rows, row => row.id),
                &column!(rows, row => row.organization),
                &column!(rows, row => row.market),
                &column!(rows, row => row.side),
                &column!(rows, row => row.kind),
                &column!(rows, row => row.lot),
                &column!(rows, row => row.contract),
                &column!(rows, row => row.gpus),
                &column!(rows, row => row.limit_price),
                &column!(rows, row => row.window.start),
                &column!(rows, row => row.window.end),
                &column!(rows, row => row.window.latest),
                &column!(rows, row => row.time_in_force),
                &column!(rows, row => row.min_gpus),
                &column!(rows, row => row.hours.map(|hours| sale_hours(hours.min))),
                &column!(rows, row => row.hours.map(|hours| sale_hours(hours.max))),
                &column!(rows, row => row.options.as_deref()),
                &column!(rows, row => row.client_order_id.as_deref()),
                &column!(rows, row => row.hold),
                &column!(rows, row => row.unfilled.as_deref()),
                &column!(orders, (record, _) => timestamp(record.at)),
                &column!(orders, (record, _) => signed(record.sequence)),
            ],
        )
        .await?;
    Ok(())
}

async fn insert_trades(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let trades = &changes.trades;
    if trades.is_empty() {
        return Ok(());
    }
    let statement = "WITH traded AS ( \
                       INSERT INTO trades (id, sequence, at, contract, market, lot, bid, ask, buyer, seller, gpus, price, \
                                           window_start, window_end, currency, amount, buyer_fee, seller_fee) \
                       SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::uuid[], $5::text[], $6::uuid[], \
                         $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::int[], $12::numeric[], $13::timestamptz[], \
                         $14::timestamptz[], $15::text[], $16::numeric[], $17::numeric[], $18::numeric[]) \
                       RETURNING *) \
                     INSERT INTO contracts (id, sequence, market, lot, buyer, seller, gpus, price, window_start, window_end, \
                                            currency, total, head, billing, paid, paid_until, deposit) \
                     SELECT t.contract, sequence, market, lot, buyer, seller, gpus, price, window_start, window_end, \
                            currency, amount + buyer_fee, c.head, c.billing, c.paid, c.paid_until, c.deposit \
                     FROM traded t \
                     JOIN unnest($4::uuid[], $19::uuid[], $20::text[], $21::numeric[], $22::timestamptz[], $23::numeric[]) \
                     AS c (contract, head, billing, paid, paid_until, deposit) ON c.contract = t.contract";
    transaction
        .execute(
            statement,
            &[
                &column!(trades, (_, trade) => trade.trade.uuid()),
                &column!(trades, (record, _) => signed(record.sequence)),
                &column!(trades, (record, _) => timestamp(record.at)),
                &column!(trades, (_, trade) => trade.contract.uuid()),
                &column!(trades, (_, trade) => trade.market.as_str()),
                &column!(trades, (_, trade) => trade.lot.uuid()),
                &column!(trades, (_, trade) => trade.bid.uuid()),
                &column!(trades, (_, trade) => trade.ask.uuid()),
                &column!(trades, (_, trade) => trade.buyer.as_str()),
                &column!(trades, (_, trade) => trade.seller.as_str()),
                &column!(trades, (_, trade) => int(trade.gpus)),
                &column!(trades, (_, trade) => price(trade.price)),
                &column!(trades, (_, trade) => timestamp(trade.window.start().start())),
                &column!(trades, (_, trade) => timestamp(trade.window.end().start())),
                &column!(trades, (_, trade) => trade.currency.as_str()),
                &column!(trades, (_, trade) => trade.amount.to_decimal()),
                &column!(trades, (_, trade) => trade.buyer_fee.to_decimal()),
                &column!(trades, (_, trade) => trade.seller_fee.to_decimal()),
                &column!(trades, (_, trade) => trade.head.map(ledger::ContractId::uuid)),
                &column!(trades, (_, trade) => trade.advance.map(|advance| advance.billing.name())),
                &column!(trades, (_, trade) => trade.prepaid().to_decimal()),
                &column!(trades, (_, trade) => at_hour(trade.paid_until())),
                &column!(trades, (_, trade) => trade.deposit().to_decimal()),
            ],
        )
        .await?;
    Ok(())
}

async fn update_orders(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let moved = &changes.moved_orders;
    if moved.is_empty() {
        return Ok(());
    }
    // What was amended last holds; a trade fixes the window of a flexible bid.
    let windows = column!(moved, (_, change) => {
        let amended = change.amended.and_then(|amended| amended.window);
        change.window.map(TermWindow::from).or(amended).map(WindowColumns::from)
    });
    let statement = "UPDATE orders o \
                     SET status = coalesce(c.status, o.status), \
                         gpus = coalesce(c.gpus, o.gpus), \
                         limit_price = coalesce(c.limit_price, o.limit_price), \
                         min_gpus = coalesce(c.min_gpus, o.min_gpus), \
                         filled_gpus = coalesce(c.sold, o.filled_gpus + c.bought), \
                         window_start = coalesce(c.window_start, o.window_start), \
                         window_end = coalesce(c.window_end, o.window_end), \
                         window_latest = CASE WHEN c.window_start IS NULL OR o.side = 'sell' THEN o.window_latest \
                                              ELSE c.window_latest END \
                     FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::int[], $6::numeric[], \
                     $7::int[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[]) \
                     AS c (id, status, bought, sold, gpus, limit_price, min_gpus, window_start, window_end, \
                     window_latest) WHERE o.id = c.id";
    transaction
        .execute(
            statement,
            &[
                &column!(moved, (id, _) => id.uuid()),
                &column!(moved, (_, change) => change.status),
                &column!(moved, (_, change) => int(change.bought)),
                &column!(moved, (_, change) => change.sold.map(int)),
                &column!(moved, (_, change) => change.amended.map(|amended| int(amended.gpus))),
                &column!(moved, (_, change) => change.amended.map(|amended| price(amended.limit_price))),
                &column!(moved, (_, change) => change.amended.and_then(|amended| amended.min_gpus).map(int)),
                &column!(windows, window => window.and_then(|window| window.start)),
                &column!(windows, window => window.and_then(|window| window.end)),
                &column!(windows, window => window.and_then(|window| window.latest)),
            ],
        )
        .await?;
    Ok(())
}

async fn end_lots(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    if !changes.expired_lots.is_empty() {
        let lots = column!(changes.expired_lots, lot => lot.uuid());
        transaction.execute("UPDATE lots SET expired = true WHERE id = ANY($1)", &[&lots]).await?;
    }
    if !changes.withdrawn_lots.is_empty() {
        let lots = column!(changes.withdrawn_lots, lot => lot.uuid());
        transaction.execute("UPDATE lots SET withdrawn = true WHERE id = ANY($1)", &[&lots]).await?;
    }
    Ok(())
}

async fn insert_auctions(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let (held, missed) = (&changes.auctions, &changes.missed_auctions);
    if !held.is_empty() {
        let statement = "INSERT INTO spot_auctions (market, hour, sequence, clearing_price, gpus, gpus_bid, gpus_offered) \
                         SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::numeric[], $5::bigint[], \
                         $6::bigint[], $7::bigint[])";
        transaction
            .execute(
                statement,
                &[
                    &column!(held, (_, auction) => auction.market.as_str()),
                    &column!(held, (_, auction) => at_hour(auction.hour)),
                    &column!(held, (sequence, _) => signed(*sequence)),
                    &column!(held, (_, auction) => auction.price.map(price)),
                    &column!(held, (_, auction) => i64::from(auction.gpus)),
                    &column!(held, (_, auction) => signed(auction.gpus_bid)),
                    &column!(held, (_, auction) => signed(auction.gpus_offered)),
                ],
            )
            .await?;
    }
    if !missed.is_empty() {
        let statement = "INSERT INTO spot_auctions (market, hour, sequence, missed) \
                         SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::text[])";
        let cause = |cause: matching::MissedCause| match cause {
            matching::MissedCause::NobodyLed => "nobody_led",
            matching::MissedCause::Halted => "halted",
        };
        transaction
            .execute(
                statement,
                &[
                    &column!(missed, (_, auction) => auction.market.as_str()),
                    &column!(missed, (_, auction) => at_hour(auction.hour)),
                    &column!(missed, (sequence, _) => signed(*sequence)),
                    &column!(missed, (_, auction) => cause(auction.cause)),
                ],
            )
            .await?;
    }
    Ok(())
}

async fn insert_spot_sales(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    if changes.spot_sales.is_empty() {
        return Ok(());
    }
    let sales = changes.spot_sales.iter().flat_map(|(record, sold)| {
        (0i32..).zip(&sold.sales).map(move |(ordinal, sale)| (*record, *sold, ordinal, sale))
    });
    let sales: Vec<_> = sales.collect();
    let statement = "INSERT INTO spot_sales (sequence, ordinal, at, market, hour, bid, ask, buyer, seller, lot, gpus, price, \
                     minutes, currency, amount, buyer_fee, seller_fee) \
                     SELECT * FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::text[], $5::timestamptz[], \
                     $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::uuid[], $11::int[], $12::numeric[], $13::int[], \
                     $14::text[], $15::numeric[], $16::numeric[], $17::numeric[])";
    transaction
        .execute(
            statement,
            &[
                &column!(sales, (record, ..) => signed(record.sequence)),
                &column!(sales, (_, _, ordinal, _) => *ordinal),
                &column!(sales, (record, ..) => timestamp(record.at)),
                &column!(sales, (_, sold, ..) => sold.market.as_str()),
                &column!(sales, (_, sold, ..) => at_hour(sold.hour)),
                &column!(sales, (.., sale) => sale.bid.uuid()),
                &column!(sales, (.., sale) => sale.ask.uuid()),
                &column!(sales, (.., sale) => sale.buyer.as_str()),
                &column!(sales, (.., sale) => sale.seller.as_str()),
                &column!(sales, (.., sale) => sale.lot.uuid()),
                &column!(sales, (.., sale) => int(sale.gpus)),
                &column!(sales, (.., sale) => price(sale.price)),
                &column!(sales, (.., sale) => int(sale.minutes)),
                &column!(sales, (_, sold, ..) => sold.currency.as_str()),
                &column!(sales, (.., sale) => sale.amount.to_decimal()),
                &column!(sales, (.., sale) => sale.buyer_fee.to_decimal()),
                &column!(sales, (.., sale) => sale.seller_fee.to_decimal()),
            ],
        )
        .await?;
    // A bid shows what it has of the last hour, an ask the most that it has sold of any. Hours come in order.
    let mut fills = changes.spot_fills();
    fills.sort_by_key(|fill| fill.hour);
    for hour in fills.chunk_by(|a, b| a.hour == b.hour) {
        let statement = "UPDATE orders o \
                         SET spot_hour = c.hour, spot_gpus = c.gpus, \
                             filled_gpus = CASE WHEN o.side = 'sell' THEN greatest(o.filled_gpus, c.gpus) ELSE c.gpus END \
                         FROM (SELECT o.id, f.hour, f.gpus + CASE WHEN o.spot_hour = f.hour THEN o.spot_gpus ELSE 0 END \
                               AS gpus FROM unnest($1::uuid[], $2::timestamptz[], $3::int[]) AS f (id, hour, gpus) \
                               JOIN orders o ON o.id = f.id) AS c WHERE o.id = c.id";
        transaction
            .execute(
                statement,
                &[
                    &column!(hour, fill => fill.order.uuid()),
                    &column!(hour, fill => at_hour(fill.hour)),
                    &column!(hour, fill => int(fill.gpus)),
                ],
            )
            .await?;
    }
    Ok(())
}

/// What an interruption leaves of a spot bid. It comes after the sales: where both are among the changes, the interruption was later.
async fn interrupt_orders(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let kept = changes.moved_orders.iter().filter_map(|(id, change)| Some((id.uuid(), int(change.kept?))));
    let (orders, gpus): (Vec<Uuid>, Vec<i32>) = kept.unzip();
    if orders.is_empty() {
        return Ok(());
    }
    let statement = "UPDATE orders o SET filled_gpus = c.gpus FROM unnest($1::uuid[], $2::int[]) AS c (id, gpus) \
                     WHERE o.id = c.id";
    transaction.execute(statement, &[&orders, &gpus]).await?;
    Ok(())
}

fn at_hour(hour: Hour) -> Timestamp {
    timestamp(hour.start())
}

fn int(number: u32) -> i32 {
    exact(number)
}

/// The hours of an ask's shortest or longest sale. A client may name any number, and no window has as many hours as the column takes.
fn sale_hours(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(super) fn signed(sequence: u64) -> i64 {
    exact(sequence)
}

fn price(price: matching::Price) -> Decimal {
    Decimal::from_i128_with_scale(i128::from(price.micros()), 6)
}
