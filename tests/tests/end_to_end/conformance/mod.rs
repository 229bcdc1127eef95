//! What everything behind the doors of the shell has to keep: the log's storage, the topic and the clock. Played on PostgreSQL and
//! Apache Kafka, and on both clocks.

mod clock;
mod storage;
mod topic;

use std::sync::Arc;

use infra::journal::{Batch, LogRow};
use ledger::{DepositId, Instant, Label};
use matching::{CommandId, DepositReceived, Event, OrganizationRegistered, Record};
use uuid::Uuid;

/// When the events of the suite happen.
fn noon() -> Instant {
    "2027-01-01T12:00:00Z".parse().expect("an instant")
}

/// The row of an event without entries: an organization is admitted.
fn admission(sequence: u64) -> Arc<LogRow> {
    let organization = format!("org-{sequence}").parse().expect("a slug");
    row(sequence, Event::OrganizationRegistered(OrganizationRegistered { organization, name: organization.into() }))
}

/// The row of an event with entries: a deposit arrives.
fn deposit(sequence: u64) -> Arc<LogRow> {
    row(
        sequence,
        Event::DepositReceived(DepositReceived {
            deposit: DepositId::new(Uuid::now_v7()),
            organization: "acme".parse().expect("a slug"),
            amount: "12.500000".parse().expect("an amount"),
            currency: "USD".parse().expect("a currency"),
            reference: Label::parse("wire").expect("a label"),
        }),
    )
}

fn row(sequence: u64, event: Event) -> Arc<LogRow> {
    Arc::new(LogRow::encode(Record { sequence, at: noon(), command: CommandId::new(Uuid::now_v7()), event }))
}

/// The batch of these rows with their entries.
fn batch(rows: impl IntoIterator<Item = Arc<LogRow>>) -> Batch {
    let mut batch = Batch::default();
    for row in rows {
        let entries = (0..).zip(row.record.entries());
        batch.entries.extend(entries.map(|(ordinal, entry)| (row.record.sequence, ordinal, entry)));
        batch.rows.push(row);
    }
    batch
}
