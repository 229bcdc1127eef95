//! What the clients, the API and the log say of spot.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, RoundingStrategy};

use super::class_outcome::SpotOutcome;
use super::holdings::Holdings;
use super::wire::Auction;
use crate::SpotQuote;

/// Decimal places of a price told.
const PRICE_PLACES: u32 = 4;
const MINUTES_PER_HOUR: u64 = 60;

/// Spot in the log: GPU-minutes by market and hour, of the whole log.
#[derive(Clone, Debug, Default)]
pub(super) struct SpotLog {
    /// Sold and delivered.
    pub(super) hours: BTreeMap<(String, Timestamp), (u64, u64)>,
    /// Sold since the replay began.
    pub(super) sold_since_baseline: u64,
    /// Interruptions since the replay began, by market.
    pub(super) interruptions: BTreeMap<String, u64>,
    /// The exchange's clock when the log was read.
    pub(super) now: Timestamp,
}

impl SpotLog {
    /// GPU-minutes sold, delivered and in progress, and the hours in which these do not come to the same.
    pub(super) fn balance(&self) -> (u64, u64, u64, usize) {
        let (mut sold, mut delivered, mut in_progress, mut off) = (0, 0, 0, 0);
        for ((_, hour), (of_hour, done)) in &self.hours {
            let over = hour.checked_add(SignedDuration::from_hours(1)).is_ok_and(|end| end <= self.now);
            sold += of_hour;
            delivered += done;
            match (over, *done) {
                (false, 0) => in_progress += of_hour,
                _ => off += usize::from(of_hour != done),
            }
        }
        (sold, delivered, in_progress, off)
    }
}

/// The lot-hours that were sold, and those of which more was sold than the lot has: term and spot together. Lots of
/// which nothing is known are left out.
pub(super) fn oversold(holdings: &Holdings, capacity: &BTreeMap<String, u32>) -> (usize, Vec<String>) {
    let mut sold: BTreeMap<(&str, i64), u64> = BTreeMap::new();
    for trade in holdings.trades.values() {
        for hour in trade.window.hours() {
            *sold.entry((&trade.lot, hour)).or_default() += u64::from(trade.gpus);
        }
    }
    for sale in &holdings.spot_sales {
        // Whatever part of the hour was sold last, it was sold to the end of the hour.
        *sold.entry((&sale.lot, sale.hour.as_second() / 3600)).or_default() += u64::from(sale.gpus);
    }
    let over = sold.iter().filter(|((lot, _), gpus)| capacity.get(*lot).is_some_and(|most| **gpus > u64::from(*most)));
    let over = over.map(|((lot, hour), gpus)| format!("{gpus} GPUs of {lot} in hour {hour}")).collect();
    (sold.len(), over)
}

/// One class: its auctions, what was sold, and the spot prices that were observed in the hours played.
pub(super) fn outcome(
    auctions: &[Auction],
    gpu_minutes_sold: u64,
    interruptions: Option<u64>,
    observed: &[&SpotQuote],
) -> SpotOutcome {
    let index: Vec<Decimal> = auctions.iter().filter_map(|auction| auction.clearing_price).collect();
    let quotes: Vec<Decimal> = observed.iter().map(|quote| quote.price).collect();
    SpotOutcome {
        gpu_hours_sold: gpu_minutes_sold / MINUTES_PER_HOUR,
        hours_priced: index.len() as u64,
        index_average: mean(&index),
        index_min: index.iter().min().copied(),
        index_max: index.iter().max().copied(),
        interruptions,
        observed_quotes: quotes.len() as u64,
        observed_average: mean(&quotes),
        observed_min: quotes.iter().min().copied(),
        observed_max: quotes.iter().max().copied(),
        ..SpotOutcome::default()
    }
}

fn mean(prices: &[Decimal]) -> Option<Decimal> {
    let sum: Decimal = prices.iter().sum();
    let mean = sum.checked_div(Decimal::from(prices.len()))?;
    Some(mean.round_dp_with_strategy(PRICE_PLACES, RoundingStrategy::MidpointNearestEven))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_delivered_whole_once_it_is_over() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let hour = |hour: &str| ("m.z".to_owned(), at(hour));
        let mut log = SpotLog { now: at("2027-01-01T01:50:00Z"), ..SpotLog::default() };
        log.hours.insert(hour("2027-01-01T00:00:00Z"), (480, 480));
        log.hours.insert(hour("2027-01-01T01:00:00Z"), (80, 0));
        assert_eq!(log.balance(), (560, 480, 80, 0));
        log.hours.insert(hour("2027-01-01T00:00:00Z"), (480, 0));
        assert_eq!(log.balance().3, 1);
        log.hours.insert(hour("2027-01-01T00:00:00Z"), (480, 240));
        assert_eq!(log.balance().3, 1);
    }

    #[test]
    fn prices_are_averaged_by_hour_and_by_quote() {
        let dollars = |text: &str| -> Decimal { text.parse().unwrap() };
        assert_eq!(mean(&[dollars("0.5"), dollars("0.6001")]), Some(dollars("0.55")));
        assert_eq!(mean(&[]), None);
    }
}
