//! Check of the log: gapless, readable, and as long as its head says.

use jiff::Timestamp;
use ledger::{Day, Instant, Month, Violation};
use matching::{CommandId, Event, EventKey, Record};
use uuid::Uuid;

use super::copied::CopiedRow;
use super::entries::or_none;
use super::report::{Check, Finding, Outcome};
use super::snapshot::{Rows, Snapshot};
use super::{AuditError, to_u64};

/// Row of the log.
pub(super) struct LoggedEvent {
    sequence: u64,
    /// Event, or the reason why it cannot be read.
    decoded: Result<Record, String>,
    /// Content as stored; `None` unless it is compared with the topic's.
    pub content: Option<String>,
    /// First column that contradicts the event; `None` when none does.
    misfiled: Option<Finding>,
}

/// Reads the log in order, with the content as it is stored only where that is asked for.
pub(super) async fn events(snapshot: &Snapshot, with_content: bool) -> Result<Rows<LoggedEvent>, AuditError> {
    let query = "SELECT sequence, at, command, type, version, key, subject, period - '1970-01-01'::date, content FROM events ORDER BY sequence";
    snapshot.rows(query, if with_content { read_with_content } else { read }).await
}

fn read(row: &mut CopiedRow<'_>) -> Result<LoggedEvent, AuditError> {
    Ok(read_both(row)?.0)
}

fn read_with_content(row: &mut CopiedRow<'_>) -> Result<LoggedEvent, AuditError> {
    let (mut logged, content) = read_both(row)?;
    logged.content = Some(String::from_utf8_lossy(content).into_owned());
    Ok(logged)
}

fn read_both<'a>(row: &mut CopiedRow<'a>) -> Result<(LoggedEvent, &'a [u8]), AuditError> {
    let (sequence, at): (_, Timestamp) = (to_u64(row.value()?), row.value()?);
    let (command, name, version): (Uuid, &str, i16) = (row.value()?, row.value()?, row.value()?);
    let (stored_key, stored_subject): (&str, Option<Uuid>) = (row.value()?, row.value()?);
    let stored_period = row.value::<Option<i32>>()?.map(Day::from_days);
    let content: &[u8] = row.value()?;
    let event = Event::decode(name, u16::try_from(version).unwrap_or(0), content);
    let misfiled = event.as_ref().ok().and_then(|event| {
        let key = event.key();
        let of_box;
        let key = match &key {
            EventKey::Market(id) => id.as_str(),
            EventKey::Organization(id) => id.as_str(),
            EventKey::BankAccount(id) => id.as_str(),
            EventKey::Box(id) => {
                of_box = id.to_string();
                &of_box
            }
            EventKey::Ledger => "ledger",
        };
        let place = |column: &str| format!("event {sequence}, column {column}");
        if stored_key != key {
            return Some(Finding { place: place("key"), expected: key.to_owned(), found: stored_key.to_owned() });
        }
        if stored_subject != event.subject() {
            let (expected, found) = (or_none(event.subject()), or_none(stored_subject));
            return Some(Finding { place: place("subject"), expected, found });
        }
        // Events that were written before there was the column have none there; `closed_periods` is compared for
        // itself.
        let period = event.period().map(Month::first_day);
        (stored_period.is_some() && stored_period != period).then(|| Finding {
            place: place("period"),
            expected: or_none(period),
            found: or_none(stored_period),
        })
    });
    let (at, command) = (Instant::nearest_to(at.as_microsecond()), CommandId::new(command));
    let decoded = match event {
        Ok(event) => Ok(Record { sequence, at, command, event }),
        Err(error) => Err(error.to_string()),
    };
    Ok((LoggedEvent { sequence, decoded, content: None, misfiled }, content))
}

/// Checker of the log as it is read.
pub(super) struct LogCheck {
    pub outcome: Outcome,
    /// Sequence of the last event that was read.
    last: u64,
    /// Reason why it is not read any further; `None` while it is.
    broken: Option<String>,
}

impl LogCheck {
    pub fn new() -> Self {
        Self { outcome: Outcome::of(Check::Log), last: 0, broken: None }
    }

    /// Returns the event of the next row; `None` where the log cannot be followed any further.
    pub fn follow<'a>(&mut self, row: &'a LoggedEvent) -> Option<&'a Record> {
        self.outcome.compared += 1;
        let expected = self.last + 1;
        if row.sequence != expected {
            self.break_at(Finding {
                place: format!("after event {}", self.last),
                expected: format!("event {expected}"),
                found: format!("event {}", row.sequence),
            });
            return None;
        }
        match &row.decoded {
            Err(error) => {
                let place = format!("event {expected}, its content");
                self.break_at(Finding { place, expected: "an event".to_owned(), found: error.clone() });
                None
            }
            Ok(record) => {
                if let Some(finding) = &row.misfiled {
                    self.outcome.differ(|| finding.clone());
                }
                self.last = expected;
                Some(record)
            }
        }
    }

    /// Counts an event that the state could not apply: it never happens to a log that `decide` led to.
    pub fn refuse(&mut self, event: u64, violation: &Violation) {
        self.break_at(Finding {
            place: format!("event {event}"),
            expected: "an event that can follow on those before it".to_owned(),
            found: format!("one that contradicts them: {violation}"),
        });
    }

    fn break_at(&mut self, finding: Finding) {
        self.broken = Some(format!("the log cannot be followed past event {}", self.last));
        self.outcome.differ(|| finding);
    }

    /// Compares the end with the head. Returns why checks of the whole log cannot be done; `None` when they can.
    pub fn finish(&mut self, head: u64) -> Option<String> {
        if self.broken.is_none() {
            let place = || "the last event, beside leadership.head".to_owned();
            self.outcome.compare(place, head, self.last);
        }
        self.broken.clone()
    }
}
