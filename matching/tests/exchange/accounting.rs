//! Months that close, corrections, manual journals, tax and currency conversions.

use crate::scenario::check;

#[test]
fn months_close_one_after_the_other_and_only_when_they_are_over() {
    check(
        "# The first entry is of the last hour of 2026.
         market m1
         close 2026-12                    => refused period_not_over
         journal J1 6000-expense=25 3000-equity=-25
         approve J1 by=bob
         close 2027-01                    => refused period_not_next
         close 2026-12                    => refused period_not_over
         at 0
         close 2026-12                    => period_closed
         close 2026-12                    => refused period_not_next
         close 2027-01                    => refused period_not_over
         at 743
         close 2027-01                    => refused period_not_over
         at 744
         close 2027-02                    => refused period_not_next
         close 2027-01                    => period_closed",
    );
}

#[test]
fn a_month_is_not_closed_while_its_bank_is_not_explained() {
    check(
        "bank MAIN
         fund acme 80
         at 0
         # No statement reaches the end of the year, and eighty are on none.
         close 2026-12                    => refused period_unreconciled
         statement S1 MAIN 0 80 80:wire on=2026-12-31 => imported 1; booked 1; exact 80.00
         entries                          => bank.booked 2026-12-31; deposit.confirmed 2026-12-31
         close 2026-12                    => period_closed
         expect D1 acme 100
         statement S2 MAIN 80 185 100:x 5:interest => imported 2; booked 2
         at 744
         statement S3 MAIN 185 185
         close 2027-01                    => refused period_unreconciled
         match S2#1 for D1                => manual 100.00
         entries                          => deposit.matched 2027-01-01
         close 2027-01                    => refused period_unreconciled
         match S2#2 for account:4900-other-income
         close 2027-01                    => period_closed",
    );
}

#[test]
fn what_comes_late_is_dated_in_the_month_that_is_open_and_points_to_what_it_corrects() {
    check(
        "bank MAIN
         expect D1 acme 100
         expect D2 beta 100
         statement S1 MAIN 0 100 100:$D1  => imported 1; booked 1; reference 100.00
         at 24
         statement S2 MAIN 100 100
         close 2026-12                    => period_closed
         # A booking of December that the bank tells in January.
         statement S3 MAIN 100 107 7:late on=2026-12-30 => imported 1; booked 1
         entries                          => bank.booked 2027-01-01
         match S3#1 for org:acme
         entries                          => deposit.matched 2027-01-01
         # What was explained in December was beta's.
         undo R1                          => reconciliation_undone
         entries                          => reconciliation.undone 2027-01-01 corrects event:8
         match S1#1 for D2
         entries                          => deposit.matched 2027-01-01
         money beta                       => available 100.00 held 0.00 payable 0.00",
    );
}

#[test]
fn time_that_was_not_delivered_is_corrected_by_its_hours() {
    check(
        "market m1
         fund acme 1000
         lot L1 north m1 8 0..48
         ask A1 north L1 8 @1.0000
         bid B1 acme m1 8 @1.0000 0..24   => placed; trade B1 A1 8 @1.0000
         until 20                         =>
         outage O1 acme B1#1 from=2 until=5
         accept north O1                  => settled 1440
         entries                          => delivery.reversed 2027-01-01 corrects hours:2027-01-01T02:00:00Z/2027-01-01T05:00:00Z",
    );
}

