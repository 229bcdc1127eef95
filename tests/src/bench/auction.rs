//! The spot auction of one market for one hour, all of it: clearing, sales, holds, journal entries.

use std::time::Instant as Clock;

use ledger::Instant;
use matching::{Event, Instruction, Log, NewOrder, NewSide, Price, Record, Supply, Window};

use super::desk::{Desk, NODE, ORIGIN};
use super::draw::Draw;
use super::table::{Row, Table, per_second};
use super::{Options, progress};

/// Orders in the auction, half of them bids.
const ORDERS: [usize; 3] = [1_000, 10_000, 100_000];
const SEED: u64 = 0x5EC0_4D71_0D00_0004;
const PASSES: usize = 5;

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
        let mut draw = Draw::seeded(SEED);
        let window = Window::new(ORIGIN, ORIGIN.plus(24))?;
        let lot = desk.list(1_000_000, window)?;
        for order in 0..orders {
            let limit_price = Price::from_micros(400_000 + i64::try_from(draw.below(6_001))? * 100)?;
            let (organization, side) = if order % 2 == 0 {
                (desk.provider, NewSide::SpotSell { supply: Supply::Lot(lot), window: None })
            } else {
                (desk.buyer, NewSide::SpotBuy { market: desk.market, min_gpus: None })
            };
            desk.place(NewOrder { organization, client_order_id: None, gpus: NODE, limit_price, side })?;
        }
        desk.move_to(Instant::from_micros(ORIGIN.start().micros() - 5 * 60_000_000));
        let command = desk.command(Instruction::Advance);
        let mut passes = Vec::with_capacity(PASSES);
        for _ in 0..PASSES {
            let (mut exchange, mut outcome) = (desk.exchange.clone(), Outcome::default());
            let started = Clock::now();
            exchange.execute(&command, &mut outcome)?;
            passes.push((started.elapsed(), outcome.price, outcome.sales));
        }
        passes.sort_unstable_by_key(|(took, ..)| *took);
        let (took, price, sales) = passes[PASSES / 2];
        table.add(Row {
            measured: "spot auction of one hour, in memory",
            size: format!("{orders} orders"),
            rate: per_second(orders, took),
            remarks: format!(
                "{:.1} ms in all, {sales} sales at {}",
                took.as_secs_f64() * 1_000.0,
                price.map_or_else(|| "no price".to_owned(), |price| price.to_string())
            ),
            ..Row::default()
        });
    }
    Ok(())
}
