//! What requests have in common: strict bodies, idempotency keys, cursors, and how far a read must have come.

use std::time::Duration;

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError, UrlencodedError};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use infra::journal::IdempotencyKey;
use infra::node::Node;
use ledger::OrganizationId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Problem, ProblemCode};

/// The longest body, in bytes.
pub const BODY_BYTES_MAX: usize = 65_536;
/// The longest idempotency key.
const KEY_LENGTH_MAX: usize = 128;
/// How long a read waits for the read models.
const READ_PATIENCE: Duration = Duration::from_secs(5);
/// What a table of comma-separated values is sent as.
pub const CSV_TYPE: &str = "text/csv; charset=utf-8; header=present";
/// The header of an answer that says how far the log was.
pub const SEQUENCE_HEADER: &str = "Secondwind-Sequence";
/// Items in a page, unless the caller asks for fewer or more.
const PAGE_DEFAULT: u32 = 50;
/// The most items in a page.
const PAGE_MAX: u32 = 500;

/// JSON bodies: bounded, `application/json` only, with problems for what is wrong.
pub fn json_config() -> web::JsonConfig {
    web::JsonConfig::default().limit(BODY_BYTES_MAX).error_handler(|error, _| json_problem(&error).into())
}

fn json_problem(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => too_large(),
        JsonPayloadError::ContentType => {
            Problem::new(ProblemCode::UnsupportedMediaType, "Content-Type must be application/json.")
        }
        JsonPayloadError::Deserialize(error) => body_problem(error),
        _ => Problem::new(ProblemCode::MalformedJson, "The body cannot be read to its end."),
    }
}

/// What is wrong with a body that is not JSON, or not of the form that is asked for.
pub(crate) fn body_problem(error: &serde_json::Error) -> Problem {
    if error.is_data() {
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

/// A query that does not parse.
pub(crate) fn query_problem(error: &QueryPayloadError) -> Problem {
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
    let operation = format!("{} {}", request.method(), request.path());
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

/// Waits until reads include everything that was committed when the request came, and `min_sequence`.
///
/// # Errors
/// A [`Problem`] with the code `not_caught_up` when that takes too long.
pub async fn await_reads(node: &Node, min_sequence: Option<u64>) -> Result<(), Problem> {
    let needed = node.log.head().max(min_sequence.unwrap_or(0));
    if node.projection.reached(needed, READ_PATIENCE).await {
        return Ok(());
    }
    let detail = format!("The read models are at {}, the request needs {needed}.", node.projection.position());
    Err(Problem::new(ProblemCode::NotCaughtUp, detail))
}

/// A successful answer that says how far the log was.
pub fn answer(mut builder: HttpResponseBuilder, sequence: u64, body: &impl Serialize) -> HttpResponse {
    builder.insert_header((SEQUENCE_HEADER, sequence.to_string())).json(body)
}

/// How a list is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Where the page before ended: its `next_cursor`.
    pub cursor: Option<String>,
    /// Items in the page, 1 to 500; 50 when not given.
    pub limit: Option<u32>,
    /// The answer includes at least the event with this sequence.
    pub min_sequence: Option<u64>,
}

impl PageQuery {
    /// The span that is asked for, once reads include `min_sequence`.
    ///
    /// # Errors
    /// A [`Problem`] when the cursor or the limit is not usable, or reading takes too long to come so far.
    pub async fn span(&self, node: &Node) -> Result<PageSpan, Problem> {
        let span = PageSpan::of(self.cursor.as_deref(), self.limit)?;
        if self.min_sequence.is_some() {
            await_reads(node, self.min_sequence).await?;
        }
        Ok(span)
    }
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Where to go on; null at the end.
    pub next_cursor: Option<String>,
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
    fn foreign_cursors_and_limits_are_refused() {
        for cursor in ["", "x", "AAAA", "__________8", "AAAAAAAAAAE=="] {
            assert_eq!(PageSpan::of(Some(cursor), None).unwrap_err().code(), ProblemCode::InvalidCursor, "{cursor}");
        }
        for limit in [0, PAGE_MAX + 1, 100_000] {
            assert_eq!(PageSpan::of(None, Some(limit)).unwrap_err().code(), ProblemCode::InvalidQuery);
        }
    }
}
