//! Scenarios of resale: asks on a contract.

use crate::scenario::check;

fn held(text: &str) {
    check(&format!(
        "market m1
         fund acme 10000
         fund beta 10000
         lot L1 north m1 16 0..24
         ask A1 north L1 16 @1.0000
         bid B1 acme m1 16 @1.0000 2..12 => placed; trade B1 A1 16 @1.0000
         {text}"
    ));
}

#[test]
fn a_holder_resells_fewer_gpus_and_a_part_of_the_window() {
    held(
        "ask R1 acme B1#1 8 @1.5000 4..12 => placed
         bid B2 beta m1 8 @2.0000 2..6 ioc => placed (hours 4..8); killed B2
         bid B3 beta m1 8 @2.0000 4..6 => placed; trade B3 R1 8 @1.5000
         free B1#1 => 2..4:16 4..6:8 6..12:16
         ask R2 acme B1#1 24 @1.5000 => refused quantity_invalid
         ask R3 acme B1#1 8 @1.5000 2..13 => refused window_outside_lot
         ask R4 beta B1#1 8 @1.5000 => refused contract_unknown",
    );
}

#[test]
fn all_resales_of_a_contract_share_its_hours() {
    held(
        "ask R1 acme B1#1 16 @1.5000
         ask R2 acme B1#1 16 @1.6000
         bid B2 beta m1 24 @2.0000 2..12 ioc => placed (quantity 16); trade B2 R1 16 @1.5000; killed B2
         free B1#1 => 2..12:0
         ask R3 beta B2#1 8 @1.9000 => placed
         bid B3 acme m1 8 @2.0000 2..12 => placed; trade B3 R3 8 @1.9000",
    );
}

#[test]
fn a_contract_that_was_resold_is_not_undone_before_what_was_resold() {
    held(
        "ask R1 acme B1#1 16 @1.5000
         bid B2 beta m1 8 @2.0000 2..12 => placed; trade B2 R1 8 @1.5000
         bust B1#1 => refused contract_resold
         bust B2#1 => contract_busted
         bust B1#1 => busted R1; contract_busted
         money acme => available 10000.00 held 0.00 payable 0.00
         money beta => available 10000.00 held 0.00 payable 0.00
         free L1 => 0..24:16",
    );
}

#[test]
fn both_contracts_are_delivered_and_paid() {
    held(
        "ask R1 acme B1#1 16 @1.5000
         bid B2 beta m1 16 @2.0000 2..12 => placed; trade B2 R1 16 @1.5000
         at 3 => delivered 2h x2
         money north => available 0.00 held 0.00 payable 16.00
         money acme => available 9840.00 held 0.00 payable 24.00",
    );
}

#[test]
fn one_fabric_is_the_lot_whoever_sells_it() {
    held(
        "ask R1 acme B1#1 16 @1.1000
         lot L2 south m1 16 0..24
         ask A2 south L2 8 @1.0000
         bid B2 beta m1 16 @2.0000 2..12 one_fabric => placed; trade B2 R1 16 @1.1000",
    );
}
