//! Deals rolled forward: the reference deal and its twin, what-ifs on them, and deals that repay and keep cash in other ways.

use std::fmt::Write as _;

use ledger::Amount;
use ledger::deal::{Deal, DealTerms, FacilityTerms, InvalidDeal, Loan, ProjectedDate, Projection, Run, WhatIf};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn reference(file: &str) -> Value {
    let path = format!("{}/../infra/examples/box/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the example");
    serde_json::from_str(&text).expect("a JSON document")
}

/// The reference deal with some values replaced, by JSON Pointer.
fn changed(changes: &[(&str, Value)]) -> Result<Deal, InvalidDeal> {
    let mut document = reference("reference");
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = document.pointer_mut(parent).expect("a place");
        match key.parse::<usize>() {
            Ok(at) => parent[at] = value.clone(),
            Err(_) => parent[key] = value.clone(),
        }
    }
    let terms: DealTerms = serde_json::from_value(document).expect("a deal document");
    Deal::new(terms)
}

fn project(deal: &Deal, what_ifs: &Value) -> Projection {
    let what_ifs: Vec<WhatIf> = serde_json::from_value(what_ifs.clone()).expect("what-ifs");
    deal.project(&what_ifs).expect("a projection")
}

/// What a step got.
fn paid(run: &Run, step: &str) -> Amount {
    run.steps.iter().find(|paid| paid.name.as_str() == step).map_or(Amount::ZERO, |paid| paid.paid)
}

/// A date in words: what interest, principal and the sponsor got, the reserves, and what is owed.
fn told(date: &ProjectedDate) -> String {
    let run = &date.run;
    let reserves: Amount = run.after.reserves.values().copied().sum();
    let dscr = run.tests.dscr.map_or("-".to_owned(), |dscr| dscr.to_string());
    let mut told = format!(
        "{}: interest {} principal {} reserve {reserves} sponsor {} debt {} dscr {dscr}",
        date.number,
        paid(run, "interest"),
        paid(run, "principal"),
        paid(run, "sponsor"),
        date.debt,
    );
    for (what, amount) in [
        ("prepaid", paid(run, "prepayment")),
        ("swept", paid(run, "sweep")),
        ("drawn", run.drawn.values().copied().sum()),
        ("untrapped", run.untrapped),
        ("trapped", run.after.trapped),
        ("carried", run.after.carried.values().copied().sum()),
    ] {
        if !amount.is_zero() {
            let _ = write!(told, " {what} {amount}");
        }
    }
    if run.tests.locked_up {
        told += " locked up";
    }
    if run.tests.default {
        told += ", in default";
    }
    told
}

#[track_caller]
fn check(changes: &[(&str, Value)], what_ifs: &Value, expected: &[&str]) -> Projection {
    let projection = project(&changed(changes).expect("a deal"), what_ifs);
    for line in expected {
        let number: usize = line.split_once(':').and_then(|(number, _)| number.parse().ok()).expect("a number");
        assert_eq!(told(&projection.dates[number - 1]), **line);
    }
    projection
}

#[test]
fn the_reference_deal_is_repaid_in_month_30() {
    let projection = check(
        &[],
        &json!([]),
        &[
            "1: interest 571777.78 principal 2443222.22 reserve 500000.00 sponsor 260000.00 debt 77556777.78 dscr 1.250",
            "2: interest 500672.09 principal 2514327.91 reserve 1000000.00 sponsor 260000.00 debt 75042449.87 dscr 1.250",
            "19: interest 236365.43 principal 2778634.57 reserve 9120000.00 sponsor 640000.00 debt 30292316.08 dscr 1.250",
            "20: interest 216505.91 principal 2798494.09 reserve 9120000.00 sponsor 760000.00 debt 27493821.99 dscr 1.250",
            "30: interest 9476.28 principal 1370064.00 reserve 0.00 sponsor 11515459.72 debt 0.00 dscr 2.706",
            "31: interest 0.00 principal 0.00 reserve 0.00 sponsor 3775000.00 debt 0.00 dscr -",
            "60: interest 0.00 principal 0.00 reserve 0.00 sponsor 3775000.00 debt 0.00 dscr -",
        ],
    );
    let measures = serde_json::to_value(&projection.measures).expect("JSON");
    assert_eq!(
        measures,
        json!({"payoff": {"number": 30, "date": "2028-07-01"}, "dscr_min": "1.250", "dscr_average": "1.299",
            "llcr": "1.281", "sponsor_paid_in": "20000000.00", "sponsor_paid_out": "137685459.72", "sponsor_irr": "0.849545"})
    );
    assert_eq!(projection.dates[59].depreciated_cost.to_string(), "16666666.67");
}

