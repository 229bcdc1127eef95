//! Random requests, in mixes that dwell on one part of the market or another.

use matching::{Billing, Placement, SelfTradePrevention, TimeInForce};
use proptest::prelude::*;
use proptest::sample::Index;

/// Every lot ends by this hour.
pub const HOURS: u32 = 30;

/// One random request. Indexes pick among what exists when it runs.
#[derive(Clone, Debug)]
pub enum Request {
    Lot {
        who: usize,
        market: usize,
        units: u32,
        start: u32,
        hours: u32,
        remnant: u32,
    },
    Ask {
        supply: Index,
        units: u32,
        ticks: i64,
        range: (u32, u32),
        window: Option<(u32, u32)>,
        own: SelfTradePrevention,
    },
    Bid(Bid),
    /// Ask for a quote, then post the order that it returns.
    Quoted(Bid),
    SpotAsk {
        supply: Index,
        units: u32,
        ticks: i64,
        window: Option<(u32, u32)>,
    },
    SpotBid {
        who: usize,
        market: usize,
        units: u32,
        ticks: i64,
        min: u32,
    },
    Amend {
        order: Index,
        units: Option<u32>,
        ticks: Option<i64>,
        window: Option<(u32, u32)>,
    },
    Cancel {
        order: Index,
    },
    CancelAll {
        who: usize,
        market: Option<usize>,
    },
    Withdraw {
        lot: Index,
    },
    Bust {
        contract: Index,
    },
    Ready {
        contract: Index,
    },
    Outage {
        contract: Index,
        by_buyer: bool,
        gpus: u32,
        /// Since so many minutes.
        back: u32,
        lasts: bool,
    },
    Settle {
        outage: Index,
        how: Settling,
    },
    Terminate {
        contract: Index,
    },
    Halt {
        market: usize,
    },
    Resume {
        market: usize,
    },
    Suspend {
        who: usize,
    },
    Reinstate {
        who: usize,
    },
    Limit {
        who: usize,
        orders: Option<u32>,
    },
    Advance {
        minutes: i64,
        led: bool,
    },
    Budget {
        who: usize,
        dollars: Option<u32>,
    },
    Band {
        market: usize,
        width_bps: Option<u32>,
    },
    Deposit {
        who: usize,
        dollars: u32,
    },
}

/// What may be said of an outage.
#[derive(Clone, Copy, Debug)]
pub enum Settling {
    Accept,
    Restore,
    TakeBack,
    Rule(bool),
}

/// A random term bid.
#[derive(Clone, Debug)]
pub struct Bid {
    pub who: usize,
    pub markets: u8,
    pub units: u32,
    pub ticks: i64,
    pub start: u32,
    pub flexibility: u32,
    pub hours: u32,
    pub time_in_force: TimeInForce,
    pub min: u32,
    pub placement: Placement,
    pub post_only: bool,
    pub own: SelfTradePrevention,
    pub billing: Billing,
}

fn own() -> impl Strategy<Value = SelfTradePrevention> {
    prop_oneof![
        Just(SelfTradePrevention::CancelNewest),
        Just(SelfTradePrevention::CancelOldest),
        Just(SelfTradePrevention::CancelBoth),
    ]
}

fn market() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0usize), 1 => Just(1usize), 1 => Just(2usize)]
}

fn bid() -> impl Strategy<Value = Bid> {
    let time_in_force = prop_oneof![
        5 => Just(TimeInForce::Gtc),
        1 => Just(TimeInForce::Gtd),
        1 => Just(TimeInForce::Ioc),
        1 => Just(TimeInForce::Fok)
    ];
    let placement = prop_oneof![
        3 => Just(Placement::Any),
        1 => Just(Placement::OneProvider),
        1 => Just(Placement::OneFabric)
    ];
    let flexibility = prop_oneof![1 => Just(0u32), 1 => 1..12u32];
    let post_only = prop::bool::weighted(0.1);
    let start = prop_oneof![1 => 0..HOURS - 2, 2 => 0..12u32];
    let hours = prop_oneof![1 => 1..16u32, 2 => 1..7u32];
    let min = prop_oneof![3 => Just(1u32), 2 => 1..9u32];
    (
        (0..4usize, 0..9u8, 1..9u32, 90..120i64),
        (start, flexibility, hours, min),
        (time_in_force, placement, post_only, own()),
        prop_oneof![Just(Billing::Hours720), Just(Billing::CalendarMonth)],
    )
        .prop_map(
            |(
                (who, markets, units, ticks),
                (start, flexibility, hours, min),
                (time_in_force, placement, post_only, own),
                billing,
            )| Bid {
                who,
                markets,
                units,
                ticks,
                start,
                flexibility,
                hours,
                time_in_force,
                min: min.min(units),
                placement,
                post_only,
                own,
                billing,
            },
        )
}

