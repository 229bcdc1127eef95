//! Decisions on lots, and on asks for terms on them.

use ledger::{Amount, OrganizationId};

use super::check_quantity;
use crate::contract::Contract;
use crate::exchange::{
    Ending, Event, Exchange, GPUS_MAX, Limits, LotRegistered, NewLot, NewOrder, OPEN_ORDERS_MAX, OrderPlaced,
    OrderSide, OrderTerms, Refusal,
};
use crate::hours::Window;
use crate::identity::{DerivedIds, LotId, OrderId};
use crate::lot::{Lot, Supply};
use crate::venue::Market;

/// Supply that an ask can be placed on.
pub(in crate::exchange) struct Offered<'a> {
    pub supply: Supply,
    pub lot: LotId,
    pub market: &'a Market,
    pub gpus: u32,
    pub window: Window,
}

impl Exchange {
    pub(super) fn register_lot(&self, new: &NewLot, ids: &mut DerivedIds, out: &mut Vec<Event>) -> Result<(), Refusal> {
        self.require_organization(new.organization)?;
        let market = self.venue.market(new.market).ok_or(Refusal::MarketUnknown { market: new.market })?;
        check_quantity(new.gpus, market.spec.lot_size, GPUS_MAX)?;
        if new.window.end().start() <= self.now {
            return Err(Refusal::WindowPast { window: new.window.into() });
        }
        if new.min_remnant_hours > new.window.hours() {
            return Err(Refusal::RemnantInvalid);
        }
        Self::check_delivery_terms(new.delivery)?;
        let lot = LotId::new(ids.mint());
        let NewLot { organization, market, gpus, window, fabric, min_remnant_hours, delivery } = new.clone();
        out.push(LotRegistered { lot, organization, market, gpus, window, fabric, min_remnant_hours, delivery }.into());
        Ok(())
    }

    pub(super) fn withdraw_lot(
        &self,
        organization: OrganizationId,
        id: LotId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let lot = self.venue.lot(id).filter(|lot| lot.seller == organization).ok_or(Refusal::LotUnknown)?;
        if lot.withdrawn.is_some() {
            return Err(Refusal::LotWithdrawn);
        }
        self.begin_ending(organization, Ending::Withdrawn { lot: id }, out);
        Ok(())
    }

    /// Finds what an organization can place an ask on: a lot of its own, or a contract that it holds.
    pub(super) fn offered(&self, organization: OrganizationId, supply: Supply) -> Result<Offered<'_>, Refusal> {
        match supply {
            Supply::Lot(id) => {
                let lot = self.venue.lot(id).filter(|lot| lot.seller == organization).ok_or(Refusal::LotUnknown)?;
                if lot.withdrawn.is_some() {
                    return Err(Refusal::LotWithdrawn);
                }
                let Lot { gpus, window, .. } = *lot;
                Ok(Offered { supply, lot: id, market: self.venue.at(lot.market_key), gpus, window })
            }
            Supply::Contract(id) => {
                let held =
                    self.contract(id).filter(|contract| contract.buyer == organization && contract.ends.is_none());
                let Contract { gpus, window, lot, market, .. } = *held.ok_or(Refusal::ContractUnknown)?;
                Ok(Offered { supply, lot, market: self.market(market)?, gpus, window })
            }
        }
    }

    pub(super) fn place_ask(
        &self,
        new: &NewOrder,
        order: OrderId,
        terms: OrderTerms,
        offered: &Offered<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let OrderSide::Sell { hours, .. } = terms.side else { return Err(Refusal::LotUnknown) };
        let window = terms.window.hull();
        self.check_ask_count(new.organization, offered)?;
        check_quantity(terms.gpus, offered.market.spec.lot_size, offered.gpus)?;
        Self::check_price(offered.market, terms.limit_price, offered.market.last_price, false)?;
        self.check_offered_window(window, offered.window)?;
        if hours.min == 0 || hours.max < hours.min {
            return Err(Refusal::HoursRangeInvalid);
        }
        let placed = OrderPlaced {
            order,
            organization: new.organization,
            client_order_id: new.client_order_id,
            currency: offered.market.spec.currency,
            hold: Amount::ZERO,
            unfilled: None,
            terms,
        };
        out.push(placed.into());
        Ok(())
    }

    /// Checks that hours can be offered out of those that there are.
    pub(super) fn check_offered_window(&self, window: Window, whole: Window) -> Result<(), Refusal> {
        if !whole.covers(window) {
            return Err(Refusal::WindowOutsideLot { window, lot_window: whole });
        }
        if window.end().start() <= self.now {
            return Err(Refusal::WindowPast { window: window.into() });
        }
        Ok(())
    }

    /// Checks that one more ask may rest on what is offered. An organization that an operator has allowed more open
    /// orders than usual may have as many asks.
    pub(super) fn check_ask_count(&self, organization: OrganizationId, offered: &Offered<'_>) -> Result<(), Refusal> {
        let Limits { asks_per_lot_max, asks_per_market_max, .. } = self.limits;
        if self.require_organization(organization)?.open_orders_max > Some(OPEN_ORDERS_MAX) {
            return Ok(());
        }
        let on_lot = self.venue.lot_key(offered.supply).map_or(0, |lot| self.venue.count_asks_on(lot));
        if on_lot >= asks_per_lot_max as usize {
            return Err(Refusal::TooManyAsksOnLot { max: asks_per_lot_max });
        }
        if self.venue.asks_of(organization, offered.market.spec.id) >= asks_per_market_max {
            return Err(Refusal::TooManyAsksInMarket { max: asks_per_market_max });
        }
        Ok(())
    }

    pub(super) fn market(&self, id: crate::market::MarketId) -> Result<&Market, Refusal> {
        self.venue.market(id).ok_or(Refusal::MarketUnknown { market: id })
    }
}
