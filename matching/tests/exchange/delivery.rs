//! What is not delivered is not billed: readiness, outages, credits, penalties, and the end of a contract because of them.

use crate::scenario::check;

/// 8 GPUs at 6 a GPU-hour for ten hours, with fees of 50 and 20 basis points: an hour is 48, 0.24 and 0.096.
fn sold(lot: &str, text: &str) {
    check(&format!(
        "market m1 taker=50 maker=20
         fund acme 100000
         lot L1 north m1 16 0..48 {lot}
         ask A1 north L1 8 @6
         bid B1 acme m1 8 @6 0..10   => placed; trade B1 A1 8 @6.0000
         money acme                  => available 99517.60 held 0.00 payable 0.00
         {text}"
    ));
}

#[test]
fn an_accepted_outage_is_not_billed_from_then_on() {
    sold(
        "",
        "at 1                        => delivered 0h x1
         at 1-0                      =>
         outage O1 acme B1#1         => outage
         # Until the other side accepts it, the record says delivered.
         at 2                        => delivered 1h x1
         money north                 => available 0.00 held 0.00 payable 95.808
         # Accepted: the hour that was recorded is given back, with the fees of both sides.
         accept north O1             => settled 480
         money north                 => available 0.00 held 0.00 payable 47.904
         money acme                  => available 99565.84 held 0.00 payable 0.00
         at 3                        => delivered 2h x1 short B1#1 480
         money acme                  => available 99614.08 held 0.00 payable 0.00
         at 4-30                     =>
         restore north O1            => restored
         # Half of the hour was delivered.
         at 4                        => delivered 3h x1 short B1#1 240
         money north                 => available 0.00 held 0.00 payable 71.856
         until 10                    =>
         accounts B1#1               =>
         money north                 => available 0.00 held 0.00 payable 359.28
         # 7.5 of 10 hours: 7.5 x 48.24.
         money acme                  => available 99638.20 held 0.00 payable 0.00",
    );
}

#[test]
fn gpus_that_are_out_count_and_no_more_than_there_are() {
    sold(
        "",
        "at 2                             => delivered 0h x1; delivered 1h x1
         outage O1 acme B1#1 gpus=6 from=1 until=2   => outage
         outage O2 acme B1#1 gpus=4 from=2-30 until=2 => outage
         accept north O1                  => settled 360
         # The two overlap for half an hour, with ten GPUs out of eight.
         accept north O2                  => settled 60
         until 10                         =>
         # 10 hours less 420 GPU-minutes of 4800.
         money acme                       => available 99559.81 held 0.00 payable 0.00",
    );
}

#[test]
fn an_operator_rules_where_the_sides_do_not_agree() {
    sold(
        "",
        "at 3                         => delivered 0h x1; delivered 1h x1; delivered 2h x1
         outage O1 acme B1#1 from=0   => outage
         accept acme O1               => refused outage_own
         accept south O1              => refused outage_not_open
         take_back north O1           => refused outage_not_own
         rule O1 upheld gpus=4 from=1 until=2 => settled 240
         rule O1 upheld               => refused outage_not_open
         outage O2 north B1#1 from=2 until=3  => outage
         rule O2 rejected             => dismissed
         rule O2 rejected             => refused outage_not_open
         outage O3 acme B1#1          => outage
         take_back acme O3            => dismissed
         until 10                     =>
         accounts B1#1                =>
         money acme                   => available 99541.72 held 0.00 payable 0.00",
    );
}

#[test]
fn an_outage_must_have_been_possible() {
    sold(
        "",
        "outage O1 acme B1#1          => refused outage_invalid
         at 2                         => delivered 0h x1; delivered 1h x1
         outage O1 beta B1#1          => refused contract_unknown
         outage O1 acme B1#1 gpus=9   => refused outage_invalid
         outage O1 acme B1#1 gpus=0   => refused outage_invalid
         outage O1 acme B1#1 from=3   => refused outage_invalid
         outage O1 acme B1#1 from=1 until=1 => refused outage_invalid
         outage O1 acme B1#1 from=1 until=5 => refused outage_invalid
         outage O1 acme B1#1 from=1   => outage
         accept north O1              => settled 480
         # What was credited is not billed again.
         restore north O1 until=2-30  => refused outage_invalid
         at 3-30                      =>
         restore beta O1              => refused outage_not_open
         restore acme O1              => restored
         restore acme O1              => refused outage_ended",
    );
}

