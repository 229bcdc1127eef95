//! Scenarios of the hourly auction and of what is left over of it.

use crate::scenario::check;

fn market(text: &str) {
    check(&format!(
        "market m1 tick=0.0100
         fund acme 10000
         fund beta 10000
         fund gama 10000
         lot L1 north m1 16 0..48
         lot L2 south m1 16 0..48
         {text}"
    ));
}

#[test]
fn an_auction_closes_at_the_gate_and_sells_the_next_hour_at_one_price() {
    market(
        "spotask A1 north L1 16 @0.5000 => placed
         spotask A2 south L2 16 @0.7000 => placed
         spotbid B1 acme m1 24 @0.9000 => placed
         spotbid B2 beta m1 8 @0.7000 => placed
         at 0-6
         at 0-5 => auction 0h 32@0.7000; sold B1 A1 16 @0.7000; sold B1 A2 8 @0.7000; sold B2 A2 8 @0.7000
         money acme => available 9961.60 held 21.60 payable 0.00
         at 1-5 => auction 1h 32@0.7000; sold B1 A1 16 @0.7000; sold B1 A2 8 @0.7000; sold B2 A2 8 @0.7000
         at 1 => spot delivered 0h x3
         money north => available 0.00 held 0.00 payable 11.20",
    );
}

#[test]
fn the_gate_of_each_market_is_its_own() {
    check(
        "market m1 tick=0.0100 gate=30
         fund acme 100
         lot L1 north m1 8 1..9
         at 0
         spotask A1 north L1 8 @0.5000
         spotbid B1 acme m1 8 @0.9000 => placed
         at 1-31
         at 1-30 => auction 1h 8@0.5000; sold B1 A1 8 @0.5000
         at 2-30 => auction 2h 8@0.5000; sold B1 A1 8 @0.5000
         money acme => available 84.80 held 7.20 payable 0.00",
    );
}

#[test]
fn an_outbid_incumbent_is_told_at_the_gate_and_keeps_the_hour_it_is_in() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         fund beta 1000
         lot L1 north m1 16 1..48
         at 0
         spotask A1 north L1 16 @0.5000
         spotbid B1 acme m1 16 @0.6000
         at 1-5 => auction 1h 16@0.5000; sold B1 A1 16 @0.5000
         at 1
         spotbid B2 beta m1 8 @0.8000 => placed
         at 2-5 => auction 2h 16@0.6000; sold B1 A1 8 @0.6000; sold B2 A1 8 @0.6000; interrupted B1 2h 8
         at 2 => spot delivered 1h x1
         at 3 => auction 3h 16@0.6000; sold B1 A1 8 @0.6000; sold B2 A1 8 @0.6000; spot delivered 2h x2",
    );
}

#[test]
fn at_one_price_the_incumbent_comes_first_then_time() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         fund beta 1000
         fund gama 1000
         lot L1 north m1 24 1..48
         at 0
         spotask A1 north L1 8 @0.5000
         spotbid B1 acme m1 16 @0.6000 min=16
         spotbid B2 beta m1 8 @0.6000
         spotbid B3 gama m1 8 @0.6000
         at 1-5 => auction 1h 8@0.6000; sold B2 A1 8 @0.6000
         amend north A1 gpus=16
         at 2-5 => auction 2h 16@0.6000; sold B2 A1 8 @0.6000; sold B3 A1 8 @0.6000
         cancel gama B3
         spotbid B4 gama m1 8 @0.6000 => placed; sold B4 A1 8 @0.6000 5min
         amend north A1 gpus=24
         at 3-5 => spot delivered 1h x2; auction 3h 24@0.6000; sold B2 A1 8 @0.6000; sold B1 A1 16 @0.6000",
    );
}

#[test]
fn a_bid_that_would_get_less_than_its_minimum_is_taken_out() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         fund beta 1000
         lot L1 north m1 16 1..48
         at 0
         spotask A1 north L1 16 @0.5000
         spotbid B1 acme m1 8 @0.9000
         spotbid B2 beta m1 16 @0.8000 min=16
         at 1-5 => auction 1h 8@0.5000; sold B1 A1 8 @0.5000
         cancel acme B1
         at 2-5 => auction 2h 16@0.5000; sold B2 A1 16 @0.5000",
    );
}

#[test]
fn what_is_left_over_is_sold_for_the_minutes_that_remain() {
    check(
        "market m1 tick=0.0100 taker=50
         fund acme 1000
         fund beta 1000
         lot L1 north m1 16 1..48
         lot L2 south m1 16 1..48
         at 0
         spotask A1 north L1 16 @0.5000
         spotask A2 south L2 8 @0.7000
         spotbid B1 acme m1 8 @0.6000
         at 1-5 => auction 1h 8@0.5000; sold B1 A1 8 @0.5000
         at 2-15
         spotbid B2 beta m1 24 @0.7000 => placed; sold B2 A1 8 @0.5000 15min; sold B2 A2 8 @0.7000 15min
         money beta => available 980.704 held 16.884 payable 0.00",
    );
}

