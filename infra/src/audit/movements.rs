//! Check of daily movements: what every account of the chart moved on each day, per run of entries, beside what is
//! stored.

use std::collections::BTreeMap;

use ledger::{AccountKind, Amount, Currency, Day, EntityId, Entry, Map};
use tokio_postgres::Row;

use super::AuditError;
use super::report::{Finding, Outcome};
use super::snapshot::Snapshot;
use crate::reports::RUN_ENTRIES;

/// Key of a row: what it sums.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    entity: EntityId,
    run: i64,
    day: Day,
    kind: AccountKind,
    currency: Currency,
}

impl Place {
    fn named(&self) -> String {
        let Self { entity, run, day, kind, currency } = self;
        let of = if *entity == EntityId::Operator { String::new() } else { format!("{entity}, ") };
        format!("{of}{} {currency}, movements of {day} in the run of entries {run}", kind.code())
    }
}

/// Sums of lines per day.
#[derive(Default)]
pub(super) struct DailyMovements {
    sums: Map<Place, Amount>,
    /// Number of entries so far, by book.
    entries: Map<EntityId, i64>,
}

impl DailyMovements {
    /// Adds the lines of the books' next entries.
    pub fn add(&mut self, entries: &[Entry]) {
        for entry in entries {
            let entity = entry.entity();
            let number = self.entries.entry(entity).or_default();
            *number += 1;
            let (run, day) = (*number / RUN_ENTRIES, entry.effective());
            for line in entry.lines() {
                let place = Place { entity, run, day, kind: line.account.kind, currency: line.account.currency };
                *self.sums.entry(place).or_default() += line.amount;
            }
        }
    }

    /// Compares the sums with the rows.
    pub async fn finish(&self, snapshot: &Snapshot, outcome: &mut Outcome) -> Result<(), AuditError> {
        let statement = "SELECT b.entity, m.run, m.day - DATE '1970-01-01', m.code, m.currency, m.amount \
                         FROM daily_movements m JOIN books b ON b.id = m.book \
                         ORDER BY m.book, m.currency, m.run, m.day, m.code";
        let rows = snapshot.client.query(statement, &[]).await?;
        outcome.compared += rows.len() as u64;
        let mut missing: BTreeMap<Place, Amount> = self.sums.iter().map(|(place, sum)| (*place, *sum)).collect();
        for row in &rows {
            let (place, amount) = stored(row)?;
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
    let entity = row.get::<_, &str>(0).parse().map_err(|_| unreadable())?;
    let place = Place { entity, run: row.get(1), day: Day::from_days(row.get(2)), kind, currency };
    let amount = Amount::from_decimal(row.get(5));
    Ok((place, amount.map_err(|error| AuditError::Unreadable(format!("{}: {error}", place.named())))?))
}
