//! Observed quotes as lots and asks.
//!
//! The price and the capacity of a provider's week are those of `quotes`; weeks are counted from the first
//! observation.
//!
//! **Lots.** Consecutive weeks with quotes are one lot, over those weeks, with the GPUs of its largest week; a week
//! without quotes ends it. **Asks.** In each of its weeks the provider posts one ask on the lot, at that week's price
//! and for that week's capacity, for delivery over the next eight weeks or until the lot ends, so that windows of more
//! than a week find sellers too; nothing is withdrawn. Beside it stands a spot ask for the week's own hours, at what the
//! provider quoted for spot in that region and week, else at the class's spot level; a class of which no spot price was
//! observed has none. All asks of a lot, term and spot, share what the lot has left.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::calendar::{DAYS_PER_WEEK, HOURS_PER_DAY, HOURS_PER_WEEK, HourSpan};
use super::classes::{ClassSpec, Listing, listing};
use super::prices::{Observation, RentalType};
use super::quotes::{WeekQuotes, lower_median, on_tick};
use super::summary::ObservationCounts;

/// The day of the last observations in which a row for several GPUs carries the price of the whole instance. From
/// the next day on, the same providers' rows carry an eighth, a quarter or a half of it: the price per GPU.
const LAST_WHOLE_INSTANCE_DAY: Date = Date::constant(2026, 2, 18);

/// An ask covers this many weeks of delivery. Windows longer than a month hold more than half of the GPU-hours that
/// are bid for; with four weeks none of them could find a seller, with eight about a fifth of those hours does.
const ASK_WEEKS: u32 = 8;

/// A spot price that was observed: behind the spot asks, and to hold the exchange's own spot index against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotQuote {
    /// The provider's organization.
    pub provider: String,
    /// The class.
    pub class: &'static ClassSpec,
    /// The region as the recording spells it.
    pub region: String,
    /// The hours of the day for which it was quoted, since the origin.
    pub span: HourSpan,
    /// GPUs quoted: offers times GPUs per offer.
    pub gpus: u64,
    /// Median price, USD per GPU-hour, on the tick.
    pub price: Decimal,
}

/// An ask on a lot, term or spot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) key: String,
    pub(super) gpus: u32,
    pub(super) price: Decimal,
    pub(super) span: HourSpan,
}

/// A provider's capacity in one region and class over consecutive weeks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lot {
    pub(super) key: String,
    pub(super) provider: String,
    pub(super) class: &'static ClassSpec,
    pub(super) fabric: String,
    pub(super) gpus: u32,
    pub(super) span: HourSpan,
    /// In order of the week in which they are posted, which is the start of their span.
    pub(super) asks: Vec<Ask>,
    /// Likewise, by the hour; each spans its week.
    pub(super) spot_asks: Vec<Ask>,
}

