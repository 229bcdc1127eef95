//! Decisions on orders that end together: as many as one step ends now, and the rest as unfinished work.

use ledger::OrganizationId;

use crate::exchange::{
    CloseReason, Ending, Event, Exchange, LotWithdrawn, ORDERS_PER_STEP_MAX, OrdersEnding, OrganizationSuspended,
};
use crate::lot::Supply;
use crate::order::Order;

impl Exchange {
    /// Ends orders of an organization together, with what they end for. Leaves the rest as work when they are more than
    /// one step ends.
    pub(super) fn begin_ending(&self, organization: OrganizationId, ending: Ending, out: &mut Vec<Event>) {
        let first = out.len();
        if !self.end_orders(organization, &ending, out) {
            out.insert(first, OrdersEnding { organization, ending }.into());
        }
    }

    /// Ends as many orders as one step may, and what they end for once none is left. Returns whether none is left.
    pub(in crate::exchange) fn end_orders(
        &self,
        organization: OrganizationId,
        ending: &Ending,
        out: &mut Vec<Event>,
    ) -> bool {
        let (reason, supply) = match ending {
            Ending::Cancelled { .. } => (CloseReason::Cancelled, None),
            Ending::Suspended { .. } => (CloseReason::Suspended, None),
            Ending::Withdrawn { lot } => (CloseReason::Withdrawn, Some(Supply::Lot(*lot))),
            Ending::Busted { contract, .. } => (CloseReason::Busted, Some(Supply::Contract(*contract))),
            Ending::Noticed { contract, .. } => (CloseReason::Terminated, Some(Supply::Contract(*contract))),
        };
        let (orders, is_all) = match (ending, supply) {
            (_, Some(supply)) => self.first_asks_on(supply),
            (Ending::Cancelled { market: Some(market) }, None) => {
                let market = self.venue.key(*market);
                self.first_orders_of(organization, |order| market.is_some_and(|market| order.trades_in(market)))
            }
            (_, None) => self.first_orders_of(organization, |_| true),
        };
        out.extend(orders.into_iter().map(|order| self.closed(order, reason)));
        if is_all {
            out.extend(self.ended_for(organization, ending));
        }
        is_all
    }

    /// Makes the event that orders end for, once they have ended; `None` when they end for themselves.
    fn ended_for(&self, organization: OrganizationId, ending: &Ending) -> Option<Event> {
        match ending {
            Ending::Cancelled { .. } => None,
            Ending::Suspended { reason } => Some(OrganizationSuspended { organization, reason: reason.clone() }.into()),
            Ending::Withdrawn { lot: id } => {
                let market = self.venue.lot(*id)?.market;
                Some(LotWithdrawn { lot: *id, organization, market }.into())
            }
            Ending::Busted { contract, reason } => Some(self.busted(self.contract(*contract)?, reason)),
            Ending::Noticed { contract, reason } => Some(self.noticed(self.contract(*contract)?, reason)),
        }
    }

    /// Returns an organization's first orders to have come to rest, sorted by id, as many as one step ends, and whether
    /// these are all.
    fn first_orders_of(&self, organization: OrganizationId, which: impl Fn(&Order) -> bool) -> (Vec<&Order>, bool) {
        let mut own = self.venue.orders_of(organization).filter(|order| which(order));
        let mut orders: Vec<&Order> = own.by_ref().take(ORDERS_PER_STEP_MAX).collect();
        orders.sort_unstable_by_key(|order| order.id());
        (orders, own.next().is_none())
    }

    /// Returns the best asks on a supply, as many as one step ends, and whether these are all.
    pub(super) fn first_asks_on(&self, supply: Supply) -> (Vec<&Order>, bool) {
        let Some(lot) = self.venue.lot_key(supply) else { return (Vec::new(), true) };
        let asks = self.venue.best_asks_on(lot, ORDERS_PER_STEP_MAX);
        (asks, self.venue.count_asks_on(lot) <= ORDERS_PER_STEP_MAX)
    }
}
