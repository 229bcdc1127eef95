//! Hourly gate: the auction of a market for one hour, what it sells, and whom it interrupts.
//!
//! Every bid that is not suspended has set aside what its next hour costs at its limit. What it buys is paid out of
//! that, and the next hour's cost is set aside again. A bid whose organization cannot do so is suspended with what it
//! has bought; it never runs on credit.

use ledger::{AccountKind, Amount, Map, OrganizationId, Set, exact};

use super::{
    Event, Exchange, MissedCause, SpotAuctionHeld, SpotAuctionMissed, SpotBidResumed, SpotBidSuspended, SpotHold,
    SpotHoursSold, SpotInterrupted,
};
use crate::auction::{AuctionAsk, AuctionBid, clear};
use crate::hours::Hour;
use crate::identity::OrderId;
use crate::keys::{LotKey, MarketKey};
use crate::market::Liquidity;
use crate::order::{SpotAsk, SpotBid};
use crate::price::{MINUTES_PER_HOUR, Price};
use crate::venue::{Market, SpotSale};

/// Largest number of sales in one event, so that records and transactions stay bounded.
const SALES_PER_EVENT_MAX: usize = 500;

/// Money that organizations can still spend while the outcome of one gate is decided.
struct Funds<'a> {
    exchange: &'a Exchange,
    market: &'a Market,
    left: Map<OrganizationId, Amount>,
}

impl Funds<'_> {
    /// Sets an amount aside. Returns false when the organization does not have it.
    fn set_aside(&mut self, organization: OrganizationId, amount: Amount) -> bool {
        let left = self.left.entry(organization).or_insert_with(|| {
            let currency = self.market.spec.currency;
            let available = self.exchange.books.customer(AccountKind::CustomerAvailable, organization, currency);
            self.exchange.budget_left(organization, currency).map_or(available, |budget| available.min(budget))
        });
        let enough = amount <= *left;
        if enough {
            *left -= amount;
        }
        enough
    }
}

/// Bids and asks of the hour before: these stay together, as far as they can.
#[derive(Default)]
struct Incumbents {
    /// Number of GPUs that each bid has.
    bids: Map<OrderId, u32>,
    /// Asks that have sold some.
    asks: Set<OrderId>,
}

/// Bid in the auction.
struct Bidder<'a> {
    bid: &'a SpotBid,
    terms: AuctionBid,
    incumbent: bool,
}

/// Ask in the auction, with what its lot can give it.
struct Offerer<'a> {
    ask: &'a SpotAsk,
    terms: AuctionAsk,
    incumbent: bool,
}

/// GPUs of one ask for one bid, each named by its place among those in the auction.
#[derive(Clone, Copy)]
struct Pair {
    bidder: usize,
    offerer: usize,
    gpus: u32,
}

impl Exchange {
    /// Decides the auction of a market for an hour whose gate is now. `led` tells whether a leader was in place.
    pub(super) fn hold_auction(&self, key: MarketKey, hour: Hour, led: bool, out: &mut Vec<Event>) {
        let market = self.venue.at(key);
        let before = hour.hours().checked_sub(1).and_then(|hour| market.spot.hours.get(&Hour::from_hours(hour)));
        let before = before.map_or(&[][..], |before| &before.sales);
        let incumbents = Incumbents::of(before);
        let cause = match (led, market.halted) {
            (false, _) => Some(MissedCause::NobodyLed),
            (true, true) => Some(MissedCause::Halted),
            (true, false) => None,
        };
        if let Some(cause) = cause {
            out.push(SpotAuctionMissed { market: market.spec.id, hour, cause }.into());
            self.interrupt(market, hour, &incumbents, &Map::default(), out);
            return;
        }
        let mut funds = Funds { exchange: self, market, left: Map::default() };
        let bidders = self.bidders(key, &incumbents, &mut funds, out);
        let offerers = self.offerers(key, hour, &incumbents);
        let bids: Vec<AuctionBid> = bidders.iter().map(|bidder| bidder.terms).collect();
        let asks: Vec<AuctionAsk> = offerers.iter().map(|offerer| offerer.terms).collect();
        let cleared = clear(&bids, &asks, market.spec.price_tick, market.spot.last_price);
        out.push(Event::from(SpotAuctionHeld {
            market: market.spec.id,
            hour,
            price: cleared.as_ref().map(|cleared| cleared.price),
            gpus: cleared.as_ref().map_or(0, |cleared| exact(cleared.gpus)),
            gpus_bid: bids.iter().map(|bid| u64::from(bid.gpus)).sum(),
            gpus_offered: asks.iter().map(|ask| u64::from(ask.gpus)).sum(),
        }));
        let mut bought = Map::default();
        if let Some(cleared) = cleared {
            let of_incumbents = bidders.iter().zip(&cleared.bids).filter(|(bidder, _)| bidder.incumbent);
            bought = of_incumbents.map(|(bidder, gpus)| (bidder.bid.id, *gpus)).collect();
            let pairs = pair(&bidders, cleared.bids, &offerers, cleared.asks, before);
            let sale = |pair: &Pair| {
                self.sale(market, bidders[pair.bidder].bid, offerers[pair.offerer].ask, pair.gpus, cleared.price)
            };
            let sales = pairs.chunks(SALES_PER_EVENT_MAX).map(|pairs| pairs.iter().map(sale).collect());
            Self::sell(market, hour, &pairs, sales.collect(), &bidders, &mut funds, out);
        }
        self.interrupt(market, hour, &incumbents, &bought, out);
    }

