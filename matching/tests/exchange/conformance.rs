//! Behaviour that exchanges have in common, on a single fixed window: what a trader from any of them expects.
//!
//! Sources by name; the tables are our own.
//! - Price-time priority ("first in, first out"): CME Globex matching algorithms, FIFO; Nasdaq and LSE order books.
//! - Fill-or-kill and immediate-or-cancel: FIX tag 59 (4 and 3), as CME, Nasdaq and Coinbase Exchange use them.
//! - All-or-none: FIX tag 18 (G); minimum quantity: FIX tag 110.
//! - Post-only: Coinbase Exchange, `post_only`: rejected rather than take.
//! - Self-trade prevention: Coinbase Exchange `stp` (cn, co, cb); CME Globex self-match prevention (cancel newest, oldest).
//! - Amendments: CME Globex and LSE: a decrease of quantity keeps time priority; a new price or more quantity loses it.

use crate::scenario::check;

/// A plain book: one window, lots of 1 GPU, sellers s1 to s3, buyers b1 to b3.
fn plain(text: &str) {
    check(&format!(
        "market m1 lot=1 tick=0.0100
         fund b1 100000
         fund b2 100000
         fund b3 100000
         lot L1 s1 m1 1000 0..1
         lot L2 s2 m1 1000 0..1
         lot L3 s3 m1 1000 0..1
         {text}"
    ));
}

#[test]
fn price_comes_before_time() {
    plain(
        "ask A1 s1 L1 10 @1.0200
         ask A2 s2 L2 10 @1.0100
         ask A3 s3 L3 10 @1.0000
         bid B1 b1 m1 25 @1.0200 0..1 => placed; trade B1 A3 10 @1.0000; trade B1 A2 10 @1.0100; trade B1 A1 5 @1.0200",
    );
}

#[test]
fn time_decides_within_a_price() {
    plain(
        "ask A1 s1 L1 10 @1.0000
         ask A2 s2 L2 10 @1.0000
         ask A3 s3 L3 10 @1.0000
         bid B1 b1 m1 5 @1.0000 0..1 => placed; trade B1 A1 5 @1.0000
         bid B2 b2 m1 10 @1.0000 0..1 => placed; trade B2 A1 5 @1.0000; trade B2 A2 5 @1.0000
         book m1 => bids  | asks A2 5@1.0000, A3 10@1.0000",
    );
}

#[test]
fn bids_rank_alike() {
    plain(
        "bid B1 b1 m1 10 @1.0000 0..1 => placed (quantity)
         bid B2 b2 m1 10 @1.0200 0..1 => placed (quantity)
         bid B3 b3 m1 10 @1.0200 0..1 => placed (quantity)
         ask A1 s1 L1 25 @0.9000 => placed; trade B2 A1 10 @1.0200; trade B3 A1 10 @1.0200; trade B1 A1 5 @1.0000
         book m1 => bids B1 5@1.0000 | asks",
    );
}

#[test]
fn what_does_not_fill_rests_and_keeps_its_time() {
    plain(
        "ask A1 s1 L1 10 @1.0000
         bid B1 b1 m1 15 @1.0000 0..1 => placed (quantity 10); trade B1 A1 10 @1.0000
         bid B2 b2 m1 5 @1.0000 0..1 => placed (quantity)
         ask A2 s2 L2 6 @1.0000 => placed; trade B1 A2 5 @1.0000; trade B2 A2 1 @1.0000
         book m1 => bids B2 4@1.0000 | asks",
    );
}

#[test]
fn the_book_never_stands_crossed() {
    plain(
        "bid B1 b1 m1 10 @1.0000 0..1
         ask A1 s1 L1 10 @1.0100
         bid B2 b2 m1 10 @1.0000 0..1
         ask A2 s2 L2 10 @1.0000 => placed; trade B1 A2 10 @1.0000
         book m1 => bids B2 10@1.0000 | asks A1 10@1.0100",
    );
}

#[test]
fn immediate_or_cancel_takes_what_there_is() {
    plain(
        "ask A1 s1 L1 10 @1.0000
         ask A2 s2 L2 10 @1.0500
         bid B1 b1 m1 15 @1.0000 0..1 ioc => placed (price @1.0500); trade B1 A1 10 @1.0000; killed B1
         bid B2 b1 m1 15 @1.0000 0..1 ioc => placed (quantity); killed B2
         book m1 => bids  | asks A2 10@1.0500",
    );
}

