//! The loop that drives decide and apply: time first, then the command, then what the command makes possible.

use ledger::{Entry, Instant};

use super::decide::Match;
use super::{CloseReason, Command, Event, Exchange, OrderPlaced, OrderSide, Record, Refusal};
use crate::{Arrival, BidRank, CommandId, DerivedIds, Liquidity, OrderId};

/// Where records go as they come into being.
pub trait Log {
    /// Takes the next record and its journal entries.
    fn append(&mut self, record: Record, entries: &[Entry]);
}

/// A newly rested ask on its way through the bids.
struct Sweep {
    ask: OrderId,
    cursor: Option<BidRank>,
}

impl Exchange {
    /// Carries out one command at the state's head: moves time to its instant, decides it, and follows it up.
    ///
    /// # Errors
    /// [`Refusal`] when the command itself is refused. What fell due before it has happened all the same.
    pub fn execute(&mut self, command: &Command, log: &mut impl Log) -> Result<(), Refusal> {
        while self.advance(command.at, command.id, log) {}
        let mut ids = DerivedIds::of(command.id);
        let mut events = Vec::new();
        let at = self.now.max(command.at);
        self.at_time(at, |exchange| exchange.decide(&command.instruction, &mut ids, &mut events))?;
        let sweep = events.iter().find_map(Sweep::of);
        self.commit(at, command.id, events, log);
        if let Some(mut sweep) = sweep {
            while let Some(events) = self.decide_sweep(&mut sweep, &mut ids) {
                self.commit(at, command.id, events, log);
            }
        }
        Ok(())
    }

    /// Lets the next thing happen that falls due by `to`; false when there is none. One step is one bounded batch.
    pub fn advance(&mut self, to: Instant, command: CommandId, log: &mut impl Log) -> bool {
        let Some(due) = self.next_due().filter(|due| *due <= to) else { return false };
        let mut events = Vec::new();
        self.decide_due(&mut events);
        debug_assert!(!events.is_empty(), "what falls due leads to an event, or it would fall due for ever");
        let progress = !events.is_empty();
        self.commit(self.now.max(due), command, events, log);
        progress
    }

    /// Runs a decision as of `at`. A refusal leaves time where the log has it.
    fn at_time<T>(&mut self, at: Instant, decide: impl FnOnce(&Self) -> T) -> T {
        let before = std::mem::replace(&mut self.now, at);
        let decided = decide(self);
        self.now = before;
        decided
    }

    fn commit(&mut self, at: Instant, command: CommandId, events: Vec<Event>, log: &mut impl Log) {
        for event in events {
            let record = Record { sequence: self.sequence + 1, at, command, event };
            self.apply(&record);
            log.append(record, &self.posted);
        }
    }

    /// The trades of the next bid that a new ask serves; nothing when there is none left.
    fn decide_sweep(&self, sweep: &mut Sweep, ids: &mut DerivedIds) -> Option<Vec<Event>> {
        loop {
            let ask = self.venue.ask(sweep.ask)?;
            let market = &self.venue.market(ask.market)?.spec;
            let (rank, bid) = self.venue.next_bid_for(ask, sweep.cursor)?;
            sweep.cursor = Some(rank);
            if bid.organization == ask.organization {
                // The newest order gives way, and it is the ask.
                let order = self.venue.order(sweep.ask)?;
                return self.closed(sweep.ask, order, CloseReason::SelfTrade).map(|event| vec![event]);
            }
            let plan = self.venue.plan(market.id, bid.organization, &bid.terms, Arrival::At(bid.priority));
            let mut terms = bid.terms;
            let mut events = Vec::with_capacity(plan.executions.len());
            for execution in &plan.executions {
                let matched =
                    Match { bid: bid.id, buyer: bid.organization, terms: &terms, buyer_liquidity: Liquidity::Maker };
                events.push(self.trade(market, &matched, execution, ids).into());
                terms.remaining -= execution.gpus;
            }
            if !events.is_empty() {
                return Some(events);
            }
        }
    }
}

impl Sweep {
    /// The sweep that follows an event, if any.
    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::OrderPlaced(OrderPlaced { order, terms, .. }) => match terms.side {
                OrderSide::Sell { .. } => Some(Self { ask: *order, cursor: None }),
                OrderSide::Buy { .. } => None,
            },
            _ => None,
        }
    }
}
