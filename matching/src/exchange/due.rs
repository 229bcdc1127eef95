//! Due items: what time alone brings about, such as delivered hours, auctions, and the end of orders and lots.

use std::collections::BTreeMap;

use ledger::{Amount, BoxId, ContractId, Currency, Instant, Invariant, Payee, exact, invariant};

use super::{
    CloseReason, ContractHour, DueParked, Event, Exchange, HourShortfall, HoursDelivered, LotExpired,
    ORDERS_PER_STEP_MAX, ParkedDue, SpotHoursDelivered, Width,
};
use crate::contract::Contract;
use crate::hours::Hour;
use crate::identity::LotId;
use crate::keys::MarketKey;
use crate::order::Order;

/// Largest number of contracts or sales that one step delivers, in one event, so that records and transactions stay
/// bounded.
const DELIVERIES_PER_STEP_MAX: usize = 500;

/// Next item that falls due.
#[derive(Clone, Copy)]
enum Due {
    /// An hour of a market's contracts ends.
    Delivery(MarketKey, Hour),
    /// An hour of which a market made spot sales ends.
    SpotDelivery(MarketKey, Hour),
    /// The charge of a contract's next period is tried.
    Charge(ContractId),
    /// Orders of a market end by themselves, or bids that trade in several.
    Expiry(Instant, Option<MarketKey>),
    /// A lot's window ends.
    LotEnd(LotId),
    /// A box's waterfall run starts by itself.
    BoxRun(BoxId),
    /// A market's gate closes and its auction is held.
    Gate(MarketKey),
}

/// Payments of payees, out of their earnings, for time that was not delivered, in one hour of a market.
struct Redress<'a> {
    exchange: &'a Exchange,
    currency: Currency,
    /// Amount that each payee has paid so far, over several contracts.
    paid: BTreeMap<Payee, Amount>,
}

impl Redress<'_> {
    /// Computes a contract's next hour: what was delivered is earned, what was not is credited, and the seller's debts
    /// are paid as far as its earnings allow.
    fn hour_of(&mut self, contract: &Contract) -> ContractHour {
        let next = contract.next_hour();
        let gpu_minutes = contract.undelivered((next, next.plus(1)), None);
        let undelivered = contract.undelivered_minutes + gpu_minutes;
        let credit = contract.credit(undelivered) - contract.credit(contract.undelivered_minutes);
        let earned = contract.next_earnings() - credit;
        let penalty = contract.penalty(undelivered) - contract.penalty(contract.undelivered_minutes);
        let (owed_credit, owed_penalty) = (contract.owed.credit, contract.owed.penalty + penalty);
        let (mut recovered, mut penalty_paid) = (Amount::ZERO, Amount::ZERO);
        if owed_credit + owed_penalty > Amount::ZERO {
            let books = self.exchange.books();
            let payee = contract.payee_at(next);
            let paid = self.paid.entry(payee).or_default();
            let has = books.payable(payee, self.currency) + earned.amount - earned.seller_fee - *paid;
            recovered = owed_credit.min(has);
            penalty_paid = owed_penalty.min(has - recovered);
            *paid += recovered + penalty_paid;
        }
        let shortfall = HourShortfall {
            buyer: contract.buyer,
            gpu_minutes: exact(gpu_minutes),
            credit: credit.paid(),
            penalty,
            penalty_paid,
            recovered,
        };
        let happened = gpu_minutes > 0 || recovered + penalty_paid > Amount::ZERO;
        ContractHour {
            contract: contract.id,
            seller: contract.seller,
            assignee: contract.assignee_at(next),
            amount: earned.amount,
            buyer_fee: earned.buyer_fee,
            seller_fee: earned.seller_fee,
            completed: contract.delivered + 1 == contract.window.hours(),
            shortfall: happened.then_some(shortfall),
        }
    }
}

impl Exchange {
    /// Returns when the next item falls due by itself; `None` when nothing does. Asked before every command, and so
    /// without finding out what it is.
    pub fn next_due(&self) -> Option<Instant> {
        let instants = [
            self.next_payment(),
            self.expiries.first().map(|(at, _)| at),
            self.lot_ends.first().map(|(at, _)| *at),
            self.box_runs.first().map(|(at, _)| *at),
            self.gates.first().map(|(at, _)| *at),
        ];
        instants.into_iter().flatten().min()
    }

    /// Returns when the next hour is delivered, or a contract's next period charged.
    pub(super) fn next_payment(&self) -> Option<Instant> {
        let end = |hour: Hour| hour.plus(1).start();
        let instants = [
            self.deliveries.first().map(|(hour, _)| end(hour)),
            self.spot_deliveries.first().map(|(hour, _)| end(*hour)),
            self.charges.first().map(|(at, _)| *at),
        ];
        instants.into_iter().flatten().min()
    }

