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
