//! Check of the periods: exactly the months that the log has closed are closed in the database.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ledger::Month;
use matching::Exchange;

use super::entries::or_none;
use super::report::{Check, Outcome};
use super::snapshot::Snapshot;
use super::{AuditError, to_u64};

/// Compares, month by month, the event by which each is closed.
pub(super) async fn check(snapshot: &Snapshot, exchange: &Exchange) -> Result<Outcome, AuditError> {
    let mut outcome = Outcome::of(Check::Periods);
    let rows = snapshot.client.query("SELECT period, event FROM closed_periods", &[]).await?;
    let stored = rows.iter().map(|row| (row.get::<_, Date>(0).strftime("%Y-%m").to_string(), to_u64(row.get(1))));
    let mut stored: BTreeMap<String, u64> = stored.collect();
    let accounting = exchange.accounting();
    let closed = accounting.closed.iter().map(|closed| (closed.period, Some(closed.sequence)));
    let present = exchange.now().day().month();
    let open = std::iter::successors(accounting.open_period(), |month: &Month| Some(month.next()));
    let open = open.take_while(|month| *month <= present).map(|month| (month, None));
    for (month, event) in closed.chain(open) {
        outcome.compared += 1;
        let found = stored.remove(&month.to_string());
        outcome.compare(|| format!("the event that closes {month}"), or_none(event), or_none(found));
    }
    for (month, event) in stored {
        outcome.compare(|| format!("the event that closes {month}"), or_none(None::<u64>), event.to_string());
    }
    Ok(outcome)
}
