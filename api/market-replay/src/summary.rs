//! What went into a plan and what came of it, in numbers.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::bids::{BUYERS, Demand};
use super::classes::CLASSES;
use super::demand::{Qos, SkipReason};
use super::quotes::on_tick;
use super::supply::Supply;

/// The rows of the price recording. `read` = `on_demand` + `spot` + all of `excluded`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ObservationCounts {
    /// Rows read.
    pub read: u64,
    /// On-demand rows behind lots and asks.
    pub on_demand: u64,
    /// Spot rows behind spot asks, and compared with the spot index.
    pub spot: u64,
    /// Rows left out, by reason.
    pub excluded: BTreeMap<String, u64>,
}

/// The pods of the trace. `read` = `packed` + `alone` + all of `skipped`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PodCounts {
    /// Pods read.
    pub read: u64,
    /// Pods that make no bid, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Pods of less than a node, which share a bid with others of the same hours, class and quality of service.
    pub packed: u64,
    /// Pods of a node or more, which bid alone.
    pub alone: u64,
    /// What the pods asked for: their share of GPUs times the seconds for which they bid, in GPU-hours.
    pub requested_gpu_hours: u64,
    /// The same with every pod's time rounded outwards to hours.
    pub requested_gpu_hours_in_whole_hours: u64,
    /// What is bid for: the same after packing into whole nodes.
    pub bid_gpu_hours: u64,
}

/// One class of the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClassSummary {
    /// Lots registered.
    pub lots: u64,
    /// Asks posted.
    pub asks: u64,
    /// Bids posted.
    pub bids: u64,
    /// Of the asks, those by the hour.
    pub spot_asks: u64,
    /// Of the bids, those by the hour.
    pub spot_bids: u64,
    /// GPU-hours of all lots.
    pub gpu_hours_offered: u64,
    /// GPU-hours of all bids.
    pub gpu_hours_bid: u64,
    /// Of these, by the hour.
    pub gpu_hours_bid_spot: u64,
    /// Mean price of the term asks, each weighted by its GPU-hours; USD per GPU-hour, rounded to 0.0001.
    #[serde(serialize_with = "decimal_string")]
    pub mean_ask: Decimal,
    /// Mean limit of the term bids, each weighted by its GPU-hours; USD per GPU-hour, rounded to 0.0001.
    #[serde(serialize_with = "decimal_string")]
    pub mean_limit: Decimal,
}

/// A plan in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PlanSummary {
    /// The price recording.
    pub observations: ObservationCounts,
    /// The cluster trace.
    pub pods: PodCounts,
    /// Markets created.
    pub markets: u64,
    /// Providers among the organizations.
    pub providers: u64,
    /// Buyers among the organizations.
    pub buyers: u64,
    /// Lots registered.
    pub lots: u64,
    /// Asks posted.
    pub asks: u64,
    /// Bids posted.
    pub bids: u64,
    /// Of the asks, those by the hour.
    pub spot_asks: u64,
    /// Of the bids, those by the hour: their pods are best effort.
    pub spot_bids: u64,
    /// By class id.
    pub classes: BTreeMap<&'static str, ClassSummary>,
}

impl PlanSummary {
    /// The numbers of a plan made of this supply and this demand.
    pub(super) fn of(supply: &Supply, demand: &Demand) -> Self {
        let mut summary = Self {
            observations: supply.counts.clone(),
            pods: demand.counts.clone(),
            markets: CLASSES.len() as u64,
            providers: supply.lots.iter().map(|lot| &lot.provider).collect::<BTreeSet<_>>().len() as u64,
            buyers: BUYERS.len() as u64,
            lots: supply.lots.len() as u64,
            asks: supply.lots.iter().map(|lot| (lot.asks.len() + lot.spot_asks.len()) as u64).sum(),
            bids: demand.bids.len() as u64,
            spot_asks: supply.lots.iter().map(|lot| lot.spot_asks.len() as u64).sum(),
            spot_bids: demand.bids.iter().filter(|bid| bid.qos == Qos::BestEffort).count() as u64,
            ..Self::default()
        };
        for class in CLASSES {
            let entry = summary.classes.entry(class.id).or_default();
            let lots = || supply.lots.iter().filter(|lot| lot.class == class);
            let bids = || demand.bids.iter().filter(|bid| bid.class == class);
            entry.lots = lots().count() as u64;
            let spot_bids = || bids().filter(|bid| bid.qos == Qos::BestEffort);
            entry.spot_asks = lots().map(|lot| lot.spot_asks.len() as u64).sum();
            entry.asks = lots().map(|lot| lot.asks.len() as u64).sum::<u64>() + entry.spot_asks;
            entry.bids = bids().count() as u64;
            entry.spot_bids = spot_bids().count() as u64;
            entry.gpu_hours_bid_spot = spot_bids().map(|bid| bid.span.gpu_hours(bid.gpus)).sum();
            entry.gpu_hours_offered = lots().map(|lot| lot.span.gpu_hours(lot.gpus)).sum();
            entry.gpu_hours_bid = bids().map(|bid| bid.span.gpu_hours(bid.gpus)).sum();
            entry.mean_ask =
                mean(lots().flat_map(|lot| &lot.asks).map(|ask| (ask.price, ask.span.gpu_hours(ask.gpus))));
            let term_bids = bids().filter(|bid| bid.qos != Qos::BestEffort);
            entry.mean_limit = mean(term_bids.map(|bid| (bid.limit, bid.span.gpu_hours(bid.gpus))));
        }
        summary
    }

    /// Orders that the plan sends: asks and bids.
    pub fn orders(&self) -> u64 {
        self.asks + self.bids
    }
}

/// The mean price by weight, on the tick; zero of nothing.
fn mean(priced: impl Iterator<Item = (Decimal, u64)>) -> Decimal {
    let (total, weight) = priced.fold((Decimal::ZERO, 0_u64), |(total, weight), (price, hours)| {
        (total + price * Decimal::from(hours), weight + hours)
    });
    match weight {
        0 => Decimal::ZERO,
        _ => on_tick(total / Decimal::from(weight)),
    }
}

fn decimal_string<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}
