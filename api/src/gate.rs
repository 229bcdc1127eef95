//! What every request passes before and after its handler: its id, its limits, its caller, and how its outcome is told and counted.

use std::cell::RefCell;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, ResponseError as _, web};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use infra::node::Node;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::auth::{Identity, Tokens, bearer_token};
use crate::connection::{Answering, Connection};
use crate::limits::{Allowance, Exhausted, RequestLimits};
use crate::operations::{Asked, Budget};
use crate::problem::{Problem, ProblemCode, REQUEST_ID};
use crate::request::{control_characters, has_control_characters};
use crate::sampled_log;

/// The header that carries a request's id.
const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Each time so many bytes of a body have come, it may take a second more.
const BYTES_PER_SECOND: u64 = 65_536;

/// Whom a request is counted for.
#[derive(Clone, Debug)]
struct Payer {
    address: IpAddr,
    /// What became of its token; `None` when it has none.
    identity: Option<Result<Identity, Problem>>,
}

/// Whom a request's token stands for.
///
/// # Errors
/// A [`Problem`] when it has none, or one that is not valid.
pub fn identity(request: &HttpRequest) -> Result<Identity, Problem> {
    let missing = || Problem::new(ProblemCode::Unauthenticated, "The request has no bearer token.");
    let extensions = request.extensions();
    extensions.get::<Payer>().and_then(|payer| payer.identity.clone()).ok_or_else(missing)?
}

/// What came of counting a request that its handler found out more about.
struct CountedLast(Result<Allowance, Exhausted>);

/// Counts requests of a client and its organization that a handler finds out about. The answer tells what is left of these.
///
/// # Errors
/// A [`Problem`] with the code `rate_limited`.
pub fn count(
    request: &HttpRequest,
    limits: &RequestLimits,
    who: Identity,
    budget: Budget,
    n: NonZeroU32,
) -> Result<(), Problem> {
    remember(request, limits.spend(who, budget, n))
}

fn remember(request: &HttpRequest, counted: Result<Allowance, Exhausted>) -> Result<(), Problem> {
    let exhausted = counted.as_ref().err().copied();
    request.extensions_mut().insert(CountedLast(counted));
    exhausted.map_or(Ok(()), |exhausted| Err(exhausted.into()))
}

/// Counts `n` more requests than the one that a request is counted as, for what it holds.
///
/// # Errors
/// A [`Problem`] with the code `rate_limited`.
pub fn count_more(request: &HttpRequest, budget: Budget, n: usize) -> Result<(), Problem> {
    let Some(n) = u32::try_from(n).ok().and_then(NonZeroU32::new) else { return Ok(()) };
    let Some(limits) = request.app_data::<web::Data<RequestLimits>>() else { return Ok(()) };
    let Some(payer) = request.extensions().get::<Payer>().cloned() else { return Ok(()) };
    let of_address = limits.spend_address(payer.address, budget, n);
    match payer.identity {
        Some(Ok(who)) if of_address.is_ok() => count(request, limits, who, budget, n),
        Some(Ok(_) | Err(_)) | None => remember(request, of_address),
    }
}

/// The codes of problems that an answer holds instead of being one: a batch's.
pub struct InnerProblems(pub Vec<ProblemCode>);

/// Lets a request through to its handler, or not, and tells what came of it.
///
/// # Errors
/// None: every error is an answer.
pub async fn gate<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = Uuid::now_v7().to_string();
    REQUEST_ID.scope(RefCell::new(id.clone()), pass(request, next, id)).await
}

async fn pass<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
    id: String,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // A connection that sends without waiting for answers would keep its thread for as long as it does.
    tokio::task::yield_now().await;
    let answering = request.request().conn_data::<Arc<Connection>>().map(Connection::request);
    let (node, limits) =
        (request.app_data::<web::Data<Node>>().cloned(), request.app_data::<web::Data<RequestLimits>>().cloned());
    let mut allowance = Allowance::default();
    let admitted = match &limits {
        Some(limits) => admit(&mut request, limits, &mut allowance),
        None => Ok(()),
    };
    let mut response = match admitted {
        Ok(()) => next.call(request).await?.map_into_boxed_body(),
        Err(Turned::Away(problem)) => request.into_response(problem.error_response()),
        Err(Turned::Exhausted(exhausted)) => {
            let mut refusal = Problem::from(exhausted).error_response();
            exhausted.tell(refusal.headers_mut());
            request.into_response(refusal)
        }
    };
    let status = response.status();
    let is_refusal = status.is_client_error() || status.is_server_error();
    if is_refusal && !is_told(&response) {
        // The framework's own refusals: the nearest cause we have a page for.
        let code = match status.as_u16() {
            408 => ProblemCode::RequestTimeout,
            413 => ProblemCode::BodyTooLarge,
            415 => ProblemCode::UnsupportedMediaType,
            404 | 405 => ProblemCode::NotFound,
            status if status < 500 => ProblemCode::InvalidQuery,
            _ => ProblemCode::Internal,
        };
        response = response.into_response(Problem::new(code, "The request cannot be used.").error_response());
    }
    let code = response.response().extensions().get::<ProblemCode>().copied();
    if let Some(node) = &node {
        node.metrics.answered(status.as_u16(), code.map_or("", ProblemCode::code));
    }
    if is_refusal {
        log(&response, code, &id);
    }
    if let Some(limits) = &limits {
        count_strikes(&response, code, limits);
    }
    let counted_last = response.request().extensions_mut().remove::<CountedLast>();
    match counted_last {
        Some(CountedLast(Ok(allowance))) => allowance.tell(response.headers_mut()),
        Some(CountedLast(Err(exhausted))) => exhausted.tell(response.headers_mut()),
        None => allowance.tell(response.headers_mut()),
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    Ok(response.map_body(|_, body| BoxBody::new(Held { body, _answering: answering })))
}

