//! Recorded pods as bids.
//!
//! **Kind.** Best-effort pods bid spot: a standing bid from their creation to their deletion, which is what a cluster
//! promises them. All others bid term.
//!
//! **Window.** A pod needs its GPUs from the second it was scheduled, or bids for them from the second it was created
//! where it bids spot, to the second it was deleted, rounded outwards to hours. **Class.** The published mapping names the classes that a pod accepts. Where there are several, one is
//! drawn in proportion to the GPUs asked in the week in which the window starts: without bids for several markets,
//! such a buyer is as likely to end up in a market as there is capacity in it. The draw is made once for all pods of
//! the same hours, quality of service and accepted classes, so that they can share nodes. **Size.** See `packing`;
//! quality of service is never mixed in a bid. **Buyer, limit, time in force** are drawn from the name of the bid's
//! first pod. **Posting.** Windows are booked a day ahead: a bid is posted 24 hours before its last pod was created,
//! or at the start of the trace, whichever is later; bids thus arrive in the order of their pods. A spot bid is posted
//! when its last pod was created and cancelled at the end of its hours.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::calendar::HourSpan;
use super::classes::{ClassSpec, accepted};
use super::demand::{Pod, Qos, SkipReason};
use super::draw::draw;
use super::packing::nodes_for;
use super::plan::PlanError;
use super::quotes::on_tick;
use super::summary::PodCounts;
use super::supply::Supply;

/// The buying organizations. The trace does not say whose pod is whose.
pub(super) const BUYERS: [&str; 12] = [
    "startup-alder",
    "startup-birch",
    "startup-cedar",
    "startup-dogwood",
    "startup-elm",
    "startup-fir",
    "startup-ginkgo",
    "startup-hazel",
    "startup-ironwood",
    "startup-juniper",
    "startup-larch",
    "startup-maple",
];

/// A bid's limit is between these percentages of its class's price level in that week, on demand or spot. A renter who compares price
/// lists looks for the cheaper half of them and pays somewhat more than the middle when it must: at 60 % only the few
/// cheapest asks are within reach and some bids find no seller, at 120 % most asks are.
const LOWEST_LIMIT_PERCENT: u64 = 60;
const HIGHEST_LIMIT_PERCENT: u64 = 120;

/// Of 100 bids, so many may rest; of the remaining ones, so many take what is there, and the others all or nothing.
const GTC_PERCENT: u64 = 85;
const IOC_PERCENT: u64 = 10;

/// Term windows are booked this long ahead, in seconds.
const BOOKING_LEAD: u64 = 24 * 3600;

/// What becomes of the part of a bid that does not fill at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeInForce {
    /// It rests until cancelled.
    GoodTillCancelled,
    /// It is cancelled.
    ImmediateOrCancel,
    /// There is none: the bid fills whole or not at all.
    FillOrKill,
}

impl TimeInForce {
    /// The name on the wire.
    pub fn wire_name(self) -> &'static str {
        match self {
            Self::GoodTillCancelled => "GTC",
            Self::ImmediateOrCancel => "IOC",
            Self::FillOrKill => "FOK",
        }
    }
}

/// A node-sized bid, spot where its quality of service is best effort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bid {
    pub(super) key: String,
    pub(super) buyer: &'static str,
    pub(super) class: &'static ClassSpec,
    pub(super) gpus: u32,
    pub(super) min_gpus: u32,
    pub(super) span: HourSpan,
    pub(super) limit: Decimal,
    pub(super) time_in_force: TimeInForce,
    pub(super) qos: Qos,
    /// Seconds of the trace.
    pub(super) posted: u64,
    pub(super) pods: u32,
}

/// The bids of a trace, in no particular order, with what was read and left out.
#[derive(Debug, Default)]
pub(super) struct Demand {
    pub(super) bids: Vec<Bid>,
    pub(super) counts: PodCounts,
}

