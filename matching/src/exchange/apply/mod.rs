//! Fold of events into the state, and the steps of it that several events share. What each event does stands with the
//! event ([`EventType::apply`](super::event::EventType::apply)).

mod accounting;
mod bank;
mod boxes;
mod contract;

use ledger::{Amount, BoxId, Currency, Instant, OrganizationId, Violation, invariant};

use super::event::Stamp;
use super::{Boxes, CLIENT_ORDER_ID_KEPT_MICROS, ClientOrder, Exchange, Organization, Record};
use crate::hours::Hour;
use crate::identity::OrderId;
use crate::keys::{LotKey, MarketKey};
use crate::lot::{Lot, Supply};
use crate::market::{MarketId, first_open_hour};
use crate::order::{Bid, ClientOrderId, Order};
use crate::timeline::Timeline;

impl Exchange {
    /// Folds the next event of the log into the state.
    ///
    /// # Errors
    /// [`Violation`] of the invariant that the event breaks, which is a defect of the log or of this program. The
    /// exchange must not be used any more then.
    pub fn apply(&mut self, record: &Record) -> Result<(), Violation> {
        self.guarded(|exchange| exchange.fold(record))
    }

    /// Folds the next event as [`Exchange::apply`] does, within a decision that is guarded as a whole.
    pub(super) fn fold(&mut self, record: &Record) {
        let next = self.sequence + 1;
        invariant!(record.sequence == next, LogContinuous, "event {} where {next} was due", record.sequence);
        self.sequence = record.sequence;
        self.now = self.now.max(record.at);
        self.forget_old_client_order_ids();
        record.facts(|fact, currency, day| {
            self.accounting.begin(day);
            self.books.record(fact, currency);
        });
        let stamp = Stamp { sequence: record.sequence, at: record.at, command: record.command };
        record.event.apply(self, stamp);
    }

    pub(super) fn withhold(
        &mut self,
        id: OrganizationId,
        currency: Currency,
        paid: Amount,
        basis_points: u16,
        withheld: Amount,
    ) {
        if basis_points > 0 {
            self.change(id, |it| it.withheld.entry(currency).or_default().count(paid, basis_points, withheld));
        }
    }

    pub(super) fn change(&mut self, id: OrganizationId, change: impl FnOnce(&mut Organization)) {
        if let Some(organization) = self.organizations.get_mut(&id) {
            change(organization);
        }
    }

    /// Changes a box and updates the agenda with the time of its next run.
    pub(super) fn change_box(&mut self, id: BoxId, change: impl FnOnce(&mut Boxes)) {
        if let Some(at) = self.boxes.next_run(id) {
            self.box_runs.remove(&(at, id));
        }
        change(&mut self.boxes);
        // An overdue run, of a deal that was entered late, waits for finance: collections for it are still to be
        // entered.
        if let Some(at) = self.boxes.next_run(id).filter(|at| *at > self.now) {
            self.box_runs.insert((at, id));
        }
    }

    pub(super) fn change_market(&mut self, id: MarketId, change: impl FnOnce(&mut crate::venue::Market)) {
        if let Some(key) = self.venue.key(id) {
            change(self.venue.at_mut(key));
        }
    }

    /// Counts spending of an organization against its budget.
    pub(super) fn spend(&mut self, id: OrganizationId, currency: Currency, amount: Amount) {
        let month = self.now.day().month();
        self.change(id, |organization| {
            if let Some(budget) = organization.budgets.get_mut(&currency) {
                budget.spend(month, amount);
            }
        });
    }

    /// Returns the lot behind an ask: a contract becomes a lot with the first ask on it.
    pub(super) fn lot_of(&mut self, supply: Supply) -> Option<LotKey> {
        if let Some(key) = self.venue.lot_key(supply) {
            return Some(key);
        }
        let Supply::Contract(id) = supply else { return None };
        let contract = self.contract(id)?;
        let root = self.venue.lot(contract.lot)?;
        let resold = Lot {
            supply,
            id: contract.lot,
            seller: contract.buyer,
            provider: root.provider,
            market: contract.market,
            market_key: root.market_key,
            gpus: contract.gpus,
            window: contract.window,
            fabric: root.fabric.clone(),
            min_remnant_hours: 0,
            delivery: contract.delivery,
            residual: Timeline::flat(contract.window, contract.gpus),
            sold_spot: Timeline::flat(contract.window, 0),
            withdrawn: None,
        };
        Some(self.venue.add_lot(resold))
    }

