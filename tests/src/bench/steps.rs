//! The plain flow as any exchange would see it: orders by number, prices in ticks, nothing of ours.
//!
//! Bids and asks come from different participants, so that nobody can trade with itself, and all have the same size. A cancel names
//! an order that is open when its turn comes; to know that, the flow keeps a book of its own, as plain as can be, by which it also
//! knows what must have traded in the end.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context as _;

use super::draw::Draw;

const SEED: u64 = 0x5EC0_4D71_0D00_0001;
pub(super) const BUYERS: usize = 64;
pub(super) const PROVIDERS: usize = 16;
/// The size of every order.
pub(super) const GPUS_PER_ORDER: u32 = 8;
/// Prices are this many ticks apart at most, on either side of the spread.
const DEPTH_TICKS: usize = 1_000;
const BEST_RESTING_BID_TICKS: u32 = 10_500;
const BEST_ASK_TICKS: u32 = 10_501;
const CROSSING_BID_TICKS: u32 = 12_000;

/// What comes next in the flow with cancels; as many orders leave the book as come to rest.
const CYCLE: [Turn; 6] = [Turn::CrossingBid, Turn::Ask, Turn::CancelBid, Turn::RestingBid, Turn::Ask, Turn::CancelAsk];

#[derive(Clone, Copy)]
enum Turn {
    CrossingBid,
    RestingBid,
    Ask,
    CancelBid,
    CancelAsk,
}

/// Who placed an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Participant {
    /// One of [`BUYERS`].
    Buyer(usize),
    /// One of [`PROVIDERS`].
    Provider(usize),
}

/// An order of the flow: a bid if a buyer placed it, else an ask. It stays until it is filled or cancelled.
#[derive(Clone, Copy)]
pub(super) struct Placement {
    /// Its number: the first is one, the next has the next.
    pub order: u64,
    pub participant: Participant,
    pub price_ticks: u32,
}

/// One step of the flow.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Place(Placement),
    /// Cancels an order that is open.
    Cancel {
        order: u64,
        participant: Participant,
    },
}

/// What traded: every engine must come to the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub trades: u64,
    pub gpus: u64,
    /// GPUs times ticks, by which a worse price shows.
    pub value: u64,
}

/// A book to be filled, and what happens then.
pub(super) struct PlainFlow {
    /// Orders that come to rest.
    pub resting: Vec<Step>,
    /// Orders and cancels that leave the book as full as it was.
    pub measured: Vec<Step>,
    /// What trades in `measured`.
    pub traded: Tally,
}

/// Open orders of one side, any of which can be drawn.
#[derive(Default)]
struct Open {
    orders: Vec<Placement>,
    places: HashMap<u64, usize>,
}

/// Makes the steps, in an order that the seed decides.
pub(super) struct Steps {
    draw: Draw,
    bids: Open,
    asks: Open,
    /// The asks by price, then time.
    best_asks: BTreeSet<(u32, u64)>,
    turn: usize,
    orders: u64,
    traded: Tally,
}

impl Participant {
    /// Its number among all of them, from one.
    pub fn number(self) -> usize {
        match self {
            Self::Buyer(buyer) => 1 + buyer,
            Self::Provider(provider) => 1 + BUYERS + provider,
        }
    }
}

impl Placement {
    /// Whether it buys.
    pub fn is_bid(&self) -> bool {
        matches!(self.participant, Participant::Buyer(_))
    }
}

impl Tally {
    /// Takes note of a trade.
    pub fn add(&mut self, gpus: u64, price_ticks: u64) {
        self.trades += 1;
        self.gpus += gpus;
        self.value += gpus * price_ticks;
    }
}

impl Open {
    fn add(&mut self, placement: Placement) {
        self.places.insert(placement.order, self.orders.len());
        self.orders.push(placement);
    }

