//! The loop that drives decide and apply: time first, then the command, then what the command makes possible.

use ledger::{Instant, Invariant, Violation, checked, invariant};

use super::decide::Match;
use super::event::supply_of;
use super::work::Unfinished;
use super::{CloseReason, Command, DueParked, Event, Exchange, Instruction, OrderSide, ParkedDue, Record, Refusal};
use crate::market::first_open_hour;
use crate::{
    Arrival, Ask, Bid, BidTerms, CommandId, Cursor, DerivedIds, MarketKey, Offer, Order, OrderId, OwnOrders, Plan,
    Search, SelfTradePrevention, WorkBudget,
};

/// Where records go as they come into being.
pub trait Log {
    /// Takes the next record. What cannot be stored [ends the decision](ledger::checked).
    fn append(&mut self, record: Record);
}

/// A step of what has fallen due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DueStep {
    /// What falls due up to then is carried out.
    pub to: Instant,
    /// Whether somebody led the exchange when it fell due: auctions that nobody held are void.
    pub led: bool,
    /// How much is done.
    pub width: Width,
}

impl DueStep {
    /// A whole step of what fell due up to `to`, while somebody led.
    pub fn to(to: Instant) -> Self {
        Self { to, led: true, width: Width::Whole }
    }
}

/// How much of what falls due at once is done in one step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// As much as is bounded.
    Whole,
    /// One contract, sale or order: to find the one that cannot be carried out.
    One,
}

impl Width {
    /// The most things in one step, of those that fit into one.
    pub(super) fn of(self, whole: usize) -> usize {
        match self {
            Self::Whole => whole,
            Self::One => 1,
        }
    }
}

/// An offer on its way through the resting bids.
struct Sweep {
    offer: Offer,
    cursor: Option<Cursor>,
}

impl Exchange {
    /// Carries out one command at the state's head, whole: as [`Exchange::begin`], with the work that it leaves.
    ///
    /// # Errors
    /// As [`Exchange::begin`].
    pub fn execute(&mut self, command: &Command, log: &mut impl Log) -> Result<(), Refusal> {
        self.guarded(|exchange| {
            exchange.begin_guarded(command, log)?;
            while exchange.go_on(log) {}
            Ok(())
        })?
    }

    /// Begins one command at the state's head: moves time to its instant, decides it, and follows it up in one bounded step. What it
    /// leaves unfinished goes on with [`Exchange::advance`].
    ///
    /// # Errors
    /// [`Refusal`] when the command itself is refused. What fell due before it has happened all the same, unless the refusal is an
    /// [invariant's](Refusal::InvariantViolated): the exchange is of no use any more then, nor is what the log was handed.
    pub fn begin(&mut self, command: &Command, log: &mut impl Log) -> Result<(), Refusal> {
        self.guarded(|exchange| exchange.begin_guarded(command, log))?
    }

    fn begin_guarded(&mut self, command: &Command, log: &mut impl Log) -> Result<(), Refusal> {
        let led = command.instruction != Instruction::TakeLead;
        while self.step(DueStep { led, ..DueStep::to(command.at) }, command.id, log) {}
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
        let offer = events.iter().find_map(|event| self.offer_of(event));
        self.commit(at, command, events, log);
        if let Some(offer) = offer {
            let mut sweep = Sweep { offer, cursor: None };
            while let Some(events) = self.decide_sweep(&mut sweep, ids) {
                self.commit(at, command, events, log);
            }
        }
    }

    /// Takes the next step of work that a command left unfinished, or else lets the next thing happen that falls due by then; false
    /// when there is neither. One step is one bounded batch.
    ///
    /// # Errors
    /// The [`Violation`] that the step met. The exchange is of no use any more then, nor is what the log was handed.
    pub fn advance(&mut self, step: DueStep, command: CommandId, log: &mut impl Log) -> Result<bool, Violation> {
        self.guarded(|exchange| exchange.step(step, command, log))
    }

    /// Sets aside the unfinished work, or else the next thing that falls due, of [one thing's width](Width::One), because it cannot be
    /// carried out; nothing when there is no work and nothing is due by `to`.
    ///
    /// # Errors
    /// As [`Exchange::advance`].
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

    /// What an exchange met that must never be, after which it is of no use.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Runs what may meet a violation, and remembers that it did.
    pub(super) fn guarded<T>(&mut self, decision: impl FnOnce(&mut Self) -> T) -> Result<T, Violation> {
        if let Some(violation) = &self.violation {
            return Err(violation.clone());
        }
        let outcome = checked(|| decision(self));
        self.violation = outcome.as_ref().err().cloned();
        outcome
    }

