//! Books made to hurt the index over time: nearly every ask is cheap enough and seems to fit, and none does but the dearest.
//!
//! The index of a book's side keeps bounds for groups of asks: from which hours on some ask of the group has a free run, and how far
//! such a run reaches. A search passes over a group whose bounds cannot hold the wanted window. Each of these books makes
//! the bounds say less than they should, so that a bid must look at ask after ask before it reaches the one that serves it:
//!
//! - *an hour short*: every free run is an hour shorter than the bid, and the runs lie staggered around its window. None is within
//!   another, so that a group has as many distinct runs as asks, and whatever bound covers a few of them together, an early
//!   start of one with a late end of another, covers the window that none of them does.
//! - *hours excluded*: every free run covers the window, and the ask sells only longer times, or only shorter ones. Hours that an
//!   ask sells are not bounded by runs.
//! - *too few GPUs*: every free run covers the window with one node, and the bid wants all its nodes from one lot. Bounds of time know
//!   of a node and no more.
//!
//! Such a flow has rows of its own: it says what an adversary can make a bid cost, not what bids cost.

use std::time::{Duration, Instant as Clock};

use anyhow::ensure;
use matching::{Event, Instruction, Log, NewOrder, NewSide, Placement, Price, Record, Window};

use super::desk::{Desk, NODE, ORIGIN, term};
use super::draw::Draw;
use super::latency::Latencies;
use super::table::{Row, Table, per_second};
use super::{Options, progress};

/// Asks in the way of each bid.
const ASKS: usize = 100_000;
const ASKS_PER_LOT: usize = 10;
/// Bids measured, fewer where they take longer than this together.
const BIDS: usize = 200;
const TIME_MAX: Duration = Duration::from_secs(5);
const SEED: u64 = 0x5EC0_4D71_0D00_0005;
/// When the wanted window starts, and how long it is: a week.
const START: u32 = 24 * 60;
const HOURS: u32 = 168;
/// The longest time that anybody sells.
const HOURS_MAX: u32 = 24 * 365;
/// Nodes that a bid wants, of lots with one.
const NODES_WANTED: u32 = 4;

/// What keeps an ask from serving the bid.
#[derive(Clone, Copy)]
enum Obstacle {
    HourShort,
    HoursExcluded,
    TooFewGpus,
}

/// Counts trades.
#[derive(Default)]
struct Trades(usize);

impl Log for Trades {
    fn append(&mut self, record: Record) {
        self.0 += usize::from(matches!(record.event, Event::TradeExecuted(_)));
    }
}

impl Obstacle {
    const ALL: [Self; 3] = [Self::HourShort, Self::HoursExcluded, Self::TooFewGpus];

    fn measured(self) -> &'static str {
        match self {
            Self::HourShort => "matching, adversarial: an hour short",
            Self::HoursExcluded => "matching, adversarial: hours excluded",
            Self::TooFewGpus => "matching, adversarial: too few GPUs",
        }
    }

    /// The window of a lot that is in the way.
    fn window(self, draw: &mut Draw) -> anyhow::Result<Window> {
        let (start, hours) = match self {
            // Within a day of the wanted one, and too short for it wherever it lies.
            Self::HourShort => (START - 24 + draw_below(draw, 49), HOURS - 1),
            Self::HoursExcluded | Self::TooFewGpus => {
                let before = draw_below(draw, HOURS);
                (START - before, HOURS + before + draw_below(draw, HOURS))
            }
        };
        Ok(Window::new(ORIGIN.plus(start), ORIGIN.plus(start + hours))?)
    }

    /// The shortest and the longest sale of an ask, by its place among its lot's asks.
    fn sells(self, place: usize) -> (u32, u32) {
        match self {
            Self::HoursExcluded if place.is_multiple_of(2) => (HOURS + 1, HOURS_MAX),
            Self::HoursExcluded => (1, HOURS - 1),
            Self::HourShort | Self::TooFewGpus => (1, HOURS_MAX),
        }
    }

    fn bid(self, desk: &Desk) -> anyhow::Result<NewOrder> {
        let window = Window::new(ORIGIN.plus(START), ORIGIN.plus(START + HOURS))?;
        let mut bid = desk.bid(NODE * NODES_WANTED, price(4_000)?, window);
        if let (Self::TooFewGpus, NewSide::Buy { options, .. }) = (self, &mut bid.side) {
            (options.min_gpus, options.placement) = (Some(NODE * NODES_WANTED), Placement::OneFabric);
        }
        Ok(bid)
    }
}

pub(super) fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    for obstacle in Obstacle::ALL {
        let asks = options.sized(ASKS);
        progress::tell(obstacle.measured(), asks);
        table.add(measure_obstacle(obstacle, asks)?);
    }
    Ok(())
}

fn measure_obstacle(obstacle: Obstacle, asks: usize) -> anyhow::Result<Row> {
    let mut draw = Draw::seeded(SEED);
    let mut desk = Desk::open()?;
    for _ in 0..asks / ASKS_PER_LOT {
        let window = obstacle.window(&mut draw)?;
        let lot = desk.list(NODE, window)?;
        for place in 0..ASKS_PER_LOT {
            let (min, max) = obstacle.sells(place);
            let ask = desk.ask(NODE, price(draw_below(&mut draw, 4_000))?, term(lot, min, max));
            desk.place(ask)?;
        }
    }
    // Another's: what those in the way have at rest uses up no more than their owner's share of a search.
    desk.become_provider(0)?;
    let lot = desk.list(1_000_000, Window::new(ORIGIN, ORIGIN.plus(HOURS_MAX))?)?;
    let dearest = desk.ask(1_000_000, price(4_000)?, term(lot, 1, HOURS_MAX));
    desk.place(dearest)?;
    let bid = obstacle.bid(&desk)?;
    let commands: Vec<_> = (0..BIDS).map(|_| desk.command(Instruction::PlaceOrder(bid.clone()))).collect();
    let (mut latencies, mut trades) = (Latencies::new(), Trades::default());
    let started = Clock::now();
    let (mut before, mut bids) = (started, 0);
    for command in &commands {
        desk.exchange.execute(command, &mut trades)?;
        bids += 1;
        let after = Clock::now();
        latencies.record(after - before);
        before = after;
        if before - started > TIME_MAX {
            break;
        }
    }
    ensure!(trades.0 == bids, "{} trades of {bids} bids, and the dearest ask serves each", trades.0);
    Ok(Row {
        measured: obstacle.measured(),
        size: format!("{asks} asks, {} lots", asks / ASKS_PER_LOT),
        rate: per_second(bids, before - started),
        latency: Some(latencies.quantiles()),
        remarks: format!("{bids} bids, each served by the dearest ask alone"),
        ..Row::default()
    })
}

fn draw_below(draw: &mut Draw, below: u32) -> u32 {
    u32::try_from(draw.below(below as usize)).unwrap_or(0)
}

/// So many ticks above 0.80.
fn price(ticks: u32) -> anyhow::Result<Price> {
    Ok(Price::from_micros(800_000 + i64::from(ticks) * 100)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_dearest_ask_serves() {
        for obstacle in Obstacle::ALL {
            measure_obstacle(obstacle, 400).unwrap();
        }
    }
}
