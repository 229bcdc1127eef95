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