impl Demand {
    /// Bids for all pods that ran on GPUs of known models.
    ///
    /// # Errors
    /// A pod's times are beyond what an hour number holds, or no class that it accepts was ever quoted.
    pub(super) fn from_pods(
        pods: impl IntoIterator<Item = Result<Pod, SkipReason>>,
        supply: &Supply,
    ) -> Result<Self, PlanError> {
        let mut demand = Self::default();
        let mut shared: BTreeMap<(HourSpan, &'static ClassSpec, Qos), Vec<Pod>> = BTreeMap::new();
        // Thousandths of a GPU for a second, and for an hour: exact, rounded only for the summary.
        let (mut milli_seconds, mut milli_hours) = (0_u64, 0_u64);
        for pod in pods {
            demand.counts.read += 1;
            let classes = pod.as_ref().map_or(Vec::new(), |pod| accepted(&pod.gpu_spec));
            let pod = match pod {
                Ok(pod) if !classes.is_empty() => pod,
                Ok(_) => {
                    demand.skip(SkipReason::UnknownModel);
                    continue;
                }
                Err(reason) => {
                    demand.skip(reason);
                    continue;
                }
            };
            let from = if pod.qos == Qos::BestEffort { pod.created } else { pod.scheduled };
            let span = HourSpan::outward(from, pod.deleted).ok_or_else(|| PlanError::OutOfRange(pod.name.clone()))?;
            let class =
                choose(&classes, span, pod.qos, supply).ok_or_else(|| PlanError::Unquoted(pod.gpu_spec.clone()))?;
            milli_seconds += u64::from(pod.milli()) * (pod.deleted - from);
            milli_hours += u64::from(pod.milli()) * u64::from(span.hours());
            if pod.gpus < class.gpus_per_node {
                demand.counts.packed += 1;
                shared.entry((span, class, pod.qos)).or_default().push(pod);
            } else {
                demand.counts.alone += 1;
                let gpus = pod.gpus.next_multiple_of(class.gpus_per_node);
                // One job on several nodes: a part of them is of no use to it.
                demand.bid(supply, class, span, &[pod], gpus, gpus)?;
            }
        }
        for ((span, class, qos), pods) in shared {
            debug_assert!(pods.iter().all(|pod| pod.qos == qos), "quality of service is part of the key");
            let gpus = nodes_for(&pods, class.gpus_per_node) * class.gpus_per_node;
            demand.bid(supply, class, span, &pods, gpus, class.gpus_per_node)?;
        }
        demand.counts.requested_gpu_hours = (milli_seconds + 1_800_000) / 3_600_000;
        demand.counts.requested_gpu_hours_in_whole_hours = (milli_hours + 500) / 1000;
        Ok(demand)
    }

    fn skip(&mut self, reason: SkipReason) {
        *self.counts.skipped.entry(reason).or_default() += 1;
    }

    /// Adds one bid for `pods`, which are of one quality of service.
    fn bid(
        &mut self,
        supply: &Supply,
        class: &'static ClassSpec,
        span: HourSpan,
        pods: &[Pod],
        gpus: u32,
        min_gpus: u32,
    ) -> Result<(), PlanError> {
        let (Some(first), Some(last)) =
            (pods.iter().min_by_key(|pod| &pod.name), pods.iter().map(|pod| pod.created).max())
        else {
            return Ok(());
        };
        let spot = first.qos == Qos::BestEffort;
        // Without an observed spot price nobody asks by the hour either, so the on-demand level does no harm.
        let level = if spot { supply.spot_level(class, span.week()) } else { None };
        let level = level.or_else(|| supply.level(class, span.week()));
        let level = level.ok_or_else(|| PlanError::Unquoted(class.id.to_owned()))?;
        self.counts.bid_gpu_hours += u64::from(gpus) * u64::from(span.hours());
        self.bids.push(Bid {
            key: format!("bid-{}", first.name),
            buyer: buyer(&first.name),
            class,
            gpus,
            min_gpus,
            span,
            limit: limit(&first.name, level),
            time_in_force: time_in_force(&first.name),
            qos: first.qos,
            posted: if spot { last } else { last.saturating_sub(BOOKING_LEAD) },
            pods: u32::try_from(pods.len()).unwrap_or(u32::MAX),
        });
        Ok(())
    }
}

/// One of the accepted classes, by the GPUs asked in the span's first week; where none of them is asked then, the
/// first that was ever quoted.
fn choose(classes: &[&'static ClassSpec], span: HourSpan, qos: Qos, supply: &Supply) -> Option<&'static ClassSpec> {
    let weights = || classes.iter().map(|class| (*class, supply.offered_in(class, span.week())));
    let total: u64 = weights().map(|(_, gpus)| gpus).sum();
    if total == 0 {
        let quoted = |class: &&&'static ClassSpec| supply.level(class, span.week()).is_some();
        return classes.iter().find(quoted).copied();
    }
    let key = format!("{}-{}-{qos:?}", span.start, span.end);
    let mut drawn = draw("class", &key, total);
    for (class, gpus) in weights() {
        if drawn < gpus {
            return Some(class);
        }
        drawn -= gpus;
    }
    None
}

fn buyer(pod: &str) -> &'static str {
    let place = draw("buyer", pod, BUYERS.len() as u64);
    usize::try_from(place).map_or(BUYERS[0], |place| BUYERS[place])
}

fn limit(pod: &str, level: Decimal) -> Decimal {
    let choices = HIGHEST_LIMIT_PERCENT - LOWEST_LIMIT_PERCENT + 1;
    let percent = LOWEST_LIMIT_PERCENT + draw("limit", pod, choices);
    on_tick(level * Decimal::from(percent) / Decimal::ONE_HUNDRED)
}

fn time_in_force(pod: &str) -> TimeInForce {
    match draw("time in force", pod, 100) {
        ..GTC_PERCENT => TimeInForce::GoodTillCancelled,
        percent if percent < GTC_PERCENT + IOC_PERCENT => TimeInForce::ImmediateOrCancel,
        _ => TimeInForce::FillOrKill,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demand::Pods, prices::Observations};

    fn supply() -> Supply {
        let text = "date,provider,gpu_model,gpu_count,region,rental_type,price_median_usd,n_offers,\
                    price_min_usd,price_max_usd\n\
                    2026-03-02,p,L40,4,US,on_demand,1,30,1,1\n\
                    2026-03-02,p,L40S,4,US,on_demand,2,10,2,2\n\
                    2026-03-02,p,A100_SXM_80GB,8,US,on_demand,3,5,3,3\n";
        let rows: Result<Vec<_>, _> = Observations::open("prices.csv", text.as_bytes()).unwrap().collect();
        Supply::from_observations(&rows.unwrap())
    }

    /// Bids of rows `name,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time,scheduled_time`.
    fn demand(rows: &str) -> Demand {
        let header = "name,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time,scheduled_time,pod_phase\n";
        let rows = rows.lines().map(|row| format!("{row},Failed")).collect::<Vec<_>>().join("\n");
        let text = format!("{header}{rows}");
        let pods: Result<Vec<_>, _> = Pods::open("pods.csv", text.as_bytes()).unwrap().collect();
        Demand::from_pods(pods.unwrap(), &supply()).unwrap()
    }

    #[test]
    fn small_pods_of_the_same_hours_class_and_quality_share_a_bid() {
        let demand = demand(
            "a,1,1000,G3,LS,90000,93000,90010\n\
             b,1,500,G3,LS,90100,93500,90200\n\
             c,2,1000,G3,LS,90300,90400,90350\n\
             d,1,1000,G3,BE,90000,93000,90010\n\
             e,1,1000,T4,LS,90000,93000,90010\n\
             f,1,1000,G3,LS,90000,93601,90010\n",
        );
        let bids: Vec<_> = demand.bids.iter().map(|bid| (bid.key.as_str(), bid.pods, bid.gpus, bid.posted)).collect();
        let mut sorted = bids.clone();
        sorted.sort_unstable();
        assert_eq!(
            sorted,
            [("bid-a", 3, 8, 3900), ("bid-d", 1, 8, 90_000), ("bid-e", 1, 4, 3600), ("bid-f", 1, 8, 3600)]
        );
        let first = demand.bids.iter().find(|bid| bid.key == "bid-a").unwrap();
        assert_eq!(first.span, HourSpan { start: 25, end: 26 });
        assert_eq!((first.min_gpus, first.qos), (8, Qos::LatencySensitive));
        assert_eq!(demand.counts.bid_gpu_hours, 8 + 8 + 4 + 16);
        // 3.5 + 1 + 1 GPUs for an hour, 1 for two hours.
        assert_eq!(demand.counts.requested_gpu_hours_in_whole_hours, 8);
    }

    #[test]
    fn a_pod_of_a_node_or_more_bids_alone_for_all_or_nothing() {
        let demand = demand("a,8,1000,G3,LS,0,10,0\nb,5,1000,T4,LS,0,10,0\nc,1,1000,T4,LS,0,10,0\n");
        let bids: Vec<_> = demand.bids.iter().map(|bid| (bid.key.as_str(), bid.gpus, bid.min_gpus)).collect();
        assert_eq!(bids, [("bid-a", 8, 8), ("bid-b", 8, 8), ("bid-c", 4, 4)]);
        assert_eq!((demand.counts.alone, demand.counts.packed), (2, 1));
    }

    #[test]
    fn pods_that_accept_several_classes_share_one_draw_weighted_by_capacity() {
        let pod = |n: u32| format!("p{n},1,100,,LS,0,{},{}", n * 3600 + 9, n * 3600);
        let pods = (0..400).map(pod).collect::<Vec<_>>().join("\n");
        let drawn = demand(&pods);
        let of = |id: &str| drawn.bids.iter().filter(|bid| bid.class.id == id).count();
        // 120, 40 and 40 GPUs asked in the first week; in later weeks, the first class that was ever quoted.
        assert_eq!(drawn.bids.len(), 400);
        let first_week: Vec<_> = drawn.bids.iter().filter(|bid| bid.span.week() == 0).collect();
        let l40 = first_week.iter().filter(|bid| bid.class.id == "l40-48g-pcie-eth").count();
        assert!((85..=120).contains(&l40), "{l40} of {}", first_week.len());
        assert!(of("l40s-48g-pcie-eth") > 15);
        assert_eq!(of("h100-80g-sxm5-ib"), 0);

        let together = demand("a,1,1000,,LS,0,10,0\nb,1,1000,,LS,0,10,0\n");
        assert_eq!(together.bids.len(), 1);
    }

    #[test]
    fn skipped_pods_are_counted_by_reason() {
        let demand = demand("a,0,0,,LS,0,10,0\nb,1,1000,G9,LS,0,10,0\nc,1,1000,T4,LS,0,10,0\n");
        assert_eq!(demand.counts.read, 3);
        assert_eq!(demand.counts.skipped[&SkipReason::WithoutGpu], 1);
        assert_eq!(demand.counts.skipped[&SkipReason::UnknownModel], 1);
        assert_eq!(demand.bids.len(), 1);
    }

    #[test]
    fn limits_stay_in_their_range_and_on_the_tick() {
        let level: Decimal = "1.3333".parse().unwrap();
        for n in 0..500 {
            let limit = limit(&format!("pod-{n}"), level);
            assert!(limit >= "0.8".parse().unwrap() && limit <= "1.6".parse().unwrap());
            assert!(limit.scale() <= 4);
        }
    }

    #[test]
    fn most_bids_rest_and_some_do_not() {
        let of = |wanted| (0..1000).filter(|n| time_in_force(&n.to_string()) == wanted).count();
        assert!((800..900).contains(&of(TimeInForce::GoodTillCancelled)));
        assert!((60..140).contains(&of(TimeInForce::ImmediateOrCancel)));
        assert!((20..90).contains(&of(TimeInForce::FillOrKill)));
    }
}
