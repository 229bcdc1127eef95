//! What time alone brings about.

use ledger::ContractId;
use matching::{CloseReason, Hour, LotId, OrderId, Supply};

use crate::book::{MICROS_PER_HOUR, gate};
use crate::{Told, Twin};

/// What falls due, in the order in which it does at one instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Due {
    Delivery(u32, usize),
    SpotDelivery(u32, usize),
    Charge(ContractId),
    /// Where it trades; nowhere in particular where it trades in several markets.
    Order(Option<usize>, OrderId),
    Lot(LotId),
    Gate(usize, u32),
}

impl Twin {
    pub(crate) fn advance(&mut self, to: i64, led: bool) {
        while let Some((at, due)) = self.first_due().filter(|(at, _)| *at <= to) {
            self.now = self.now.max(at);
            match due {
                Due::Delivery(hour, market) => self.deliver(hour, market),
                Due::SpotDelivery(hour, market) => {
                    let sold = self.markets[market].spot.remove(&hour).unwrap_or_default();
                    self.tell(Told::SpotDelivered {
                        market: self.markets[market].spec.id,
                        hour: Hour::from_hours(hour),
                        sales: sold.sales.iter().map(|sale| (sale.bid, sale.ask, sale.gpus)).collect(),
                    });
                }
                Due::Charge(id) => self.charge(id),
                Due::Order(_, id) => self.close(id, CloseReason::Expired),
                Due::Lot(id) => {
                    self.tell(Told::LotExpired { lot: id });
                    self.lots.retain(|lot| lot.supply != Supply::Lot(id));
                }
                Due::Gate(market, hour) => {
                    self.markets[market].passed = hour;
                    if self.has_auction(market) {
                        self.auction(market, hour, led);
                    }
                }
            }
        }
        self.now = self.now.max(to);
        for market in &mut self.markets {
            while gate(market.passed + 1, market.spec.gate_minutes) <= self.now {
                market.passed += 1;
            }
        }
    }

    fn first_due(&self) -> Option<(i64, Due)> {
        let end = |hour: u32| i64::from(hour + 1) * MICROS_PER_HOUR;
        let deliveries = self.contracts.iter().map(|contract| {
            let hour = contract.start + contract.delivered;
            (end(hour), Due::Delivery(hour, contract.market))
        });
        let spot = self.markets.iter().enumerate().flat_map(|(at, market)| {
            let sold = market.spot.iter().filter(|(_, sold)| !sold.sales.is_empty());
            sold.map(move |(hour, _)| (end(*hour), Due::SpotDelivery(*hour, at)))
        });
        let orders =
            self.orders.iter().filter_map(|order| Some((order.expires()?, Due::Order(order.only_market(), order.id))));
        let lots = self.lots.iter().filter_map(|lot| match lot.supply {
            Supply::Lot(id) => Some((i64::from(lot.end) * MICROS_PER_HOUR, Due::Lot(id))),
            Supply::Contract(_) => None,
        });
        let gates = self.markets.iter().enumerate().filter(|(at, _)| self.has_auction(*at)).map(|(at, market)| {
            let hour = market.passed + 1;
            (gate(hour, market.spec.gate_minutes), Due::Gate(at, hour))
        });
        let charges =
            self.contracts.iter().filter_map(|contract| Some((contract.next_charge?, Due::Charge(contract.id))));
        deliveries.chain(spot).chain(charges).chain(orders).chain(lots).chain(gates).min()
    }

    fn deliver(&mut self, hour: u32, market: usize) {
        let here =
            |contract: &crate::book::Contract| contract.start + contract.delivered == hour && contract.market == market;
        let mut contracts: Vec<(ContractId, bool)> = Vec::new();
        for contract in self.contracts.iter_mut().filter(|contract| here(contract)) {
            contract.delivered += 1;
            contracts.push((contract.id, contract.start + contract.delivered == contract.end));
        }
        contracts.sort_unstable();
        let market = self.markets[market].spec.id;
        self.tell(Told::Delivered { market, hour: Hour::from_hours(hour), contracts });
        self.contracts.retain(|contract| contract.start + contract.delivered < contract.end);
        self.forget_idle_resale();
    }
}