    /// Ranks the bids that take part by price, then incumbents first, then time. Resumes suspended ones that have funds
    /// again.
    fn bidders<'a>(
        &'a self,
        key: MarketKey,
        incumbents: &Incumbents,
        funds: &mut Funds<'_>,
        out: &mut Vec<Event>,
    ) -> Vec<Bidder<'a>> {
        let spec = &self.venue.at(key).spec;
        let mut bidders = Vec::new();
        for bid in self.venue.spot_bids(key) {
            if bid.suspended {
                let hold = bid.next_hour(spec.fee_bps_max());
                if !funds.set_aside(bid.organization, hold) {
                    continue;
                }
                let (order, organization, market, currency) = (bid.id, bid.organization, spec.id, spec.currency);
                out.push(SpotBidResumed { order, organization, market, currency, hold }.into());
            }
            let terms = AuctionBid { price: bid.limit_price, gpus: bid.gpus, min_gpus: bid.min_gpus };
            bidders.push(Bidder { bid, terms, incumbent: incumbents.bids.contains_key(&bid.id) });
        }
        // The book has them by price, then time, and a stable sort leaves them so.
        bidders.sort_by_key(|bidder| (std::cmp::Reverse(bidder.terms.price), !bidder.incumbent));
        bidders
    }

    /// Ranks the asks that take part by price, then incumbents first, then time, each with what those before it on the
    /// same lot leave of the hour.
    fn offerers(&self, key: MarketKey, hour: Hour, incumbents: &Incumbents) -> Vec<Offerer<'_>> {
        let lot_size = self.venue.at(key).spec.lot_size;
        let offers = self.venue.spot_asks(key).filter(|ask| ask.offers(hour)).map(|ask| {
            let terms = AuctionAsk { price: ask.limit_price, gpus: ask.gpus };
            Offerer { ask, terms, incumbent: incumbents.asks.contains(&ask.id) }
        });
        let mut offerers: Vec<Offerer<'_>> = offers.collect();
        // Stable, as for bids.
        offerers.sort_by_key(|offerer| (offerer.terms.price, !offerer.incumbent));
        let mut left: Map<LotKey, u32> = Map::default();
        for offerer in &mut offerers {
            let lot = offerer.ask.lot;
            let left = left.entry(lot).or_insert_with(|| self.venue.lot_at(lot).residual.at(hour));
            let gpus = offerer.terms.gpus.min(*left);
            offerer.terms.gpus = gpus - gpus % lot_size;
            *left -= offerer.terms.gpus;
        }
        offerers
    }

    fn sale(&self, market: &Market, bid: &SpotBid, ask: &SpotAsk, gpus: u32, price: Price) -> SpotSale {
        let amount = price.cost(gpus, 1);
        SpotSale {
            bid: bid.id,
            buyer: bid.organization,
            ask: ask.id,
            seller: ask.organization,
            lot: self.venue.lot_at(ask.lot).id,
            gpus,
            price,
            minutes: MINUTES_PER_HOUR,
            amount,
            buyer_fee: market.spec.fee(Liquidity::Taker, amount),
            seller_fee: market.spec.fee(Liquidity::Maker, amount),
        }
    }

    /// Appends the events of an auction's sales: what each bid pays, sets aside anew, or is suspended for not being
    /// able to.
    fn sell(
        market: &Market,
        hour: Hour,
        pairs: &[Pair],
        sales: Vec<Vec<SpotSale>>,
        bidders: &[Bidder<'_>],
        funds: &mut Funds<'_>,
        out: &mut Vec<Event>,
    ) {
        let (spec, currency) = (&market.spec, market.spec.currency);
        let mut paid = vec![Amount::ZERO; bidders.len()];
        for (pair, sale) in pairs.iter().zip(sales.iter().flatten()) {
            paid[pair.bidder] += sale.amount + sale.buyer_fee;
        }
        let mut suspended = Vec::new();
        for (bidder, paid) in bidders.iter().zip(&mut paid).filter(|(_, paid)| **paid > Amount::ZERO) {
            let SpotBid { id: order, organization, .. } = *bidder.bid;
            if !funds.set_aside(organization, *paid) {
                let hold_released = bidder.bid.next_hour(spec.fee_bps_max()) - *paid;
                suspended.push(SpotBidSuspended { order, organization, market: spec.id, currency, hold_released });
                *paid = Amount::ZERO;
            }
        }
        for (pairs, sales) in pairs.chunks(SALES_PER_EVENT_MAX).zip(sales) {
            // A bid sets its money aside anew with the first of its sales.
            let hold = |(pair, sale): (&Pair, &SpotSale)| {
                let amount = std::mem::take(&mut paid[pair.bidder]);
                (amount > Amount::ZERO).then_some(SpotHold { order: sale.bid, organization: sale.buyer, amount })
            };
            let holds = pairs.iter().zip(&sales).filter_map(hold).collect();
            out.push(SpotHoursSold { market: spec.id, hour, currency, sales, holds }.into());
        }
        out.extend(suspended.into_iter().map(Event::from));
    }

    /// Appends an event for each bid that has fewer GPUs than in the hour before.
    fn interrupt(
        &self,
        market: &Market,
        hour: Hour,
        incumbents: &Incumbents,
        bought: &Map<OrderId, u32>,
        out: &mut Vec<Event>,
    ) {
        let mut had: Vec<(OrderId, u32)> = incumbents.bids.iter().map(|(order, gpus)| (*order, *gpus)).collect();
        had.sort_unstable();
        for (order, had) in had {
            let gpus_kept = bought.get(&order).copied().unwrap_or(0).min(had);
            let gpus = had - gpus_kept;
            if gpus == 0 {
                continue;
            }
            let Some(bid) = self.venue.order(order) else { continue };
            let (organization, market) = (bid.organization(), market.spec.id);
            out.push(SpotInterrupted { order, organization, market, hour, gpus, gpus_kept }.into());
        }
    }
}

