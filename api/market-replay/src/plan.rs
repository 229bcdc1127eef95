//! The two recordings as one ordered list of client actions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use jiff::Timestamp;
use rust_decimal::Decimal;
use thiserror::Error;

use super::actions::{Action, MarketSpec, Role, Step, TAKER_FEE_BPS, market_id};
use super::bids::{BUYERS, Bid, Demand};
use super::calendar::{HourSpan, Origin, SECONDS_PER_HOUR, Window};
use super::classes::CLASSES;
use super::demand::{Pods, Qos};
use super::prices::Observations;
use super::summary::PlanSummary;
use super::supply::{Lot, SpotQuote, Supply};
use super::table::InputError;

/// Basis points in one.
const BPS_PER_ONE: u32 = 10_000;
/// Buyers' deposits are rounded up to a multiple of this many dollars.
const DEPOSIT_STEP: u64 = 1_000_000;

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum PlanError {
    /// A recording cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The origin is not on a UTC hour.
    #[error("the replay's start {0} is not on the hour")]
    NotOnTheHour(Timestamp),
    /// A time of this pod, lot or bid is out of range.
    #[error("the time of `{0}` is out of range")]
    OutOfRange(String),
    /// Pods accept only these models or this class, and no row of the price recording quotes them on demand.
    #[error("no on-demand price was observed for `{0}`")]
    Unquoted(String),
}

/// All that the clients of a replay do, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In order of time; every action comes after those it refers to.
    pub steps: Vec<Step>,
    /// Observed spot prices, in the order of the file.
    pub spot_quotes: Vec<SpotQuote>,
    /// The plan in numbers.
    pub summary: PlanSummary,
}

impl Plan {
    /// The plan of two files, with trace second 0 and the first day of observations at `start`.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn from_files(start: Timestamp, prices: &Path, demand: &Path) -> Result<Self, PlanError> {
        let open = |path: &Path| {
            let file = path.display().to_string();
            match File::open(path) {
                Ok(handle) => Ok((file, BufReader::new(handle))),
                Err(source) => Err(InputError::Open { file, source }),
            }
        };
        let (prices_name, prices) = open(prices)?;
        let (demand_name, demand) = open(demand)?;
        Self::from_readers(start, (&prices_name, prices), (&demand_name, demand))
    }

    /// As [`Plan::from_files`], of two readers, each with the name that errors give it.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn from_readers(
        start: Timestamp,
        (prices_name, prices): (&str, impl Read),
        (demand_name, demand): (&str, impl Read),
    ) -> Result<Self, PlanError> {
        let origin = Origin::new(start).ok_or(PlanError::NotOnTheHour(start))?;
        let observations = Observations::open(prices_name, prices)?.collect::<Result<Vec<_>, _>>()?;
        let supply = Supply::from_observations(&observations);
        let pods = Pods::open(demand_name, demand)?.collect::<Result<Vec<_>, _>>()?;
        let demand = Demand::from_pods(pods, &supply)?;
        let mut builder = Builder { origin, steps: Vec::new() };
        builder.participants(&supply.lots, &demand.bids);
        for lot in &supply.lots {
            builder.lot(lot)?;
        }
        for bid in &demand.bids {
            builder.bid(bid)?;
        }
        let mut steps = builder.steps;
        steps.sort_by(|a, b| (a.at, a.action.order()).cmp(&(b.at, b.action.order())));
        let summary = PlanSummary::of(&supply, &demand);
        Ok(Self { steps, spot_quotes: supply.spot_quotes, summary })
    }
}

struct Builder {
    origin: Origin,
    steps: Vec<Step>,
}

impl Builder {
    fn push(&mut self, at: u64, action: Action) {
        self.steps.push(Step { at, action });
    }

    fn window(&self, key: &str, span: HourSpan) -> Result<Window, PlanError> {
        self.origin.window(span).ok_or_else(|| PlanError::OutOfRange(key.to_owned()))
    }

    fn participants(&mut self, lots: &[Lot], bids: &[Bid]) {
        for class in CLASSES {
            self.push(0, Action::CreateMarket(MarketSpec::of(class)));
        }
        let providers: BTreeSet<&str> = lots.iter().map(|lot| lot.provider.as_str()).collect();
        for name in providers {
            self.organization(name, Role::Provider, Decimal::ZERO);
        }
        let mut deposits: BTreeMap<&str, Decimal> = BUYERS.iter().map(|&name| (name, Decimal::ZERO)).collect();
        for bid in bids {
            *deposits.entry(bid.buyer).or_default() += most_held(bid);
        }
        for (name, held) in deposits {
            let step = Decimal::from(DEPOSIT_STEP);
            self.organization(name, Role::Buyer, (held / step).ceil() * step);
        }
    }

    fn organization(&mut self, name: &str, role: Role, deposit: Decimal) {
        let name = name.to_owned();
        self.push(0, Action::CreateOrganization { name, role, deposit });
    }

