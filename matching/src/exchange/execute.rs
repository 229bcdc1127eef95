//! Loop that drives decide and apply: time first, then the command, then what the command makes possible.

use std::collections::BTreeMap;

use ledger::{Instant, Invariant, OrganizationId, Violation, checked, invariant};

use super::decide::Match;
use super::event::supply_of;
use super::work::{Unfinished, Work};
use super::{
    CloseReason, Command, DueParked, Event, Exchange, Instruction, Limits, LookedAt, OrderSide, ParkedDue, Record,
    Refusal, SweepEnded, SweepPaused, Swept, SweptBid, SweptOffer,
};
use crate::identity::{CommandId, DerivedIds, OrderId};
use crate::market::{MarketId, first_open_hour};
use crate::order::{Ask, Bid, Order, SelfTradePrevention};
use crate::venue::{Arrival, Cursor, Offer, OwnOrders, Plan, Search, SearchPlace, WorkBudget};

/// Receiver of records as they are decided.
pub trait Log {
    /// Takes the next record. A record that cannot be stored [ends the decision](ledger::checked).
    fn append(&mut self, record: Record);
}

/// Step through what has fallen due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DueStep {
    /// Instant up to which due items are carried out, inclusive.
    pub to: Instant,
    /// Whether a leader was in place when they fell due: auctions that nobody held are void.
    pub led: bool,
    /// Size of the step.
    pub width: Width,
}

impl DueStep {
    /// Makes a whole step of what fell due up to `to`, under a leader.
    pub fn to(to: Instant) -> Self {
        Self { to, led: true, width: Width::Whole }
    }
}

/// Size of a step: how much of what falls due at once is done in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// As much as one bounded batch holds.
    Whole,
    /// One contract, sale or order: finds the one that cannot be carried out.
    One,
}

impl Width {
    /// Returns the number of items in one step: `whole`, or one.
    pub(super) fn of(self, whole: usize) -> usize {
        match self {
            Self::Whole => whole,
            Self::One => 1,
        }
    }
}

/// Number of asks that a step of a sweep visits, candidates or not, before others have their turn: some milliseconds.
/// Affects only when that is, never what is decided.
const VISITS_PER_STEP: u64 = 65_536;

/// Sweep of an offer through the resting bids.
struct Sweep {
    market: MarketId,
    offered: SweptOffer,
    cursor: Option<Swept>,
    /// Source of the ids that its next trades get.
    ids: DerivedIds,
    /// Sequence of the event with which it paused; `None` before the first pause.
    begun: Option<u64>,
    /// Bid whose trades go on before other bids are visited.
    bid: Option<SweptBid>,
    /// Number of candidates that the step may still look at.
    left: u32,
    /// Number of events that the step may still make.
    events_left: usize,
    /// Number of asks that the step may still visit.
    visits_left: u64,
    /// Candidates looked at in vain for each organization's bids since it began.
    looked_at: BTreeMap<OrganizationId, u32>,
}

impl Sweep {
    /// Starts a sweep of an offer in a market, from the first bid.
    fn new(market: MarketId, offered: SweptOffer, ids: DerivedIds, limits: &Limits) -> Self {
        let (left, events_left) = (limits.search_candidates, limits.trades_per_step as usize);
        let visits_left = VISITS_PER_STEP;
        let (cursor, begun, bid, looked_at) = (None, None, None, BTreeMap::new());
        Self { market, offered, cursor, ids, begun, bid, left, events_left, visits_left, looked_at }
    }

    /// Makes the event with which it pauses.
    fn paused(self) -> SweepPaused {
        let Self { market, offered: offer, cursor, ids, begun, bid, left, looked_at, .. } = self;
        let looked_at = looked_at.into_iter();
        let looked_at = looked_at.map(|(organization, candidates)| LookedAt { organization, candidates }).collect();
        SweepPaused { market, offer, cursor, ids, begun, looked_at, bid, limited: left == 0 }
    }

