//! Trading venue: markets, lots and resting orders, and the plan of what a bid would buy.
//!
//! The venue owns supply and the order books. It promises that a plan never sells an hour of a lot twice and that
//! candidates rank by price, then by time. It knows no money: funds, fees and holds are the exchange's business.
//!
//! - `budget`: how much a search may look at.
//! - `tally`: counts by key; `starts`: the starts of a flexible window.
//! - `plan`: what a bid would buy, by its window, placement and options.
//! - `sweep`: which resting bids a new offer may serve.
//! - `sold_out`: asks that have sold every hour, for the case that a trade of theirs is undone.
//! - `unfilled`: why a bid does not fill, and what would fill it.
//! - `spot`: the standing orders of a market's hourly auction and what they bought.

mod budget;
mod plan;
mod sold_out;
mod spot;
mod starts;
mod sweep;
mod tally;
mod unfilled;

use ledger::{Map, OrganizationId, exact, invariant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slab::Slab;
use smallvec::SmallVec;

use sold_out::SoldOut;

pub use budget::{SearchPlace, WorkBudget};
pub use plan::{Arrival, Execution, OwnOrders, Plan, Search};
pub use spot::{SpotBook, SpotHour, SpotSale};
pub use sweep::{Cursor, Offer};
pub use unfilled::{Unfilled, UnfilledReason, WouldFill};

use crate::frontier::{Sizes, Span, Spans};
use crate::hours::{Hour, Window};
use crate::identity::{LotId, OrderId};
use crate::keys::{LotKey, MarketKey, OwnerKey};
use crate::ladder::{Ladder, Rung};
use crate::linked::Roster;
use crate::lot::{Binding, Lot, Supply};
use crate::market::{MarketFilter, MarketId, MarketSpec};
use crate::order::{Ask, Bid, Order, Placement, Rank, SpotAsk, SpotBid};
use crate::price::Price;

/// Market with its books.
#[derive(Clone, Debug)]
pub struct Market {
    /// Terms on which it trades.
    pub spec: MarketSpec,
    /// Whether trading is halted.
    pub halted: bool,
    /// Largest distance of a limit from the last price; `None` when there is no band.
    pub price_band: Option<PriceBand>,
    /// Price of the last term trade that has not been undone; `None` before the first.
    pub last_price: Option<Price>,
    /// Sequence and price of the last trade among those that are delivered whole.
    pub(crate) last_completed: Option<(u64, Price)>,
    /// Spot orders and hourly auctions.
    pub spot: SpotBook,
    bids: Ladder<BidRung>,
    asks: Ladder<AskRung>,
}

/// Price band: a guard against mistyped prices.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PriceBand {
    /// Largest distance of a bid's limit above, and an ask's below the reference, in basis points of it.
    pub width_bps: u32,
    /// Reference until a trade sets a price; `None` leaves limits free until then.
    pub reference: Option<Price>,
}

/// Bid as it stands in its ladder.
#[derive(Clone, Copy, Debug)]
struct BidRung {
    rank: Rank,
    order: u32,
    earliest: Hour,
    latest: Hour,
    hours: u32,
}

/// Ask as it stands in its ladder.
#[derive(Clone, Copy, Debug)]
struct AskRung {
    rank: Rank,
    order: u32,
    owner: OwnerKey,
    sizes: Sizes,
}

impl Rung for BidRung {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn sizes(&self) -> Sizes {
        Sizes { gpus: u32::MAX, hours_min: self.hours, hours_max: self.hours }
    }
}

impl Rung for AskRung {
    fn rank(&self) -> Rank {
        self.rank
    }

    fn sizes(&self) -> Sizes {
        self.sizes
    }

    fn owner(&self) -> Option<u32> {
        Some(self.owner.0)
    }
}

/// Lot with the orders on it.
#[derive(Clone, Debug)]
struct Shelf {
    lot: Lot,
    /// Lot size of the market: fewer free GPUs cannot be sold.
    unit: u32,
    /// Keys of its asks, term and spot, in no particular order.
    asks: Vec<u32>,
    /// Index among its asks of the next one whose spans are measured; see [`MEASURED_MAX`].
    next: usize,
    /// Last of its term asks that have sold every hour.
    sold_out: Option<u32>,
}

