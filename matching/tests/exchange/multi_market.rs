//! Scenarios of bids for several markets.

use crate::scenario::check;

#[test]
fn every_trade_is_a_multiple_of_all_lot_sizes() {
    let markets = "
        market m4 lot=4
        market m6 lot=6
        fund acme 10000
        lot L4 north m4 16 0..24
        lot L6 south m6 24 0..24
        ask A4 north L4 16 @1.0000
        ask A6 south L6 24 @1.1000";
    check(&format!(
        "{markets}
         bid B1 acme m4,m6 24 @1.1000 0..24 => placed; trade B1 A4 12 @1.0000; trade B1 A6 12 @1.1000"
    ));
    check(&format!(
        "{markets}
         bid B1 acme m4,m6 24 @1.1000 0..24 min=24 => placed; trade B1 A4 12 @1.0000; trade B1 A6 12 @1.1000
         bid B2 acme m4,m6 12 @1.2000 0..24 min=12 => placed; trade B2 A6 12 @1.1000"
    ));
}

#[test]
fn one_unit_of_several_lot_sizes_is_whole_when_it_rests_as_when_it_arrives() {
    check(
        "market m4 lot=4
         market m6 lot=6
         fund acme 10000
         lot L4 north m4 4 0..24
         lot L6 south m6 12 0..24
         bid B1 acme m4,m6 12 @1.1000 0..24 => placed (quantity)
         ask A4 north L4 4 @1.0000 => placed
         ask A6 south L6 12 @1.1000 => placed; trade B1 A6 12 @1.1000",
    );
}

fn two_markets(text: &str) {
    check(&format!(
        "market eu region=eu renewable=9000
         market us region=us renewable=2000
         fund acme 10000
         lot E1 north eu 16 0..24
         lot U1 south us 16 0..24
         {text}"
    ));
}

#[test]
fn a_bid_for_several_markets_takes_the_cheapest_first() {
    two_markets(
        "ask A1 north E1 8 @1.1000
         ask A2 south U1 8 @1.0000
         ask A3 south U1 8 @1.2000
         bid B1 acme eu,us 24 @1.2000 0..24 => placed; trade B1 A2 8 @1.0000; trade B1 A1 8 @1.1000; trade B1 A3 8 @1.2000",
    );
}

#[test]
fn at_one_price_the_earlier_ask_of_any_market_comes_first() {
    two_markets(
        "ask A1 south U1 8 @1.0000
         ask A2 north E1 8 @1.0000
         bid B1 acme eu,us 8 @1.0000 0..24 => placed; trade B1 A1 8 @1.0000",
    );
}

#[test]
fn a_filter_names_the_markets_that_it_admits() {
    two_markets(
        "ask A1 north E1 8 @1.1000
         ask A2 south U1 8 @1.0000
         bid B1 acme ?region=eu 8 @1.2000 0..24 => placed; trade B1 A1 8 @1.1000
         bid B2 acme ?renewable=9500 8 @1.2000 0..24 => refused no_market_chosen
         bid B3 acme ?class=a100 8 @1.2000 0..24 => placed; trade B3 A2 8 @1.0000
         bid B4 acme ?class=h100 8 @1.2000 0..24 => refused no_market_chosen",
    );
}

#[test]
fn a_resting_bid_for_several_markets_trades_in_whichever_comes_first() {
    two_markets(
        "bid B1 acme eu,us 16 @1.2000 0..24 => placed (quantity)
         ask A1 south U1 8 @1.0000 => placed; trade B1 A1 8 @1.2000
         ask A2 north E1 16 @1.0000 => placed; trade B1 A2 8 @1.2000
         book us => bids  | asks
         book eu => bids  | asks A2 8@1.0000",
    );
}

#[test]
fn markets_of_two_currencies_do_not_mix() {
    check(
        "market m1
         market m2 currency=EUR
         fund acme 100
         bid B1 acme m1,m2 8 @1.0000 0..2 => refused currencies_differ",
    );
}
