//! A contract from its trade to its end, with its charges and its outages.

use ledger::{ContractId, exact};

use crate::billing::first_charge;
use crate::contract::{Assignment, Contract, Owed};
use crate::exchange::event::supply_of;
use crate::exchange::{
    ContractBusted, ContractNovated, ContractTerminated, Exchange, HoursDelivered, OutageDismissed, OutageOpened,
    OutageSettled, ParkedDue, PeriodCharged, TradeExecuted,
};
use crate::hours::Window;
use crate::identity::{OrderId, OutageId};
use crate::lot::Supply;
use crate::order::Order;
use crate::outage::{Outage, OutageStatus};

impl Exchange {
    pub(super) fn apply_trade(&mut self, e: &TradeExecuted) {
        self.venue.fill(e.bid, e.ask, e.gpus, e.window);
        if e.bid_remaining == 0 {
            self.end_order(e.bid);
        } else {
            self.move_expiry(e.bid);
        }
        if e.ask_filled
            && let Some(Order::Ask(ask)) = self.end_order(e.ask)
        {
            self.venue.keep_sold_out(ask);
        }
        self.change_market(e.market, |market| market.last_price = Some(e.price));
        self.spend(e.buyer, e.currency, e.prepaid() + e.deposit());
        let billing = e.advance.map(|advance| advance.billing);
        let paid_until = e.paid_until();
        let contract = Contract {
            id: e.contract,
            trade: e.trade,
            sequence: self.sequence,
            market: e.market,
            lot: e.lot,
            head: e.head,
            ask: e.ask,
            buyer: e.buyer,
            seller: e.seller,
            gpus: e.gpus,
            price: e.price,
            window: e.window,
            buyer_fee_bps: e.buyer_fee_bps,
            seller_fee_bps: e.seller_fee_bps,
            traded: self.now.day().month(),
            billing: billing.unwrap_or_default(),
            paid_until,
            deposit: e.deposit(),
            next_charge: billing.map(|_| first_charge(paid_until, self.now)),
            delivered: 0,
            delivery: self.venue.supply(supply_of(e.lot, e.head)).map(|lot| lot.delivery).unwrap_or_default(),
            ready: e.head.and_then(|head| self.contract(head)).and_then(|head| head.ready),
            outages: Vec::new(),
            undelivered_minutes: 0,
            owed: Owed::default(),
            ends: None,
            assignment: None,
        };
        if let Some(market) = self.venue.key(e.market) {
            let due = (contract.next_hour(), market);
            let key = exact(self.contracts.insert(contract));
            self.contract_keys.insert(e.contract, key);
            self.traded.add(market, key);
            self.deliveries.set(key, due);
        }
        if let Some(head) = e.head {
            self.resales.insert((head, e.contract));
        }
        self.reschedule_charge(e.contract, |_| {});
    }

