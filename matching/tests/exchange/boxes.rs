//! Scenarios of boxes: their deals, and their lives.

use ledger::deal::{Deal, DealTerms};
use ledger::{Account, AccountKind, Amount, BoxId, Currency, Day, EntityId, Owner};
use matching::{Command, DealParty, Event, Exchange, Instruction, NewCollection};

use crate::line::label;
use crate::scenario::{Collected, check, command_id};

#[test]
fn a_deal_is_amended_forward_and_keeps_its_versions() {
    check(
        "fund north 1
         box B1 north            => box_created
         versions B1             => Fixed(0.083)
         deal B1 north rate=0.143 by=bob => deal_amended
         versions B1             => Fixed(0.083) Fixed(0.143)
         box B2 north rate=0.09  => box_created
         versions B1             => Fixed(0.083) Fixed(0.143)",
    );
}

#[test]
fn what_is_no_deal_or_changes_what_stays_is_refused() {
    check(
        "fund north 1
         fund south 1
         box B1 nobody           => refused organization_unknown
         box B1 north closing=2026-02-01 => refused deal_invalid
         box B1 north            => box_created
         deal B1 south           => refused deal_invalid
         deal B1 north closing=2025-12-31 => refused deal_invalid
         versions B1             => Fixed(0.083)",
    );
}

/// The race: a sponsor sends its amendment before the closing, and it arrives after it.
#[test]
fn a_sponsor_amends_its_own_deal_until_it_closes_whenever_it_was_sent() {
    check(
        "fund north 1
         fund south 1
         box B1 north for=south  => refused forbidden_entity
         box B1 north for=north  => box_created
         deal B1 north rate=0.09 for=north => deal_amended
         deal B1 north rate=0.01 for=south => refused box_unknown
         closing B1              => deal_closed
         deal B1 north rate=0.01 for=north => refused forbidden_role
         deal B1 north rate=0.1  => deal_amended
         versions B1             => Fixed(0.083) Fixed(0.09) Fixed(0.1)",
    );
}

#[test]
fn an_index_is_fixed_from_a_day_that_deals_know() {
    check(
        "fix sofr 1969-12-31 0.05 => refused invalid_field
         fix sofr 1970-01-01 0.05 => index_fixed",
    );
}

#[test]
fn a_month_is_paid_out_in_the_order_of_the_deal_and_reversed_whole() {
    check(
        "fund north 1
         box B1 north
         collect B1 anchor 5400000 2026-01-31 => refused box_not_closed
         waterfall B1 2026-02-01 => refused box_not_closed
         closing B1              => deal_closed
         entries                 => box.contributed 2026-01-01; box.drawn 2026-01-01; box.asset_bought 2026-01-01
         closing B1              => refused box_closed
         standing B1             => 1500-equipment/gpus 100000000.00; 2600-debt/senior -80000000.00; 3000-equity -20000000.00
         collect B1 other 5400000 2026-01-31 => refused collection_invalid
         collect B1 anchor 0 2026-01-31 => refused amount_not_positive
         collect B1 anchor 5400000 2028-01-31 => refused collection_invalid
         collect B1 anchor 5000000 2026-01-31 => box_collected
         collect B1 anchor 400000 2026-02-02 => box_collected
         waterfall B1 2026-03-01 => refused waterfall_not_next
         waterfall B1 2026-02-01 => waterfall_run
         entries                 => box.accrued 2026-02-01; box.waterfall 2026-02-01
         standing B1             => 1020-box-cash 400000.00; 1030-reserve-cash/debt_service 360000.00; 1500-equipment/gpus 100000000.00; 1590-accumulated-depreciation/gpus -1388888.89; 2600-debt/senior -77556777.78; 3000-equity -20000000.00; 4100-contract-revenue/anchor -5400000.00; 6100-operating-cost/agent 25000.00; 6100-operating-cost/data_center 950000.00; 6100-operating-cost/o_and_m 130000.00; 6100-operating-cost/power 520000.00; 6200-depreciation/gpus 1388888.89; 6300-interest/senior 571777.78
         collect B1 anchor 5 2026-02-01 => refused collection_invalid
         reverse B1 2026-03-01   => refused waterfall_not_latest
         reverse B1 2026-02-01   => waterfall_reversed
         standing B1             => 1020-box-cash 5400000.00; 1100-receivable/anchor -5400000.00; 1500-equipment/gpus 100000000.00; 2600-debt/senior -80000000.00; 3000-equity -20000000.00
         reverse B1 2026-02-01   => refused waterfall_not_latest
         waterfall B1 2026-02-01 => waterfall_run
         deal B1 north rate=0.143 => deal_amended
         collect B1 anchor 5400000 2026-02-28
         waterfall B1 2026-03-01 => waterfall_run",
    );
}

