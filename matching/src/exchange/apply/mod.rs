//! The fold: one event into the state. Total, and without choices: everything was decided before.

mod accounting;
mod bank;
mod boxes;
mod contract;

use ledger::{Amount, BoxId, Currency, Instant, OrganizationId, Violation, invariant};
use smallvec::SmallVec;

use super::decide::digest;
use super::event::supply_of;
use super::work::{Unfinished, Work};
use super::{
    Boxes, Budget, BudgetSet, CLIENT_ORDER_ID_KEPT_MICROS, ClientOrder, Event, Exchange, LotRegistered, OrderAmended,
    OrderPlaced, OrderSide, Organization, PayoutRequested, PayoutReturned, PayoutSource, Record, SpotAuctionHeld,
    SpotHoursDelivered, SpotHoursSold, SpotOrderPlaced, SpotSide, SweepPaused,
};
use crate::billing::held_hours;
use crate::contract::Assignment;
use crate::hours::Hour;
use crate::identity::OrderId;
use crate::keys::{LotKey, MarketKey, OwnerKey};
use crate::lot::{Lot, Supply};
use crate::market::{MarketId, first_open_hour, least_common_multiple};
use crate::order::{Ask, Bid, BidTerms, ClientOrderId, Order, SpotAsk, SpotBid, TimeInForce};
use crate::timeline::Timeline;

impl Exchange {
    /// Folds the next event of the log into the state.
    ///
    /// # Errors
    /// The [`Violation`] that the event meets, which is a defect of the log or of this program. The exchange must not be used any
    /// more then.
    pub fn apply(&mut self, record: &Record) -> Result<(), Violation> {
        self.guarded(|exchange| exchange.fold(record))
    }

