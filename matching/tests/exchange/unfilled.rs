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

#[test]
fn the_first_reason_in_the_order_of_the_contract_is_told() {
    // Price before hours: 1.5000 would do in these hours, and these hours' neighbours at the limit.
    market(
        "ask A1 north L1 16 @1.5000 0..24
         ask A2 south L2 16 @1.0000 24..48
         bid B1 acme m1 8 @1.0000 0..24 ioc => placed (price @1.5000); killed B1
         bid B2 acme m1 8 @1.0000 20..26 ioc => placed (hours 24..30); killed B2
         bid B3 acme m1 32 @2.0000 0..24 ioc => placed (quantity 16); trade B3 A1 16 @1.5000; killed B3
         halt m1
         bid B4 acme m1 8 @1.0000 24..30 ioc => placed (closed); killed B4
         bid B5 acme m1 8 @0.9000 24..30 ioc => placed (quantity); killed B5",
    );
}

#[test]
fn fabric_and_provider_are_told_where_several_would_do() {
    market(
        "ask A1 north L1 16 @1.0000
         ask A2 south L2 16 @1.1000
         bid B1 acme m1 32 @2.0000 0..24 fok one_fabric => placed (fabric 16); killed B1
         bid B2 acme m1 32 @2.0000 0..24 fok one_provider => placed (provider 16); killed B2
         bid B3 acme m1 32 @1.0000 0..24 fok one_provider => placed (quantity 16); killed B3
         bid B4 acme m1 48 @2.0000 0..24 fok => placed (quantity 32); killed B4",
    );
}

#[test]
fn the_nearest_window_is_before_or_behind() {
    market(
        "ask A1 north L1 16 @1.0000
         bid B1 acme m1 16 @1.0000 12..30 => placed; trade B1 A1 16 @1.0000
         bid B2 acme m1 8 @1.0000 10..16 ioc => placed (hours 6..12); killed B2
         bid B3 acme m1 8 @1.0000 26..32 ioc => placed (hours 30..36); killed B3
         bid B4 acme m1 8 @1.0000 10~20+6 ioc => placed (hours 6..12); killed B4",
    );
}

#[test]
fn the_price_told_is_that_of_the_last_gpu() {
    market(
        "ask A1 north L1 16 @1.2000
         ask A2 south L2 16 @1.3000
         bid B1 acme m1 24 @1.0000 0..24 ioc => placed (price @1.3000); killed B1
         bid B2 acme m1 24 @1.2000 0..24 fok => placed (price @1.3000); killed B2
         bid B3 acme m1 24 @1.3000 0..24 fok => placed; trade B3 A1 16 @1.2000; trade B3 A2 8 @1.3000",
    );
}

#[test]
fn the_quantity_told_fills_whose_own_asks_are_cancelled_on_the_way() {
    // North and south could carry their bids with acme's own asks, and so are chosen; without these they cannot.
    market(
        "lot L3 west m1 16 0..48
         ask A1 north L1 8 @1.0000
         bid B1 acme m1 8 @1.0000 0..24 => placed; trade B1 A1 8 @1.0000
         ask A2 south L2 8 @1.0000
         bid B2 acme m1 8 @1.0000 0..24 => placed; trade B2 A2 8 @1.0000
         ask R1 acme B1#1 8 @1.0000
         ask R2 acme B2#1 8 @1.1000
         ask A3 south L2 8 @1.2000 0..24
         ask A4 west L3 8 @1.3000 0..24
         bid B3 acme m1 16 @2.0000 0..24 fok one_provider cancel_oldest => placed (provider); killed B3
         bid B4 acme m1 8 @2.0000 0..24 fok one_provider cancel_oldest => placed (hours 24..48); killed B4",
    );
}
