//! Changes to open orders: fewer GPUs keep an order's place in time; anything else gives it up, and it arrives anew.

use ledger::Amount;

use super::term::{Arriving, check_charges};
use super::{check_minimum, check_quantity};
use crate::billing::held_hours;
use crate::exchange::{Amendment, Event, Exchange, GPUS_MAX, OrderAmended, Refusal};
use crate::hours::{TermWindow, Window};
use crate::identity::DerivedIds;
use crate::market::{MarketSpec, gate, hold};
use crate::order::{Ask, Bid, BidOptions, BidTerms, Order, SpotAsk, SpotBid, TimeInForce};
use crate::price::Price;
use crate::venue::Market;

/// Terms of an order before and after an amendment.
struct Change {
    gpus: (u32, u32),
    limit_price: (Price, Price),
    window: (Option<TermWindow>, Option<TermWindow>),
}

impl Change {
    fn new(amendment: &Amendment, gpus: u32, limit_price: Price, window: Option<TermWindow>) -> Self {
        Self {
            gpus: (gpus, amendment.gpus.unwrap_or(gpus)),
            limit_price: (limit_price, amendment.limit_price.unwrap_or(limit_price)),
            window: (window, amendment.window.or(window)),
        }
    }

    /// Checks the price of an order that gives its place up. An order that keeps it is not checked: nobody is kept from
    /// taking quantity back.
    fn check_price(&self, market: &Market, last: Option<Price>, buys: bool) -> Result<(), Refusal> {
        if self.keeps_priority() { Ok(()) } else { Exchange::check_price(market, self.limit_price.1, last, buys) }
    }

    fn keeps_priority(&self) -> bool {
        self.limit_price.0 == self.limit_price.1 && self.window.0 == self.window.1 && self.gpus.1 <= self.gpus.0
    }
}

impl Exchange {
    pub(super) fn amend_order(
        &self,
        amendment: &Amendment,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let order = self.own_order(amendment.organization, amendment.order)?;
        if amendment.gpus.is_none() && amendment.limit_price.is_none() && amendment.window.is_none() {
            return Err(Refusal::NothingToAmend);
        }
        match order {
            Order::Bid(bid) => self.amend_bid(bid, amendment, ids, out),
            Order::Ask(ask) => self.amend_ask(ask, amendment, out),
            Order::SpotBid(bid) => self.amend_spot_bid(bid, amendment, out),
            Order::SpotAsk(ask) => self.amend_spot_ask(ask, amendment, out),
        }
    }

    fn amend_bid(
        &self,
        bid: &Bid,
        amendment: &Amendment,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let change = Change::new(amendment, bid.gpus, bid.terms.limit_price, Some(bid.terms.window));
        let (gpus, limit_price, window) =
            (change.gpus.1, change.limit_price.1, change.window.1.unwrap_or(bid.terms.window));
        let names: Vec<_> = bid.markets.iter().map(|key| self.venue.at(*key).spec.id).collect();
        let markets = self.bid_markets(names[0], &names[1..])?;
        check_quantity(gpus, markets.lot_size, GPUS_MAX)?;
        let filled = bid.gpus - bid.terms.remaining;
        if gpus <= filled {
            return Err(Refusal::AlreadyTraded { gpus: filled });
        }
        if filled > 0 && window != bid.terms.window {
            return Err(Refusal::AlreadyTraded { gpus: filled });
        }
        let min_gpus = if bid.terms.all_or_none { gpus } else { bid.terms.min_gpus };
        check_minimum(min_gpus, gpus, markets.lot_size)?;
        if !change.keeps_priority() {
            self.check_limit(&bid.markets, limit_price)?;
        }
        if gate(window.latest(), markets.gate_minutes) <= self.now {
            return Err(Refusal::WindowPast { window });
        }
        let terms = BidTerms { remaining: gpus - filled, min_gpus, window, limit_price, ..bid.terms };
        check_charges(&terms, bid.fee_bps_max)?;
        let held_hours = held_hours(bid.options.billing, window);
        let held_after = hold(limit_price, terms.remaining, held_hours, bid.fee_bps_max);
        let hold = self.change_of_hold(amendment, names[0], bid.hold(), held_after)?;
        let arriving = Arriving {
            order: bid.id,
            organization: bid.organization,
            terms,
            options: BidOptions { time_in_force: TimeInForce::Gtc, ..bid.options },
            held_hours,
        };
        let keeps_priority = change.keeps_priority();
        let outcome = (!keeps_priority).then(|| self.plan_arrival(&arriving, &markets, self.now));
        out.push(Event::from(OrderAmended {
            order: bid.id,
            organization: bid.organization,
            market: names[0],
            gpus,
            min_gpus: Some(min_gpus),
            limit_price,
            window: Some(window),
            keeps_priority,
            currency: self.venue.at(bid.markets[0]).spec.currency,
            hold_placed: hold.placed,
            hold_released: hold.released,
            unfilled: outcome.as_ref().and_then(|outcome| outcome.unfilled),
        }));
        if let Some(outcome) = outcome {
            self.carry_out(&arriving, &markets, &outcome, ids, out);
        }
        Ok(())
    }

