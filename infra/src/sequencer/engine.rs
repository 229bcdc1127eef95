//! Engine: decides submissions and what falls due, and gathers the outcome into batches.
//!
//! A decision that violates an invariant is taken out, whether the exchange finds it
//! ([`matching::Exchange::violation`]) or the database when the batch is committed. Everything that depends on it is
//! dropped and decided again from the committed state, with the same ids and instants; later answers may differ from
//! the speculative ones, which nobody has heard. A caller's instruction is refused. What fell due is first carried out
//! one item at a time, and the item that fails alone is parked.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ledger::{Instant, OrganizationId, Violation};
use matching::{Command, CommandId, DueStep, Exchange, Instruction, Refusal, Width};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::decision::{Decided, Decision, Gathered, Offence, Reply, Waiting};
use super::keys::{Keys, Known};
use super::{Answer, BATCH_CALLERS_MAX, BATCH_ROWS_MAX, KEYS_KEPT_MICROS, Submission, View};
use crate::Clock;
use crate::journal::{IdempotencyKey, KeyOutcome, LogRow, StoredKey};
use crate::storage::Storage;
use crate::telemetry::Metrics;

/// Longest pause between looks at what falls due, against jumps of the machine's clock.
const NAP_MAX: Duration = Duration::from_secs(1);
/// Largest number of commands of one buyer or seller that wait for unfinished work; the same bound holds for all
/// commands without one.
const HELD_OF_ONE_MAX: usize = 128;
/// Largest number of waiting commands in all. Operators' commands and the first few of each organization are held
/// beyond it.
const HELD_MAX: usize = 1_024;
/// Number of commands of each organization that are held however many others wait.
const HELD_OF_ANYBODY: usize = 4;
/// Number of events up to which a batch takes steps of unfinished work.
const WORK_ROWS: usize = 8;
/// Age beyond which due items are not done beside new orders, in microseconds: nobody led then, or time went on faster
/// than the exchange could follow.
const LATE_MICROS: i64 = 60_000_000;

/// Outcome of a commit.
pub(super) enum CommitOutcome {
    /// The batch is committed; the next can come.
    Committed,
    /// The database refused one decision for its content. Those before it are committed; the rest is to be decided
    /// again.
    Refused(Box<RefusedBatch>),
    /// The commit failed. The view is at the log's true head again.
    Recovered,
    /// Nothing can be committed any more.
    Ended,
}

/// Rest of a batch of which the database refused a decision.
pub(super) struct RefusedBatch {
    /// Decision that was refused.
    pub offender: Decided,
    /// Reason of the database.
    pub violation: Violation,
    /// Decisions behind it.
    pub rest: Vec<Decided>,
    /// Keys of the decisions that are not committed.
    pub keys: Vec<IdempotencyKey>,
}

/// State of the engine.
pub(super) struct Engine {
    exchange: Exchange,
    view: View,
    keys: Keys,
    /// Decisions to make before anything else.
    queue: VecDeque<Decision>,
    /// Decisions to make when unfinished work is done, in order.
    held: Vec<Decision>,
    /// Callers that wait for such work.
    waiting: Vec<Waiting>,
    /// Traders that began work since the exchange was last done with all of it. Their further commands are held, so
    /// that it is done some time. An operator's is not held for what another operator began.
    began: Vec<OrganizationId>,
    /// Whether the next batch has a step of unfinished work: the last had none.
    works_turn: bool,
    /// Instant up to which due items are carried out one at a time, because a step of them failed; `None` otherwise.
    narrow_until: Option<Instant>,
    storage: Arc<dyn Storage>,
    clock: Clock,
    metrics: Metrics,
}

impl Engine {
    pub fn new(view: View, keys: Keys, storage: Arc<dyn Storage>, clock: Clock, metrics: Metrics) -> Self {
        let exchange = view.read().clone();
        let queue = VecDeque::new();
        let (held, waiting, began) = (Vec::new(), Vec::new(), Vec::new());
        let (works_turn, narrow_until) = (false, None);
        Self { exchange, view, keys, queue, held, waiting, began, works_turn, narrow_until, storage, clock, metrics }
    }

