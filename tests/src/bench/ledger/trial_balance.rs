//! Trial balances of books that grow from 10⁵ to 10⁷ lines, and transfers into books that long.
//!
//! The books are filled by plain SQL, in the application's role and with every trigger in force: 10,000 contracts are prepaid, and
//! then deliveries of four contracts an entry move the prepayments to 500 sellers and to the fees, so many entries a day that the
//! longest books are of a year. The chain's links fit; its hashes are the entries' numbers, which a trial balance does not look at.

use std::time::Instant;

use infra::reports::{BookId, TrialBalanceOf};
use ledger::{Amount, Currency};
use tokio_postgres::Client;

use super::transfers;
use crate::bench::growth::{Cost, Growth};
use crate::bench::latency::Latencies;
use crate::bench::postgres::DurablePostgres;
use crate::bench::table::{Row, Table, per_second};
use crate::bench::{Options, progress};

const LINES: [u32; 3] = [100_000, 1_000_000, 10_000_000];
const LINES_PER_ENTRY: u32 = 12;
const CONTRACTS: u32 = 10_000;
const ENTRIES_PER_DAY: u32 = 2_300;
/// Entries in a transaction of the filling.
const ENTRIES_PER_BATCH: u32 = 20_000;
/// Trial balances of each kind and size.
const REPETITIONS: usize = 20;

const ACCOUNTS: &str = "\
    INSERT INTO accounts (id, book, code, owner, currency, guarded) VALUES \
        (1, 1, '1000-bank', 'bank:operations', 'USD', false), (2, 1, '4000-fee-revenue', '', 'USD', false); \
    INSERT INTO accounts (id, book, code, owner, currency, guarded) \
        SELECT 1000 + n, 1, '2200-seller-payable', 'org:seller-' || n, 'USD', true FROM generate_series(0, 499) n \
        UNION ALL SELECT 10000 + n, 1, '2100-contract-prepayment', 'contract:' || md5(n::text)::uuid, 'USD', true \
        FROM generate_series(0, 9999) n";

/// Entries from one number to another, dated so many a day, each linked to the one before.
const ENTRIES: &str = "\
    INSERT INTO entries (book, sequence, source_key, event, rule, rule_version, effective, line_count, previous_hash, hash) \
    SELECT 1, n, 'filled-' || n, n, $3::text, 1, DATE '2037-01-01' + (n / $4::bigint)::int, $5::int, \
        CASE n WHEN $1 THEN head_hash ELSE decode(lpad(to_hex(n - 1), 64, '0'), 'hex') END, decode(lpad(to_hex(n), 64, '0'), 'hex') \
    FROM books, generate_series($1::bigint, $2::bigint) n WHERE id = 1";

/// An entry for each contract, by which it is paid in advance.
const PREPAYMENTS: &str = "\
    INSERT INTO lines (book, entry, line, account, amount) \
    SELECT 1, n, line, CASE line WHEN 0 THEN 1 ELSE 10000 + n % 10000 END, CASE line WHEN 0 THEN 50000 ELSE -50000 END \
    FROM generate_series($1::bigint, $2::bigint) n, generate_series(0, 1) line";

/// Four contracts an entry, three lines each.
const DELIVERIES: &str = "\
    INSERT INTO lines (book, entry, line, account, amount) \
    SELECT 1, n, 3 * place + part, \
        CASE part WHEN 0 THEN 10000 + (4 * n + place) % 10000 WHEN 1 THEN 1000 + (4 * n + place) % 500 ELSE 2 END, \
        CASE part WHEN 0 THEN 8.442 WHEN 1 THEN -8.4 ELSE -0.042 END \
    FROM generate_series($1::bigint, $2::bigint) n, generate_series(0, 3) place, generate_series(0, 2) part";

/// The books as they are filled.
struct Filled {
    client: Client,
    entries: u32,
    lines: u32,
}

impl Filled {
    async fn open(client: Client) -> anyhow::Result<Self> {
        // The triggers' own tables of a large statement stay in memory.
        client.batch_execute("SET work_mem = '256MB'").await?;
        client.batch_execute(ACCOUNTS).await?;
        let mut filled = Self { client, entries: 0, lines: 0 };
        filled.add(CONTRACTS, 2, "term.prepaid", PREPAYMENTS).await?;
        Ok(filled)
    }

