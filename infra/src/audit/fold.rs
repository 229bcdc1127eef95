//! Fold of the audit: one pass over the log, in which every event is computed again and compared with what is stored of
//! it.

use ledger::{Account, EntityId, Entry, Map, checked};
use matching::{Exchange, Record};
use tokio::runtime::Handle;

use super::balances::{BalancesCheck, client_money};
use super::boxes;
use super::chain::ChainCheck;
use super::contracts::ContractsCheck;
use super::entries::EntriesCheck;
use super::holds;
use super::log::{LogCheck, LoggedEvent};
use super::lots::LotsCheck;
use super::own_events::{self, IndexedEvent};
use super::periods;
use super::read_models::{self, ReadModelsCheck};
use super::report::{Check, Finding, Outcome, Report};
use super::snapshot::{Rows, Snapshot};
use super::stored::{StoredEntries, StoredEntry};
use super::topic::TopicCheck;
use super::{AuditError, Progress};
use crate::relay::{BookHeads, ChainHead};

/// Number of events between two reports of progress.
const EVENTS_PER_REPORT: u64 = 4_096;

/// Heads of the snapshot, read as single rows.
pub(super) struct Heads {
    /// Sequence of the last event of the log.
    pub log: u64,
    /// Every book with the number and hash of its last entry.
    pub books: Vec<(EntityId, ChainHead)>,
    /// Sequence of the last event that the read models include.
    pub read_models: u64,
    /// Sequence of the last event that the index of own events includes.
    pub own_events: u64,
    /// Description of an entry in a book that is not there; `None` when there is none.
    pub foreign_entry: Option<String>,
}

/// Streams that are read: the log, and beside it what is stored of each event.
pub(super) struct Sources {
    pub heads: Heads,
    pub accounts: Map<i64, Account>,
    pub events: Rows<LoggedEvent>,
    /// Entries of the operator, and those of boxes.
    pub entries: [StoredEntries; 2],
    /// Index of organizations' own events.
    pub own_events: Rows<IndexedEvent>,
    pub snapshot: Snapshot,
}

/// State of the pass over the log.
pub(super) struct Fold {
    sources: Sources,
    topic: Option<TopicCheck>,
    exchange: Exchange,
    log: LogCheck,
    entries: EntriesCheck,
    chain: ChainCheck,
    balances: BalancesCheck,
    contracts: ContractsCheck,
    lots: LotsCheck,
    read_models: ReadModelsCheck,
    /// Stored entries of the event at hand.
    of_event: Vec<StoredEntry>,
    runtime: Handle,
}

impl Fold {
    pub fn new(sources: Sources, topic: Option<TopicCheck>, runtime: Handle) -> Self {
        Self {
            sources,
            topic,
            exchange: Exchange::new(),
            log: LogCheck::new(),
            entries: EntriesCheck::new(),
            chain: ChainCheck::new(),
            balances: BalancesCheck::new(),
            contracts: ContractsCheck::default(),
            lots: LotsCheck::new(),
            read_models: ReadModelsCheck::new(),
            of_event: Vec::new(),
            runtime,
        }
    }

    /// Reads everything and returns the report. Blocks its thread.
    pub fn run(mut self, progress: &Progress) -> Result<Report, AuditError> {
        let head = self.sources.heads.log;
        self.read_models_at(0)?;
        while let Some(row) = self.sources.events.take()? {
            let Some(record) = self.log.follow(&row) else { break };
            let sequence = record.sequence;
            let entries = match checked(|| record.entries()) {
                Ok(entries) => entries,
                Err(violation) => {
                    self.log.refuse(sequence, &violation);
                    break;
                }
            };
            let heads = self.compare_entries(record, &entries)?;
            self.contracts.follow(record);
            if sequence <= self.sources.heads.own_events {
                let (rows, outcome) = (&mut self.sources.own_events, &mut self.read_models.outcome);
                own_events::compare(rows, record, &self.contracts.told, outcome)?;
            }
            self.lots.follow(sequence, &record.event);
            if let Some((topic, content)) = self.topic.as_mut().zip(row.content.as_deref()) {
                topic.compare(record, content, heads.as_ref())?;
            }
            if let Err(violation) = self.exchange.apply(record) {
                self.log.refuse(sequence, &violation);
                break;
            }
            self.read_models_at(sequence)?;
            if sequence % EVENTS_PER_REPORT == 0 {
                progress(sequence, head);
            }
        }
        progress(self.exchange.sequence(), head);
        self.finish()
    }

    /// Compares the entries of an event with the stored ones. Returns the heads of the chains that it moved; `None`
    /// when it moved none.
    fn compare_entries(&mut self, record: &Record, computed: &[Entry]) -> Result<Option<BookHeads>, AuditError> {
        self.balances.add(record.sequence, computed);
        self.of_event.clear();
        for source in &mut self.sources.entries {
            while let Some(event) = source.peek()?.map(|row| row.event) {
                let is_of_this = event == Some(record.sequence);
                let is_out_of_place =
                    event.is_none_or(|event| event < record.sequence || event > self.sources.heads.log);
                if !is_of_this && !is_out_of_place {
                    break;
                }
                let entries = &mut self.entries;
                let Some(stored) = source.take(|line| entries.orphan(&line))? else { break };
                if is_of_this {
                    self.of_event.push(stored);
                } else {
                    self.entries.unexplained(&stored);
                    self.chain.follow(&stored, None, &self.sources.accounts);
                }
            }
        }
        let accounts = &self.sources.accounts;
        let equals = self.entries.compare(record.sequence, computed, &self.of_event, accounts);
        for (stored, equal) in self.of_event.iter().zip(equals) {
            self.chain.follow(stored, equal.and_then(|ordinal| computed.get(ordinal)), accounts);
        }
        Ok(heads_of(&self.of_event))
    }