/// Why a request does not get to its handler.
enum Turned {
    Away(Problem),
    Exhausted(Exhausted),
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self::Away(problem)
    }
}

impl From<Exhausted> for Turned {
    fn from(exhausted: Exhausted) -> Self {
        Self::Exhausted(exhausted)
    }
}

/// Counts a request, and finds out who sent it. What costs least comes first.
fn admit(request: &mut ServiceRequest, limits: &RequestLimits, allowance: &mut Allowance) -> Result<(), Turned> {
    let budget = Asked::by(request.method().as_str(), request.match_info().as_str()).budget();
    let address = limits.address_of(request.peer_addr().map(|peer| peer.ip()), request.headers());
    let of_address = limits.spend_address(address, budget, NonZeroU32::MIN)?;
    if has_control_characters(request.uri().path_and_query().map_or("", PathAndQuery::as_str)) {
        return Err(control_characters().into());
    }
    let tokens = request.app_data::<web::Data<Tokens>>();
    let identity = tokens.and_then(|tokens| Some(tokens.check(bearer_token(request.headers())?)));
    match &identity {
        Some(Ok(who)) => {
            limits.check_blocked(who.client)?;
            allowance.extend(limits.spend(*who, budget, NonZeroU32::MIN)?);
        }
        Some(Err(_)) | None => allowance.extend(of_address),
    }
    request.extensions_mut().insert(Payer { address, identity });
    if request.headers().contains_key(header::CONTENT_LENGTH)
        || request.headers().contains_key(header::TRANSFER_ENCODING)
    {
        let payload = request.take_payload();
        request.set_payload(in_time(payload, limits.settings.body_timeout()));
    }
    Ok(())
}

/// The payload, which ends with an error when it comes too slowly.
fn in_time(payload: Payload, patience: Duration) -> Payload {
    let begun = Instant::now();
    let stream = futures::stream::unfold((payload, 0_u64), move |(mut payload, received)| async move {
        let deadline = begun + patience + Duration::from_secs(received / BYTES_PER_SECOND);
        let chunk = match timeout_at(deadline, payload.next()).await {
            Ok(chunk) => chunk?,
            Err(_) => Err(PayloadError::Io(std::io::ErrorKind::TimedOut.into())),
        };
        let received = received + chunk.as_ref().map_or(0, |chunk: &Bytes| chunk.len() as u64);
        Some((chunk, (payload, received)))
    });
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(stream);
    Payload::Stream { payload: stream }
}

/// Whether a refusal says itself what it is.
fn is_told(response: &ServiceResponse<BoxBody>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_problem = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    is_problem || response.request().path() == "/readyz"
}

/// What clients do wrong is counted; of what is logged, a few lines a second.
fn log(response: &ServiceResponse<BoxBody>, code: Option<ProblemCode>, request_id: &str) {
    let Some(left_out) = sampled_log::turn() else { return };
    let (request, status) = (response.request(), response.status().as_u16());
    let (method, path, code) = (request.method().as_str(), request.path(), code.map_or("", ProblemCode::code));
    if status >= 500 {
        tracing::warn!(status, code, method, path, request_id, left_out, "a request could not be answered");
    } else {
        tracing::info!(status, code, method, path, request_id, left_out, "a request was refused");
    }
}

fn count_strikes(response: &ServiceResponse<BoxBody>, code: Option<ProblemCode>, limits: &RequestLimits) {
    let extensions = response.response().extensions();
    let inner = extensions.get::<InnerProblems>().map_or(&[][..], |inner| &inner.0);
    let strikes = inner.iter().chain(&code).filter(|code| **code == ProblemCode::InvariantViolated).count();
    if strikes > 0
        && let Ok(who) = identity(response.request())
    {
        limits.strike(who.client, strikes);
    }
}

/// The body of an answer, with what must last until it has been sent.
struct Held {
    body: BoxBody,
    _answering: Option<Answering>,
}

impl MessageBody for Held {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
