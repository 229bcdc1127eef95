//! Lines: a command as it stands in the file, and its answer.

use std::sync::Arc;

use infra::journal::LogRow;
use infra::read_models::OwnEvent;
use ledger::{Instant, OrganizationId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use wire::events::EventBody;
use wire::organizations::Role;

use super::names::Name;
use super::request::Answer;
use crate::problem::{Problem, ProblemCode};
use crate::resources::events::event_body;
use wire::strict_json;

/// A command.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandLine {
    /// When it is given; time moves to it first. Time stays where it is when not given.
    pub at: Option<Instant>,
    /// Who gives it.
    pub organization: Option<OrganizationId>,
    /// In which role.
    pub role: Option<Role>,
    /// Method, path and query, such as `GET /v1/orders?status=open`.
    #[serde(rename = "do")]
    pub operation: String,
    /// The request's body.
    pub body: Option<Value>,
    /// What later lines call what it creates.
    #[serde(rename = "as")]
    pub name: Option<Name>,
}

impl CommandLine {
    pub fn read(line: &[u8]) -> Result<Self, Problem> {
        strict_json::from_slice(line)
            .map_err(|error| Problem::new(ProblemCode::MalformedJson, format!("The line is no command: {error}.")))
    }
}

/// What became of a command.
#[derive(Serialize)]
pub(super) struct AnswerLine {
    /// The status that the request would have over HTTP.
    status: u16,
    /// The body that it would have.
    body: Box<RawValue>,
    /// Everything that happened, from moving time to following the command up.
    events: Vec<EventBody>,
}

impl AnswerLine {
    pub fn new(answer: Answer, rows: &[Arc<LogRow>]) -> Self {
        let whole = |row: &Arc<LogRow>| OwnEvent {
            sequence: row.record.sequence,
            at: row.record.at,
            name: row.record.event.name(),
            version: row.record.event.version(),
            // The bytes are those that the event was just written as.
            data: serde_json::from_slice(&row.content).unwrap_or_default(),
        };
        let events = rows.iter().map(|row| event_body(whole(row))).collect();
        Self { status: answer.status, body: answer.body, events }
    }
}

/// What the whole file came to.
#[derive(Serialize)]
pub(super) struct ClosingLine {
    /// SHA-256 of the state in canonical order.
    pub state_hash: String,
    /// The sequence of the last event.
    pub sequence: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object() {
        assert!(CommandLine::read(br#"{"do": "GET /v1/markets"}"#).is_ok());
        let list = br#"["2026-12-01T00:00:00Z", null, null, "GET /v1/markets", null, null]"#;
        assert_eq!(CommandLine::read(list).err().map(|problem| problem.code()), Some(ProblemCode::MalformedJson));
    }
}