#[test]
fn six_hundred_basis_points_cost_the_sponsor_three_months() {
    let terms = serde_json::from_value(reference("reference-plus-600bp")).expect("a deal document");
    let projection = project(&Deal::new(terms).expect("a deal"), &json!([]));
    assert_eq!(projection.measures.payoff.map(|payoff| payoff.number), Some(33));
    assert_eq!(
        told(&projection.dates[0]),
        "1: interest 985111.11 principal 2029888.89 reserve 500000.00 sponsor 260000.00 debt 77970111.11 dscr 1.250"
    );
}

#[test]
fn a_short_month_draws_on_the_reserve_and_locks_the_sponsor_up() {
    let short = json!([{"short_payment": {"contract": "anchor", "month": "2026-07", "paid": "4100000.00"}}]);
    let projection = check(
        &[],
        &short,
        &[
            "7: interest 464487.17 principal 2550512.83 reserve 2460000.00 sponsor 0.00 debt 62437976.08 dscr 0.822 drawn 540000.00 locked up",
            "8: interest 446258.09 principal 2568741.91 reserve 2960000.00 sponsor 260000.00 debt 59869234.17 dscr 1.250",
        ],
    );
    let principal =
        projection.dates[6].run.steps.iter().find(|step| step.name.as_str() == "principal").expect("the step");
    assert_eq!(
        (principal.paid - projection.dates[6].run.drawn[&"debt_service".parse().expect("a name")]).to_string(),
        "2010512.83"
    );
}

#[test]
fn what_is_not_paid_is_carried_outside_the_dscr() {
    check(
        &[("/covenants", json!({"lock_up_dscr": "1.15", "default_dscr": "1.05"}))],
        &json!([{"late_payment": {"contract": "anchor", "month": "2026-01", "months": 1}}]),
        &[
            "1: interest 0.00 principal 0.00 reserve 0.00 sponsor 0.00 debt 80000000.00 dscr -0.526 carried 4640000.00 locked up, in default",
            "2: interest 1088222.22 principal 4941777.78 reserve 500000.00 sponsor 1020000.00 debt 75058222.22 dscr 3.026",
        ],
    );
}

#[test]
fn trapped_cash_covers_a_shortfall_and_is_released_when_the_covenants_are_kept() {
    let changes = [
        ("/reserves/0/target", json!({"amount": "1000000.00"})),
        ("/reserves/0/funded", json!("1000000.00")),
        ("/covenants", json!({"lock_up_dscr": "1.15", "cured_after": 2})),
    ];
    let paid = |month: &str, paid: &str| json!({"short_payment": {"contract": "anchor", "month": month, "paid": paid}});
    check(
        &changes,
        &json!([paid("2026-02", "4940000.00"), paid("2026-03", "4540000.00")]),
        &[
            "1: interest 571777.78 principal 2443222.22 reserve 1000000.00 sponsor 760000.00 debt 77556777.78 dscr 1.250",
            "2: interest 500672.09 principal 2514327.91 reserve 1000000.00 sponsor 0.00 debt 75042449.87 dscr 1.099 trapped 300000.00 locked up",
            "3: interest 536345.07 principal 2478654.93 reserve 1000000.00 sponsor 0.00 debt 72563794.94 dscr 0.967 untrapped 100000.00 trapped 200000.00 locked up",
            "4: interest 501899.58 principal 2513100.42 reserve 1000000.00 sponsor 0.00 debt 70050694.52 dscr 1.250 trapped 960000.00 locked up",
            "5: interest 500667.88 principal 2514332.12 reserve 1000000.00 sponsor 1720000.00 debt 67536362.40 dscr 1.250 untrapped 960000.00",
        ],
    );
}

