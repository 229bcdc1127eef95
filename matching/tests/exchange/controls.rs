//! Scenarios of halts, kill switches, budgets, price bands and limits on open orders.

use crate::scenario::market;

#[test]
fn a_halted_market_takes_orders_and_trades_when_it_resumes() {
    market(
        "ask A1 north L1 8 @1.0000
         halt m1 => market_halted
         halt m1 => refused market_halted
         bid B1 acme m1 8 @1.2000 0..24 => placed (closed)
         bid B2 beta m1 8 @1.3000 0..24 => placed (closed)
         bid B3 beta m1 8 @1.3000 0..24 ioc => placed (closed); killed B3
         ask A2 south L2 8 @1.1000 => placed
         cancel north A1 => cancelled A1
         ask A3 north L1 8 @1.1500 => placed
         resume m1 => market_resumed; trade B2 A2 8 @1.3000; trade B1 A3 8 @1.2000
         resume m1 => refused market_not_halted",
    );
}

#[test]
fn the_kill_switch_cancels_all_and_takes_no_more() {
    market(
        "bid B1 acme m1 8 @1.0000 2..24 => placed (quantity)
         spotbid S1 acme m1 8 @1.0000 => placed
         suspend acme => suspended B1; suspended S1; organization_suspended
         suspend acme => refused organization_suspended
         bid B2 acme m1 8 @1.0000 2..24 => refused organization_suspended
         money acme => available 100000.00 held 0.00 payable 0.00
         reinstate acme => organization_reinstated
         reinstate acme => refused organization_not_suspended
         bid B2 acme m1 8 @1.0000 2..24 => placed (quantity)",
    );
}

#[test]
fn cancel_all_may_be_of_one_market() {
    market(
        "market m2
         bid B1 acme m1 8 @1.0000 2..24 => placed (quantity)
         bid B2 acme m2 8 @1.0000 2..24 => placed (quantity)
         bid B3 acme m2,m1 8 @1.0000 2..24 => placed (quantity)
         bid B4 beta m1 8 @1.0000 2..24 => placed (quantity)
         cancel_all acme m1 => cancelled B1; cancelled B3
         cancel_all acme => cancelled B2
         cancel_all acme =>
         book m1 => bids B4 8@1.0000 | asks ",
    );
}

#[test]
fn a_budget_bounds_what_is_traded_and_open_in_a_month() {
    market(
        "ask A1 north L1 16 @1.0000
         budget acme 200 => budget_set
         bid B1 acme m1 8 @1.0000 0..24 => placed; trade B1 A1 8 @1.0000
         bid B2 acme m1 8 @0.5000 24..26 => placed (price @1.0000)
         bid B3 acme m1 8 @0.5000 24..26 => refused budget_exceeded
         cancel acme B2
         bid B3 acme m1 8 @0.5000 24..26 => placed (price @1.0000)
         budget acme none => budget_set
         bid B4 acme m1 8 @0.5000 24..26 => placed (price @1.0000)",
    );
}

#[test]
fn a_price_band_refuses_mistyped_limits_on_their_bad_side() {
    market(
        "band m1 1000 around=1.0000 => price_band_set
         bid B1 acme m1 8 @1.1001 0..24 => refused price_outside_band
         bid B2 acme m1 8 @0.1000 0..24 => placed (quantity)
         ask A1 north L1 8 @0.8999 => refused price_outside_band
         ask A2 north L1 8 @9.0000 => placed
         bid B3 acme m1 8 @1.1000 0..24 => placed (price @9.0000)
         ask A3 south L2 8 @0.9000 => placed; trade B3 A3 8 @1.1000
         bid B4 acme m1 8 @1.2100 0..24 => placed (price @9.0000)
         band m1 none => price_band_set
         bid B5 acme m1 8 @9.0000 0..24 => placed; trade B5 A2 8 @9.0000",
    );
}

#[test]
fn open_orders_are_limited_and_ended_ones_do_not_count() {
    market(
        "limit acme 1 => order_limit_set
         bid B1 acme m1 8 @1.0000 2..24 => placed (quantity)
         bid B2 acme m1 8 @1.0000 2..24 => refused too_many_open_orders
         cancel acme B1
         bid B2 acme m1 8 @1.0000 2..24 => placed (quantity)",
    );
}

#[test]
fn what_is_undone_counts_against_the_month_in_which_it_was_traded() {
    market(
        "lot L3 north m1 16 800..848
         ask A1 north L3 16 @1.0000
         budget acme 200
         bid B1 acme m1 8 @1.0000 800..824 => placed; trade B1 A1 8 @1.0000
         bust B1#1 => contract_busted
         bid B2 acme m1 8 @1.0000 800..824 => placed; trade B2 A1 8 @1.0000
         at 745
         bid B3 acme m1 8 @1.0000 824..848 => placed; trade B3 A1 8 @1.0000
         bust B2#1 => contract_busted
         bid B4 acme m1 8 @1.0000 800..824 => refused budget_exceeded",
    );
}

#[test]
fn a_price_band_is_around_the_last_trade_that_stands() {
    market(
        "ask A1 north L1 8 @1.0000
         bid B1 acme m1 8 @1.0000 2..3 => placed; trade B1 A1 8 @1.0000
         cancel north A1
         ask A2 north L1 8 @50.0000
         bid B2 acme m1 8 @50.0000 4..5 => placed; trade B2 A2 8 @50.0000
         bust B2#1 => contract_busted
         band m1 1000
         bid B3 beta m1 8 @1.2000 6..7 => refused price_outside_band
         at 4
         ask A3 north L1 8 @1.0000 => placed",
    );
}
