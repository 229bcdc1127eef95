//! What requests have in common: strict bodies, idempotency keys, cursors, and how far a read must have come.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::{PathError, PayloadError, QueryPayloadError, UrlencodedError};
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use infra::journal::IdempotencyKey;
use infra::node::Node;
use infra::read_models::Followed;
use ledger::OrganizationId;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use wire::page::{Page, PageQuery};

use crate::problem::{Problem, ProblemCode};
use wire::strict_json;

/// The longest body, in bytes.
pub const BODY_BYTES_MAX: usize = 65_536;
/// The longest idempotency key.
const KEY_LENGTH_MAX: usize = 128;
/// How long a read waits for the read models.
const READ_PATIENCE: Duration = Duration::from_secs(5);
/// How far ahead of the log a read may be asked for: what one commit may add while the request is under way.
const AHEAD_MAX: u64 = 10_000;
/// What a table of comma-separated values is sent as.
pub const CSV_TYPE: &str = "text/csv; charset=utf-8; header=present";
/// The header of an answer that says how far the log was.
pub const SEQUENCE_HEADER: &str = "Secondwind-Sequence";
/// Items in a page, unless the caller asks for fewer or more.
const PAGE_DEFAULT: u32 = 50;
/// The most items in a page.
const PAGE_MAX: u32 = 500;

/// A JSON body: bounded, `application/json` only, an object wherever a structure belongs, with problems for what is wrong.
#[derive(Debug)]
pub struct JsonBody<T>(T);

impl<T> JsonBody<T> {
    /// What was sent.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for JsonBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let kind = request.mime_type().ok().flatten();
            if !kind
                .is_some_and(|kind| kind.subtype() == "json" || kind.suffix().is_some_and(|suffix| suffix == "json"))
            {
                return Err(Problem::new(ProblemCode::UnsupportedMediaType, "Content-Type must be application/json."));
            }
            let body = read_body(&request, payload, BODY_BYTES_MAX, too_large).await?;
            strict_json::from_slice(&body).map(Self).map_err(|error| body_problem(&error, &body))
        })
    }
}

/// Reads a body of at most `bytes_max` bytes.
///
/// # Errors
/// What `too_large` tells of a longer one, and a [`Problem`] when it is cut off or comes too slowly.
pub async fn read_body(
    request: &HttpRequest,
    mut payload: Payload,
    bytes_max: usize,
    too_large: impl Fn() -> Problem,
) -> Result<Vec<u8>, Problem> {
    // A body that was packed would be read as if it were not.
    if request.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        let detail = "Content-Encoding must be left out: bodies are read as they are sent.";
        return Err(Problem::new(ProblemCode::UnsupportedMediaType, detail));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > bytes_max) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| payload_problem(&error))?;
        if body.len() + chunk.len() > bytes_max {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A body that does not come to its end.
fn payload_problem(error: &PayloadError) -> Problem {
    if matches!(error, PayloadError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut) {
        return Problem::new(ProblemCode::RequestTimeout, "The body came too slowly.");
    }
    Problem::new(ProblemCode::MalformedJson, "The body cannot be read to its end.")
}

/// What is wrong with a body that is not JSON, or not of the form that is asked for.
pub(crate) fn body_problem(error: &serde_json::Error, body: &[u8]) -> Problem {
    // The reader takes a number in the place of a name for a mistake of the syntax.
    let is_json = error.is_data() || serde_json::from_slice::<serde_json::Value>(body).is_ok();
    if is_json {
        Problem::new(ProblemCode::InvalidField, format!("The body cannot be used: {error}."))
    } else {
        Problem::new(ProblemCode::MalformedJson, format!("The body cannot be read: {error}."))
    }
}

pub(crate) fn too_large() -> Problem {
    Problem::new(ProblemCode::BodyTooLarge, format!("The body is longer than {BODY_BYTES_MAX} bytes."))
}

/// Forms, bounded likewise.
pub fn form_config() -> web::FormConfig {
    web::FormConfig::default().limit(BODY_BYTES_MAX).error_handler(|error, _| {
        match error {
            UrlencodedError::Payload(error) => payload_problem(&error),
            UrlencodedError::Overflow { .. } => too_large(),
            UrlencodedError::ContentType => Problem::new(
                ProblemCode::UnsupportedMediaType,
                "Content-Type must be application/x-www-form-urlencoded.",
            ),
            _ => Problem::new(ProblemCode::InvalidGrantRequest, "The form cannot be read."),
        }
        .into()
    })
}

/// Path parameters, with problems for what does not parse.
pub fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|error: PathError, _| path_problem(&error).into())
}

