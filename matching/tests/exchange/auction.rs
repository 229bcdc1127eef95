//! Worked examples of the call auction: asks, bids, the price and who gets what.
//!
//! The four rules in turn are those that exchanges' opening and closing auctions publish: maximum executable volume, minimum
//! surplus, market pressure, reference price. (London Stock Exchange, "Guide to the trading system", the auction price
//! algorithm; Deutsche Börse, "Xetra market model", price determination in auctions.) The tables are our own.

use crate::scenario::check;

/// Before the auction of hour 1, with the given supply from `lot`s of 80 GPUs.
fn auction(orders: &str, outcome: &str) {
    check(&format!(
        "market m1 tick=0.0100
         fund b1 10000
         fund b2 10000
         fund b3 10000
         lot L1 s1 m1 80 1..9
         lot L2 s2 m1 80 1..9
         lot L3 s3 m1 80 1..9
         at 0
         {orders}
         at 1-5 => {outcome}"
    ));
}

#[test]
fn nobody_meets() {
    auction(
        "spotask A1 s1 L1 8 @0.7000
         spotbid B1 b1 m1 8 @0.6900",
        "auction 1h none",
    );
}

#[test]
fn most_gpus_executed() {
    // At 0.50: 8 of supply. At 0.60: 24 against 24. At 0.70: 8 of demand.
    auction(
        "spotask A1 s1 L1 8 @0.5000
         spotask A2 s2 L2 16 @0.6000
         spotbid B1 b1 m1 8 @0.7000
         spotbid B2 b2 m1 16 @0.6000",
        "auction 1h 24@0.6000; sold B1 A1 8 @0.6000; sold B2 A2 16 @0.6000",
    );
}

#[test]
fn least_surplus() {
    // 16 execute from 0.50 to 0.80. Up to 0.60, 24 are wanted of 16; above it 16 of 16.
    auction(
        "spotask A1 s1 L1 16 @0.5000
         spotbid B1 b1 m1 16 @0.8000
         spotbid B2 b2 m1 8 @0.6000",
        "auction 1h 16@0.6100; sold B1 A1 16 @0.6100",
    );
}

#[test]
fn a_surplus_of_bids_takes_the_highest_price() {
    auction(
        "spotask A1 s1 L1 16 @0.5000
         spotbid B1 b1 m1 24 @0.8000",
        "auction 1h 16@0.8000; sold B1 A1 16 @0.8000",
    );
}

#[test]
fn a_surplus_of_asks_takes_the_lowest_price() {
    auction(
        "spotask A1 s1 L1 24 @0.5000
         spotbid B1 b1 m1 16 @0.8000",
        "auction 1h 16@0.5000; sold B1 A1 16 @0.5000",
    );
}

#[test]
fn without_a_surplus_the_price_is_the_nearest_to_the_last() {
    auction(
        "spotask A1 s1 L1 16 @0.5000
         spotbid B1 b1 m1 16 @0.8000",
        "auction 1h 16@0.5000; sold B1 A1 16 @0.5000
         amend s1 A1 @0.4000
         amend b1 B1 @0.9000
         at 2-5 => auction 2h 16@0.5000; sold B1 A1 16 @0.5000
         amend s1 A1 @0.6000
         at 3-5 => spot delivered 1h x1; auction 3h 16@0.6000; sold B1 A1 16 @0.6000
         amend s1 A1 @0.4000
         amend b1 B1 @0.4500
         at 4-5 => spot delivered 2h x1; auction 4h 16@0.4500; sold B1 A1 16 @0.4500",
    );
}

#[test]
fn at_the_margin_of_one_price_time_decides() {
    auction(
        "spotask A1 s1 L1 24 @0.5000
         spotbid B1 b1 m1 16 @0.6000
         spotbid B2 b2 m1 16 @0.6000
         spotbid B3 b3 m1 8 @0.9000",
        "auction 1h 24@0.6000; sold B3 A1 8 @0.6000; sold B1 A1 16 @0.6000",
    );
}

#[test]
fn the_cheapest_asks_sell_and_at_one_price_the_earliest() {
    auction(
        "spotask A1 s1 L1 16 @0.6000
         spotask A2 s2 L2 16 @0.6000
         spotask A3 s3 L3 8 @0.5000
         spotbid B1 b1 m1 24 @0.7000",
        "auction 1h 24@0.6000; sold B1 A3 8 @0.6000; sold B1 A1 16 @0.6000",
    );
}

#[test]
fn minimums_are_taken_out_the_worst_price_first() {
    // 24 of 32 can be had: B2 would get 8 of its 16, and goes; then B3 has room.
    auction(
        "spotask A1 s1 L1 24 @0.5000
         spotbid B1 b1 m1 16 @0.9000
         spotbid B2 b2 m1 16 @0.8000 min=16
         spotbid B3 b3 m1 8 @0.7000",
        "auction 1h 24@0.5000; sold B1 A1 16 @0.5000; sold B3 A1 8 @0.5000",
    );
}

#[test]
fn a_part_that_the_minimum_allows_is_taken() {
    auction(
        "spotask A1 s1 L1 24 @0.5000
         spotbid B1 b1 m1 16 @0.9000
         spotbid B2 b2 m1 16 @0.8000 min=8
         spotbid B3 b3 m1 8 @0.7000",
        "auction 1h 24@0.8000; sold B1 A1 16 @0.8000; sold B2 A1 8 @0.8000",
    );
}

#[test]
fn two_asks_of_one_lot_offer_no_more_than_it_has() {
    auction(
        "spotask A1 s1 L1 64 @0.5000
         spotask A2 s1 L1 64 @0.6000
         spotbid B1 b1 m1 128 @0.9000",
        "auction 1h 80@0.9000; sold B1 A1 64 @0.9000; sold B1 A2 16 @0.9000",
    );
}