    /// Compares the read models once the state has reached their position.
    fn read_models_at(&mut self, sequence: u64) -> Result<(), AuditError> {
        if sequence != self.sources.heads.read_models {
            return Ok(());
        }
        let snapshot = &self.sources.snapshot;
        let (contracts, orders, lots) = self.runtime.block_on(async {
            let contracts = read_models::contracts(snapshot).await?;
            Ok::<_, AuditError>((
                contracts,
                read_models::open_orders(snapshot).await?,
                read_models::lots(snapshot).await?,
            ))
        })?;
        self.read_models.contracts(contracts, &self.contracts.told)?;
        self.read_models.orders(&orders, &self.exchange);
        self.read_models.lots(&lots, &self.exchange);
        Ok(())
    }

    fn finish(mut self) -> Result<Report, AuditError> {
        let heads = &self.sources.heads;
        let broken = self.log.finish(heads.log);
        for source in &mut self.sources.entries {
            let entries = &mut self.entries;
            while let Some(stored) = source.take(|line| entries.orphan(&line))? {
                // Where the log cannot be followed, nothing says whether an event leads to it.
                if broken.is_none() {
                    entries.unexplained(&stored);
                }
                self.chain.follow(&stored, None, &self.sources.accounts);
            }
        }
        if let Some(found) = &heads.foreign_entry {
            let expected = "no entries: there is no such book".to_owned();
            let finding = || Finding { place: "another book".to_owned(), expected, found: found.clone() };
            self.entries.outcome.differ(finding);
        }
        for (entity, head) in &heads.books {
            self.chain.finish(*entity, head);
            let is_nobodys = matches!(entity, EntityId::Box(id) if self.exchange.boxes().get(*id).is_none());
            if is_nobodys && broken.is_none() {
                let (place, expected) = (format!("the book of {entity}"), "none: no event created the box".to_owned());
                self.entries.outcome.differ(|| Finding { place, expected, found: "a book".to_owned() });
            }
        }
        let mut checks = vec![];
        if let Some(why) = &broken {
            let open = [
                Check::Balances,
                Check::Holds,
                Check::Contracts,
                Check::Lots,
                Check::Boxes,
                Check::ClientMoney,
                Check::Periods,
            ];
            checks.extend(open.map(|check| Outcome::not_checked(check, why.clone())));
        } else {
            let stored = self.runtime.block_on(self.balances.finish(&self.sources.snapshot, &self.exchange))?;
            let sums = &self.balances.sums;
            checks.push(self.runtime.block_on(periods::check(&self.sources.snapshot, &self.exchange))?);
            checks.push(holds::check(sums, &self.exchange));
            checks.push(boxes::check(sums, &self.exchange));
            checks.push(self.contracts.finish(sums, &self.exchange));
            self.lots.finish(&self.exchange);
            checks.extend([self.balances.outcome, self.lots.outcome, client_money(&stored)]);
        }
        if broken.is_none() {
            own_events::finish(&mut self.sources.own_events, &mut self.read_models.outcome)?;
        }
        if broken.is_none() && heads.read_models > heads.log {
            let place = || "projection_position".to_owned();
            self.read_models.outcome.compare(place, format!("at most {}", heads.log), heads.read_models.to_string());
        }
        checks.push(match &broken {
            Some(why) if self.exchange.sequence() < heads.read_models => {
                Outcome::not_checked(Check::ReadModels, why.clone())
            }
            _ => self.read_models.outcome,
        });
        checks.push(match (self.topic, broken) {
            (Some(topic), None) => topic.finish(heads.log)?,
            // The comparison up to there stands.
            (Some(topic), Some(why)) if topic.outcome.differences == 0 => Outcome::not_checked(Check::Topic, why),
            (Some(topic), Some(_)) => topic.outcome,
            (None, _) => Outcome::not_checked(Check::Topic, "no brokers were named".to_owned()),
        });
        checks.extend([self.log.outcome, self.entries.outcome, self.chain.outcome]);
        Ok(Report::new(heads.log, checks))
    }
}

/// Returns the heads of the chains after the entries of an event; `None` when it led to none.
fn heads_of(entries: &[StoredEntry]) -> Option<BookHeads> {
    let mut heads = BookHeads::default();
    for StoredEntry { row, .. } in entries {
        let head = ChainHead { sequence: row.sequence, hash: row.hash };
        match (row.entity, heads.boxes.last_mut()) {
            (EntityId::Operator, _) => heads.operator = Some(head),
            (entity, Some((last, of_it))) if *last == entity => *of_it = head,
            (entity, _) => heads.boxes.push((entity, head)),
        }
    }
    (!entries.is_empty()).then_some(heads)
}