#[test]
fn a_supplier_is_paid_what_it_invoices() {
    check(
        "fund north 1
         box B1 north
         closing B1
         invoice B1 power 2025-12 1     => refused supplier_invoice_invalid
         invoice B1 water 2026-01 1     => refused supplier_invoice_invalid
         invoice B1 power 2099-01 1     => refused supplier_invoice_invalid
         invoice B1 power 2026-01 500000.001 => refused supplier_invoice_invalid
         invoice B1 power 2026-01 500000 => agreement_invoiced
         collect B1 anchor 5400000 2026-01-31
         waterfall B1 2026-02-01
         step B1 power                  => due 500000.00 paid 500000.00 debt 77556777.78
         # January costs 30000 more after all, and then 5000 less than that.
         invoice B1 power 2026-01 530000 => agreement_invoiced
         invoice B1 power 2026-01 525000 => agreement_invoiced
         collect B1 anchor 5400000 2026-02-28
         waterfall B1 2026-03-01
         step B1 power                  => due 545000.00 paid 545000.00 debt 75042449.87
         reverse B1 2026-03-01
         # Known again as it was, and once more corrected.
         invoice B1 power 2026-02 510000 => agreement_invoiced
         waterfall B1 2026-03-01
         step B1 power                  => due 535000.00 paid 535000.00 debt 75042449.87
         # More was charged than a month costs: it comes off the next two.
         invoice B1 power 2026-02 0     => agreement_invoiced
         invoice B1 power 2026-01 0     => agreement_invoiced
         collect B1 anchor 5400000 2026-03-31
         waterfall B1 2026-04-01
         step B1 power                  => due 0.00 paid 0.00 debt 72563794.94
         collect B1 anchor 5400000 2026-04-30
         waterfall B1 2026-05-01
         step B1 power                  => due 5000.00 paid 5000.00 debt 70050694.52",
    );
}

#[test]
fn the_sponsor_repays_debt_on_a_determination_date_and_that_goes_with_its_run() {
    check(
        "fund north 1
         box B1 north
         closing B1
         collect B1 anchor 5400000 2026-01-31
         waterfall B1 2026-02-01 prepaid=junior:1 => refused prepayment_invalid
         waterfall B1 2026-02-01 prepaid=senior:77556777.79 => refused prepayment_invalid
         waterfall B1 2026-02-01 prepaid=senior:7556777.78 => waterfall_run
         entries                        => box.accrued 2026-02-01; box.waterfall 2026-02-01; box.contributed 2026-02-01; box.debt_prepaid 2026-02-01
         step B1 principal              => due 2443222.22 paid 2443222.22 debt 70000000.00
         collect B1 anchor 5400000 2026-02-28
         waterfall B1 2026-03-01
         # 70,000,000 at 8.30 % for 28 days.
         step B1 interest               => due 451888.89 paid 451888.89 debt 67436888.89
         reverse B1 2026-03-01
         reverse B1 2026-02-01
         waterfall B1 2026-02-01 prepaid=senior:77556777.78 => waterfall_run
         step B1 principal              => due 2443222.22 paid 2443222.22 debt 0.00
         waterfall B1 2026-03-01
         # Without a debt, what the reserve holds is the sponsor's: 500,000 and 5,400,000 less 1,625,000.
         step B1 sponsor                => due 4275000.00 paid 4275000.00 debt 0.00",
    );
}