    fn lot(&mut self, lot: &Lot) -> Result<(), PlanError> {
        let second = |span: HourSpan| u64::from(span.start) * SECONDS_PER_HOUR;
        let register = Action::RegisterLot {
            key: lot.key.clone(),
            provider: lot.provider.clone(),
            market: market_id(lot.class),
            gpus: lot.gpus,
            window: self.window(&lot.key, lot.span)?,
            fabric: lot.fabric.clone(),
        };
        self.push(second(lot.span), register);
        for ask in &lot.asks {
            let action = Action::TermAsk {
                key: ask.key.clone(),
                lot_key: lot.key.clone(),
                provider: lot.provider.clone(),
                gpus: ask.gpus,
                price: ask.price,
                window: self.window(&ask.key, ask.span)?,
                min_hours: 1,
                max_hours: ask.span.hours(),
            };
            self.push(second(ask.span), action);
        }
        for ask in &lot.spot_asks {
            let action = Action::SpotAsk {
                key: ask.key.clone(),
                lot_key: lot.key.clone(),
                provider: lot.provider.clone(),
                gpus: ask.gpus,
                price: ask.price,
                window: self.window(&ask.key, ask.span)?,
            };
            self.push(second(ask.span), action);
        }
        Ok(())
    }

    fn bid(&mut self, bid: &Bid) -> Result<(), PlanError> {
        if bid.qos == Qos::BestEffort {
            self.spot_bid(bid);
            return Ok(());
        }
        let action = Action::TermBid {
            key: bid.key.clone(),
            buyer: bid.buyer.to_owned(),
            market: market_id(bid.class),
            gpus: bid.gpus,
            min_gpus: bid.min_gpus,
            window: self.window(&bid.key, bid.span)?,
            limit_price: bid.limit,
            time_in_force: bid.time_in_force,
            qos: bid.qos,
            pods: bid.pods,
        };
        self.push(bid.posted, action);
        Ok(())
    }

    fn spot_bid(&mut self, bid: &Bid) {
        let (key, buyer) = (bid.key.clone(), bid.buyer.to_owned());
        let place = Action::SpotBid {
            key: key.clone(),
            buyer: buyer.clone(),
            market: market_id(bid.class),
            gpus: bid.gpus,
            min_gpus: bid.min_gpus,
            limit_price: bid.limit,
            pods: bid.pods,
        };
        self.push(bid.posted, place);
        self.push(u64::from(bid.span.end) * SECONDS_PER_HOUR, Action::CancelSpotBid { key, buyer });
    }
}

