//! Scenarios of the continuous term market.

use crate::scenario::{check, market};

#[test]
fn the_best_price_fills_first_at_the_resting_price() {
    market(
        "ask A1 north L1 16 @1.0500 => placed
         ask A2 south L2 16 @1.0000 => placed
         bid B1 acme m1 24 @1.1000 0..24 => placed; trade B1 A2 16 @1.0000; trade B1 A1 8 @1.0500
         book m1 => bids  | asks A2 0@1.0000, A1 8@1.0500
         free L1 => 0..24:8 24..48:16",
    );
}

#[test]
fn at_one_price_the_earlier_order_fills_first() {
    market(
        "ask A1 north L1 16 @1.0500
         ask A2 south L2 16 @1.0500
         bid B1 acme m1 8 @1.0500 0..48 => placed; trade B1 A1 8 @1.0500
         bid B2 acme m1 16 @1.2000 0..48 => placed; trade B2 A1 8 @1.0500; trade B2 A2 8 @1.0500",
    );
}

#[test]
fn an_arriving_ask_takes_the_bids_price() {
    market(
        "bid B1 acme m1 8 @1.0000 0..24 => placed (quantity)
         bid B2 beta m1 8 @1.1000 0..24 => placed (quantity)
         ask A1 north L1 16 @0.9000 => placed; trade B2 A1 8 @1.1000; trade B1 A1 8 @1.0000
         free L1 => 0..24:0 24..48:16",
    );
}

#[test]
fn a_bid_fills_only_from_a_lot_that_covers_its_whole_window() {
    market(
        "ask A1 north L1 16 @1.0000 0..12 => placed
         ask A2 south L2 16 @1.2000 12..48 => placed
         bid B1 acme m1 8 @1.5000 6..18 => placed (hours 0..12)
         bid B2 acme m1 8 @1.5000 6..12 => placed; trade B2 A1 8 @1.0000",
    );
}

#[test]
fn all_asks_of_a_lot_share_its_hours() {
    market(
        "ask A1 north L1 16 @1.0000 max_hours=24 => placed
         ask A2 north L1 16 @0.8000 min_hours=25 => placed
         bid B1 acme m1 8 @1.0000 0..48 => placed; trade B1 A2 8 @0.8000
         bid B2 beta m1 16 @1.0000 0..24 => placed (quantity 8); trade B2 A1 8 @1.0000
         free L1 => 0..24:0 24..48:8",
    );
}

#[test]
fn an_ask_sells_no_more_than_its_own_gpus_in_an_hour() {
    market(
        "ask A1 north L1 8 @1.0000 => placed
         bid B1 acme m1 16 @1.0000 0..24 => placed (quantity 8); trade B1 A1 8 @1.0000
         bid B2 beta m1 8 @1.0000 24..48 => placed; trade B2 A1 8 @1.0000
         free L1 => 0..48:8",
    );
}

#[test]
fn immediate_or_cancel_keeps_what_it_got() {
    market(
        "ask A1 north L1 16 @1.0000
         bid B1 acme m1 24 @1.0000 0..48 ioc => placed (quantity 16); trade B1 A1 16 @1.0000; killed B1
         money acme => available 99232.00 held 0.00 payable 0.00",
    );
}

#[test]
fn fill_or_kill_is_atomic() {
    market(
        "ask A1 north L1 16 @1.0000
         ask A2 south L2 16 @1.1000
         bid B1 acme m1 32 @1.0500 0..48 fok => placed (price @1.1000); killed B1
         money acme => available 100000.00 held 0.00 payable 0.00
         bid B2 acme m1 32 @1.1000 0..48 fok => placed; trade B2 A1 16 @1.0000; trade B2 A2 16 @1.1000",
    );
}

#[test]
fn all_or_none_waits_whole_and_may_use_several_lots() {
    market(
        "ask A1 north L1 16 @1.0000
         bid B1 acme m1 32 @1.1000 0..48 min=32 => placed (quantity 16)
         book m1 => bids B1 32@1.1000 | asks A1 16@1.0000
         ask A2 south L2 16 @0.9000 => placed; trade B1 A2 16 @1.1000; trade B1 A1 16 @1.0000",
    );
}

#[test]
fn an_order_that_cannot_take_part_keeps_its_place() {
    market(
        "bid B1 acme m1 32 @1.1000 0..48 min=32 => placed (quantity)
         bid B2 beta m1 8 @1.1000 0..48 => placed (quantity)
         ask A1 north L1 8 @1.0000 => placed; trade B2 A1 8 @1.1000
         book m1 => bids B1 32@1.1000 | asks ",
    );
}

#[test]
fn a_minimum_bounds_each_trade_and_lets_the_rest_through() {
    market(
        "ask A1 north L1 8 @1.0000
         ask A2 south L2 16 @1.1000
         bid B1 acme m1 24 @1.1000 0..48 min=16 => placed (quantity 16); trade B1 A2 16 @1.1000
         book m1 => bids B1 8@1.1000 | asks A1 8@1.0000",
    );
}

#[test]
fn why_it_did_not_fill() {
    market(
        "bid B0 acme m1 8 @1.0000 0..24 ioc => placed (quantity); killed B0
         ask A1 north L1 16 @1.0000 24..48
         bid B1 acme m1 8 @0.9000 24..48 ioc => placed (price @1.0000); killed B1
         bid B2 acme m1 8 @1.0000 0..24 ioc => placed (hours 24..48); killed B2
         bid B3 acme m1 24 @1.0000 24..48 ioc => placed (quantity 16); trade B3 A1 16 @1.0000; killed B3",
    );
}