/// A random request.
pub fn request() -> impl Strategy<Value = Request> {
    let part = || prop::option::weighted(0.25, (0..HOURS, 1..HOURS));
    let remnant = prop_oneof![2 => Just(0u32), 1 => 2..6u32];
    prop_oneof![
        4 => (0..4usize, market(), 1..10u32, 0..10u32, 8..HOURS, remnant).prop_map(
            |(who, market, units, start, hours, remnant)| Request::Lot { who, market, units, start, hours, remnant }
        ),
        9 => (any::<Index>(), 1..8u32, 80..110i64, (1..3u32, 3..60u32), part(), own()).prop_map(
            |(supply, units, ticks, range, window, own)| Request::Ask { supply, units, ticks, range, window, own }
        ),
        12 => bid().prop_map(Request::Bid),
        2 => bid().prop_map(Request::Quoted),
        3 => (any::<Index>(), 1..8u32, 40..90i64, part())
            .prop_map(|(supply, units, ticks, window)| Request::SpotAsk { supply, units, ticks, window }),
        4 => (0..4usize, market(), 1..8u32, 40..90i64, 1..4u32)
            .prop_map(|(who, market, units, ticks, min)| Request::SpotBid { who, market, units, ticks, min }),
        5 => (any::<Index>(), prop::option::of(1..9u32), prop::option::of(80..120i64), part())
            .prop_map(|(order, units, ticks, window)| Request::Amend { order, units, ticks, window }),
        2 => any::<Index>().prop_map(|order| Request::Cancel { order }),
        1 => (0..4usize, prop::option::of(0..3usize)).prop_map(|(who, market)| Request::CancelAll { who, market }),
        1 => any::<Index>().prop_map(|lot| Request::Withdraw { lot }),
        2 => any::<Index>().prop_map(|contract| Request::Bust { contract }),
        1 => (0..3usize).prop_map(|market| Request::Halt { market }),
        3 => (0..3usize).prop_map(|market| Request::Resume { market }),
        1 => (0..4usize).prop_map(|who| Request::Suspend { who }),
        4 => (0..4usize).prop_map(|who| Request::Reinstate { who }),
        1 => (0..4usize, prop::option::weighted(0.3, 1..9u32)).prop_map(|(who, orders)| Request::Limit { who, orders }),
        6 => (1..20i64, prop::bool::weighted(0.9)).prop_map(|(five, led)| Request::Advance { minutes: five * 5, led }),
        2 => (1..40i64).prop_map(|minutes| Request::Advance { minutes, led: true }),
    ]
}

/// A random request of a market with many asks.
pub fn crowded_request() -> impl Strategy<Value = Request> {
    let part = prop::option::weighted(0.5, (0..HOURS, 1..HOURS));
    prop_oneof![
        20 => (any::<Index>(), 1..3u32, 80..110i64, (1..3u32, 3..60u32), part, own())
            .prop_map(|(supply, units, ticks, range, window, own)| Request::Ask { supply, units, ticks, range, window, own }),
        8 => bid().prop_map(|bid| Request::Bid(Bid { markets: bid.markets % 2 * 3, ticks: bid.ticks - 10, ..bid })),
        3 => any::<Index>().prop_map(|order| Request::Cancel { order }),
        1 => any::<Index>().prop_map(|contract| Request::Bust { contract }),
        1 => request().prop_filter("no great cancellations", |request| {
            !matches!(request, Request::CancelAll { .. } | Request::Suspend { .. } | Request::Withdraw { .. })
        }),
    ]
}

