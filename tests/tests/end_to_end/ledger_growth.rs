//! The books' own checks as the books grow.

use serde_json::Value;
use tests::postgres::TestDatabase;
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// A customer account for each number of a range, and an entry for each that moves a dollar from the bank to it.
fn deposits(first: u32, last: u32) -> String {
    format!(
        "INSERT INTO accounts SELECT n + 1, 1, '2000-customer-available', 'org:o' || n, 'USD', true \
           FROM generate_series({first}, {last}) n; \
         INSERT INTO entries (book, sequence, source_key, rule, rule_version, effective, line_count, previous_hash, hash) \
           SELECT 1, n, n || '.0', 'deposit.matched', 1, '2027-01-01', 2, \
                  CASE n WHEN 1 THEN decode(repeat('00', 32), 'hex') ELSE sha256((n - 1)::text::bytea) END, \
                  sha256(n::text::bytea) \
           FROM generate_series({first}, {last}) n; \
         INSERT INTO lines (book, entry, line, account, amount) \
           SELECT 1, n, side, CASE side WHEN 0 THEN 1 ELSE n + 1 END, 1 - 2 * side \
           FROM generate_series({first}, {last}) n, generate_series(0, 1) side; \
         SET CONSTRAINTS ALL IMMEDIATE;"
    )
}

#[tokio::test]
async fn a_batch_costs_what_it_holds_and_not_what_the_books_hold() {
    let database = TestDatabase::create().await;
    let client = database.owner().await;
    let bank = "INSERT INTO accounts VALUES (1, 1, '1000-bank', '', 'USD', false)";
    client.batch_execute(bank).await.unwrap();
    // The leader's connection first writes while the books are empty, and PostgreSQL keeps the plans of that time.
    for entry in 1..=8 {
        client.batch_execute(&format!("BEGIN; {} COMMIT", deposits(entry, entry))).await.unwrap();
    }
    client.batch_execute(&format!("BEGIN; {} COMMIT", deposits(9, 400))).await.unwrap();
    // What the server has counted for the session, it forgets when it likes: it does not within a transaction.
    let read = "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint \
                FROM pg_stat_xact_user_tables WHERE relname IN ('entries', 'lines')";
    client.batch_execute("BEGIN").await.unwrap();
    let before: i64 = client.query_one(read, &[]).await.unwrap().get(0);
    client.batch_execute(&deposits(401, 500)).await.unwrap();
    let after: i64 = client.query_one(read, &[]).await.unwrap().get(0);
    let rows_read = after - before;
    // 100 entries with two lines each: every check may look at each of them a few times.
    assert!((100..1_000).contains(&rows_read), "{rows_read} rows read to check 100 entries");
}

/// A connection as the server's superuser, and what the server notes on it.
async fn overheard(database: &TestDatabase) -> (Client, mpsc::UnboundedReceiver<String>) {
    let (client, mut connection) = tokio_postgres::connect(&database.url(), NoTls).await.expect("a connection");
    let (notes, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notice(note) = message {
                // Nobody listens any more when the test is over.
                let _ = notes.send(note.message().to_owned());
            }
        }
    });
    (client, heard)
}

/// The rows that a node of a plan and those below it went through, those among them that a condition then left out.
fn rows_gone_through(node: &Value) -> f64 {
    let number = |name: &str| node[name].as_f64().unwrap_or(0.0);
    let of_one = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Join Filter");
    let below = node["Plans"].as_array().into_iter().flatten().map(rows_gone_through).sum::<f64>();
    of_one * number("Actual Loops") + below
}

/// Plans are kept from when one entry was a batch and the books were as good as empty. Whatever they are, they go through each row of a
/// batch a fixed number of times.
#[tokio::test]
async fn a_batch_twice_as_large_costs_twice_as_much() {
    let database = TestDatabase::create().await;
    let (client, mut notes) = overheard(&database).await;
    let bank = "INSERT INTO accounts VALUES (1, 1, '1000-bank', '', 'USD', false)";
    client.batch_execute(bank).await.unwrap();
    for entry in 1..=8 {
        client.batch_execute(&format!("BEGIN; {} COMMIT", deposits(entry, entry))).await.unwrap();
        // The planner is told that the tables are short.
        client.batch_execute("ANALYZE").await.unwrap();
    }
    let explain = "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on; \
                   SET auto_explain.log_timing = off; SET auto_explain.log_nested_statements = on; \
                   SET auto_explain.log_format = json; SET client_min_messages = log";
    client.batch_execute(explain).await.unwrap();
    let mut cost = async |first, last| {
        client.batch_execute(&format!("BEGIN; {} COMMIT", deposits(first, last))).await.unwrap();
        let mut rows = 0.0;
        while let Ok(note) = notes.try_recv() {
            let Some((_, plan)) = note.split_once("plan:") else { continue };
            let plan: Value = serde_json::from_str(plan).unwrap();
            rows += rows_gone_through(&plan["Plan"]);
        }
        rows
    };
    let (small, large) = (cost(9, 508).await, cost(509, 1_508).await);
    assert!(small > 10_000.0, "the statements of the triggers are among them: {small} rows");
    assert!(large < small * 2.2, "{small} rows for 500 entries, {large} for 1,000");
}
