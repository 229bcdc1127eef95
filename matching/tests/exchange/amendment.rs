//! Scenarios of amended orders.

use crate::scenario::market;

#[test]
fn a_bid_made_small_enough_trades_in_its_place() {
    market(
        "ask A1 north L1 16 @1.0000
         bid B1 acme m1 32 @1.1000 0..48 min=32 => placed (quantity 16)
         bid B2 beta m1 32 @1.1000 0..48 min=32 => placed (quantity 16)
         amend beta B2 gpus=16 => amended B2 in place; trade B2 A1 16 @1.0000
         book m1 => bids B1 32@1.1000 | asks ",
    );
}

#[test]
fn an_ask_cannot_leave_hours_behind_that_it_has_sold() {
    market(
        "ask A1 north L1 8 @1.0000 0..48
         bid B1 acme m1 8 @1.0000 0..24 => placed; trade B1 A1 8 @1.0000
         amend north A1 window=24..48 => refused already_traded
         amend north A1 window=0..24 => refused already_traded
         amend north A1 window=0..40 => amended A1
         bid B2 acme m1 8 @1.0000 0..12 ioc => placed (hours 24..36); killed B2",
    );
}

#[test]
fn an_ask_cannot_shrink_to_what_it_has_sold() {
    market(
        "ask A1 north L1 16 @1.0000 0..24
         bid B1 acme m1 8 @1.0000 0..24 => placed; trade B1 A1 8 @1.0000
         amend north A1 gpus=8 => refused already_traded
         cancel north A1",
    );
}

#[test]
fn a_price_band_does_not_keep_a_quantity_up() {
    market(
        "bid B1 acme m1 16 @2.0000 0..24 => placed (quantity)
         band m1 1000 around=1.0000
         amend acme B1 gpus=8 => amended B1 in place
         amend acme B1 @1.9000 => refused price_outside_band
         amend acme B1 @1.1000 => amended B1 (quantity)",
    );
}

#[test]
fn quantity_down_keeps_the_place_and_all_else_loses_it() {
    market(
        "bid B1 acme m1 16 @1.0000 2..24 => placed (quantity)
         bid B2 acme m1 16 @1.0000 2..24 => placed (quantity)
         bid B3 acme m1 16 @1.0000 2..24 => placed (quantity)
         amend acme B1 gpus=8 => amended B1 in place
         book m1 => bids B1 8@1.0000, B2 16@1.0000, B3 16@1.0000 | asks
         amend acme B1 gpus=16 => amended B1 (quantity)
         book m1 => bids B2 16@1.0000, B3 16@1.0000, B1 16@1.0000 | asks
         amend acme B2 window=2..23 => amended B2 (quantity)
         book m1 => bids B3 16@1.0000, B1 16@1.0000, B2 16@1.0000 | asks
         amend acme B3 @1.1000 => amended B3 (quantity)
         amend acme B3 @1.0000 => amended B3 (quantity)
         book m1 => bids B1 16@1.0000, B2 16@1.0000, B3 16@1.0000 | asks
         amend acme B1 => refused nothing_to_amend
         amend beta B1 gpus=8 => refused order_not_open",
    );
}

#[test]
fn an_amended_bid_arrives_anew_and_its_hold_follows() {
    market(
        "ask A1 north L1 8 @1.1000
         bid B1 acme m1 16 @1.0000 0..24 => placed (quantity)
         money acme => available 99616.00 held 384.00 payable 0.00
         amend acme B1 @1.1000 => amended B1 (quantity 8); trade B1 A1 8 @1.1000
         money acme => available 99577.60 held 211.20 payable 0.00
         amend acme B1 gpus=8 => refused already_traded
         amend acme B1 window=0..12 => refused already_traded
         amend acme B1 gpus=24 @1.0000 => amended B1 (quantity)
         money acme => available 99404.80 held 384.00 payable 0.00",
    );
}

#[test]
fn an_ask_made_cheaper_meets_the_bids_that_wait() {
    market(
        "ask A1 north L1 16 @1.2000
         bid B1 acme m1 8 @1.0000 0..24 => placed (price @1.2000)
         amend north A1 @1.0000 => amended A1; trade B1 A1 8 @1.0000
         amend north A1 gpus=8 => amended A1 in place
         amend north A1 @1.5000 => amended A1",
    );
}

#[test]
fn a_post_only_bid_amended_across_the_book_ends() {
    market(
        "ask A1 north L1 16 @1.2000
         bid B1 acme m1 8 @1.0000 0..24 post_only => placed (price @1.2000)
         amend acme B1 @1.2000 => amended B1 (post_only); post-only B1
         money acme => available 100000.00 held 0.00 payable 0.00",
    );
}
