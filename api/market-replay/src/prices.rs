//! The recorded rental prices: one row per day, provider, GPU model, GPUs per offer, region and rental type.

use std::{io::Read, str::FromStr};

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::table::{InputError, Row, Table};

/// How the quoted capacity is rented out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RentalType {
    /// At a list price, until the renter gives it back.
    OnDemand,
    /// Interruptible.
    Spot,
}

impl FromStr for RentalType {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "on_demand" => Ok(Self::OnDemand),
            "spot" => Ok(Self::Spot),
            _ => Err(()),
        }
    }
}

/// What one provider quoted on one day for one product in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The day of the observation.
    pub date: Date,
    /// The provider as the recording spells it.
    pub provider: String,
    /// The GPU model as the recording spells it.
    pub gpu_model: String,
    /// GPUs in one offer, 1 to 1,024.
    pub gpu_count: u32,
    /// The region as the recording spells it: a country, a group of countries, a tier or `global`.
    pub region: String,
    /// On demand or spot.
    pub rental_type: RentalType,
    /// The middle of the quoted prices, USD per GPU-hour, positive and at most 1,000,000.
    pub price_median: Decimal,
    /// The lowest of the quoted prices, USD per GPU-hour, positive and at most the median.
    pub price_min: Decimal,
    /// The highest of the quoted prices, USD per GPU-hour, at least the median.
    pub price_max: Decimal,
    /// Offers behind the three prices, 1 to 1,000,000.
    pub n_offers: u32,
}

// Limits far above anything in the recording: beyond them a row is damaged, and sums could overflow.
const DEAREST: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
const MOST_GPUS: u32 = 1024;
const MOST_OFFERS: u32 = 1_000_000;

const COLUMNS: &[&str] = &[
    "date",
    "provider",
    "gpu_model",
    "gpu_count",
    "region",
    "rental_type",
    "price_median_usd",
    "price_min_usd",
    "price_max_usd",
    "n_offers",
];
const DATE: usize = 0;
const PROVIDER: usize = 1;
const GPU_MODEL: usize = 2;
const GPU_COUNT: usize = 3;
const REGION: usize = 4;
const RENTAL_TYPE: usize = 5;
const PRICE_MEDIAN: usize = 6;
const PRICE_MIN: usize = 7;
const PRICE_MAX: usize = 8;
const N_OFFERS: usize = 9;

/// The observations of a file, one at a time.
#[derive(Debug)]
pub struct Observations<R> {
    table: Table<R>,
}

impl<R: Read> Observations<R> {
    /// Reads the header of `input`; `file` is the name that errors give it.
    ///
    /// # Errors
    /// The header cannot be read or lacks a column.
    pub fn open(file: &str, input: R) -> Result<Self, InputError> {
        Table::open(file, input, COLUMNS).map(|table| Self { table })
    }
}

impl<R: Read> Iterator for Observations<R> {
    type Item = Result<Observation, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.table.next_row().and_then(|row| row.map(|row| observation(&row)).transpose()).transpose()
    }
}

fn observation<R>(row: &Row<'_, R>) -> Result<Observation, InputError> {
    let price_median =
        row.value(PRICE_MEDIAN, "a positive price", |price: &Decimal| *price > Decimal::ZERO && *price <= DEAREST)?;
    Ok(Observation {
        date: row.value(DATE, "a date", |_| true)?,
        provider: name(row, PROVIDER)?,
        gpu_model: name(row, GPU_MODEL)?,
        gpu_count: row.value(GPU_COUNT, "a count of GPUs", |count| (1..=MOST_GPUS).contains(count))?,
        region: name(row, REGION)?,
        rental_type: row.value(RENTAL_TYPE, "`on_demand` or `spot`", |_| true)?,
        price_median,
        price_min: row.value(PRICE_MIN, "a positive price of at most the median", |price| {
            *price > Decimal::ZERO && *price <= price_median
        })?,
        price_max: row.value(PRICE_MAX, "a price of at least the median", |price| *price >= price_median)?,
        n_offers: row.value(N_OFFERS, "a count of offers", |count| (1..=MOST_OFFERS).contains(count))?,
    })
}

fn name<R>(row: &Row<'_, R>, column: usize) -> Result<String, InputError> {
    row.value(column, "a name", |text: &String| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "date,provider,gpu_model,gpu_count,region,rental_type,price_min_usd,\
                          price_median_usd,price_max_usd,n_offers,source_url,fetched_at\n";

    fn read(rows: &str) -> Vec<Result<Observation, InputError>> {
        let text = format!("{HEADER}{rows}");
        Observations::open("prices.csv", text.as_bytes()).unwrap().collect()
    }

    #[test]
    fn a_row_is_read_with_its_prices_exact() {
        let rows = read("2026-06-10,vast.ai,L40S,4,JP,on_demand,0.467,0.4705,0.61,3,u,t\n");
        let row = rows[0].as_ref().unwrap();
        assert_eq!(row.date.to_string(), "2026-06-10");
        assert_eq!(row.provider, "vast.ai");
        assert_eq!((row.gpu_count, row.n_offers), (4, 3));
        assert_eq!(row.rental_type, RentalType::OnDemand);
        assert_eq!(row.price_min, Decimal::new(467, 3));
        assert_eq!(row.price_median, Decimal::new(4705, 4));
        assert_eq!(row.price_max, Decimal::new(61, 2));
    }

    #[test]
    fn every_bad_field_is_refused_by_its_column() {
        for (row, column) in [
            ("2026-13-10,p,L40S,4,JP,spot,1,1,1,3,u,t", "date"),
            ("2026-06-10,,L40S,4,JP,spot,1,1,1,3,u,t", "provider"),
            ("2026-06-10,p,,4,JP,spot,1,1,1,3,u,t", "gpu_model"),
            ("2026-06-10,p,L40S,0,JP,spot,1,1,1,3,u,t", "gpu_count"),
            ("2026-06-10,p,L40S,4,,spot,1,1,1,3,u,t", "region"),
            ("2026-06-10,p,L40S,4,JP,lease,1,1,1,3,u,t", "rental_type"),
            ("2026-06-10,p,L40S,4,JP,spot,1,0,1,3,u,t", "price_median_usd"),
            ("2026-06-10,p,L40S,4,JP,spot,2,1,2,3,u,t", "price_min_usd"),
            ("2026-06-10,p,L40S,4,JP,spot,1,1,0.5,3,u,t", "price_max_usd"),
            ("2026-06-10,p,L40S,4,JP,spot,1,1,1,,u,t", "n_offers"),
        ] {
            let error = read(&format!("{row}\n")).remove(0).unwrap_err().to_string();
            let place = format!("prices.csv: line 2, column `{column}`");
            assert!(error.starts_with(&place), "{error}");
        }
    }
}