    /// Decides the first item that falls due, at the instant it does. `led` tells whether a leader was in place then.
    pub(super) fn decide_due(&self, led: bool, width: Width, out: &mut Vec<Event>) {
        let Some((_, due)) = self.first_due() else { return };
        match due {
            Due::Delivery(market, hour) => self.deliver(market, hour, width, out),
            Due::SpotDelivery(market, hour) => self.deliver_spot(market, hour, width, out),
            // One charge at a time: money that pays one contract cannot pay another of the same buyer.
            Due::Charge(id) => {
                if let Some(contract) = self.contract(id) {
                    self.charge(contract, out);
                }
            }
            Due::Expiry(at, market) => self.expire((at, market), width, out),
            Due::LotEnd(id) => {
                let expired =
                    self.venue.lot(id).map(|lot| LotExpired { lot: id, organization: lot.seller, market: lot.market });
                out.extend(expired.map(Event::from));
            }
            Due::BoxRun(id) => {
                let date = self.boxes.get(id).and_then(|record| Some(record.next_period()?.date));
                // A run that starts by itself is due.
                let started = date.map(|date| self.run_waterfall(id, date, &[], None, out));
                invariant!(matches!(started, Some(Ok(()))), DueLeadsToEvent, "a waterfall run of {id}: {started:?}");
            }
            Due::Gate(key) => {
                if let Some(hour) = self.venue.at(key).spot.next_hour {
                    self.hold_auction(key, hour, led, out);
                }
            }
        }
    }

    /// Finds the first item that falls due. Deliveries come before the rest of the same instant, so that an hour is
    /// complete before the lot that served it, or an unpaid contract, ends. Orders that end by themselves come before
    /// an auction, so that they take no part in it.
    fn first_due(&self) -> Option<(Instant, Due)> {
        let delivery =
            self.deliveries.first().map(|(hour, market)| (hour.plus(1).start(), Due::Delivery(market, hour)));
        let spot_delivery = self
            .spot_deliveries
            .first()
            .map(|(hour, market)| (hour.plus(1).start(), Due::SpotDelivery(*market, *hour)));
        let charge = self.charges.first().map(|(at, id)| (*at, Due::Charge(*id)));
        let expiry = self.expiries.first().map(|(at, market)| (at, Due::Expiry(at, market)));
        let lot_end = self.lot_ends.first().map(|(at, lot)| (*at, Due::LotEnd(*lot)));
        let box_run = self.box_runs.first().map(|(at, id)| (*at, Due::BoxRun(*id)));
        let gate = self.gates.first().map(|(at, market)| (*at, Due::Gate(*market)));
        // The first of the earliest, in this order.
        [delivery, spot_delivery, charge, expiry, lot_end, box_run, gate]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// Returns the event that parks the first due item: the one that a step of [`Width::One`] would carry out.
    pub(super) fn parked_of_due(&self, invariant: Invariant) -> Option<DueParked> {
        let (_, due) = self.first_due()?;
        let due = match due {
            Due::Delivery(market, hour) => {
                let first = self.deliveries.due_at((hour, market)).next()?;
                ParkedDue::Contract { contract: self.contracts[first as usize].id }
            }
            Due::Charge(contract) => ParkedDue::Contract { contract },
            Due::SpotDelivery(key, hour) => ParkedDue::SpotHour { market: self.venue.at(key).spec.id, hour },
            Due::Expiry(at, market) => {
                let first = self.expiries.due_at((at, market)).next()?;
                ParkedDue::Expiry { order: self.venue.order_at(first).id() }
            }
            Due::LotEnd(lot) => ParkedDue::LotEnd { lot },
            Due::BoxRun(box_id) => ParkedDue::BoxRun { box_id },
            Due::Gate(key) => ParkedDue::Auction { market: self.venue.at(key).spec.id },
        };
        Some(DueParked::new(due, invariant))
    }

    fn expire(&self, due: (Instant, Option<MarketKey>), width: Width, out: &mut Vec<Event>) {
        let due = self.expiries.due_at(due).take(width.of(ORDERS_PER_STEP_MAX));
        let mut orders: Vec<&Order> = due.map(|key| self.venue.order_at(key)).collect();
        orders.sort_unstable_by_key(|order| order.id());
        out.extend(orders.into_iter().map(|order| self.closed(order, CloseReason::Expired)));
    }

    fn deliver(&self, key: MarketKey, hour: Hour, width: Width, out: &mut Vec<Event>) {
        let spec = &self.venue.at(key).spec;
        let (market, currency) = (spec.id, spec.currency);
        let due = self.deliveries.due_at((hour, key)).take(width.of(DELIVERIES_PER_STEP_MAX));
        let mut due: Vec<&Contract> = due.map(|key| &self.contracts[key as usize]).collect();
        due.sort_unstable_by_key(|contract| contract.id);
        let mut redress = Redress { exchange: self, currency, paid: BTreeMap::new() };
        let contracts: Vec<ContractHour> = due.into_iter().map(|contract| redress.hour_of(contract)).collect();
        out.push(HoursDelivered { market, hour, currency, contracts }.into());
    }

    fn deliver_spot(&self, key: MarketKey, hour: Hour, width: Width, out: &mut Vec<Event>) {
        let market = self.venue.at(key);
        let (id, currency) = (market.spec.id, market.spec.currency);
        let sales = market.spot.hours.get(&hour).map(|hour| hour.sales.as_slice()).unwrap_or_default();
        let sales = sales[..sales.len().min(width.of(DELIVERIES_PER_STEP_MAX))].to_vec();
        out.push(SpotHoursDelivered { market: id, hour, currency, sales }.into());
    }
}
