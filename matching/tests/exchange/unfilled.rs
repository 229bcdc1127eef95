//! Scenarios of why a bid does not fill.

use crate::scenario::market;

#[test]
fn the_hours_that_are_left_from_the_same_start_are_named() {
    market(
        "ask A1 north L1 16 @1.0000
         bid B1 acme m1 16 @1.0000 10..48 => placed; trade B1 A1 16 @1.0000
         bid B2 acme m1 16 @1.0000 4..24 ioc => placed (hours 4..10); killed B2",
    );
}
