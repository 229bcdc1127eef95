//! The books' own checks as the books grow.

use tests::postgres::TestDatabase;

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
    client.batch_execute(&format!("BEGIN; {}", deposits(401, 500))).await.unwrap();
    let read = "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint \
                FROM pg_stat_xact_user_tables WHERE relname IN ('entries', 'lines')";
    let rows_read: i64 = client.query_one(read, &[]).await.unwrap().get(0);
    // 100 entries with two lines each: every check may look at each of them a few times.
    assert!((100..2_000).contains(&rows_read), "{rows_read} rows read to check 100 entries");
}
