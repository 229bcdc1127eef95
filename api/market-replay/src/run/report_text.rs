//! The report as people read it: aligned tables, the checks last.

use std::{collections::BTreeSet, time::Duration};

use rust_decimal::Decimal;

use super::audit::Verdict;
use super::columns::aligned;
use super::report::Report;
use super::tally::{Side, SideCounts};

type Row = Vec<String>;

/// The whole report.
pub(super) fn text(report: &Report) -> String {
    let heading = format!("replay {} against {}, windows from {}\n", report.run, report.url, report.origin);
    let sold = format!(
        "{} trades, {} contracts, {} GPU-hours\n",
        grouped(report.trades),
        grouped(report.contracts),
        grouped(report.gpu_hours_sold)
    );
    let plan = &report.plan;
    let planned = format!(
        "{} observed prices: {} asks on {} lots; {} recorded pods: {} bids\n",
        grouped(plan.observations.on_demand),
        grouped(plan.asks),
        grouped(plan.lots),
        grouped(plan.pods.packed + plan.pods.alone),
        grouped(plan.bids),
    );
    [
        heading + &planned,
        aligned(&orders(report)),
        aligned(&classes(report)) + &sold,
        aligned(&spot(report)),
        aligned(&load(report)),
        checks(report),
    ]
    .join("\n")
}

fn orders(report: &Report) -> Vec<Row> {
    let side = |side| report.orders.get(&side).cloned().unwrap_or_default();
    let sides = Side::ALL.map(side);
    let row = |label: &str, count: &dyn Fn(&SideCounts) -> u64| {
        let counts = sides.iter().map(count);
        let all = counts.clone().sum();
        std::iter::once(label.to_owned()).chain(counts.chain([all]).map(grouped)).collect::<Row>()
    };
    let mut rows = vec![
        titles(&["orders", "asks", "bids", "spot asks", "spot bids", "all"]),
        row("sent", &|side| side.sent),
        row("accepted", &|side| side.accepted),
        row("refused", &|side| side.refused),
        row("unanswered", &|side| side.unanswered),
    ];
    let at = |label: &str, statuses: &dyn Fn(&SideCounts) -> Vec<(String, u64)>| {
        let names: BTreeSet<String> = sides.iter().flat_map(statuses).map(|(name, _)| name).collect();
        let count = |name: &str, side: &SideCounts| {
            statuses(side).into_iter().find(|(status, _)| status == name).map_or(0, |(_, count)| count)
        };
        let rows: Vec<Row> =
            names.iter().map(|name| row(&format!("{label}: {name}"), &|side| count(name, side))).collect();
        rows
    };
    rows.extend(at("at once", &|side| side.status_at_acknowledgement.clone().into_iter().collect()));
    rows.extend(at("in the end", &|side| side.status_at_end.clone().into_iter().collect()));
    rows.extend(report.refusals.iter().map(|(code, count)| {
        let blank = std::iter::repeat_n(String::new(), Side::ALL.len());
        let label = std::iter::once(format!("refused: {code}"));
        label.chain(blank).chain([grouped(*count)]).collect()
    }));
    rows
}

fn classes(report: &Report) -> Vec<Row> {
    let mut rows = vec![titles(&["term", "bids", "filled", "GPU-hours sold", "average price", "on demand"])];
    rows.extend(report.classes.iter().map(|(id, class)| {
        vec![
            id.clone(),
            grouped(class.bids),
            grouped(class.filled),
            grouped(class.gpu_hours_sold),
            class.average_price.map_or("-".to_owned(), |price| format!("{price:.4}")),
            format!("{:.4}", class.on_demand_level),
        ]
    }));
    rows
}

fn spot(report: &Report) -> Vec<Row> {
    let price = |price: Option<Decimal>| price.map_or("-".to_owned(), |price| format!("{price:.4}"));
    let mut rows = vec![titles(&[
        "spot",
        "bids",
        "GPU-hours sold",
        "interrupted",
        "hours priced",
        "average",
        "min",
        "max",
        "observed",
        "average",
        "min",
        "max",
    ])];
    rows.extend(report.classes.iter().map(|(id, class)| {
        let spot = &class.spot;
        vec![
            id.clone(),
            grouped(spot.bids),
            grouped(spot.gpu_hours_sold),
            spot.interruptions.map_or("-".to_owned(), grouped),
            grouped(spot.hours_priced),
            price(spot.index_average),
            price(spot.index_min),
            price(spot.index_max),
            grouped(spot.observed_quotes),
            price(spot.observed_average),
            price(spot.observed_min),
            price(spot.observed_max),
        ]
    }));
    rows
}

fn load(report: &Report) -> Vec<Row> {
    let load = &report.load;
    let row = |label: &str, value: String| vec![label.to_owned(), value];
    vec![
        row("offered, orders per second", load.offered_per_second.to_string()),
        row("answered, orders per second", format!("{:.1}", load.answered_per_second)),
        row("seconds", format!("{:.1}", load.seconds)),
        row("acknowledgement since due, p50", millis(load.latency.p50_micros)),
        row("p99", millis(load.latency.p99_micros)),
        row("p99.9", millis(load.latency.p99_9_micros)),
        row("max", millis(load.latency.max_micros)),
        row("sent late: too many in flight", grouped(load.punctuality.delayed)),
        row("latest after due", millis(load.punctuality.latest_micros)),
        row("repeated after a failure", grouped(load.repeated_after_failure)),
        row("repeated after overload", grouped(load.repeated_after_overload)),
    ]
}

