//! Orders that come, change and meet.

use std::collections::BTreeMap;

use ledger::{ContractId, OrganizationId};
use matching::{
    Amendment, BidOptions, CloseReason, DerivedIds, Hour, MarketChoice, NewOrder, NewSide, OrderId, Price,
    SelfTradePrevention, Supply, TermWindow, TimeInForce, Unfilled, UnfilledReason, Window,
};

use crate::book::{Contract, Hours, Lot, Offer, Order, Side, Want, gate};
use crate::charge::period_end;
use crate::plan::{Own, Plan};
use crate::{Refused, Told, Twin, refuse};

/// What a sweep has looked at in vain for bids of each organization: the bids, and their candidates.
type Sweep = BTreeMap<OrganizationId, u32>;

impl Twin {
    pub(crate) fn place(&mut self, new: &NewOrder, ids: &mut DerivedIds) -> Result<(), Refused> {
        match &new.side {
            NewSide::Buy { markets, window, options } => {
                let BidOptions {
                    time_in_force,
                    min_gpus,
                    expires_at,
                    placement,
                    post_only,
                    self_trade_prevention,
                    billing,
                } = options;
                let markets = self.choose(markets, new)?;
                let unit = markets.iter().map(|at| self.markets[*at].spec.lot_size).fold(1, common_multiple);
                let gate_minutes = markets.iter().map(|at| self.markets[*at].spec.gate_minutes).max().unwrap_or(0);
                let min = min_gpus.unwrap_or(unit);
                refuse(new.gpus == 0 || !new.gpus.is_multiple_of(unit))?;
                refuse(min == 0 || !min.is_multiple_of(unit) || min > new.gpus)?;
                refuse(gate(window.latest().hours(), gate_minutes) <= self.now)?;
                let ends = expires_at.map(ledger::Instant::micros);
                refuse(
                    (*time_in_force == TimeInForce::Gtd) != ends.is_some_and(|at| at > self.now)
                        || (ends.is_some() && *time_in_force != TimeInForce::Gtd),
                )?;
                refuse(*post_only && matches!(time_in_force, TimeInForce::Ioc | TimeInForce::Fok))?;
                for at in &markets {
                    self.check_tick(*at, new.limit_price)?;
                }
                self.check_may_order(new.organization)?;
                let want = Want {
                    markets,
                    remaining: new.gpus,
                    min,
                    all_or_none: min == new.gpus && new.gpus > unit,
                    unit,
                    earliest: window.earliest().hours(),
                    latest: window.latest().hours(),
                    hours: window.hours(),
                    placement: *placement,
                    bound: None,
                    gate: gate_minutes,
                    ends,
                    post_only: *post_only,
                    own: *self_trade_prevention,
                    billing: billing.unwrap_or_default(),
                };
                let bid = self.order(new, OrderId::new(ids.mint()), Side::Bid(want));
                let (plan, unfilled, refused) = self.arrival(&bid, *time_in_force);
                self.tell(Told::Placed { order: bid.id, unfilled });
                self.orders.push(bid.clone());
                self.arrive(&bid, &plan, *time_in_force, refused, ids);
            }
            NewSide::Sell { supply, window, min_hours, max_hours, self_trade_prevention } => {
                let (market, gpus, whole) = self.offered(new, *supply)?;
                let window = window.unwrap_or(whole);
                self.check_offer(new.gpus, gpus, market, window, whole)?;
                self.check_tick(market, new.limit_price)?;
                let (min_hours, max_hours) = (min_hours.unwrap_or(1), max_hours.unwrap_or(window.hours()));
                refuse(min_hours == 0 || max_hours < min_hours)?;
                self.check_may_order(new.organization)?;
                let (start, end) = (window.start().hours(), window.end().hours());
                let (sold, own) = (Hours::flat(start, end, 0), *self_trade_prevention);
                let offer = Offer { market, supply: *supply, start, end, min_hours, max_hours, sold, own };
                let ask = self.order(new, OrderId::new(ids.mint()), Side::Ask(offer));
                self.tell(Told::Placed { order: ask.id, unfilled: None });
                let id = ask.id;
                self.orders.push(ask);
                self.match_ask(id, ids);
            }
            NewSide::SpotBuy { market, min_gpus } => {
                let market = self.market_at(*market)?;
                let min = min_gpus.unwrap_or(self.markets[market].spec.lot_size);
                let lot_size = self.markets[market].spec.lot_size;
                refuse(new.gpus == 0 || !new.gpus.is_multiple_of(lot_size))?;
                refuse(min == 0 || !min.is_multiple_of(lot_size) || min > new.gpus)?;
                self.check_tick(market, new.limit_price)?;
                self.check_may_order(new.organization)?;
                let bid = self.order(new, OrderId::new(ids.mint()), Side::SpotBid { market, min });
                self.tell(Told::Placed { order: bid.id, unfilled: None });
                self.orders.push(bid.clone());
                self.buy_left_over(&bid, market, min);
            }
            NewSide::SpotSell { supply, window } => {
                let (market, gpus, whole) = self.offered(new, *supply)?;
                let window = window.unwrap_or(whole);
                self.check_offer(new.gpus, gpus, market, window, whole)?;
                self.check_tick(market, new.limit_price)?;
                self.check_may_order(new.organization)?;
                let (start, end) = (window.start().hours(), window.end().hours());
                let side = Side::SpotAsk { market, supply: *supply, start, end };
                let ask = self.order(new, OrderId::new(ids.mint()), side);
                self.tell(Told::Placed { order: ask.id, unfilled: None });
                self.orders.push(ask);
            }
        }
        Ok(())
    }