/// Markets, lots and the orders at rest.
#[derive(Clone, Debug, Default)]
pub struct Venue {
    market_keys: Map<MarketId, MarketKey>,
    /// Keys of the markets in the order of their names.
    by_name: Vec<MarketKey>,
    markets: Vec<Market>,
    lot_keys: Map<Supply, LotKey>,
    shelves: Slab<Shelf>,
    /// Lots of each provider, and the supplies of each lot: resold parts included.
    lots_together: Map<Binding, Vec<LotKey>>,
    order_keys: Map<OrderId, u32>,
    orders: Slab<Order>,
    /// Orders of each organization, in the order in which they came to rest.
    owned: Roster<OrganizationId>,
    sold_out: Slab<SoldOut>,
    owner_keys: Map<OrganizationId, OwnerKey>,
    /// Number of asks of each owner in each market, term and spot.
    asks_of_owner: Map<(OwnerKey, MarketKey), u32>,
}

impl Venue {
    /// Opens a market that is not open yet.
    pub fn open(&mut self, spec: MarketSpec) {
        let key = MarketKey(exact(self.markets.len()));
        self.market_keys.insert(spec.id, key);
        let place = self.by_name.partition_point(|other| self.at(*other).spec.id < spec.id);
        self.by_name.insert(place, key);
        self.markets.push(Market {
            spec,
            halted: false,
            price_band: None,
            last_price: None,
            last_completed: None,
            spot: SpotBook::default(),
            bids: Ladder::default(),
            asks: Ladder::default(),
        });
    }

    /// Iterates over every market, by name.
    pub fn markets(&self) -> impl Iterator<Item = &Market> {
        self.by_name.iter().map(|key| self.at(*key))
    }

    /// Finds the market of this name.
    pub fn market(&self, id: MarketId) -> Option<&Market> {
        self.key(id).map(|key| self.at(key))
    }

    /// Finds the key of the market of this name.
    pub fn key(&self, id: MarketId) -> Option<MarketKey> {
        self.market_keys.get(&id).copied()
    }

    /// Returns the market with this key.
    pub fn at(&self, key: MarketKey) -> &Market {
        &self.markets[key.0 as usize]
    }

    /// Returns the market with this key, to change.
    pub(crate) fn at_mut(&mut self, key: MarketKey) -> &mut Market {
        &mut self.markets[key.0 as usize]
    }

    /// Lists the markets that a filter admits, by name.
    pub fn admitted(&self, filter: &MarketFilter) -> Vec<MarketId> {
        self.markets().filter(|market| filter.admits(&market.spec)).map(|market| market.spec.id).collect()
    }

