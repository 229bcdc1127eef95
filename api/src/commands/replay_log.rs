//! `secondwind replay-log`: a fresh state from the log, to compare with a running exchange's.

use std::process::ExitCode;

use infra::Database;
use infra::journal::{LogReader, log_head};
use matching::Exchange;
use secrecy::SecretString;

/// Replays the log up to `until`, or its head, and prints the state's hash.
pub(super) async fn replay_log(database_url: String, until: Option<u64>) -> anyhow::Result<ExitCode> {
    let database = Database::new(&SecretString::from(database_url))?;
    let head = log_head(&*database.get().await?).await?;
    let until = until.unwrap_or(head).min(head);
    let log = LogReader::new(database, head);
    let mut exchange = Exchange::new();
    while exchange.sequence() < until {
        let left = usize::try_from(until - exchange.sequence()).unwrap_or(usize::MAX);
        let rows = log.after(exchange.sequence(), left).await?;
        anyhow::ensure!(!rows.is_empty(), "the log ends at {}, its head says {head}", exchange.sequence());
        for row in rows {
            row.follow(&mut exchange)?;
        }
    }
    println!(r#"{{"sequence":{},"state_hash":"{}"}}"#, exchange.sequence(), exchange.state_hash());
    Ok(ExitCode::SUCCESS)
}
