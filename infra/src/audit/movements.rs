//! Daily movements: what every account of the chart moved on each day, run of entries by run, beside what is stored.

use std::collections::BTreeMap;

use ledger::{AccountKind, Amount, Currency, Day, Entry, Map};
use tokio_postgres::Row;

use super::AuditError;
use super::report::{Finding, Outcome};
use super::snapshot::Snapshot;
use crate::journal::OPERATOR_BOOK;
use crate::trial_balance::RUN_ENTRIES;

/// What a row is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    run: i64,
    day: Day,
    kind: AccountKind,
    currency: Currency,
}

impl Place {
    fn named(&self) -> String {
        let Self { run, day, kind, currency } = self;
        format!("{} {currency}, movements of {day} in the run of entries {run}", kind.code())
    }
}

/// Adds up lines.
#[derive(Default)]
pub(super) struct DailyMovements {
    sums: Map<Place, Amount>,
    /// Entries so far: each one's number in the book.
    entries: i64,
}

impl DailyMovements {
    /// Adds the lines of the book's next entries.
    pub fn add(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.entries += 1;
            let (run, day) = (self.entries / RUN_ENTRIES, entry.effective());
            for line in entry.lines() {
                let place = Place { run, day, kind: line.account.kind, currency: line.account.currency };
                *self.sums.entry(place).or_default() += line.amount;
            }
        }
    }

    /// Compares the sums with the rows.
    pub async fn finish(&self, snapshot: &Snapshot, outcome: &mut Outcome) -> Result<(), AuditError> {
        let statement = "SELECT book, run, day - DATE '1970-01-01', code, currency, amount FROM daily_movements \
                         ORDER BY book, currency, run, day, code";
        let rows = snapshot.client.query(statement, &[]).await?;
        outcome.compared += rows.len() as u64;
        let mut missing: BTreeMap<Place, Amount> = self.sums.iter().map(|(place, sum)| (*place, *sum)).collect();
        for row in &rows {
            let (place, amount) = stored(row)?;
            if row.get::<_, i32>(0) != OPERATOR_BOOK {
                let expected = "no entries: no event posts to it".to_owned();
                let place = format!("another book, {}", place.named());
                outcome.differ(|| Finding { place, expected, found: amount.to_string() });
                continue;
            }
            let sum = missing.remove(&place).unwrap_or_default();
            outcome.compare(|| place.named(), sum, amount);
        }
        for (place, sum) in missing {
            let expected = sum.to_string();
            outcome.differ(|| Finding {
                place: place.named(),
                expected,
                found: "no row in daily_movements".to_owned(),
            });
        }
        Ok(())
    }
}

fn stored(row: &Row) -> Result<(Place, Amount), AuditError> {
    let (code, currency): (&str, &str) = (row.get(3), row.get(4));
    let unreadable = || AuditError::Unreadable(format!("daily_movements has the account {code} {currency}"));
    let kind = AccountKind::from_code(code).ok_or_else(unreadable)?;
    let currency = currency.parse().map_err(|_| unreadable())?;
    let place = Place { run: row.get(1), day: Day::from_days(row.get(2)), kind, currency };
    let amount = Amount::from_decimal(row.get(5));
    Ok((place, amount.map_err(|error| AuditError::Unreadable(format!("{}: {error}", place.named())))?))
}