    pub(super) fn name_order(
        &mut self,
        organization: OrganizationId,
        name: Option<ClientOrderId>,
        order: OrderId,
        digest: impl FnOnce() -> [u8; 16],
    ) {
        if let Some(name) = name {
            self.client_orders.insert((organization, name), ClientOrder { order, digest: digest() });
            self.client_order_ids.insert(order, name);
        }
    }

    pub(super) fn rest(&mut self, order: Order) {
        self.change(order.organization(), |organization| organization.open_orders += 1);
        let due = expiry(&order);
        let key = self.venue.rest(order);
        if let Some(due) = due {
            self.expiries.set(key, due);
        }
    }

    /// Updates the agenda with the time at which an order ends by itself.
    pub(super) fn move_expiry(&mut self, id: OrderId) {
        let Some(key) = self.venue.order_key(id) else { return };
        if let Some(due) = expiry(self.venue.order_at(key)) {
            self.expiries.set(key, due);
        }
    }

    /// Closes an hour's auction and schedules the next.
    pub(super) fn pass_gate(&mut self, market: MarketId, hour: Hour, close: impl FnOnce(&mut crate::venue::SpotHour)) {
        let Some(key) = self.venue.key(market) else { return };
        let now = self.now;
        let market = self.venue.at_mut(key);
        self.gates.remove(&(market.spec.gate(hour), key));
        market.spot.next_hour = None;
        market.spot.hours.retain(|hour, sold| hour.plus(1).start() > now || !sold.sales.is_empty());
        close(market.spot.hours.entry(hour).or_default());
        self.schedule_gate(key);
    }

    pub(super) fn suspend_bid(&mut self, id: OrderId, suspended: bool) {
        self.venue.amend(id, |order| {
            if let Order::SpotBid(bid) = order {
                bid.suspended = suspended;
            }
        });
    }

    /// Keeps a market's next auction in the agenda while there is capacity to auction or a buyer to interrupt.
    pub(super) fn schedule_gate(&mut self, key: MarketKey) {
        let now = self.now;
        let market = self.venue.at_mut(key);
        let (spec, spot) = (&market.spec, &mut market.spot);
        let wanted = spot.has_both_sides() || spot.hours.values().any(|hour| !hour.sales.is_empty());
        match (wanted, spot.next_hour) {
            (true, None) => {
                let hour = first_open_hour(now, spec.gate_minutes);
                spot.next_hour = Some(hour);
                self.gates.insert((spec.gate(hour), key));
            }
            (false, Some(hour)) => {
                spot.next_hour = None;
                self.gates.remove(&(spec.gate(hour), key));
            }
            (true, Some(_)) | (false, None) => {}
        }
    }

    pub(super) fn end_order(&mut self, id: OrderId) -> Option<Order> {
        let (key, order) = self.venue.remove(id)?;
        self.expiries.strike(key);
        self.change(order.organization(), |organization| organization.open_orders -= 1);
        if let Some(name) = self.client_order_ids.remove(&id) {
            self.client_orders_ended.push_back((self.now, order.organization(), name));
        }
        if let Some(lot) = order.lot() {
            self.drop_idle_resale(self.venue.lot_at(lot).supply);
        }
        if matches!(order, Order::SpotBid(_) | Order::SpotAsk(_)) {
            self.schedule_gate(order.market());
        }
        Some(order)
    }

    /// Removes the resale capacity of a contract once the contract is over and no ask is left on it.
    pub(super) fn drop_idle_resale(&mut self, supply: Supply) {
        let Supply::Contract(id) = supply else { return };
        let idle = self.venue.lot_key(supply).is_some_and(|key| self.venue.count_asks_on(key) == 0);
        if idle && !self.contract_keys.contains_key(&id) {
            self.venue.remove_lot(supply);
        }
    }

    pub(super) fn forget_old_client_order_ids(&mut self) {
        while let Some((ended, organization, name)) = self.client_orders_ended.front().copied() {
            if self.now.micros() - ended.micros() < CLIENT_ORDER_ID_KEPT_MICROS {
                break;
            }
            self.client_orders_ended.pop_front();
            self.client_orders.remove(&(organization, name));
        }
    }
}

/// Returns when an order ends by itself, with its market; the market is `None` for a bid that trades in several.
fn expiry(order: &Order) -> Option<(Instant, Option<MarketKey>)> {
    let market = match order {
        Order::Bid(Bid { markets, .. }) if markets.len() > 1 => None,
        other => Some(other.market()),
    };
    Some((order.expires()?, market))
}
