//! Scenarios of bids for several markets.

use crate::scenario::check;

#[test]
fn every_trade_is_a_multiple_of_all_lot_sizes() {
    let markets = "
        market m4 lot=4
        market m6 lot=6
        fund acme 10000
        lot L4 north m4 16 0..24
        lot L6 south m6 24 0..24
        ask A4 north L4 16 @1.0000
        ask A6 south L6 24 @1.1000";
    check(&format!(
        "{markets}
         bid B1 acme m4,m6 24 @1.1000 0..24 => placed; trade B1 A4 12 @1.0000; trade B1 A6 12 @1.1000"
    ));
    check(&format!(
        "{markets}
         bid B1 acme m4,m6 24 @1.1000 0..24 min=24 => placed; trade B1 A4 12 @1.0000; trade B1 A6 12 @1.1000
         bid B2 acme m4,m6 12 @1.2000 0..24 min=12 => placed; trade B2 A6 12 @1.1000"
    ));
}

#[test]
fn one_unit_of_several_lot_sizes_is_whole_when_it_rests_as_when_it_arrives() {
    check(
        "market m4 lot=4
         market m6 lot=6
         fund acme 10000
         lot L4 north m4 4 0..24
         lot L6 south m6 12 0..24
         bid B1 acme m4,m6 12 @1.1000 0..24 => placed (quantity)
         ask A4 north L4 4 @1.0000 => placed
         ask A6 south L6 12 @1.1000 => placed; trade B1 A6 12 @1.1000",
    );
}