/// The most that the bid can spend and hold: its whole window at its limit, with the taker's fee, the larger of the two.
/// A spot bid may also buy the rest of the hour in which it is posted, and holds the hour after the last.
fn most_held(bid: &Bid) -> Decimal {
    let beyond = if bid.qos == Qos::BestEffort { 2 * u64::from(bid.gpus) } else { 0 };
    let price = bid.limit * Decimal::from(bid.span.gpu_hours(bid.gpus) + beyond);
    price * Decimal::from(BPS_PER_ONE + TAKER_FEE_BPS) / Decimal::from(BPS_PER_ONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TimeInForce;

    const PRICES: &str = "date,provider,gpu_model,gpu_count,region,rental_type,price_median_usd,n_offers,\
                          price_min_usd,price_max_usd\n\
                          2026-03-02,vast.ai,L40,4,US,on_demand,0.5,2,0.5,0.5\n\
                          2026-03-10,vast.ai,L40,4,US,on_demand,0.6,1,0.6,0.6\n";
    const PODS: &str = "name,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time,scheduled_time,pod_phase\n\
                        p-1,1,500,T4,BE,700000,703000,700100,Failed\n\
                        p-0,1,1000,T4,LS,90000,95000,90100,Running\n";

    fn plan(start: &str, prices: &str, pods: &str) -> Result<Plan, PlanError> {
        Plan::from_readers(start.parse().unwrap(), ("prices.csv", prices.as_bytes()), ("pods.csv", pods.as_bytes()))
    }

    #[test]
    fn actions_come_in_order_of_time_after_what_they_refer_to() {
        let plan = plan("2027-01-04T00:00:00Z", PRICES, PODS).unwrap();
        let told: Vec<(u64, String)> = plan
            .steps
            .iter()
            .map(|step| (step.at, step.action.order().1.to_owned()))
            .filter(|(_, key)| !key.starts_with("startup-") && !key.ends_with(".global-1"))
            .collect();
        let expected = [
            (0, "vast-ai"),
            (0, "lot-vast-ai-us-l40-48g-pcie-eth-w0"),
            (0, "ask-vast-ai-us-l40-48g-pcie-eth-w0"),
            (3600, "bid-p-0"),
            (604_800, "ask-vast-ai-us-l40-48g-pcie-eth-w1"),
            (700_000, "bid-p-1"),
            (705_600, "bid-p-1"),
        ];
        assert_eq!(told, expected.map(|(at, key)| (at, key.to_owned())));
    }

    #[test]
    fn a_bid_carries_its_window_price_and_quality_of_service() {
        let plan = plan("2027-01-04T00:00:00Z", PRICES, PODS).unwrap();
        let bid = plan.steps.iter().find(|step| matches!(step.action, Action::TermBid { .. })).unwrap();
        let Action::TermBid { market, gpus, min_gpus, window, limit_price, time_in_force, qos, pods, .. } = &bid.action
        else {
            unreachable!("it was just looked at");
        };
        assert_eq!(market, "l40-48g-pcie-eth.global-1");
        assert_eq!((*gpus, *min_gpus, *pods, *qos), (4, 4, 1, Qos::LatencySensitive));
        assert_eq!(window.start.to_string(), "2027-01-05T01:00:00Z");
        assert_eq!(window.end.to_string(), "2027-01-05T03:00:00Z");
        // 60 to 120 % of the first week's 0.5.
        assert!(*limit_price >= "0.3".parse().unwrap() && *limit_price <= "0.6".parse().unwrap());
        assert!(["GTC", "IOC", "FOK"].contains(&time_in_force.wire_name()));
        assert_ne!(TimeInForce::FillOrKill.wire_name(), TimeInForce::GoodTillCancelled.wire_name());
    }

    #[test]
    fn a_best_effort_pod_is_a_standing_spot_bid_from_its_creation_to_the_end_of_its_hours() {
        let prices = format!("{PRICES}2026-03-10,vast.ai,L40,4,US,spot,0.2,2,0.2,0.2\n");
        let plan = plan("2027-01-04T00:00:00Z", &prices, PODS).unwrap();
        let [.., placed, cancelled] = &plan.steps[..] else { panic!("a plan has more than two steps") };
        let Action::SpotBid { key, market, gpus, min_gpus, limit_price, pods, .. } = &placed.action else {
            panic!("{placed:?} is no spot bid");
        };
        assert_eq!((key.as_str(), market.as_str()), ("bid-p-1", "l40-48g-pcie-eth.global-1"));
        assert_eq!((*gpus, *min_gpus, *pods, placed.at), (4, 4, 1, 700_000));
        // 60 to 120 % of the observed spot level.
        assert!(*limit_price >= "0.12".parse().unwrap() && *limit_price <= "0.24".parse().unwrap());
        assert!(matches!(&cancelled.action, Action::CancelSpotBid { key, .. } if key == "bid-p-1"));
        assert_eq!(cancelled.at, 196 * 3600);
        assert_eq!((plan.summary.spot_asks, plan.summary.spot_bids, plan.summary.orders()), (2, 1, 6));
    }

    #[test]
    fn deposits_cover_every_hold_in_whole_millions() {
        let plan = plan("2027-01-04T00:00:00Z", PRICES, PODS).unwrap();
        let deposits: Vec<Decimal> = plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::CreateOrganization { role: Role::Buyer, deposit, .. } => Some(*deposit),
                _ => None,
            })
            .collect();
        assert_eq!(deposits.len(), 12);
        let million = Decimal::from(1_000_000);
        assert!(deposits.iter().all(|&deposit| deposit == Decimal::ZERO || deposit == million));
        assert!(deposits.contains(&million));
    }

    #[test]
    fn the_summary_counts_what_the_plan_holds() {
        let summary = plan("2027-01-04T00:00:00Z", PRICES, PODS).unwrap().summary;
        assert_eq!((summary.lots, summary.asks, summary.bids, summary.orders()), (1, 2, 2, 4));
        assert_eq!((summary.providers, summary.buyers, summary.spot_bids), (1, 12, 1));
        let class = &summary.classes["l40-48g-pcie-eth"];
        assert_eq!(class.gpu_hours_offered, 8 * 2 * 168);
        assert_eq!((class.gpu_hours_bid, class.gpu_hours_bid_spot), (4 * 2 + 4 * 2, 4 * 2));
    }

    #[test]
    fn what_cannot_be_planned_is_an_error() {
        let off_hour = plan("2027-01-04T00:30:00Z", PRICES, PODS).unwrap_err();
        assert!(matches!(off_hour, PlanError::NotOnTheHour(_)));
        let unquoted = plan("2027-01-04T00:00:00Z", PRICES, &PODS.replace("T4", "G3")).unwrap_err();
        assert_eq!(unquoted.to_string(), "no on-demand price was observed for `G3`");
        let damaged = plan("2027-01-04T00:00:00Z", PRICES, &PODS.replace("703000", "x")).unwrap_err();
        assert!(damaged.to_string().starts_with("pods.csv: line 2, column `deletion_time`"), "{damaged}");
        let late = plan("9999-12-30T00:00:00Z", PRICES, PODS).unwrap_err();
        assert!(matches!(late, PlanError::OutOfRange(_)));
    }
}
