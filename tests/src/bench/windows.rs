//! Matching windows of every length: ten asks on each lot, nine tenths of the hours sold, bids from an hour to five years.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context as _, ensure};
use matching::{Event, Instruction, Log, LotId, Price, Record, Window};

use super::desk::{Desk, NODE, ORIGIN, term};
use super::draw::Draw;
use super::growth::{Cost, Growth};
use super::latency::Latencies;
use super::table::{Row, Table, per_second, ratio};
use super::{Options, plot, progress};

/// Asks at rest while it is measured.
const ASKS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const ASKS_PER_LOT: usize = 10;
/// GPUs of a lot.
const LOT_GPUS: u32 = 64;
/// Five years.
const HORIZON: u32 = 43_824;
/// The tenths of a lot's hours that are sold before.
const SOLD_TENTHS: u64 = 9;
/// Bids measured; fewer on small books, so that they are not sold out meanwhile.
const BIDS: usize = 20_000;
/// The shortest sale in hours that an ask allows, by its place among its lot's asks: an hour, a day, a week, a month, a quarter.
const TENORS: [u32; 5] = [1, 24, 168, 720, 2_160];
const SEED: u64 = 0x5EC0_4D71_0D00_0003;

/// Counts trades, and searches that met their limit.
#[derive(Default)]
struct Fills {
    trades: usize,
    limited: usize,
}

impl Log for Fills {
    fn append(&mut self, record: Record) {
        self.trades += usize::from(matches!(record.event, Event::TradeExecuted(_)));
        self.limited += usize::from(record.event.met_search_limit());
    }
}

pub(super) fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    let mut costs = Vec::with_capacity(ASKS.len());
    for asks in ASKS {
        let asks = options.sized(asks);
        progress::tell("matching windows", asks);
        let (mut row, cost) = measure_size(asks)?;
        costs.push(cost);
        if let Some(growth) = Growth::of(&costs) {
            let _ = write!(row.remarks, ", exponent {:.2}", growth.exponent);
        }
        table.add(row);
    }
    if let Some(file) = &options.plot {
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(file, plot::svg(&costs)?).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

/// The row of one size, and what a bid costs.
fn measure_size(asks: usize) -> anyhow::Result<(Row, Cost)> {
    let mut draw = Draw::seeded(SEED);
    let mut desk = Desk::open()?;
    for _ in 0..asks / ASKS_PER_LOT {
        open_lot(&mut desk, &mut draw)?;
    }
    let bids = BIDS.min(asks);
    let mut commands = Vec::with_capacity(bids);
    for _ in 0..bids {
        let hours = length(&mut draw, 1, HORIZON);
        let start = draw_below(&mut draw, HORIZON - hours + 1);
        let window = Window::new(ORIGIN.plus(start), ORIGIN.plus(start + hours))?;
        let gpus = NODE << draw.below(3);
        let bid = desk.bid(gpus, price(&mut draw)?, window);
        commands.push(desk.command(Instruction::PlaceOrder(bid)));
    }
    let (mut latencies, mut unfilled, mut limited) = (Latencies::new(), 0, 0);
    let started = Clock::now();
    let mut before = started;
    for command in &commands {
        let mut fills = Fills::default();
        desk.exchange.execute(command, &mut fills)?;
        unfilled += usize::from(fills.trades == 0);
        limited += fills.limited;
        let after = Clock::now();
        latencies.record(after - before);
        before = after;
    }
    let took = before - started;
    ensure!(limited == 0, "{limited} searches of the windows met their limit");
    let share = |count: usize| ratio(u64::try_from(count * 100).unwrap_or(u64::MAX), commands.len() as u64);
    let row = Row {
        measured: "matching, windows of 1 h to 5 y",
        size: format!("{asks} asks, {} lots", asks / ASKS_PER_LOT),
        rate: per_second(commands.len(), took),
        latency: Some(latencies.quantiles()),
        remarks: format!("{} bids, {} % traded nothing", commands.len(), share(unfilled)),
        ..Row::default()
    };
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let [_, p99, _] = latencies.quantiles();
    let mean = micros(took / u32::try_from(commands.len())?);
    Ok((row, Cost { size: f64::from(u32::try_from(asks)?), mean, p99: micros(p99) }))
}

/// A lot of which nine tenths are sold, with its asks.
fn open_lot(desk: &mut Desk, draw: &mut Draw) -> anyhow::Result<()> {
    let window = Window::new(ORIGIN, ORIGIN.plus(HORIZON))?;
    let lot = desk.list(LOT_GPUS, window)?;
    sell_most(desk, draw, lot)?;
    for place in 0..ASKS_PER_LOT {
        let tenor = TENORS[place % TENORS.len()];
        let ask = desk.ask(LOT_GPUS, price(draw)?, term(lot, tenor, HORIZON));
        desk.place(ask)?;
    }
    Ok(())
}

/// Sells most of a lot, by an ask cheaper than any other that then goes.
fn sell_most(desk: &mut Desk, draw: &mut Draw, lot: LotId) -> anyhow::Result<()> {
    let cheapest = Price::from_micros(100)?;
    let ask = desk.ask(LOT_GPUS, cheapest, term(lot, 1, HORIZON));
    let ask = desk.place(ask)?;
    let wanted = u64::from(LOT_GPUS) * u64::from(HORIZON) * SOLD_TENTHS / 10;
    let mut sold = 0;
    while sold < wanted {
        // A part of the longest free run.
        let venue = desk.exchange.venue();
        let Some(free) = venue.lot(lot).and_then(|lot| lot.residual.runs(NODE).max_by_key(|run| run.hours())) else {
            break;
        };
        let gpus = venue.lot(lot).map_or(0, |lot| lot.residual.min_over(free)).max(NODE);
        let hours = length(draw, free.hours().div_ceil(4), free.hours());
        let start = free.start().plus(draw_below(draw, free.hours() - hours + 1));
        let window = Window::new(start, start.plus(hours))?;
        let bid = desk.bid(gpus, cheapest, window);
        desk.place(bid)?;
        sold += u64::from(gpus) * u64::from(hours);
    }
    // It is gone already where it has sold every hour.
    if desk.exchange.venue().order(ask).is_some() {
        let organization = desk.provider;
        desk.execute(Instruction::CancelOrder { organization, order: ask })?;
    }
    Ok(())
}

/// A length between two, short ones as likely as long ones: each doubling has the same share.
fn length(draw: &mut Draw, shortest: u32, longest: u32) -> u32 {
    let doublings = (longest / shortest.max(1)).max(1).ilog2();
    let base = shortest.max(1) << draw_below(draw, doublings + 1);
    (base + draw_below(draw, base)).clamp(1, longest)
}

fn draw_below(draw: &mut Draw, below: u32) -> u32 {
    u32::try_from(draw.below(below as usize)).unwrap_or(0)
}

/// A price between 0.80 and 1.20.
fn price(draw: &mut Draw) -> anyhow::Result<Price> {
    Ok(Price::from_micros(800_000 + i64::from(draw_below(draw, 4_001)) * 100)?)
}