/// A part of a path that does not parse.
pub(crate) fn path_problem(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(ProblemCode::InvalidQuery, format!("The path cannot be used: {error}."))
}

/// Query parameters, likewise.
pub fn query_config() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|error: QueryPayloadError, _| query_problem(&error).into())
}

/// A parameter of a query that is none of the names it may be.
pub(crate) fn unknown_name<'a>(parameter: &str, names: impl Iterator<Item = &'a str>) -> Problem {
    let names = names.collect::<Vec<_>>().join(", ");
    Problem::new(ProblemCode::InvalidQuery, format!("{parameter} must be one of {names}."))
}

/// A query that does not parse.
pub(crate) fn query_problem(error: &QueryPayloadError) -> Problem {
    let error = match error {
        QueryPayloadError::Deserialize(error) => error.to_string(),
        error => error.to_string(),
    };
    Problem::new(ProblemCode::InvalidQuery, format!("The query cannot be used: {error}."))
}

/// The request's idempotency key, bound to the organization, the operation and the request's content.
///
/// # Errors
/// A [`Problem`] when the header is there and not usable.
pub fn idempotency_key<T: Serialize>(
    request: &HttpRequest,
    organization: OrganizationId,
    content: &T,
) -> Result<Option<IdempotencyKey>, Problem> {
    idempotency_key_of_item(request, organization, content, None)
}

/// The key of one item of a request that stands for several: the request's own, with the item's place.
///
/// # Errors
/// A [`Problem`] when the header is there and not usable.
pub fn idempotency_key_of_item<T: Serialize>(
    request: &HttpRequest,
    organization: OrganizationId,
    content: &T,
    item: Option<usize>,
) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = request.headers().get("Idempotency-Key") else { return Ok(None) };
    let usable = |key: &&str| (1..=KEY_LENGTH_MAX).contains(&key.len()) && !key.contains('\t');
    let key = value.to_str().ok().filter(usable).ok_or_else(|| {
        let detail = format!("Idempotency-Key must be 1 to {KEY_LENGTH_MAX} printable ASCII characters.");
        Problem::new(ProblemCode::IdempotencyKeyInvalid, detail)
    })?;
    let operation = format!("{} {}", request.method(), canonical_path(request.path()));
    let mut digest = Sha256::new();
    for part in [organization.as_str(), &operation, key] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    if let Some(item) = item {
        digest.update((item as u64).to_le_bytes());
    }
    let content = serde_json::to_vec(content).map_err(|error| Problem::internal(&error))?;
    Ok(Some(IdempotencyKey {
        organization: Some(organization),
        digest: digest.finalize().into(),
        request_hash: Sha256::digest(content).into(),
    }))
}

/// Whether a target holds a control character, percent-encoded: no parameter may, and the database takes none that is NUL.
pub fn has_control_characters(target: &str) -> bool {
    target.contains('%') && percent_decode_str(target).any(|byte| byte.is_ascii_control())
}

/// A target that holds a control character.
pub(crate) fn control_characters() -> Problem {
    Problem::new(ProblemCode::InvalidQuery, "The path or the query has a control character.")
}

