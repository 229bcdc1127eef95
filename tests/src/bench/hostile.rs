//! Books made to keep a search busy, and what one step of the engine costs over them.
//!
//! - *phantom lot*: a lot that refuses short remnants has sold twenty small windows, and its asks are staggered by an hour: a flexible
//!   quote has hundreds of starts, and each ask a sale to refuse at each of them.
//! - *one-GPU asks*: as many asks of one node as an all-or-none bid wants, less one. It rests and trades nothing; so does the next.
//! - *their sweep*: such a bid rests, and another ask comes that does not suffice either.
//! - *junk of one seller*: asks cheaper than any, on lots that refuse every sale, in the way of a bid that one dear ask serves.
//! - *short asks*: bids that rest, and an ask for their hours that none of them can have, being longer than it sells.

use std::time::{Duration, Instant as Clock};

use anyhow::ensure;
use matching::{
    BidOptions, DueStep, Instruction, Log, MarketChoice, NewSide, Price, QuoteRequest, Record, TermWindow, TimeInForce,
    Window,
};

use super::desk::{Desk, NODE, ORIGIN, term};
use super::latency::Latencies;
use super::table::{Row, Table, per_second};
use super::{Options, progress};

/// Asks in the way.
const ASKS: [usize; 3] = [1_000, 10_000, 100_000];
/// How often each is played.
const PLAYED: u32 = 20;
/// The hours of every lot.
const HOURS: u32 = 2_000;

/// Takes no notice.
struct Nothing;

impl Log for Nothing {
    fn append(&mut self, _record: Record) {}
}

#[derive(Clone, Copy)]
enum Attack {
    PhantomLot,
    OneNodeAsks,
    TheirSweep,
    JunkOfOneSeller,
    ShortAsks,
}

impl Attack {
    const ALL: [Self; 5] =
        [Self::PhantomLot, Self::OneNodeAsks, Self::TheirSweep, Self::JunkOfOneSeller, Self::ShortAsks];

