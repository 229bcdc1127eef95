//! Application of a contract's events, from its trade to its end.

use ledger::ContractId;

use crate::contract::Contract;
use crate::exchange::{Exchange, ParkedDue};
use crate::hours::Window;
use crate::identity::{OrderId, OutageId};
use crate::lot::Supply;
use crate::order::Order;
use crate::outage::{Outage, OutageStatus};

impl Exchange {
    /// Changes a contract and updates the agenda with the time of its next charge.
    pub(in crate::exchange) fn reschedule_charge(&mut self, id: ContractId, change: impl FnOnce(&mut Contract)) {
        let Some(key) = self.contract_keys.get(&id).copied() else { return };
        let contract = &mut self.contracts[key as usize];
        let before = contract.next_charge;
        change(contract);
        if let Some(at) = before {
            self.charges.remove(&(at, id));
        }
        let parked = self.parked.contains_key(&ParkedDue::Contract { contract: id });
        if let Some(at) = contract.next_charge.filter(|_| !parked) {
            self.charges.insert((at, id));
        }
    }

    /// Changes a contract, whether it is over or not.
    pub(in crate::exchange) fn change_contract(&mut self, id: ContractId, change: impl FnOnce(&mut Contract)) {
        match self.contract_keys.get(&id) {
            Some(key) => change(&mut self.contracts[*key as usize]),
            None => {
                if let Some(contract) = self.disputed.get_mut(&id) {
                    change(contract);
                }
            }
        }
    }

    pub(in crate::exchange) fn change_outage(
        &mut self,
        contract: ContractId,
        id: OutageId,
        change: impl FnOnce(&mut Outage),
    ) {
        self.change_contract(contract, |contract| {
            if let Some(outage) = contract.outages.iter_mut().find(|outage| outage.id == id) {
                change(outage);
            }
        });
    }

    /// Keeps a contract that is over while outages of it are claimed.
    pub(in crate::exchange) fn keep_disputed(&mut self, contract: &mut Contract) {
        if contract.outages.is_empty() {
            return;
        }
        let end = contract.next_hour().start();
        for outage in &mut contract.outages {
            outage.until.get_or_insert(end);
        }
        self.disputed.insert(contract.id, contract.clone());
        self.forget_undisputed(contract.id);
    }

    /// Removes a contract that is over once no outage of it is claimed any more.
    pub(in crate::exchange) fn forget_undisputed(&mut self, id: ContractId) {
        let is_claimed = |outage: &Outage| outage.status == OutageStatus::Claimed;
        if self.disputed.get(&id).is_some_and(|contract| !contract.outages.iter().any(is_claimed))
            && let Some(contract) = self.disputed.remove(&id)
        {
            for outage in contract.outages {
                self.outages.remove(&outage.id);
            }
        }
    }

    /// Returns a contract's hours to its supply and to the ask that sold it, which is open again where it `reopens`.
    pub(in crate::exchange) fn return_capacity(
        &mut self,
        supply: Supply,
        ask: OrderId,
        reopens: bool,
        returned: &[(Window, u32)],
    ) {
        if reopens && let Some(ask) = self.venue.take_sold_out(supply, ask) {
            self.rest(Order::Ask(ask));
        }
        for (window, gpus) in returned {
            self.venue.put_back(supply, ask, *gpus, *window);
        }
    }

    /// Removes a contract that is over and returns it.
    pub(in crate::exchange) fn end_contract(&mut self, id: ContractId) -> Option<Contract> {
        let key = self.contract_keys.remove(&id)?;
        self.parked.remove(&ParkedDue::Contract { contract: id });
        self.deliveries.strike(key);
        let mut contract = self.contracts.remove(key as usize);
        if let Some(at) = contract.next_charge {
            self.charges.remove(&(at, id));
        }
        if let Some(market) = self.venue.key(contract.market) {
            self.traded.remove(&market, key);
        }
        if let Some(head) = contract.head {
            self.resales.remove(&(head, id));
        }
        self.keep_disputed(&mut contract);
        self.drop_idle_resale(Supply::Contract(id));
        Some(contract)
    }
}
