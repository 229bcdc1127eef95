//! The statements of an append, prepared once per connection: preparing each anew would cost a round trip per statement
//! and batch.

use tokio_postgres::{Client, Statement};

/// Statements of an append, in the order in which they run.
pub(super) struct Statements {
    pub move_head: Statement,
    pub events: Statement,
    pub accounts: Statement,
    pub entries: Statement,
    pub lines: Statement,
    pub keys: Statement,
}

impl Statements {
    /// Prepares them on a new connection.
    pub async fn prepare(client: &Client) -> Result<Self, tokio_postgres::Error> {
        let move_head = "UPDATE leadership SET head = $1 WHERE epoch = $2 AND head = $3";
        let events =
            "COPY events (sequence, at, command, type, version, key, subject, period, content) FROM STDIN BINARY";
        let accounts = "COPY accounts (id, book, code, owner, currency, guarded) FROM STDIN BINARY";
        let entries = "COPY entries (book, sequence, source_key, event, rule, rule_version, effective, contract, box, \
                       corrects, line_count, previous_hash, hash) FROM STDIN BINARY";
        let lines = "COPY lines (book, entry, line, account, amount, contract) FROM STDIN BINARY";
        let keys = "COPY idempotency_keys (digest, request_hash, created_at, first_sequence, last_sequence, refusal, \
                    organization) FROM STDIN BINARY";
        Ok(Self {
            move_head: client.prepare(move_head).await?,
            events: client.prepare(events).await?,
            accounts: client.prepare(accounts).await?,
            entries: client.prepare(entries).await?,
            lines: client.prepare(lines).await?,
            keys: client.prepare(keys).await?,
        })
    }
}