/// A path in the one form of all its spellings: characters that need no percent-encoding have none, and ids are in lower case with
/// hyphens. What clients usually send is in this form already.
fn canonical_path(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        match Uuid::try_parse(&decoded) {
            Ok(id) => id.to_string(),
            // What would otherwise read like another path keeps its encoding.
            Err(_) => decoded.replace('%', "%25").replace('/', "%2F"),
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The sequence that a read must include: everything that was committed when it came, and `min_sequence`.
///
/// # Errors
/// A [`Problem`] when `min_sequence` is so far ahead that no answer, event or record has told it.
pub fn needed_sequence(node: &Node, min_sequence: Option<u64>) -> Result<u64, Problem> {
    let (head, wanted) = (node.log.head(), min_sequence.unwrap_or(0));
    if wanted.saturating_sub(head) > AHEAD_MAX {
        let detail = format!("min_sequence is {wanted}, and the log ends at {head}.");
        return Err(Problem::new(ProblemCode::InvalidQuery, detail));
    }
    Ok(head.max(wanted))
}

/// Waits until reads include everything that was committed when the request came, and `min_sequence`.
///
/// # Errors
/// A [`Problem`] with the code `not_caught_up` when that takes too long, or when `min_sequence` is far ahead of the log.
pub async fn await_reads(node: &Node, min_sequence: Option<u64>) -> Result<(), Problem> {
    let needed = needed_sequence(node, min_sequence)?;
    if node.read_models.reached(needed, READ_PATIENCE).await {
        return Ok(());
    }
    let detail = format!("The read models are at {}, the request needs {needed}.", node.read_models.position());
    Err(Problem::new(ProblemCode::NotCaughtUp, detail))
}

/// A successful answer that says how far the log was.
pub fn answer(mut builder: HttpResponseBuilder, sequence: u64, body: &impl Serialize) -> HttpResponse {
    builder.insert_header((SEQUENCE_HEADER, sequence.to_string())).json(body)
}

/// The span of a list that is asked for, once reads include `min_sequence`.
///
/// # Errors
/// A [`Problem`] when the cursor or the limit is not usable, or reading takes too long to come so far.
pub async fn span_of(query: &PageQuery, node: &Node) -> Result<PageSpan, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    if query.min_sequence.is_some() {
        await_reads(node, query.min_sequence).await?;
    }
    Ok(span)
}

/// Ends a page after its first items, the last of which stands at `position` in the list.
pub fn end_after<T>(page: &mut Page<T>, items: usize, position: i64) {
    if items < page.data.len() {
        page.data.truncate(items);
        page.next_cursor = Some(encode_cursor(position));
    }
}

/// Where a page starts and how long it is. The position is that of the last item before it.
#[derive(Clone, Copy, Debug)]
pub struct PageSpan {
    /// The position after which the page starts.
    pub after: i64,
    /// The most items.
    pub limit: i64,
}

impl PageSpan {
    /// The span that a query asks for.
    ///
    /// # Errors
    /// A [`Problem`] when the cursor or the limit is not usable.
    pub fn of(cursor: Option<&str>, limit: Option<u32>) -> Result<Self, Problem> {
        let after = cursor.map_or(Ok(0), decode_cursor)?;
        let limit = limit.unwrap_or(PAGE_DEFAULT);
        if limit == 0 || limit > PAGE_MAX {
            return Err(Problem::new(ProblemCode::InvalidQuery, format!("limit must be 1 to {PAGE_MAX}.")));
        }
        Ok(Self { after, limit: i64::from(limit) })
    }

    /// How many rows to read to know whether there is a next page.
    pub fn fetch(self) -> i64 {
        self.limit + 1
    }

    /// Likewise, of a list that is kept in memory.
    pub fn fetch_items(self) -> usize {
        usize::try_from(self.fetch()).unwrap_or(usize::MAX)
    }

    /// The sequence after which the page starts, where positions are sequences of the log.
    pub fn after_sequence(self) -> u64 {
        u64::try_from(self.after).unwrap_or(0)
    }

    /// The page of records that were read with [`PageSpan::fetch`], in the order of the log.
    pub fn page_of<R: Followed, T>(self, records: Vec<R>, body: impl Fn(R) -> T) -> Page<T> {
        self.page_by(records, |record| position(record.sequence()), body)
    }

    /// Likewise of things whose place in the list `place` tells.
    pub fn page_by<R, T>(self, mut things: Vec<R>, place: impl Fn(&R) -> i64, body: impl Fn(R) -> T) -> Page<T> {
        let more = things.len() >= self.fetch_items();
        things.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        let next_cursor = things.last().filter(|_| more).map(|last| encode_cursor(place(last)));
        Page { data: things.into_iter().map(body).collect(), next_cursor }
    }

    /// The page of rows that were read with [`PageSpan::fetch`]; `position` tells where a row stands.
    ///
    /// # Errors
    /// The first error of `item`.
    pub fn page<R, T, E>(
        self,
        rows: &[R],
        position: impl Fn(&R) -> i64,
        item: impl Fn(&R) -> Result<T, E>,
    ) -> Result<Page<T>, E> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        let shown = &rows[..rows.len().min(limit)];
        let next_cursor = shown.last().filter(|_| more).map(|last| encode_cursor(position(last)));
        Ok(Page { data: shown.iter().map(item).collect::<Result<_, E>>()?, next_cursor })
    }
}