#[test]
fn debt_is_accelerated_in_default_and_takes_all() {
    check(
        "fund north 1
         box B1 north
         closing B1
         accelerate B1                  => refused acceleration_not_due
         collect B1 anchor 5400000 2026-01-31
         waterfall B1 2026-02-01
         accelerate B1                  => refused acceleration_not_due
         rescind B1                     => refused acceleration_not_due
         collect B1 anchor 1000000 2026-02-28
         waterfall B1 2026-03-01
         accelerate B1                  => debt_accelerated
         accelerate B1                  => refused acceleration_not_due
         collect B1 anchor 9800000 2026-03-31
         waterfall B1 2026-04-01
         step B1 sponsor                => due 0.00 paid 0.00 debt 70561765.40
         reverse B1 2026-04-01
         rescind B1                     => acceleration_rescinded
         waterfall B1 2026-04-01
         step B1 sponsor                => due 1520000.00 paid 1520000.00 debt 72581765.40",
    );
}

#[test]
fn a_run_that_the_deal_starts_takes_what_was_entered_as_its_date_ends() {
    check(
        "fund north 1
         box B1 north closing=2027-01-01 by_itself
         closing B1                     => refused box_not_due
         at 0
         closing B1
         # 1 February ends with hour 768.
         until 767                      =>
         collect B1 anchor 5400000 2027-02-01
         until 768                      => waterfall_run
         step B1 principal              => due 2443222.22 paid 2443222.22 debt 77556777.78
         # What is reversed is started again by finance.
         reverse B1 2027-02-01
         until 769                      =>
         waterfall B1 2027-02-01        => waterfall_run
         # 1 March ends with hour 1440; nothing has come.
         until 1440                     => waterfall_run
         # A deal that is entered late waits for finance.
         box B2 north by_itself
         closing B2
         until 1441                     =>
         waterfall B2 2026-02-01        => waterfall_run",
    );
}

#[test]
fn an_index_is_fixed_for_all_deals_that_follow_it() {
    check(
        "fund north 1
         box B1 north index=sofr
         closing B1
         collect B1 anchor 5400000 2026-01-31
         waterfall B1 2026-02-01
         step B1 interest               => due 571777.78 paid 571777.78 debt 77556777.78
         fix sofr 2026-02-01 0.06       => index_fixed
         fix libor 2026-02-01 0.09      => index_fixed
         collect B1 anchor 5400000 2026-02-28
         waterfall B1 2026-03-01
         # 77,556,777.78 at 9.30 % for 28 days.
         step B1 interest               => due 560994.03 paid 560994.03 debt 75102771.81",
    );
}

#[test]
fn a_box_ends_with_nothing_owed_and_nothing_left() {
    check(
        "fund north 1
         fund bank-a 1
         box B1 north short=2
         lenders B1 bank-a,nobody       => refused organization_unknown
         lenders B1 bank-a              => lenders_set
         closing B1
         wind_up B1                     => refused wind_up_not_due
         collect B1 anchor 5400000 2026-01-31
         waterfall B1 2026-02-01
         collect B1 anchor 5400000 2026-02-28
         waterfall B1 2026-03-01
         # The contracts end and the debt is not repaid.
         wind_up B1                     => refused wind_up_not_due
         # While something is owed there is another date.
         collect B1 anchor 1000000 2026-03-31
         waterfall B1 2026-04-01        => waterfall_run
         step B1 power                  => due 0.00 paid 0.00 debt 73309789.44
         wind_up B1                     => refused wind_up_not_due
         reverse B1 2026-04-01
         uncollect B1 2
         reverse B1 2026-03-01
         # The sponsor repays what is overdue.
         waterfall B1 2026-03-01 prepaid=senior:73782449.87 => waterfall_run
         wind_up B1                     => box_wound_up
         entries                        => box.wound_up 2026-12-31
         standing B1                    =>
         wind_up B1                     => refused box_wound_up
         collect B1 anchor 1 2026-03-31 => refused box_wound_up
         lenders B1 south               => refused organization_unknown
         lenders B1 north               => lenders_set",
    );
}