    /// Counts a bid and its search. A bid costs one candidate even when it has none.
    fn count(&mut self, plan: &Plan) {
        #[expect(clippy::disallowed_methods, reason = "the last bid may cost more than is left: then nothing is")]
        let left = (self.left.saturating_sub(1 + plan.looked_at), self.visits_left.saturating_sub(1 + plan.visited));
        (self.left, self.visits_left) = left;
    }

    /// Counts a bid without a trade, and its search, for the bid's organization.
    fn count_in_vain(&mut self, organization: OrganizationId, candidates: u32) {
        *self.looked_at.entry(organization).or_default() += 1 + candidates;
    }

    /// Counts the events of a bid and returns them as the next move.
    fn happens(&mut self, events: Vec<Event>) -> Next {
        #[expect(
            clippy::disallowed_methods,
            reason = "the last bid may bring about more than is left: then nothing is"
        )]
        let left = self.events_left.saturating_sub(events.len());
        self.events_left = left;
        Next::Happens(events)
    }
}

/// Next move of a sweep.
enum Next {
    /// A bid trades or ends.
    Happens(Vec<Event>),
    /// The step has used its budget.
    Pause,
    /// No bid is left.
    End,
}

impl Exchange {
    /// Carries out one command at the state's head, whole: does what [`Exchange::begin`] does, and then the work that
    /// it leaves.
    ///
    /// # Errors
    /// Those of [`Exchange::begin`].
    pub fn execute(&mut self, command: &Command, log: &mut impl Log) -> Result<(), Refusal> {
        self.guarded(|exchange| {
            exchange.begin_guarded(command, log)?;
            while exchange.go_on(log) {}
            Ok(())
        })?
    }

    /// Begins one command at the state's head: moves time to its instant, decides it, and follows it up in one bounded
    /// step. What it leaves unfinished goes on with [`Exchange::advance`]. Finishes the work of earlier commands first,
    /// unless the command [goes ahead](Exchange::goes_ahead) of it.
    ///
    /// # Errors
    /// [`Refusal`] when the command itself is refused. What fell due before it has happened all the same, unless the
    /// refusal is an [invariant's](Refusal::InvariantViolated): then neither the exchange nor what the log received may
    /// be used any more.
    pub fn begin(&mut self, command: &Command, log: &mut impl Log) -> Result<(), Refusal> {
        self.guarded(|exchange| exchange.begin_guarded(command, log))?
    }

    fn begin_guarded(&mut self, command: &Command, log: &mut impl Log) -> Result<(), Refusal> {
        let led = command.instruction != Instruction::TakeLead;
        if !self.goes_ahead(command) {
            while self.step(DueStep { led, ..DueStep::to(command.at) }, command.id, log) {}
        }
        let mut ids = DerivedIds::of(command.id);
        let mut events = std::mem::take(&mut self.events);
        let at = self.now.max(command.at);
        let decided = self.at_time(at, |exchange| exchange.decide(&command.instruction, &mut ids, &mut events));
        if let Err(refusal) = decided {
            events.clear();
            self.events = events;
            return Err(refusal);
        }
        self.commit_and_offer(at, command.id, events, &mut ids, log);
        Ok(())
    }

    /// Commits events and lets resting bids take what they bring to the book.
    fn commit_and_offer(
        &mut self,
        at: Instant,
        command: CommandId,
        events: Vec<Event>,
        ids: &mut DerivedIds,
        log: &mut impl Log,
    ) {
        let offered = events.iter().find_map(|event| self.offered_by(event));
        self.commit(at, command, events, log);
        if let Some((market, offered)) = offered {
            self.sweep(at, command, Sweep::new(market, offered, *ids, &self.limits), log);
        }
    }