    fn order(&mut self, new: &NewOrder, id: OrderId, side: Side) -> Order {
        let (organization, gpus, limit) = (new.organization, new.gpus, new.limit_price.micros());
        Order { id, organization, priority: self.next_priority(), gpus, limit, side }
    }

    fn choose(&self, choice: &MarketChoice, new: &NewOrder) -> Result<Vec<usize>, Refused> {
        let mut markets = Vec::new();
        match choice {
            MarketChoice::One(id) => markets.push(self.market_at(*id)?),
            MarketChoice::Named(named) => {
                for id in named {
                    let at = self.market_at(*id)?;
                    if !markets.contains(&at) {
                        markets.push(at);
                    }
                }
            }
            MarketChoice::Filtered(filter) => {
                markets = (0..self.markets.len()).filter(|at| filter.admits(&self.markets[*at].spec)).collect();
                markets.retain(|at| {
                    let spec = &self.markets[*at].spec;
                    new.gpus.is_multiple_of(spec.lot_size) && new.limit_price.is_on(spec.price_tick)
                });
            }
        }
        refuse(markets.is_empty())?;
        Ok(markets)
    }

    /// What can be sold: its market, GPUs and hours.
    fn offered(&self, new: &NewOrder, supply: Supply) -> Result<(usize, u32, Window), Refused> {
        let lot = self.lot(supply).filter(|lot| lot.seller == new.organization && !lot.withdrawn).ok_or(Refused)?;
        if let Supply::Contract(id) = supply {
            refuse(!self.contracts.iter().any(|contract| contract.id == id))?;
        }
        Ok((lot.market, lot.gpus, window(lot.start, lot.end)))
    }

    fn check_offer(&self, gpus: u32, most: u32, market: usize, window: Window, whole: Window) -> Result<(), Refused> {
        refuse(gpus == 0 || gpus > most || !gpus.is_multiple_of(self.markets[market].spec.lot_size))?;
        refuse(!whole.covers(window) || window.end().start().micros() <= self.now)
    }

    fn check_tick(&self, market: usize, limit: Price) -> Result<(), Refused> {
        refuse(!limit.is_on(self.markets[market].spec.price_tick))
    }