    /// Finds a provider's lot by id, while its window lasts.
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.supply(Supply::Lot(id))
    }

    /// Finds the lot of a supply.
    pub fn supply(&self, supply: Supply) -> Option<&Lot> {
        self.lot_key(supply).map(|key| self.lot_at(key))
    }

    /// Finds the key of the lot of a supply.
    pub fn lot_key(&self, supply: Supply) -> Option<LotKey> {
        self.lot_keys.get(&supply).copied()
    }

    /// Returns the lot with this key.
    pub fn lot_at(&self, key: LotKey) -> &Lot {
        &self.shelves[key.0 as usize].lot
    }

    /// Lists every lot, in a fixed order.
    pub fn lots(&self) -> Vec<&Lot> {
        let mut lots: Vec<_> = self.shelves.iter().map(|(_, shelf)| &shelf.lot).collect();
        lots.sort_unstable_by_key(|lot| lot.supply);
        lots
    }

    /// Finds an order at rest by id.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.order_keys.get(&id).map(|key| &self.orders[*key as usize])
    }

    /// Finds the key of an order at rest by id.
    pub(crate) fn order_key(&self, id: OrderId) -> Option<u32> {
        self.order_keys.get(&id).copied()
    }

    /// Returns the order at this key.
    pub(crate) fn order_at(&self, key: u32) -> &Order {
        &self.orders[key as usize]
    }

    /// Lists every order at rest, by id.
    pub fn orders(&self) -> Vec<&Order> {
        let mut orders: Vec<_> = self.orders.iter().map(|(_, order)| order).collect();
        orders.sort_unstable_by_key(|order| order.id());
        orders
    }

    /// Iterates over an organization's orders at rest, in the order in which they came to rest.
    pub fn orders_of(&self, organization: OrganizationId) -> impl Iterator<Item = &Order> {
        self.owned.of(organization).map(|key| &self.orders[key as usize])
    }

    /// Iterates over the term bids at rest in a market, best first.
    pub fn bids(&self, market: MarketKey) -> impl Iterator<Item = &Bid> {
        self.at(market).bids.iter().filter_map(|rung| self.bid_at(rung.order))
    }

    /// Iterates over the term asks at rest in a market, best first.
    pub fn asks(&self, market: MarketKey) -> impl Iterator<Item = &Ask> {
        self.at(market).asks.iter().filter_map(|rung| self.ask_at(rung.order))
    }

    /// Lists the asks on a lot, term and spot, best first.
    pub fn asks_on(&self, lot: LotKey) -> Vec<&Order> {
        self.best_asks_on(lot, usize::MAX)
    }

    /// Lists the first `max` of the asks on a lot, term and spot, best first.
    pub(crate) fn best_asks_on(&self, lot: LotKey, max: usize) -> Vec<&Order> {
        let asks = self.shelves[lot.0 as usize].asks.iter().map(|key| &self.orders[*key as usize]);
        let mut asks: Vec<&Order> = asks.collect();
        if max < asks.len() {
            asks.select_nth_unstable_by_key(max, |order| order.rank());
            asks.truncate(max);
        }
        asks.sort_unstable_by_key(|order| order.rank());
        asks
    }

    /// Counts the asks on a lot, term and spot.
    pub(crate) fn count_asks_on(&self, lot: LotKey) -> usize {
        self.shelves[lot.0 as usize].asks.len()
    }

    /// Counts the asks of an organization at rest in a market, term and spot.
    pub fn asks_of(&self, organization: OrganizationId, market: MarketId) -> u32 {
        let (Some(market), Some(owner)) = (self.key(market), self.owner_keys.get(&organization)) else { return 0 };
        self.asks_of_owner.get(&(*owner, market)).copied().unwrap_or(0)
    }

    /// Finds a term bid at rest by id.
    pub fn bid(&self, id: OrderId) -> Option<&Bid> {
        self.bid_at(*self.order_keys.get(&id)?)
    }

    /// Finds a term ask at rest by id.
    pub fn ask(&self, id: OrderId) -> Option<&Ask> {
        self.ask_at(*self.order_keys.get(&id)?)
    }

    fn bid_at(&self, key: u32) -> Option<&Bid> {
        match &self.orders[key as usize] {
            Order::Bid(bid) => Some(bid),
            _ => None,
        }
    }

    fn ask_at(&self, key: u32) -> Option<&Ask> {
        match &self.orders[key as usize] {
            Order::Ask(ask) => Some(ask),
            _ => None,
        }
    }

    /// Adds a lot and returns its key.
    pub(crate) fn add_lot(&mut self, lot: Lot) -> LotKey {
        let (supply, bindings) = (lot.supply, lot.bindings());
        let unit = self.at(lot.market_key).spec.lot_size;
        let index = self.shelves.insert(Shelf { lot, unit, asks: Vec::new(), next: 0, sold_out: None });
        let key = LotKey(exact(index));
        self.lot_keys.insert(supply, key);
        for binding in bindings {
            self.lots_together.entry(binding).or_default().push(key);
        }
        key
    }

    /// Removes a lot on which no order rests any more.
    pub(crate) fn remove_lot(&mut self, supply: Supply) {
        let Some(key) = self.lot_keys.remove(&supply) else { return };
        invariant!(self.shelves[key.0 as usize].asks.is_empty(), LotEndsEmpty, "orders rest on {supply:?}");
        let Shelf { lot, sold_out, .. } = self.shelves.remove(key.0 as usize);
        self.forget_sold_out(sold_out);
        for binding in lot.bindings() {
            let Some(lots) = self.lots_together.get_mut(&binding) else { continue };
            lots.retain(|other| *other != key);
            if lots.is_empty() {
                self.lots_together.remove(&binding);
            }
        }
    }

    /// Ends the sale of what is free of a lot.
    pub(crate) fn withdraw(&mut self, key: LotKey) {
        let lot = &mut self.shelves[key.0 as usize].lot;
        lot.withdraw();
        let window = lot.window;
        self.measure(key, window, usize::MAX);
    }

    /// Puts an order to rest in its books and returns its key.
    pub(crate) fn rest(&mut self, order: Order) -> u32 {
        let (id, organization) = (order.id(), order.organization());
        let key = exact(self.orders.insert(order));
        self.order_keys.insert(id, key);
        self.owned.add(organization, key);
        self.shelve(key);
        self.enter_books(key);
        key
    }

    /// Removes an order from its books and returns it with the key that it had.
    pub(crate) fn remove(&mut self, id: OrderId) -> Option<(u32, Order)> {
        let key = self.order_keys.remove(&id)?;
        self.leave_books(key);
        self.unshelve(key);
        let order = self.orders.remove(key as usize);
        self.owned.remove(&order.organization(), key);
        Some((key, order))
    }

    /// Changes an order at rest and where it stands.
    pub(crate) fn amend(&mut self, id: OrderId, change: impl FnOnce(&mut Order)) {
        let Some(key) = self.order_keys.get(&id).copied() else { return };
        self.leave_books(key);
        change(&mut self.orders[key as usize]);
        self.enter_books(key);
    }

    /// Carries out a trade: the lot and the ask lose the hours; the bid wants fewer GPUs and is bound to what it has.
    /// Orders stay in their books until [`Venue::remove`].
    pub(crate) fn fill(&mut self, bid: OrderId, ask: OrderId, gpus: u32, window: Window) {
        let Some(ask_key) = self.order_keys.get(&ask).copied() else { return };
        let Order::Ask(ask) = &mut self.orders[ask_key as usize] else { return };
        let lot = ask.lot;
        ask.remaining.take(window, gpus);
        self.sell(lot, window, gpus);
        let Lot { id: lot_id, provider, .. } = self.shelves[lot.0 as usize].lot;
        let Some(bid_key) = self.order_keys.get(&bid).copied() else { return };
        let Order::Bid(resting) = &mut self.orders[bid_key as usize] else { return };
        invariant!(resting.terms.remaining >= gpus, OrderNotOverfilled, "{gpus} of {} GPUs", resting.terms.remaining);
        resting.terms.remaining -= gpus;
        let binding = match resting.terms.placement {
            Placement::Any => None,
            Placement::OneProvider => Some(Binding::Provider(provider)),
            Placement::OneFabric => Some(Binding::Lot(lot_id)),
        };
        resting.terms.bound_to = resting.terms.bound_to.or(binding);
        if resting.terms.window.exact().is_none() {
            self.amend(bid, |order| {
                if let Order::Bid(bid) = order {
                    bid.terms.window = window.into();
                }
            });
        }
    }

    /// Gives capacity back that was sold: to the lot, and to the ask that sold it while it rests.
    pub(crate) fn put_back(&mut self, supply: Supply, ask: OrderId, gpus: u32, window: Window) {
        if let Some(Order::Ask(ask)) = self.order_keys.get(&ask).map(|key| &mut self.orders[*key as usize]) {
            ask.remaining.put(window, gpus);
        }
        let Some(key) = self.lot_key(supply) else { return };
        let Shelf { lot, unit, .. } = &mut self.shelves[key.0 as usize];
        let was_free = lot.residual.min_over(window) >= *unit;
        lot.put_back(window, gpus);
        let hours = lot.window;
        if !was_free {
            self.measure(key, hours, usize::MAX);
        }
    }

    /// Sells GPUs of a lot for one hour.
    pub(crate) fn sell_hour(&mut self, key: LotKey, hour: Hour, gpus: u32) {
        let window = Window::between(hour, hour.plus(1));
        self.shelves[key.0 as usize].lot.sold_spot.put(window, gpus);
        self.sell(key, window, gpus);
    }

    /// Lists what is on offer for a whole window, best price first: the price and the GPUs of each ask that can sell
    /// some. Asks that share a lot show together no more than it has free.
    pub fn depth(&self, market: MarketKey, window: Window) -> Vec<(Price, u32)> {
        let lot_size = self.at(market).spec.lot_size;
        let mut taken: Map<LotKey, u32> = Map::default();
        let offered = self.asks(market).filter_map(|ask| {
            let taken = taken.entry(ask.lot).or_default();
            let gpus = self.available(ask, window, *taken);
            let gpus = gpus - gpus % lot_size;
            *taken += gpus;
            (gpus > 0).then_some((ask.limit_price, gpus))
        });
        offered.collect()
    }

    /// Counts the GPUs that an ask can sell over a window when `taken` of its lot's are spoken for.
    fn available(&self, ask: &Ask, window: Window, taken: u32) -> u32 {
        if !ask.window.covers(window) || !ask.hours.contains(window.hours()) {
            return 0;
        }
        (self.lot_at(ask.lot).residual.min_over(window) - taken).min(ask.remaining.min_over(window))
    }

    /// Returns whether an ask's lot has a free run within the ask's hours that is long enough for it.
    fn has_hours_left(&self, ask: &Ask) -> bool {
        let Shelf { lot, unit, .. } = &self.shelves[ask.lot.0 as usize];
        offered(lot.residual.runs(*unit), ask.window, ask.hours.min).next().is_some()
    }

    /// Subtracts a sale from a lot.
    fn sell(&mut self, key: LotKey, window: Window, gpus: u32) {
        let Shelf { lot, unit, .. } = &mut self.shelves[key.0 as usize];
        // With another sale's worth left in every hour, its free runs stay what they are.
        if lot.residual.min_over(window) >= gpus + *unit {
            lot.residual.take(window, gpus);
            return;
        }
        let run = lot.residual.runs(*unit).find(|run| run.end() > window.start());
        lot.residual.take(window, gpus);
        self.measure(key, run.unwrap_or(window), MEASURED_MAX);
    }

    /// Updates the ladders with the free runs of a lot after those in `within` have changed, for up to `asks_max` of
    /// its asks: the next in turn.
    fn measure(&mut self, key: LotKey, within: Window, asks_max: usize) {
        let Shelf { lot, unit, asks, next, .. } = &mut self.shelves[key.0 as usize];
        let runs: Runs = lot.residual.runs(*unit).collect();
        for _ in 0..asks.len().min(asks_max) {
            *next = if *next < asks.len() { *next } else { 0 };
            let order = asks[*next];
            *next += 1;
            let Order::Ask(ask) = &self.orders[order as usize] else { continue };
            if within.intersection(ask.window).is_none_or(|changed| changed.hours() < ask.hours.min) {
                continue;
            }
            let spans: Spans = offered(runs.iter().copied(), ask.window, ask.hours.min).collect();
            self.markets[ask.market.0 as usize].asks.change(ask.rank(), &spans);
        }
    }

    fn shelve(&mut self, key: u32) {
        let order = &mut self.orders[key as usize];
        let Some(lot) = order.lot() else { return };
        let next = OwnerKey(exact(self.owner_keys.len()));
        let owner = *self.owner_keys.entry(order.organization()).or_insert(next);
        *self.asks_of_owner.entry((owner, order.market())).or_default() += 1;
        if let Order::Ask(ask) = order {
            ask.owner = owner;
        }
        let asks = &mut self.shelves[lot.0 as usize].asks;
        if let Some(place) = order.place_in_lot() {
            *place = exact(asks.len());
        }
        asks.push(key);
    }

    fn unshelve(&mut self, key: u32) {
        let order = &mut self.orders[key as usize];
        let (Some(lot), Some(place)) = (order.lot(), order.place_in_lot().copied()) else { return };
        if let Some(owner) = self.owner_keys.get(&order.organization())
            && let Some(asks) = self.asks_of_owner.get_mut(&(*owner, order.market()))
        {
            *asks -= 1;
        }
        let asks = &mut self.shelves[lot.0 as usize].asks;
        asks.swap_remove(place as usize);
        if let Some(moved) = asks.get(place as usize).copied()
            && let Some(its_place) = self.orders[moved as usize].place_in_lot()
        {
            *its_place = place;
        }
    }

    fn enter_books(&mut self, key: u32) {
        match &self.orders[key as usize] {
            Order::Bid(bid) if !bid.stays => {}
            Order::Bid(bid) => {
                let window = bid.terms.window;
                let (earliest, latest, hours) = (window.earliest(), window.latest(), window.hours());
                let rung = BidRung { rank: bid.rank(), order: key, earliest, latest, hours };
                let span = Span { low: earliest.plus(hours).hours(), high: latest.hours() };
                for market in &bid.markets {
                    self.markets[market.0 as usize].bids.insert(rung, &[span]);
                }
            }
            Order::Ask(ask) => {
                let spans = spans_of_ask(&self.shelves, ask);
                let sizes = Sizes { gpus: ask.gpus, hours_min: ask.hours.min, hours_max: ask.hours.max };
                let rung = AskRung { rank: ask.rank(), order: key, owner: ask.owner, sizes };
                self.markets[ask.market.0 as usize].asks.insert(rung, &spans);
            }
            Order::SpotBid(bid) => {
                self.markets[bid.market.0 as usize].spot.bids.insert(bid.rank(), key);
            }
            Order::SpotAsk(ask) => {
                self.markets[ask.market.0 as usize].spot.asks.insert(ask.rank(), key);
            }
        }
    }

    fn leave_books(&mut self, key: u32) {
        match &self.orders[key as usize] {
            Order::Bid(bid) if !bid.stays => {}
            Order::Bid(bid) => {
                for market in &bid.markets {
                    self.markets[market.0 as usize].bids.remove(bid.rank());
                }
            }
            Order::Ask(ask) => {
                self.markets[ask.market.0 as usize].asks.remove(ask.rank());
            }
            Order::SpotBid(bid) => {
                self.markets[bid.market.0 as usize].spot.bids.remove(&bid.rank());
            }
            Order::SpotAsk(ask) => {
                self.markets[ask.market.0 as usize].spot.asks.remove(&ask.rank());
            }
        }
    }
}

