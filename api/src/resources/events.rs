//! An organization's own events: everything that the log has about it, in sequence, to be read on from any point.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::OwnEvent;
use wire::events::{EventBody, EventsQuery};
use wire::page::Page;

use crate::auth::{Caller, Member};
use crate::problem::{Problem, ProblemCode};
use crate::request::{PageSpan, answer, await_reads};

pub(crate) fn event_body(event: OwnEvent) -> EventBody {
    EventBody {
        sequence: event.sequence,
        time: event.at.to_string(),
        r#type: event.name.into(),
        version: event.version,
        data: event.data,
    }
}

/// Your organization's own events, in sequence. To follow them, ask again `after` the last sequence you have seen;
/// `next_cursor` is that sequence where more events follow the page.
#[utoipa::path(
    operation_id = "list_events",
    tag = "events",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"])),
    params(EventsQuery),
    responses((status = 200, description = "A page of events", body = Page<EventBody>)),
)]
#[get("/events")]
pub async fn list(
    caller: Caller<Member>,
    query: web::Query<EventsQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = events_span(&query)?;
    await_reads(&node, query.min_sequence).await?;
    let position = node.read_models.position();
    let events = node.read_models.own_events().page(caller.organization, span.after, span.fetch()).await?;
    Ok(answer(HttpResponse::Ok(), position, &event_page(span, events)))
}

/// The span that a query asks for.
pub(crate) fn events_span(query: &EventsQuery) -> Result<PageSpan, Problem> {
    let span = PageSpan::of(None, query.limit)?;
    let after = i64::try_from(query.after.unwrap_or(0))
        .map_err(|_| Problem::new(ProblemCode::InvalidQuery, "after must be a sequence of the log."))?;
    Ok(PageSpan { after, ..span })
}

/// The page of events that were read with [`PageSpan::fetch`].
pub(crate) fn event_page(span: PageSpan, mut events: Vec<OwnEvent>) -> Page<EventBody> {
    let limit = usize::try_from(span.limit).unwrap_or(usize::MAX);
    let more = events.len() > limit;
    events.truncate(limit);
    let next_cursor = events.last().filter(|_| more).map(|last| last.sequence.to_string());
    Page { data: events.into_iter().map(event_body).collect(), next_cursor }
}