    fn measured(self) -> &'static str {
        match self {
            Self::PhantomLot => "matching, adversarial: phantom lot",
            Self::OneNodeAsks => "matching, adversarial: one-node asks",
            Self::TheirSweep => "matching, adversarial: their sweep",
            Self::JunkOfOneSeller => "matching, adversarial: junk of one seller",
            Self::ShortAsks => "matching, adversarial: short asks",
        }
    }

    fn fill(self, desk: &mut Desk, asks: usize) -> anyhow::Result<()> {
        let day = window(0, 24)?;
        match self {
            Self::PhantomLot => {
                let lot = desk.list_with_remnant(1_000 * NODE, window(0, HOURS)?, 7)?;
                let first = desk.ask(1_000 * NODE, price(0)?, term(lot, 1, HOURS));
                desk.place(first)?;
                for sale in 0..20 {
                    let start = 100 + 40 * sale;
                    let bid = desk.bid(NODE, price(0)?, window(start, start + 10 + sale)?);
                    desk.place(bid)?;
                }
                for ask in 0..u32::try_from(asks)? {
                    let (start, gpus) = (ask % 60, 504 + NODE * (ask % 3));
                    let mut side = term(lot, 1, HOURS);
                    if let NewSide::Sell { window: hours, .. } = &mut side {
                        *hours = Some(window(start, 1_500 + ask % 400)?);
                    }
                    let ask = desk.ask(gpus, price(1 + ask % 3_000)?, side);
                    desk.place(ask)?;
                }
            }
            Self::OneNodeAsks | Self::TheirSweep => {
                for seller in 0..asks.div_ceil(1_000) {
                    desk.become_provider(seller)?;
                    let lot = desk.list(NODE * 1_000, window(0, HOURS)?)?;
                    for ask in 0..1_000.min(asks) {
                        let ask = desk.ask(NODE, price(u32::try_from(ask)?)?, term(lot, 1, HOURS));
                        desk.place(ask)?;
                    }
                }
                if matches!(self, Self::TheirSweep) {
                    for _ in 0..100 {
                        let bid = desk.resting_bid(NODE * (u32::try_from(asks)? + 1_000), price(4_000)?, day, true);
                        desk.place(bid)?;
                    }
                }
            }
            Self::JunkOfOneSeller => {
                for _ in 0..asks.div_ceil(100) {
                    let lot = desk.list_with_remnant(NODE, window(0, HOURS)?, HOURS)?;
                    for ask in 0..100 {
                        let ask = desk.ask(NODE, price(ask)?, term(lot, 1, HOURS));
                        desk.place(ask)?;
                    }
                }
                desk.become_provider(0)?;
                let lot = desk.list(1_000_000, window(0, HOURS)?)?;
                let dear = desk.ask(1_000_000, price(4_000)?, term(lot, 1, HOURS));
                desk.place(dear)?;
            }
            Self::ShortAsks => {
                for _ in 0..asks {
                    let bid = desk.resting_bid(NODE, price(4_000)?, day, false);
                    desk.place(bid)?;
                }
            }
        }
        Ok(())
    }

    /// Plays it once, and tells how long the longest step took.
    fn play(self, desk: &mut Desk) -> anyhow::Result<Duration> {
        let day = window(0, 24)?;
        let order = match self {
            Self::PhantomLot => {
                let request = QuoteRequest {
                    organization: desk.buyer,
                    markets: MarketChoice::One(desk.market),
                    gpus: 992 * NODE,
                    limit_price: None,
                    window: TermWindow::flexible(ORIGIN, ORIGIN.plus(900), 400)?,
                    options: BidOptions { time_in_force: TimeInForce::Fok, ..BidOptions::default() },
                };
                let (now, started) = (desk.exchange.now(), Clock::now());
                desk.exchange.quote(&request, now)?;
                return Ok(started.elapsed());
            }
            Self::OneNodeAsks => desk.resting_bid(NODE * 110_000, price(4_000)?, day, true),
            Self::TheirSweep => {
                let lot = desk.list(NODE, window(0, HOURS)?)?;
                desk.ask(NODE, price(0)?, term(lot, 1, HOURS))
            }
            Self::JunkOfOneSeller => desk.bid(NODE, price(4_000)?, day),
            Self::ShortAsks => {
                let lot = desk.list(NODE, window(0, HOURS)?)?;
                desk.ask(NODE, price(0)?, term(lot, 25, HOURS))
            }
        };
        let command = desk.command(Instruction::PlaceOrder(order));
        let mut started = Clock::now();
        desk.exchange.begin(&command, &mut Nothing)?;
        let mut longest = started.elapsed();
        while desk.exchange.is_unfinished(command.id) {
            started = Clock::now();
            desk.exchange.advance(DueStep::to(command.at), command.id, &mut Nothing)?;
            longest = longest.max(started.elapsed());
        }
        Ok(longest)
    }
}

pub(super) fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    for attack in Attack::ALL {
        for asks in ASKS {
            let asks = options.sized(asks);
            progress::tell(attack.measured(), asks);
            table.add(measure_attack(attack, asks)?);
        }
    }
    Ok(())
}

fn measure_attack(attack: Attack, asks: usize) -> anyhow::Result<Row> {
    let mut desk = Desk::open()?;
    attack.fill(&mut desk, asks)?;
    let (mut latencies, mut worst, mut took) = (Latencies::new(), Duration::ZERO, Duration::ZERO);
    for _ in 0..PLAYED {
        let step = attack.play(&mut desk)?;
        latencies.record(step);
        worst = worst.max(step);
        took += step;
    }
    ensure!(worst > Duration::ZERO, "nothing was measured");
    Ok(Row {
        measured: attack.measured(),
        size: format!("{asks} orders"),
        rate: per_second(PLAYED as usize, took),
        latency: Some(latencies.quantiles()),
        remarks: format!(
            "the longest step of each of {PLAYED} commands; the longest of all took {:.2} ms",
            worst.as_secs_f64() * 1e3
        ),
        ..Row::default()
    })
}

fn window(start: u32, end: u32) -> anyhow::Result<Window> {
    Ok(Window::new(ORIGIN.plus(start), ORIGIN.plus(end))?)
}

/// So many ticks above 0.80.
fn price(ticks: u32) -> anyhow::Result<Price> {
    Ok(Price::from_micros(800_000 + i64::from(ticks) * 100)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attack_can_be_played() {
        for attack in Attack::ALL {
            measure_attack(attack, 200).unwrap();
        }
    }
}