    /// What an arriving bid would buy, why not all, and whether it is refused as post-only.
    fn arrival(&self, bid: &Order, time_in_force: TimeInForce) -> (Plan, Option<Unfilled>, bool) {
        let Some(want) = bid.want() else { return (Plan::default(), None, false) };
        let own = own_of(want);
        let open = self.open(&want.markets);
        let plan = self.plan(bid, &open, own);
        let limited = Unfilled { reason: UnfilledReason::SearchLimit, would_fill: None };
        if want.post_only && (plan.gpus() > 0 || plan.met_own || plan.limited.is_some()) {
            let unfilled = Unfilled { reason: UnfilledReason::PostOnly, would_fill: None };
            let known = plan.gpus() > 0 || plan.met_own;
            return (Plan::default(), Some(if known { unfilled } else { limited }), true);
        }
        if plan.gpus() == want.remaining {
            return (plan, None, false);
        }
        let unfilled = Some(if plan.limited.is_some() { limited } else { self.explain(bid, &open, own) });
        if time_in_force == TimeInForce::Fok {
            return (Plan { met_own: plan.met_own, ..Plan::default() }, unfilled, false);
        }
        (plan, unfilled, false)
    }

    /// Carries an arriving bid's plan out. The bid stands among the orders.
    fn arrive(&mut self, bid: &Order, plan: &Plan, time_in_force: TimeInForce, refused: bool, ids: &mut DerivedIds) {
        for own in &plan.cancels {
            self.close(*own, CloseReason::SelfTrade);
        }
        self.trade(bid.id, plan, ids);
        let reason = match time_in_force {
            _ if plan.met_own => CloseReason::SelfTrade,
            _ if refused => CloseReason::PostOnly,
            _ if plan.limited.is_some() && bid.want().is_some_and(|want| want.all_or_none) => CloseReason::TimeInForce,
            TimeInForce::Ioc | TimeInForce::Fok => CloseReason::TimeInForce,
            TimeInForce::Gtc | TimeInForce::Gtd => return self.search_on(bid, plan, ids),
        };
        if self.find(bid.id).is_some() {
            self.close(bid.id, reason);
        }
    }

    /// Goes on with the search for a bid that stays, where that was limited.
    fn search_on(&mut self, bid: &Order, plan: &Plan, ids: &mut DerivedIds) {
        let (Some(place), Some(want)) = (plan.limited, bid.want()) else { return };
        let has_come_on = plan.start.is_some() || plan.from.is_none_or(|from| place > from);
        if want.post_only || !has_come_on {
            return;
        }
        // Its trades have fixed its start.
        let place = plan.start.filter(|start| *start != place.0).map_or(place, |start| (start, None));
        let bid = self.find(bid.id).expect("the bid rests").clone();
        let want = bid.want().expect("a bid");
        let plan = self.plan_from(&bid, &self.open(&want.markets), own_of(want), place);
        self.arrive(&bid, &plan, TimeInForce::Gtc, false, ids);
    }

    /// Carries out trades; orders that are done with leave.
    fn trade(&mut self, bid: OrderId, plan: &Plan, ids: &mut DerivedIds) {
        let Some(start) = plan.start else { return };
        for fill in &plan.fills {
            let _trade = ids.mint();
            let contract = ContractId::new(ids.mint());
            let ask = self.find(fill.ask).expect("the ask rests").clone();
            let bound = {
                let placement = self.find(bid).and_then(Order::want).expect("the bid rests").placement;
                (placement != matching::Placement::Any).then(|| self.bound_by(&ask, placement))
            };
            let buyer = self.find(bid).expect("the bid rests").organization;
            let Some(Side::Bid(want)) = self.find_mut(bid).map(|order| &mut order.side) else { return };
            want.remaining -= fill.gpus;
            (want.earliest, want.latest) = (start, start);
            want.bound = want.bound.or(bound);
            let (bid_remaining, end, billing) = (want.remaining, start + want.hours, want.billing);
            let Some(Side::Ask(offer)) = self.find_mut(fill.ask).map(|order| &mut order.side) else { return };
            offer.sold.change(start, end, |sold| sold + fill.gpus);
            let ask_sold_gpus = offer.sold.gpus.iter().copied().max().unwrap_or(0);
            let ask_filled = offer.sold.gpus.iter().all(|sold| *sold == ask.gpus);
            let market = offer.market;
            let lot = self.lot_mut(fill.supply).expect("the ask has a lot");
            lot.free.change(start, end, |free| free - fill.gpus);
            let (lot_id, provider) = (lot.id, lot.provider);
            let head = if let Supply::Contract(head) = fill.supply { Some(head) } else { None };
            self.tell(Told::Traded {
                contract,
                bid,
                ask: fill.ask,
                lot: lot_id,
                head,
                gpus: fill.gpus,
                price: Price::from_micros(fill.price).expect("a price"),
                window: window(start, end),
                buyer: fill.buyer,
                bid_remaining,
                ask_sold_gpus,
                ask_filled,
            });
            let supply = fill.supply;
            let gpus = fill.gpus;
            self.contracts.push(Contract {
                id: contract,
                market,
                supply,
                ask: fill.ask,
                gpus,
                start,
                end,
                delivered: 0,
                billing,
                paid: period_end(billing, start, end, start),
                next_charge: None,
            });
            self.schedule_charge(contract);
            self.lots.push(Lot {
                supply: Supply::Contract(contract),
                id: lot_id,
                seller: buyer,
                provider,
                market,
                gpus,
                start,
                end,
                remnant: 0,
                free: Hours::flat(start, end, gpus),
                withdrawn: false,
            });
            if bid_remaining == 0 {
                self.orders.retain(|order| order.id != bid);
            }
            if ask_filled && let Some(place) = self.orders.iter().position(|order| order.id == fill.ask) {
                let ask = self.orders.remove(place);
                self.sold_out.push(ask);
            }
        }
    }

