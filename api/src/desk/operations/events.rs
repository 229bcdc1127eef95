//! The log as an organization and as an auditor see it.

use wire::events::EventsQuery;

use super::await_reads;
use crate::desk::Desk;
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::resources::audit::state_hash_body;
use crate::resources::events::{event_page, events_span};

pub(in crate::desk) fn list(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: EventsQuery = request.query()?;
    let span = events_span(&query)?;
    await_reads(desk, query.min_sequence)?;
    let events = desk.history.own_events(desk.log.rows(), request.organization, span);
    Answer::ok(&event_page(span, events))
}

pub(in crate::desk) fn state_hash(desk: &mut Desk, _: &Request) -> Result<Answer, Problem> {
    Answer::ok(&state_hash_body(&desk.exchange))
}