    /// Lets resting bids take what is offered, as far as one step goes.
    fn sweep(&mut self, at: Instant, command: CommandId, mut sweep: Sweep, log: &mut impl Log) {
        loop {
            match self.decide_sweep(&mut sweep) {
                Next::Happens(events) => self.commit(at, command, events, log),
                Next::Pause => return self.commit(at, command, vec![sweep.paused().into()], log),
                Next::End => {
                    if let Some(begun) = sweep.begun {
                        self.commit(at, command, vec![SweepEnded { market: sweep.market, begun }.into()], log);
                    }
                    return;
                }
            }
        }
    }

    /// Takes the next step of unfinished work, or else carries out the next items due by `step.to`. Returns false when
    /// there is neither. One step is one bounded batch.
    ///
    /// # Errors
    /// [`Violation`] of an invariant in the step. Neither the exchange nor what the log received may be used any more
    /// then.
    pub fn advance(&mut self, step: DueStep, command: CommandId, log: &mut impl Log) -> Result<bool, Violation> {
        self.guarded(|exchange| exchange.step(step, command, log))
    }

    /// Parks the unfinished work, or else the next item due by `to`, of [one item's width](Width::One), because it
    /// cannot be carried out. Does nothing when there is neither.
    ///
    /// # Errors
    /// Those of [`Exchange::advance`].
    pub fn park(
        &mut self,
        to: Instant,
        invariant: Invariant,
        command: CommandId,
        log: &mut impl Log,
    ) -> Result<(), Violation> {
        self.guarded(|exchange| {
            let (at, parked) = match (exchange.unfinished.first_key_value(), exchange.next_due()) {
                (Some((begun, _)), _) => {
                    (exchange.now, Some(DueParked::new(ParkedDue::Work { begun: *begun }, invariant)))
                }
                (None, Some(due)) if due <= to => {
                    let at = exchange.now.max(due);
                    (at, exchange.at_time(at, |exchange| exchange.parked_of_due(invariant)))
                }
                (None, _) => return,
            };
            exchange.commit(at, command, parked.into_iter().map(Event::from).collect(), log);
        })
    }

    /// Returns the violation that the exchange met, after which it must not be used; `None` while it is sound.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Runs a decision and remembers the violation that it may meet.
    pub(super) fn guarded<T>(&mut self, decision: impl FnOnce(&mut Self) -> T) -> Result<T, Violation> {
        if let Some(violation) = &self.violation {
            return Err(violation.clone());
        }
        let outcome = checked(|| decision(self));
        self.violation = outcome.as_ref().err().cloned();
        outcome
    }

    /// Takes the next step of unfinished work, under the id of the command that left it. Returns false when there is
    /// none.
    fn go_on(&mut self, log: &mut impl Log) -> bool {
        let Some((begun, unfinished)) = self.unfinished.first_key_value() else { return false };
        let (begun, Unfinished { command, work }) = (*begun, unfinished.clone());
        if let Work::Sweep { market, offer: offered, cursor, ids, looked_at, bid } = &work
            && !matches!(offered, SweptOffer::ToBid { .. })
        {
            let looked_at = looked_at.iter().map(|looked_at| (looked_at.organization, looked_at.candidates));
            let sweep = Sweep {
                cursor: *cursor,
                begun: Some(begun),
                bid: *bid,
                looked_at: looked_at.collect(),
                ..Sweep::new(*market, *offered, *ids, &self.limits)
            };
            self.sweep(self.now, command, sweep, log);
            return true;
        }
        let mut events = std::mem::take(&mut self.events);
        self.decide_work(begun, &work, &mut events);
        invariant!(!events.is_empty(), DueLeadsToEvent, "nothing came of the work of event {begun}");
        self.commit_and_offer(self.now, command, events, &mut DerivedIds::of(command), log);
        true
    }

    fn step(&mut self, step: DueStep, command: CommandId, log: &mut impl Log) -> bool {
        if self.go_on(log) {
            return true;
        }
        let DueStep { to, led, width } = step;
        let Some(due) = self.next_due().filter(|due| *due <= to) else { return false };
        let at = self.now.max(due);
        let mut events = std::mem::take(&mut self.events);
        self.at_time(at, |exchange| exchange.decide_due(led, width, &mut events));
        invariant!(!events.is_empty(), DueLeadsToEvent, "nothing came of what was due at {due}");
        match events.iter().find_map(Event::ended) {
            Some(contract) => {
                self.commit_and_offer(at, command, events, &mut DerivedIds::of_end(contract), log);
            }
            None => self.commit(at, command, events, log),
        }
        true
    }

