//! The spot auction of one market for one hour, all of it: clearing, sales, holds, balances. The first hour has nobody who
//! could stay; the auction after it, of the same orders, has.

use std::time::{Duration, Instant as Clock};

use ledger::Instant;
use matching::{
    Command, Event, Exchange, GATE_MINUTES, Hour, Instruction, Log, NewOrder, NewSide, Price, Record, Supply, Window,
};

use super::desk::{Desk, NODE, ORIGIN};
use super::draw::Draw;
use super::table::{Row, Table, per_second};
use super::{Options, progress};

/// Orders in the auction, half of them bids.
const ORDERS: [usize; 3] = [1_000, 10_000, 100_000];
const SEED: u64 = 0x5EC0_4D71_0D00_0004;
const PASSES: usize = 5;
const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Notes the price and the sales.
#[derive(Default)]
struct Outcome {
    price: Option<Price>,
    sales: usize,
}

impl Log for Outcome {
    fn append(&mut self, record: Record) {
        match record.event {
            Event::SpotAuctionHeld(held) => self.price = held.price,
            Event::SpotHoursSold(sold) => self.sales += sold.sales.len(),
            _ => {}
        }
    }
}

pub(super) fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    for orders in ORDERS {
        let orders = options.sized(orders);
        progress::tell("spot auction", orders);
        let mut desk = Desk::open()?;
        place(&mut desk, orders)?;
        // The auctions of the hours before, in which nothing is on offer.
        desk.move_to(Instant::from_micros(gate(ORIGIN).micros() - MICROS_PER_MINUTE));
        desk.execute(Instruction::Advance)?;
        let mut advance_to = |instant| {
            desk.move_to(instant);
            desk.command(Instruction::Advance)
        };
        let commands = [advance_to(gate(ORIGIN)), advance_to(gate(ORIGIN.plus(1)))];
        let mut passes = Vec::with_capacity(PASSES);
        for _ in 0..PASSES {
            let mut exchange = desk.exchange.clone();
            let (first, outcome) = timed(&mut exchange, &commands[0])?;
            let (next, _) = timed(&mut exchange, &commands[1])?;
            passes.push((first, next, outcome));
        }
        passes.sort_unstable_by_key(|(took, ..)| *took);
        let (took, next, Outcome { price, sales }) = &passes[PASSES / 2];
        table.add(Row {
            measured: "spot auction of one hour, in memory",
            size: format!("{orders} orders"),
            rate: per_second(orders, *took),
            remarks: format!(
                "{:.1} ms in all, {sales} sales at {}; the next hour's {:.1} ms",
                millis(*took),
                price.map_or_else(|| "no price".to_owned(), |price| price.to_string()),
                millis(*next)
            ),
            ..Row::default()
        });
    }
    Ok(())
}

/// Places the bids and the asks.
fn place(desk: &mut Desk, orders: usize) -> anyhow::Result<()> {
    let mut draw = Draw::seeded(SEED);
    let lot = desk.list(1_000_000, Window::new(ORIGIN, ORIGIN.plus(24))?)?;
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    for order in 0..orders {
        let limit_price = Price::from_micros(400_000 + i64::try_from(draw.below(6_001))? * 100)?;
        let (side_of, organization, side) = if order % 2 == 0 {
            (&mut asks, desk.provider, NewSide::SpotSell { supply: Supply::Lot(lot), window: None })
        } else {
            (&mut bids, desk.buyer, NewSide::SpotBuy { market: desk.market, min_gpus: None })
        };
        side_of.push(NewOrder { organization, client_order_id: None, gpus: NODE, limit_price, side });
    }
    // Bids first: one looks through the asks for what they have left of the hour in progress.
    for order in bids.into_iter().chain(asks) {
        desk.place(order)?;
    }
    Ok(())
}

/// The gate of an hour's auction.
fn gate(hour: Hour) -> Instant {
    Instant::from_micros(hour.start().micros() - i64::from(GATE_MINUTES) * MICROS_PER_MINUTE)
}

fn timed(exchange: &mut Exchange, command: &Command) -> anyhow::Result<(Duration, Outcome)> {
    let mut outcome = Outcome::default();
    let started = Clock::now();
    exchange.execute(command, &mut outcome)?;
    Ok((started.elapsed(), outcome))
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
