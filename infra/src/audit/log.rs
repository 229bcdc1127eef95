//! The log: gapless, readable, and as long as its head says.

use jiff::Timestamp;
use ledger::Instant;
use matching::{CommandId, Event, EventKey, Record};
use tokio_postgres::binary_copy::BinaryCopyOutRow;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::report::{Check, Finding, Outcome};
use super::snapshot::{Rows, Snapshot};
use super::{AuditError, to_u64};

/// A row of the log.
pub(super) struct LoggedEvent {
    sequence: u64,
    /// The event, or why it cannot be read.
    decoded: Result<Record, String>,
    /// The content as it is stored.
    pub content: String,
    /// What the other columns say that the event does not.
    misfiled: Option<Finding>,
}

/// Reads the log in order.
pub(super) async fn events(snapshot: &Snapshot) -> Result<Rows<LoggedEvent>, AuditError> {
    const TYPES: &[Type] =
        &[Type::INT8, Type::TIMESTAMPTZ, Type::UUID, Type::TEXT, Type::INT2, Type::TEXT, Type::UUID, Type::TEXT];
    let query =
        "SELECT sequence, at, command, type, version, key, subject, content::text FROM events ORDER BY sequence";
    snapshot.rows(query, TYPES, read).await
}

fn read(row: &BinaryCopyOutRow) -> Result<LoggedEvent, AuditError> {
    let sequence = to_u64(row.try_get(0)?);
    let (name, version): (&str, i16) = (row.try_get(3)?, row.try_get(4)?);
    let content: &str = row.try_get(7)?;
    let event = Event::decode(name, u16::try_from(version).unwrap_or(0), content.as_bytes());
    let misfiled = event.as_ref().ok().and_then(|event| {
        let key = event.key();
        let key = match &key {
            EventKey::Market(id) => id.as_str(),
            EventKey::Organization(id) => id.as_str(),
            EventKey::BankAccount(id) => id.as_str(),
            EventKey::Ledger => "ledger",
        };
        let stored = (row.try_get::<&str>(5).ok()?, row.try_get::<Option<Uuid>>(6).ok()?);
        let place = |column: &str| format!("event {sequence}, column {column}");
        if stored.0 != key {
            return Some(Finding { place: place("key"), expected: key.to_owned(), found: stored.0.to_owned() });
        }
        let text = |id: Option<Uuid>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
        (stored.1 != event.subject()).then(|| Finding {
            place: place("subject"),
            expected: text(event.subject()),
            found: text(stored.1),
        })
    });
    let at = Instant::from_micros(row.try_get::<Timestamp>(1)?.as_microsecond());
    let command = CommandId::new(row.try_get(2)?);
    let record = event.map(|event| Record { sequence, at, command, event });
    let decoded = record.map_err(|error| error.to_string());
    Ok(LoggedEvent { sequence, decoded, content: content.to_owned(), misfiled })
}

/// Watches the log as it is read.
pub(super) struct LogCheck {
    pub outcome: Outcome,
    /// The last event that was read.
    last: u64,
    /// Why it is not read any further.
    broken: Option<String>,
}

impl LogCheck {
    pub fn new() -> Self {
        Self { outcome: Outcome::of(Check::Log), last: 0, broken: None }
    }

    /// The event of the next row; none where the log cannot be followed any further.
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

    /// The state could not take an event in.
    pub fn refuse(&mut self, event: u64) {
        self.break_at(Finding {
            place: format!("event {event}"),
            expected: "an event that can follow on those before it".to_owned(),
            found: "one that contradicts them".to_owned(),
        });
    }

    fn break_at(&mut self, finding: Finding) {
        self.broken = Some(format!("the log cannot be followed past event {}", self.last));
        self.outcome.differ(|| finding);
    }

    /// Compares the end with the head; tells why what follows from the whole log cannot be checked, if it cannot.
    pub fn finish(&mut self, head: u64) -> Option<String> {
        if self.broken.is_none() {
            let place = || "the last event, beside leadership.head".to_owned();
            self.outcome.compare(place, head, self.last);
        }
        self.broken.clone()
    }
}
