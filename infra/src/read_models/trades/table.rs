//! Trades in the table `trades`.

use ledger::OrganizationId;
use matching::MarketId;

use super::record::TradeRecord;
use crate::Database;
use crate::journal::JournalError;
use crate::read_models::table::{Stored, of_either_side, select, table};

table! {
    TradeRecord in "trades" by ["id"]:
    id, at, contract, market, lot, bid, ask, buyer, seller, gpus, price, window_start, window_end, currency, amount, buyer_fee,
    seller_fee, busted, sequence,
}

impl Stored for TradeRecord {
    // Uses an existing index: a contract has the sequence of its trade.
    const OF_IDS: &'static str = "(market, sequence) IN (SELECT market, sequence FROM contracts WHERE id = ANY($1))";
}

/// Queries for trades.
pub struct Trades<'a> {
    pub(in crate::read_models) database: &'a Database,
}

impl Trades<'_> {
    /// Lists an organization's trades after a place in the list, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn page(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<TradeRecord>, JournalError> {
        let from = of_either_side("trades");
        select(self.database, &from, &[&organization.as_str(), &after, &limit]).await
    }

    /// Lists a market's trades after a place in the list, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn of_market(&self, market: MarketId, after: i64, limit: i64) -> Result<Vec<TradeRecord>, JournalError> {
        let from = "trades WHERE market = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
        select(self.database, from, &[&market.as_str(), &after, &limit]).await
    }
}
