//! An organization's own events: everything that the log has about it, in sequence, to be read on from any point.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::read_models::OwnEvent;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::page::Page;

use crate::auth::{Caller, Member};
use crate::problem::{Problem, ProblemCode};
use crate::request::{PageSpan, answer, await_reads};

/// Which events to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Only events after the one with this sequence; from the first when not given.
    pub(crate) after: Option<u64>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub(crate) limit: Option<u32>,
    /// The answer includes at least the event with this sequence, 10,000 ahead of the log at most. It waits for that, five seconds at most.
    pub(crate) min_sequence: Option<u64>,
}

/// An event of one's own.
#[derive(Serialize, ToSchema)]
pub struct EventBody {
    /// Its sequence in the log; the next of yours need not be the next of all.
    sequence: u64,
    /// When it happened.
    #[schema(format = DateTime)]
    time: String,
    /// Its type.
    #[schema(example = "trade_executed")]
    r#type: &'static str,
    /// The version of the type's form.
    version: u16,
    /// What happened, without what is another organization's business.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

impl From<OwnEvent> for EventBody {
    fn from(event: OwnEvent) -> Self {
        Self {
            sequence: event.sequence,
            time: event.at.to_string(),
            r#type: event.name,
            version: event.version,
            data: event.data,
        }
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
    let span = query.span()?;
    await_reads(&node, query.min_sequence).await?;
    let position = node.read_models.position();
    let events = node.read_models.own_events().page(caller.organization, span.after, span.fetch()).await?;
    Ok(answer(HttpResponse::Ok(), position, &EventBody::page(span, events)))
}

impl EventsQuery {
    /// The span that it asks for.
    pub(crate) fn span(&self) -> Result<PageSpan, Problem> {
        let span = PageSpan::of(None, self.limit)?;
        let after = i64::try_from(self.after.unwrap_or(0))
            .map_err(|_| Problem::new(ProblemCode::InvalidQuery, "after must be a sequence of the log."))?;
        Ok(PageSpan { after, ..span })
    }
}

impl EventBody {
    /// The page of events that were read with [`PageSpan::fetch`].
    pub(crate) fn page(span: PageSpan, mut events: Vec<OwnEvent>) -> Page<Self> {
        let limit = usize::try_from(span.limit).unwrap_or(usize::MAX);
        let more = events.len() > limit;
        events.truncate(limit);
        let next_cursor = events.last().filter(|_| more).map(|last| last.sequence.to_string());
        Page { data: events.into_iter().map(Self::from).collect(), next_cursor }
    }
}