#[test]
fn a_claim_may_be_settled_after_the_contract_is_over() {
    sold(
        "",
        "until 9-0                     =>
         outage O1 acme B1#1           => outage
         until 12                      =>
         money acme                    => available 99517.60 held 0.00 payable 0.00
         # It lasted until the contract's end.
         accept north O1               => settled 480
         money acme                    => available 99565.84 held 0.00 payable 0.00
         money north                   => available 0.00 held 0.00 payable 431.136
         accept north O1               => refused outage_not_open",
    );
}

#[test]
fn a_lot_may_promise_a_penalty() {
    sold(
        "penalty=2500",
        "at 1                          => delivered 0h x1
         outage O1 acme B1#1           => outage
         accept north O1               => settled 0
         # A quarter of 48, out of what the seller has earned.
         at 2                          => delivered 1h x1 short B1#1 480
         money north                   => available 0.00 held 0.00 payable 35.904
         money acme                    => available 99577.84 held 0.00 payable 0.00",
    );
}

#[test]
fn what_the_seller_cannot_pay_it_owes_until_it_has_earned_it() {
    sold(
        "penalty=10000",
        "at 0                          =>
         outage O1 acme B1#1           => outage
         accept north O1               => settled 0
         at 1                          => delivered 0h x1 short B1#1 480
         restore north O1              => restored
         at 2                          => delivered 1h x1 short B1#1 0
         # 47.904 of the 48 it owes: all that it has earned.
         money north                   => available 0.00 held 0.00 payable 0.00
         contract B1#1                 => prepaid 385.92 deposit 0.00 seller north owed 0.096
         at 3                          => delivered 2h x1 short B1#1 0
         money north                   => available 0.00 held 0.00 payable 47.808
         money acme                    => available 99613.84 held 0.00 payable 0.00",
    );
}

#[test]
fn a_confirmed_lot_is_delivered_from_when_it_is_ready() {
    sold(
        "confirmed",
        "at 1                          => delivered 0h x1 short B1#1 480
         at 2-15                       =>
         ready south B1#1              => refused contract_unknown
         ready north B1#1 since=1-30   => refused outage_invalid
         ready north B1#1 since=2-45 endpoint=10.0.0.1 => ready
         at 2                          => delivered 1h x1 short B1#1 120
         at 3                          => delivered 2h x1
         until 10                      =>
         # 8.75 hours.
         money acme                    => available 99577.90 held 0.00 payable 0.00",
    );
}

#[test]
fn repeated_outages_let_the_buyer_end_the_contract() {
    sold(
        "outages=2",
        "at 3                          => delivered 0h x1; delivered 1h x1; delivered 2h x1
         terminate acme B1#1           => refused termination_not_due
         outage O1 acme B1#1 from=1 until=2-30 => outage
         accept north O1               => settled 240
         outage O2 acme B1#1 from=2 until=3-30 => outage
         terminate acme B1#1           => refused termination_not_due
         accept north O2               => settled 240
         terminate beta B1#1           => refused contract_unknown
         at 3                          =>
         ask R1 acme B1#1 8 @9 5..8    => placed
         terminate acme B1#1           => terminated R1; notice 4h
         terminate acme B1#1           => refused termination_not_due
         ask R2 acme B1#1 8 @9 5..8    => refused contract_unknown
         # The hour in progress is its last; the rest is refunded, and its hours can be sold again.
         at 4                          => delivered 3h x1; terminated B1#1 4..10
         accounts B1#1                 =>
         money acme                    => available 99855.28 held 0.00 payable 0.00
         free L1                       => 0..4:8 4..48:16
         bid B2 beta m1 8 @6 5..9      => refused insufficient_funds",
    );
}

#[test]
fn a_contract_that_is_never_ready_may_be_ended() {
    check(
        "market m1
         fund acme 100000
         lot L1 north m1 8 0..3000 confirmed
         ask A1 north L1 8 @1
         bid B1 acme m1 8 @1 0..2000   => placed; trade B1 A1 8 @1.0000
         wait 24-30
         terminate acme B1#1           => refused termination_not_due
         wait 24
         terminate acme B1#1           => notice 25h
         at 25                         => delivered 24h x1 short B1#1 480; terminated B1#1 25..2000
         # It has cost nothing: all hours are credited, and the deposit goes back.
         money acme                    => available 100000.00 held 0.00 payable 0.00
         free L1                       => 0..25:0 25..3000:8",
    );
}