    /// The resting bids of a market behind a place in the ranking, best first.
    fn next_bid(&self, market: usize, after: Option<(i64, u64)>, concerns: &dyn Fn(&Order) -> bool) -> Option<Order> {
        let rank = |order: &Order| (-order.limit, order.priority);
        let bids = self.orders.iter().filter(|order| order.want().is_some() && order.trades_in(market));
        let next = bids.filter(|bid| after.is_none_or(|after| rank(bid) > after) && concerns(bid));
        next.min_by_key(|bid| rank(bid)).cloned()
    }

    /// Whether some window of the bid lies in these hours, and, for an exact one, something is free for it.
    fn fits(&self, bid: &Order, supply: Supply, start: u32, end: u32) -> bool {
        let (Some(want), Some(lot)) = (bid.want(), self.lot(supply)) else { return false };
        let unit = self.markets[lot.market].spec.lot_size;
        (want.earliest..=want.latest).any(|from| {
            start <= from
                && from + want.hours <= end
                && (want.earliest != want.latest || lot.free.least(from, from + want.hours) >= unit)
        })
    }

    /// Matches resting bids against an ask that has come.
    fn match_ask(&mut self, id: OrderId, ids: &mut DerivedIds) {
        let (mut after, mut sweep) = (None, Sweep::default());
        while let Some(ask) = self.find(id).cloned() {
            let Some(offer) = ask.offer() else { return };
            let lasts = |want: &Want| (offer.min_hours..=offer.max_hours).contains(&want.hours);
            let concerns = |bid: &Order| {
                bid.limit >= ask.limit
                    && bid.want().is_some_and(lasts)
                    && self.fits(bid, offer.supply, offer.start, offer.end)
            };
            let Some(bid) = self.next_bid(offer.market, after, &concerns) else { return };
            after = Some((-bid.limit, bid.priority));
            if bid.organization != ask.organization {
                self.match_bid(&bid, &mut sweep, ids);
                continue;
            }
            let Some(plan) = self.plan_in_sweep(&bid, Own::Trade, &sweep) else { continue };
            if plan.fills.iter().any(|fill| fill.ask == id) {
                if offer.own != SelfTradePrevention::CancelNewest {
                    self.close(bid.id, CloseReason::SelfTrade);
                }
                if offer.own != SelfTradePrevention::CancelOldest {
                    self.close(id, CloseReason::SelfTrade);
                }
            } else {
                *sweep.entry(bid.organization).or_default() += 1 + plan.looked_at;
            }
        }
    }