#[test]
fn what_one_proposes_another_approves() {
    check(
        "market m1
         fund acme 100
         journal J1 6000-expense=25 2000-customer-available/acme=-25 => journal_proposed
         entries                          =>
         money acme                       => available 100.00 held 0.00 payable 0.00
         approve J1                       => refused approval_own
         approve J1 by=bob                => journal_approved
         entries                          => journal.manual 2026-12-31
         approve J1 by=bob                => refused journal_not_open
         reject J1 by=bob                 => refused journal_not_open
         money acme                       => available 125.00 held 0.00 payable 0.00
         own 6000-expense                 => 25.00
         # The twenty-five were a mistake; the money may be gone by the time somebody looks.
         journal J2 6000-expense=-25 2000-customer-available/acme=25 corrects=4 => journal_proposed
         journal J3 3000-equity=-120 2000-customer-available/acme=120 => journal_proposed
         approve J3 by=bob                => journal_approved
         approve J2 by=bob                => refused insufficient_funds
         journal J4 3000-equity=20 2000-customer-available/acme=-20
         approve J4 by=bob
         approve J2 by=bob                => journal_approved
         entries                          => journal.manual 2026-12-31 corrects event:4
         journal J5 3000-equity=1 6000-expense=-1
         reject J5 by=bob                 => journal_rejected
         approve J5 by=bob                => refused journal_not_open",
    );
}

#[test]
fn a_journal_balances_and_keeps_to_accounts_that_people_may_post_to() {
    check(
        "market m1
         fund acme 100
         journal J1 6000-expense=25       => refused journal_invalid
         journal J1 6000-expense=25 3000-equity=-24 => refused journal_invalid
         journal J1 6000-expense=0 3000-equity=0 => refused journal_invalid
         journal J1 6000-expense=1 6000-expense=1 3000-equity=-2 => refused journal_invalid
         journal J1 1000-bank=25 3000-equity=-25 => refused journal_invalid
         journal J1 1010-bank-unmatched=25 3000-equity=-25 => refused journal_invalid
         journal J1 2010-customer-held/acme=25 3000-equity=-25 => refused journal_invalid
         journal J1 2000-customer-available=25 3000-equity=-25 => refused journal_invalid
         journal J1 6000-expense/acme=25 3000-equity=-25 => refused journal_invalid
         journal J1 6000-expense=25 2000-customer-available/zeta=-25 => refused organization_unknown
         journal J1 6000-expense=25 3000-equity=-25 currency=EUR => refused journal_invalid
         journal J1 6000-expense=25 3000-equity=-25 day=2027-01-01 => refused journal_invalid
         journal J1 6000-expense=25 3000-equity=-25 day=2026-11-30 => refused period_closed
         journal J1 6000-expense=25 3000-equity=-25 corrects=99 => refused journal_invalid
         journal J1 6000-expense=25 3000-equity=-25 day=2026-12-31 => journal_proposed
         at 0
         journal J2 3000-equity=100 2000-customer-available/acme=-100
         approve J2 by=bob
         close 2026-12                    => refused period_unreconciled",
    );
}

#[test]
fn a_journal_is_not_approved_into_a_closed_month() {
    check(
        "market m1
         journal J0 6000-expense=25 3000-equity=-25
         approve J0 by=bob
         journal J1 6000-expense=25 3000-equity=-25 day=2026-12-31
         journal J2 6000-expense=25 3000-equity=-25
         at 0
         close 2026-12                    => period_closed
         approve J1 by=bob                => refused period_closed
         approve J2 by=bob                => journal_approved
         entries                          => journal.manual 2027-01-01",
    );
}

#[test]
fn tax_is_withheld_from_earnings_that_are_paid_out() {
    check(
        "market m1
         fund acme 1000
         lot L1 north m1 8 0..48
         ask A1 north L1 8 @1.0000
         bid B1 acme m1 8 @1.0000 0..24
         until 10                         =>
         withhold north 10001             => refused withholding_invalid
         withhold zeta 2400               => refused organization_unknown
         withhold north 2400              => withholding_set
         payout P1 north 80.01 payable    => refused insufficient_funds
         payout P1 north 50.001 payable    => refused amount_not_in_cents
         payout P1 north 50 payable       => payout_requested
         entries                          => payout.requested 2027-01-01; tax.withheld 2027-01-01
         money north                      => available 0.00 held 0.00 payable 30.00
         own 2400-withheld-tax            => -12.00
         # What is one's own is not taxed.
         payout P2 acme 10 available
         own 2400-withheld-tax            => -12.00
         return P1                        => payout_returned
         own 2400-withheld-tax            => 0.00
         money north                      => available 0.00 held 0.00 payable 80.00
         bank MAIN
         payout P3 north 80 payable
         statement S1 MAIN 0 -80 -60.8:$P3 -19.2:tax => imported 2; booked 2; reference -60.80
         match S1#2 for account:2400-withheld-tax => manual -19.20
         own 2400-withheld-tax            => 0.00",
    );
}