#[test]
fn debt_is_repaid_as_its_facility_says() {
    let repaid = |repayment: Value, maturity: &str, expected: &[&str]| {
        let (repayment, maturity) =
            (("/facilities/0/repayment", repayment), ("/facilities/0/maturity", json!(maturity)));
        check(&[repayment, maturity], &json!([]), expected)
    };
    repaid(
        json!({"linear": {}}),
        "2029-05-01",
        &[
            "1: interest 571777.78 principal 2000000.00 reserve 500000.00 sponsor 703222.22 debt 78000000.00 dscr 1.463",
            "40: interest 13833.33 principal 2000000.00 reserve 0.00 sponsor 10881166.67 debt 0.00 dscr 1.864",
        ],
    );
    repaid(
        json!({"bullet": {}}),
        "2027-02-01",
        &["12: interest 571777.78 principal 0.00 reserve 6000000.00 sponsor 2703222.22 debt 80000000.00 dscr 6.368"],
    );
    // Debt service in proportion to a CFADS that is always the same: the same on every date.
    let projection = repaid(json!({"target_months": 24}), "2029-05-01", &[]);
    assert_eq!(projection.measures.payoff.map(|payoff| payoff.number), Some(24));
    assert!(projection.dates[..24].iter().all(|date| date.run.tests.dscr == projection.dates[0].run.tests.dscr));
}

/// Eight thousand years of interest on a trillion: more than any amount, and not nothing.
#[test]
fn interest_beyond_the_books_is_refused() {
    let first = ("/determination/first", json!("9999-01-01"));
    let (trillion, draws) = (json!("1000000000000.00"), json!([{"on": "2026-01-01", "amount": "1000000000000.00"}]));
    let deal = changed(&[first.clone(), ("/facilities/0/commitment", trillion), ("/facilities/0/draws", draws)]);
    let deal = deal.expect("earlier releases took it");
    assert_eq!(deal.check_interest(), Err(InvalidDeal::TooLarge("senior".to_owned())));
    assert_eq!(deal.project(&[]).map(drop), Err(InvalidDeal::TooLarge("senior".to_owned())));
    assert_eq!(changed(&[first]).expect("a deal").check_interest(), Ok(()));
    assert_eq!(changed(&[]).expect("a deal").check_interest(), Ok(()));
}

#[test]
fn an_annuity_is_that_of_a_loan() {
    let terms = json!({"principal": "80000000.00", "drawn": "2026-01-01", "rate": "0.083", "day_count": "ACT/360",
        "first_payment": "2026-02-01", "cycle": "P1M", "maturity": "2029-05-01", "repayment": {"annuity": {}}});
    let terms: FacilityTerms = serde_json::from_value(terms).expect("terms");
    let loan = Loan::from(&terms).schedule().expect("a schedule");
    let annuity =
        [("/facilities/0/repayment", json!({"annuity": {}})), ("/facilities/0/maturity", json!("2029-05-01"))];
    let projection = check(&annuity, &json!([]), &[]);
    assert_eq!(projection.measures.payoff.map(|payoff| payoff.number), Some(40));
    for (date, row) in projection.dates.iter().zip(loan) {
        // The box finds the level payment anew on every date, of a debt in whole cents.
        let away = (paid(&date.run, "principal").to_decimal() - row.principal).abs();
        assert!(away <= Decimal::ONE, "{} beside {row:?}", told(date));
    }
}

#[test]
fn what_ifs_change_what_is_paid_and_not_what_is_scheduled() {
    let floating = [
        ("/facilities/0/rate", json!({"floating": {"index": "sofr", "margin": "0.04", "floor": "0.02"}})),
        (
            "/indices",
            json!([{"name": "sofr", "fixings": [{"from": "2025-12-30", "rate": "0.043"}, {"from": "2026-04-01", "rate": "0.01"}]}]),
        ),
    ];
    check(
        &floating,
        &json!([]),
        &[
            "1: interest 571777.78 principal 2443222.22 reserve 500000.00 sponsor 260000.00 debt 77556777.78 dscr 1.250",
            "4: interest 362818.97 principal 2652181.03 reserve 2000000.00 sponsor 260000.00 debt 69911613.91 dscr 1.250",
        ],
    );
    check(
        &floating,
        &json!([{"rate_move": {"index": "sofr", "from": "2026-03-01", "by": "0.015"}}]),
        &[
            "3: interest 633274.90 principal 2381725.10 reserve 1500000.00 sponsor 260000.00 debt 72660724.77 dscr 1.250",
            "4: interest 393578.93 principal 2621421.07 reserve 2000000.00 sponsor 260000.00 debt 70039303.70 dscr 1.250",
        ],
    );
    check(
        &[],
        &json!([{"outage": {"contract": "anchor", "from": "2026-02", "months": 1, "share": "0.1"}},
                {"energy_price": {"from": "2026-03", "times": "1.5"}}]),
        &[
            "1: interest 571777.78 principal 2443222.22 reserve 500000.00 sponsor 260000.00 debt 77556777.78 dscr 1.250",
            "2: interest 500672.09 principal 2514327.91 reserve 720000.00 sponsor 0.00 debt 75042449.87 dscr 1.072 locked up",
            "3: interest 536345.07 principal 2478654.93 reserve 1220000.00 sponsor 0.00 debt 72563794.94 dscr 1.164",
        ],
    );
    let defaulted = check(
        &[],
        &json!([{"client_default": {"contract": "anchor", "from": "2027-01"}}]),
        &[
            "13: interest 352948.14 principal 2662051.86 reserve 1360000.00 sponsor 0.00 debt 46720509.98 dscr -0.526 drawn 4640000.00 locked up",
            "14: interest 0.00 principal 0.00 reserve 0.00 sponsor 0.00 debt 46720509.98 dscr -0.526 drawn 1360000.00 carried 3280000.00 locked up",
        ],
    );
    assert_eq!(defaulted.measures.payoff, None);
    let renewal = json!([{"renewal": {"gpus": 6720, "price": "0.80", "utilization": "0.75", "months": 3}}]);
    let renewed =
        check(&[], &renewal, &["61: interest 0.00 principal 0.00 reserve 0.00 sponsor 1374808.00 debt 0.00 dscr -"]);
    assert_eq!(renewed.dates.len(), 63);
}