    /// Changes a contract and takes notice of when its next charge is tried.
    pub(super) fn reschedule_charge(&mut self, id: ContractId, change: impl FnOnce(&mut Contract)) {
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

    pub(super) fn apply_charge(&mut self, e: &PeriodCharged) {
        self.spend(e.buyer, e.currency, e.from_available + e.from_payable);
        let now = self.now;
        self.reschedule_charge(e.contract, |contract| {
            contract.paid_until = e.period.end();
            contract.deposit -= e.from_deposit + e.deposit_returned;
            contract.next_charge = contract.next_period().map(|period| first_charge(period.start(), now));
        });
    }

    /// Changes a contract, be it over or not.
    pub(super) fn change_contract(&mut self, id: ContractId, change: impl FnOnce(&mut Contract)) {
        match self.contract_keys.get(&id) {
            Some(key) => change(&mut self.contracts[*key as usize]),
            None => {
                if let Some(contract) = self.disputed.get_mut(&id) {
                    change(contract);
                }
            }
        }
    }

    pub(super) fn change_outage(&mut self, contract: ContractId, id: OutageId, change: impl FnOnce(&mut Outage)) {
        self.change_contract(contract, |contract| {
            if let Some(outage) = contract.outages.iter_mut().find(|outage| outage.id == id) {
                change(outage);
            }
        });
    }

    pub(super) fn apply_outage(&mut self, e: &OutageOpened) {
        let outage = Outage {
            id: e.outage,
            opened_by: e.opened_by,
            gpus: e.gpus,
            from: e.from,
            until: e.until,
            status: OutageStatus::Claimed,
        };
        self.outages.insert(e.outage, e.contract);
        self.change_contract(e.contract, |contract| contract.outages.push(outage));
    }

    pub(super) fn apply_settlement(&mut self, e: &OutageSettled) {
        self.change_outage(e.contract, e.outage, |outage| {
            (outage.gpus, outage.from, outage.until) = (e.gpus, e.from, e.until);
            outage.status = OutageStatus::Settled;
        });
        self.change_contract(e.contract, |contract| {
            contract.undelivered_minutes += e.gpu_minutes;
            contract.owed.credit += e.amount - e.seller_fee - e.from_seller;
            contract.owed.penalty += e.penalty - e.penalty_paid;
        });
        self.forget_undisputed(e.contract);
    }

    pub(super) fn apply_dismissal(&mut self, e: &OutageDismissed) {
        self.outages.remove(&e.outage);
        self.change_contract(e.contract, |contract| contract.outages.retain(|outage| outage.id != e.outage));
        self.forget_undisputed(e.contract);
    }

    /// Keeps a contract that is over while outages of it are claimed.
    fn keep_disputed(&mut self, contract: &mut Contract) {
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

    /// Forgets a contract that is over once nothing of it is claimed any more.
    fn forget_undisputed(&mut self, id: ContractId) {
        let is_claimed = |outage: &Outage| outage.status == OutageStatus::Claimed;
        if self.disputed.get(&id).is_some_and(|contract| !contract.outages.iter().any(is_claimed))
            && let Some(contract) = self.disputed.remove(&id)
        {
            for outage in contract.outages {
                self.outages.remove(&outage.id);
            }
        }
    }

    pub(super) fn apply_novation(&mut self, e: &ContractNovated) {
        let Some(key) = self.contract_keys.get(&e.contract) else { return };
        let contract = &mut self.contracts[*key as usize];
        contract.seller = e.seller;
        contract.assignment = e.assignee.map(|to| Assignment { to, from: e.from });
        if let Some(before) = std::mem::replace(&mut contract.head, e.head) {
            self.resales.remove(&(before, e.contract));
        }
        if let Some(head) = e.head {
            self.resales.insert((head, e.contract));
        }
    }

    pub(super) fn apply_termination(&mut self, e: &ContractTerminated) {
        let Some(contract) = self.contract(e.contract) else { return };
        let returned = self.unsold_of(contract, e.undelivered);
        self.end_contract(e.contract);
        self.return_capacity(supply_of(e.lot, e.head), e.ask, e.ask_sold_gpus.is_some(), &returned);
    }

    /// Gives back what a contract had of its supply and of the ask that sold it, which is open again where it `reopens`.
    fn return_capacity(&mut self, supply: Supply, ask: OrderId, reopens: bool, returned: &[(Window, u32)]) {
        if reopens && let Some(ask) = self.venue.take_sold_out(supply, ask) {
            self.rest(Order::Ask(ask));
        }
        for (window, gpus) in returned {
            self.venue.put_back(supply, ask, *gpus, *window);
        }
    }

    /// Forgets a contract that is over.
    fn end_contract(&mut self, id: ContractId) -> Option<Contract> {
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

    pub(super) fn apply_bust(&mut self, e: &ContractBusted) {
        let Some(contract) = self.end_contract(e.contract) else { return };
        if contract.traded == self.now.day().month() {
            self.spend(e.buyer, e.currency, -(e.refund + e.deposit));
        }
        self.return_capacity(supply_of(e.lot, e.head), e.ask, e.ask_sold_gpus.is_some(), &[(e.window, e.gpus)]);
        let last = self.venue.key(e.market).and_then(|market| self.traded.last_of(market));
        let last = last.map(|key| &self.contracts[key as usize]).map(|contract| (contract.sequence, contract.price));
        self.change_market(e.market, |market| {
            market.last_price = last.max(market.last_completed).map(|(_, price)| price);
        });
    }

    pub(super) fn apply_delivery(&mut self, e: &HoursDelivered) {
        let Some(market) = self.venue.key(e.market) else { return };
        for hour in &e.contracts {
            let Some(key) = self.contract_keys.get(&hour.contract).copied() else { continue };
            let contract = &mut self.contracts[key as usize];
            contract.delivered += 1;
            if let Some(shortfall) = &hour.shortfall {
                contract.undelivered_minutes += u64::from(shortfall.gpu_minutes);
                contract.owed.credit -= shortfall.recovered;
                contract.owed.penalty += shortfall.penalty - shortfall.penalty_paid;
            }
            if contract.is_complete() {
                let traded = (contract.sequence, contract.price);
                let last = &mut self.venue.at_mut(market).last_completed;
                *last = (*last).max(Some(traded));
                self.end_contract(hour.contract);
            } else {
                self.deliveries.set(key, (contract.next_hour(), market));
            }
        }
    }
}
