//! The audit of a log of the plain book's orders, cancels and trades, as it grows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use infra::audit::audit;

use crate::bench::flow::Flow;
use crate::bench::journaled::Journaled;
use crate::bench::postgres::DurablePostgres;
use crate::bench::table::{Row, Table, per_second};
use crate::bench::{Options, progress};

/// Events of the log, about.
const EVENTS: [usize; 2] = [100_000, 1_000_000];
const ORDERS_PER_BATCH: usize = 2_048;
const RESTING: usize = 1_000;
/// Audits of each log; the middle one counts.
const AUDITS: usize = 3;

pub(super) async fn measure(options: &Options, postgres: &DurablePostgres, table: &mut Table) -> anyhow::Result<()> {
    let database = postgres.database("audited").await?;
    let mut log = Journaled::open(database.clone()).await?;
    let resting = log.batch(RESTING, Flow::resting_order)?;
    log.lease.append(resting.whole()).await?;
    let owner = database.connect_as_owner().await?;
    for events in EVENTS {
        let events = options.sized(events);
        progress::tell("audit, filling the log, events", events);
        while log.lease.head() < u64::try_from(events)? {
            let batch = log.batch(ORDERS_PER_BATCH, Flow::order_or_cancel)?;
            log.lease.append(batch.whole()).await?;
        }
        owner.batch_execute("ANALYZE").await?;
        progress::tell("audit, events", events);
        let mut took = Vec::new();
        for _ in 0..AUDITS {
            let started = Instant::now();
            let report = audit(database.clone(), None, Arc::new(|_, _| {})).await?;
            took.push(started.elapsed());
            ensure!(report.sound, "the audit finds differences in books that nobody touched: {report:?}");
        }
        took.sort_unstable();
        let [.., middle, _] = took.as_slice() else { continue };
        let head = log.lease.head();
        table.add(Row {
            measured: "audit, without a topic",
            size: format!("{head} events"),
            rate: per_second(usize::try_from(head)?, *middle),
            remarks: format!("{} ms", Duration::as_millis(middle)),
            ..Row::default()
        });
    }
    Ok(())
}