    /// Matches resting bids against what has come back to a lot.
    pub(crate) fn match_lot(&mut self, supply: Supply, ids: &mut DerivedIds) {
        let (mut after, mut sweep) = (None, Sweep::default());
        loop {
            let asks = self.orders.iter().filter(|order| order.offer().is_some() && order.supply() == Some(supply));
            let (Some(lowest), Some(lot)) = (asks.map(|ask| ask.limit).min(), self.lot(supply)) else { return };
            let concerns = |bid: &Order| bid.limit >= lowest && self.fits(bid, supply, lot.start, lot.end);
            let Some(bid) = self.next_bid(lot.market, after, &concerns) else { return };
            after = Some((-bid.limit, bid.priority));
            self.match_bid(&bid, &mut sweep, ids);
        }
    }

    /// Matches all the resting bids of a market that trades again.
    pub(crate) fn match_market(&mut self, market: usize, ids: &mut DerivedIds) {
        let (mut after, mut sweep) = (None, Sweep::default());
        while let Some(bid) = self.next_bid(market, after, &|_| true) {
            after = Some((-bid.limit, bid.priority));
            self.match_bid(&bid, &mut sweep, ids);
        }
    }

    fn match_bid(&mut self, bid: &Order, sweep: &mut Sweep, ids: &mut DerivedIds) {
        if let Some(plan) = self.plan_in_sweep(bid, Own::PassOver, sweep) {
            if plan.fills.is_empty() {
                *sweep.entry(bid.organization).or_default() += 1 + plan.looked_at;
            }
            self.trade(bid.id, &plan, ids);
        }
    }

    /// What a resting bid would buy, unless as much was looked at in vain for bids of its organization as one search has.
    fn plan_in_sweep(&self, bid: &Order, own: Own, sweep: &Sweep) -> Option<Plan> {
        let in_vain = sweep.get(&bid.organization).copied().unwrap_or(0);
        let open = self.open(&bid.want().expect("a bid").markets);
        (in_vain < self.search_candidates).then(|| self.plan(bid, &open, own))
    }

