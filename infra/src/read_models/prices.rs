//! Price history: candles, the last price of each length of term, and the spot index.

use ledger::{Amount, Instant};
use matching::{Hour, MarketId, Price};
use rust_decimal::Decimal;
use tokio_postgres::Row;

use crate::Database;
use crate::database::NamedColumns as _;
use crate::journal::{JournalError, timestamp};

/// Source of candles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CandleSource {
    /// Term trades that were not undone, by the time at which they traded.
    Trades,
    /// Spot auctions that had a price, by the hour that they were for.
    Auctions,
}

/// Length of a candle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CandleLength {
    /// An hour.
    Hour,
    /// A day in UTC.
    Day,
}

impl CandleLength {
    /// Returns the word for it, in English and in PostgreSQL's `date_trunc`.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// Candle: the prices of an interval in which something traded.
#[derive(Clone, Debug)]
pub struct Candle {
    /// Start of the interval.
    pub start: Hour,
    /// First price per GPU-hour.
    pub open: Price,
    /// Highest price per GPU-hour.
    pub high: Price,
    /// Lowest price per GPU-hour.
    pub low: Price,
    /// Last price per GPU-hour.
    pub close: Price,
    /// Volume in GPU-hours.
    pub volume: Decimal,
    /// Number of trades, or of auctions.
    pub trades: u64,
}

impl Candle {
    fn of_row(row: &Row) -> Result<Self, JournalError> {
        Ok(Self {
            start: row.read("start")?,
            open: row.read("open")?,
            high: row.read("high")?,
            low: row.read("low")?,
            close: row.read("close")?,
            volume: row.read("volume")?,
            trades: row.read("trades")?,
        })
    }
}

/// Last trade of a length of term.
#[derive(Clone, Copy, Debug)]
pub struct LastTrade {
    /// Index of the length among those that were asked for, from 0.
    pub length: usize,
    /// Price per GPU-hour.
    pub price: Price,
    /// Instant of the trade.
    pub at: Instant,
}

/// Queries for a market's prices.
pub struct Prices<'a> {
    pub(super) database: &'a Database,
    pub(super) market: MarketId,
}

impl Prices<'_> {
    /// Computes the candles of the hours from `start`, inclusive, to `end`, exclusive, oldest first.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn candles(
        &self,
        source: CandleSource,
        length: CandleLength,
        start: Hour,
        end: Hour,
    ) -> Result<Vec<Candle>, JournalError> {
        // One trade's price, GPU-hours, time, and what orders those of one time.
        let source = match source {
            CandleSource::Trades => {
                "SELECT at, sequence, price, \
                        gpus::bigint * (extract(epoch FROM window_end - window_start) / 3600)::bigint AS volume \
                 FROM trades WHERE market = $1 AND at >= $2 AND at < $3 AND NOT busted"
            }
            CandleSource::Auctions => {
                "SELECT hour AS at, sequence, clearing_price AS price, gpus AS volume \
                 FROM spot_auctions WHERE market = $1 AND hour >= $2 AND hour < $3 AND clearing_price IS NOT NULL"
            }
        };
        let statement = format!(
            "SELECT date_trunc('{}', at, 'UTC') AS start, (array_agg(price ORDER BY sequence))[1] AS open, \
                    max(price) AS high, min(price) AS low, (array_agg(price ORDER BY sequence DESC))[1] AS close, \
                    sum(volume)::numeric AS volume, count(*) AS trades \
             FROM ({source}) AS traded GROUP BY start ORDER BY start",
            length.unit()
        );
        let client = self.database.get().await?;
        let (start, end) = (timestamp(start.start()), timestamp(end.start()));
        let rows = client.query(&statement, &[&self.market.as_str(), &start, &end]).await?;
        rows.iter().map(Candle::of_row).collect()
    }

    /// Finds the last trade, not undone, of each length of term. A trade belongs to the longest of `lengths`, in hours
    /// and ascending, that it is at least as long as; one shorter than all belongs to the first.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn last_by_length(&self, lengths: &[u32]) -> Result<Vec<LastTrade>, JournalError> {
        let bounds: Vec<i32> = lengths.iter().skip(1).map(|hours| ledger::exact(*hours)).collect();
        let statement = "SELECT DISTINCT ON (length) \
                         width_bucket((extract(epoch FROM window_end - window_start) / 3600)::int, $2::int[]) AS length, \
                         price, at FROM trades WHERE market = $1 AND NOT busted ORDER BY length, sequence DESC";
        let client = self.database.get().await?;
        let rows = client.query(statement, &[&self.market.as_str(), &bounds]).await?;
        let last = rows.iter().map(|row| {
            let length: u32 = row.read("length")?;
            Ok(LastTrade { length: length as usize, price: row.read("price")?, at: row.read("at")? })
        });
        last.collect()
    }

    /// Computes the average price of the latest auctions, at most `auctions` of them, to the nearest micro-unit; `None`
    /// when no auction had a price.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn spot_average(&self, auctions: u32) -> Result<Option<Amount>, JournalError> {
        let statement = "SELECT round(avg(clearing_price), 6) AS price FROM \
                         (SELECT clearing_price FROM spot_auctions \
                          WHERE market = $1 AND clearing_price IS NOT NULL ORDER BY hour DESC LIMIT $2) latest";
        let client = self.database.get().await?;
        let row = client.query_one(statement, &[&self.market.as_str(), &i64::from(auctions)]).await?;
        row.read("price")
    }
}