/// Prices per class and week.
type Levels = BTreeMap<&'static ClassSpec, BTreeMap<u32, Decimal>>;
/// What one provider quoted in a region for a class; the prices of a week.
type SpotQuotes = BTreeMap<(String, String, &'static ClassSpec), BTreeMap<u32, Vec<Decimal>>>;

/// All that is for sale, and what it says about price levels.
#[derive(Debug, Default)]
pub(super) struct Supply {
    pub(super) lots: Vec<Lot>,
    pub(super) spot_quotes: Vec<SpotQuote>,
    pub(super) counts: ObservationCounts,
    /// Per class and week, the lower median of the quotes.
    levels: Levels,
    /// The same of the spot quotes.
    spot_levels: Levels,
    /// Per class and week, the GPUs asked.
    offered: BTreeMap<&'static ClassSpec, BTreeMap<u32, u64>>,
}

/// The name as part of ids: lower-case letters and digits, everything else a single hyphen; 32 characters at most.
pub(super) fn slug(name: &str) -> String {
    let spaced: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    let mut slug = spaced.split_whitespace().collect::<Vec<_>>().join("-");
    slug.truncate(32);
    slug.trim_end_matches('-').to_owned()
}

impl Supply {
    /// Lots, asks and price levels from all observations of a file.
    pub(super) fn from_observations(observations: &[Observation]) -> Self {
        let mut supply = Self::default();
        let Some(first) = observations.iter().map(|row| row.date).min() else {
            return supply;
        };
        let mut quotes: BTreeMap<(String, String, &'static ClassSpec), BTreeMap<u32, WeekQuotes>> = BTreeMap::new();
        let mut level_quotes: BTreeMap<(&'static ClassSpec, u32), Vec<Decimal>> = BTreeMap::new();
        let mut spot_level_quotes = level_quotes.clone();
        let mut spot = SpotQuotes::new();
        for row in observations {
            let Some(class) = supply.usable(row) else {
                continue;
            };
            let day = u32::try_from((row.date - first).get_days()).unwrap_or(0);
            let week = day / DAYS_PER_WEEK;
            let gpus = u64::from(row.n_offers) * u64::from(row.gpu_count);
            let provider = slug(&row.provider);
            match row.rental_type {
                RentalType::Spot => {
                    let start = day * HOURS_PER_DAY;
                    let end = start + HOURS_PER_DAY;
                    spot_level_quotes.entry((class, week)).or_default().push(row.price_median);
                    let in_region = spot.entry((provider.clone(), slug(&row.region), class)).or_default();
                    in_region.entry(week).or_default().push(row.price_median);
                    supply.spot_quotes.push(SpotQuote {
                        provider,
                        class,
                        region: row.region.clone(),
                        span: HourSpan { start, end },
                        gpus,
                        price: on_tick(row.price_median),
                    });
                }
                RentalType::OnDemand => {
                    level_quotes.entry((class, week)).or_default().push(row.price_median);
                    let in_region = quotes.entry((provider, slug(&row.region), class)).or_default();
                    in_region.entry(week).or_default().add(day, gpus, row.price_median);
                }
            }
        }
        supply.levels = levels(level_quotes);
        supply.spot_levels = levels(spot_level_quotes);
        for (place, weeks) in quotes {
            supply.list(&place, &weeks, spot.get(&place));
        }
        supply
    }

    /// The row's class where the replay uses the row; counts it either way.
    fn usable(&mut self, row: &Observation) -> Option<&'static ClassSpec> {
        self.counts.read += 1;
        let reason = match listing(&row.gpu_model) {
            Some(Listing::As(_)) if row.gpu_count > 1 && row.date <= LAST_WHOLE_INSTANCE_DAY => {
                "priced per instance, not per GPU (several GPUs, until 2026-02-18)".to_owned()
            }
            Some(Listing::As(class)) => {
                match row.rental_type {
                    RentalType::OnDemand => self.counts.on_demand += 1,
                    RentalType::Spot => self.counts.spot += 1,
                }
                return Some(class);
            }
            Some(Listing::Excluded(reason)) => format!("{}: {reason}", row.gpu_model),
            None => format!("{}: not in the mapping", row.gpu_model),
        };
        *self.counts.excluded.entry(reason).or_default() += 1;
        None
    }

    /// Registers the lots and asks of one provider, region and class.
    fn list(
        &mut self,
        &(ref provider, ref region, class): &(String, String, &'static ClassSpec),
        weeks: &BTreeMap<u32, WeekQuotes>,
        spot: Option<&BTreeMap<u32, Vec<Decimal>>>,
    ) {
        for run in consecutive(weeks.keys().copied()) {
            let name = format!("{provider}-{region}-{}", class.id);
            let span = HourSpan { start: run.start * HOURS_PER_WEEK, end: run.end * HOURS_PER_WEEK };
            let (mut asks, mut spot_asks) = (Vec::new(), Vec::new());
            for (week, quotes) in weeks.range(run.clone()) {
                let Some(price) = quotes.price() else {
                    continue;
                };
                let gpus = quotes.capacity(class);
                *self.offered.entry(class).or_default().entry(*week).or_default() += u64::from(gpus);
                let own =
                    spot.and_then(|weeks| weeks.get(week)).and_then(|prices| lower_median(prices.iter().copied()));
                if let Some(price) = own.or_else(|| self.spot_level(class, *week)) {
                    spot_asks.push(Ask {
                        key: format!("spot-ask-{name}-w{week}"),
                        gpus,
                        price: on_tick(price),
                        span: HourSpan { start: week * HOURS_PER_WEEK, end: (week + 1) * HOURS_PER_WEEK },
                    });
                }
                asks.push(Ask {
                    key: format!("ask-{name}-w{week}"),
                    gpus,
                    price,
                    span: HourSpan {
                        start: week * HOURS_PER_WEEK,
                        end: span.end.min((week + ASK_WEEKS) * HOURS_PER_WEEK),
                    },
                });
            }
            self.lots.push(Lot {
                key: format!("lot-{name}-w{}", run.start),
                provider: provider.clone(),
                class,
                fabric: format!("{provider}-{region}"),
                gpus: asks.iter().map(|ask| ask.gpus).max().unwrap_or(0),
                span,
                asks,
                spot_asks,
            });
        }
    }

    /// What the class cost in that week, USD per GPU-hour: the lower median of the on-demand quotes; where the week
    /// has none, of the last week before that has, else of the first after. Nothing for a class without quotes.
    pub(super) fn level(&self, class: &ClassSpec, week: u32) -> Option<Decimal> {
        level_of(&self.levels, class, week)
    }

    /// The same of the spot quotes. Nothing for a class of which no spot price was observed.
    pub(super) fn spot_level(&self, class: &ClassSpec, week: u32) -> Option<Decimal> {
        level_of(&self.spot_levels, class, week)
    }

    /// GPUs of the class that are asked in that week.
    pub(super) fn offered_in(&self, class: &ClassSpec, week: u32) -> u64 {
        let weeks = self.offered.get(class);
        weeks.and_then(|weeks| weeks.get(&week)).copied().unwrap_or(0)
    }
}

/// The lower median of each class and week.
fn levels(quotes: BTreeMap<(&'static ClassSpec, u32), Vec<Decimal>>) -> Levels {
    let mut levels = Levels::new();
    for ((class, week), prices) in quotes {
        if let Some(level) = lower_median(prices.into_iter()) {
            levels.entry(class).or_default().insert(week, level);
        }
    }
    levels
}

/// The class's level in that week, else in the last week before that has one, else in the first after.
fn level_of(levels: &Levels, class: &ClassSpec, week: u32) -> Option<Decimal> {
    let levels = levels.get(class)?;
    let before = levels.range(..=week).next_back();
    before.or_else(|| levels.first_key_value()).map(|(_, &level)| level)
}

/// Ascending weeks as ranges without holes.
fn consecutive(weeks: impl Iterator<Item = u32>) -> Vec<std::ops::Range<u32>> {
    let mut runs: Vec<std::ops::Range<u32>> = Vec::new();
    for week in weeks {
        match runs.last_mut() {
            Some(run) if run.end == week => run.end += 1,
            _ => runs.push(week..week + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::Observations;

    fn supply(rows: &[&str]) -> Supply {
        let header = "date,provider,gpu_model,gpu_count,region,rental_type,price_median_usd,n_offers,\
                      price_min_usd,price_max_usd\n";
        let rows = rows.iter().map(|row| format!("{row},0.01,99")).collect::<Vec<_>>().join("\n");
        let text = format!("{header}{rows}");
        let rows: Result<Vec<_>, _> = Observations::open("prices.csv", text.as_bytes()).unwrap().collect();
        Supply::from_observations(&rows.unwrap())
    }

    fn dollars(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_gives_one_ask_at_the_lower_median_quoted() {
        let supply = supply(&[
            "2026-03-02,vast.ai,L40S,1,JP,on_demand,0.9,2",
            "2026-03-03,vast.ai,L40S,1,JP,on_demand,0.7,2",
            "2026-03-04,vast.ai,L40S,1,JP,on_demand,0.80004,2",
            "2026-03-05,vast.ai,L40S,1,JP,on_demand,0.95,2",
        ]);
        let lot = &supply.lots[0];
        assert_eq!((lot.provider.as_str(), lot.fabric.as_str()), ("vast-ai", "vast-ai-jp"));
        assert_eq!(lot.span, HourSpan { start: 0, end: 168 });
        assert_eq!(lot.asks.len(), 1);
        assert_eq!(lot.asks[0].price, dollars("0.8"));
        assert_eq!(supply.level(lot.class, 0), Some(dollars("0.80004")));
    }

    #[test]
    fn capacity_is_the_largest_row_of_a_middling_day_in_whole_nodes() {
        let supply = supply(&[
            // 12 GPUs: the 3 × 4 GPUs are the same machines as the 9 × 1.
            "2026-03-02,p,L40S,1,US,on_demand,1,9",
            "2026-03-02,p,L40S,4,US,on_demand,1,3",
            "2026-03-03,p,L40S,1,US,on_demand,1,13",
            "2026-03-04,p,L40S,1,US,on_demand,1,1",
            // One GPU is one node.
            "2026-03-02,p,A100_SXM_80GB,1,US,on_demand,1,1",
        ]);
        let gpus: Vec<_> = supply.lots.iter().map(|lot| (lot.class.id, lot.gpus)).collect();
        assert_eq!(gpus, [("a100-80g-sxm4-ib", 8), ("l40s-48g-pcie-eth", 12)]);
    }

    #[test]
    fn a_week_without_quotes_ends_the_lot_and_asks_reach_eight_weeks() {
        let weeks = ["03-02", "03-09", "03-16", "03-23", "03-30", "04-06", "04-13", "04-20", "04-27", "05-11"];
        let row = |(week, date): (usize, &&str)| format!("2026-{date},p,L40S,1,US,on_demand,1,{}", 4 * (week + 1));
        let rows: Vec<String> = weeks.iter().enumerate().map(row).collect();
        let supply = supply(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        let in_weeks = |span: HourSpan| (span.start / 168, span.end / 168);
        let lots: Vec<_> = supply.lots.iter().map(|lot| (in_weeks(lot.span), lot.gpus)).collect();
        assert_eq!(lots, [((0, 9), 36), ((10, 11), 40)]);
        let lot = &supply.lots[0];
        let asks: Vec<_> = lot.asks.iter().map(|ask| (in_weeks(ask.span), ask.gpus)).collect();
        assert_eq!(asks[..3], [((0, 8), 4), ((1, 9), 8), ((2, 9), 12)]);
        assert_eq!((supply.offered_in(lot.class, 8), supply.offered_in(lot.class, 9)), (36, 0));
        assert_eq!(supply.level(lot.class, 9), Some(dollars("1")));
    }

    #[test]
    fn excluded_rows_are_counted_by_reason_and_spot_is_kept_apart() {
        let supply = supply(&[
            "2026-02-18,p,L40S,4,US,on_demand,4,1",
            "2026-02-18,p,L40S,1,US,on_demand,1,1",
            "2026-02-19,p,L40S,4,US,on_demand,1,1",
            "2026-02-19,p,L40S,1,US,spot,0.5,7",
            "2026-02-19,p,B200,1,US,on_demand,5,1",
            "2026-02-19,p,B9000,1,US,on_demand,5,1",
        ]);
        let counts = &supply.counts;
        assert_eq!((counts.read, counts.on_demand, counts.spot), (6, 2, 1));
        assert_eq!(counts.excluded.values().sum::<u64>(), 3);
        assert_eq!(counts.excluded["B9000: not in the mapping"], 1);
        let quote = &supply.spot_quotes[0];
        assert_eq!((quote.gpus, quote.price), (7, dollars("0.5")));
        assert_eq!(quote.span, HourSpan { start: 24, end: 48 });
    }

    #[test]
    fn a_week_s_spot_ask_is_at_the_provider_s_own_spot_price_else_at_the_class_s_level() {
        let supply = supply(&[
            "2026-03-02,p,L40S,1,US,on_demand,1,4",
            "2026-03-09,p,L40S,1,US,on_demand,1,8",
            "2026-03-02,q,L40S,1,US,on_demand,1,4",
            "2026-03-02,p,L40S,1,US,spot,0.5,4",
            "2026-03-03,p,L40S,1,JP,spot,0.3,4",
            "2026-03-03,p,L40S,1,JP,spot,0.4,4",
            "2026-03-02,p,A100_SXM_80GB,1,US,on_demand,1,8",
        ]);
        let asks = |provider: &str, class: &str| -> Vec<(u32, Decimal, u32)> {
            let lot = supply.lots.iter().find(|lot| lot.provider == provider && lot.class.id == class).unwrap();
            lot.spot_asks.iter().map(|ask| (ask.span.start / 168, ask.price, ask.gpus)).collect()
        };
        // The level of the first week is 0.4, and holds on in the second.
        assert_eq!(asks("p", "l40s-48g-pcie-eth"), [(0, dollars("0.5"), 4), (1, dollars("0.4"), 8)]);
        assert_eq!(asks("q", "l40s-48g-pcie-eth"), [(0, dollars("0.4"), 4)]);
        assert_eq!(asks("p", "a100-80g-sxm4-ib"), []);
    }

    #[test]
    fn names_become_slugs() {
        assert_eq!(slug("massed compute"), "massed-compute");
        assert_eq!(slug("Vast.ai"), "vast-ai");
        assert_eq!(slug(&"x".repeat(40)).len(), 32);
    }
}
