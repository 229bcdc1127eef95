//! Decisions on bids for a term, and on the trades they make.

use ledger::{Amount, ContractId, Instant, OrganizationId};
use smallvec::SmallVec;

use super::{Resolved, check_minimum, check_quantity};
use crate::billing::{Billing, charged_hours_max, held_hours};
use crate::exchange::{
    Advance, CloseReason, Event, Exchange, GPUS_MAX, MARKETS_PER_BID_MAX, MarketChoice, NewOrder, NewSide, OrderClosed,
    OrderPlaced, OrderSide, OrderTerms, Refusal, SpotSide, SpotTerms, SweepPaused, Swept, SweptOffer, TradeExecuted,
};
use crate::hours::Window;
use crate::identity::{DerivedIds, OrderId, TradeId};
use crate::keys::MarketKey;
use crate::lot::Supply;
use crate::market::{Liquidity, MarketId, first_open_hour, gate, hold, least_common_multiple};
use crate::order::{Ask, Bid, BidOptions, BidTerms, HoursRange, SelfTradePrevention, TimeInForce};
use crate::price::Price;
use crate::venue::{
    Arrival, Execution, Market, OwnOrders, Plan, Search, SearchPlace, Unfilled, UnfilledReason, WorkBudget,
};

/// Bid about to trade.
pub(in crate::exchange) struct Match<'a> {
    pub bid: OrderId,
    pub buyer: OrganizationId,
    /// Terms with what it still wants before the trade.
    pub terms: &'a BidTerms,
    pub fee_bps_max: u16,
    pub billing: Option<Billing>,
    /// Hours of its window that its hold pays for.
    pub held_hours: u32,
}

/// Markets of a bid, with the rules that they have in common.
pub(in crate::exchange) struct BidMarkets {
    pub keys: SmallVec<[MarketKey; 2]>,
    /// Least common multiple of the markets' lot sizes, of which every quantity is a multiple.
    pub lot_size: u32,
    pub gate_minutes: u16,
    pub fee_bps_max: u16,
}

/// Result of deciding an arriving bid.
pub(in crate::exchange) struct Outcome {
    pub plan: Plan,
    /// Place at which its search went on; `None` for a search from the beginning.
    pub from: Option<SearchPlace>,
    /// Reason why it does not fill whole; `None` when it does.
    pub unfilled: Option<Unfilled>,
    /// Whether it is post-only and would trade.
    pub refused_to_trade: bool,
}

/// Bid that arrives, anew or amended.
pub(in crate::exchange) struct Arriving {
    pub order: OrderId,
    pub organization: OrganizationId,
    pub terms: BidTerms,
    pub options: BidOptions,
    pub held_hours: u32,
}

impl BidMarkets {
    /// Returns the options of a bid with every default filled in.
    pub fn resolved(&self, options: BidOptions) -> BidOptions {
        BidOptions {
            min_gpus: Some(options.min_gpus.unwrap_or(self.lot_size)),
            billing: Some(options.billing.unwrap_or_default()),
            ..options
        }
    }
}

/// Checks that a journal line can carry each charge of any contract that a bid may lead to. Checked when the bid comes:
/// a charge that falls due cannot be refused.
pub(super) fn check_charges(terms: &BidTerms, fee_bps_max: u16) -> Result<(), Refusal> {
    let dearest = hold(terms.limit_price, terms.remaining, charged_hours_max(terms.window), fee_bps_max);
    if dearest > Amount::LINE_MAX { Err(Refusal::AmountTooLarge) } else { Ok(()) }
}

