//! The loop that drives decide and apply: time first, then the command, then what the command makes possible.

use ledger::Instant;

use super::decide::Match;
use super::event::supply_of;
use super::work::Unfinished;
use super::{CloseReason, Command, Event, Exchange, Instruction, OrderSide, Record, Refusal};
use crate::market::first_open_hour;
use crate::{
    Arrival, Ask, Bid, BidTerms, CommandId, Cursor, DerivedIds, MarketKey, Offer, Order, OrderId, OwnOrders, Plan,
    Search, SelfTradePrevention, WorkBudget,
};

/// Where records go as they come into being.
pub trait Log {
    /// Takes the next record.
    fn append(&mut self, record: Record);
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
        self.begin(command, log)?;
        while self.go_on(log) {}
        Ok(())
    }

    /// Begins one command at the state's head: moves time to its instant, decides it, and follows it up in one bounded step. What it
    /// leaves unfinished goes on with [`Exchange::advance`].
    ///
    /// # Errors
    /// [`Refusal`] when the command itself is refused. What fell due before it has happened all the same.
    pub fn begin(&mut self, command: &Command, log: &mut impl Log) -> Result<(), Refusal> {
        let led = command.instruction != Instruction::TakeLead;
        while self.step(command.at, command.id, led, log) {}
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

    /// Takes the next step of work that a command left unfinished, or else lets the next thing happen that falls due by `to`; false
    /// when there is neither. One step is one bounded batch.
    pub fn advance(&mut self, to: Instant, command: CommandId, log: &mut impl Log) -> bool {
        self.step(to, command, true, log)
    }

    /// Takes the next step of unfinished work, under the id of the command that left it; false when there is none.
    fn go_on(&mut self, log: &mut impl Log) -> bool {
        let Some((begun, unfinished)) = self.unfinished.first_key_value() else { return false };
        let (begun, Unfinished { command, work }) = (*begun, unfinished.clone());
        let mut events = std::mem::take(&mut self.events);
        self.decide_work(begun, &work, &mut events);
        debug_assert!(!events.is_empty(), "a step of work leads to an event, or it would go on for ever");
        let progress = !events.is_empty();
        self.commit_and_offer(self.now, command, events, &mut DerivedIds::of(command), log);
        progress
    }

    fn step(&mut self, to: Instant, command: CommandId, led: bool, log: &mut impl Log) -> bool {
        if self.go_on(log) {
            return true;
        }
        let Some(due) = self.next_due().filter(|due| *due <= to) else { return false };
        let at = self.now.max(due);
        let mut events = std::mem::take(&mut self.events);
        self.at_time(at, |exchange| exchange.decide_due(led, &mut events));
        debug_assert!(!events.is_empty(), "what falls due leads to an event, or it would fall due for ever");
        let progress = !events.is_empty();
        match events.iter().find_map(Event::ended) {
            Some(contract) => {
                self.commit_and_offer(at, command, events, &mut DerivedIds::of_end(contract), log);
            }
            None => self.commit(at, command, events, log),
        }
        progress
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
            self.apply(&record);
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