    /// Fills up to so many lines.
    async fn fill(&mut self, lines: u32) -> anyhow::Result<()> {
        while self.lines < lines {
            let entries = (lines - self.lines).div_ceil(LINES_PER_ENTRY).min(ENTRIES_PER_BATCH);
            self.add(entries, LINES_PER_ENTRY, "hours.delivered", DELIVERIES).await?;
        }
        Ok(())
    }

    async fn add(&mut self, entries: u32, lines_each: u32, rule: &str, lines: &str) -> anyhow::Result<()> {
        let (first, last) = (i64::from(self.entries) + 1, i64::from(self.entries + entries));
        let transaction = self.client.transaction().await?;
        let (per_day, line_count) = (i64::from(ENTRIES_PER_DAY), i32::try_from(lines_each)?);
        transaction.execute(ENTRIES, &[&first, &last, &rule, &per_day, &line_count]).await?;
        transaction.execute(lines, &[&first, &last]).await?;
        transaction.commit().await?;
        self.entries += entries;
        self.lines += entries * lines_each;
        Ok(())
    }
}

pub(super) async fn measure(options: &Options, postgres: &DurablePostgres, table: &mut Table) -> anyhow::Result<()> {
    let database = postgres.database("books").await?;
    let owner = database.connect_as_owner().await?;
    let mut filled = Filled::open(database.connect().await?).await?;
    let mut costs: [Vec<Cost>; 3] = Default::default();
    for lines in LINES {
        let lines = if options.quick { lines / 10 } else { lines };
        progress::tell("trial balance, filling the books, lines", lines);
        let started = Instant::now();
        filled.fill(lines).await?;
        let filling = per_second(usize::try_from(filled.lines)?, started.elapsed());
        owner.batch_execute("ANALYZE").await?;
        progress::tell("trial balance, lines", lines);
        let of = TrialBalanceOf { book: BookId::OPERATOR, currency: Currency::USD, as_of: None, known: None };
        let middle = u64::from(filled.entries / 2);
        let days = i32::try_from(filled.entries / ENTRIES_PER_DAY / 2)?;
        let day = jiff::civil::date(2037, 1, 1).saturating_add(jiff::Span::new().days(days));
        let kinds = [
            ("trial balance: now", of),
            ("trial balance: as of a day", TrialBalanceOf { as_of: Some(day), ..of }),
            ("trial balance: as known after an event", TrialBalanceOf { as_of: Some(day), known: Some(middle), ..of }),
        ];
        for ((measured, of), costs) in kinds.into_iter().zip(&mut costs) {
            let row = measure_kind(&filled, measured, of, costs).await?;
            table.add(row);
        }
        progress::tell("trial balance, filled lines per second", filling);
    }
    let lines = filled.lines;
    drop(filled);
    transfers::measure_into(options, database, lines, table).await
}

/// The row of one kind of trial balance, and what it adds to the costs of smaller books.
async fn measure_kind(
    filled: &Filled,
    measured: &'static str,
    of: TrialBalanceOf,
    costs: &mut Vec<Cost>,
) -> anyhow::Result<Row> {
    let mut latencies = Latencies::new();
    let started = Instant::now();
    for _ in 0..REPETITIONS {
        let begun = Instant::now();
        let rows = of.rows(&filled.client).await?;
        latencies.record(begun.elapsed());
        let total: Amount = rows.iter().map(|row| row.balance).sum();
        anyhow::ensure!(!rows.is_empty() && total.is_zero(), "the trial balance does not balance: {rows:?}");
    }
    let took = started.elapsed();
    let mean = took.as_secs_f64() * 1e6 / f64::from(u32::try_from(REPETITIONS)?);
    costs.push(Cost { size: f64::from(filled.lines), mean, p99: latencies.quantiles()[1].as_secs_f64() * 1e6 });
    Ok(Row {
        measured,
        size: format!("{} lines", filled.lines),
        rate: per_second(REPETITIONS, took),
        latency: Some(latencies.quantiles()),
        remarks: Growth::of(costs).map_or_else(String::new, |growth| format!("exponent {:.2}", growth.exponent)),
        ..Row::default()
    })
}
