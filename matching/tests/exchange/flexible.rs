//! Scenarios of flexible windows.

use crate::scenario::{check, market};

#[test]
fn a_start_is_moved_past_the_remnant_that_a_lot_refuses() {
    check(
        "market m1
         fund acme 10000
         lot L1 north m1 16 0..48 remnant=6
         ask A1 north L1 16 @1.0000
         bid B1 acme m1 16 @1.0000 1~10+24 => placed; trade B1 A1 16 @1.0000 6..30
         bid B2 acme m1 16 @1.0000 31~47+11 => placed; trade B2 A1 16 @1.0000 37..48",
    );
}

#[test]
fn no_window_is_named_that_has_begun() {
    market(
        "ask A1 north L1 16 @1.0000 max_hours=4
         at 10
         bid B1 acme m1 8 @1.0000 0~20+12 ioc => placed (hours 11..15); killed B1",
    );
}

#[test]
fn the_start_that_fills_most_wins_then_the_cheapest_then_the_earliest() {
    market(
        "ask A1 north L1 8 @1.0000 0..24
         ask A2 south L2 16 @1.1000 6..48
         ask A3 north L1 16 @1.2000 24..48
         bid B1 acme m1 16 @1.2000 0~24+12 => placed; trade B1 A1 8 @1.0000 6..18; trade B1 A2 8 @1.1000 6..18
         bid B2 acme m1 16 @1.2000 0~36+12 => placed; trade B2 A2 16 @1.1000 18..30
         bid B3 acme m1 8 @1.2000 0~36+4 => placed; trade B3 A1 8 @1.0000 0..4",
    );
}

#[test]
fn one_start_holds_for_all_executions() {
    market(
        "ask A1 north L1 8 @1.0000 10..34
         bid B1 acme m1 16 @1.1000 0~20+24 => placed (quantity 8); trade B1 A1 8 @1.0000 10..34
         ask A2 south L2 16 @1.0000 12..48 => placed
         ask A3 south L2 16 @1.0500 8..40 => placed; trade B1 A3 8 @1.1000 10..34",
    );
}

#[test]
fn a_flexible_bid_rests_until_the_gate_of_its_latest_start() {
    market(
        "bid B1 acme m1 8 @1.0000 2~10+4 => placed (quantity)
         at 9
         ask A1 north L1 8 @0.9000 0..13 => placed
         ask A2 north L1 16 @0.9000 0..14 => placed; trade B1 A2 8 @1.0000 10..14
         bid B2 acme m1 8 @0.5000 2~10+4 => placed (price @0.9000)
         at 10-5 => expired B2",
    );
}

#[test]
fn a_bid_that_has_its_start_expires_at_that_starts_gate() {
    market(
        "ask A1 north L1 8 @1.0000 2..6
         bid B1 acme m1 16 @1.0000 0~40+4 => placed (quantity 8); trade B1 A1 8 @1.0000 2..6
         at 2-5 => expired B1",
    );
}
