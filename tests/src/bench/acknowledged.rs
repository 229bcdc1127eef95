//! Durable orders as callers see them: submitted to the sequencer, acknowledged after the commit.

use std::sync::Arc;

use infra::journal::IdempotencyKey;
use infra::sequencer::{Sequencer, Started};
use infra::telemetry::Metrics;
use infra::{Clock, Database};
use matching::{Hour, Instruction};

use super::flow::Flow;
use super::open_loop::{Generator, Offer};
use super::postgres::{DurablePostgres, plain_tables};
use super::table::{Row, Table, per_second};
use super::written_rows::{PlainCopy, WrittenRows};
use super::{Options, catch_up, progress};

/// What is offered, and for how many orders.
const OFFERS: [(Offer, usize); 4] = [
    (Offer { rate: Some(1_000), in_flight_max: 4_096 }, 5_000),
    (Offer { rate: Some(4_000), in_flight_max: 4_096 }, 20_000),
    (Offer { rate: None, in_flight_max: 256 }, 30_000),
    (Offer { rate: None, in_flight_max: 4_096 }, 60_000),
];

pub(super) async fn measure(
    options: &Options,
    postgres: &DurablePostgres,
    per_order: u64,
    table: &mut Table,
) -> anyhow::Result<()> {
    let database = postgres.database("acknowledged").await?;
    plain_tables(&database, "copied").await?;
    let metrics = Metrics::default();
    let clock = Clock::simulated();
    let started =
        Sequencer::start(Arc::new(database.clone()), clock.clone(), matching::Limits::default(), metrics.clone())
            .await?;
    let mut flow = Flow::after(Hour::containing(clock.now()))?;
    open(&started.sequencer, &mut flow).await?;
    let generator = Generator::start()?;
    for (offer, orders) in OFFERS {
        let size = match offer.rate {
            Some(rate) => format!("offered {rate}/s"),
            None => format!("{} under way", offer.in_flight_max),
        };
        progress::tell("durable orders, acknowledged", &size);
        let orders = (0..options.sized(orders)).map(|_| {
            let key = IdempotencyKey { organization: None, digest: flow.digest(), request_hash: flow.digest() };
            Ok((Instruction::PlaceOrder(flow.order()?), key))
        });
        let orders = orders.collect::<anyhow::Result<Vec<_>>>()?;
        let (head, commits) = (started.log.head(), commits(&metrics));
        let sequencer = started.sequencer.clone();
        let offered = generator.offer(offer, orders, move |(instruction, key)| {
            let sequencer = sequencer.clone();
            async move { sequencer.submit(instruction, Some(key)).await.is_ok() }
        });
        let offered = offered.await?;
        let commits = self::commits(&metrics) - commits;
        let batch = offered.accepted.div_ceil(commits.max(1)).max(1);
        // COPY's capacity says little beside a rate that was asked for.
        let copy_rate = if offer.rate.is_none() { Some(copy_rate(&database, head, batch).await?) } else { None };
        table.add(Row {
            measured: "durable orders, acknowledged",
            size,
            rate: offered.rate,
            latency: Some(offered.latencies.quantiles()),
            copy_rate,
            per_order_rate: offer.rate.is_none().then_some(per_order),
            remarks: offered.remarks(format!("{batch} orders a commit")),
            ..Row::default()
        });
    }
    generator.stop();
    let Started { log, epoch, .. } = started;
    catch_up::measure(database, log, epoch, clock, table).await
}

/// Carries out the flow's opening.
pub(super) async fn open(sequencer: &Sequencer, flow: &mut Flow) -> anyhow::Result<()> {
    let opening = flow.opening()?;
    // All at once, and still in their order: each takes its place in the queue when it is first polled.
    let receipts = opening.into_iter().map(|instruction| sequencer.submit(instruction, None));
    for receipt in futures::future::try_join_all(receipts).await? {
        receipt.rows.iter().for_each(|row| flow.learn(&row.record.event));
    }
    Ok(())
}

/// What COPY does with everything after `head`, in transactions of so many orders.
async fn copy_rate(database: &Database, head: u64, orders: usize) -> anyhow::Result<u64> {
    let written = WrittenRows::read(database, head).await?;
    let mut copy = PlainCopy::into_schema(database, "copied").await?;
    let took = copy.write(written.blocks(orders)?).await?;
    Ok(per_second(written.orders(), took))
}

/// Transactions so far.
fn commits(metrics: &Metrics) -> usize {
    let text = metrics.render();
    let count = text.lines().find_map(|line| line.strip_prefix("secondwind_batch_events_count "));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}
