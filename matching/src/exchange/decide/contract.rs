//! Decisions on a contract's charges, and on its end before its time.

use ledger::{AccountKind, Amount, ContractId};

use crate::billing::next_charge;
use crate::contract::Contract;
use crate::exchange::event::supply_of;
use crate::exchange::{
    ChargeMissed, CloseReason, ContractNovated, ContractTerminated, Event, Exchange, ORDERS_PER_STEP_MAX,
    PeriodCharged, TerminationCause,
};
use crate::hours::Window;
use crate::lot::Supply;

impl Exchange {
    /// Decides the charge of a contract's next period: paid, tried again later, or, once the period begins, the
    /// contract's end. Ends the contract instead where its buyer gave notice of that.
    ///
    /// Pays out of the buyer's available money, for a resale out of its earnings as well, and for the last period out
    /// of the security deposit first.
    pub(in crate::exchange) fn charge(&self, contract: &Contract, out: &mut Vec<Event>) {
        if let Some(ends) = contract.ends {
            let undelivered = Window::between(ends, contract.window.end());
            return self.terminate(contract, undelivered, TerminationCause::Outages, out);
        }
        let Some(period) = contract.next_period() else { return };
        let currency = self.currency_of(contract);
        let earned = contract.earnings_of(period);
        let is_last = period.end() == contract.window.end();
        let from_deposit = if is_last { contract.deposit.min(earned.paid()) } else { Amount::ZERO };
        let due = earned.paid() - from_deposit;
        let available = self.books.customer(AccountKind::CustomerAvailable, contract.buyer, currency);
        let resells = self.resold(contract.id).next().is_some();
        let payable = if resells {
            self.books.customer(AccountKind::SellerPayable, contract.buyer, currency)
        } else {
            Amount::ZERO
        };
        if due <= available + payable {
            let from_available = due.min(available);
            let charged = PeriodCharged {
                contract: contract.id,
                market: contract.market,
                buyer: contract.buyer,
                seller: contract.seller,
                period,
                currency,
                amount: earned.amount,
                buyer_fee: earned.buyer_fee,
                from_available,
                from_payable: due - from_available,
                from_deposit,
                deposit_returned: if is_last { contract.deposit - from_deposit } else { Amount::ZERO },
            };
            out.push(charged.into());
        } else if let Some(next_try) = next_charge(period.start(), self.now) {
            let missed = ChargeMissed {
                contract: contract.id,
                market: contract.market,
                buyer: contract.buyer,
                seller: contract.seller,
                period,
                currency,
                due,
                available: available + payable,
                next_try,
            };
            out.push(missed.into());
        } else {
            let undelivered = Window::between(period.start(), contract.window.end());
            self.terminate(contract, undelivered, TerminationCause::NotPaid, out);
        }
    }

    /// Ends a contract before its time: what it offers for resale is withdrawn, what it has resold passes to its
    /// seller, and the rest returns to where it came from. Of very many offers or resales, ends as many as one step
    /// does: the contract is due again at the same instant until none is left.
    fn terminate(&self, contract: &Contract, undelivered: Window, cause: TerminationCause, out: &mut Vec<Event>) {
        let (offers, is_all) = self.first_asks_on(Supply::Contract(contract.id));
        out.extend(offers.into_iter().map(|order| self.closed(order, CloseReason::Terminated)));
        if !is_all {
            return;
        }
        let assignee = contract.assignee_at(undelivered.start());
        let mut resold = self.resold(contract.id).filter_map(|id| self.contract(id));
        for sub in resold.by_ref().take(ORDERS_PER_STEP_MAX) {
            let novated = ContractNovated {
                contract: sub.id,
                market: sub.market,
                buyer: sub.buyer,
                seller: contract.seller,
                seller_before: sub.seller,
                head: contract.head,
                from: undelivered.start(),
                assignee,
            };
            out.push(novated.into());
        }
        if resold.next().is_some() {
            return;
        }
        let forfeited = match cause {
            TerminationCause::NotPaid => contract.deposit,
            TerminationCause::Outages => Amount::ZERO,
        };
        let terminated = ContractTerminated {
            contract: contract.id,
            market: contract.market,
            lot: contract.lot,
            head: contract.head,
            ask: contract.ask,
            ask_sold_gpus: self.ask_sold_without(contract, &self.unsold_of(contract, undelivered)),
            buyer: contract.buyer,
            seller: contract.seller,
            gpus: contract.gpus,
            undelivered,
            cause,
            currency: self.currency_of(contract),
            refund: contract.prepayment(),
            deposit_forfeited: forfeited,
            assignee: assignee.filter(|_| forfeited > Amount::ZERO),
            deposit_returned: contract.deposit - forfeited,
        };
        out.push(terminated.into());
    }

    /// Iterates over the contracts that resell a part of this one, by id.
    pub(in crate::exchange) fn resold(&self, head: ContractId) -> impl Iterator<Item = ContractId> + '_ {
        let (first, last) = (ContractId::new(uuid::Uuid::nil()), ContractId::new(uuid::Uuid::max()));
        self.resales.range((head, first)..=(head, last)).map(|(_, sub)| *sub)
    }

    /// Returns what a contract has not resold of these hours, as windows and GPUs.
    pub(in crate::exchange) fn unsold_of(&self, contract: &Contract, hours: Window) -> Vec<(Window, u32)> {
        let Some(resale) = self.venue.supply(Supply::Contract(contract.id)) else {
            return vec![(hours, contract.gpus)];
        };
        let steps = resale.residual.steps().filter(|(_, free)| *free > 0);
        steps.filter_map(|(step, free)| Some((step.intersection(hours)?, free))).collect()
    }

    /// Returns the most GPUs in any hour that a contract's ask has sold once these have returned to it. `None` for an
    /// ask that is not open and does not open again: only one that had sold all does, while its lot and its seller
    /// sell.
    pub(in crate::exchange) fn ask_sold_without(&self, contract: &Contract, returned: &[(Window, u32)]) -> Option<u32> {
        let supply = supply_of(contract.lot, contract.head);
        let reopens = || {
            let lot = self.venue.supply(supply).filter(|lot| lot.withdrawn.is_none())?;
            self.organization(lot.seller).filter(|seller| !seller.suspended)?;
            self.venue.sold_out(supply, contract.ask)
        };
        let ask = self.venue.ask(contract.ask).or_else(reopens)?;
        let mut remaining = ask.remaining.clone();
        for (window, gpus) in returned {
            remaining.put(*window, *gpus);
        }
        Some(ask.gpus - remaining.min())
    }
}