/// A second lender beside the first, with the same rank.
fn two_lenders() -> Vec<(&'static str, Value)> {
    let facility = |name: &str, drawn: &str| {
        json!({"name": name, "commitment": drawn, "draws": [{"on": "2026-01-01", "amount": drawn}],
            "rate": {"fixed": "0.083"}, "day_count": "ACT/360", "repayment": {"sculpted": "1.25"}})
    };
    let step = |name: &str, pays: Value, group: Option<&str>| match group {
        Some(group) => json!({"name": name, "pays": pays, "group": group}),
        None => json!({"name": name, "pays": pays}),
    };
    let mut priority = reference("reference")["priority"].as_array().expect("steps").clone();
    priority.splice(
        4..6,
        [
            step("interest", json!({"interest": "senior"}), Some("interest")),
            step("interest_second", json!({"interest": "second"}), Some("interest")),
            step("principal", json!({"principal": "senior"}), Some("principal")),
            step("principal_second", json!({"principal": "second"}), Some("principal")),
        ],
    );
    priority.retain(|step| step["name"] != "reserve");
    vec![
        ("/facilities", json!([facility("senior", "60000000.00"), facility("second", "20000000.00")])),
        ("/priority", json!(priority)),
        ("/reserves", json!([])),
    ]
}

#[test]
fn lenders_of_one_rank_share_what_is_too_little() {
    let short = json!([{"short_payment": {"contract": "anchor", "month": "2026-01", "paid": "3396777.78"}}]);
    let projection = check(&two_lenders(), &short, &[]);
    let run = &projection.dates[0].run;
    let paid = ["interest", "interest_second", "principal", "principal_second"].map(|step| paid(run, step));
    assert_eq!(paid.map(|amount| amount.to_string()), ["428833.33", "142944.44", "900000.006272", "300000.003728"]);
}

#[test]
fn more_debt_than_is_eligible_is_prepaid_before_the_sponsor_is_paid() {
    let mut priority = reference("reference")["priority"].as_array().expect("steps").clone();
    priority.insert(7, json!({"name": "prepayment", "pays": {"prepayment": "senior"}}));
    let eligible = |eligibility: Value| [("/priority", json!(priority)), ("/covenants/eligibility", eligibility)];
    check(
        &eligible(json!({"depreciated_cost": "0.785"})),
        &json!([]),
        &[
            "1: interest 571777.78 principal 2443222.22 reserve 500000.00 sponsor 112944.44 debt 77409722.22 dscr 1.250 prepaid 147055.56",
            "2: interest 499722.76 principal 2515277.24 reserve 1000000.00 sponsor 260000.00 debt 74894444.98 dscr 1.250",
        ],
    );
    // What 59 months of 3,800,000 support at 8.3 % over 2.4 is less than is owed: all that is left goes to the lender.
    check(
        &eligible(json!({"contracted_dscr": "2.4"})),
        &json!([]),
        &[
            "1: interest 571777.78 principal 2443222.22 reserve 500000.00 sponsor 0.00 debt 77296777.78 dscr 1.250 prepaid 260000.00",
        ],
    );
}