    fn remove(&mut self, order: u64) {
        let Some(place) = self.places.remove(&order) else { return };
        self.orders.swap_remove(place);
        if let Some(moved) = self.orders.get(place) {
            self.places.insert(moved.order, place);
        }
    }
}

impl PlainFlow {
    /// The flow over a book of so many orders.
    pub fn new(resting: usize, measured: usize) -> anyhow::Result<Self> {
        let mut steps = Steps::new();
        let resting = (0..resting).map(|_| Step::Place(steps.resting_order())).collect();
        let measured = (0..measured).map(|_| steps.order_or_cancel()).collect::<anyhow::Result<_>>()?;
        Ok(Self { resting, measured, traded: steps.traded })
    }
}

impl Steps {
    pub fn new() -> Self {
        Self {
            draw: Draw::seeded(SEED),
            bids: Open::default(),
            asks: Open::default(),
            best_asks: BTreeSet::new(),
            turn: 0,
            orders: 0,
            traded: Tally::default(),
        }
    }

    /// A bid or an ask that will rest, in turn.
    pub fn resting_order(&mut self) -> Placement {
        self.turn += 1;
        if self.turn.is_multiple_of(2) { self.resting_bid() } else { self.ask() }
    }

    /// The next order of the flow without cancels: an ask, a bid that takes it, and a bid that rests.
    pub fn order(&mut self) -> anyhow::Result<Placement> {
        self.turn += 1;
        match self.turn % 3 {
            1 => Ok(self.ask()),
            2 => self.crossing_bid(),
            _ => Ok(self.resting_bid()),
        }
    }

    /// The next order or cancel of the flow that leaves the book as full as it was.
    pub fn order_or_cancel(&mut self) -> anyhow::Result<Step> {
        self.turn += 1;
        let open = match CYCLE[self.turn % CYCLE.len()] {
            Turn::CrossingBid => return self.crossing_bid().map(Step::Place),
            Turn::RestingBid => return Ok(Step::Place(self.resting_bid())),
            Turn::Ask => return Ok(Step::Place(self.ask())),
            Turn::CancelBid => &mut self.bids,
            Turn::CancelAsk => &mut self.asks,
        };
        let place = self.draw.below(open.orders.len());
        let Placement { order, participant, price_ticks } =
            *open.orders.get(place).context("the book has run empty")?;
        open.remove(order);
        self.best_asks.remove(&(price_ticks, order));
        Ok(Step::Cancel { order, participant })
    }

    /// All asks are below its price and all orders of one size, so that it takes the best ask whole.
    fn crossing_bid(&mut self) -> anyhow::Result<Placement> {
        let (price_ticks, ask) = self.best_asks.pop_first().context("the book has run out of asks")?;
        self.asks.remove(ask);
        self.traded.add(u64::from(GPUS_PER_ORDER), u64::from(price_ticks));
        Ok(self.bid(CROSSING_BID_TICKS))
    }

    fn resting_bid(&mut self) -> Placement {
        let depth = self.depth();
        let bid = self.bid(BEST_RESTING_BID_TICKS - depth);
        self.bids.add(bid);
        bid
    }

    fn bid(&mut self, price_ticks: u32) -> Placement {
        let buyer = self.draw.below(BUYERS);
        self.placement(Participant::Buyer(buyer), price_ticks)
    }

    fn ask(&mut self) -> Placement {
        let provider = self.draw.below(PROVIDERS);
        let price_ticks = BEST_ASK_TICKS + self.depth();
        let ask = self.placement(Participant::Provider(provider), price_ticks);
        self.asks.add(ask);
        self.best_asks.insert((price_ticks, ask.order));
        ask
    }

    fn placement(&mut self, participant: Participant, price_ticks: u32) -> Placement {
        self.orders += 1;
        Placement { order: self.orders, participant, price_ticks }
    }

    /// Ticks away from the best price.
    fn depth(&mut self) -> u32 {
        u32::try_from(self.draw.below(DEPTH_TICKS)).unwrap_or(0)
    }
}
