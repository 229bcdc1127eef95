//! Deposits, payouts and what the bank says of them.

use crate::scenario::check;

#[test]
fn a_deposit_is_credited_when_the_bank_has_booked_it() {
    check(
        "expect D1 acme 100               => refused bank_account_unknown
         bank MAIN
         bank MAIN                        => refused bank_account_exists
         expect D1 acme 100               => deposit_expected
         money acme                       => available 0.00 held 0.00 payable 0.00
         statement S1 MAIN 0 100 100:$D1  => imported 1; booked 1; reference 100.00
         money acme                       => available 100.00 held 0.00 payable 0.00
         bank_accounts                    => 1000-bank 100.00
         unexplained                      =>
         # More under the same reference is nobody's until somebody says whose.
         statement S2 MAIN 100 130 30:$D1 => imported 1; booked 1
         unexplained                      => S2#1 30.00
         bank_accounts                    => 1000-bank 130.00; 1010-bank-unmatched -30.00
         match S2#1 for org:acme          => manual 30.00
         money acme                       => available 130.00 held 0.00 payable 0.00
         bank_accounts                    => 1000-bank 130.00",
    );
}

#[test]
fn a_deposit_may_come_in_parts_and_be_more_or_less_than_announced() {
    check(
        "bank MAIN
         expect D1 acme 100
         expect D2 beta 50
         statement S1 MAIN 0 160 60:$D1 30:$D1 70:$D2 => imported 3; booked 3; reference 60.00; reference 30.00; reference 70.00
         money acme                        => available 90.00 held 0.00 payable 0.00
         money beta                        => available 70.00 held 0.00 payable 0.00
         statement S2 MAIN 160 170 10:$D1  => imported 1; booked 1; reference 10.00
         money acme                        => available 100.00 held 0.00 payable 0.00",
    );
}

#[test]
fn a_statement_must_add_up_and_follow_the_last() {
    check(
        "bank MAIN opening=500
         bank_accounts                     => 1000-bank 500.00
         statement S1 OTHER 0 0            => refused bank_account_unknown
         statement S1 MAIN 500 600 99.99:x => refused statement_broken
         statement S1 MAIN 0 100 100:x     => refused statement_not_next
         statement S1 MAIN 500 600 100:x   => imported 1; booked 1
         statement S2 MAIN 500 600 100:x   => refused statement_not_next
         statement S2 MAIN 600 600 -5:a 0:b 5:c => imported 3; booked 3
         unexplained                       => S1#1 100.00 S2#1 -5.00 S2#3 5.00",
    );
}

#[test]
fn a_payout_is_in_transit_until_the_bank_has_booked_it() {
    check(
        "bank MAIN tolerance=1
         expect D1 acme 100
         statement S1 MAIN 0 100 100:$D1
         payout P1 acme 100.01 available   => refused insufficient_funds
         payout P1 acme 10 payable         => refused insufficient_funds
         payout P1 acme 40 available       => payout_requested
         payout P2 acme 25 available       => payout_requested
         payout P3 acme 20 available       => payout_requested
         money acme                        => available 15.00 held 0.00 payable 0.00
         # The bank kept half a dollar for itself; what one quotes two payouts is for both.
         statement S2 MAIN 100 59.5 -40.5:$P1 => imported 1; booked 1; tolerance -40.00 off by -0.50
         # Without a reference, only the amount may tell.
         statement S3 MAIN 59.5 34.5 -25:wages => imported 1; booked 1; exact -25.00
         # One that does not arrive is given back.
         return P3                         => payout_returned
         return P3                         => refused payout_not_in_transit
         return P1                         => refused payout_not_in_transit
         money acme                        => available 35.00 held 0.00 payable 0.00
         bank_accounts                     => 1000-bank 34.50",
    );
}

#[test]
fn lines_and_items_are_matched_by_hand_many_to_many_and_in_part() {
    check(
        "bank MAIN tolerance=0.05
         expect D1 acme 100
         expect D2 beta 50
         statement S1 MAIN 0 150 90:x 60:y => imported 2; booked 2
         match S1#1 S1#2 for D1 D2=49.90   => refused difference_too_large
         match S1#1 S1#1 for D1            => refused reconciliation_invalid
         match S1#1=91 for D1              => refused reconciliation_invalid
         match S1#1=-9 for D1              => refused reconciliation_invalid
         match S1#1 for D1=40 org:zeta=50  => refused organization_unknown
         match S1#1 for account:1000-bank  => refused reconciliation_invalid
         match S1#1=40 S1#2=10.04 for D1=50 => manual 50.00 off by 0.04
         money acme                        => available 50.00 held 0.00 payable 0.00
         unexplained                       => S1#1 50.00 S1#2 49.96
         match S1#1 S1#2 for D1=50 D2=49.96 => manual 50.00 49.96
         unexplained                       =>
         money beta                        => available 49.96 held 0.00 payable 0.00
         bank_accounts                     => 1000-bank 150.00
         statement S2 MAIN 150 146.5 -3.5:charges => imported 1; booked 1
         match S2#1 for account:6000-expense => manual -3.50",
    );
}

#[test]
fn a_reconciliation_can_be_undone() {
    check(
        "bank MAIN
         expect D1 acme 100
         expect D2 beta 100
         statement S1 MAIN 0 100 100:$D1   => imported 1; booked 1; reference 100.00
         undo R1                           => reconciliation_undone
         undo R1                           => refused reconciliation_unknown
         money acme                        => available 0.00 held 0.00 payable 0.00
         unexplained                       => S1#1 100.00
         bank_accounts                     => 1000-bank 100.00; 1010-bank-unmatched -100.00
         match S1#1 for D2                 => manual 100.00
         # What was credited and is gone cannot be taken back.
         payout P1 beta 60 available
         undo R2                           => refused insufficient_funds
         return P1
         undo R2                           => reconciliation_undone
         match S1#1 for D1                 => manual 100.00
         money acme                        => available 100.00 held 0.00 payable 0.00
         money beta                        => available 0.00 held 0.00 payable 0.00",
    );
}

#[test]
fn a_deposit_credited_before_its_booking_waits_for_it() {
    check(
        "bank MAIN
         fund acme 80
         money acme                        => available 80.00 held 0.00 payable 0.00
         statement S1 MAIN 0 80 80:wire    => imported 1; booked 1; exact 80.00
         money acme                        => available 80.00 held 0.00 payable 0.00
         bank_accounts                     => 1000-bank 80.00",
    );
}

#[test]
fn an_account_is_given_up_when_it_is_empty_or_was_a_mistake() {
    check(
        "bank TYPO opening=500000
         bank_accounts                     => 1000-bank 500000.00
         give_up TYPO                      => bank_account_closed
         bank_accounts                     =>
         own 3000-equity                   => 0.00
         give_up TYPO                      => refused bank_account_unknown
         bank MAIN
         statement S1 MAIN 0 5 5:interest
         give_up MAIN                      => refused bank_account_in_use
         match S1#1 for account:4900-other-income
         give_up MAIN                      => refused bank_account_in_use
         statement S2 MAIN 5 0 -5:moved
         give_up MAIN                      => refused bank_account_in_use
         match S2#1 for account:3000-equity
         give_up MAIN                      => bank_account_closed
         bank_accounts                     =>",
    );
}
