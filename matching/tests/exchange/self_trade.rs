//! Scenarios of self-trade prevention, of arriving bids and of arriving asks.

use crate::scenario::check;

fn market(text: &str) {
    check(&format!(
        "market m1
         fund north 10000
         fund acme 10000
         lot L1 north m1 16 0..24
         lot L2 south m1 16 0..24
         ask A1 south L2 8 @1.0000
         ask A2 north L1 8 @1.1000
         ask A3 south L2 8 @1.2000
         {text}"
    ));
}

#[test]
fn cancel_newest_ends_the_bid_where_it_meets_its_own_ask() {
    market(
        "bid B1 north m1 24 @1.2000 0..24 => placed (self_trade); trade B1 A1 8 @1.0000; self-trade B1
         book m1 => bids  | asks A2 8@1.1000, A3 8@1.2000",
    );
}

#[test]
fn cancel_oldest_cancels_the_ask_and_goes_on() {
    market(
        "bid B1 north m1 16 @1.2000 0..24 cancel_oldest => placed; self-trade A2; trade B1 A1 8 @1.0000; trade B1 A3 8 @1.2000
         book m1 => bids  | asks ",
    );
}

#[test]
fn cancel_both_ends_both() {
    market(
        "bid B1 north m1 24 @1.2000 0..24 cancel_both => placed (self_trade); self-trade A2; trade B1 A1 8 @1.0000; self-trade B1
         book m1 => bids  | asks A3 8@1.2000",
    );
}

#[test]
fn an_own_order_that_would_not_trade_is_left_alone() {
    market(
        "bid B1 north m1 8 @1.2000 0..24 cancel_both => placed; trade B1 A1 8 @1.0000
         bid B2 north m1 8 @1.0500 0..24 cancel_both => placed (quantity)
         book m1 => bids B2 8@1.0500 | asks A2 8@1.1000, A3 8@1.2000",
    );
}

#[test]
fn an_arriving_ask_is_cancelled_by_cancel_newest() {
    market(
        "bid B1 acme m1 8 @0.9500 0..24 => placed (price @1.0000)
         bid B2 north m1 8 @0.9000 0..24 => placed (price @1.0000)
         ask A4 north L1 8 @0.9000 => placed; trade B1 A4 8 @0.9500
         bid B3 north m1 8 @0.9200 0..24 => placed (price @1.0000)
         bid B4 acme m1 8 @0.9100 0..24 => placed (price @1.0000)
         ask A5 north L1 8 @0.9000 => placed; self-trade A5
         book m1 => bids B3 8@0.9200, B4 8@0.9100, B2 8@0.9000 | asks A1 8@1.0000, A2 8@1.1000, A3 8@1.2000",
    );
}

#[test]
fn an_arriving_ask_cancels_its_own_bid_by_cancel_oldest() {
    market(
        "bid B1 north m1 8 @0.9500 0..24 => placed (price @1.0000)
         bid B2 acme m1 8 @0.9000 0..24 => placed (price @1.0000)
         ask A4 north L1 8 @0.9000 cancel_oldest => placed; self-trade B1; trade B2 A4 8 @0.9000",
    );
}

#[test]
fn an_arriving_ask_and_its_own_bid_end_by_cancel_both() {
    market(
        "bid B1 north m1 8 @0.9500 0..24 => placed (price @1.0000)
         bid B2 acme m1 8 @0.9000 0..24 => placed (price @1.0000)
         ask A4 north L1 8 @0.9000 cancel_both => placed; self-trade B1; self-trade A4
         book m1 => bids B2 8@0.9000 | asks A1 8@1.0000, A2 8@1.1000, A3 8@1.2000",
    );
}
