//! Contracts of several periods: what is paid when, and what happens when it is not.

use crate::scenario::check;

/// A market with a taker fee of 50 basis points, a lot of 16 GPUs for half a year, and an ask at 1 a GPU-hour.
fn long(text: &str) {
    check(&format!(
        "market m1 taker=50 maker=20
         lot L1 north m1 16 0..4400
         ask A1 north L1 16 @1
         {text}"
    ));
}

#[test]
fn up_to_720_hours_are_paid_whole() {
    long(
        "fund acme 6000
         bid B1 acme m1 8 @1 0..720   => placed; trade B1 A1 8 @1.0000
         contract B1#1                => prepaid 5788.80 deposit 0.00 seller north
         money acme                   => available 211.20 held 0.00 payable 0.00
         until 719                    =>
         at 720                       => delivered 719h x1
         accounts B1#1                =>
         money north                  => available 0.00 held 0.00 payable 5748.48",
    );
}

#[test]
fn a_longer_one_is_paid_for_its_first_period_and_secured_for_one_more() {
    long(
        "fund acme 20000
         bid B1 acme m1 8 @1.1 0..2000   => placed; trade B1 A1 8 @1.0000
         # (720 + 720) hours x 8 at the limit of 1.1 would have been 12735.36 with the fee.
         contract B1#1                   => prepaid 5788.80 deposit 5788.80 seller north
         money acme                      => available 8422.40 held 0.00 payable 0.00
         # 168 hours ahead, the second period is paid.
         until 551                       =>
         until 552                       => charged B1#1 720..1440
         money acme                      => available 2633.60 held 0.00 payable 0.00
         # The last one, of 560 hours, is paid out of the deposit, and what is left of that goes back.
         until 1272                      => charged B1#1 1440..2000
         money acme                      => available 3920.00 held 0.00 payable 0.00
         contract B1#1                   => prepaid 5853.12 deposit 0.00 seller north
         until 2000                      =>
         accounts B1#1                   =>",
    );
}

#[test]
fn a_bid_holds_its_first_two_periods_at_its_limit() {
    long(
        "fund acme 20000
         bid B1 acme m1 8 @0.5 0..2000   => placed (price @1.0000)
         money acme                      => available 14211.20 held 5788.80 payable 0.00
         amend acme B1 gpus=16           => amended B1 (price @1.0000)
         money acme                      => available 8422.40 held 11577.60 payable 0.00
         amend acme B1 window=0..721     => amended B1 (price @1.0000)
         money acme                      => available 14203.16 held 5796.84 payable 0.00
         cancel acme B1                  => cancelled B1
         money acme                      => available 20000.00 held 0.00 payable 0.00
         fund poor 11577
         bid B2 poor m1 8 @1 0..2000     => refused insufficient_funds",
    );
}

#[test]
fn calendar_months_are_periods_of_their_own() {
    // The scenario begins on 1 January: hour 744 is 1 February, hour 1416 is 1 March, hour 2160 is 1 April.
    long(
        "fund acme 40000
         bid B1 acme m1 8 @1 700..2200 monthly   => placed; trade B1 A1 8 @1.0000
         # 44 hours of January and, as the deposit, February.
         contract B1#1                           => prepaid 353.76 deposit 5402.88 seller north
         until 575                               =>
         until 576                               => charged B1#1 744..1416
         until 1248                              => charged B1#1 1416..2160
         # April's 40 hours cost less than the deposit.
         until 1992                              => charged B1#1 2160..2200
         until 2199                              =>
         contract B1#1                           => prepaid 8.04 deposit 0.00 seller north
         until 2200                              =>
         accounts B1#1                           =>
         money acme                              => available 27940.00 held 0.00 payable 0.00",
    );
}

#[test]
fn a_period_that_costs_more_than_the_deposit_takes_the_rest_from_the_buyer() {
    // The deposit is for February's 672 hours; the last period is March, with 744.
    long(
        "fund acme 20000
         bid B1 acme m1 8 @1 700..2160 monthly => placed; trade B1 A1 8 @1.0000
         contract B1#1                         => prepaid 353.76 deposit 5402.88 seller north
         until 576                             => charged B1#1 744..1416
         money acme                            => available 8840.48 held 0.00 payable 0.00
         until 1248                            => charged B1#1 1416..2160
         money acme                            => available 8261.60 held 0.00 payable 0.00
         until 2160                            =>
         accounts B1#1                         =>",
    );
}