    /// Runs a decision as of `at`, and leaves the state's own time as it was.
    fn at_time<T>(&mut self, at: Instant, decide: impl FnOnce(&Self) -> T) -> T {
        let before = std::mem::replace(&mut self.now, at);
        let decided = decide(self);
        self.now = before;
        decided
    }

    /// Applies events and appends them to the log. Keeps their buffer for the next command.
    fn commit(&mut self, at: Instant, command: CommandId, mut events: Vec<Event>, log: &mut impl Log) {
        for event in events.drain(..) {
            let record = Record { sequence: self.sequence + 1, at, command, event };
            self.fold(&record);
            log.append(record);
        }
        self.events = events;
    }

    /// Returns what an event brings to the book for resting bids to take, and in which market; `None` when nothing.
    fn offered_by(&self, event: &Event) -> Option<(MarketId, SweptOffer)> {
        let capacity = |market, lot, contract| Some((market, SweptOffer::Capacity { lot, contract }));
        match event {
            Event::OrderPlaced(e) if matches!(e.terms.side, OrderSide::Sell { .. }) => {
                Some((e.terms.market, SweptOffer::Ask(e.order)))
            }
            Event::OrderAmended(e) if !e.keeps_priority && self.venue.ask(e.order).is_some() => {
                Some((e.market, SweptOffer::Ask(e.order)))
            }
            // A smaller bid may now fill whole, or have its smallest trade.
            Event::OrderAmended(e) if e.keeps_priority && self.venue.bid(e.order).is_some() => {
                Some((e.market, SweptOffer::ToResting(e.order)))
            }
            Event::ContractBusted(e) => capacity(e.market, e.lot, e.head),
            Event::ContractTerminated(e) => capacity(e.market, e.lot, e.head),
            Event::MarketResumed(e) => Some((e.market, SweptOffer::Market)),
            _ => None,
        }
    }

    /// Resolves an offer to resting bids as the book has it now; `None` when nothing of it is left.
    fn offer(&self, market: MarketId, offered: SweptOffer) -> Option<Offer> {
        match offered {
            SweptOffer::Ask(order) => Some(Offer::Ask(order)),
            SweptOffer::Capacity { lot, contract } => self.venue.lot_key(supply_of(lot, contract)).map(Offer::Lot),
            SweptOffer::Market => self.venue.key(market).map(Offer::Market),
            SweptOffer::ToResting(order) => Some(Offer::ToBid(order)),
            SweptOffer::ToBid { .. } => None,
        }
    }

    /// Decides the next bid that the offer serves.
    fn decide_sweep(&self, sweep: &mut Sweep) -> Next {
        let Some(offer) = self.offer(sweep.market, sweep.offered) else { return Next::End };
        loop {
            let Some((bid, from)) = self.next_bid_of(offer, sweep) else { return Next::End };
            if sweep.left == 0 || sweep.events_left == 0 || sweep.visits_left == 0 {
                return Next::Pause;
            }
            sweep.bid = None;
            sweep.cursor = Some(Swept { limit_price: bid.terms.limit_price, priority: bid.priority });
            // Bids of one organization without a trade share the budget of one search, so that nobody's can hold a
            // market up.
            if from.is_none()
                && sweep
                    .looked_at
                    .get(&bid.organization)
                    .is_some_and(|looked_at| *looked_at >= self.limits.search_candidates)
            {
                sweep.left -= 1;
                continue;
            }
            let own = match offer {
                Offer::Ask(id) => self.venue.ask(id).filter(|ask| ask.organization == bid.organization),
                Offer::Lot(_) | Offer::Market(_) | Offer::ToBid(_) => None,
            };
            let policy = if own.is_some() { OwnOrders::Trade } else { OwnOrders::PassOver };
            let plan = self.plan_of_resting(bid, policy, from);
            sweep.count(&plan);
            match own {
                Some(ask) if plan.executions.iter().any(|execution| execution.ask == ask.id) => {
                    return sweep.happens(self.prevent_self_trade(ask, bid));
                }
                None if plan.window.is_some() => {
                    let beyond = self.beyond_step(&plan, sweep.events_left).and_then(|place| place.rank);
                    sweep.bid = beyond.map(|(limit_price, priority)| {
                        let ask = Swept { limit_price, priority };
                        SweptBid { order: bid.id, ask }
                    });
                    let trades = self.trades_of(bid, &plan, sweep.events_left, &mut sweep.ids);
                    return sweep.happens(trades);
                }
                Some(_) | None => sweep.count_in_vain(bid.organization, plan.looked_at),
            }
        }
    }

