//! Check of the lots: sales of each hour, counted from the log alone, beside the capacity and what the state has as
//! free.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Map;
use matching::{Event, Exchange, Hour, Lot, LotId, OrderId, SpotSide, Supply, Timeline, Window};

use super::report::{Check, Finding, Outcome};

/// GPUs sold in each hour, as a step function: each value holds until the next hour listed; zero before the first.
#[derive(Default)]
struct Sold(BTreeMap<Hour, i64>);

impl Sold {
    fn at(&self, hour: Hour) -> i64 {
        self.0.range(..=hour).next_back().map_or(0, |(_, gpus)| *gpus)
    }

    /// Adds GPUs in every hour of a window. Returns the fewest and the most that are sold in any of them then.
    fn add(&mut self, window: Window, gpus: i64) -> (i64, i64) {
        for edge in [window.start(), window.end()] {
            let height = self.at(edge);
            self.0.entry(edge).or_insert(height);
        }
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for (_, sold) in self.0.range_mut(window.start()..window.end()) {
            *sold += gpus;
            (least, most) = (least.min(*sold), most.max(*sold));
        }
        (least, most)
    }

    /// Lists the steps within a window.
    fn steps(&self, window: Window) -> Vec<(Window, i64)> {
        let edges = self.0.range(window.start()..window.end()).map(|(hour, _)| *hour);
        let mut edges: Vec<Hour> = std::iter::once(window.start()).chain(edges).collect();
        edges.dedup();
        let ends = edges.iter().skip(1).copied().chain(std::iter::once(window.end()));
        let steps = edges.iter().zip(ends);
        steps.filter_map(|(start, end)| Some((Window::new(*start, end).ok()?, self.at(*start)))).collect()
    }
}

/// Capacity that can be sold: a lot, or a contract that may be resold.
struct Owned {
    gpus: u32,
    window: Window,
    sold: Sold,
}

/// Counter of sales.
pub(super) struct LotsCheck {
    pub outcome: Outcome,
    owned: Map<Supply, Owned>,
    /// Contracts behind spot asks; other asks are backed by the lot that their sales name.
    resale_asks: Map<OrderId, Supply>,
}

impl LotsCheck {
    pub fn new() -> Self {
        Self { outcome: Outcome::of(Check::Lots), owned: Map::default(), resale_asks: Map::default() }
    }

    /// Adds an event.
    pub fn follow(&mut self, sequence: u64, event: &Event) {
        match event {
            Event::LotRegistered(e) => self.own(Supply::Lot(e.lot), e.gpus, e.window),
            Event::LotExpired(e) => drop(self.owned.remove(&Supply::Lot(e.lot))),
            Event::SpotOrderPlaced(e) => {
                if let SpotSide::Sell { contract: Some(contract), .. } = e.terms.side {
                    self.resale_asks.insert(e.order, Supply::Contract(contract));
                }
            }
            Event::TradeExecuted(e) => {
                self.own(Supply::Contract(e.contract), e.gpus, e.window);
                self.change(sequence, supply_of(e.lot, e.head), e.window, i64::from(e.gpus));
            }
            Event::SpotHoursSold(e) => {
                let Ok(hour) = Window::new(e.hour, e.hour.plus(1)) else { return };
                for sale in &e.sales {
                    let supply = self.resale_asks.get(&sale.ask).copied().unwrap_or(Supply::Lot(sale.lot));
                    self.change(sequence, supply, hour, i64::from(sale.gpus));
                }
            }
            Event::ContractBusted(e) => {
                self.owned.remove(&Supply::Contract(e.contract));
                self.change(sequence, supply_of(e.lot, e.head), e.window, -i64::from(e.gpus));
            }
            Event::ContractTerminated(e) => {
                // What it had resold is now sold by its own supply; the rest is free there again.
                let ended = self.owned.remove(&Supply::Contract(e.contract));
                let resold = ended.map(|owned| owned.sold.steps(e.undelivered));
                for (step, resold) in resold.unwrap_or_else(|| vec![(e.undelivered, 0)]) {
                    self.change(sequence, supply_of(e.lot, e.head), step, resold - i64::from(e.gpus));
                }
            }
            Event::HoursDelivered(e) => {
                for hour in e.contracts.iter().filter(|hour| hour.completed) {
                    self.owned.remove(&Supply::Contract(hour.contract));
                }
            }
            _ => {}
        }
    }