#[test]
fn a_sweep_takes_a_share_of_what_is_left_while_its_condition_holds() {
    let mut priority = reference("reference")["priority"].as_array().expect("steps").clone();
    let sweep = json!({"name": "sweep", "pays": {"sweep": {"facility": "senior", "share": "0.5"}}, "cap": "100000.00",
        "when": [{"dscr_below": "1.3"}]});
    priority.insert(7, sweep);
    check(
        &[("/priority", json!(priority))],
        &json!([{"late_payment": {"contract": "anchor", "month": "2026-03", "months": 1}}]),
        &[
            "1: interest 571777.78 principal 2443222.22 reserve 500000.00 sponsor 160000.00 debt 77456777.78 dscr 1.250 swept 100000.00",
        ],
    );
}

#[test]
fn what_cannot_be_a_deal_is_refused() {
    let refused = |changes: &[(&str, Value)]| changed(changes).expect_err("no deal").to_string();
    for (pointer, value, why) in [
        ("/contracts", json!([]), "a deal has a contract and an asset at least"),
        (
            "/facilities/0/rate",
            json!({"floating": {"index": "sofr", "margin": "0.03"}}),
            "senior names the index sofr, which the deal does not have",
        ),
        ("/facilities/0/draws/0/amount", json!("80000000.01"), "senior: draws are no more than the commitment"),
        (
            "/facilities/0/advance_rate",
            json!("0.79"),
            "senior: draws are no more than the advance rate allows of the assets in service",
        ),
        ("/determination/cycle", json!("P5M"), "determination: dates are 1, 2, 3, 4, 6 or 12 months apart"),
        ("/determination/first", json!("2026-01-01"), "determination: the first date is after the closing"),
        (
            "/priority/5/pays",
            json!({"interest": "senior"}),
            "the priority of payments: principal pays what an earlier step pays",
        ),
        (
            "/priority/8/cap",
            json!("1.00"),
            "the priority of payments: it ends with the cash trap and the sponsor, without cap, group or condition",
        ),
        (
            "/reserves/0/covers_through",
            json!("reserve"),
            "the priority of payments: debt_service covers more than agreements, interest and scheduled principal",
        ),
        (
            "/reserves/0/covers_through",
            json!("taxes"),
            "debt_service names the step taxes, which the deal does not have",
        ),
        ("/agreements/0/name", json!("power"), "the agreement power has the name of another one"),
        ("/assets/0/cost", json!("0.00"), "gpus: an amount is more than zero and 1,000,000,000,000 at most"),
        ("/contracts/0/months", json!(0), "anchor: a contract has 1 to 600 months"),
        (
            "/agreements/1/charge",
            json!({"per_kwh": {"kw": "1000000", "load": "1", "pue": "1", "price": "9000000.00"}}),
            "power comes to more than the books take in one amount",
        ),
    ] {
        assert_eq!(refused(&[(pointer, value)]), why);
    }
    let what_ifs =
        serde_json::from_value::<Vec<WhatIf>>(json!([{"client_default": {"contract": "other", "from": "2026-03"}}]));
    let refused = changed(&[]).expect("a deal").project(&what_ifs.expect("what-ifs")).expect_err("no projection");
    assert_eq!(refused.to_string(), "a what-if names the contract other, which the deal does not have");
}

/// A deal that is like the reference deal and unlike it.
fn any_deal() -> impl Strategy<Value = Deal> {
    let repayment = prop_oneof![
        Just(json!({"annuity": {}})),
        Just(json!({"linear": {}})),
        Just(json!({"bullet": {}})),
        (6u16..70).prop_map(|months| json!({"target_months": months})),
        (105u32..300).prop_map(|ratio| json!({"sculpted": Decimal::new(ratio.into(), 2).to_string()})),
    ];
    let target = prop_oneof![
        Just(json!({"amount": "3000000.00"})),
        Just(json!({"debt_service": "2"})),
        Just(json!({"supported_service": {"times": "3", "dscr": "1.25"}})),
        Just(json!({"agreement": {"name": "power", "times": "4"}})),
    ];
    let covers = prop_oneof![Just("interest"), Just("principal"), Just("power")];
    let terms = (
        repayment,
        target,
        covers,
        any::<bool>(),
        0u32..3_000,
        1u16..60,
        prop::option::of(50u32..120),
        0u32..90_000_000,
    );
    terms.prop_map(|(repayment, target, covers, fills, rate, months, eligible, drawn)| {
        let mut priority = reference("reference")["priority"].as_array().expect("steps").clone();
        let sweep = json!({"name": "sweep", "pays": {"sweep": {"facility": "senior", "share": "0.25"}}, "when": [{"locked_up": {}}]});
        priority.splice(7..7, [json!({"name": "prepayment", "pays": {"prepayment": "senior"}}), sweep]);
        let draws = [
            json!({"on": "2026-01-01", "amount": "5000000.01"}),
            json!({"on": "2026-02-17", "amount": format!("{}.37", drawn + 1)}),
        ];
        let eligible = eligible.map(|share| json!({"depreciated_cost": Decimal::new(share.into(), 2).to_string()}));
        changed(&[
            ("/priority", json!(priority)),
            ("/facilities/0/commitment", json!("100000000.00")),
            ("/facilities/0/available_until", json!("2026-02-17")),
            ("/facilities/0/draws", json!(draws)),
            ("/facilities/0/rate/fixed", json!(Decimal::new(rate.into(), 4).to_string())),
            ("/facilities/0/repayment", repayment),
            ("/reserves/0/target", target),
            ("/reserves/0/covers_through", json!(covers)),
            ("/distributions/while_reserves_fill", json!(fills)),
            ("/contracts/0/months", json!(months)),
            ("/covenants/eligibility", eligible.unwrap_or(Value::Null)),
            ("/covenants/cured_after", json!(2)),
        ])
        .expect("a deal")
    })
}