    /// Finds the next bid of a sweep, and where its search goes on if it has more to trade.
    fn next_bid_of(&self, offer: Offer, sweep: &Sweep) -> Option<(&Bid, Option<SearchPlace>)> {
        let going_on = sweep.bid.and_then(|SweptBid { order, ask }| {
            let bid = self.venue.bid(order)?;
            let (start, rank) = (bid.terms.window.earliest(), Some((ask.limit_price, ask.priority)));
            Some((bid, Some(SearchPlace { start, rank })))
        });
        going_on.or_else(|| {
            let cursor = sweep.cursor.map(|swept| Cursor::behind(swept.limit_price, swept.priority));
            Some((self.venue.next_bid_for(offer, cursor)?, None))
        })
    }

    /// Makes the first trades of a plan for a bid at rest, at most `trades_max`.
    fn trades_of(&self, bid: &Bid, plan: &Plan, trades_max: usize, ids: &mut DerivedIds) -> Vec<Event> {
        let Some(window) = plan.window else { return Vec::new() };
        let mut terms = bid.terms;
        let mut events = Vec::with_capacity(plan.executions.len().min(trades_max));
        for execution in plan.executions.iter().take(trades_max) {
            let matched = Match {
                bid: bid.id,
                buyer: bid.organization,
                terms: &terms,
                fee_bps_max: bid.fee_bps_max,
                billing: bid.options.billing,
                held_hours: bid.held_hours,
            };
            events.push(self.trade(&matched, execution, window, ids).into());
            terms.remaining -= execution.gpus;
        }
        events
    }

    /// Plans what a bid at rest trades now, from a place in the ranking where it has traded before it.
    fn plan_of_resting(&self, bid: &Bid, own: OwnOrders, from: Option<SearchPlace>) -> Plan {
        let search = Search {
            markets: &self.open_markets(&bid.markets),
            bidder: bid.organization,
            terms: &bid.terms,
            arrival: Arrival::At(bid.priority),
            own,
            first_start: first_open_hour(self.now, bid.gate_minutes),
            from,
        };
        self.venue.plan(&search, &mut WorkBudget::new(self.limits.search_candidates))
    }

    /// Cancels what the arriving ask's rule says when it meets a bid of its own organization.
    fn prevent_self_trade(&self, ask: &Ask, bid: &Bid) -> Vec<Event> {
        let (newest, oldest) = match ask.self_trade_prevention {
            SelfTradePrevention::CancelNewest => (true, false),
            SelfTradePrevention::CancelOldest => (false, true),
            SelfTradePrevention::CancelBoth => (true, true),
        };
        let order = |id: OrderId, cancelled: bool| cancelled.then(|| self.venue.order(id)).flatten();
        let cancelled: [Option<&Order>; 2] = [order(bid.id, oldest), order(ask.id, newest)];
        cancelled.into_iter().flatten().map(|order| self.closed(order, CloseReason::SelfTrade)).collect()
    }
}
