//! The log read back from the database, as an auditor would.

use infra::Database;
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
            exchange.apply(&row.record);
        }
    }
    exchange
}
