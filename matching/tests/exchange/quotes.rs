//! Scenarios of quotes.

use crate::scenario::market;

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
