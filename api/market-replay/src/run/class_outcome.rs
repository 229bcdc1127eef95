//! What was traded of each class, beside what providers asked for it on demand.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Serialize, Serializer};

use super::holdings::Holdings;
use super::tally::{Side, Tally};
use crate::PlanSummary;

/// Decimal places of a price told.
const PRICE_PLACES: u32 = 4;

/// One class of GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClassOutcome {
    /// Term bids accepted.
    pub bids: u64,
    /// Of these, filled in the end.
    pub filled: u64,
    /// GPU-hours sold by the term.
    pub gpu_hours_sold: u64,
    /// What buyers pay for one of them on average, USD, without fees; nothing where none was sold.
    #[serde(serialize_with = "optional_decimal_string")]
    pub average_price: Option<Decimal>,
    /// The mean of the observed on-demand prices, each weighted by the GPU-hours offered at it, USD.
    #[serde(serialize_with = "decimal_string")]
    pub on_demand_level: Decimal,
    /// What was sold by the hour.
    pub spot: SpotOutcome,
}

/// Spot of one class of GPUs, beside the spot prices that were observed in the same weeks. Prices are USD per GPU-hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SpotOutcome {
    /// Spot bids accepted.
    pub bids: u64,
    /// GPU-hours sold, rounded down.
    pub gpu_hours_sold: u64,
    /// Hours with a clearing price.
    pub hours_priced: u64,
    /// Mean of the clearing prices.
    #[serde(serialize_with = "optional_decimal_string")]
    pub index_average: Option<Decimal>,
    /// The lowest of them.
    #[serde(serialize_with = "optional_decimal_string")]
    pub index_min: Option<Decimal>,
    /// The highest of them.
    #[serde(serialize_with = "optional_decimal_string")]
    pub index_max: Option<Decimal>,
    /// How often a buyer lost GPUs; nothing where the log could not be read.
    pub interruptions: Option<u64>,
    /// Observed spot prices.
    pub observed_quotes: u64,
    /// Mean of the observed prices.
    #[serde(serialize_with = "optional_decimal_string")]
    pub observed_average: Option<Decimal>,
    /// The lowest of them.
    #[serde(serialize_with = "optional_decimal_string")]
    pub observed_min: Option<Decimal>,
    /// The highest of them.
    #[serde(serialize_with = "optional_decimal_string")]
    pub observed_max: Option<Decimal>,
}

impl ClassOutcome {
    /// All classes of the plan, by id.
    pub(super) fn of(plan: &PlanSummary, tally: &Tally, new: &Holdings) -> BTreeMap<String, Self> {
        let with_level = |level| Self { on_demand_level: level, ..Self::default() };
        let mut classes: BTreeMap<String, Self> =
            plan.classes.iter().map(|(id, class)| ((*id).to_owned(), with_level(class.mean_ask))).collect();
        for (id, (side, market)) in &tally.accepted {
            if *side == Side::Bids {
                let class = classes.entry(class_of(market).to_owned()).or_default();
                class.bids += 1;
                class.filled += u64::from(new.orders.get(id).is_some_and(|order| order.status == "filled"));
            }
            if *side == Side::SpotBids {
                classes.entry(class_of(market).to_owned()).or_default().spot.bids += 1;
            }
        }
        let mut paid: BTreeMap<&str, Decimal> = BTreeMap::new();
        for trade in new.trades.values() {
            let id = class_of(&trade.market);
            classes.entry(id.to_owned()).or_default().gpu_hours_sold += trade.gpu_hours();
            *paid.entry(id).or_default() += trade.price * Decimal::from(trade.gpu_hours());
        }
        for (id, paid) in paid {
            let class = classes.entry(id.to_owned()).or_default();
            class.average_price = average(paid, class.gpu_hours_sold);
        }
        classes
    }
}

fn average(paid: Decimal, gpu_hours: u64) -> Option<Decimal> {
    let mean = paid.checked_div(Decimal::from(gpu_hours))?;
    Some(mean.round_dp_with_strategy(PRICE_PLACES, RoundingStrategy::MidpointNearestEven))
}

/// The class of a market is what its id begins with.
pub(super) fn class_of(market: &str) -> &str {
    market.split_once('.').map_or(market, |(class, _)| class)
}

fn decimal_string<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn optional_decimal_string<S: Serializer>(amount: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => serializer.collect_str(amount),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_averaged_by_gpu_hours_and_rounded_half_even() {
        let dollars = |text: &str| -> Decimal { text.parse().unwrap() };
        assert_eq!(average(dollars("3.00025"), 3), Some(dollars("1.0001")));
        assert_eq!(average(dollars("0.00025"), 1), Some(dollars("0.0002")));
        assert_eq!(average(Decimal::ZERO, 0), None);
        assert_eq!(class_of("a100-80g-sxm4-ib.global-1"), "a100-80g-sxm4-ib");
    }
}
