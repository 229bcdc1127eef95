//! The plan of the two full recordings, where they are.

use std::{collections::BTreeSet, path::PathBuf};

use rust_decimal::Decimal;

use super::{Action, Plan, naive_match::simulate};

/// The directory of the recordings; nothing, said on standard error, where they are not.
fn recordings() -> Option<(PathBuf, PathBuf)> {
    let data = std::env::var_os("SECONDWIND_DATA_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let prices = data.join("gpu_rental_observations_2026/observations.csv");
    let demand = data.join("alibaba_gpu_v2023/openb_pod_list_gpuspec33.csv");
    if prices.is_file() && demand.is_file() {
        return Some((prices, demand));
    }
    eprintln!("NOT RUN: the recordings are not in {}; set SECONDWIND_DATA_DIR to run this test", data.display());
    None
}

fn plan() -> Option<Plan> {
    let (prices, demand) = recordings()?;
    let start = "2027-01-04T00:00:00Z".parse().unwrap();
    Some(Plan::from_files(start, &prices, &demand).unwrap())
}

#[test]
fn every_row_of_the_full_files_is_accounted_for() {
    let Some(plan) = plan() else { return };
    let summary = &plan.summary;
    eprintln!("{summary:#?}");
    let rows = &summary.observations;
    assert_eq!(rows.read, 33_654);
    assert_eq!(rows.read, rows.on_demand + rows.spot + rows.excluded.values().sum::<u64>());
    assert_eq!(rows.spot, plan.spot_quotes.len() as u64);
    assert!(rows.excluded.keys().all(|reason| !reason.contains("not in the mapping")));
    let pods = &summary.pods;
    assert_eq!(pods.read, 8152);
    assert_eq!(pods.read, pods.packed + pods.alone + pods.skipped.values().sum::<u64>());
    assert_eq!(pods.packed + pods.alone, 6203);
    assert!(pods.requested_gpu_hours <= pods.requested_gpu_hours_in_whole_hours);
    assert!(pods.requested_gpu_hours_in_whole_hours <= pods.bid_gpu_hours);
    let bid: u64 = summary.classes.values().map(|class| class.gpu_hours_bid).sum();
    assert_eq!(bid, pods.bid_gpu_hours);
    assert!((5000..=40_000).contains(&summary.orders()), "{} orders", summary.orders());
}

#[test]
fn the_full_plan_is_well_formed_and_repeatable() {
    let Some(plan) = plan() else { return };
    assert!(plan.steps.is_sorted_by_key(|step| step.at));
    let mut keys = BTreeSet::new();
    let (mut organizations, mut standing, mut pods) = (BTreeSet::new(), BTreeSet::new(), 0);
    for step in &plan.steps {
        match &step.action {
            Action::CreateMarket(market) => {
                assert!(market.id.len() <= 48, "{}", market.id);
                assert!(keys.insert(market.id.clone()));
            }
            Action::CreateOrganization { name, .. } => {
                let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                assert!((1..=32).contains(&name.len()) && name.chars().all(allowed), "{name}");
                assert!(organizations.insert(name.clone()));
            }
            Action::RegisterLot { key, provider, market, gpus, .. } => {
                assert!(*gpus > 0 && organizations.contains(provider) && keys.contains(market));
                assert!(keys.insert(key.clone()) && key.len() <= 100);
            }
            Action::TermAsk { key, lot_key, price, .. } => {
                assert!(*price > Decimal::ZERO && price.scale() <= 4 && keys.contains(lot_key));
                assert!(keys.insert(key.clone()) && key.len() <= 100);
            }
            Action::SpotAsk { key, lot_key, price, .. } => {
                assert!(*price > Decimal::ZERO && price.scale() <= 4 && keys.contains(lot_key));
                assert!(keys.insert(key.clone()) && key.len() <= 100, "{key}");
            }
            Action::SpotBid { key, buyer, market, gpus, min_gpus, limit_price, pods: of_bid } => {
                assert!(*limit_price > Decimal::ZERO && limit_price.scale() <= 4 && keys.contains(market));
                assert!(min_gpus <= gpus && organizations.contains(buyer));
                assert!(keys.insert(key.clone()) && standing.insert(key.clone()) && key.len() <= 100);
                pods += u64::from(*of_bid);
            }
            Action::CancelSpotBid { key, .. } => assert!(standing.remove(key), "{key} was not placed before"),
            Action::TermBid { key, buyer, market, gpus, min_gpus, limit_price, pods: of_bid, .. } => {
                assert!(*limit_price > Decimal::ZERO && limit_price.scale() <= 4 && keys.contains(market));
                assert!(min_gpus <= gpus && organizations.contains(buyer));
                assert!(keys.insert(key.clone()) && key.len() <= 100);
                pods += u64::from(*of_bid);
            }
        }
    }
    assert_eq!(pods, 6203);
    assert!(standing.is_empty(), "every spot bid is cancelled");
    assert_eq!(super::full_files::plan().unwrap(), plan);
}

#[test]
fn a_good_share_of_the_full_plan_trades_but_not_all() {
    let Some(plan) = plan() else { return };
    let outcome = simulate(&plan);
    eprintln!("{outcome:#?}");
    let percent = outcome.filled * 100 / outcome.bids;
    assert!((50..90).contains(&percent), "{percent} % of the bids fill");
    assert!(outcome.filled_at_rest > 0);
}