#[test]
fn fill_or_kill_takes_all_or_leaves_the_book_alone() {
    plain(
        "ask A1 s1 L1 10 @1.0000
         ask A2 s2 L2 10 @1.0500
         bid B1 b1 m1 20 @1.0000 0..1 fok => placed (price @1.0500); killed B1
         bid B2 b1 m1 21 @1.0500 0..1 fok => placed (quantity 20); killed B2
         book m1 => bids  | asks A1 10@1.0000, A2 10@1.0500
         bid B3 b1 m1 20 @1.0500 0..1 fok => placed; trade B3 A1 10 @1.0000; trade B3 A2 10 @1.0500",
    );
}

#[test]
fn all_or_none_rests_and_is_passed_over_until_it_fits() {
    plain(
        "bid B1 b1 m1 20 @1.0500 0..1 min=20 => placed (quantity)
         bid B2 b2 m1 10 @1.0000 0..1 => placed (quantity)
         ask A1 s1 L1 10 @1.0000 => placed; trade B2 A1 10 @1.0000
         ask A2 s2 L2 15 @1.0000 => placed
         book m1 => bids B1 20@1.0500 | asks A2 15@1.0000
         ask A3 s3 L3 10 @1.0500 => placed; trade B1 A2 15 @1.0500; trade B1 A3 5 @1.0500",
    );
}

#[test]
fn a_minimum_quantity_passes_smaller_orders_over() {
    plain(
        "ask A1 s1 L1 5 @1.0000
         ask A2 s2 L2 10 @1.0100
         bid B1 b1 m1 20 @1.0100 0..1 min=10 => placed (quantity 10); trade B1 A2 10 @1.0100
         book m1 => bids B1 10@1.0100 | asks A1 5@1.0000",
    );
}

#[test]
fn post_only_never_takes() {
    plain(
        "ask A1 s1 L1 10 @1.0000
         bid B1 b1 m1 10 @1.0000 0..1 post_only => placed (post_only); post-only B1
         bid B2 b1 m1 10 @0.9900 0..1 post_only => placed (price @1.0000)
         book m1 => bids B2 10@0.9900 | asks A1 10@1.0000",
    );
}

#[test]
fn cancel_newest_cancels_the_rest_of_the_order_that_comes() {
    plain(
        "fund s2 1000
         ask A1 s1 L1 5 @1.0000
         ask A2 s2 L2 10 @1.0100
         bid B1 s2 m1 10 @1.0500 0..1 cancel_newest => placed (self_trade); trade B1 A1 5 @1.0000; self-trade B1
         book m1 => bids  | asks A2 10@1.0100",
    );
}

#[test]
fn cancel_oldest_cancels_the_order_at_rest() {
    plain(
        "fund s2 1000
         ask A2 s2 L2 10 @1.0000
         ask A1 s1 L1 5 @1.0100
         bid B1 s2 m1 10 @1.0500 0..1 cancel_oldest => placed (self_trade); self-trade A2; trade B1 A1 5 @1.0100
         book m1 => bids B1 5@1.0500 | asks",
    );
}

#[test]
fn less_quantity_keeps_time_more_or_another_price_loses_it() {
    plain(
        "ask A1 s1 L1 20 @1.0000
         ask A2 s2 L2 20 @1.0000
         amend s1 A1 gpus=10 => amended A1 in place
         bid B1 b1 m1 5 @1.0000 0..1 => placed; trade B1 A1 5 @1.0000
         amend s1 A1 gpus=20 => amended A1
         bid B2 b1 m1 5 @1.0000 0..1 => placed; trade B2 A2 5 @1.0000
         amend s2 A2 @1.0100 => amended A2
         amend s2 A2 @1.0000 => amended A2
         bid B3 b1 m1 5 @1.0000 0..1 => placed; trade B3 A1 5 @1.0000",
    );
}

#[test]
fn a_cancelled_order_does_not_trade() {
    plain(
        "ask A1 s1 L1 10 @1.0000
         ask A2 s2 L2 10 @1.0100
         cancel s1 A1 => cancelled A1
         bid B1 b1 m1 10 @1.0500 0..1 => placed; trade B1 A2 10 @1.0100",
    );
}