    fn own(&mut self, supply: Supply, gpus: u32, window: Window) {
        self.owned.insert(supply, Owned { gpus, window, sold: Sold::default() });
    }

    fn change(&mut self, sequence: u64, supply: Supply, window: Window, gpus: i64) {
        self.outcome.compared += 1;
        let place = || format!("event {sequence}, {} over {window}", named(supply));
        let Some(owned) = self.owned.get_mut(&supply) else {
            // Nothing returns to a lot that has ended.
            if gpus > 0 {
                let found = format!("{gpus} GPUs sold");
                self.outcome.differ(|| Finding {
                    place: place(),
                    expected: "no sale: it is not there".to_owned(),
                    found,
                });
            }
            return;
        };
        let (least, most) = owned.sold.add(window, gpus);
        let covered = owned.window.covers(window);
        if most > i64::from(owned.gpus) || least < 0 || !covered {
            let expected = format!("0 to {} GPUs sold in every hour of {}", owned.gpus, owned.window);
            self.outcome.differ(|| Finding { place: place(), expected, found: format!("{least} to {most}") });
        }
    }

    /// Compares the counts with what the state has as free.
    pub fn finish(&mut self, exchange: &Exchange) {
        let lots = exchange.venue().lots();
        self.outcome.compared += lots.len() as u64;
        for lot in lots {
            let nothing = Sold::default();
            let sold = self.owned.get(&lot.supply).map_or(&nothing, |owned| &owned.sold);
            for hour in edges(lot, sold) {
                let unsold = lot.residual.at(hour) + lot.withdrawn.as_ref().map_or(0, |withdrawn| withdrawn.at(hour));
                let in_state = i64::from(lot.gpus) - i64::from(unsold);
                let place = || format!("{} in the hour {hour}, GPUs sold in the state", named(lot.supply));
                self.outcome.compare(place, sold.at(hour), in_state);
            }
        }
    }
}

/// Lists the hours of a lot in which anything that is compared can change.
fn edges(lot: &Lot, sold: &Sold) -> BTreeSet<Hour> {
    let window = lot.window;
    let timelines = std::iter::once(&lot.residual).chain(&lot.withdrawn);
    let steps = timelines.flat_map(Timeline::steps).map(|(step, _)| step.start());
    let counted = sold.0.range(window.start()..window.end()).map(|(hour, _)| *hour);
    steps.chain(counted).collect()
}

fn supply_of(lot: LotId, contract: Option<ledger::ContractId>) -> Supply {
    contract.map_or(Supply::Lot(lot), Supply::Contract)
}

fn named(supply: Supply) -> String {
    match supply {
        Supply::Lot(id) => format!("lot {id}"),
        Supply::Contract(id) => format!("the resold part of contract {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: u32, end: u32) -> Window {
        Window::new(Hour::from_hours(start), Hour::from_hours(end)).expect("a window")
    }

    #[test]
    fn sales_are_counted_hour_by_hour() {
        let mut sold = Sold::default();
        assert_eq!(sold.add(window(2, 5), 8), (8, 8));
        assert_eq!(sold.add(window(4, 9), 16), (16, 24));
        assert_eq!(sold.add(window(0, 20), 1), (1, 25));
        assert_eq!(sold.add(window(2, 5), -8), (1, 17));
        let heights: Vec<i64> = (0..10).map(|hour| sold.at(Hour::from_hours(hour))).collect();
        assert_eq!(heights, [1, 1, 1, 1, 17, 17, 17, 17, 17, 1]);
        assert_eq!(sold.steps(window(3, 6)), [(window(3, 4), 1), (window(4, 5), 17), (window(5, 6), 17)]);
    }
}