fn any_what_ifs() -> impl Strategy<Value = Value> {
    let month = || (0u32..40).prop_map(|nth| format!("{}-{:02}", 2026 + nth / 12, nth % 12 + 1));
    let what_if = prop_oneof![
        (month(), 1u16..6, 0u32..=100).prop_map(|(from, months, share)| {
            json!({"outage": {"contract": "anchor", "from": from, "months": months, "share": Decimal::new(share.into(), 2).to_string()}})
        }),
        (month(), 1u16..4).prop_map(|(month, months)| json!({"late_payment": {"contract": "anchor", "month": month, "months": months}})),
        month().prop_map(|from| json!({"client_default": {"contract": "anchor", "from": from}})),
        (month(), 0u32..400).prop_map(|(from, times)| json!({"energy_price": {"from": from, "times": Decimal::new(times.into(), 2).to_string()}})),
        (1u16..6).prop_map(|months| json!({"renewal": {"gpus": 6720, "price": "0.80", "utilization": "0.75", "months": months}})),
    ];
    prop::collection::vec(what_if, 0..5).prop_map(Value::from)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cash_goes_where_the_deal_says_and_nowhere_else(deal in any_deal(), what_ifs in any_what_ifs()) {
        let projection = project(&deal, &what_ifs);
        let (mut collected, mut paid_out) = (Amount::ZERO, Amount::ZERO);
        for date in &projection.dates {
            let run = &date.run;
            let taken: Amount = run.drawn.values().chain(run.released.values()).copied().sum();
            prop_assert_eq!(run.available, run.collected + run.untrapped + taken);
            prop_assert_eq!(run.steps.iter().map(|step| step.paid).sum::<Amount>(), run.available);
            let short = run.steps.iter().position(|step| !step.shortfall.is_zero());
            let juniors = short.map_or(&[][..], |short| &run.steps[short + 1..]);
            prop_assert!(juniors.iter().all(|step| step.paid.is_zero()), "{}", told(date));
            let after = &run.after;
            let held = after.reserves.values().chain(after.debts.values()).chain(after.carried.values());
            prop_assert!(held.chain([&after.trapped]).all(|amount| *amount >= Amount::ZERO), "{}", told(date));
            let is_locked_up = run.tests.locked_up && !date.debt.is_zero();
            prop_assert!(!is_locked_up || paid(run, "sponsor").is_zero(), "{}", told(date));
            // What the reserves gave went to what they cover: nothing is prepaid or distributed of what cash was short of.
            let drawn = !run.drawn.is_empty();
            prop_assert!(!drawn || run.steps[6..].iter().all(|step| step.paid <= run.released.values().copied().sum()), "{}", told(date));
            collected += run.collected;
            paid_out += run.steps.iter().filter(|step| !["reserve", "trap"].contains(&step.name.as_str())).map(|step| step.paid).sum();
        }
        // Nothing is left in the box at its end, unless lenders are still owed what was kept for them.
        let last = &projection.dates.last().expect("a date").run;
        let left: Amount = last.after.reserves.values().copied().sum::<Amount>() + last.after.trapped;
        prop_assert_eq!(collected, paid_out + left);
        prop_assert_eq!(left, Amount::ZERO);
    }
}