/// The position of what the event `sequence` brought into being, in a list in the order of the log.
pub fn position(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn encode_cursor(position: i64) -> String {
    URL_SAFE_NO_PAD.encode(position.to_be_bytes())
}

fn decode_cursor(cursor: &str) -> Result<i64, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| bytes.try_into().ok());
    let position = bytes.map(i64::from_be_bytes).filter(|position| *position >= 0);
    position.ok_or_else(|| Problem::new(ProblemCode::InvalidCursor, "The cursor is not one that a list answered."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let rows: Vec<i64> = (1..=7).collect();
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let span = PageSpan::of(cursor.as_deref(), Some(3)).unwrap();
            let fetched: Vec<i64> = rows.iter().copied().filter(|row| *row > span.after).take(4).collect();
            let page = span.page(&fetched, |row| *row, |row| Ok::<_, Problem>(*row)).unwrap();
            seen.extend(page.data);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn spellings_of_a_path_are_one() {
        for path in ["/v1/orders", "/v1/%6frders", "/v1/%6Frder%73"] {
            assert_eq!(canonical_path(path), "/v1/orders", "{path}");
        }
        let id = "/v1/outages/01890a5d-ac96-774b-bcce-b302099a8057/accept";
        for path in [id, &id.to_uppercase().replace("/V1/OUTAGES", "/v1/outages").replace("/ACCEPT", "/accept")] {
            assert_eq!(canonical_path(path), id, "{path}");
        }
        assert_eq!(canonical_path(&id.replace('-', "")), id);
        assert_eq!(canonical_path("/v1/a%2fb"), "/v1/a%2Fb", "which is not /v1/a/b");
        assert_eq!(canonical_path("/v1/a%252Fb"), "/v1/a%252Fb", "nor is this the one before");
    }

    #[test]
    fn control_characters_are_found_in_paths_and_queries() {
        let has = has_control_characters;
        for target in ["/v1/invoices/%00", "/v1/orders?status=%00", "/v1/orders?a=1&b=x%0Ay", "/%7f", "/a%1fb"] {
            assert!(has(target), "{target}");
        }
        for target in ["/v1/orders", "/v1/orders?status=a%20b", "/v1/%2500", "/%C3%BC?x=%e2%82%ac"] {
            assert!(!has(target), "{target}");
        }
    }

    #[test]
    fn foreign_cursors_and_limits_are_refused() {
        for cursor in ["", "x", "AAAA", "__________8", "AAAAAAAAAAE=="] {
            assert_eq!(PageSpan::of(Some(cursor), None).unwrap_err().code(), ProblemCode::InvalidCursor, "{cursor}");
        }
        for limit in [0, PAGE_MAX + 1, 100_000] {
            assert_eq!(PageSpan::of(None, Some(limit)).unwrap_err().code(), ProblemCode::InvalidQuery);
        }
    }
}