fn checks(report: &Report) -> String {
    let width = report.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    let line = |check: &super::audit::Check| {
        let verdict = match check.verdict {
            Verdict::Ok => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "skipped",
        };
        format!("{verdict:<7}  {:<width$}  {}\n", check.name, check.detail)
    };
    report.checks.iter().map(line).collect()
}

fn titles(of: &[&str]) -> Row {
    of.iter().map(|&title| title.to_owned()).collect()
}

fn millis(micros: u64) -> String {
    format!("{:.2} ms", Duration::from_micros(micros).as_secs_f64() * 1000.0)
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{
        audit::Check,
        class_outcome::{ClassOutcome, SpotOutcome},
        generator::Punctuality,
        latency::LatencySummary,
        report::Load,
        sample,
    };

    fn report() -> Report {
        let bids = SideCounts {
            sent: 3747,
            accepted: 3746,
            refused: 1,
            status_at_acknowledgement: [("filled".to_owned(), 2331), ("open".to_owned(), 1415)].into(),
            status_at_end: [("filled".to_owned(), 2372), ("open".to_owned(), 1374)].into(),
            ..SideCounts::default()
        };
        let asks = SideCounts { sent: 1706, accepted: 1706, ..SideCounts::default() };
        let class = ClassOutcome {
            bids: 959,
            filled: 500,
            gpu_hours_sold: 7048,
            average_price: Some("0.4701".parse().unwrap()),
            on_demand_level: "0.6525".parse().unwrap(),
            spot: SpotOutcome {
                bids: 120,
                gpu_hours_sold: 4800,
                hours_priced: 300,
                index_average: Some("0.25".parse().unwrap()),
                index_min: Some("0.2".parse().unwrap()),
                index_max: Some("0.3".parse().unwrap()),
                interruptions: None,
                ..SpotOutcome::default()
            },
        };
        Report {
            run: "r1".to_owned(),
            url: "http://127.0.0.1:8080".to_owned(),
            origin: "2027-01-04T00:00:00Z".to_owned(),
            plan: sample::plan("2027-01-04T00:00:00Z").summary,
            orders: [(Side::Asks, asks), (Side::Bids, bids)].into(),
            refusals: [("insufficient_funds".to_owned(), 1)].into(),
            trades: 2402,
            contracts: 2402,
            gpu_hours_sold: 7048,
            classes: [("l40-48g-pcie-eth".to_owned(), class)].into(),
            load: Load {
                offered_per_second: 200,
                answered_per_second: 199.96,
                seconds: 27.27,
                latency: LatencySummary {
                    p50_micros: 3512,
                    p99_micros: 9000,
                    p99_9_micros: 12_000,
                    max_micros: 20_500,
                },
                punctuality: Punctuality { delayed: 0, latest_micros: 1200 },
                ..Load::default()
            },
            checks: vec![
                Check { name: "trial balance", verdict: Verdict::Ok, detail: "difference 0".to_owned() },
                Check { name: "no order refused", verdict: Verdict::Failed, detail: "1 x".to_owned() },
            ],
        }
    }

    #[test]
    fn the_report_is_aligned_and_ends_with_the_checks() {
        let expected = "\
replay r1 against http://127.0.0.1:8080, windows from 2027-01-04T00:00:00Z
2 observed prices: 4 asks on 1 lots; 2 recorded pods: 2 bids

orders                        asks   bids  spot asks  spot bids    all
sent                         1,706  3,747          0          0  5,453
accepted                     1,706  3,746          0          0  5,452
refused                          0      1          0          0      1
unanswered                       0      0          0          0      0
at once: filled                  0  2,331          0          0  2,331
at once: open                    0  1,415          0          0  1,415
in the end: filled               0  2,372          0          0  2,372
in the end: open                 0  1,374          0          0  1,374
refused: insufficient_funds                                          1

term              bids  filled  GPU-hours sold  average price  on demand
l40-48g-pcie-eth   959     500           7,048         0.4701     0.6525
2,402 trades, 2,402 contracts, 7,048 GPU-hours

spot              bids  GPU-hours sold  interrupted  hours priced  average     min     max  observed  average  min  max
l40-48g-pcie-eth   120           4,800            -           300   0.2500  0.2000  0.3000         0        -    -    -

offered, orders per second           200
answered, orders per second        200.0
seconds                             27.3
acknowledgement since due, p50   3.51 ms
p99                              9.00 ms
p99.9                           12.00 ms
max                             20.50 ms
sent late: too many in flight          0
latest after due                 1.20 ms
repeated after a failure               0
repeated after overload                0

ok       trial balance     difference 0
FAILED   no order refused  1 x
";
        assert_eq!(text(&report()), expected);
    }

    #[test]
    fn one_failed_check_makes_the_replay_unsound_and_a_skipped_one_does_not() {
        let mut report = report();
        assert!(!report.is_sound());
        report.checks[1].verdict = Verdict::Skipped;
        assert!(report.is_sound());
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["checks"][1]["verdict"], "skipped");
        assert_eq!(json["classes"]["l40-48g-pcie-eth"]["average_price"], "0.4701");
        assert_eq!(json["orders"]["bids"]["accepted"], 3746);
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