#[test]
fn an_organization_never_trades_with_itself() {
    market(
        "fund north 1000
         ask A1 north L1 8 @1.0000
         ask A2 south L2 8 @1.1000
         bid B1 north m1 16 @1.2000 0..24 => placed (self_trade); self-trade B1
         bid B2 north m1 8 @0.9000 0..24 => placed (quantity)
         ask A3 north L1 8 @0.9000 => placed; self-trade A3
         money north => available 827.20 held 172.80 payable 0.00",
    );
}

#[test]
fn cancelling_gives_the_hold_back_once() {
    market(
        "bid B1 acme m1 8 @1.0000 0..24 => placed (quantity)
         money acme => available 99808.00 held 192.00 payable 0.00
         cancel beta B1 => refused order_not_open
         cancel acme B1 => cancelled B1
         money acme => available 100000.00 held 0.00 payable 0.00
         cancel acme B1 => refused order_not_open",
    );
}

#[test]
fn fees_are_held_prepaid_and_earned_by_the_hour() {
    check(
        "market m1 maker=20 taker=50
         fund acme 1000
         lot L1 north m1 8 0..4
         ask A1 north L1 8 @1.0000
         bid B1 acme m1 8 @1.2500 0..2 => placed; trade B1 A1 8 @1.0000
         money acme => available 983.92 held 0.00 payable 0.00
         at 1 => delivered 0h x1
         money north => available 0.00 held 0.00 payable 7.984
         at 4 => delivered 1h x1; expired A1; lot_expired
         money north => available 0.00 held 0.00 payable 15.968",
    );
}

#[test]
fn an_ask_is_filled_when_every_hour_is_sold() {
    market(
        "ask A1 north L1 8 @1.0000 0..4
         bid B1 acme m1 8 @1.0000 0..2 => placed; trade B1 A1 8 @1.0000
         book m1 => bids  | asks A1 0@1.0000
         bid B2 acme m1 8 @1.0000 2..4 => placed; trade B2 A1 8 @1.0000
         book m1 => bids  | asks ",
    );
}

#[test]
fn a_bid_expires_at_its_gate() {
    market(
        "bid B1 acme m1 8 @1.0000 2..24 => placed (quantity)
         at 2-6
         book m1 => bids B1 8@1.0000 | asks
         at 2-5 => expired B1
         bid B2 acme m1 8 @1.0000 2..24 => refused window_past
         bid B3 acme m1 8 @1.0000 3..24 => placed (quantity)
         money acme => available 99832.00 held 168.00 payable 0.00",
    );
}

#[test]
fn a_client_order_id_names_one_order() {
    market(
        "bid B1 acme m1 8 @1.0000 2..24 id=mine => placed (quantity)
         bid B2 acme m1 8 @1.0000 2..24 id=mine => refused as B1
         bid B3 acme m1 16 @1.0000 2..24 id=mine => refused client_order_id_conflict
         bid B4 beta m1 16 @1.0000 2..24 id=mine => placed (quantity)
         cancel acme B1 => cancelled B1
         bid B5 acme m1 8 @1.0000 2..24 id=mine => refused as B1",
    );
}

#[test]
fn refusals_change_nothing() {
    market(
        "ask A1 north L1 16 @1.0000
         bid B1 acme m1 8 @1.00005 0..24 => refused price_off_tick
         bid B1 acme m1 12 @1.0000 0..24 => refused quantity_invalid
         bid B1 acme m1 0 @1.0000 0..24 => refused quantity_invalid
         bid B1 acme m1 8 @1.0000 0..24 min=16 => refused minimum_invalid
         bid B1 acme m1 8 @1.0000 0..24 min=4 => refused minimum_invalid
         bid B1 acme m9 8 @1.0000 0..24 => refused market_unknown
         bid B1 acme m1 800 @900000.0000 0..2400 => refused amount_too_large
         bid B1 acme m1 800 @10.0000 0..24 => refused insufficient_funds
         ask A2 south L1 8 @1.0000 => refused lot_unknown
         ask A2 north L1 24 @1.0000 => refused quantity_invalid
         ask A2 north L1 8 @1.0000 40..50 => refused window_outside_lot
         ask A2 north L1 8 @1.0000 min_hours=5 max_hours=4 => refused hours_range_invalid
         lot L3 north m1 12 0..4 => refused quantity_invalid
         market m1 => refused market_exists
         fund acme 0 => refused amount_not_positive
         fund acme -1 => refused amount_not_positive
         fund acme 1000000000000.000001 => refused amount_too_large
         money acme => available 100000.00 held 0.00 payable 0.00
         free L1 => 0..48:16",
    );
}

#[test]
fn a_dated_bid_ends_at_its_date_or_its_gate() {
    market(
        "bid B1 acme m1 8 @1.0000 10..24 gtd=5 => placed (quantity)
         bid B2 acme m1 8 @1.0000 10..24 gtd=20 => placed (quantity)
         bid B3 acme m1 8 @1.0000 10..24 gtd=0 => placed (quantity)
         at 0 => expired B3
         bid B4 acme m1 8 @1.0000 10..24 gtd=0 => refused expiry_invalid
         at 5 => expired B1
         at 10-5 => expired B2
         money acme => available 100000.00 held 0.00 payable 0.00",
    );
}

#[test]
fn a_post_only_bid_rests_or_ends() {
    market(
        "ask A1 north L1 8 @1.0000
         bid B1 acme m1 8 @1.0000 0..24 post_only => placed (post_only); post-only B1
         bid B2 acme m1 8 @0.9000 0..24 post_only => placed (price @1.0000)
         ask A2 south L2 8 @0.8000 => placed; trade B2 A2 8 @0.9000
         bid B3 acme m1 8 @0.9000 0..24 post_only ioc => refused options_conflict",
    );
}
