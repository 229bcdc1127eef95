//! Scenarios of searches that meet their bounds, and of books made to keep a search busy.

use std::fmt::Write as _;

use crate::scenario::{check, market};

#[test]
fn an_owner_whose_share_is_used_is_passed_over() {
    market(
        "search 8
         ask A1 north L1 8 @1.0000
         ask A2 north L1 8 @1.0100
         ask A3 south L2 8 @1.1000
         bid B1 acme m1 16 @1.2000 0..24 fok => placed; trade B1 A1 8 @1.0000; trade B1 A3 8 @1.1000",
    );
}

#[test]
fn a_bid_that_the_bound_keeps_from_its_fill_says_so() {
    market(
        "search 8
         ask A1 north L1 8 @1.0000
         ask A2 north L1 8 @1.0100
         bid B1 acme m1 16 @1.2000 0..24 fok => placed (search_limit); killed B1
         bid B2 acme m1 16 @1.2000 0..24 min=16 ioc => placed (search_limit); killed B2
         bid B3 acme m1 16 @1.2000 0..24 ioc => placed (search_limit); trade B3 A1 8 @1.0000; killed B3
         bid B4 acme m1 8 @1.2000 0..24 post_only => placed (search_limit); post-only B4
         quote acme m1 16 @any 24..48 => unfillable (search_limit)",
    );
}

#[test]
fn a_bid_that_stays_is_searched_on_before_it_rests() {
    market(
        "search 8
         ask A1 north L1 8 @1.0000
         ask A2 north L1 8 @1.0100
         ask A3 south L2 8 @1.1000
         bid B1 acme m1 24 @1.2000 0..24 => placed (search_limit); trade B1 A1 8 @1.0000; trade B1 A3 8 @1.1000; sweep_paused; \
         trade B1 A2 8 @1.0100; sweep_ended
         bid B2 acme m1 24 @1.2000 24~26+12 => placed (search_limit); trade B2 A1 8 @1.0000 24..36; trade B2 A3 8 @1.1000 24..36; \
         sweep_paused; trade B2 A2 8 @1.0100 24..36; sweep_ended
         bid B3 acme m1 16 @1.0500 36..48 min=16 => placed (search_limit); killed B3",
    );
}

#[test]
fn a_placed_bid_is_searched_on_too() {
    market(
        "search 16
         lot L3 south m1 16 0..48 remnant=48
         lot L4 south m1 16 0..48
         ask A1 south L3 16 @1.0100
         ask A2 south L4 16 @1.0200
         bid B1 acme m1 16 @1.2000 0..24 one_fabric => placed (search_limit); sweep_paused; trade B1 A2 16 @1.0200; sweep_ended",
    );
}

#[test]
fn bids_that_nothing_comes_of_have_one_search_in_a_sweep() {
    market(
        "search 8
         bid B1 acme m1 16 @1.2000 0..24 min=16
         bid B2 acme m1 16 @1.2000 0..24 min=16
         bid B3 acme m1 16 @1.2000 0..24 min=16
         bid B4 acme m1 16 @1.2000 0..24 min=16
         bid B5 acme m1 8 @1.1000 0..24
         bid B6 beta m1 8 @1.0000 0..24
         ask A1 north L1 8 @1.0000 => placed; sweep_paused; trade B6 A1 8 @1.0000; sweep_ended
         ask A2 south L2 8 @1.0000 => placed; sweep_paused; sweep_ended",
    );
}

#[test]
fn bids_that_trade_in_a_sweep_use_up_nothing() {
    market(
        "search 2
         lot L3 north m1 48 0..48
         bid B1 acme m1 8 @1.2000 0..24
         bid B2 acme m1 8 @1.2000 0..24
         bid B3 acme m1 8 @1.2000 0..24
         bid B4 acme m1 8 @1.2000 0..24
         ask A1 north L3 32 @1.0000 => placed; trade B1 A1 8 @1.2000; sweep_paused; trade B2 A1 8 @1.2000; sweep_paused; \
         trade B3 A1 8 @1.2000; sweep_paused; trade B4 A1 8 @1.2000; sweep_ended",
    );
}

#[test]
fn asks_of_a_lot_that_are_alike_are_one_candidate() {
    market(
        "search 8
         ask A1 north L1 8 @1.0000
         ask A2 north L1 8 @1.0000
         bid B1 acme m1 16 @1.2000 0..24 fok => placed; trade B1 A1 8 @1.0000; trade B1 A2 8 @1.0000",
    );
}

#[test]
fn what_is_too_small_too_long_or_sold_is_no_candidate() {
    market(
        "search 16
         lot L3 north m1 32 0..48
         lot L4 north m1 32 24..48
         ask A1 north L1 8 @1.0000
         ask A2 north L3 32 @1.0100 min_hours=25
         ask A3 north L3 32 @1.0200 max_hours=23
         ask A4 north L4 32 @1.0300
         ask A5 north L3 32 @1.0400
         bid B1 acme m1 24 @1.2000 0..24 min=16 one_fabric fok => placed; trade B1 A5 24 @1.0400",
    );
}

