//! Decisions on assigning contracts of the exchange to boxes.

use ledger::deal::{ClientContract, ContractCharge, DealTerms};
use ledger::{Amount, BoxId, ClientId, ItemName};

use crate::contract::{Assignee, Contract};
use crate::exchange::{ContractAssigned, Event, Exchange, Refusal};
use crate::hours::Hour;
use crate::outage::OutageStatus;

fn not_assignable<T>(problem: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::ContractNotAssignable { problem: problem.into() })
}

impl Exchange {
    /// Decides an assignment. The contract must be as the deal has it, from the month that the deal says.
    pub(super) fn assign_contract(
        &self,
        id: BoxId,
        name: ItemName,
        by: ClientId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (_, deal) = self.box_and_deal(id)?;
        let terms = deal.terms();
        let Some(item) = terms.contracts.iter().find(|contract| contract.name == name) else {
            return not_assignable("the deal has no contract of this name");
        };
        let Some(exchange) = item.exchange else {
            return not_assignable("the deal does not say which contract of the exchange it is");
        };
        // A sponsor cannot tell another seller's contract from one that does not exist.
        let contract = self.contract(exchange).filter(|contract| contract.seller == terms.sponsor);
        let contract = contract.ok_or(Refusal::ContractUnknown)?;
        if contract.assignment.is_some() {
            return not_assignable("it belongs to a box already");
        }
        if contract.head.is_some() {
            return not_assignable("it resells another contract, and ends with it");
        }
        let is_claimed = contract.outages.iter().any(|outage| outage.status == OutageStatus::Claimed);
        if is_claimed || contract.owed.credit + contract.owed.penalty > Amount::ZERO {
            return not_assignable("its seller owes the buyer for an outage, or may: settle that first");
        }
        self.check_terms(contract, item, terms)?;
        let Some(from) = self.next_period_of(contract) else {
            return not_assignable("its last period has begun");
        };
        let first = Hour::first_of(item.first);
        if from != first {
            return not_assignable(format!("the deal has it from {first}, and its next period begins {from}"));
        }
        out.push(Event::from(ContractAssigned {
            contract: contract.id,
            market: contract.market,
            buyer: contract.buyer,
            seller: contract.seller,
            to: Assignee { box_id: id, name },
            from,
            by,
        }));
        Ok(())
    }

    /// Checks that a contract of the exchange is what a deal says of it.
    fn check_terms(&self, contract: &Contract, item: &ClientContract, terms: &DealTerms) -> Result<(), Refusal> {
        let ContractCharge::Hourly { gpus, price, fee_bps } = item.charge else {
            return not_assignable("the deal does not charge it by the hour");
        };
        let traded = Amount::from_micros(i128::from(contract.price.micros()));
        let is_as_traded = (gpus, price, fee_bps) == (contract.gpus, traded, contract.seller_fee_bps);
        if !is_as_traded || terms.currency != self.currency_of(contract) {
            return not_assignable(format!(
                "it is of {} GPUs at {traded} with a fee of {} basis points, and the deal has other terms",
                contract.gpus, contract.seller_fee_bps
            ));
        }
        let end = contract.window.end();
        if Hour::first_of(item.end()) != end {
            return not_assignable(format!("it ends {end}, and in the deal with the month before {}", item.end()));
        }
        Ok(())
    }

    /// Returns the beginning of a contract's first period that has not begun.
    fn next_period_of(&self, contract: &Contract) -> Option<Hour> {
        let mut start = contract.window.start();
        while start.start() < self.now {
            start = contract.billing.period(contract.window, start).end();
        }
        (start < contract.window.end()).then_some(start)
    }
}