    /// Runs until the queue is closed or nothing can be committed any more.
    pub async fn run(
        mut self,
        mut submissions: mpsc::Receiver<Submission>,
        batches: mpsc::Sender<Gathered>,
        mut outcomes: mpsc::Receiver<CommitOutcome>,
    ) {
        let mut gathered = Gathered::default();
        let mut committing = false;
        let mut open = true;
        self.take_lead();
        loop {
            if self.clock.resume() {
                // As if nobody had led while time stood still.
                self.take_lead();
            }
            if let Err(offence) = self.decide_queue(&mut gathered) {
                // The state to start again from includes the batch that is being committed.
                let outcome = if committing { outcomes.recv().await } else { Some(CommitOutcome::Committed) };
                committing = false;
                if !self.follow(outcome, Some(*offence), &mut gathered).await {
                    return;
                }
                continue;
            }
            if !committing && !gathered.is_empty() && !self.waits_for_work(&gathered) {
                self.works_turn = gathered.work_rows == 0;
                if batches.send(std::mem::take(&mut gathered)).await.is_err() {
                    return;
                }
                committing = true;
            }
            if !open && !committing && gathered.is_empty() {
                return;
            }
            if self.may_step(&gathered, committing) && self.is_due() {
                // One bounded step of what has fallen due; more may follow, and commits go on between.
                self.queue.push_front(self.next_step(self.now(), true));
                tokio::task::yield_now().await;
                if let Ok(outcome) = outcomes.try_recv() {
                    committing = false;
                    if !self.follow(Some(outcome), None, &mut gathered).await {
                        return;
                    }
                }
                continue;
            }
            tokio::select! {
                biased;
                outcome = outcomes.recv() => {
                    committing = false;
                    if !self.follow(outcome, None, &mut gathered).await {
                        return;
                    }
                }
                submission = submissions.recv(), if open && !is_full(&gathered) => match submission {
                    Some(submission) => self.take(submission),
                    None => open = false,
                },
                () = self.something_due(), if self.may_step(&gathered, committing) => {}
            }
        }
    }

    /// Voids the auctions whose gate passed while nobody led, before anything else falls due.
    fn take_lead(&mut self) {
        let command = self.command(Instruction::TakeLead);
        self.queue.push_back(Decision::Lead(command));
    }

    /// Returns the present: never before what has happened.
    fn now(&self) -> Instant {
        self.clock.now().max(self.exchange.now())
    }

    /// Makes a command of the present.
    fn command(&self, instruction: Instruction) -> Command {
        Command { id: CommandId::new(Uuid::now_v7()), at: self.now(), instruction }
    }

    fn is_due(&self) -> bool {
        self.has_step(self.now())
    }

    /// Returns whether there is a step of unfinished work, or of what falls due by an instant.
    fn has_step(&self, at: Instant) -> bool {
        self.exchange.has_unfinished() || self.exchange.next_due().is_some_and(|due| due <= at)
    }

    /// Returns whether the exchange is busy with work that others need not wait for.
    fn is_busy(&self) -> bool {
        self.exchange.is_busy()
            && (self.exchange.has_unfinished()
                || self.clock.now().micros() - self.exchange.now().micros() < LATE_MICROS)
    }

    /// Returns whether a batch may take one more step. Of unfinished work every other batch takes some as it is sent,
    /// or each where nobody else has something in it: an order that goes ahead of the work waits for one commit with a
    /// step of it at most, its own included.
    fn may_step(&self, gathered: &Gathered, committing: bool) -> bool {
        (!committing && self.waits_for_work(gathered)) || (!is_full(gathered) && !self.is_busy())
    }

    /// Returns whether a batch is not sent before it has more of the unfinished work.
    fn waits_for_work(&self, gathered: &Gathered) -> bool {
        self.is_busy() && gathered.work_rows < WORK_ROWS && (self.works_turn || !gathered.has_others)
    }

