//! Decisions on the controls of a market and of an organization, and on undoing trades made in error.

use ledger::{Amount, ContractId, Currency, Label, OrganizationId};

use crate::contract::Contract;
use crate::exchange::{
    BudgetSet, ContractBusted, Ending, Event, Exchange, MarketHalted, MarketResumed, OrderLimitSet,
    OrganizationReinstated, PriceBandSet, Refusal,
};
use crate::lot::Supply;
use crate::market::MarketId;
use crate::venue::PriceBand;

impl Exchange {
    pub(super) fn halt_market(&self, id: MarketId, reason: &Label, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if self.market(id)?.halted {
            return Err(Refusal::MarketHalted);
        }
        out.push(MarketHalted { market: id, reason: reason.clone() }.into());
        Ok(())
    }

    pub(super) fn resume_market(&self, id: MarketId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if !self.market(id)?.halted {
            return Err(Refusal::MarketNotHalted);
        }
        out.push(MarketResumed { market: id }.into());
        Ok(())
    }

    pub(super) fn set_price_band(
        &self,
        id: MarketId,
        band: Option<PriceBand>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        /// Ten times the reference.
        const WIDTH_BPS_MAX: u32 = 100_000;
        if self.market(id)?.price_band == band {
            return Ok(());
        }
        if band.is_some_and(|band| band.width_bps == 0 || band.width_bps > WIDTH_BPS_MAX) {
            return Err(Refusal::MarketInvalid { problem: "width_bps must be 1 to 100000".to_owned() });
        }
        out.push(PriceBandSet { market: id, band }.into());
        Ok(())
    }

    pub(super) fn suspend_organization(
        &self,
        id: OrganizationId,
        reason: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.require_organization(id)?.suspended {
            return Err(Refusal::OrganizationSuspended);
        }
        self.begin_ending(id, Ending::Suspended { reason: reason.clone() }, out);
        Ok(())
    }

    pub(super) fn reinstate_organization(&self, id: OrganizationId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if !self.require_organization(id)?.suspended {
            return Err(Refusal::OrganizationNotSuspended);
        }
        out.push(OrganizationReinstated { organization: id }.into());
        Ok(())
    }

    pub(super) fn set_order_limit(
        &self,
        organization: OrganizationId,
        open_orders_max: Option<u32>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.require_organization(organization)?.open_orders_max == open_orders_max {
            return Ok(());
        }
        out.push(OrderLimitSet { organization, open_orders_max }.into());
        Ok(())
    }

    pub(super) fn set_budget(
        &self,
        organization: OrganizationId,
        currency: Currency,
        monthly: Option<Amount>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let before = self.require_organization(organization)?.budgets.get(&currency).map(|budget| budget.monthly);
        if monthly == before {
            return Ok(());
        }
        if monthly.is_some_and(|monthly| monthly < Amount::ZERO) {
            return Err(Refusal::AmountNotPositive);
        }
        if monthly.is_some_and(|monthly| monthly > Amount::BALANCE_MAX) {
            return Err(Refusal::AmountTooLarge);
        }
        out.push(BudgetSet { organization, currency, monthly }.into());
        Ok(())
    }

    pub(super) fn cancel_orders(
        &self,
        organization: OrganizationId,
        market: Option<MarketId>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_organization(organization)?;
        if let Some(market) = market {
            self.market(market)?;
        }
        self.begin_ending(organization, Ending::Cancelled { market }, out);
        Ok(())
    }

    pub(super) fn bust_contract(&self, id: ContractId, reason: &Label, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let contract = self.contract(id).ok_or(Refusal::ContractUnknown)?;
        if contract.window.start().start() <= self.now {
            return Err(Refusal::ContractInDelivery);
        }
        let resale = self.venue.lot_key(Supply::Contract(id));
        if resale.is_some_and(|key| self.venue.lot_at(key).residual.min() < contract.gpus) {
            return Err(Refusal::ContractResold);
        }
        self.begin_ending(contract.buyer, Ending::Busted { contract: id, reason: reason.clone() }, out);
        Ok(())
    }

    /// Makes the event that undoes a contract's trade.
    pub(super) fn busted(&self, contract: &Contract, reason: &Label) -> Event {
        Event::from(ContractBusted {
            contract: contract.id,
            market: contract.market,
            lot: contract.lot,
            head: contract.head,
            ask: contract.ask,
            trade: Some(contract.trade),
            ask_sold_gpus: self.ask_sold_without(contract, &[(contract.window, contract.gpus)]),
            buyer: contract.buyer,
            seller: contract.seller,
            gpus: contract.gpus,
            window: contract.window,
            currency: self.currency_of(contract),
            refund: contract.prepayment(),
            deposit: contract.deposit,
            reason: reason.clone(),
        })
    }
}
