//! Contracts of the exchange in boxes: who earns their hours, how the exchange pays that over, and what happens to it in an outage and at their end.

use crate::scenario::check;

/// 16 GPUs at 1 a GPU-hour, sold by north to acme from January through March 2027, month by month, with a seller's fee of 20 basis points. The
/// scenario begins an hour before: hour 744 is 1 February, hour 1416 is 1 March, hour 2160 is 1 April.
fn sold(text: &str) {
    check(&format!(
        "market m1 taker=50 maker=20
         fund acme 60000
         fund north 1
         lot L1 north m1 16 0..2160
         ask A1 north L1 16 @1
         bid C1 acme m1 16 @1 0..2160 monthly
         {text}"
    ));
}

#[test]
fn a_box_earns_the_hours_of_a_contract_and_is_paid_over() {
    sold(
        "box X1 north closing=2027-01-01 exchange=C1#1 fee=20
         assign X1 other                => refused contract_not_assignable
         assign X1 anchor               => contract_assigned
         assign X1 anchor               => refused contract_not_assignable
         deal X1 north closing=2027-01-01 rate=0.09 => refused deal_invalid
         deal X1 north closing=2027-01-01 exchange=C1#1 fee=20 price=5 => refused deal_invalid
         deal X1 north closing=2027-01-01 exchange=C1#1 fee=20 rate=0.09 => deal_amended
         at 1                           => delivered 0h x1
         # 16 less a fee of 0.032.
         entries                        => hours.delivered 2027-01-01; box.earned 2027-01-01
         standing X1                    => 1100-receivable/anchor 15.968; 4100-contract-revenue/anchor -15.968
         money north                    => available 1.00 held 0.00 payable 0.00
         collect X1 anchor 15 2027-01-01 => refused box_not_closed
         closing X1
         until 744                      => charged C1#1 744..1416
         # 744 hours: 11904 less 23.808.
         collect X1 anchor 11880.20 2027-01-31 => refused collection_invalid
         collect X1 anchor 11880.192 2027-01-31 => refused amount_not_in_cents
         collect X1 anchor 11880.19 2027-01-31 => box_collected
         entries                        => box.paid_over 2027-01-31; box.collected 2027-01-31
         waterfall X1 2027-02-01        => waterfall_run
         # Its hours have earned already: the run takes up costs alone.
         entries                        => box.accrued 2027-02-01; box.waterfall 2027-02-01
         reverse X1 2027-02-01          => waterfall_reversed
         uncollect X1 0                 => refused collection_not_open
         uncollect X1 2                 => collection_reversed
         entries                        => box.collection_reversed 2027-01-31 corrects event:759; box.collection_reversed 2027-01-31 corrects event:759
         uncollect X1 3                 => refused collection_not_open
         collect X1 anchor 11880.19 2027-02-01 => box_collected",
    );
}

#[test]
fn a_contract_is_assigned_from_its_next_period_and_as_the_deal_has_it() {
    sold(
        "fund south 1
         box X1 south closing=2027-01-01 exchange=C1#1 fee=20
         assign X1 anchor               => refused contract_unknown
         box X2 north closing=2027-01-01 exchange=C1#1
         assign X2 anchor               => refused contract_not_assignable
         box X3 north closing=2027-01-01 exchange=C1#1 fee=20 gpus=8
         assign X3 anchor               => refused contract_not_assignable
         box X4 north closing=2027-01-01 exchange=C1#1 fee=20 months=2
         assign X4 anchor               => refused contract_not_assignable
         box X5 north closing=2027-02-01 exchange=C1#1 fee=20 months=2
         # The deal begins with February, and January has not begun.
         assign X5 anchor               => refused contract_not_assignable
         until 1                        =>
         assign X5 anchor               => contract_assigned
         until 744                      => charged C1#1 744..1416
         money north                    => available 1.00 held 0.00 payable 11880.192
         standing X5                    =>
         at 745                         => delivered 744h x1
         money north                    => available 1.00 held 0.00 payable 11880.192
         standing X5                    => 1100-receivable/anchor 15.968; 4100-contract-revenue/anchor -15.968
         box X6 north closing=2027-03-01 exchange=C1#1 fee=20 months=1
         assign X6 anchor               => refused contract_not_assignable",
    );
}

#[test]
fn an_outage_costs_whoever_earned_the_hour_in_which_it_began() {
    sold(
        "box X1 north closing=2027-02-01 exchange=C1#1 fee=20 months=2
         until 1                        =>
         outage O1 acme C1#1 gpus=8 from=0 until=1 => outage
         assign X1 anchor               => refused contract_not_assignable
         accept north O1                => settled 480
         money north                    => available 1.00 held 0.00 payable 7.984
         assign X1 anchor               => contract_assigned
         until 744                      => charged C1#1 744..1416
         outage O2 acme C1#1 from=743 until=744 => outage
         outage O3 acme C1#1 from=744 => outage
         at 745                         => delivered 744h x1
         standing X1                    => 1100-receivable/anchor 15.968; 4100-contract-revenue/anchor -15.968
         money north                    => available 1.00 held 0.00 payable 11872.208
         accept north O2                => settled 960
         money north                    => available 1.00 held 0.00 payable 11856.24
         accept north O3                => settled 960
         entries                        => delivery.reversed 2027-02-01 corrects hours:2027-02-01T00:00:00Z/2027-02-01T01:00:00Z; box.earned 2027-02-01
         standing X1                    =>
         at 746                         => delivered 745h x1 short C1#1 960
         standing X1                    =>
         money north                    => available 1.00 held 0.00 payable 11856.24",
    );
}

#[test]
fn the_box_keeps_the_deposit_of_a_client_that_does_not_pay_and_what_was_resold() {
    sold(
        "box X1 north closing=2027-01-01 exchange=C1#1 fee=20
         assign X1 anchor               => contract_assigned
         ask R1 acme C1#1 8 @1.5
         fund beta 20000
         bid B1 beta m1 8 @1.5 0..1416 monthly => placed; trade B1 R1 8 @1.5000
         payout P1 acme 37230 available
         wait 743
         at 744                         => delivered 743h x2; terminated R1; novated B1#1 to north; terminated C1#1 744..2160
         entries                        => hours.delivered 2027-01-31; box.earned 2027-01-31; security.forfeited 2027-02-01; box.earned 2027-02-01
         # 11904 less a fee of 23.808, and February with its fee.
         standing X1                    => 1100-receivable/anchor 22685.952; 4100-contract-revenue/anchor -22685.952
         # What acme had resold is the box's as well, 12 less 0.024.
         at 745                         => delivered 744h x1
         standing X1                    => 1100-receivable/anchor 22697.928; 4100-contract-revenue/anchor -22697.928
         money north                    => available 1.00 held 0.00 payable 0.00",
    );
}
