//! Two small recordings for tests: one provider with two term asks and two spot asks, a term bid and a spot bid.

use crate::Plan;

pub(super) const PRICES: &str = "date,provider,gpu_model,gpu_count,region,rental_type,price_median_usd,n_offers,\
                                 price_min_usd,price_max_usd\n\
                                 2026-03-02,vast.ai,L40,4,US,on_demand,0.5,2,0.5,0.5\n\
                                 2026-03-10,vast.ai,L40,4,US,on_demand,0.6,1,0.6,0.6\n\
                                 2026-03-02,vast.ai,L40,4,US,spot,0.2,2,0.2,0.2\n";
pub(super) const PODS: &str = "name,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time,scheduled_time,pod_phase\n\
     p-1,1,500,T4,BE,700000,703000,700100,Failed\n\
     p-0,1,1000,T4,LS,90000,95000,90100,Running\n";

/// The plan of both.
pub(super) fn plan(start: &str) -> Plan {
    let (prices, pods) = (("prices.csv", PRICES.as_bytes()), ("pods.csv", PODS.as_bytes()));
    Plan::from_readers(start.parse().unwrap(), prices, pods).unwrap()
}