#[test]
fn the_left_over_costs_no_less_than_the_clearing_price() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         fund beta 1000
         lot L1 north m1 16 1..48
         lot L2 south m1 8 1..48
         at 0
         spotask A1 north L1 8 @0.3000
         spotbid B1 acme m1 16 @0.6000
         spotask A2 south L2 8 @0.5000
         at 1-5 => auction 1h 16@0.5000; sold B1 A1 8 @0.5000; sold B1 A2 8 @0.5000
         at 1
         spotask A3 north L1 8 @0.2000 => placed
         spotbid B2 beta m1 8 @0.4000 => placed
         spotbid B3 beta m1 8 @0.9000 => placed; sold B3 A3 8 @0.5000",
    );
}

#[test]
fn a_bid_without_funds_for_its_next_hour_is_suspended_until_it_has_them() {
    check(
        "market m1 tick=0.0100
         fund acme 10
         lot L1 north m1 8 1..48
         at 0
         spotask A1 north L1 8 @0.8000
         spotbid B1 acme m1 8 @0.8000 => placed
         at 1-5 => auction 1h 8@0.8000; sold B1 A1 8 @0.8000; unfunded B1
         money acme => available 3.60 held 0.00 payable 0.00
         at 2-5 => auction 2h none; interrupted B1 2h 8
         fund acme 100
         at 3-5 => spot delivered 1h x1; funded B1; auction 3h 8@0.8000; sold B1 A1 8 @0.8000",
    );
}

#[test]
fn a_gate_that_nobody_led_is_void() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         lot L1 north m1 8 1..48
         lot L2 north m1 8 1..48
         at 0
         ask T1 north L2 8 @1.0000
         bid C1 acme m1 8 @1.0000 1..48
         spotask A1 north L1 8 @0.5000
         spotbid B1 acme m1 8 @0.8000
         at 1-5 => auction 1h 8@0.5000; sold B1 A1 8 @0.5000
         take_lead_at 3 => missed 2h nobody led; interrupted B1 2h 8; delivered 1h x1; spot delivered 1h x1; missed 3h nobody led; \
         delivered 2h x1
         spotbid B2 acme m1 8 @0.9000 => placed
         at 4-5 => auction 4h 8@0.8100; sold B2 A1 8 @0.8100",
    );
}

#[test]
fn a_halted_market_holds_no_auction() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         lot L1 north m1 8 1..48
         at 0
         spotask A1 north L1 8 @0.5000
         spotbid B1 acme m1 8 @0.8000
         at 1-5
         halt m1
         at 2-5 => missed 2h halted; interrupted B1 2h 8
         resume m1
         spotbid B2 acme m1 8 @0.9000 => placed
         at 3-5 => spot delivered 1h x1; auction 3h 8@0.8100; sold B2 A1 8 @0.8100",
    );
}

#[test]
fn spot_sells_what_terms_leave_and_an_hour_sold_is_gone() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         fund beta 1000
         lot L1 north m1 16 1..6 remnant=5
         at 0
         ask T1 north L1 16 @1.0000
         spotask A1 north L1 16 @0.5000
         bid C1 acme m1 8 @1.0000 1..6 => placed; trade C1 T1 8 @1.0000
         spotbid B1 beta m1 16 @0.8000
         at 1-5 => auction 1h 8@0.8000; sold B1 A1 8 @0.8000
         free L1 => 1..2:0 2..6:8
         bid C2 acme m1 8 @1.0000 2..6 => placed; trade C2 T1 8 @1.0000",
    );
}

#[test]
fn withdrawn_spot_supply_interrupts_at_the_next_gate() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         lot L1 north m1 8 1..48
         at 0
         spotask A1 north L1 8 @0.5000
         spotbid B1 acme m1 8 @0.8000
         at 1-5
         withdraw north L1 => withdrawn A1; lot_withdrawn
         at 2-5 => auction 2h none; interrupted B1 2h 8
         at 2 => spot delivered 1h x1
         at 3",
    );
}

#[test]
fn a_resold_contract_is_sold_by_the_hour() {
    check(
        "market m1 tick=0.0100
         fund acme 1000
         fund beta 1000
         lot L1 north m1 8 1..6
         at 0
         ask T1 north L1 8 @1.0000
         bid C1 acme m1 8 @1.0000 1..6 => placed; trade C1 T1 8 @1.0000
         spotask A1 acme C1#1 8 @1.2000 => placed
         spotbid B1 beta m1 8 @1.5000 => placed
         at 1-5 => auction 1h 8@1.2000; sold B1 A1 8 @1.2000
         at 2 => auction 2h 8@1.2000; sold B1 A1 8 @1.2000; delivered 1h x1; spot delivered 1h x1
         money acme => available 960.00 held 0.00 payable 9.60",
    );
}