#[test]
fn what_is_in_the_books_is_not_amended() {
    check(
        "fund north 1
         box B1 north
         closing B1
         collect B1 anchor 1 2025-12-31 => refused collection_invalid
         deal B1 north cost=200000000   => refused deal_invalid
         deal B1 north drawn=70000000   => refused deal_invalid
         deal B1 north maturity=2035-05-01 => refused deal_invalid
         deal B1 north rate=0.09        => deal_amended",
    );
}

fn reference_document() -> serde_json::Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/examples/box/reference.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the example")).expect("JSON")
}

/// An exchange with one box of the reference deal, and the number of the last command.
struct OneBox {
    exchange: Exchange,
    commands: u64,
    id: BoxId,
}

impl OneBox {
    fn new(deal: &DealTerms, now: Day) -> Self {
        let mut it = Self { exchange: Exchange::new(), commands: 0, id: BoxId::new(uuid::Uuid::nil()) };
        let organization = deal.sponsor;
        it.execute(now, Instruction::RegisterOrganization { organization, name: label("North") });
        let by = "finance".parse().expect("a client");
        let created =
            it.execute(now, Instruction::CreateBox { deal: Box::new(deal.clone()), party: DealParty::Finance, by });
        let [Event::BoxCreated(created)] = &created[..] else { panic!("a box") };
        it.id = created.box_id;
        it.execute(now, Instruction::CloseDeal { box_id: it.id, by });
        it
    }

    fn execute(&mut self, day: Day, instruction: Instruction) -> Vec<Event> {
        self.commands += 1;
        let at = ledger::Instant::from_micros(i64::from(day.days()) * 86_400_000_000);
        let mut log = Collected::default();
        let command = Command { id: command_id(self.commands), at, instruction };
        self.exchange.execute(&command, &mut log).expect("accepted");
        log.0.into_iter().map(|record| record.event).collect()
    }

    fn balance(&self, kind: AccountKind, owner: Owner) -> Amount {
        self.exchange.books().balance(&Account::of_box(self.id, kind, owner, Currency::USD))
    }
}

/// What is drawn and bought in the course of a period is booked with its run, and goes back with it.
#[test]
fn a_reversal_takes_later_draws_back() {
    let mut document = reference_document();
    document["facilities"][0]["commitment"] = "90000000.00".into();
    document["facilities"][0]["available_until"] = "2026-02-10".into();
    let draws = document["facilities"][0]["draws"].as_array_mut().expect("draws");
    draws.push(serde_json::json!({"on": "2026-02-10", "amount": "9000000.00"}));
    let assets = document["assets"].as_array_mut().expect("assets");
    assets.push(serde_json::json!({"name": "more", "cost": "10000000.00", "in_service": "2026-02-10"}));
    let terms: DealTerms = serde_json::from_value(document).expect("a deal document");
    let projection = Deal::new(terms.clone()).expect("a deal").project(&[]).expect("a projection");
    let day = |text: &str| -> Day { text.parse().expect("a day") };
    let mut it = OneBox::new(&terms, day("2026-03-01"));
    let by = "finance".parse().expect("a client");
    let month = |it: &mut OneBox, date: Day| {
        let (contract, amount) = ("anchor".parse().expect("a name"), "5400000".parse().expect("an amount"));
        let reference = label("wire");
        let collection = NewCollection { box_id: it.id, by, contract, amount, paid: date, reference };
        it.execute(day("2026-03-01"), Instruction::Collect(collection));
        it.execute(day("2026-03-01"), Instruction::RunWaterfall { box_id: it.id, date, prepaid: vec![], by });
    };
    month(&mut it, day("2026-02-01"));
    let before = it.exchange.books().sorted();
    month(&mut it, day("2026-03-01"));
    let debt = |it: &OneBox| it.balance(AccountKind::Debt, Owner::Item("senior".parse().expect("a name")));
    assert_eq!(debt(&it), -projection.dates[1].debt);
    assert_eq!(it.balance(AccountKind::Equity, Owner::Entity).to_string(), "-21000000.00");
    let (date, reason) = (day("2026-03-01"), label("counted twice"));
    it.execute(date, Instruction::ReverseWaterfall { box_id: it.id, date, by, reason });
    let of_cash = |account: &Account| [AccountKind::BoxCash, AccountKind::Receivable].contains(&account.kind);
    let mut after = it.exchange.books().sorted();
    after.retain(|(account, _)| !of_cash(account));
    assert_eq!(after, before, "all but what was collected since");
    it.execute(date, Instruction::RunWaterfall { box_id: it.id, date, prepaid: vec![], by });
    assert_eq!(debt(&it), -projection.dates[1].debt);
}

