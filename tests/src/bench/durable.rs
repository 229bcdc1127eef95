//! Durable orders at fixed batch sizes: the journal alone, beside COPY and beside a transaction per order.

use std::time::{Duration, Instant};

use super::flow::Flow;
use super::journaled::Journaled;
use super::postgres::{DurablePostgres, plain_tables};
use super::table::{Row, Table, per_second};
use super::written_rows::{PlainCopy, WrittenRows};
use super::{Options, progress};

/// Orders and cancels in a transaction, and transactions in a round.
const BATCHES: [(usize, usize); 4] = [(1, 400), (16, 120), (128, 30), (1_024, 8)];
/// Rounds of each size: ours and COPY take turns, so that what else the machine does meets both.
const ROUNDS: usize = 3;
/// Orders at rest before the first round.
const RESTING: usize = 1_000;
/// Connections of the baseline that commits every order by itself; the best counts.
const CONNECTIONS: [usize; 3] = [8, 16, 32];
/// Orders of that baseline.
const ONE_BY_ONE_MAX: usize = 8_000;

/// Measures, and tells the best rate of a transaction per order.
pub(super) async fn measure(options: &Options, postgres: &DurablePostgres, table: &mut Table) -> anyhow::Result<u64> {
    let database = postgres.database("durable").await?;
    plain_tables(&database, "copied").await?;
    let mut copy = PlainCopy::into_schema(&database, "copied").await?;
    let mut bench = Journaled::open(database.clone()).await?;
    let resting = bench.batch(RESTING, Flow::resting_order)?;
    bench.lease.append(resting.whole()).await?;

    let before = bench.lease.head();
    let mut results = Vec::new();
    for (orders, batches) in BATCHES {
        progress::tell("durable orders, orders per transaction", orders);
        let (mut ours, mut copied, mut count) = (Duration::ZERO, Duration::ZERO, 0);
        for _ in 0..ROUNDS {
            let mut made = Vec::new();
            for _ in 0..options.sized(batches) {
                made.push(bench.batch(orders, Flow::order_or_cancel)?);
            }
            let head = bench.lease.head();
            let started = Instant::now();
            for batch in &made {
                bench.lease.append(batch.whole()).await?;
            }
            ours += started.elapsed();
            let written = WrittenRows::read(&database, head).await?;
            count += written.orders();
            copied += copy.write(written.blocks(orders)?).await?;
        }
        results.push((orders, per_second(count, ours), per_second(count, copied)));
    }

    let written = WrittenRows::read(&database, before).await?;
    let mut one_by_one = Vec::new();
    for connections in CONNECTIONS {
        progress::tell("a transaction per order, connections", connections);
        let schema = format!("single_{connections}");
        plain_tables(&database, &schema).await?;
        let orders_max = options.sized(ONE_BY_ONE_MAX);
        let (count, took) = written.insert_one_by_one(&database, &schema, connections, orders_max).await?;
        one_by_one.push((connections, per_second(count, took)));
    }
    let best = one_by_one.iter().map(|(_, rate)| *rate).max().unwrap_or(0);
    for (orders, rate, copy_rate) in results {
        table.add(Row {
            measured: "durable orders, journal alone",
            size: format!("{orders} a transaction"),
            rate,
            copy_rate: Some(copy_rate),
            per_order_rate: Some(best),
            ..Row::default()
        });
    }
    for (connections, rate) in one_by_one {
        table.add(Row {
            measured: "baseline: a transaction per order",
            size: format!("{connections} connections"),
            rate,
            per_order_rate: Some(best),
            ..Row::default()
        });
    }
    Ok(best)
}
