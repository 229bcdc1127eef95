//! Durable transfers: ours through the sequencer, answered after the commit, and the rival's, in turn.

use std::sync::Arc;
use std::time::Duration;

use infra::sequencer::{Sequencer, Started};
use infra::telemetry::Metrics;
use infra::{Clock, Database};

use super::payouts::Payouts;
use super::rival::{CLIENTS, Rival};
use crate::bench::latency::Latencies;
use crate::bench::open_loop::{Generator, Offer};
use crate::bench::postgres::DurablePostgres;
use crate::bench::table::{Row, Table, per_second};
use crate::bench::{Options, progress};

/// How many of ours are under way at once, and how many there are in a round.
const UNDER_WAY: [(usize, usize); 3] = [(8, 2_000), (256, 10_000), (4_096, 40_000)];
/// The rival's in a round.
const RIVAL_ROUND: usize = 4_000;
/// Rounds of each size: ours and the rival take turns, so that what else the machine does meets both.
const ROUNDS: usize = 3;
/// Transfers before anything is measured, on either side.
const WARM_UP: usize = 2_000;

/// A sequencer with the payees' money in its books.
struct Payer {
    sequencer: Sequencer,
    payouts: Payouts,
    generator: Generator,
}

/// Transfers that were carried out.
#[derive(Default)]
struct Carried {
    count: usize,
    failed: usize,
    took: Duration,
    latencies: Latencies,
}

impl Carried {
    fn rate(&self) -> u64 {
        per_second(self.count, self.took)
    }

    /// The row of ours.
    fn row(&self, size: String) -> Row {
        Row {
            measured: "ledger transfers, durable",
            size,
            rate: self.rate(),
            latency: Some(self.latencies.quantiles()),
            remarks: if self.failed > 0 { format!("{} not accepted", self.failed) } else { String::new() },
            ..Row::default()
        }
    }
}

impl Payer {
    /// Takes the lead of a database, and pays the organizations' money in.
    async fn open(database: Database) -> anyhow::Result<Self> {
        let Started { sequencer, .. } =
            Sequencer::start(Arc::new(database), Clock::simulated(), matching::Limits::default(), Metrics::default())
                .await?;
        let payouts = Payouts::new()?;
        let receipts = payouts.opening().into_iter().map(|instruction| sequencer.submit(instruction, None));
        futures::future::try_join_all(receipts).await?;
        Ok(Self { sequencer, payouts, generator: Generator::start()? })
    }

    /// Carries out the next transfers, so many under way.
    async fn carry_out(&mut self, count: usize, under_way: usize, carried: &mut Carried) -> anyhow::Result<()> {
        let payouts = self.payouts.next(count);
        let payouts = payouts.into_iter().map(|payout| self.payouts.instruction(payout)).collect();
        let sequencer = self.sequencer.clone();
        let offer = Offer { rate: None, in_flight_max: under_way };
        let offered = self.generator.offer(offer, payouts, move |instruction| {
            let sequencer = sequencer.clone();
            async move { sequencer.submit(instruction, None).await.is_ok() }
        });
        let offered = offered.await?;
        carried.count += offered.accepted;
        carried.failed += offered.failed;
        carried.took += offered.took;
        carried.latencies.add(&offered.latencies);
        Ok(())
    }

    /// Ends the generator.
    fn close(self) {
        self.generator.stop();
    }
}

pub(super) async fn measure(options: &Options, postgres: &DurablePostgres, table: &mut Table) -> anyhow::Result<()> {
    let mut payer = Payer::open(postgres.database("transfers").await?).await?;
    let mut rival = Rival::open(postgres).await?;
    // The same seed once more: the rival's transfers are the first of ours.
    let mut payouts = Payouts::new()?;
    progress::tell("ledger transfers", "warming up");
    payer.carry_out(options.sized(WARM_UP), 256, &mut Carried::default()).await?;
    rival.carry_out(&payouts.next(options.sized(WARM_UP)), &mut Latencies::new()).await?;
    for (under_way, count) in UNDER_WAY {
        progress::tell("ledger transfers, under way", under_way);
        let (mut ours, mut theirs) = (Carried::default(), Carried::default());
        for _ in 0..ROUNDS {
            payer.carry_out(options.sized(count), under_way, &mut ours).await?;
            let batch = payouts.next(options.sized(RIVAL_ROUND));
            theirs.took += rival.carry_out(&batch, &mut theirs.latencies).await?;
            theirs.count += batch.len();
        }
        table.add(ours.row(format!("{under_way} under way")));
        table.add(Row {
            measured: "ledger transfers: pgledger-style SQL",
            size: format!("{CLIENTS} clients"),
            rate: theirs.rate(),
            latency: Some(theirs.latencies.quantiles()),
            our_rate: Some(ours.rate()),
            ..Row::default()
        });
    }
    payer.close();
    rival.check().await
}

/// Transfers into books that are long already.
pub(super) async fn measure_into(
    options: &Options,
    database: Database,
    lines: u32,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut payer = Payer::open(database).await?;
    payer.carry_out(options.sized(WARM_UP), 256, &mut Carried::default()).await?;
    for (under_way, count) in UNDER_WAY {
        progress::tell("ledger transfers into long books, under way", under_way);
        let mut ours = Carried::default();
        payer.carry_out(options.sized(count), under_way, &mut ours).await?;
        table.add(ours.row(format!("{under_way} under way, {lines} lines before")));
    }
    payer.close();
    Ok(())
}
