//! Orders in the table `orders`, and what they have traded in `trades` and `spot_sales`.

use ledger::{Instant, OrganizationId};
use matching::{MarketId, OrderId, TimeInForce, Unfilled};
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::fill::Fill;
use super::record::{OrderRecord, OrderStatus, StoredBid};
use crate::Database;
use crate::database::{ColumnValue, NamedColumns as _};
use crate::journal::{JournalError, timestamp};
use crate::read_models::table::{Stored, select, select_one, table};

table! {
    OrderRecord in "orders" by ["id"]:
    id, organization, client_order_id, side, kind, market, lot, contract, status, gpus, filled_gpus, limit_price, window_start,
    window_end, window_latest, time_in_force, min_gpus, min_hours, max_hours, options, hold, unfilled, placed_at, spot_hour,
    spot_gpus, sequence,
}

impl Stored for OrderRecord {}

impl ColumnValue for TimeInForce {
    const SQL_TYPE: &'static str = "text";
    type Column = String;

    fn to_column(&self) -> String {
        self.name().to_owned()
    }

    fn from_column(column: String) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.name() == column)
    }
}

/// Values that are stored as JSON.
macro_rules! json {
    ($($type:ty),*) => {$(
        impl ColumnValue for $type {
            const SQL_TYPE: &'static str = "json";
            type Column = Json<Self>;

            fn to_column(&self) -> Json<Self> {
                Json(self.clone())
            }

            fn from_column(column: Json<Self>) -> Option<Self> {
                Some(column.0)
            }
        }
    )*};
}

json!(StoredBid, Unfilled);

/// Filter for an organization's orders.
#[derive(Clone, Debug)]
pub struct OrderFilter {
    /// Organization that placed them.
    pub organization: OrganizationId,
    /// Statuses to admit; empty admits no order.
    pub statuses: Vec<OrderStatus>,
    /// Market in which they trade; `None` for any.
    pub market: Option<MarketId>,
}

impl OrderFilter {
    /// Returns whether an order passes.
    pub fn admits(&self, order: &OrderRecord) -> bool {
        let trades_in = |market| order.market == market || order.other_markets().contains(&market);
        order.organization == self.organization
            && self.statuses.contains(&order.status)
            && self.market.is_none_or(trades_in)
    }
}

/// Queries for orders.
pub struct Orders<'a> {
    pub(in crate::read_models) database: &'a Database,
}

impl Orders<'_> {
    /// Finds an organization's order.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn find(
        &self,
        organization: OrganizationId,
        order: OrderId,
    ) -> Result<Option<OrderRecord>, JournalError> {
        let from = "orders WHERE id = $1 AND organization = $2";
        select_one(self.database, from, &[&order.uuid(), &organization.as_str()]).await
    }

    /// Lists the orders that pass after a place in the list, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn page(&self, filter: &OrderFilter, after: i64, limit: i64) -> Result<Vec<OrderRecord>, JournalError> {
        let from = "orders WHERE organization = $1 AND sequence > $2 AND status = ANY($3) \
                    AND ($4::text IS NULL OR market = $4 OR (options->'other_markets')::jsonb @> to_jsonb($4::text)) \
                    ORDER BY sequence LIMIT $5";
        let statuses: Vec<&str> = filter.statuses.iter().map(|status| status.name()).collect();
        let market = filter.market.as_ref().map(MarketId::as_str);
        select(self.database, from, &[&filter.organization.as_str(), &after, &statuses, &market, &limit]).await
    }

    /// Returns those of these orders that trade in a market, whosever they are.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn trading_in(&self, market: MarketId, orders: &[OrderId]) -> Result<Vec<OrderId>, JournalError> {
        let statement = "SELECT id FROM orders WHERE id = ANY($1) AND \
                         (market = $2 OR (options->'other_markets')::jsonb @> to_jsonb($2::text))";
        let client = self.database.get().await?;
        let rows = client.query(statement, &[&uuids(orders), &market.as_str()]).await?;
        rows.iter().map(|row| row.read("id")).collect()
    }

    /// Lists what orders have traded, spot sales only since `hours_since`: those of the first order first, each order's
    /// oldest first, at most `limit` of them; `None` for all.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn fills(
        &self,
        orders: &[OrderId],
        hours_since: Instant,
        limit: Option<usize>,
    ) -> Result<Vec<Fill>, JournalError> {
        let term = "id AS trade, contract, market, lot, gpus, price, window_start, window_end, NULL::int AS minutes, amount, \
                    sequence, 0 AS ordinal";
        let spot =
            "NULL, NULL, market, lot, gpus, price, hour, hour + interval '1 hour', minutes, amount, sequence, ordinal";
        let statement = format!(
            "SELECT * FROM (SELECT bid AS of_order, {term} FROM trades WHERE bid = ANY($1) \
             UNION ALL SELECT ask, {term} FROM trades WHERE ask = ANY($1) \
             UNION ALL SELECT bid, {spot} FROM spot_sales WHERE bid = ANY($1) AND hour >= $2 \
             UNION ALL SELECT ask, {spot} FROM spot_sales WHERE ask = ANY($1) AND hour >= $2) fills \
             ORDER BY array_position($1, of_order), sequence, ordinal LIMIT $3"
        );
        let limit = limit.map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let client = self.database.get().await?;
        let rows = client.query(&statement, &[&uuids(orders), &timestamp(hours_since), &limit]).await?;
        rows.iter().map(fill_of_row).collect()
    }

    /// Counts the term trades of an order.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn count_trades(&self, order: OrderId) -> Result<u64, JournalError> {
        let statement = "SELECT count(*) AS trades FROM trades WHERE bid = $1 OR ask = $1";
        let client = self.database.get().await?;
        client.query_one(statement, &[&order.uuid()]).await?.read("trades")
    }
}

fn uuids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(|order| order.uuid()).collect()
}

fn fill_of_row(row: &Row) -> Result<Fill, JournalError> {
    Ok(Fill {
        order: row.read("of_order")?,
        trade: row.read("trade")?,
        contract: row.read("contract")?,
        market: row.read("market")?,
        lot: row.read("lot")?,
        gpus: row.read("gpus")?,
        price: row.read("price")?,
        window_start: row.read("window_start")?,
        window_end: row.read("window_end")?,
        minutes: row.read("minutes")?,
        amount: row.read("amount")?,
    })
}
