//! The hourly gate: the auction of a market for one hour, what it sells, and whom it interrupts.
//!
//! Every bid that is not suspended has set aside what its next hour costs at its limit. What it buys is paid out of that and set
//! aside again for the hour after; a bid whose organization cannot do so is suspended with what it has bought, never run
//! on credit.

use std::collections::BTreeMap;

use ledger::{AccountKind, Amount, OrganizationId};

use super::{
    Event, Exchange, MissedCause, SpotAuctionHeld, SpotAuctionMissed, SpotBidResumed, SpotBidSuspended, SpotHold,
    SpotHoursSold, SpotInterrupted,
};
use crate::auction::{AuctionAsk, AuctionBid, clear};
use crate::price::MINUTES_PER_HOUR;
use crate::{Hour, Liquidity, LotKey, Market, MarketKey, OrderId, Price, SpotAsk, SpotBid, SpotHour, SpotSale};

/// The most sales in one event, so that records and transactions stay bounded.
const SALES_PER_EVENT_MAX: usize = 500;

/// What organizations can still spend while the outcome of one gate is decided.
struct Funds<'a> {
    exchange: &'a Exchange,
    market: &'a Market,
    left: BTreeMap<OrganizationId, Amount>,
}

impl Funds<'_> {
    /// Sets an amount aside; false when the organization does not have it.
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

/// A bid in the auction.
struct Bidder<'a> {
    bid: &'a SpotBid,
    /// GPUs that it has in the hour before.
    incumbent: u32,
}

/// An ask in the auction with what its lot can give it.
struct Offerer<'a> {
    ask: &'a SpotAsk,
    gpus: u32,
}

impl Exchange {
    /// Decides the auction of a market for an hour whose gate is now.
    pub(super) fn hold_auction(&self, key: MarketKey, hour: Hour, led: bool, out: &mut Vec<Event>) {
        let market = self.venue.at(key);
        let nothing = SpotHour::default();
        let before = hour.hours().checked_sub(1).and_then(|hour| market.spot.hours.get(&Hour::from_hours(hour)));
        let before = before.unwrap_or(&nothing);
        let cause = match (led, market.halted) {
            (false, _) => Some(MissedCause::NobodyLed),
            (true, true) => Some(MissedCause::Halted),
            (true, false) => None,
        };
        if let Some(cause) = cause {
            out.push(SpotAuctionMissed { market: market.spec.id, hour, cause }.into());
            self.interrupt(key, hour, before, &BTreeMap::new(), out);
            return;
        }
        let mut funds = Funds { exchange: self, market, left: BTreeMap::new() };
        let bidders = self.bidders(key, before, &mut funds, out);
        let offerers = self.offerers(key, hour, before);
        let bids: Vec<AuctionBid> = bidders.iter().map(Bidder::in_auction).collect();
        let asks: Vec<AuctionAsk> =
            offerers.iter().map(|offer| AuctionAsk { price: offer.ask.limit_price, gpus: offer.gpus }).collect();
        let cleared = clear(&bids, &asks, market.spec.price_tick, market.spot.last_price);
        out.push(Event::from(SpotAuctionHeld {
            market: market.spec.id,
            hour,
            price: cleared.as_ref().map(|cleared| cleared.price),
            gpus: cleared.as_ref().map_or(0, |cleared| u32::try_from(cleared.gpus).unwrap_or(u32::MAX)),
            gpus_bid: bids.iter().map(|bid| u64::from(bid.gpus)).sum(),
            gpus_offered: asks.iter().map(|ask| u64::from(ask.gpus)).sum(),
        }));
        let mut bought = BTreeMap::new();
        if let Some(cleared) = cleared {
            bought = bidders.iter().zip(&cleared.bids).map(|(bidder, gpus)| (bidder.bid.id, *gpus)).collect();
            let pairs = pair(&bidders, &cleared.bids, &offerers, &cleared.asks, before);
            let sales = pairs.into_iter().map(|(bidder, offerer, gpus)| {
                self.sale(market, bidders[bidder].bid, offerers[offerer].ask, gpus, cleared.price)
            });
            Self::sell(market, hour, &sales.collect::<Vec<_>>(), &bidders, &mut funds, out);
        }
        self.interrupt(key, hour, before, &bought, out);
    }