#[test]
fn many_small_payouts_are_taxed_as_one() {
    check(
        "market m1
         fund acme 1000
         lot L1 north m1 8 0..48
         ask A1 north L1 8 @1.0000
         bid B1 acme m1 8 @1.0000 0..24
         until 10                         =>
         withhold north 3000
         payout P1 north 0.03 payable
         own 2400-withheld-tax            => 0.00
         payout P2 north 0.01 payable
         own 2400-withheld-tax            => -0.01
         payout P3 north 0.06 payable
         own 2400-withheld-tax            => -0.03
         return P3
         own 2400-withheld-tax            => -0.01
         payout P4 north 0.06 payable
         own 2400-withheld-tax            => -0.03",
    );
}

#[test]
fn a_payout_that_comes_back_is_in_transit_again() {
    check(
        "bank MAIN
         expect D1 acme 100
         statement S1 MAIN 0 100 100:$D1
         payout P1 acme 40 available
         statement S2 MAIN 100 60 -40:$P1 => imported 1; booked 1; reference -40.00
         return P1                        => refused payout_not_in_transit
         # The bank of acme has refused it.
         statement S3 MAIN 60 100 40:$P1  => imported 1; booked 1
         match S3#1=41 for P1             => refused reconciliation_invalid
         match S3#1 for P1                => manual 40.00
         money acme                       => available 60.00 held 0.00 payable 0.00
         return P1                        => payout_returned
         money acme                       => available 100.00 held 0.00 payable 0.00
         bank_accounts                    => 1000-bank 100.00",
    );
}

#[test]
fn statements_are_of_days_that_can_be() {
    check(
        "bank MAIN
         statement S1 MAIN 0 5 5:x on=2027-01-02 => refused statement_dates_invalid
         statement S1 MAIN 0 5 5:x on=2027-01-01 => imported 1; booked 1
         close 2026-12                    => refused period_not_over
         match S1#1 for account:4900-other-income
         at 0
         statement S2 MAIN 5 5
         close 2026-12                    => period_closed",
    );
}

#[test]
fn an_account_without_a_statement_keeps_the_month_open() {
    check(
        "bank MAIN opening=5
         at 0
         close 2026-12                    => refused period_unreconciled
         statement S1 MAIN 5 5
         close 2026-12                    => period_closed
         # One that is taken up later had no bookings then.
         at 744
         bank OTHER opening=7
         statement S2 MAIN 5 5
         close 2027-01                    => period_closed",
    );
}

#[test]
fn a_deposit_by_hand_waits_for_its_booking_whenever_the_bank_came() {
    check(
        "market m1
         fund acme 80
         bank MAIN
         statement S1 MAIN 0 80 80:wire   => imported 1; booked 1; exact 80.00
         bank_accounts                    => 1000-bank 80.00",
    );
}

#[test]
fn a_conversion_has_a_booking_in_each_currency() {
    check(
        "bank MAIN opening=500
         bank EURO opening=100 currency=EUR
         statement S1 MAIN 500 390 -110:fx => imported 1; booked 1
         statement S2 EURO 100 200 100:fx currency=EUR => imported 1; booked 1
         match S1#1 for account:1900-currency-position
         entries                          => currency.converted 2026-12-31
         match S2#1 for account:1900-currency-position
         own 1900-currency-position       => 110.00
         own 1900-currency-position currency=EUR => -100.00
         unexplained                      =>",
    );
}