/// A lot that refuses every sale of less than all its hours, with asks at so many prices: each is a candidate that sells nothing.
fn junk(seller: &str, lots: usize, asks: usize) -> String {
    let mut text = format!("lot J {seller} m1 8 0..48\nlimit {seller} 100000\n");
    for lot in 0..lots {
        let _ = writeln!(text, "lot J{lot} {seller} m1 8 0..48 remnant=48");
        for ask in 0..asks / lots {
            let _ = writeln!(
                text,
                "ask J{lot}-{ask} {seller} J{lot} 8 @{:.4}",
                0.0001 * f64::from(u32::try_from(1 + ask).expect("few"))
            );
        }
    }
    text
}

/// What two honest sellers and two buyers do, with what comes of it.
const HONEST: &str = "ask A1 north L1 16 @1.0000
     ask A2 south L2 16 @1.1000
     bid B1 acme m1 24 @1.2000 0..24 fok => placed; trade B1 A1 16 @1.0000; trade B1 A2 8 @1.1000
     bid B2 acme m1 8 @1.2000 0~6+12 ioc => placed; trade B2 A2 8 @1.1000 0..12
     bid B3 beta m1 16 @1.0500 24..36 one_fabric => placed; trade B3 A1 16 @1.0000
     bid B4 beta m1 8 @0.9000 24..36
     ask A3 south L2 8 @0.8000 => placed; trade B4 A3 8 @0.9000";

#[test]
fn junk_of_one_seller_changes_no_other_pairs_trades() {
    market(HONEST);
    market(&format!("{}{HONEST}", junk("south-junk", 20, 10_000)));
}

#[test]
fn a_lot_has_so_many_asks_and_a_seller_so_many_in_a_market() {
    let asks = |lot: &str, count: usize| {
        (0..count).fold(String::new(), |text, n| text + &format!("ask {lot}-{n} north {lot} 8 @1.0000\n"))
    };
    let lots = (3..7).fold(String::new(), |text, n| text + &format!("lot L{n} north m1 16 0..48\n"));
    let full = (3..6).fold(asks("L1", 256), |text, n| text + &asks(&format!("L{n}"), 248));
    market(&format!(
        "{lots}{full}
         ask X1 north L1 8 @1.0000 => refused too_many_asks_on_lot
         spotask X2 north L1 8 @1.0000 => refused too_many_asks_on_lot
         ask X3 north L6 8 @1.0000 => refused too_many_asks_in_market
         ask X4 south L2 8 @1.0000 => placed
         cancel north L1-0
         ask X5 north L6 8 @1.0000 => placed
         limit north 20000
         ask X6 north L1 8 @1.0000 => placed
         ask X7 north L1 8 @1.0000 => placed"
    ));
}

/// Sixty staggered asks on a lot that refuses short remnants, after twenty small sales: a flexible bid has hundreds of starts, each of
/// them with sixty candidates, and each of those with many heights.
#[test]
fn a_phantom_lot_uses_its_owners_share() {
    let mut text = "lot P north m1 1000 0..2000 remnant=7\nask P0 north P 1000 @0.5000\n".to_owned();
    for sale in 0..20 {
        let start = 100 + 40 * sale;
        let _ = writeln!(text, "bid S{sale} acme m1 8 @0.5000 {start}..{} ioc", start + 10 + sale);
    }
    text.push_str("cancel north P0\n");
    for ask in 0..60 {
        let _ = writeln!(text, "ask P{} north P {} @0.6000 {}..{}", ask + 1, 504 + 8 * (ask % 3), ask, 1500 + ask * 7);
    }
    text.push_str(
        "quote beta m1 992 @any 0~900+400 fok => 7..407 limit @0.6000 costs 238080.00 + 0.00: 504 @0.6000, 488 @0.6000\n\
         quote beta m1 1992 @any 0~900+400 fok => unfillable (search_limit)\n\
         bid B1 beta m1 1992 @0.7000 0~900+400 fok => placed (search_limit); killed B1\n",
    );
    check(&format!("market m1\nfund acme 100000\nfund beta 100000000\n{text}"));
}

/// As many asks of one GPU as a bid wants, less one: it looks at each and trades with none.
#[test]
fn a_bid_among_asks_of_one_gpu_that_are_one_too_few_trades_nothing() {
    let mut text = "market m1 lot=1\nfund acme 100000000\n".to_owned();
    for seller in 0..8 {
        let _ = writeln!(text, "lot L{seller} seller{seller} m1 250 0..48");
        for ask in 0..250 {
            let _ = writeln!(text, "ask A{seller}-{ask} seller{seller} L{seller} 1 @1.{:04}", ask + 1);
        }
    }
    text.push_str("bid B1 acme m1 2001 @2.0000 0..24 min=2001 => placed (quantity 2000)\n");
    text.push_str("bid B2 acme m1 2001 @2.0000 0..24 fok => placed (quantity 2000); killed B2\n");
    check(&text);
}