    fn amend_ask(&self, ask: &Ask, amendment: &Amendment, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let change = Change::new(amendment, ask.gpus, ask.limit_price, Some(ask.window.into()));
        let lot = self.venue.lot_at(ask.lot);
        let market = self.venue.at(ask.market);
        let window = self.amended_window(&change, ask.window, lot.window)?;
        check_quantity(change.gpus.1, market.spec.lot_size, lot.gpus)?;
        let sold = ask.gpus - ask.remaining.min();
        let sales = ask.remaining.steps().map(|(step, left)| (step, ask.gpus - left));
        // Sold hours stay in its window, so that it is counted for as long as the ask rests.
        let leaves_sales_behind = sales.clone().any(|(step, sold)| sold > 0 && !window.covers(step));
        let mut within = sales.filter(|(step, _)| step.overlaps(window));
        let sold_out = ask.window.covers(window) && within.all(|(_, sold)| sold >= change.gpus.1);
        if change.gpus.1 < sold || leaves_sales_behind || sold_out {
            return Err(Refusal::AlreadyTraded { gpus: sold });
        }
        change.check_price(market, market.last_price, false)?;
        out.push(amended(amendment, &market.spec, &change, None, HoldChange::default()));
        Ok(())
    }

    fn amend_spot_bid(&self, bid: &SpotBid, amendment: &Amendment, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if amendment.window.is_some() {
            return Err(Refusal::OptionsConflict);
        }
        let change = Change::new(amendment, bid.gpus, bid.limit_price, None);
        let market = self.venue.at(bid.market);
        check_quantity(change.gpus.1, market.spec.lot_size, GPUS_MAX)?;
        let min_gpus = if bid.min_gpus == bid.gpus { change.gpus.1 } else { bid.min_gpus };
        check_minimum(min_gpus, change.gpus.1, market.spec.lot_size)?;
        change.check_price(market, market.spot.last_price, true)?;
        let held = if bid.suspended {
            HoldChange::default()
        } else {
            let after = hold(change.limit_price.1, change.gpus.1, 1, market.spec.fee_bps_max());
            let before = bid.next_hour(market.spec.fee_bps_max());
            self.change_of_hold(amendment, market.spec.id, before, after)?
        };
        out.push(amended(amendment, &market.spec, &change, Some(min_gpus), held));
        Ok(())
    }

    fn amend_spot_ask(&self, ask: &SpotAsk, amendment: &Amendment, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let change = Change::new(amendment, ask.gpus, ask.limit_price, Some(ask.window.into()));
        let lot = self.venue.lot_at(ask.lot);
        let market = self.venue.at(ask.market);
        self.amended_window(&change, ask.window, lot.window)?;
        check_quantity(change.gpus.1, market.spec.lot_size, lot.gpus)?;
        change.check_price(market, market.spot.last_price, false)?;
        out.push(amended(amendment, &market.spec, &change, None, HoldChange::default()));
        Ok(())
    }

    /// Returns the window of an amended ask, which must be exact and on offer.
    fn amended_window(&self, change: &Change, before: Window, whole: Window) -> Result<Window, Refusal> {
        let window = match change.window.1 {
            Some(window) => window.exact().ok_or(Refusal::OptionsConflict)?,
            None => before,
        };
        if window != before {
            self.check_offered_window(window, whole)?;
        }
        Ok(window)
    }

    /// Computes what an amendment changes of the money set aside.
    fn change_of_hold(
        &self,
        amendment: &Amendment,
        market: crate::market::MarketId,
        before: Amount,
        after: Amount,
    ) -> Result<HoldChange, Refusal> {
        if after <= before {
            return Ok(HoldChange { released: before - after, ..HoldChange::default() });
        }
        if after > Amount::LINE_MAX {
            return Err(Refusal::AmountTooLarge);
        }
        let currency = self.market(market)?.spec.currency;
        self.check_funds(amendment.organization, currency, after - before)?;
        Ok(HoldChange { placed: after - before, ..HoldChange::default() })
    }
}

/// Change of the money that an order has set aside. At most one of the two is not zero.
#[derive(Clone, Copy, Default)]
struct HoldChange {
    /// Amount set aside in addition.
    placed: Amount,
    /// Amount given back.
    released: Amount,
}

fn amended(
    amendment: &Amendment,
    market: &MarketSpec,
    change: &Change,
    min_gpus: Option<u32>,
    hold: HoldChange,
) -> Event {
    OrderAmended {
        order: amendment.order,
        organization: amendment.organization,
        market: market.id,
        gpus: change.gpus.1,
        min_gpus,
        limit_price: change.limit_price.1,
        window: change.window.1,
        keeps_priority: change.keeps_priority(),
        currency: market.currency,
        hold_placed: hold.placed,
        hold_released: hold.released,
        unfilled: None,
    }
    .into()
}
