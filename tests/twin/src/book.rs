//! What the twin remembers: plain lists, and for each lot an array of hours.

use std::collections::BTreeMap;

use ledger::{ContractId, OrganizationId};
use matching::{Billing, LotId, MarketSpec, OrderId, Placement, SelfTradePrevention, Supply};

pub const MICROS_PER_MINUTE: i64 = 60_000_000;
pub const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;

/// A number of GPUs for each hour from `start` on; none outside.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hours {
    pub start: u32,
    pub gpus: Vec<u32>,
}

impl Hours {
    pub fn flat(start: u32, end: u32, gpus: u32) -> Self {
        Self { start, gpus: vec![gpus; (end - start) as usize] }
    }

    pub fn end(&self) -> u32 {
        self.start + u32::try_from(self.gpus.len()).unwrap_or(u32::MAX)
    }

    pub fn at(&self, hour: u32) -> u32 {
        hour.checked_sub(self.start).and_then(|index| self.gpus.get(index as usize).copied()).unwrap_or(0)
    }

    pub fn least(&self, start: u32, end: u32) -> u32 {
        (start..end).map(|hour| self.at(hour)).min().unwrap_or(0)
    }

    /// Changes the hours that there are.
    pub fn change(&mut self, start: u32, end: u32, change: impl Fn(u32) -> u32) {
        for hour in start.max(self.start)..end.min(self.end()) {
            let gpus = &mut self.gpus[(hour - self.start) as usize];
            *gpus = change(*gpus);
        }
    }
}

#[derive(Clone, Debug)]
pub struct Market {
    pub spec: MarketSpec,
    pub halted: bool,
    /// The last hour whose gate has passed.
    pub passed: u32,
    pub last_spot: Option<i64>,
    pub spot: BTreeMap<u32, SpotHour>,
}

#[derive(Clone, Debug, Default)]
pub struct SpotHour {
    pub price: Option<i64>,
    pub void: bool,
    pub sales: Vec<Sale>,
}

#[derive(Clone, Copy, Debug)]
pub struct Sale {
    pub bid: OrderId,
    pub ask: OrderId,
    pub gpus: u32,
}

#[derive(Clone, Debug)]
pub struct Lot {
    pub supply: Supply,
    pub id: LotId,
    pub seller: OrganizationId,
    pub provider: OrganizationId,
    pub market: usize,
    pub gpus: u32,
    pub start: u32,
    pub end: u32,
    pub remnant: u32,
    pub free: Hours,
    pub withdrawn: bool,
}

#[derive(Clone, Debug)]
pub struct Contract {
    pub id: ContractId,
    pub market: usize,
    pub supply: Supply,
    pub ask: OrderId,
    pub gpus: u32,
    pub start: u32,
    pub end: u32,
    pub delivered: u32,
    pub billing: Billing,
    /// The hour until which it is paid.
    pub paid: u32,
    pub next_charge: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Order {
    pub id: OrderId,
    pub organization: OrganizationId,
    /// Its place in time.
    pub priority: u64,
    pub gpus: u32,
    pub limit: i64,
    pub side: Side,
}

#[derive(Clone, Debug)]
pub enum Side {
    Bid(Want),
    Ask(Offer),
    SpotBid { market: usize, min: u32 },
    SpotAsk { market: usize, supply: Supply, start: u32, end: u32 },
}

/// What a term bid wants.
#[derive(Clone, Debug)]
pub struct Want {
    pub markets: Vec<usize>,
    pub remaining: u32,
    pub min: u32,
    pub all_or_none: bool,
    /// What every trade is a multiple of.
    pub unit: u32,
    pub earliest: u32,
    pub latest: u32,
    pub hours: u32,
    pub placement: Placement,
    pub bound: Option<Bound>,
    /// Minutes before the hour that trading for it ends.
    pub gate: u16,
    pub ends: Option<i64>,
    pub post_only: bool,
    pub own: SelfTradePrevention,
    pub billing: Billing,
}

/// What a placed bid's first trade leaves it to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    Provider(OrganizationId),
    Lot(LotId),
}

/// What a term ask offers.
#[derive(Clone, Debug)]
pub struct Offer {
    pub market: usize,
    pub supply: Supply,
    pub start: u32,
    pub end: u32,
    pub min_hours: u32,
    pub max_hours: u32,
    pub sold: Hours,
    pub own: SelfTradePrevention,
}

impl Order {
    pub fn trades_in(&self, market: usize) -> bool {
        match &self.side {
            Side::Bid(want) => want.markets.contains(&market),
            Side::Ask(Offer { market: at, .. })
            | Side::SpotBid { market: at, .. }
            | Side::SpotAsk { market: at, .. } => *at == market,
        }
    }

    /// The market in which alone it trades.
    pub fn only_market(&self) -> Option<usize> {
        match &self.side {
            Side::Bid(want) => (want.markets.len() == 1).then(|| want.markets[0]),
            Side::Ask(Offer { market, .. }) | Side::SpotBid { market, .. } | Side::SpotAsk { market, .. } => {
                Some(*market)
            }
        }
    }

    pub fn supply(&self) -> Option<Supply> {
        match &self.side {
            Side::Ask(Offer { supply, .. }) | Side::SpotAsk { supply, .. } => Some(*supply),
            _ => None,
        }
    }

    /// When it ends by itself.
    pub fn expires(&self) -> Option<i64> {
        match &self.side {
            Side::Bid(want) => {
                let gate = gate(want.latest, want.gate);
                Some(want.ends.map_or(gate, |ends| ends.min(gate)))
            }
            Side::Ask(Offer { end, .. }) | Side::SpotAsk { end, .. } => Some(i64::from(*end) * MICROS_PER_HOUR),
            Side::SpotBid { .. } => None,
        }
    }

    pub fn want(&self) -> Option<&Want> {
        if let Side::Bid(want) = &self.side { Some(want) } else { None }
    }

    pub fn offer(&self) -> Option<&Offer> {
        if let Side::Ask(offer) = &self.side { Some(offer) } else { None }
    }

    /// The GPUs of a term ask that it may still sell in every one of these hours.
    pub fn left(&self, start: u32, end: u32) -> u32 {
        let sold = self.offer().map_or(0, |offer| (start..end).map(|hour| offer.sold.at(hour)).max().unwrap_or(0));
        self.gpus - sold
    }
}

/// When trading for an hour ends.
pub fn gate(hour: u32, minutes: u16) -> i64 {
    i64::from(hour) * MICROS_PER_HOUR - i64::from(minutes) * MICROS_PER_MINUTE
}
