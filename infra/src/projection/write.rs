//! Writing the changes, set by set, in one transaction with the position.

use matching::{HoursRange, OrderSide, TimeInForce};
use rust_decimal::Decimal;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

use super::changes::Changes;
use crate::journal::{JournalError, timestamp};

/// Writes `changes`, which lead from the position `before` to `after`.
pub(super) async fn write(
    client: &mut Client,
    changes: &Changes<'_>,
    before: u64,
    after: u64,
) -> Result<(), JournalError> {
    let transaction = client.transaction().await?;
    let moved = transaction
        .execute("UPDATE projection_position SET sequence = $1 WHERE sequence = $2", &[&signed(after), &signed(before)])
        .await?;
    if moved != 1 {
        return Err(JournalError::Damaged("the read models were moved by another process".into()));
    }
    insert_lots(&transaction, changes).await?;
    insert_orders(&transaction, changes).await?;
    insert_trades(&transaction, changes).await?;
    update_orders(&transaction, changes).await?;
    update_contracts(&transaction, changes).await?;
    expire_lots(&transaction, changes).await?;
    transaction.commit().await?;
    Ok(())
}

/// One value of every item, as a column for `unnest`.
macro_rules! column {
    ($items:expr, $item:pat => $value:expr) => {
        $items.iter().map(|$item| $value).collect::<Vec<_>>()
    };
}

async fn insert_lots(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let lots = &changes.lots;
    if lots.is_empty() {
        return Ok(());
    }
    let statement = "INSERT INTO lots (id, organization, market, gpus, window_start, window_end, fabric, sequence) \
                     SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], \
                     $6::timestamptz[], $7::text[], $8::bigint[])";
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
                &column!(lots, (_, lot) => lot.fabric.as_str()),
                &column!(lots, (sequence, _) => signed(*sequence)),
            ],
        )
        .await?;
    Ok(())
}

/// The columns in which bids and asks differ.
struct SideColumns {
    side: &'static str,
    lot: Option<Uuid>,
    time_in_force: Option<&'static str>,
    min_gpus: Option<i32>,
    hours: Option<HoursRange>,
}

impl From<&OrderSide> for SideColumns {
    fn from(side: &OrderSide) -> Self {
        match side {
            OrderSide::Buy { time_in_force, min_gpus } => Self {
                side: "buy",
                lot: None,
                time_in_force: Some(match time_in_force {
                    TimeInForce::Gtc => "GTC",
                    TimeInForce::Ioc => "IOC",
                    TimeInForce::Fok => "FOK",
                }),
                min_gpus: Some(int(*min_gpus)),
                hours: None,
            },
            OrderSide::Sell { lot, hours } => {
                Self { side: "sell", lot: Some(lot.uuid()), time_in_force: None, min_gpus: None, hours: Some(*hours) }
            }
        }
    }
}

async fn insert_orders(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let orders = &changes.orders;
    if orders.is_empty() {
        return Ok(());
    }
    let sides = column!(orders, (_, placed) => SideColumns::from(&placed.terms.side));
    let statement = "INSERT INTO orders (id, organization, market, side, lot, status, gpus, limit_price, window_start, \
                     window_end, time_in_force, min_gpus, min_hours, max_hours, client_order_id, hold, unfilled, placed_at, \
                     sequence) \
                     SELECT id, organization, market, side, lot, 'open', gpus, limit_price, window_start, window_end, \
                     time_in_force, min_gpus, min_hours, max_hours, client_order_id, hold, unfilled::json, placed_at, sequence \
                     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::int[], $7::numeric[], \
                     $8::timestamptz[], $9::timestamptz[], $10::text[], $11::int[], $12::int[], $13::int[], $14::text[], \
                     $15::numeric[], $16::text[], $17::timestamptz[], $18::bigint[]) \
                     AS o (id, organization, market, side, lot, gpus, limit_price, window_start, window_end, time_in_force, \
                     min_gpus, min_hours, max_hours, client_order_id, hold, unfilled, placed_at, sequence)";
    transaction
        .execute(
            statement,
            &[
                &column!(orders, (_, placed) => placed.order.uuid()),
                &column!(orders, (_, placed) => placed.organization.as_str()),
                &column!(orders, (_, placed) => placed.terms.market.as_str()),
                &column!(sides, side => side.side),
                &column!(sides, side => side.lot),
                &column!(orders, (_, placed) => int(placed.terms.gpus)),
                &column!(orders, (_, placed) => price(placed.terms.limit_price)),
                &column!(orders, (_, placed) => timestamp(placed.terms.window.start().start())),
                &column!(orders, (_, placed) => timestamp(placed.terms.window.end().start())),
                &column!(sides, side => side.time_in_force),
                &column!(sides, side => side.min_gpus),
                &column!(sides, side => side.hours.map(|hours| int(hours.min))),
                &column!(sides, side => side.hours.map(|hours| int(hours.max))),
                &column!(orders, (_, placed) => placed.client_order_id.map(|id| id.to_string())),
                &column!(orders, (_, placed) => placed.hold.to_decimal()),
                &column!(orders, (_, placed) => placed.unfilled.and_then(|why| serde_json::to_string(&why).ok())),
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
                                            currency, total) \
                     SELECT contract, sequence, market, lot, buyer, seller, gpus, price, window_start, window_end, currency, \
                            amount + buyer_fee \
                     FROM traded";
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
    let statement = "UPDATE orders o \
                     SET status = c.status, filled_gpus = coalesce(o.gpus - c.remaining, c.sold, o.filled_gpus) \
                     FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[]) AS c (id, status, remaining, sold) \
                     WHERE o.id = c.id";
    transaction
        .execute(
            statement,
            &[
                &column!(moved, (id, _) => id.uuid()),
                &column!(moved, (_, change) => change.status),
                &column!(moved, (_, change) => change.remaining.map(int)),
                &column!(moved, (_, change) => change.sold.map(int)),
            ],
        )
        .await?;
    Ok(())
}

async fn update_contracts(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    let delivered = &changes.delivered_contracts;
    if delivered.is_empty() {
        return Ok(());
    }
    let statement = "UPDATE contracts t \
                     SET delivered_hours = t.delivered_hours + c.hours, recognized = t.recognized + c.recognized \
                     FROM unnest($1::uuid[], $2::int[], $3::numeric[]) AS c (id, hours, recognized) WHERE t.id = c.id";
    transaction
        .execute(
            statement,
            &[
                &column!(delivered, (id, _) => id.uuid()),
                &column!(delivered, (_, change) => int(change.hours)),
                &column!(delivered, (_, change) => change.recognized.to_decimal()),
            ],
        )
        .await?;
    Ok(())
}

async fn expire_lots(transaction: &Transaction<'_>, changes: &Changes<'_>) -> Result<(), tokio_postgres::Error> {
    if changes.expired_lots.is_empty() {
        return Ok(());
    }
    let lots = column!(changes.expired_lots, lot => lot.uuid());
    transaction.execute("UPDATE lots SET expired = true WHERE id = ANY($1)", &[&lots]).await?;
    Ok(())
}

fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn price(price: matching::Price) -> Decimal {
    Decimal::from_i128_with_scale(i128::from(price.micros()), 6)
}
