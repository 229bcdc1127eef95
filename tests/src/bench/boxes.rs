//! Boxes: deals projected in memory, and waterfall runs posted through the sequencer.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use infra::sequencer::{Sequencer, Started};
use infra::telemetry::Metrics;
use infra::{Clock, Database};
use ledger::deal::{Deal, DealTerms, InterestRate};
use ledger::{BoxId, ClientId, Day, ItemName, Label};
use matching::{DealParty, Event, Instruction, NewCollection};

use super::postgres::DurablePostgres;
use super::table::{Row, Table, per_second};
use super::{Options, progress};

/// Boxes of a measurement.
const BOXES: usize = 1_000;
/// Rounds of runs, one for each determination date.
const ROUNDS: usize = 3;

/// The reference deal at so many rates, which differ by a basis point.
fn deals(count: usize) -> anyhow::Result<Vec<DealTerms>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/examples/box/reference.json");
    let text = std::fs::read_to_string(path).context("the reference deal")?;
    let terms: DealTerms = serde_json::from_str(&text)?;
    let at = |basis_points: usize| {
        let mut terms = terms.clone();
        let rate = format!("0.{:04}", 500 + basis_points % 1_000).parse().context("a rate")?;
        terms.facilities[0].rate = InterestRate::Fixed(rate);
        Ok(terms)
    };
    (0..count).map(at).collect()
}

pub(super) async fn measure(options: &Options, postgres: &DurablePostgres, table: &mut Table) -> anyhow::Result<()> {
    let count = options.sized(BOXES);
    project(count, table)?;
    pay_out(count, postgres.database("boxes").await?, table).await
}

fn project(count: usize, table: &mut Table) -> anyhow::Result<()> {
    progress::tell("projections", count);
    let deals: Vec<Deal> = deals(count)?.into_iter().map(Deal::new).collect::<Result<_, _>>()?;
    let began = Instant::now();
    let mut dates = 0;
    for deal in &deals {
        dates += deal.project(&[])?.dates.len();
    }
    let took = began.elapsed();
    table.add(Row {
        measured: "boxes projected, in memory",
        size: format!("{count} boxes, {dates} dates"),
        rate: per_second(count, took),
        remarks: format!("{:.0} ms in all, with measures, on one core", took.as_secs_f64() * 1e3),
        ..Row::default()
    });
    Ok(())
}

/// Boxes of an exchange, and who keeps them.
struct Keeper {
    sequencer: Sequencer,
    by: ClientId,
    boxes: Vec<BoxId>,
}

impl Keeper {
    async fn open(count: usize, database: Database) -> anyhow::Result<Self> {
        let Started { sequencer, .. } =
            Sequencer::start(Arc::new(database), Clock::simulated(), matching::Limits::default(), Metrics::default())
                .await?;
        let (by, deals) = ("finance".parse()?, deals(count)?);
        let sponsor = deals.first().context("a deal")?.sponsor;
        sequencer
            .submit(Instruction::RegisterOrganization { organization: sponsor, name: "North".parse()? }, None)
            .await?;
        let create = |deal: DealTerms| {
            let (deal, party) = (Box::new(deal), DealParty::Finance);
            sequencer.submit(Instruction::CreateBox { deal, party, by }, None)
        };
        let receipts = futures::future::try_join_all(deals.into_iter().map(create)).await?;
        let created = receipts.iter().flat_map(|receipt| &receipt.rows).filter_map(|row| match &row.record.event {
            Event::BoxCreated(created) => Some(created.box_id),
            _ => None,
        });
        let keeper = Self { by, boxes: created.collect(), sequencer };
        keeper.each(|box_id| Instruction::CloseDeal { box_id, by }).await?;
        Ok(keeper)
    }

    /// Carries out one instruction for each box, all under way at once.
    async fn each(&self, instruction: impl Fn(BoxId) -> Instruction) -> anyhow::Result<()> {
        let all = self.boxes.iter().map(|id| self.sequencer.submit(instruction(*id), None));
        futures::future::try_join_all(all).await?;
        Ok(())
    }

    async fn collect(&self, paid: Day) -> anyhow::Result<()> {
        let (contract, amount): (ItemName, _) = ("anchor".parse()?, "5400000".parse()?);
        let wire: Label = "wire".parse()?;
        let collection = |box_id| {
            let reference = wire.clone();
            Instruction::Collect(NewCollection { box_id, by: self.by, contract, amount, paid, reference })
        };
        self.each(collection).await
    }
}

async fn pay_out(count: usize, database: Database, table: &mut Table) -> anyhow::Result<()> {
    progress::tell("waterfall runs, boxes", count);
    let keeper = Keeper::open(count, database).await?;
    for month in 0..ROUNDS {
        let date: Day = format!("2026-{:02}-01", month + 2).parse()?;
        keeper.collect(date).await?;
        let began = Instant::now();
        keeper.each(|box_id| Instruction::RunWaterfall { box_id, date, prepaid: Vec::new(), by: keeper.by }).await?;
        let took = began.elapsed();
        table.add(Row {
            measured: "waterfall runs, durable",
            size: format!("{count} boxes, {date}"),
            rate: per_second(count, took),
            remarks: format!("{:.0} ms in all, two entries each", took.as_secs_f64() * 1e3),
            ..Row::default()
        });
    }
    Ok(())
}