impl Incumbents {
    fn of(sales: &[SpotSale]) -> Self {
        let mut incumbents = Self::default();
        for sale in sales {
            *incumbents.bids.entry(sale.bid).or_default() += sale.gpus;
            incumbents.asks.insert(sale.ask);
        }
        incumbents
    }
}

/// Pairs bids with asks: first the pairs of the hour before, as far as both sides trade, then in turn.
fn pair(
    bidders: &[Bidder<'_>],
    mut bought: Vec<u32>,
    offerers: &[Offerer<'_>],
    mut sold: Vec<u32>,
    before: &[SpotSale],
) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut take = |bidder: usize, offerer: usize, most: u32, bought: &mut [u32], sold: &mut [u32]| {
        let gpus = most.min(bought[bidder]).min(sold[offerer]);
        if gpus > 0 {
            bought[bidder] -= gpus;
            sold[offerer] -= gpus;
            pairs.push(Pair { bidder, offerer, gpus });
        }
    };
    let incumbent_bidders = bidders.iter().enumerate().filter(|(_, bidder)| bidder.incumbent);
    let bidder_of: Map<OrderId, usize> = incumbent_bidders.map(|(at, bidder)| (bidder.bid.id, at)).collect();
    let incumbent_offerers = offerers.iter().enumerate().filter(|(_, offerer)| offerer.incumbent);
    let offerer_of: Map<OrderId, usize> = incumbent_offerers.map(|(at, offerer)| (offerer.ask.id, at)).collect();
    for sale in before {
        if let (Some(bidder), Some(offerer)) = (bidder_of.get(&sale.bid), offerer_of.get(&sale.ask)) {
            take(*bidder, *offerer, sale.gpus, &mut bought, &mut sold);
        }
    }
    let mut offerer = 0;
    for bidder in 0..bought.len() {
        while bought[bidder] > 0 && offerer < sold.len() {
            take(bidder, offerer, u32::MAX, &mut bought, &mut sold);
            if bought[bidder] > 0 {
                offerer += 1;
            }
        }
    }
    pairs
}
