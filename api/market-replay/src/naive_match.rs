//! A plain continuous match of a plan, to see that its market makes sense: cheapest ask first, then oldest; a bid
//! takes only from lots that are free over its whole window; an arriving ask is offered to resting bids, dearest
//! first, then oldest. No fees, no funds, no quotes: the exchange itself is not involved.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{Action, Plan, TimeInForce, Window};

/// What came of a plan.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) bids: u64,
    pub(super) filled: u64,
    pub(super) partly_filled: u64,
    /// Of the filled, by an ask that came later.
    pub(super) filled_at_rest: u64,
    pub(super) gpu_hours_sold: u64,
    /// Per market: bids, filled bids, GPU-hours sold, and what was paid.
    pub(super) markets: BTreeMap<String, (u64, u64, u64, Decimal)>,
}

struct Ask {
    market: String,
    lot: String,
    price: Decimal,
    gpus: u32,
    window: Window,
    sold: BTreeMap<i64, u32>,
}

struct Resting {
    market: String,
    window: Window,
    limit: Decimal,
    remaining: u32,
    min_gpus: u32,
}

struct Book {
    asks: Vec<Ask>,
    resting: Vec<Resting>,
    lots: BTreeMap<String, (String, u32, BTreeMap<i64, u32>)>,
    outcome: Outcome,
}

fn hours(window: Window) -> std::ops::Range<i64> {
    let hour = |time: Timestamp| time.as_second() / 3600;
    hour(window.start)..hour(window.end)
}

fn least_free(sold: &BTreeMap<i64, u32>, gpus: u32, window: Window) -> u32 {
    gpus - sold.range(hours(window)).map(|(_, &sold)| sold).max().unwrap_or(0)
}

impl Book {
    /// GPUs that the ask can give to the bid.
    fn room(&self, ask: usize, bid: &Resting) -> u32 {
        let ask = &self.asks[ask];
        let covers = ask.window.start <= bid.window.start && bid.window.end <= ask.window.end;
        if ask.market != bid.market || ask.price > bid.limit || !covers {
            return 0;
        }
        let (_, gpus, sold) = &self.lots[&ask.lot];
        let free = least_free(sold, *gpus, bid.window).min(least_free(&ask.sold, ask.gpus, bid.window));
        let gives = free.min(bid.remaining);
        if gives < bid.min_gpus.min(bid.remaining) { 0 } else { gives }
    }

    fn trade(&mut self, ask: usize, bid: &mut Resting, gpus: u32) {
        let ask = &mut self.asks[ask];
        let lot = self.lots.get_mut(&ask.lot).unwrap();
        for hour in hours(bid.window) {
            *lot.2.entry(hour).or_default() += gpus;
            *ask.sold.entry(hour).or_default() += gpus;
        }
        bid.remaining -= gpus;
        let gpu_hours = u64::from(gpus) * hours(bid.window).count() as u64;
        self.outcome.gpu_hours_sold += gpu_hours;
        let market = self.outcome.markets.entry(bid.market.clone()).or_default();
        market.2 += gpu_hours;
        market.3 += ask.price * Decimal::from(gpu_hours);
        if bid.remaining == 0 {
            market.1 += 1;
            self.outcome.filled += 1;
        }
    }

    fn arrive(&mut self, mut bid: Resting, time_in_force: TimeInForce) {
        self.outcome.bids += 1;
        self.outcome.markets.entry(bid.market.clone()).or_default().0 += 1;
        let mut ranked: Vec<usize> = (0..self.asks.len()).filter(|&ask| self.room(ask, &bid) > 0).collect();
        ranked.sort_by_key(|&ask| (self.asks[ask].price, ask));
        if time_in_force == TimeInForce::FillOrKill {
            // Asks of one lot share its room, so this is an upper bound; close enough for a sanity check.
            let total: u32 = ranked.iter().map(|&ask| self.room(ask, &bid)).sum();
            if total < bid.remaining {
                return;
            }
        }
        let wanted = bid.remaining;
        for ask in ranked {
            let room = self.room(ask, &bid);
            if room > 0 {
                self.trade(ask, &mut bid, room);
            }
        }
        if bid.remaining > 0 {
            self.outcome.partly_filled += u64::from(bid.remaining < wanted);
            if time_in_force == TimeInForce::GoodTillCancelled {
                self.resting.push(bid);
            }
        }
    }

    fn offer(&mut self, ask: usize) {
        let mut resting = std::mem::take(&mut self.resting);
        let mut order: Vec<usize> = (0..resting.len()).collect();
        order.sort_by_key(|&place| (std::cmp::Reverse(resting[place].limit), place));
        for place in order {
            let bid = &mut resting[place];
            let room = self.room(ask, bid);
            if room > 0 {
                self.trade(ask, bid, room);
                self.outcome.filled_at_rest += u64::from(bid.remaining == 0);
            }
        }
        resting.retain(|bid| bid.remaining > 0);
        self.resting = resting;
    }
}

/// Matches the plan's orders in their order.
pub(super) fn simulate(plan: &Plan) -> Outcome {
    let mut book = Book { asks: Vec::new(), resting: Vec::new(), lots: BTreeMap::new(), outcome: Outcome::default() };
    for step in &plan.steps {
        match step.action.clone() {
            Action::RegisterLot { key, market, gpus, .. } => {
                book.lots.insert(key, (market, gpus, BTreeMap::new()));
            }
            Action::TermAsk { lot_key, price, gpus, window, .. } => {
                book.asks.push(Ask {
                    market: book.lots[&lot_key].0.clone(),
                    lot: lot_key,
                    price,
                    gpus,
                    window,
                    sold: BTreeMap::new(),
                });
                book.offer(book.asks.len() - 1);
            }
            Action::TermBid { market, gpus, min_gpus, window, limit_price, time_in_force, .. } => {
                book.arrive(Resting { market, window, limit: limit_price, remaining: gpus, min_gpus }, time_in_force);
            }
            // Spot takes what term leaves; the sanity check is of term alone.
            Action::CreateMarket(_)
            | Action::CreateOrganization { .. }
            | Action::SpotAsk { .. }
            | Action::SpotBid { .. }
            | Action::CancelSpotBid { .. } => {}
        }
    }
    for (_, gpus, sold) in book.lots.values() {
        assert!(sold.values().all(|sold| sold <= gpus), "an hour was sold twice");
    }
    book.outcome
}