    pub(crate) fn amend(&mut self, amendment: &Amendment, ids: &mut DerivedIds) -> Result<(), Refused> {
        let order = self.find(amendment.order).filter(|order| order.organization == amendment.organization);
        let mut order = order.ok_or(Refused)?.clone();
        refuse(amendment.gpus.is_none() && amendment.limit_price.is_none() && amendment.window.is_none())?;
        let before = order.clone();
        order.gpus = amendment.gpus.unwrap_or(order.gpus);
        order.limit = amendment.limit_price.map_or(order.limit, Price::micros);
        let limit = Price::from_micros(order.limit).expect("a price");
        let mut same_window = true;
        let mut told_window = None;
        let mut told_min = None;
        match &mut order.side {
            Side::Bid(want) => {
                let filled = before.gpus - want.remaining;
                let window = amendment.window.unwrap_or_else(|| term_window(want));
                same_window = window == term_window(want);
                refuse(order.gpus == 0 || !order.gpus.is_multiple_of(want.unit) || order.gpus <= filled)?;
                refuse(filled > 0 && !same_window)?;
                want.min = if want.all_or_none { order.gpus } else { want.min };
                refuse(want.min > order.gpus)?;
                want.remaining = order.gpus - filled;
                (want.earliest, want.latest, want.hours) =
                    (window.earliest().hours(), window.latest().hours(), window.hours());
                refuse(gate(want.latest, want.gate) <= self.now)?;
                (told_window, told_min) = (Some(window), Some(want.min));
                for at in &want.markets {
                    self.check_tick(*at, limit)?;
                }
            }
            Side::Ask(offer) => {
                let lot = self.lot(offer.supply).expect("an ask has a lot");
                let (start, end) = self.amended_window(amendment, (offer.start, offer.end), lot)?;
                same_window = (start, end) == (offer.start, offer.end);
                refuse(order.gpus == 0 || order.gpus > lot.gpus)?;
                refuse(!order.gpus.is_multiple_of(self.markets[offer.market].spec.lot_size))?;
                self.check_tick(offer.market, limit)?;
                let mut sold = Hours::flat(start, end, 0);
                for hour in offer.sold.start..offer.sold.end() {
                    refuse(offer.sold.at(hour) > order.gpus)?;
                    refuse(offer.sold.at(hour) > 0 && !(start..end).contains(&hour))?;
                    sold.change(hour, hour + 1, |_| offer.sold.at(hour));
                }
                refuse(sold.gpus.iter().all(|sold| *sold == order.gpus))?;
                (offer.start, offer.end, offer.sold) = (start, end, sold);
                told_window = Some(window(start, end).into());
            }
            Side::SpotBid { market, min } => {
                refuse(amendment.window.is_some())?;
                let lot_size = self.markets[*market].spec.lot_size;
                refuse(order.gpus == 0 || !order.gpus.is_multiple_of(lot_size))?;
                *min = if *min == before.gpus { order.gpus } else { *min };
                refuse(*min > order.gpus)?;
                told_min = Some(*min);
                self.check_tick(*market, limit)?;
            }
            Side::SpotAsk { market, supply, start, end } => {
                let lot = self.lot(*supply).expect("an ask has a lot");
                let (new_start, new_end) = self.amended_window(amendment, (*start, *end), lot)?;
                same_window = (new_start, new_end) == (*start, *end);
                (*start, *end) = (new_start, new_end);
                refuse(order.gpus == 0 || order.gpus > lot.gpus)?;
                refuse(!order.gpus.is_multiple_of(self.markets[*market].spec.lot_size))?;
                told_window = Some(window(*start, *end).into());
                self.check_tick(*market, limit)?;
            }
        }
        let in_place = same_window && order.limit == before.limit && order.gpus <= before.gpus;
        if !in_place {
            order.priority = self.next_priority();
        }
        let arrives = order.want().is_some() && !in_place;
        let arrival = arrives.then(|| self.arrival(&order, TimeInForce::Gtc));
        let unfilled = arrival.as_ref().and_then(|(_, unfilled, _)| *unfilled);
        let (gpus, window, min_gpus) = (order.gpus, told_window, told_min);
        self.tell(Told::Amended { order: order.id, gpus, min_gpus, limit, window, in_place, unfilled });
        *self.find_mut(order.id).expect("it rests") = order.clone();
        match (arrival, &order.side) {
            (Some((plan, _, refused)), _) => self.arrive(&order, &plan, TimeInForce::Gtc, refused, ids),
            (None, Side::Bid(_)) => self.match_bid(&order, &mut Sweep::new(), ids),
            (None, Side::Ask(_)) if !in_place => self.match_ask(order.id, ids),
            (None, _) => {}
        }
        Ok(())
    }

    fn amended_window(&self, amendment: &Amendment, before: (u32, u32), lot: &Lot) -> Result<(u32, u32), Refused> {
        let Some(window) = amendment.window else { return Ok(before) };
        let window = window.exact().ok_or(Refused)?;
        let (start, end) = (window.start().hours(), window.end().hours());
        if (start, end) != before {
            refuse(start < lot.start || lot.end < end || window.end().start().micros() <= self.now)?;
        }
        Ok((start, end))
    }

    fn open(&self, markets: &[usize]) -> Vec<usize> {
        markets.iter().copied().filter(|at| !self.markets[*at].halted).collect()
    }
}

pub(crate) fn window(start: u32, end: u32) -> Window {
    Window::new(Hour::from_hours(start), Hour::from_hours(end)).expect("a window")
}

/// What a bid does about asks of its own organization as it arrives.
fn own_of(want: &Want) -> Own {
    match want.own {
        SelfTradePrevention::CancelNewest => Own::StopBefore,
        SelfTradePrevention::CancelOldest => Own::Cancel,
        SelfTradePrevention::CancelBoth => Own::CancelAndStop,
    }
}

fn term_window(want: &Want) -> TermWindow {
    let hour = Hour::from_hours;
    TermWindow::flexible(hour(want.earliest), hour(want.latest), want.hours).expect("a window")
}

fn common_multiple(a: u32, b: u32) -> u32 {
    (1..=b).map(|times| a * times).find(|multiple| multiple.is_multiple_of(b)).unwrap_or(a)
}
