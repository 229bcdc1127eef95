//! The table of results, as text and as Markdown.

use std::fmt::Write as _;
use std::time::Duration;

const COLUMNS: [&str; 11] = [
    "measured",
    "size",
    "per second",
    "p50",
    "p99",
    "p99.9",
    "ours / theirs",
    "COPY/s",
    "/ COPY",
    "/ tx per order",
    "remarks",
];
/// The columns from here up to the last are numbers, set to the right.
const FIRST_NUMBER: usize = 2;

/// One result.
#[derive(Default)]
pub(super) struct Row {
    pub measured: &'static str,
    pub size: String,
    /// Per second; zero where it could not be measured.
    pub rate: u64,
    /// p50, p99 and p99.9.
    pub latency: Option<[Duration; 3]>,
    /// What our exchange does with the same flow, where this is another's.
    pub our_rate: Option<u64>,
    /// What COPY does with the same rows.
    pub copy_rate: Option<u64>,
    /// What a transaction per order does with such rows.
    pub per_order_rate: Option<u64>,
    pub remarks: String,
}

/// The results so far.
#[derive(Default)]
pub struct Table(Vec<[String; COLUMNS.len()]>);

impl Table {
    pub(super) fn add(&mut self, row: Row) {
        let Row { measured, size, rate, latency, our_rate, copy_rate, per_order_rate, remarks } = row;
        let of = |other: Option<u64>| other.map_or_else(String::new, |other| ratio(rate, other));
        let [p50, p99, p99_9] = latency.map_or_else(Default::default, |quantiles| quantiles.map(duration));
        let measurable = |text: String| if rate == 0 { String::new() } else { text };
        let to_theirs = our_rate.map_or_else(String::new, |ours| measurable(ratio(ours, rate)));
        let copied = copy_rate.map_or_else(String::new, grouped);
        let [to_copy, to_per_order] = [copy_rate, per_order_rate].map(of);
        self.0.push([
            measured.to_owned(),
            size,
            measurable(grouped(rate)),
            p50,
            p99,
            p99_9,
            to_theirs,
            copied,
            to_copy,
            to_per_order,
            remarks,
        ]);
    }

    /// The table with aligned columns.
    pub fn text(&self) -> String {
        let widths = self.widths();
        let mut text = line(&COLUMNS.map(str::to_owned), &widths, "  ");
        let rule: usize = widths.iter().map(|width| width + 2).sum();
        text.push_str(&"-".repeat(rule));
        text.push('\n');
        for row in &self.0 {
            text.push_str(&line(row, &widths, "  "));
        }
        text
    }

    /// The table as Markdown.
    pub fn markdown(&self) -> String {
        let widths = self.widths();
        let row =
            |cells: &[String; COLUMNS.len()]| format!("| {} |\n", line(cells, &widths, " | ").trim_end_matches('\n'));
        let mut text = row(&COLUMNS.map(str::to_owned));
        for (index, width) in widths.iter().enumerate() {
            let dashes = "-".repeat(*width);
            // Writing to a string does not fail.
            let _ = if is_number(index) { write!(text, "| {dashes}:") } else { write!(text, "| {dashes} ") };
        }
        text.push_str("|\n");
        self.0.iter().for_each(|cells| text.push_str(&row(cells)));
        text
    }

    fn widths(&self) -> [usize; COLUMNS.len()] {
        std::array::from_fn(|index| {
            let cells = self.0.iter().map(|row| row[index].chars().count());
            cells.chain([COLUMNS[index].len()]).max().unwrap_or(0)
        })
    }
}

fn is_number(column: usize) -> bool {
    (FIRST_NUMBER..COLUMNS.len() - 1).contains(&column)
}

fn line(cells: &[String; COLUMNS.len()], widths: &[usize; COLUMNS.len()], between: &str) -> String {
    let cells = cells.iter().zip(widths).enumerate().map(|(index, (cell, width))| {
        if is_number(index) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    let mut text = cells.collect::<Vec<_>>().join(between);
    text.push('\n');
    text
}

/// How many of `count` fall into a second, when all took `took`.
pub(super) fn per_second(count: usize, took: Duration) -> u64 {
    let nanos = took.as_nanos().max(1);
    u64::try_from(u128::try_from(count).unwrap_or(0) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}

/// `numerator / denominator` with two decimals.
pub(super) fn ratio(numerator: u64, denominator: u64) -> String {
    let hundredths = u128::from(numerator) * 100 / u128::from(denominator.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    match nanos {
        0..10_000 => format!("{nanos} ns"),
        10_000..1_000_000 => format!("{} µs", nanos / 1_000),
        _ => format!("{}.{} ms", nanos / 1_000_000, nanos / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_without_rounding_up() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(ratio(2, 3), "0.66");
        assert_eq!(ratio(7, 2), "3.50");
        assert_eq!(per_second(3, Duration::from_millis(1_500)), 2);
        assert_eq!(
            [9_999, 10_000, 1_290_000].map(|nanos| duration(Duration::from_nanos(nanos))),
            ["9999 ns", "10 µs", "1.2 ms"]
        );
    }
}
