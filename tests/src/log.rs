//! The log read back from the database, as an auditor would.

use std::sync::Arc;

use infra::Database;
use infra::audit::{AuditError, Report, TopicSource};
use infra::journal::LogReader;
use matching::Exchange;
use secrecy::SecretString;

use crate::postgres::TestDatabase;

/// A fresh state from the whole log of `database`: what `secondwind replay-log` computes.
///
/// # Panics
/// When the log cannot be read, or ends before its head.
pub async fn replay(database: &TestDatabase) -> Exchange {
    let database = Database::new(&SecretString::from(database.url())).expect("a URL");
    let client = database.get().await.expect("a connection");
    let head: i64 = client.query_one("SELECT head FROM leadership", &[]).await.expect("a head").get(0);
    let head = u64::try_from(head).expect("a head is not negative");
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