impl Exchange {
    /// Fills in every default of a new order.
    pub(super) fn resolve(&self, new: &NewOrder) -> Result<Resolved<'_>, Refusal> {
        let NewOrder { organization, gpus, limit_price, .. } = *new;
        match &new.side {
            NewSide::Buy { markets, window, options } => {
                let (market, other_markets) = self.choose(markets, gpus, Some(limit_price))?;
                let found = self.bid_markets(market, &other_markets)?;
                let side = OrderSide::Buy(found.resolved(*options));
                let window = *window;
                Ok(Resolved::Bid(OrderTerms { market, other_markets, gpus, limit_price, window, side }, found))
            }
            NewSide::Sell { supply, window, min_hours, max_hours, self_trade_prevention } => {
                let offered = self.offered(organization, *supply)?;
                let window = window.unwrap_or(offered.window);
                let hours =
                    HoursRange { min: min_hours.unwrap_or(1), max: max_hours.unwrap_or_else(|| window.hours()) };
                let (lot, contract, self_trade_prevention) =
                    (offered.lot, contract_of(*supply), *self_trade_prevention);
                let side = OrderSide::Sell { lot, contract, hours, self_trade_prevention };
                let (market, window, other_markets) = (offered.market.spec.id, window.into(), Vec::new());
                Ok(Resolved::Ask(OrderTerms { market, other_markets, gpus, limit_price, window, side }, offered))
            }
            NewSide::SpotBuy { market, min_gpus } => {
                let min_gpus = min_gpus.unwrap_or(self.market(*market)?.spec.lot_size);
                let (market, side) = (*market, SpotSide::Buy { min_gpus });
                Ok(Resolved::Spot(SpotTerms { market, gpus, limit_price, side }))
            }
            NewSide::SpotSell { supply, window } => {
                let offered = self.offered(organization, *supply)?;
                let window = window.unwrap_or(offered.window);
                let side = SpotSide::Sell { lot: offered.lot, contract: contract_of(*supply), window };
                Ok(Resolved::Spot(SpotTerms { market: offered.market.spec.id, gpus, limit_price, side }))
            }
        }
    }

    /// Resolves the markets of a bid: those that it names, or those that its filter admits and that can take it.
    pub(in crate::exchange) fn choose(
        &self,
        choice: &MarketChoice,
        gpus: u32,
        limit_price: Option<Price>,
    ) -> Result<(MarketId, Vec<MarketId>), Refusal> {
        let mut markets = match choice {
            MarketChoice::One(market) => return Ok((*market, Vec::new())),
            MarketChoice::Named(markets) => {
                let mut named = Vec::with_capacity(markets.len());
                for market in markets {
                    if !named.contains(market) {
                        named.push(*market);
                    }
                }
                named
            }
            MarketChoice::Filtered(filter) => {
                let mut admitted = self.venue.admitted(filter);
                let takes = |market: &Market| {
                    gpus.is_multiple_of(market.spec.lot_size)
                        && limit_price.is_none_or(|limit| limit.is_on(market.spec.price_tick))
                };
                admitted.retain(|id| self.venue.market(*id).is_some_and(takes));
                admitted
            }
        };
        if markets.is_empty() {
            return Err(Refusal::NoMarketChosen);
        }
        if markets.len() > MARKETS_PER_BID_MAX {
            return Err(Refusal::TooManyMarkets { max: MARKETS_PER_BID_MAX });
        }
        let first = markets.remove(0);
        Ok((first, markets))
    }

    pub(in crate::exchange) fn bid_markets(&self, first: MarketId, others: &[MarketId]) -> Result<BidMarkets, Refusal> {
        let mut chosen = BidMarkets { keys: SmallVec::new(), lot_size: 1, gate_minutes: 0, fee_bps_max: 0 };
        let mut currency = None;
        for id in std::iter::once(&first).chain(others) {
            let key = self.venue.key(*id).ok_or(Refusal::MarketUnknown { market: *id })?;
            let spec = &self.venue.at(key).spec;
            if *currency.get_or_insert(spec.currency) != spec.currency {
                return Err(Refusal::CurrenciesDiffer);
            }
            chosen.keys.push(key);
            chosen.lot_size = least_common_multiple(chosen.lot_size, spec.lot_size);
            chosen.gate_minutes = chosen.gate_minutes.max(spec.gate_minutes);
            chosen.fee_bps_max = chosen.fee_bps_max.max(spec.fee_bps_max());
        }
        Ok(chosen)
    }

    pub(super) fn place_bid(
        &self,
        new: &NewOrder,
        order: OrderId,
        terms: OrderTerms,
        markets: &BidMarkets,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let (arriving, hold) = self.admit_bid(order, new.organization, &terms, markets, self.now)?;
        let currency = self.venue.at(markets.keys[0]).spec.currency;
        let outcome = self.plan_arrival(&arriving, markets, self.now);
        let (organization, client_order_id, unfilled) = (new.organization, new.client_order_id, outcome.unfilled);
        out.push(OrderPlaced { order, organization, client_order_id, terms, currency, hold, unfilled }.into());
        self.carry_out(&arriving, markets, &outcome, ids, out);
        Ok(())
    }

    /// Checks a bid that arrives at `now`, its price and its funds, and returns it with the amount that it sets aside.
    pub(in crate::exchange) fn admit_bid(
        &self,
        order: OrderId,
        organization: OrganizationId,
        terms: &OrderTerms,
        markets: &BidMarkets,
        now: Instant,
    ) -> Result<(Arriving, Amount), Refusal> {
        let arriving = Self::arriving(order, organization, terms, markets, now)?;
        self.check_limit(&markets.keys, terms.limit_price)?;
        check_charges(&arriving.terms, markets.fee_bps_max)?;
        let hold = hold(terms.limit_price, terms.gpus, arriving.held_hours, markets.fee_bps_max);
        self.check_funds_at(organization, self.venue.at(markets.keys[0]).spec.currency, hold, now)?;
        Ok((arriving, hold))
    }

    /// Checks a bid that arrives, except its price and its funds.
    pub(in crate::exchange) fn arriving(
        order: OrderId,
        organization: OrganizationId,
        terms: &OrderTerms,
        markets: &BidMarkets,
        now: Instant,
    ) -> Result<Arriving, Refusal> {
        let OrderSide::Buy(options) = terms.side else {
            return Err(Refusal::OptionsConflict);
        };
        let OrderTerms { gpus, window, limit_price, .. } = *terms;
        check_quantity(gpus, markets.lot_size, GPUS_MAX)?;
        let min_gpus = options.min_gpus.unwrap_or(markets.lot_size);
        check_minimum(min_gpus, gpus, markets.lot_size)?;
        if gate(window.latest(), markets.gate_minutes) <= now {
            return Err(Refusal::WindowPast { window });
        }
        match (options.time_in_force, options.expires_at) {
            (TimeInForce::Gtd, Some(at)) if at > now => {}
            (TimeInForce::Gtd, _) | (_, Some(_)) => return Err(Refusal::ExpiryInvalid),
            (TimeInForce::Ioc | TimeInForce::Fok, None) if options.post_only => return Err(Refusal::OptionsConflict),
            (_, None) => {}
        }
        let all_or_none = min_gpus == gpus && gpus > markets.lot_size;
        let (remaining, lot_size, placement, bound_to) = (gpus, markets.lot_size, options.placement, None);
        let terms = BidTerms { remaining, min_gpus, lot_size, all_or_none, window, limit_price, placement, bound_to };
        let held_hours = held_hours(options.billing, window);
        Ok(Arriving { order, organization, terms, options, held_hours })
    }

    /// Plans what an arriving bid trades, and says why it does not fill whole.
    pub(in crate::exchange) fn plan_arrival(&self, arriving: &Arriving, markets: &BidMarkets, now: Instant) -> Outcome {
        let terms = &arriving.terms;
        let open = self.open_markets(&markets.keys);
        let search = Self::search_of(arriving, &open, markets.gate_minutes, now);
        let mut plan = self.venue.plan(&search, &mut WorkBudget::new(self.limits.search_candidates));
        let would_trade = plan.gpus() > 0 || plan.met_own_order;
        if arriving.options.post_only && (would_trade || plan.limited.is_some()) {
            let reason = if would_trade { UnfilledReason::PostOnly } else { UnfilledReason::SearchLimit };
            let unfilled = Some(Unfilled { reason, would_fill: None });
            return Outcome { plan: Plan::default(), from: None, unfilled, refused_to_trade: true };
        }
        let whole = plan.gpus() == terms.remaining;
        let candidates = self.limits.explanation_candidates;
        let unfilled = (!whole).then(|| self.venue.explain(&search, &plan, &markets.keys, candidates));
        if arriving.options.time_in_force == TimeInForce::Fok && plan.gpus() < terms.remaining {
            plan = Plan { met_own_order: plan.met_own_order, ..Plan::default() };
        }
        Outcome { plan, from: None, unfilled, refused_to_trade: false }
    }

    /// Makes the venue's search for an arriving bid.
    fn search_of<'a>(arriving: &'a Arriving, open: &'a [MarketKey], gate_minutes: u16, now: Instant) -> Search<'a> {
        Search {
            markets: open,
            bidder: arriving.organization,
            terms: &arriving.terms,
            arrival: Arrival::Now,
            own: match arriving.options.self_trade_prevention {
                SelfTradePrevention::CancelNewest => OwnOrders::StopBefore,
                SelfTradePrevention::CancelOldest => OwnOrders::Cancel,
                SelfTradePrevention::CancelBoth => OwnOrders::CancelAndStop,
            },
            first_start: first_open_hour(now, gate_minutes),
            from: None,
        }
    }

    /// Continues the trades of a bid that has come, or its search.
    pub(in crate::exchange) fn go_on_searching(
        &self,
        bid: &Bid,
        from: SearchPlace,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) {
        let names: Vec<_> = bid.markets.iter().map(|key| self.venue.at(*key).spec.id).collect();
        let Ok(markets) = self.bid_markets(names[0], &names[1..]) else { return };
        let arriving = Arriving {
            order: bid.id,
            organization: bid.organization,
            terms: bid.terms,
            // A FOK bid has found all that it trades.
            options: BidOptions {
                time_in_force: if bid.stays { TimeInForce::Gtc } else { TimeInForce::Ioc },
                ..bid.options
            },
            held_hours: bid.held_hours,
        };
        let open = self.open_markets(&markets.keys);
        let search = Search { from: Some(from), ..Self::search_of(&arriving, &open, bid.gate_minutes, self.now) };
        let plan = self.venue.plan(&search, &mut WorkBudget::new(self.limits.search_candidates));
        let outcome = Outcome { plan, from: Some(from), unfilled: None, refused_to_trade: false };
        self.carry_out(&arriving, &markets, &outcome, ids, out);
    }

    /// Returns where the trades of a plan go on in the next step, with the ask that the first of them takes; `None`
    /// when one step makes all that are left.
    pub(in crate::exchange) fn beyond_step(&self, plan: &Plan, trades_max: usize) -> Option<SearchPlace> {
        let ask = self.venue.ask(plan.executions.get(trades_max)?.ask)?;
        Some(SearchPlace { start: plan.window?.start(), rank: Some((ask.limit_price, ask.priority)) })
    }

    /// Returns where the search for a bid goes on in the next step; `None` when it is complete, or the bid does not
    /// stay.
    fn continuation(arriving: &Arriving, outcome: &Outcome) -> Option<SearchPlace> {
        let plan = &outcome.plan;
        let stays = matches!(arriving.options.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd)
            && !arriving.options.post_only;
        let place = plan.limited.filter(|_| stays && !arriving.terms.all_or_none && !plan.met_own_order)?;
        // A group that is more than one search looks at is not looked at twice.
        let has_come_on = plan.window.is_some() || outcome.from.is_none_or(|from| place > from);
        match plan.window {
            _ if !has_come_on => None,
            // The trades have fixed its start.
            Some(window) if window.start() != place.start => Some(SearchPlace { start: window.start(), rank: None }),
            _ => Some(place),
        }
    }

    /// Appends the events of an arriving bid's plan: own orders cancelled, trades, and its end where it may not stay.
    /// Where the plan has more trades than one step makes, appends the first of them only.
    pub(super) fn carry_out(
        &self,
        arriving: &Arriving,
        markets: &BidMarkets,
        outcome: &Outcome,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) {
        let plan = &outcome.plan;
        let trades_max = self.limits.trades_per_step as usize;
        let beyond = self.beyond_step(plan, trades_max);
        // An own order behind the first trade of the next step is for that step to meet.
        let comes_first = |ask: &Ask| beyond.is_none_or(|place| Some((ask.limit_price, ask.priority)) < place.rank);
        let own = plan.own_orders.iter().filter(|id| self.venue.ask(**id).is_some_and(comes_first));
        let own = own.filter_map(|id| self.venue.order(*id));
        out.extend(own.map(|order| self.closed(order, CloseReason::SelfTrade)));
        let Arriving { order, organization, mut terms, options, held_hours } = *arriving;
        let BidOptions { time_in_force, billing, .. } = options;
        let fee_bps_max = markets.fee_bps_max;
        let window = plan.window.unwrap_or_else(|| terms.window.hull());
        for execution in plan.executions.iter().take(trades_max) {
            let matched = Match { bid: order, buyer: organization, terms: &terms, fee_bps_max, billing, held_hours };
            out.push(self.trade(&matched, execution, window, ids).into());
            terms.remaining -= execution.gpus;
        }
        if let Some(SearchPlace { start, rank }) = beyond.or_else(|| Self::continuation(arriving, outcome)) {
            let cursor = rank.map(|(limit_price, priority)| Swept { limit_price, priority });
            let market = self.venue.at(markets.keys[0]).spec.id;
            let offer = SweptOffer::ToBid { order, start };
            let (looked_at, bid, limited) = (Vec::new(), None, beyond.is_none());
            out.push(SweepPaused { market, offer, cursor, ids: *ids, begun: None, looked_at, bid, limited }.into());
        }
        if beyond.is_some() {
            return;
        }
        let reason = match time_in_force {
            _ if plan.met_own_order => Some(CloseReason::SelfTrade),
            // It might have been able to have all.
            _ if plan.limited.is_some() && terms.all_or_none => Some(CloseReason::TimeInForce),
            _ if outcome.refused_to_trade => Some(CloseReason::PostOnly),
            TimeInForce::Gtc | TimeInForce::Gtd => None,
            TimeInForce::Ioc | TimeInForce::Fok => Some(CloseReason::TimeInForce),
        };
        if let Some(reason) = reason.filter(|_| terms.remaining > 0) {
            let hold_released = hold(terms.limit_price, terms.remaining, held_hours, fee_bps_max);
            let market = &self.venue.at(markets.keys[0]).spec;
            let (market, currency) = (market.id, market.currency);
            out.push(OrderClosed { order, organization, market, reason, currency, hold_released }.into());
        }
    }

    /// Returns the markets among these that trade.
    pub(in crate::exchange) fn open_markets(&self, keys: &[MarketKey]) -> SmallVec<[MarketKey; 2]> {
        keys.iter().copied().filter(|key| !self.venue.at(*key).halted).collect()
    }

    /// Makes the trade of one execution. `matched.terms.remaining` is what the bid wants before it.
    pub(in crate::exchange) fn trade(
        &self,
        matched: &Match<'_>,
        execution: &Execution,
        window: Window,
        ids: &mut DerivedIds,
    ) -> TradeExecuted {
        let Execution { ask, market, lot, seller, gpus, price, ask_rested } = *execution;
        let market = &self.venue.at(market).spec;
        let lot = self.venue.lot_at(lot);
        let BidTerms { remaining, limit_price, .. } = *matched.terms;
        let (buyer_liquidity, seller_liquidity) =
            if ask_rested { (Liquidity::Taker, Liquidity::Maker) } else { (Liquidity::Maker, Liquidity::Taker) };
        let amount = price.cost(gpus, window.hours());
        let buyer_fee = market.fee(buyer_liquidity, amount);
        let bid_remaining = remaining - gpus;
        let held = |gpus: u32| hold(limit_price, gpus, matched.held_hours, matched.fee_bps_max);
        let advance = matched.billing.and_then(|billing| {
            billing.secured_period(window)?;
            let cost = |hours: u32| {
                let amount = price.cost(gpus, hours);
                amount + market.fee(buyer_liquidity, amount)
            };
            let prepaid = cost(billing.first_period(window).hours());
            let deposit = cost(billing.advance_hours(window)) - prepaid;
            Some(Advance { billing, prepaid, deposit })
        });
        let paid = advance.map_or(amount + buyer_fee, |advance| advance.prepaid + advance.deposit);
        let (ask_sold_gpus, ask_filled) = self.ask_after(ask, window, gpus);
        TradeExecuted {
            trade: TradeId::new(ids.mint()),
            contract: ContractId::new(ids.mint()),
            market: market.id,
            lot: lot.id,
            head: contract_of(lot.supply),
            bid: matched.bid,
            ask,
            buyer: matched.buyer,
            seller,
            gpus,
            price,
            window,
            currency: market.currency,
            amount,
            buyer_liquidity,
            buyer_fee_bps: market.fee_bps(buyer_liquidity),
            buyer_fee,
            seller_fee_bps: market.fee_bps(seller_liquidity),
            seller_fee: market.fee(seller_liquidity, amount),
            advance,
            hold_released: held(remaining) - held(bid_remaining) - paid,
            bid_remaining,
            ask_sold_gpus,
            ask_filled,
        }
    }

    /// Returns what an ask has sold after one more sale: the most GPUs in any hour, and whether nothing is left to
    /// sell.
    fn ask_after(&self, ask: OrderId, window: Window, gpus: u32) -> (u32, bool) {
        let Some(ask) = self.venue.ask(ask) else { return (0, false) };
        let least = ask.remaining.min().min(ask.remaining.min_over(window) - gpus);
        (ask.gpus - least, ask.remaining.is_only(window, gpus))
    }
}

fn contract_of(supply: Supply) -> Option<ContractId> {
    match supply {
        Supply::Lot(_) => None,
        Supply::Contract(id) => Some(id),
    }
}
