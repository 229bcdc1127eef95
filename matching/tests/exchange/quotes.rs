//! Scenarios of quotes.

use crate::scenario::{check, market};

#[test]
fn a_quote_is_refused_where_its_order_would_be() {
    market(
        "ask A1 north L1 16 @1.0000
         band m1 1000 around=1.0000
         quote acme m1 8 @1.00005 0..24 => refused price_off_tick
         quote acme m1 8 @1.2000 0..24 => refused price_outside_band
         quote acme m1 8 @any 0..24 => 0..24 limit @1.0000 costs 192.00 + 0.00: 8 @1.0000",
    );
}

#[test]
fn the_limit_of_a_quote_can_be_named_in_all_its_markets() {
    check(
        "market m1 tick=0.0100
         market m2 tick=0.0500
         fund acme 10000
         lot L1 north m1 8 0..24
         ask A1 north L1 8 @0.9700
         quote acme m1,m2 8 @any 0..24 => 0..24 limit @1.0000 costs 186.24 + 0.00: 8 @0.9700
         bid B1 acme m1,m2 8 @0.9700 0..24 => refused price_off_tick
         bid B2 acme m1,m2 8 @0.5000 0..24 ioc => placed (price @1.0000); killed B2
         halt m2
         bid B2 acme m1,m2 8 @0.5000 0..24 ioc => placed (price @1.0000); killed B2
         bid B3 acme m1,m2 8 @1.0000 0..24 => placed; trade B3 A1 8 @0.9700",
    );
}

#[test]
fn a_quote_knows_what_time_it_is() {
    market(
        "ask A1 north L1 16 @1.0000
         quote acme m1 8 @any 2..24 => 2..24 limit @1.0000 costs 176.00 + 0.00: 8 @1.0000
         at 3
         quote acme m1 8 @any 2..24 => refused window_past
         quote acme m1 8 @any 2~6+4 => 4..8 limit @1.0000 costs 32.00 + 0.00: 8 @1.0000",
    );
}

#[test]
fn the_order_posted_from_a_quote_fills_at_its_price() {
    market(
        "ask A1 north L1 8 @1.0000
         ask A2 south L2 16 @1.1000 10..40
         quote acme m1 24 @any 0~24+12 => 10..22 limit @1.1000 costs 307.20 + 0.00: 8 @1.0000, 16 @1.1000
         bid B1 acme m1 24 @1.1000 10..22 fok => placed; trade B1 A1 8 @1.0000; trade B1 A2 16 @1.1000
         quote acme m1 32 @any 24..36 => unfillable (quantity 24)
         quote acme m1 8 @0.9000 24..36 => unfillable (price @1.0000)
         quote acme m1 16 @any 24..36 one_fabric => 24..36 limit @1.1000 costs 211.20 + 0.00: 16 @1.1000",
    );
}

#[test]
fn a_quote_tells_the_takers_fee() {
    check(
        "market m1 maker=20 taker=50
         fund acme 1000
         lot L1 north m1 8 0..4
         ask A1 north L1 8 @1.0000
         quote acme m1 8 @any 0..2 => 0..2 limit @1.0000 costs 16.00 + 0.08: 8 @1.0000
         bid B1 acme m1 8 @1.0000 0..2 => placed; trade B1 A1 8 @1.0000
         money acme => available 983.92 held 0.00 payable 0.00",
    );
}

#[test]
fn a_quote_minds_how_long_its_order_stays_and_whether_it_may_trade_at_once() {
    market(
        "ask A1 north L1 16 @1.0000
         quote acme m1 8 @any 0..24 post_only => unfillable (post_only)
         quote acme m1 8 @1.0000 0..24 post_only => unfillable (post_only)
         quote acme m1 8 @0.9000 0..24 post_only => unfillable (price @1.0000)
         quote acme m1 8 @any 0..24 post_only ioc => refused options_conflict
         quote acme m1 8 @any 0..24 gtd=4 => 0..24 limit @1.0000 costs 192.00 + 0.00: 8 @1.0000
         quote acme m1 8 @any 0..24 ioc gtd=4 => refused expiry_invalid
         at 4
         quote acme m1 8 @any 8..24 gtd=4 => refused expiry_invalid",
    );
}
