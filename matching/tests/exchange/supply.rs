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

#[test]
fn an_ask_sells_no_shorter_and_no_longer_than_it_says() {
    market(
        "ask A1 north L1 16 @1.0000 min_hours=12 max_hours=24
         bid B1 acme m1 8 @1.0000 0..11 ioc => placed (hours 0..12); killed B1
         bid B2 acme m1 8 @1.0000 0..25 ioc => placed (hours 0..24); killed B2
         bid B3 acme m1 8 @1.0000 0..12 => placed; trade B3 A1 8 @1.0000
         bid B4 acme m1 8 @1.0000 12..36 => placed; trade B4 A1 8 @1.0000",
    );
}

#[test]
fn fewer_gpus_may_avoid_a_remnant() {
    // Of hours 0..2 only 16 GPUs are free: all 32 behind them would cut those hours off, 16 do not.
    check(
        "market m1
         fund acme 10000
         lot L1 north m1 32 0..24 remnant=4
         ask A1 north L1 32 @1.0000
         bid B1 acme m1 16 @1.0000 0..2 => placed; trade B1 A1 16 @1.0000
         bid B2 acme m1 32 @1.0000 2..20 ioc => placed (hours 6..24); trade B2 A1 16 @1.0000; killed B2
         free L1 => 0..20:16 20..24:32",
    );
}

#[test]
fn withdrawing_a_lot_withdraws_only_what_is_not_sold() {
    market(
        "ask A1 north L1 16 @1.0000
         ask A2 north L1 8 @1.1000
         bid B1 acme m1 8 @1.0000 2..24 => placed; trade B1 A1 8 @1.0000
         withdraw south L1 => refused lot_unknown
         withdraw north L1 => withdrawn A1; withdrawn A2; lot_withdrawn
         withdraw north L1 => refused lot_withdrawn
         ask A3 north L1 8 @1.0000 => refused lot_withdrawn
         free L1 => 0..48:0
         at 3 => delivered 2h x1
         at 48 => delivered 3h x1; delivered 4h x1; delivered 5h x1; delivered 6h x1; delivered 7h x1; delivered 8h x1; \
         delivered 9h x1; delivered 10h x1; delivered 11h x1; delivered 12h x1; delivered 13h x1; delivered 14h x1; \
         delivered 15h x1; delivered 16h x1; delivered 17h x1; delivered 18h x1; delivered 19h x1; delivered 20h x1; \
         delivered 21h x1; delivered 22h x1; delivered 23h x1; lot_expired; lot_expired",
    );
}

#[test]
fn what_returns_to_a_withdrawn_lot_is_not_sold() {
    market(
        "ask A1 north L1 16 @1.0000
         bid B1 acme m1 16 @1.0000 2..24 => placed; trade B1 A1 16 @1.0000
         bid B2 beta m1 8 @1.0000 2..24 => placed (hours 24..46)
         withdraw north L1 => withdrawn A1; lot_withdrawn
         bust B1#1 => contract_busted
         money acme => available 100000.00 held 0.00 payable 0.00
         book m1 => bids B2 8@1.0000 | asks ",
    );
}

#[test]
fn the_capacity_of_a_busted_trade_goes_to_the_bids_that_wait() {
    market(
        "ask A1 north L1 16 @1.0000
         bid B1 acme m1 16 @1.0000 2..24 => placed; trade B1 A1 16 @1.0000
         bid B2 beta m1 8 @1.2000 2..24 => placed (hours 24..46)
         bid B3 beta m1 8 @1.3000 2..24 => placed (hours 24..46)
         bid B4 beta m1 8 @1.1000 2..24 => placed (hours 24..46)
         bust B1#1 => contract_busted; trade B3 A1 8 @1.0000; trade B2 A1 8 @1.0000
         money acme => available 100000.00 held 0.00 payable 0.00
         bust B1#1 => refused contract_unknown
         at 2
         bust B2#1 => refused contract_in_delivery",
    );
}

#[test]
fn an_ask_that_had_sold_all_is_open_again_when_a_trade_of_it_is_undone() {
    market(
        "ask A1 north L1 16 @1.0000 0..24
         bid B1 acme m1 16 @1.0000 0..24 => placed; trade B1 A1 16 @1.0000
         bid B2 beta m1 8 @1.2000 0..24 => placed (quantity)
         bust B1#1 => contract_busted; trade B2 A1 8 @1.0000
         book m1 => bids  | asks A1 8@1.0000
         bid B3 beta m1 8 @1.0000 0..24 => placed; trade B3 A1 8 @1.0000
         book m1 => bids  | asks ",
    );
}

#[test]
fn an_ask_on_a_withdrawn_lot_or_of_a_suspended_seller_stays_ended() {
    market(
        "ask A1 north L1 16 @1.0000 2..24
         bid B1 acme m1 8 @1.0000 2..24 => placed; trade B1 A1 8 @1.0000
         bid B2 acme m1 8 @1.0000 2..24 => placed; trade B2 A1 8 @1.0000
         suspend north
         bust B1#1 => contract_busted
         book m1 => bids  | asks 
         reinstate north
         bust B2#1 => contract_busted
         book m1 => bids  | asks A1 8@1.0000",
    );
}
