//! Scenarios of placement: one fabric, one provider.

use crate::scenario::{check, market};

#[test]
fn one_fabric_takes_the_first_lot_that_can_carry_all() {
    market(
        "ask A1 north L1 8 @1.0000
         ask A2 south L2 16 @1.2000
         bid B1 acme m1 16 @1.3000 0..24 one_fabric => placed; trade B1 A2 16 @1.2000",
    );
}

#[test]
fn one_fabric_else_takes_the_first_lot_that_can_carry_the_minimum_and_stays_with_it() {
    market(
        "ask A1 north L1 8 @1.0000
         ask A2 south L2 16 @1.2000
         bid B1 acme m1 24 @1.3000 0..24 one_fabric => placed (fabric 8); trade B1 A1 8 @1.0000
         lot L3 south m1 16 0..48
         ask A3 south L3 16 @1.1000 => placed
         ask A4 north L1 8 @1.2500 => placed; trade B1 A4 8 @1.3000
         bid B2 beta m1 32 @1.3000 0..24 one_fabric min=16 => placed (fabric 16); trade B2 A3 16 @1.1000",
    );
}

#[test]
fn one_fabric_may_use_several_asks_of_the_lot() {
    market(
        "ask A1 north L1 8 @1.0000
         ask A2 south L2 8 @1.1000
         ask A3 north L1 8 @1.2000
         bid B1 acme m1 16 @1.3000 0..24 one_fabric => placed; trade B1 A1 8 @1.0000; trade B1 A3 8 @1.2000",
    );
}

#[test]
fn one_provider_takes_a_providers_lots_together() {
    market(
        "lot L3 north m1 8 0..48
         ask A1 south L2 16 @1.0000
         ask A2 north L1 16 @1.1000
         ask A3 north L3 8 @1.2000
         bid B1 acme m1 24 @1.3000 0..24 one_provider => placed; trade B1 A2 16 @1.1000; trade B1 A3 8 @1.2000
         bid B2 acme m1 24 @1.3000 24..48 one_provider min=16 => placed; trade B2 A2 16 @1.1000; trade B2 A3 8 @1.2000
         bid B3 beta m1 24 @1.3000 0..24 one_provider ioc => placed (quantity 16); trade B3 A1 16 @1.0000; killed B3",
    );
}

#[test]
fn a_placed_bid_is_bound_to_the_provider_of_its_first_trade() {
    market(
        "ask A1 north L1 8 @1.0000
         bid B1 acme m1 24 @1.1000 0..24 one_provider => placed (quantity 8); trade B1 A1 8 @1.0000
         ask A2 south L2 16 @1.0000 => placed
         lot L3 north m1 16 0..48
         ask A3 north L3 16 @1.0500 => placed; trade B1 A3 16 @1.1000",
    );
}

#[test]
fn all_or_none_on_one_fabric_is_skipped_and_keeps_its_place() {
    check(
        "market m1
         fund acme 10000
         fund beta 10000
         lot L1 north m1 8 0..24
         lot L2 north m1 16 0..24
         bid B1 acme m1 16 @1.1000 0..24 one_fabric min=16 => placed (quantity)
         bid B2 beta m1 8 @1.0000 0..24 => placed (quantity)
         ask A1 north L1 8 @0.9000 => placed; trade B2 A1 8 @1.0000
         ask A2 north L2 16 @0.9000 => placed; trade B1 A2 16 @1.1000",
    );
}

#[test]
fn an_ask_that_has_sold_these_hours_gives_its_lot_no_rank() {
    market(
        "ask A1 north L1 8 @1.0000 0..24
         bid B0 beta m1 8 @1.0000 0..12 => placed; trade B0 A1 8 @1.0000
         ask A2 north L1 8 @1.3000
         ask A3 south L2 16 @1.1000
         bid B1 acme m1 8 @1.5000 0..12 one_fabric => placed; trade B1 A3 8 @1.1000
         bid B2 acme m1 8 @1.5000 0..12 one_provider => placed; trade B2 A3 8 @1.1000
         bid B3 acme m1 8 @1.5000 12..24 one_fabric => placed; trade B3 A1 8 @1.0000",
    );
}