    async fn something_due(&self) {
        let nap = self.exchange.next_due().map_or(NAP_MAX, |due| self.clock.until(due).min(NAP_MAX));
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            () = self.clock.moved() => {}
        }
    }

    /// Queues a submission for its decision.
    fn take(&mut self, submission: Submission) {
        let Submission { instruction, key, reply } = submission;
        let command = self.command(instruction);
        self.queue.push_back(Decision::Asked { command, key, reply: Reply::new(reply) });
    }

    /// Decides what is in the queue, each after the steps that come before it, until the batch is full. Commands that
    /// do not go ahead of unfinished work are held until it is done.
    fn decide_queue(&mut self, gathered: &mut Gathered) -> Result<(), Box<Offence>> {
        while let Some(mut next) = self.queue.pop_front() {
            // A step has been asked for, if the batch is full or not.
            if is_full(gathered) && !matches!(next, Decision::Due { .. }) {
                self.queue.push_front(next);
                return Ok(());
            }
            let steps_first = match &mut next {
                Decision::Asked { command, .. } if self.is_busy() => {
                    if !self.goes_ahead(command) {
                        self.hold(next);
                        continue;
                    }
                    None
                }
                Decision::Asked { command, .. } => Some((command.at, true)),
                Decision::Lead(command) => Some((command.at, false)),
                Decision::Refused { .. } | Decision::Due { .. } | Decision::Park { .. } => None,
            };
            let decision = match steps_first.filter(|(at, _)| self.has_step(*at)) {
                Some((at, led)) => {
                    self.queue.push_front(next);
                    self.next_step(at, led)
                }
                None => next,
            };
            self.decide(decision, gathered)?;
        }
        Ok(())
    }

    /// Returns whether a command goes ahead of unfinished work, and gives it the instant at which it does.
    fn goes_ahead(&self, command: &mut Command) -> bool {
        if command.instruction.trader().is_some_and(|trader| self.began.contains(&trader)) {
            return false;
        }
        let at = self.exchange.ahead_at(command);
        command.at = at.unwrap_or(command.at);
        at.is_some()
    }

    /// Holds a command until unfinished work is done. Holds a bounded number per organization and in all: further ones
    /// are refused as busy, so that those behind them do not wait.
    fn hold(&mut self, decision: Decision) {
        let Decision::Asked { command, reply, .. } = &decision else { return self.held.push(decision) };
        let trader = command.instruction.trader();
        let trader_of = |held: &Decision| match held {
            Decision::Asked { command, .. } => command.instruction.trader(),
            _ => None,
        };
        let alike = self.held.iter().filter(|held| trader_of(held) == trader).count();
        // Operators, and the first few commands of everybody, find room however many others wait.
        let is_for_all = trader.is_none() || alike < HELD_OF_ANYBODY;
        if alike >= HELD_OF_ONE_MAX || (self.held.len() >= HELD_MAX && !is_for_all) {
            self.metrics.queue_full.inc();
            return reply.send(Answer::Busy);
        }
        self.held.push(decision);
    }

    /// Puts held commands before what is in the queue: operators' commands first, and last those of whoever has begun
    /// work that others have waited for, each in order. They come after whatever has fallen due meanwhile.
    fn release(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|decision| match decision {
            Decision::Asked { command, .. } => match command.instruction.trader() {
                None => 0,
                Some(trader) => 1 + u8::from(self.began.contains(&trader)),
            },
            _ => 0,
        });
        let now = self.now();
        for mut decision in held.into_iter().rev() {
            if let Decision::Asked { command, .. } = &mut decision {
                command.at = now;
            }
            self.queue.push_front(decision);
        }
    }

    /// Returns the next step of unfinished work, or else of what falls due by `to`.
    fn next_step(&self, to: Instant, led: bool) -> Decision {
        let due = self.exchange.next_due().filter(|_| !self.exchange.has_unfinished());
        let narrow = due.is_some_and(|due| self.narrow_until.is_some_and(|until| due <= until));
        let width = if narrow { Width::One } else { Width::Whole };
        Decision::Due { step: DueStep { to, led, width }, due, id: CommandId::new(Uuid::now_v7()) }
    }

    /// Makes one decision. Its outcome is in `gathered`, unless it met a violation.
    fn decide(&mut self, decision: Decision, gathered: &mut Gathered) -> Result<(), Box<Offence>> {
        let (before, works, was_busy) = (gathered.batch.mark(), self.exchange.count_unfinished(), self.is_busy());
        let answer = match &decision {
            Decision::Asked { command, key, reply } => {
                self.answer(command, key.as_ref(), reply, gathered).map(|answer| (reply.clone(), answer))
            }
            Decision::Refused { at, key, refusal, reply } => {
                self.remember(*key, *at, Some(KeyOutcome::Refused(Arc::clone(refusal))), gathered);
                Some((reply.clone(), Answer::Refused(Arc::clone(refusal))))
            }
            // A violation is found below, in the exchange.
            Decision::Due { step, id, .. } => {
                let _ = self.exchange.advance(*step, *id, gathered);
                None
            }
            Decision::Park { step, invariant, id } => {
                let _ = self.exchange.park(step.to, *invariant, *id, gathered);
                None
            }
            Decision::Lead(command) => {
                if let Err(refusal) = self.exchange.execute(command, gathered) {
                    tracing::error!(%refusal, "taking the lead was refused");
                }
                None
            }
        };
        if let Some(violation) = self.exchange.violation().cloned() {
            gathered.batch.truncate(before);
            return Err(Box::new(Offence { decision, violation }));
        }
        let is_work = was_busy && matches!(decision, Decision::Due { .. } | Decision::Park { .. });
        let finished = if is_work { self.go_on(&gathered.batch.rows[before.rows..]) } else { None };
        if is_work {
            gathered.work_rows += gathered.batch.rows.len() - before.rows;
        } else {
            gathered.has_others = true;
        }
        let works_after = self.exchange.count_unfinished();
        if let Decision::Asked { command, .. } = &decision
            && works_after > works
        {
            self.began.extend(command.instruction.trader());
        }
        gathered.push(decision, answer, finished);
        if works_after < works || (was_busy && !self.is_busy()) {
            self.release();
        }
        if !self.is_busy() {
            self.began.clear();
        }
        Ok(())
    }

    /// Adds a step's events to those of the command that left the work. Returns its caller when it was the last step.
    fn go_on(&mut self, rows: &[Arc<LogRow>]) -> Option<Waiting> {
        for waiting in &mut self.waiting {
            waiting.rows.extend(rows.iter().filter(|row| row.record.command == waiting.command).cloned());
        }
        let done = self.waiting.iter().position(|waiting| !self.exchange.is_unfinished(waiting.command))?;
        Some(self.waiting.swap_remove(done))
    }

    /// Carries a command out, unless its key has an outcome already. Returns `None` where it leaves work for further
    /// steps.
    fn answer(
        &mut self,
        command: &Command,
        key: Option<&IdempotencyKey>,
        reply: &Reply,
        gathered: &mut Gathered,
    ) -> Option<Answer> {
        // Answered with the batch: what the key stands for may not be committed yet.
        match key.map_or(Known::New, |key| self.keys.find(key)) {
            Known::New => {}
            Known::Events { first, last } => return Some(Answer::Repeated { first, last }),
            Known::Refused(refusal) => return Some(Answer::Refused(refusal)),
            Known::Other => return Some(Answer::KeyReused),
        }
        let first_row = gathered.batch.rows.len();
        let outcome = self.exchange.begin(command, gathered);
        if self.exchange.violation().is_some() {
            return None;
        }
        let (answer, key_outcome) = match outcome {
            Ok(()) => {
                let rows = &gathered.batch.rows[first_row..];
                let range = rows.first().zip(rows.last()).map(|(first, last)| KeyOutcome::Events {
                    first: first.record.sequence,
                    last: last.record.sequence,
                });
                (Answer::Done(rows.to_vec()), range)
            }
            Err(refusal) => {
                self.metrics.refused(refusal.code());
                let refusal = Arc::new(refusal);
                (Answer::Refused(Arc::clone(&refusal)), Some(KeyOutcome::Refused(refusal)))
            }
        };
        self.remember(key.copied(), command.at, key_outcome, gathered);
        match answer {
            Answer::Done(rows) if self.exchange.is_unfinished(command.id) => {
                self.waiting.push(Waiting { command: command.id, rows, reply: reply.clone() });
                None
            }
            answer => Some(answer),
        }
    }

    /// Remembers the outcome of a request under its key.
    fn remember(
        &mut self,
        key: Option<IdempotencyKey>,
        at: Instant,
        outcome: Option<KeyOutcome>,
        gathered: &mut Gathered,
    ) {
        if let Some((key, outcome)) = key.zip(outcome) {
            let stored = StoredKey { key, created_at: at, outcome };
            self.keys.insert(&stored);
            gathered.batch.keys.push(stored);
        }
    }

    /// Acts on the outcome of the last batch, and on a decision that failed since. Returns false when the engine must
    /// end.
    async fn follow(
        &mut self,
        outcome: Option<CommitOutcome>,
        offence: Option<Offence>,
        gathered: &mut Gathered,
    ) -> bool {
        match outcome.unwrap_or(CommitOutcome::Ended) {
            CommitOutcome::Committed => {
                let Some(offence) = offence else { return true };
                self.start_again(gathered, Vec::new());
                let Some(again) = self.instead_of(offence) else {
                    self.fail(None, gathered);
                    return false;
                };
                self.queue.push_front(again);
                self.put_back(std::mem::take(gathered).decided);
                true
            }
            CommitOutcome::Refused(batch) => {
                let RefusedBatch { offender, violation, rest, keys } = *batch;
                // A later offence depends on what the database refused: it is decided again like everything else.
                self.start_again(gathered, keys);
                if let Some(offence) = offence {
                    self.queue.push_front(offence.decision);
                }
                self.put_back(std::mem::take(gathered).decided);
                self.put_back(rest);
                let Decided { decision, finished, .. } = offender;
                self.wait_again(finished);
                let Some(again) = self.instead_of(Offence { decision, violation }) else {
                    self.fail(None, gathered);
                    return false;
                };
                self.queue.push_front(again);
                true
            }
            CommitOutcome::Recovered => {
                self.fail(offence, gathered);
                self.exchange = self.view.read().clone();
                self.reload_keys().await;
                true
            }
            CommitOutcome::Ended => {
                self.fail(offence, gathered);
                false
            }
        }
    }

    /// Goes back to the committed state and the committed keys.
    fn start_again(&mut self, gathered: &Gathered, keys: Vec<IdempotencyKey>) {
        self.exchange = self.view.read().clone();
        let gathered = gathered.batch.keys.iter().rev().map(|stored| stored.key);
        self.keys.forget_latest(gathered.chain(keys.into_iter().rev()));
        self.release();
        self.began.clear();
        let waiting = std::mem::take(&mut self.waiting);
        self.wait_again(waiting);
    }

    /// Lets callers wait for the next step of their commands again, if the committed state has these unfinished. One
    /// whose command is not committed waits again when that is decided.
    fn wait_again(&mut self, callers: impl IntoIterator<Item = Waiting>) {
        for mut caller in callers.into_iter().filter(|caller| self.exchange.is_unfinished(caller.command)) {
            caller.rows.retain(|row| row.record.sequence <= self.exchange.sequence());
            self.waiting.push(caller);
        }
    }

    /// Queues decisions again, in order, before what is in the queue.
    fn put_back(&mut self, decided: Vec<Decided>) {
        for Decided { decision, finished, .. } in decided.into_iter().rev() {
            self.wait_again(finished);
            self.queue.push_front(decision);
        }
    }

    /// Returns what is done instead of a decision that cannot be carried out; `None` when the exchange cannot go on
    /// without it.
    fn instead_of(&mut self, offence: Offence) -> Option<Decision> {
        let Offence { decision, violation } = offence;
        let invariant = violation.invariant;
        self.metrics.violated(invariant);
        let instead = match decision {
            Decision::Asked { command: Command { id, at, instruction }, key, reply } => {
                tracing::error!(%violation, ?id, ?instruction, "an instruction was refused: it would break an invariant");
                let refusal = Refusal::from(violation);
                self.metrics.refused(refusal.code());
                Decision::Refused { at, key, reply, refusal: Arc::new(refusal) }
            }
            Decision::Due { step: step @ DueStep { width: Width::Whole, .. }, due: Some(due), id } => {
                tracing::error!(%violation, %due, "what fell due failed, and is carried out one thing at a time");
                self.narrow_until = Some(due);
                Decision::Due { step: DueStep { width: Width::One, ..step }, due: Some(due), id }
            }
            Decision::Due { step, due, id } => {
                tracing::error!(%violation, ?due, "something that fell due is set aside: see GET /v1/parked");
                Decision::Park { step, invariant, id }
            }
            Decision::Refused { at, key: Some(_), reply, refusal } => {
                tracing::error!(%violation, "a refusal cannot be remembered under its caller's key");
                Decision::Refused { at, key: None, reply, refusal }
            }
            unanswerable => {
                tracing::error!(%violation, "the exchange cannot go on: this process stops leading");
                unanswerable.fail();
                return None;
            }
        };
        Some(instead)
    }

    /// Tells everybody whose decision is not committed that its outcome is unknown.
    fn fail(&mut self, offence: Option<Offence>, gathered: &mut Gathered) {
        std::mem::take(gathered).fail();
        if let Some(offence) = offence {
            offence.decision.fail();
        }
        std::mem::take(&mut self.queue).into_iter().for_each(Decision::fail);
        std::mem::take(&mut self.held).into_iter().for_each(Decision::fail);
        for Waiting { reply, .. } in std::mem::take(&mut self.waiting) {
            reply.send(Answer::Unavailable);
        }
    }

    async fn reload_keys(&mut self) {
        let since = Instant::nearest_to(self.clock.now().micros() - KEYS_KEPT_MICROS);
        loop {
            match self.storage.keys(since).await {
                Ok(keys) => {
                    self.keys = Keys::of(keys);
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "idempotency keys cannot be read; trying again");
                    tokio::time::sleep(NAP_MAX).await;
                }
            }
        }
    }
}

fn is_full(gathered: &Gathered) -> bool {
    gathered.batch.rows.len() >= BATCH_ROWS_MAX || gathered.decided.len() >= BATCH_CALLERS_MAX
}
