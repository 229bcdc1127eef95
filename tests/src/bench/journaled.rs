//! The plain flow as the journal's batches, made as the sequencer makes them.

use std::sync::Arc;

use infra::Database;
use infra::journal::{Batch, IdempotencyKey, KeyOutcome, LogRow, StoredKey};
use infra::storage::{Lease, Storage as _};
use matching::{Command, Exchange, Log, Record};

use super::flow::Flow;

/// Gathers a batch as the sequencer does.
struct Gathering<'a> {
    flow: &'a mut Flow,
    batch: Batch,
}

impl Log for Gathering<'_> {
    fn append(&mut self, record: Record) {
        self.flow.learn(&record.event);
        let sequence = record.sequence;
        let numbered = (0u32..).zip(record.entries()).map(|(ordinal, entry)| (sequence, ordinal, entry));
        self.batch.entries.extend(numbered);
        self.batch.rows.push(Arc::new(LogRow::encode(record)));
    }
}

/// The lead of the log with the exchange in memory whose log it keeps.
pub(super) struct Journaled {
    flow: Flow,
    exchange: Exchange,
    pub lease: Box<dyn Lease>,
}

impl Journaled {
    /// Takes the lead of an empty database, and carries out the flow's opening.
    pub async fn open(database: Database) -> anyhow::Result<Self> {
        let lease = database.take_lead().await?;
        let mut opened = Self { flow: Flow::new()?, exchange: Exchange::new(), lease };
        let mut opening = Batch::default();
        for instruction in opened.flow.opening()? {
            let command = opened.flow.command(instruction);
            opening = opened.carry_out(&command, opening)?;
        }
        opened.lease.append(opening.whole()).await?;
        Ok(opened)
    }

    /// Carries out the next instructions, each under an idempotency key.
    pub fn batch(
        &mut self,
        count: usize,
        next: impl Fn(&mut Flow) -> anyhow::Result<matching::Instruction>,
    ) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        for _ in 0..count {
            let instruction = next(&mut self.flow)?;
            let command = self.flow.command(instruction);
            batch = self.carry_out(&command, batch)?;
        }
        Ok(batch)
    }

    fn carry_out(&mut self, command: &Command, batch: Batch) -> anyhow::Result<Batch> {
        let key = IdempotencyKey { organization: None, digest: self.flow.digest(), request_hash: self.flow.digest() };
        let first = self.exchange.sequence() + 1;
        let mut log = Gathering { flow: &mut self.flow, batch };
        self.exchange.execute(command, &mut log)?;
        let mut batch = log.batch;
        let outcome = KeyOutcome::Events { first, last: self.exchange.sequence() };
        batch.keys.push(StoredKey { key, created_at: command.at, outcome });
        Ok(batch)
    }
}
