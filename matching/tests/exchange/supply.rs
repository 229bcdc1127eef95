//! Scenarios of lots, and of the asks on them.

use crate::scenario::{check, market};

#[test]
fn a_bid_takes_from_several_asks_of_one_lot_as_far_as_the_lot_goes() {
    market(
        "ask A1 north L1 8 @1.0000
         ask A2 north L1 8 @1.1000
         bid B1 acme m1 16 @1.1000 0..48 => placed; trade B1 A1 8 @1.0000; trade B1 A2 8 @1.1000
         free L1 => 0..48:0",
    );
    market(
        "ask A1 north L1 8 @1.0000
         ask A2 north L1 16 @1.1000
         bid B1 acme m1 24 @1.1000 0..48 => placed (quantity 16); trade B1 A1 8 @1.0000; trade B1 A2 8 @1.1000",
    );
}

#[test]
fn a_sale_may_not_leave_a_remnant_shorter_than_the_seller_allows() {
    check(
        "market m1
         fund acme 10000
         lot L1 north m1 16 0..48 remnant=6
         ask A1 north L1 16 @1.0000
         bid B1 acme m1 16 @1.0000 5..24 ioc => placed (hours 6..25); killed B1
         bid B2 acme m1 16 @1.0000 6..42 => placed; trade B2 A1 16 @1.0000
         bid B3 acme m1 8 @1.0000 0..5 ioc => placed (hours 0..6); killed B3
         free L1 => 0..6:16 6..42:0 42..48:16",
    );
}