    /// Takes the next step of unfinished work, under the id of the command that left it; false when there is none.
    fn go_on(&mut self, log: &mut impl Log) -> bool {
        let Some((begun, unfinished)) = self.unfinished.first_key_value() else { return false };
        let (begun, Unfinished { command, work }) = (*begun, unfinished.clone());
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

    /// Runs a decision as of `at`. A refusal leaves time where the log has it.
    fn at_time<T>(&mut self, at: Instant, decide: impl FnOnce(&Self) -> T) -> T {
        let before = std::mem::replace(&mut self.now, at);
        let decided = decide(self);
        self.now = before;
        decided
    }

    /// Applies events and hands them to the log. What held them is kept for the next command.
    fn commit(&mut self, at: Instant, command: CommandId, mut events: Vec<Event>, log: &mut impl Log) {
        for event in events.drain(..) {
            let record = Record { sequence: self.sequence + 1, at, command, event };
            self.fold(&record);
            log.append(record);
        }
        self.events = events;
    }

    /// What an event brings to the book for resting bids to take.
    fn offer_of(&self, event: &Event) -> Option<Offer> {
        match event {
            Event::OrderPlaced(e) if matches!(e.terms.side, OrderSide::Sell { .. }) => Some(Offer::Ask(e.order)),
            Event::OrderAmended(e) if !e.keeps_priority && self.venue.ask(e.order).is_some() => {
                Some(Offer::Ask(e.order))
            }
            Event::ContractBusted(e) => self.venue.lot_key(supply_of(e.lot, e.head)).map(Offer::Lot),
            Event::ContractTerminated(e) => self.venue.lot_key(supply_of(e.lot, e.head)).map(Offer::Lot),
            Event::MarketResumed(e) => self.venue.key(e.market).map(Offer::Market),
            _ => None,
        }
    }

    /// The events of the next bid that an offer serves; nothing when there is none left.
    fn decide_sweep(&self, sweep: &mut Sweep, ids: &mut DerivedIds) -> Option<Vec<Event>> {
        loop {
            let (cursor, bid) = self.venue.next_bid_for(sweep.offer, sweep.cursor)?;
            sweep.cursor = Some(cursor);
            if let Offer::Ask(id) = sweep.offer
                && let Some(ask) = self.venue.ask(id)
                && ask.organization == bid.organization
            {
                if self.would_trade(bid, &self.open_markets(&bid.markets), ask) {
                    return Some(self.prevent_self_trade(ask, bid));
                }
                continue;
            }
            let events = self.trades_of_resting(bid, &bid.terms, ids);
            if events.is_some() {
                return events;
            }
        }
    }

    /// What a bid at rest trades now on these terms; nothing when it cannot.
    pub(super) fn trades_of_resting(&self, bid: &Bid, terms: &BidTerms, ids: &mut DerivedIds) -> Option<Vec<Event>> {
        let plan = self.plan_of_resting(bid, terms, &self.open_markets(&bid.markets), OwnOrders::PassOver);
        let window = plan.window?;
        let mut terms = *terms;
        let mut events = Vec::with_capacity(plan.executions.len());
        for execution in &plan.executions {
            let matched = Match {
                bid: bid.id,
                buyer: bid.organization,
                terms: &terms,
                fee_bps_max: bid.fee_bps_max,
                billing: bid.billing,
                held_hours: bid.held_hours,
            };
            events.push(self.trade(&matched, execution, window, ids).into());
            terms.remaining -= execution.gpus;
        }
        Some(events)
    }

    fn plan_of_resting(&self, bid: &Bid, terms: &BidTerms, markets: &[MarketKey], own: OwnOrders) -> Plan {
        let search = Search {
            markets,
            bidder: bid.organization,
            terms,
            arrival: Arrival::At(bid.priority),
            own,
            first_start: first_open_hour(self.now, bid.gate_minutes),
        };
        self.venue.plan(&search, &mut WorkBudget::new(self.limits.search_candidates))
    }

    /// Whether a bid would trade with an ask, were they not of the same organization.
    fn would_trade(&self, bid: &Bid, markets: &[MarketKey], ask: &Ask) -> bool {
        let plan = self.plan_of_resting(bid, &bid.terms, markets, OwnOrders::Trade);
        plan.executions.iter().any(|execution| execution.ask == ask.id)
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
