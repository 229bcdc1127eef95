//! Outages: time of a contract that was not delivered, claimed by one side and accepted by the other or ruled on.

use ledger::{Instant, OrganizationId, exact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hours::Hour;
use crate::identity::OutageId;

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Delivery terms that a lot promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryTerms {
    /// Whether time counts as delivered only from when the seller says that the GPUs are ready; else from the window's
    /// start.
    #[serde(default)]
    pub confirmed: bool,
    /// Penalty on top of the credit for time not delivered, in basis points of its price: 0 to 10,000.
    #[serde(default)]
    pub penalty_bps: u16,
    /// Number of outages within 720 hours that let the buyer end the contract; at least 1.
    #[serde(default = "termination_outages_default")]
    pub termination_outages: u32,
}

fn termination_outages_default() -> u32 {
    DeliveryTerms::default().termination_outages
}

impl Default for DeliveryTerms {
    fn default() -> Self {
        Self { confirmed: false, penalty_bps: 0, termination_outages: 3 }
    }
}

/// Status of an outage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutageStatus {
    /// One side claims it; the other has not accepted it.
    Claimed,
    /// The other side has accepted it, or an operator has upheld it: its time is not billed.
    Settled,
}

/// Time of a contract that was not delivered, as one side claims or as it was settled.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Outage {
    /// Id of the outage.
    pub id: OutageId,
    /// Side that opened it: buyer or seller of the contract.
    pub opened_by: OrganizationId,
    /// Number of the contract's GPUs that are out.
    pub gpus: u32,
    /// Start of the outage on a full minute, inclusive.
    pub from: Instant,
    /// End of the outage on a full minute, exclusive; `None` while it lasts.
    pub until: Option<Instant>,
    /// Status: claimed or settled.
    pub status: OutageStatus,
}

/// Rounds an instant down to the full minute.
pub(crate) fn minute_of(at: Instant) -> Instant {
    Instant::from_micros(at.micros() / MICROS_PER_MINUTE * MICROS_PER_MINUTE)
}

/// Counts the GPU-minutes between two hours that were not delivered, of `gpus` GPUs: all of them until `ready`, then
/// those that outages take away. Overlapping outages take no more than there is.
pub(crate) fn undelivered_minutes<'a>(
    hours: (Hour, Hour),
    gpus: u32,
    ready: Instant,
    outages: impl Iterator<Item = &'a Outage>,
) -> u64 {
    let minute = |at: Instant| at.micros() / MICROS_PER_MINUTE;
    let (start, end) = (minute(hours.0.start()), minute(hours.1.start()));
    let within = |at: Instant| minute(at).clamp(start, end);
    // Instants at which the number of GPUs out changes, and by how many.
    let mut changes = vec![(start, i64::from(gpus)), (within(ready), -i64::from(gpus))];
    for outage in outages {
        let until = outage.until.map_or(end, within);
        if within(outage.from) < until {
            changes.push((within(outage.from), i64::from(outage.gpus)));
            changes.push((until, -i64::from(outage.gpus)));
        }
    }
    changes.sort_unstable();
    let (mut out, mut since, mut undelivered) = (0, start, 0);
    for (at, change) in changes {
        undelivered += (at - since) * out.clamp(0, i64::from(gpus));
        (out, since) = (out + change, at);
    }
    exact(undelivered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(minute: i64) -> Instant {
        Instant::from_micros(minute * MICROS_PER_MINUTE)
    }

    fn outage(gpus: u32, from: i64, until: Option<i64>) -> Outage {
        Outage {
            id: OutageId::new(Uuid::nil()),
            opened_by: "acme".parse().expect("a slug"),
            gpus,
            from: at(from),
            until: until.map(at),
            status: OutageStatus::Settled,
        }
    }

    proptest! {
        /// The same as looking at every minute; and hour by hour it adds up to the whole.
        #[test]
        fn equals_a_count_of_minutes(
            ready in 0i64..150,
            outages in prop::collection::vec((1u32..9, 0i64..300, prop::option::of(0i64..300)), 0..5),
        ) {
            let outages: Vec<Outage> = outages.into_iter().map(|(gpus, from, until)| outage(gpus, from, until)).collect();
            let hour = Hour::from_hours;
            let of = |from: u32, to: u32| undelivered_minutes((hour(from), hour(to)), 8, at(ready), outages.iter());
            let out_at = |minute: i64| {
                let lasts = |outage: &&Outage| outage.from <= at(minute) && outage.until.is_none_or(|until| at(minute) < until);
                let out: u32 = outages.iter().filter(lasts).map(|outage| outage.gpus).sum();
                if minute < ready { 8 } else { out.min(8) }
            };
            prop_assert_eq!(of(1, 4), (60..240).map(|minute| u64::from(out_at(minute))).sum::<u64>());
            prop_assert_eq!(of(1, 4), (1..4).map(|hour| of(hour, hour + 1)).sum::<u64>());
        }
    }
}