#[test]
fn a_missed_charge_is_tried_again_each_day_and_ends_the_contract_as_the_period_begins() {
    long(
        "fund acme 11577.6
         bid B1 acme m1 8 @1 0..2000    => placed; trade B1 A1 8 @1.0000
         money acme                     => available 0.00 held 0.00 payable 0.00
         until 552                      => missed B1#1 720..1440
         until 575                      =>
         until 576                      => missed B1#1 720..1440
         until 719                      => missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440
         contract B1#1                  => prepaid 8.04 deposit 5788.80 seller north
         free L1                        => 0..2000:8 2000..4400:16
         # No unpaid hour is delivered; the seller keeps the deposit, and only that.
         until 720                      => terminated B1#1 720..2000
         accounts B1#1                  =>
         free L1                        => 0..720:8 720..4400:16
         money acme                     => available 0.00 held 0.00 payable 0.00
         money north                    => available 0.00 held 0.00 payable 11537.28
         at 721                         =>",
    );
}

#[test]
fn money_that_comes_before_the_period_begins_keeps_the_contract() {
    long(
        "fund acme 11577.6
         bid B1 acme m1 8 @1 0..2000    => placed; trade B1 A1 8 @1.0000
         until 552                      => missed B1#1 720..1440
         fund acme 5788.80
         until 575                      =>
         until 576                      => charged B1#1 720..1440
         money acme                     => available 0.00 held 0.00 payable 0.00",
    );
}

#[test]
fn the_capacity_of_a_terminated_contract_goes_to_the_bids_that_wait() {
    long(
        "fund acme 23155.2
         fund beta 100000
         bid B1 acme m1 16 @1 0..2000   => placed; trade B1 A1 16 @1.0000
         bid B2 beta m1 16 @1 800..900  => placed (hours 2000..2100)
         until 719                      => missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440
         until 720                      => terminated B1#1 720..2000; trade B2 A1 16 @1.0000
         free L1                        => 0..720:0 720..800:16 800..900:0 900..4400:16",
    );
}

#[test]
fn a_terminated_contract_leaves_its_resales_to_its_own_seller() {
    long(
        "fund acme 23155.2
         fund beta 100000
         bid B1 acme m1 16 @1 0..2000             => placed; trade B1 A1 16 @1.0000
         ask R1 acme B1#1 16 @1.2                 => placed
         bid B2 beta m1 8 @1.2 800..1600 min=8    => placed; trade B2 R1 8 @1.2000
         until 552                                => missed B1#1 720..1440
         contract B2#1                            => prepaid 6946.56 deposit 771.84 seller acme
         until 720                                => missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; missed B1#1 720..1440; terminated R1; novated B2#1 to north; terminated B1#1 720..2000
         # Only what was not resold is free again.
         free L1                                  => 0..720:0 720..800:16 800..1600:8 1600..4400:16
         contract B2#1                            => prepaid 6946.56 deposit 771.84 seller north
         money acme                               => available 0.00 held 0.00 payable 0.00
         until 1600                               => charged B2#1 1520..1600
         accounts B2#1                            =>
         accounts B1#1                            =>
         # North has the hours and the deposit of the first contract, and the second one's at its own price.
         money north                              => available 0.00 held 0.00 payable 30739.20",
    );
}

#[test]
fn what_a_resale_earns_pays_for_what_was_resold() {
    check(
        "market m1
         lot L1 north m1 16 0..4400
         ask A1 north L1 16 @1
         fund acme 23040
         fund beta 200000
         bid B1 acme m1 16 @1 0..2160            => placed; trade B1 A1 16 @1.0000
         ask R1 acme B1#1 16 @2                  => placed
         bid B2 beta m1 16 @2 0..700             => placed; trade B2 R1 16 @2.0000
         until 551                               =>
         money acme                              => available 0.00 held 0.00 payable 17632.00
         until 552                               => charged B1#1 720..1440
         money acme                              => available 0.00 held 0.00 payable 6144.00
         # The last period is paid out of the deposit.
         until 1272                              => charged B1#1 1440..2160
         money acme                              => available 0.00 held 0.00 payable 10880.00",
    );
}

/// The first two periods together are below what a line of the books carries, the third, a whole month, is above it: such a charge
/// used to end the process when it fell due, and again after each restart.
#[test]
fn a_contract_has_no_charge_that_the_books_cannot_carry() {
    check(
        "market m1
         fund acme 1000000000000
         lot L1 north m1 1424 0..9000
         ask A1 north L1 1424 @1000000.0000
         bid B1 acme m1 1424 @1000000.0000 743..3000 monthly   => refused amount_too_large
         bid B2 acme m1 1336 @1000000.0000 743..3000 monthly   => placed; trade B2 A1 1336 @1000000.0000",
    );
}
