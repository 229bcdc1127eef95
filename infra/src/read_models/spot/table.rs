//! Auctions in the table `spot_auctions`, and sales in the table `spot_sales`.

use ledger::OrganizationId;
use matching::{Hour, MarketId};

use super::auction::AuctionRecord;
use super::sale::{OwnSale, SaleRecord};
use crate::Database;
use crate::database::NamedColumns as _;
use crate::journal::{JournalError, timestamp};
use crate::read_models::table::{Table as _, select, select_one, table};

table! {
    AuctionRecord in "spot_auctions" by ["market", "hour"]:
    market, hour, clearing_price, gpus, gpus_bid, gpus_offered, missed, sequence,
}

table! {
    SaleRecord in "spot_sales" by ["sequence", "ordinal"]:
    sequence, ordinal, at, market, hour, bid, ask, buyer, seller, lot, gpus, price, minutes, currency, amount, buyer_fee,
    seller_fee,
}

/// Queries for auctions and spot sales.
pub struct Spot<'a> {
    pub(in crate::read_models) database: &'a Database,
}

impl Spot<'_> {
    /// Finds a market's auction for an hour.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn auction(&self, market: MarketId, hour: Hour) -> Result<Option<AuctionRecord>, JournalError> {
        let from = "spot_auctions WHERE market = $1 AND hour = $2";
        select_one(self.database, from, &[&market.as_str(), &timestamp(hour.start())]).await
    }

    /// Lists a market's auctions after a place in the list, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn auctions(&self, market: MarketId, after: i64, limit: i64) -> Result<Vec<AuctionRecord>, JournalError> {
        let from = "spot_auctions WHERE market = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
        select(self.database, from, &[&market.as_str(), &after, &limit]).await
    }

    /// Lists what an organization bought and sold by the hour after a [place](OwnSale::place) in the list, oldest
    /// first, at most `limit`.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn own_sales(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<OwnSale>, JournalError> {
        let columns = SaleRecord::selected();
        let in_event = OwnSale::SALES_PER_EVENT;
        let place = format!("(sequence * {in_event} + ordinal) * 2");
        let statement = format!(
            "SELECT * FROM (SELECT {place} AS place, 'buy' AS side, {columns} \
             FROM spot_sales WHERE buyer = $1 AND sequence >= $2::bigint / ({in_event} * 2) \
             UNION ALL SELECT {place} + 1, 'sell', {columns} \
             FROM spot_sales WHERE seller = $1 AND sequence >= $2::bigint / ({in_event} * 2)) AS own \
             WHERE place > $2::bigint ORDER BY place LIMIT $3"
        );
        let client = self.database.get().await?;
        let rows = client.query(&statement, &[&organization.as_str(), &after, &limit]).await?;
        let own = rows.iter().map(|row| Ok(OwnSale { sale: SaleRecord::of_row(row)?, side: row.read("side")? }));
        own.collect()
    }
}