/// A random request of a market in which most trade by the hour, at few prices.
pub fn spot_request() -> impl Strategy<Value = Request> {
    let part = || prop::option::weighted(0.2, (0..HOURS, 1..HOURS));
    prop_oneof![
        5 => (any::<Index>(), 1..8u32, 50..56i64, part())
            .prop_map(|(supply, units, ticks, window)| Request::SpotAsk { supply, units, ticks, window }),
        8 => (0..4usize, 1..8u32, 51..58i64, 1..4u32)
            .prop_map(|(who, units, ticks, min)| Request::SpotBid { who, market: 0, units, ticks, min }),
        2 => (any::<Index>(), prop::option::of(1..9u32), prop::option::of(50..58i64))
            .prop_map(|(order, units, ticks)| Request::Amend { order, units, ticks, window: None }),
        1 => any::<Index>().prop_map(|order| Request::Cancel { order }),
        8 => (4..15i64, prop::bool::weighted(0.95)).prop_map(|(five, led)| Request::Advance { minutes: five * 5, led }),
        6 => request(),
    ]
}

/// A random request among organizations with little money, and the controls on what they spend.
pub fn money_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        12 => request(),
        8 => spot_request(),
        1 => (0..4usize, prop::option::of(0..800u32)).prop_map(|(who, dollars)| Request::Budget { who, dollars }),
        1 => (0..3usize, prop::option::of(500..5_000u32))
            .prop_map(|(market, width_bps)| Request::Band { market, width_bps }),
        2 => (0..4usize, 1..300u32).prop_map(|(who, dollars)| Request::Deposit { who, dollars }),
    ]
}

/// Among buyers of little money, of contracts that last: sold, resold, undone, and paid or not.
pub fn long_request() -> impl Strategy<Value = Request> {
    let whole = (any::<Index>(), 2..8u32, 80..105i64, own()).prop_map(|(supply, units, ticks, own)| Request::Ask {
        supply,
        units,
        ticks,
        range: (1, 30),
        window: None,
        own,
    });
    prop_oneof![
        6 => whole,
        8 => bid().prop_map(Request::Bid),
        12 => (bid(), 8..16u32, 0..6u32, 1..3u32).prop_map(|(bid, hours, start, units)| {
            Request::Bid(Bid { hours, start, units, ticks: 110, min: 1, ..bid })
        }),
        4 => (5..90i64).prop_map(|minutes| Request::Advance { minutes, led: true }),
        1 => (0..4usize, 500..20_000u32).prop_map(|(who, dollars)| Request::Deposit { who, dollars }),
        1 => any::<Index>().prop_map(|contract| Request::Bust { contract }),
        1 => any::<Index>().prop_map(|order| Request::Cancel { order }),
        1 => any::<Index>().prop_map(|lot| Request::Withdraw { lot }),
        1 => spot_request(),
        3 => any::<Index>().prop_map(|contract| Request::Ready { contract }),
        5 => (any::<Index>(), any::<bool>(), 1..9u32, 0..20_000u32, any::<bool>()).prop_map(
            |(contract, by_buyer, gpus, back, lasts)| Request::Outage { contract, by_buyer, gpus, back, lasts }
        ),
        6 => (any::<Index>(), settling()).prop_map(|(outage, how)| Request::Settle { outage, how }),
        2 => any::<Index>().prop_map(|contract| Request::Terminate { contract }),
    ]
}

fn settling() -> impl Strategy<Value = Settling> {
    prop_oneof![
        4 => Just(Settling::Accept),
        2 => Just(Settling::Restore),
        1 => Just(Settling::TakeBack),
        2 => any::<bool>().prop_map(Settling::Rule),
    ]
}

/// How many random streams are tried: many when the environment asks for it.
pub fn cases(usual: u32) -> ProptestConfig {
    let verify = std::env::var_os("SECONDWIND_VERIFY").is_some();
    ProptestConfig {
        cases: if verify { usual * 20 } else { usual },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