/// Free runs of a lot.
type Runs = SmallVec<[Window; 8]>;

/// Computes the spans of an ask: the hours in which its lot has a sale's worth free.
fn spans_of_ask(shelves: &Slab<Shelf>, ask: &Ask) -> Spans {
    let Shelf { lot, unit, .. } = &shelves[ask.lot.0 as usize];
    offered(lot.residual.runs(*unit), ask.window, ask.hours.min).collect()
}

/// Cuts free runs to a window and keeps those that are long enough.
fn offered(runs: impl Iterator<Item = Window>, window: Window, hours_min: u32) -> impl Iterator<Item = Span> {
    let offered = runs.filter_map(move |run| run.intersection(window)).filter(move |run| run.hours() >= hours_min);
    offered.map(|run| Span { low: run.start().hours(), high: run.end().hours() })
}

/// Largest number of the lot's asks that are measured again after a sale, in turn, so that a lot with very many of them
/// does not make its sales slow. The others keep spans that are too wide until their turn comes: a plan sees that they
/// cannot serve.
const MEASURED_MAX: usize = 32;

impl Order {
    fn rank(&self) -> Rank {
        match self {
            Self::Bid(order) => order.rank(),
            Self::Ask(order) => order.rank(),
            Self::SpotBid(order) => order.rank(),
            Self::SpotAsk(order) => order.rank(),
        }
    }

    fn place_in_lot(&mut self) -> Option<&mut u32> {
        match self {
            Self::Ask(order) => Some(&mut order.place_in_lot),
            Self::SpotAsk(order) => Some(&mut order.place_in_lot),
            Self::Bid(_) | Self::SpotBid(_) => None,
        }
    }
}

impl Venue {
    /// Returns the spot bid with this key.
    pub(crate) fn spot_bid_at(&self, key: u32) -> Option<&SpotBid> {
        match &self.orders[key as usize] {
            Order::SpotBid(bid) => Some(bid),
            _ => None,
        }
    }

    /// Returns the spot ask with this key.
    pub(crate) fn spot_ask_at(&self, key: u32) -> Option<&SpotAsk> {
        match &self.orders[key as usize] {
            Order::SpotAsk(ask) => Some(ask),
            _ => None,
        }
    }
}