/// A projection that is fed with what really happened is what the books say, to the micro-unit, from the closing to the end.
#[test]
fn the_books_of_a_life_are_those_of_its_projection() {
    let terms: DealTerms = serde_json::from_value(reference_document()).expect("a deal document");
    let what_ifs = r#"[{"short_payment": {"contract": "anchor", "month": "2026-07", "paid": "4100000.00"}},
                       {"late_payment": {"contract": "anchor", "month": "2027-02", "months": 1}}]"#;
    let what_ifs: Vec<_> = serde_json::from_str(what_ifs).expect("what-ifs");
    let projection = Deal::new(terms.clone()).expect("a deal").project(&what_ifs).expect("a projection");
    let mut it = OneBox::new(&terms, terms.closing);
    let (by, contract) = ("finance".parse().expect("a client"), "anchor".parse().expect("a name"));
    for date in &projection.dates {
        let (paid, amount, reference) = (date.run.date, date.run.collected, label("wire"));
        if !amount.is_zero() {
            let collection = NewCollection { box_id: it.id, by, contract, amount, paid, reference };
            it.execute(paid, Instruction::Collect(collection));
        }
        let run = it.execute(paid, Instruction::RunWaterfall { box_id: it.id, date: paid, prepaid: vec![], by });
        let [Event::WaterfallRun(run)] = &run[..] else { panic!("a run") };
        assert_eq!(*run.run, date.run);
        let item = |name: &str| Owner::Item(name.parse().expect("a name"));
        assert_eq!(it.balance(AccountKind::Debt, item("senior")), -date.debt);
        assert_eq!(it.balance(AccountKind::BoxCash, Owner::Entity), Amount::ZERO);
        assert_eq!(it.balance(AccountKind::TrappedCash, Owner::Entity), date.run.after.trapped);
        let reserve = date.run.after.reserves.values().copied().sum();
        assert_eq!(it.balance(AccountKind::ReserveCash, item("debt_service")), reserve);
        let used_up = it.balance(AccountKind::AccumulatedDepreciation, item("gpus"));
        assert_eq!(it.balance(AccountKind::Equipment, item("gpus")) + used_up, date.depreciated_cost);
        let trial = it.exchange.books().trial_balance(EntityId::Box(it.id), Currency::USD);
        assert_eq!(trial.total_debit(), trial.total_credit());
    }
    let distributed = it.balance(AccountKind::Distribution, Owner::Entity);
    assert_eq!(distributed, projection.measures.sponsor_paid_out);
    let record = it.exchange.boxes().get(it.id).expect("the box");
    assert!(record.next_period().is_none(), "no date is left");
    // The hardware that is left is the sponsor's, and nothing is left over.
    let last = projection.dates.last().expect("dates").run.date;
    let wound_up = it.execute(last, Instruction::WindUp { box_id: it.id, by });
    let [Event::BoxWoundUp(wound_up)] = &wound_up[..] else { panic!("an end") };
    assert_eq!(wound_up.written_off.to_string(), "1300000.00");
    assert_eq!(wound_up.hardware, projection.dates.last().expect("dates").depreciated_cost);
    let is_of_it = |account: &Account| account.entity == EntityId::Box(it.id);
    assert!(!it.exchange.books().sorted().iter().any(|(account, _)| is_of_it(account)), "every account is zero");
}