    /// The bids that take part, ranked by price, then incumbents first, then time. Suspended ones come back if there are funds.
    fn bidders<'a>(
        &'a self,
        key: MarketKey,
        before: &SpotHour,
        funds: &mut Funds<'_>,
        out: &mut Vec<Event>,
    ) -> Vec<Bidder<'a>> {
        let spec = &self.venue.at(key).spec;
        let mut had: BTreeMap<OrderId, u32> = BTreeMap::new();
        for sale in &before.sales {
            *had.entry(sale.bid).or_default() += sale.gpus;
        }
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
            bidders.push(Bidder { bid, incumbent: had.get(&bid.id).copied().unwrap_or(0) });
        }
        bidders.sort_by_key(|bidder| {
            (std::cmp::Reverse(bidder.bid.limit_price), bidder.incumbent == 0, bidder.bid.priority)
        });
        bidders
    }

    /// The asks that take part, ranked by price, then incumbents first, then time, each with what those before it on the same lot
    /// leave of the hour.
    fn offerers(&self, key: MarketKey, hour: Hour, before: &SpotHour) -> Vec<Offerer<'_>> {
        let lot_size = self.venue.at(key).spec.lot_size;
        let sellers: std::collections::BTreeSet<OrderId> = before.sales.iter().map(|sale| sale.ask).collect();
        let mut asks: Vec<&SpotAsk> = self.venue.spot_asks(key).filter(|ask| ask.offers(hour)).collect();
        asks.sort_by_key(|ask| (ask.limit_price, !sellers.contains(&ask.id), ask.priority));
        let mut left: BTreeMap<LotKey, u32> = BTreeMap::new();
        let offers = asks.into_iter().map(|ask| {
            let left = left.entry(ask.lot).or_insert_with(|| self.venue.lot_at(ask.lot).residual.at(hour));
            let gpus = ask.gpus.min(*left);
            let gpus = gpus - gpus % lot_size;
            *left -= gpus;
            Offerer { ask, gpus }
        });
        offers.collect()
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

    /// The events of an auction's sales: what each bid pays, sets aside anew, or is suspended for not being able to.
    fn sell(
        market: &Market,
        hour: Hour,
        sales: &[SpotSale],
        bidders: &[Bidder<'_>],
        funds: &mut Funds<'_>,
        out: &mut Vec<Event>,
    ) {
        let (spec, currency) = (&market.spec, market.spec.currency);
        let mut paid: BTreeMap<OrderId, Amount> = BTreeMap::new();
        for sale in sales {
            *paid.entry(sale.bid).or_default() += sale.amount + sale.buyer_fee;
        }
        let mut suspended = Vec::new();
        let mut holds: BTreeMap<OrderId, SpotHold> = BTreeMap::new();
        for bidder in bidders {
            let Bidder { bid: SpotBid { id: order, organization, .. }, .. } = *bidder;
            let Some(amount) = paid.get(order).copied() else { continue };
            if funds.set_aside(*organization, amount) {
                holds.insert(*order, SpotHold { order: *order, organization: *organization, amount });
            } else {
                let hold_released = bidder.bid.next_hour(spec.fee_bps_max()) - amount;
                let (order, organization, market) = (*order, *organization, spec.id);
                suspended.push(SpotBidSuspended { order, organization, market, currency, hold_released });
            }
        }
        for sales in sales.chunks(SALES_PER_EVENT_MAX) {
            // A bid sets its money aside anew with the first of its sales.
            let holds = sales.iter().filter_map(|sale| holds.remove(&sale.bid)).collect();
            out.push(SpotHoursSold { market: spec.id, hour, currency, sales: sales.to_vec(), holds }.into());
        }
        out.extend(suspended.into_iter().map(Event::from));
    }

    /// Tells those who have GPUs in the hour before and fewer of them in this one.
    fn interrupt(
        &self,
        key: MarketKey,
        hour: Hour,
        before: &SpotHour,
        bought: &BTreeMap<OrderId, u32>,
        out: &mut Vec<Event>,
    ) {
        let mut had: BTreeMap<OrderId, u32> = BTreeMap::new();
        for sale in &before.sales {
            *had.entry(sale.bid).or_default() += sale.gpus;
        }
        for (order, had) in had {
            let Some(bid) = self.venue.order(order) else { continue };
            let gpus_kept = bought.get(&order).copied().unwrap_or(0).min(had);
            let (organization, market, gpus) = (bid.organization(), self.venue.at(key).spec.id, had - gpus_kept);
            if gpus > 0 {
                out.push(SpotInterrupted { order, organization, market, hour, gpus, gpus_kept }.into());
            }
        }
    }
}

impl Bidder<'_> {
    fn in_auction(&self) -> AuctionBid {
        AuctionBid { price: self.bid.limit_price, gpus: self.bid.gpus, min_gpus: self.bid.min_gpus }
    }
}

/// Who serves whom: first everybody stays where they are, as far as both sides trade, then in turn.
fn pair(
    bidders: &[Bidder<'_>],
    bought: &[u32],
    offerers: &[Offerer<'_>],
    sold: &[u32],
    before: &SpotHour,
) -> Vec<(usize, usize, u32)> {
    let (mut bought, mut sold) = (bought.to_vec(), sold.to_vec());
    let bidder_of: BTreeMap<OrderId, usize> =
        (0..).zip(bidders).map(|(index, bidder)| (bidder.bid.id, index)).collect();
    let offerer_of: BTreeMap<OrderId, usize> =
        (0..).zip(offerers).map(|(index, offer)| (offer.ask.id, index)).collect();
    let mut pairs = Vec::new();
    let mut take = |bidder: usize, offerer: usize, most: u32, bought: &mut [u32], sold: &mut [u32]| {
        let gpus = most.min(bought[bidder]).min(sold[offerer]);
        if gpus > 0 {
            bought[bidder] -= gpus;
            sold[offerer] -= gpus;
            pairs.push((bidder, offerer, gpus));
        }
    };
    for sale in &before.sales {
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
