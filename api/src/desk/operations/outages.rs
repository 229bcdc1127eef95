//! Deliveries and outages.

use ledger::OrganizationId;
use matching::{Instruction, OutageId};
use uuid::Uuid;
use wire::organizations::Role;
use wire::outages::{NewOutageBody, OutageBody, OutageQuery, ReadyBody, RestoreBody, RulingBody};
use wire::page::PageQuery;

use super::span_of;
use super::trades::require_own;
use crate::desk::Desk;
use crate::desk::history::{listed, page};
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::resources::outages::{
    delivery_of_events, outage_body, outage_filter, outage_instruction, outage_unknown, ready_instruction,
    ruling_instruction,
};

pub(in crate::desk) fn confirm(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let contract: Uuid = request.path("contract")?;
    let body: ReadyBody = request.body()?;
    require_own(desk, request, contract)?;
    let rows = desk.submit(ready_instruction(&body, request.organization, contract)?)?;
    Answer::ok(&delivery_of_events(rows.iter().map(|row| &row.record.event))?)
}

pub(in crate::desk) fn open(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let body: NewOutageBody = request.body()?;
    let rows = desk.submit(outage_instruction(&body, request.organization)?)?;
    let opened = rows.iter().find_map(|row| row.record.event.subject());
    Answer::created(&find(desk, opened.unwrap_or_default(), None)?)
}

pub(in crate::desk) fn list(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: OutageQuery = request.query()?;
    let page_query = PageQuery { cursor: query.cursor.clone(), limit: query.limit, min_sequence: None };
    let span = span_of(desk, &page_query)?;
    let filter = outage_filter(&query, reader_of(request))?;
    let own = listed(&desk.history.outages).filter(|(_, outage)| filter.admits(outage));
    Answer::ok(&page(span, own, |outage| Ok(outage_body((*outage).clone())))?)
}

pub(in crate::desk) fn show(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    Answer::ok(&find(desk, request.path("outage")?, reader_of(request))?)
}

pub(in crate::desk) fn accept(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let (organization, outage) = (request.organization, OutageId::new(request.path("outage")?));
    say(desk, request, outage, Instruction::AcceptOutage { organization, outage })
}

pub(in crate::desk) fn withdraw(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let (organization, outage) = (request.organization, OutageId::new(request.path("outage")?));
    say(desk, request, outage, Instruction::WithdrawOutage { organization, outage })
}

pub(in crate::desk) fn restore(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let (organization, outage) = (request.organization, OutageId::new(request.path("outage")?));
    let RestoreBody { until } = request.body()?;
    say(desk, request, outage, Instruction::RestoreOutage { organization, outage, until })
}

pub(in crate::desk) fn rule(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let outage: Uuid = request.path("outage")?;
    let body: RulingBody = request.body()?;
    say(desk, request, OutageId::new(outage), ruling_instruction(&body, outage)?)
}

fn say(desk: &mut Desk, request: &Request, outage: OutageId, instruction: Instruction) -> Result<Answer, Problem> {
    find(desk, outage.uuid(), reader_of(request))?;
    desk.submit(instruction)?;
    Answer::ok(&find(desk, outage.uuid(), None)?)
}

/// Whose outages are seen: one's own, or, by an operator, all.
fn reader_of(request: &Request) -> Option<OrganizationId> {
    (request.role != Role::Operator).then_some(request.organization)
}

fn find(desk: &Desk, outage: Uuid, reader: Option<OrganizationId>) -> Result<OutageBody, Problem> {
    let found = desk.history.outages.find(OutageId::new(outage));
    let found = found.filter(|outage| reader.is_none_or(|reader| outage.concerns(reader)));
    found.cloned().map(outage_body).ok_or_else(outage_unknown)
}
