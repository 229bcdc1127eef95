//! The log read back from the database, as an auditor would.

use std::sync::Arc;

use infra::Database;
use infra::audit::{AuditError, Report, TopicSource};
use infra::journal::{Batch, Journal, LogReader, LogRow, log_head};
use ledger::Instant;
use matching::{CommandId, Event, Exchange, Record};
use secrecy::SecretString;
use uuid::Uuid;

use crate::postgres::TestDatabase;

/// A fresh state from the whole log of `database`: what `secondwind replay-log` computes.
///
/// # Panics
/// When the log cannot be read, or ends before its head.
pub async fn replay(database: &TestDatabase) -> Exchange {
    let database = Database::new(&SecretString::from(database.url())).expect("a URL");
    let client = database.get().await.expect("a connection");
    let head = log_head(&client).await.expect("a head");
    let log = LogReader::new(database, head);
    let mut exchange = Exchange::new();
    while exchange.sequence() < head {
        let rows = log.after(exchange.sequence(), usize::MAX).await.expect("the log can be read");
        assert!(!rows.is_empty(), "the log ends at {}, its head says {head}", exchange.sequence());
        for row in rows {
            row.follow(&mut exchange).expect("the log can be followed");
        }
    }
    exchange
}

/// Appends events to the log of `database`, with their entries, as an earlier release may have written them: type, version and content
/// of each, which is stored as it stands. Nobody may lead meanwhile.
///
/// # Panics
/// When one cannot be read or stored.
pub async fn write(database: &TestDatabase, at: Instant, events: &[(&str, u16, String)]) {
    let database = Database::new(&SecretString::from(database.url())).expect("a URL");
    let mut journal = Journal::take_over(database).await.expect("the lead");
    let mut batch = Batch::default();
    for (sequence, (name, version, content)) in (journal.head() + 1..).zip(events) {
        let event = Event::decode(name, *version, content.as_bytes()).expect("an event");
        let record = Record { sequence, at, command: CommandId::new(Uuid::now_v7()), event };
        let entries = (0..).zip(record.entries()).map(|(ordinal, entry)| (sequence, ordinal, entry));
        batch.entries.extend(entries);
        batch.rows.push(Arc::new(LogRow { record, content: content.clone().into_bytes() }));
    }
    journal.append(&batch).await.expect("the log takes them");
}

/// What `secondwind audit` finds in `database`, and on a topic.
///
/// # Errors
/// When the audit could not be carried out.
pub async fn audit(database: &TestDatabase, topic: Option<TopicSource>) -> Result<Report, AuditError> {
    let database = Database::new(&SecretString::from(database.url())).expect("a URL");
    infra::audit::audit(database, topic, Arc::new(|_, _| {})).await
}

/// Everything that is stored in `database` follows from its log.
///
/// # Panics
/// When it does not, or the audit could not be carried out.
pub async fn assert_sound(database: &TestDatabase) {
    let report = audit(database, None).await.expect("the audit is carried out");
    assert!(report.sound, "{report:#?}");
}
