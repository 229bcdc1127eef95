//! Loan schedules beside the public test vectors of ACTUS (actusfrf/actus-tests), which stay outside the repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledger::Day;
use ledger::deal::{BusinessCalendar, BusinessDayRule, Cycle, DayCount, Loan, PaymentDates, Repayment, Rounding, Stub};
use rust_decimal::Decimal;
use serde_json::Value;

/// How far a number may be from the vector's, in units of the currency: the vectors are computed in binary floating point.
const TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// The terms that loans at one rate, which pay their interest, do not have.
const LEFT_OUT: [(&str, &str); 3] = [
    ("marketObjectCodeOfRateReset", "its rate is reset to an index"),
    ("capitalizationEndDate", "it capitalizes interest"),
    ("marketObjectCodeOfScalingIndex", "its principal follows an index"),
];

/// Why a case is not one of ours.
fn left_out(terms: &Value) -> Option<&'static str> {
    // Our loans end on a day.
    let before_midnight = ["maturityDate", "amortizationDate"]
        .iter()
        .any(|end| text(terms, end).is_some_and(|end| end.ends_with("23:59:59")));
    let by_term = LEFT_OUT.iter().find(|(term, _)| !terms[term].is_null()).map(|(_, why)| *why);
    by_term
        .or(before_midnight
            .then_some("it ends a second before midnight, which is counted as one day and paid on another"))
}

fn vectors() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/actus");
    beside.is_dir().then_some(beside)
}

fn text<'a>(terms: &'a Value, name: &str) -> Option<&'a str> {
    terms[name].as_str().map(str::trim)
}

fn number(terms: &Value, name: &str) -> Option<Decimal> {
    decimal(&terms[name])
}

fn decimal(value: &Value) -> Option<Decimal> {
    let digits = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    digits.parse().or_else(|_| Decimal::from_scientific(&digits)).ok()
}

fn day(text: &str) -> Day {
    text[..10].parse().expect("a day")
}

/// The dates of a cycle such as `P1ML0`: a month apart, and the last period long (1 is short).
fn dates(terms: &Value, anchor: &str, cycle: &str) -> PaymentDates {
    let (cycle, stub) = text(terms, cycle).and_then(|cycle| cycle.split_once('L')).expect("a cycle");
    PaymentDates {
        anchor: day(text(terms, anchor).expect("an anchor")),
        cycle: cycle.parse::<Cycle>().expect("a cycle"),
        end_of_month: text(terms, "endOfMonthConvention") == Some("EOM"),
        stub: if stub == "0" { Stub::Long } else { Stub::Short },
    }
}

/// The loan of a case.
fn loan(terms: &Value) -> Loan {
    let payment = number(terms, "nextPrincipalRedemptionPayment");
    let day_count = match text(terms, "dayCountConvention").expect("a day count") {
        "A365" => DayCount::Act365Fixed,
        "A360" => DayCount::Act360,
        "30E360" => DayCount::ThirtyE360,
        "AA" => DayCount::ActAct,
        other => panic!("{other} is no day count of these vectors"),
    };
    // One that began before its status date accrues from there on: what had accrued is stated, as nothing.
    let drawn = ["initialExchangeDate", "statusDate"].map(|name| day(text(terms, name).expect("a date")));
    let drawn = drawn[0].max(drawn[1]);
    let annuity = text(terms, "contractType") == Some("ANN");
    let rule = match text(terms, "businessDayConvention") {
        None => BusinessDayRule::Unadjusted,
        Some("SCF") => BusinessDayRule::Following,
        Some(other) => panic!("{other} is no rule of these vectors"),
    };
    let end = |name| text(terms, name).map(day);
    let maturity = end("maturityDate").or(if annuity { end("amortizationDate") } else { None });
    Loan {
        principal: number(terms, "notionalPrincipal").expect("a notional"),
        drawn,
        rate: number(terms, "nominalInterestRate").expect("a rate"),
        day_count,
        interest: dates(terms, "cycleAnchorDateOfInterestPayment", "cycleOfInterestPayment"),
        repayments: dates(terms, "cycleAnchorDateOfPrincipalRedemption", "cycleOfPrincipalRedemption"),
        repayment: if annuity {
            Repayment::Annuity { payment, amortized: end("amortizationDate") }
        } else {
            Repayment::Linear { payment }
        },
        maturity,
        calendar: BusinessCalendar { rule, ..BusinessCalendar::default() },
        rounding: Rounding::Exact,
    }
}

/// What a case pays by date: interest and principal.
fn paid(results: &[Value]) -> BTreeMap<Day, (Decimal, Decimal)> {
    let mut paid: BTreeMap<Day, (Decimal, Decimal)> = BTreeMap::new();
    for event in results {
        let at = paid.entry(day(event["eventDate"].as_str().expect("a date")));
        let amount = decimal(&event["payoff"]).expect("an amount").abs();
        match event["eventType"].as_str() {
            Some("IP") => at.or_default().0 += amount,
            Some("PR" | "MD") => at.or_default().1 += amount,
            _ => {}
        }
    }
    paid.retain(|_, (interest, principal)| !interest.is_zero() || !principal.is_zero());
    paid
}

/// Whether every payment of a case is in the loan's schedule, and no other between its first and its last.
fn check(name: &str, case: &Value) {
    let results = case["results"].as_array().expect("results");
    let expected = paid(results);
    let schedule = loan(&case["terms"]).schedule().unwrap_or_else(|error| panic!("{name}: {error}"));
    let (Some((first, _)), Some((last, _))) = (expected.first_key_value(), expected.last_key_value()) else {
        panic!("{name} pays nothing");
    };
    let rows = schedule.iter().filter(|row| (*first..=*last).contains(&row.date));
    let rows: BTreeMap<Day, (Decimal, Decimal)> = rows
        .filter(|row| !row.interest.is_zero() || !row.principal.is_zero())
        .map(|row| (row.date, (row.interest, row.principal)))
        .collect();
    assert_eq!(rows.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{name}: the dates");
    for (date, (interest, principal)) in expected {
        let ours = rows[&date];
        let is_near = (ours.0 - interest).abs() <= TOLERANCE && (ours.1 - principal).abs() <= TOLERANCE;
        assert!(is_near, "{name} on {date}: {} and {}, where ACTUS has {interest} and {principal}", ours.0, ours.1);
    }
}

#[test]
fn annuities_and_linear_loans_are_those_of_actus() {
    let Some(folder) = vectors() else {
        println!("NOT RUN: the vectors are not beside the repository");
        return;
    };
    let mut compared = 0;
    for file in ["actus-tests-ann.json", "actus-tests-lam.json"] {
        let content = std::fs::read_to_string(folder.join(file)).expect("the vectors");
        let cases: BTreeMap<String, Value> = serde_json::from_str(&content).expect("JSON");
        for (name, case) in &cases {
            if let Some(why) = left_out(&case["terms"]) {
                println!("{name}: left out, {why}");
            } else {
                check(name, case);
                compared += 1;
            }
        }
    }
    assert!(compared >= 25, "{compared} cases were compared");
}