    /// As [`Exchange::apply`], within a decision that is guarded as a whole.
    #[expect(clippy::too_many_lines, reason = "an arm for every event")]
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
        match &record.event {
            Event::OrganizationRegistered(e) => {
                self.organizations.insert(e.organization, Organization::admitted(e.name.clone()));
            }
            Event::OrganizationSuspended(e) => self.change(e.organization, |it| it.suspended = true),
            Event::OrganizationReinstated(e) => self.change(e.organization, |it| it.suspended = false),
            Event::OrderLimitSet(e) => self.change(e.organization, |it| it.open_orders_max = e.open_orders_max),
            Event::BudgetSet(e) => self.apply_budget(e),
            Event::SpotInterrupted(_) => {}
            Event::DepositReceived(e) => self.bank.record(e, record.sequence),
            Event::BankAccountOpened(e) => self.bank.open(e, record.at.day()),
            Event::BankAccountClosed(e) => self.bank.close(e),
            Event::DepositExpected(e) => self.bank.expect(e, record.sequence),
            Event::StatementImported(e) => self.bank.import(e),
            Event::BankLinesBooked(e) => self.bank.book(e),
            Event::Reconciled(e) => self.bank.reconcile(e, record.sequence),
            Event::ReconciliationUndone(e) => self.bank.undo(e),
            Event::PayoutRequested(e) => self.apply_payout(e),
            Event::PayoutReturned(e) => self.apply_returned_payout(e),
            Event::PeriodClosed(e) => self.accounting.close(e, record.at, record.sequence),
            Event::JournalProposed(e) => self.accounting.propose(e),
            Event::JournalApproved(e) => self.accounting.approve(e, record.sequence),
            Event::JournalRejected(e) => self.accounting.reject(e),
            Event::WithholdingSet(e) => self.change(e.organization, |it| it.withholding_bps = e.basis_points),
            Event::BoxCreated(e) => self.boxes.create(e, record.at, record.sequence),
            Event::DealAmended(e) => self.change_box(e.r#box, |boxes| boxes.agree(e.r#box, &e.deal, e.by, record.at)),
            Event::DealClosed(e) => self.change_box(e.r#box, |boxes| boxes.close(e)),
            Event::BoxCollected(e) => self.boxes.collect(e, record.sequence),
            Event::CollectionReversed(e) => self.boxes.take_back(e),
            Event::WaterfallRun(e) => self.change_box(e.r#box, |boxes| boxes.run(e, record.at, record.sequence)),
            Event::WaterfallReversed(e) => self.change_box(e.undone.r#box, |boxes| boxes.reverse(e)),
            Event::AgreementInvoiced(e) => self.boxes.invoice(e),
            Event::DebtAccelerated(e) => self.boxes.accelerate(e.r#box, true),
            Event::AccelerationRescinded(e) => self.boxes.accelerate(e.r#box, false),
            Event::BoxWoundUp(e) => self.boxes.wind_up(e.r#box),
            Event::LendersSet(e) => self.boxes.set_lenders(e),
            Event::IndexFixed(e) => drop(self.rates.entry(e.index).or_default().insert(e.from, e.rate)),
            Event::DueParked(e) => self.apply_parked(e),
            Event::DueResumed(e) => self.apply_resumed(e),
            Event::MarketOpened(e) => self.venue.open(e.market.clone()),
            Event::MarketHalted(e) => self.change_market(e.market, |market| market.halted = true),
            Event::MarketResumed(e) => self.change_market(e.market, |market| market.halted = false),
            Event::PriceBandSet(e) => self.change_market(e.market, |market| market.price_band = e.band),
            Event::LotRegistered(e) => self.apply_lot(e),
            Event::LotWithdrawn(e) => {
                if let Some(key) = self.venue.lot_key(Supply::Lot(e.lot)) {
                    self.venue.withdraw(key);
                }
            }
            Event::LotExpired(e) => {
                if let Some(lot) = self.venue.lot(e.lot) {
                    self.lot_ends.remove(&(lot.window.end().start(), e.lot));
                }
                self.venue.remove_lot(Supply::Lot(e.lot));
            }
            Event::OrderPlaced(e) => self.apply_order(e),
            Event::SpotOrderPlaced(e) => self.apply_spot_order(e),
            Event::OrderAmended(e) => self.apply_amendment(e),
            Event::TradeExecuted(e) => self.apply_trade(e),
            Event::OrderClosed(e) => drop(self.end_order(e.order)),
            Event::OrdersEnding(e) => {
                let work = Work::EndOrders { organization: e.organization, ending: e.ending.clone() };
                self.unfinished.insert(record.sequence, Unfinished { command: record.command, work });
            }
            Event::OrdersEnded(e) => drop(self.unfinished.remove(&e.begun)),
            Event::SweepPaused(e) => {
                if let Some(begun) = e.begun {
                    self.unfinished.remove(&begun);
                }
                let SweepPaused { market, offer, cursor, ids, looked_at, bid, .. } = e.clone();
                let work = Work::Sweep { market, offer, cursor, ids, looked_at, bid };
                self.unfinished.insert(record.sequence, Unfinished { command: record.command, work });
            }
            Event::SweepEnded(e) => drop(self.unfinished.remove(&e.begun)),
            Event::ContractBusted(e) => self.apply_bust(e),
            Event::PeriodCharged(e) => self.apply_charge(e),
            Event::ChargeMissed(e) => self.reschedule_charge(e.contract, |contract| {
                contract.next_charge = Some(e.next_try);
            }),
            Event::ContractTerminated(e) => self.apply_termination(e),
            Event::ContractNovated(e) => self.apply_novation(e),
            Event::ContractAssigned(e) => {
                self.boxes.assign(e);
                self.change_contract(e.contract, |contract| {
                    contract.assignment = Some(Assignment { to: e.to, from: e.from });
                });
            }
            Event::DeliveryReady(e) => self.change_contract(e.contract, |contract| contract.ready = Some(e.ready)),
            Event::OutageOpened(e) => self.apply_outage(e),
            Event::OutageRestored(e) => self.change_outage(e.contract, e.outage, |outage| outage.until = Some(e.until)),
            Event::OutageSettled(e) => self.apply_settlement(e),
            Event::OutageDismissed(e) => self.apply_dismissal(e),
            Event::NoticeGiven(e) => self.reschedule_charge(e.contract, |contract| {
                contract.ends = Some(e.ends);
                contract.next_charge = Some(e.ends.start());
            }),
            Event::HoursDelivered(e) => self.apply_delivery(e),
            Event::SpotAuctionHeld(e) => self.apply_auction(e),
            Event::SpotAuctionMissed(e) => self.pass_gate(e.market, e.hour, |hour| hour.void = true),
            Event::SpotHoursSold(e) => self.apply_spot_sales(e),
            Event::SpotBidSuspended(e) => self.suspend_bid(e.order, true),
            Event::SpotBidResumed(e) => self.suspend_bid(e.order, false),
            Event::SpotHoursDelivered(e) => self.apply_spot_delivery(e),
        }
    }

    fn apply_payout(&mut self, e: &PayoutRequested) {
        let is_taxed = e.source == PayoutSource::Payable;
        let known = self.organizations.get(&e.organization).filter(|_| is_taxed);
        let basis_points = known.map_or(0, |known| known.withholding_bps);
        self.bank.pay_out(e, basis_points, self.sequence);
        self.withhold(e.organization, e.currency, (e.amount + e.withheld, basis_points, e.withheld));
    }

    fn apply_returned_payout(&mut self, e: &PayoutReturned) {
        let basis_points = self.bank.take_back(e);
        self.withhold(e.organization, e.currency, (-(e.amount + e.withheld), basis_points, -e.withheld));
    }

    fn withhold(
        &mut self,
        id: OrganizationId,
        currency: Currency,
        (paid, basis_points, withheld): (Amount, u16, Amount),
    ) {
        if basis_points > 0 {
            self.change(id, |it| it.withheld.entry(currency).or_default().count(paid, basis_points, withheld));
        }
    }

    fn change(&mut self, id: OrganizationId, change: impl FnOnce(&mut Organization)) {
        if let Some(organization) = self.organizations.get_mut(&id) {
            change(organization);
        }
    }

    /// Changes a box and takes notice of when its next run starts by itself.
    fn change_box(&mut self, id: BoxId, change: impl FnOnce(&mut Boxes)) {
        if let Some(at) = self.boxes.next_run(id) {
            self.box_runs.remove(&(at, id));
        }
        change(&mut self.boxes);
        // One that is overdue, of a deal that was entered late, waits for finance: what was collected of it is still to be entered.
        if let Some(at) = self.boxes.next_run(id).filter(|at| *at > self.now) {
            self.box_runs.insert((at, id));
        }
    }

    fn change_market(&mut self, id: MarketId, change: impl FnOnce(&mut crate::venue::Market)) {
        if let Some(key) = self.venue.key(id) {
            change(self.venue.at_mut(key));
        }
    }

    fn apply_budget(&mut self, e: &BudgetSet) {
        let month = self.now.day().month();
        self.change(e.organization, |organization| match e.monthly {
            None => {
                organization.budgets.remove(&e.currency);
            }
            Some(monthly) => {
                let spent = organization.budgets.get(&e.currency).map_or(Amount::ZERO, |budget| budget.spent_in(month));
                organization.budgets.insert(e.currency, Budget { monthly, month, spent });
            }
        });
    }

    /// Counts what an organization has spent against its budget.
    fn spend(&mut self, id: OrganizationId, currency: Currency, amount: Amount) {
        let month = self.now.day().month();
        self.change(id, |organization| {
            if let Some(budget) = organization.budgets.get_mut(&currency) {
                budget.spend(month, amount);
            }
        });
    }

    fn apply_lot(&mut self, e: &LotRegistered) {
        let Some(market_key) = self.venue.key(e.market) else { return };
        self.lot_ends.insert((e.window.end().start(), e.lot));
        self.venue.add_lot(Lot {
            supply: Supply::Lot(e.lot),
            id: e.lot,
            seller: e.organization,
            provider: e.organization,
            market: e.market,
            market_key,
            gpus: e.gpus,
            window: e.window,
            fabric: e.fabric.clone(),
            min_remnant_hours: e.min_remnant_hours,
            delivery: e.delivery,
            residual: Timeline::flat(e.window, e.gpus),
            sold_spot: Timeline::flat(e.window, 0),
            withdrawn: None,
        });
    }

    /// What backs an ask: a contract becomes a lot with the first ask on it.
    fn lot_of(&mut self, supply: Supply) -> Option<LotKey> {
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

    fn apply_order(&mut self, e: &OrderPlaced) {
        let terms = &e.terms;
        self.name_order(e.organization, e.client_order_id, e.order, || digest(terms));
        let Some(market) = self.venue.key(terms.market) else { return };
        let order = match terms.side {
            OrderSide::Buy {
                time_in_force,
                min_gpus,
                expires_at,
                placement,
                post_only,
                self_trade_prevention,
                billing,
            } => {
                let markets: SmallVec<[MarketKey; 2]> = terms.markets().filter_map(|id| self.venue.key(id)).collect();
                let specs = || markets.iter().map(|key| &self.venue.at(*key).spec);
                let lot_size = specs().map(|spec| spec.lot_size).fold(1, least_common_multiple);
                Order::Bid(Bid {
                    id: e.order,
                    priority: self.sequence,
                    organization: e.organization,
                    gpus: terms.gpus,
                    terms: BidTerms {
                        remaining: terms.gpus,
                        min_gpus,
                        lot_size,
                        all_or_none: min_gpus == terms.gpus && terms.gpus > lot_size,
                        window: terms.window,
                        limit_price: terms.limit_price,
                        placement,
                        bound_to: None,
                    },
                    expires_at,
                    gate_minutes: specs().map(|spec| spec.gate_minutes).max().unwrap_or_default(),
                    fee_bps_max: specs().map(crate::market::MarketSpec::fee_bps_max).max().unwrap_or_default(),
                    markets,
                    // What fills whole at once has nothing to say about why it did not.
                    stays: e.unfilled.is_some() && matches!(time_in_force, TimeInForce::Gtc | TimeInForce::Gtd),
                    post_only,
                    self_trade_prevention,
                    billing,
                    held_hours: held_hours(billing, terms.window),
                })
            }
            OrderSide::Sell { lot, contract, hours, self_trade_prevention } => {
                let Some(lot) = self.lot_of(supply_of(lot, contract)) else { return };
                let window = terms.window.hull();
                Order::Ask(Ask {
                    id: e.order,
                    priority: self.sequence,
                    organization: e.organization,
                    market,
                    lot,
                    gpus: terms.gpus,
                    limit_price: terms.limit_price,
                    window,
                    hours,
                    remaining: Timeline::flat(window, terms.gpus),
                    self_trade_prevention,
                    place_in_lot: 0,
                    owner: OwnerKey::default(),
                })
            }
        };
        self.rest(order);
    }

    fn apply_spot_order(&mut self, e: &SpotOrderPlaced) {
        let terms = &e.terms;
        self.name_order(e.organization, e.client_order_id, e.order, || digest(terms));
        let Some(market) = self.venue.key(terms.market) else { return };
        let order = match terms.side {
            SpotSide::Buy { min_gpus } => Order::SpotBid(SpotBid {
                id: e.order,
                priority: self.sequence,
                organization: e.organization,
                market,
                gpus: terms.gpus,
                min_gpus,
                limit_price: terms.limit_price,
                suspended: false,
            }),
            SpotSide::Sell { lot, contract, window } => {
                let Some(lot) = self.lot_of(supply_of(lot, contract)) else { return };
                Order::SpotAsk(SpotAsk {
                    id: e.order,
                    priority: self.sequence,
                    organization: e.organization,
                    market,
                    lot,
                    gpus: terms.gpus,
                    limit_price: terms.limit_price,
                    window,
                    place_in_lot: 0,
                })
            }
        };
        self.rest(order);
        self.schedule_gate(market);
    }

    fn name_order(
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

    fn rest(&mut self, order: Order) {
        self.change(order.organization(), |organization| organization.open_orders += 1);
        let due = expiry(&order);
        let key = self.venue.rest(order);
        if let Some(due) = due {
            self.expiries.set(key, due);
        }
    }

    fn apply_amendment(&mut self, e: &OrderAmended) {
        let Some(order) = self.venue.order(e.order) else { return };
        let market = order.market();
        let sequence = self.sequence;
        self.venue.amend(e.order, |order| {
            let priority = match order {
                Order::Bid(bid) => {
                    bid.terms.remaining = e.gpus - (bid.gpus - bid.terms.remaining);
                    bid.gpus = e.gpus;
                    bid.terms.min_gpus = e.min_gpus.unwrap_or(bid.terms.min_gpus);
                    bid.terms.limit_price = e.limit_price;
                    bid.terms.window = e.window.unwrap_or(bid.terms.window);
                    bid.held_hours = held_hours(bid.billing, bid.terms.window);
                    &mut bid.priority
                }
                Order::Ask(ask) => {
                    let window = e.window.map_or(ask.window, crate::hours::TermWindow::hull);
                    let mut remaining = Timeline::flat(window, e.gpus);
                    for (step, left) in ask.remaining.steps() {
                        if let Some(step) = step.intersection(window) {
                            remaining.take(step, ask.gpus - left);
                        }
                    }
                    (ask.window, ask.gpus, ask.limit_price, ask.remaining) = (window, e.gpus, e.limit_price, remaining);
                    &mut ask.priority
                }
                Order::SpotBid(bid) => {
                    (bid.gpus, bid.limit_price) = (e.gpus, e.limit_price);
                    bid.min_gpus = e.min_gpus.unwrap_or(bid.min_gpus);
                    &mut bid.priority
                }
                Order::SpotAsk(ask) => {
                    (ask.gpus, ask.limit_price) = (e.gpus, e.limit_price);
                    ask.window = e.window.map_or(ask.window, crate::hours::TermWindow::hull);
                    &mut ask.priority
                }
            };
            if !e.keeps_priority {
                *priority = sequence;
            }
        });
        self.move_expiry(e.order);
        self.schedule_gate(market);
    }

    /// Takes notice that an order may end at another time than before.
    pub(super) fn move_expiry(&mut self, id: OrderId) {
        let Some(key) = self.venue.order_key(id) else { return };
        if let Some(due) = expiry(self.venue.order_at(key)) {
            self.expiries.set(key, due);
        }
    }

    fn apply_auction(&mut self, e: &SpotAuctionHeld) {
        self.change_market(e.market, |market| market.spot.last_price = e.price.or(market.spot.last_price));
        self.pass_gate(e.market, e.hour, |hour| hour.price = e.price);
    }

    /// Closes an hour's auction and looks to the next.
    fn pass_gate(&mut self, market: MarketId, hour: Hour, close: impl FnOnce(&mut crate::venue::SpotHour)) {
        let Some(key) = self.venue.key(market) else { return };
        let now = self.now;
        let market = self.venue.at_mut(key);
        self.gates.remove(&(market.spec.gate(hour), key));
        market.spot.next_hour = None;
        market.spot.hours.retain(|hour, sold| hour.plus(1).start() > now || !sold.sales.is_empty());
        close(market.spot.hours.entry(hour).or_default());
        self.schedule_gate(key);
    }

    fn apply_spot_sales(&mut self, e: &SpotHoursSold) {
        let Some(key) = self.venue.key(e.market) else { return };
        // Each lot once: an auction takes many asks of a lot in turn.
        let of_lots = e.sales.iter().filter_map(|sale| Some((self.venue.order(sale.ask)?.lot()?, sale.gpus)));
        let mut sold: Vec<(LotKey, u32)> = of_lots.collect();
        sold.sort_unstable_by_key(|(lot, _)| *lot);
        for sales in sold.chunk_by(|(lot, _), (other, _)| lot == other) {
            self.venue.sell_hour(sales[0].0, e.hour, sales.iter().map(|(_, gpus)| gpus).sum());
        }
        for sales in e.sales.chunk_by(|sale, other| sale.buyer == other.buyer) {
            let spent = sales.iter().map(|sale| sale.amount + sale.buyer_fee).sum();
            self.spend(sales[0].buyer, e.currency, spent);
        }
        let hour = self.venue.at_mut(key).spot.hours.entry(e.hour).or_default();
        hour.sales.extend(e.sales.iter().cloned());
        self.spot_deliveries.insert((e.hour, key));
        self.schedule_gate(key);
    }

    fn apply_spot_delivery(&mut self, e: &SpotHoursDelivered) {
        let Some(key) = self.venue.key(e.market) else { return };
        let hours = &mut self.venue.at_mut(key).spot.hours;
        if let Some(hour) = hours.get_mut(&e.hour) {
            hour.sales.drain(..e.sales.len().min(hour.sales.len()));
            if hour.sales.is_empty() {
                hours.remove(&e.hour);
                self.spot_deliveries.remove(&(e.hour, key));
            }
        }
        self.schedule_gate(key);
    }

    fn suspend_bid(&mut self, id: OrderId, suspended: bool) {
        self.venue.amend(id, |order| {
            if let Order::SpotBid(bid) = order {
                bid.suspended = suspended;
            }
        });
    }

    /// Keeps a market's next auction in the agenda while there is something to auction or somebody to interrupt.
    fn schedule_gate(&mut self, key: MarketKey) {
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

    fn end_order(&mut self, id: OrderId) -> Option<Order> {
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

    /// Forgets what a contract gave to resell once the contract is over and no ask is left on it.
    fn drop_idle_resale(&mut self, supply: Supply) {
        let Supply::Contract(id) = supply else { return };
        let idle = self.venue.lot_key(supply).is_some_and(|key| self.venue.count_asks_on(key) == 0);
        if idle && !self.contract_keys.contains_key(&id) {
            self.venue.remove_lot(supply);
        }
    }

    fn forget_old_client_order_ids(&mut self) {
        while let Some((ended, organization, name)) = self.client_orders_ended.front().copied() {
            if self.now.micros() - ended.micros() < CLIENT_ORDER_ID_KEPT_MICROS {
                break;
            }
            self.client_orders_ended.pop_front();
            self.client_orders.remove(&(organization, name));
        }
    }
}

/// When an order ends by itself, with its market; no market of a bid that trades in several.
fn expiry(order: &Order) -> Option<(Instant, Option<MarketKey>)> {
    let market = match order {
        Order::Bid(Bid { markets, .. }) if markets.len() > 1 => None,
        other => Some(other.market()),
    };
    Some((order.expires()?, market))
}
