//! Problems: every error answer of the API, as `application/problem+json` (RFC 9457).
//!
//! One cause has one code, one variant and one page in `docs/errors/`, which the build includes; a code never changes its
//! meaning.

use std::cell::RefCell;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use infra::ConnectError;
use infra::journal::JournalError;
use infra::sequencer::SubmitError;
use matching::{InvalidWindow, Refusal, RefusalClass};
use wire::problem::ProblemBody;

use crate::sampled_log;

tokio::task_local! {
    /// The id of the request that the running task answers.
    pub(crate) static REQUEST_ID: RefCell<String>;
}

/// What a client should wait before it repeats a request that was turned away, in seconds.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The HTTP status that a class of refusals is answered with.
const fn status_of(class: RefusalClass) -> StatusCode {
    match class {
        RefusalClass::NotFound => StatusCode::NOT_FOUND,
        RefusalClass::Forbidden => StatusCode::FORBIDDEN,
        RefusalClass::Conflict => StatusCode::CONFLICT,
        RefusalClass::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

macro_rules! problem_codes {
    (
        { $($own:ident = $own_code:literal, $own_status:ident, $own_title:literal;)* }
        { $(
            $(#[$doc:meta])+
            $refusal:ident $({ $($fields:tt)* })? = $code:literal, $class:ident, $title:literal, $($text:expr),+;
        )* }
        { $(
            $shared:ident = $shared_code:literal, $shared_class:ident, $shared_title:literal { $(
                $(#[$shared_doc:meta])+
                $refusal_of:ident, $shared_text:literal;
            )+ }
        )* }
    ) => {
        problem_codes! {
            $($own = $own_code, StatusCode::$own_status, $own_title;)*
            $($refusal = $code, status_of(RefusalClass::$class), $title;)*
            $($shared = $shared_code, status_of(RefusalClass::$shared_class), $shared_title;)*
        }

        impl From<&Refusal> for ProblemCode {
            fn from(refusal: &Refusal) -> Self {
                match refusal {
                    $(Refusal::$refusal { .. } => Self::$refusal,)*
                    $($(Refusal::$refusal_of => Self::$shared,)+)*
                }
            }
        }
    };
    ($($variant:ident = $code:literal, $status:expr, $title:literal;)*) => {
        /// The stable code of a cause.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum ProblemCode {
            $(#[doc = $title] $variant,)*
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as it stands in answers.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => $status,)* }
            }

            /// The cause in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// The page that explains it, in Markdown.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../docs/errors/", $code, ".md")),)* }
            }

            /// The code of this name.
            pub fn find(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.code() == code)
            }
        }
    };
}

// The causes that the exchange knows nothing of, and the exchange's refusals.
matching::refusals! { problem_codes {
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON";
    InvalidQuery = "invalid_query", BAD_REQUEST, "The query or path is wrong";
    InvalidCursor = "invalid_cursor", BAD_REQUEST, "The cursor is not one of ours";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Not in this form";
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "No token";
    TokenInvalid = "token_invalid", UNAUTHORIZED, "The token is not valid";
    TokenExpired = "token_expired", UNAUTHORIZED, "The token has expired";
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The request came too slowly";
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    ClientBlocked = "client_blocked", TOO_MANY_REQUESTS, "The client is turned away for a while";
    TooManyStreams = "too_many_streams", TOO_MANY_REQUESTS, "Too many streams";
    InvalidClient = "invalid_client", UNAUTHORIZED, "Client unknown or secret wrong";
    InvalidGrantRequest = "invalid_grant_request", BAD_REQUEST, "Not a client-credentials request";
    NotFound = "not_found", NOT_FOUND, "Nothing here";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Not with this method";
    IdempotencyKeyInvalid = "idempotency_key_invalid", BAD_REQUEST, "The idempotency key is not usable";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The key stands for another request";
    ResumeTooOld = "resume_too_old", GONE, "Too long ago to resume";
    QueueFull = "queue_full", SERVICE_UNAVAILABLE, "Too busy";
    TooBusy = "too_busy", SERVICE_UNAVAILABLE, "Too busy to compute this now";
    OutcomeUnknown = "outcome_unknown", SERVICE_UNAVAILABLE, "The outcome is unknown";
    NotCaughtUp = "not_caught_up", SERVICE_UNAVAILABLE, "Not that far yet";
    ClockIsReal = "clock_is_real", CONFLICT, "The clock cannot be moved";
    ClockHeld = "clock_held", SERVICE_UNAVAILABLE, "Time stands still";
    ClockNotHeld = "clock_not_held", CONFLICT, "Time does not stand still";
    RelayNotStopped = "relay_not_stopped", CONFLICT, "The relay has no such stop";
    ClockDiffers = "clock_differs", UNPROCESSABLE_ENTITY, "The machine's clock says something else";
    EntityUnknown = "entity_unknown", NOT_FOUND, "No such entity";
    CurrencyUnknown = "currency_unknown", NOT_FOUND, "No books in this currency";
    AccountUnknown = "account_unknown", NOT_FOUND, "No such account";
    OwnerUnknown = "owner_unknown", NOT_FOUND, "No such owner";
    ClientRoleInvalid = "client_role_invalid", UNPROCESSABLE_ENTITY, "Role and organization do not fit";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Our mistake";
    DepositByBank = "deposit_by_bank", CONFLICT, "Deposits are credited from bank statements";
    StatementUnreadable = "statement_unreadable", UNPROCESSABLE_ENTITY, "The file is no bank statement";
    WebhookUrlInvalid = "webhook_url_invalid", UNPROCESSABLE_ENTITY, "Nothing is sent there";
    EventTypeUnknown = "event_type_unknown", UNPROCESSABLE_ENTITY, "No such type of event";
    WebhookLimit = "webhook_limit", CONFLICT, "Too many webhooks";
    WebhookSecretLimit = "webhook_secret_limit", CONFLICT, "Too many secrets at a time";
    WebhookDisabled = "webhook_disabled", CONFLICT, "The webhook is disabled";
} }

/// An error answer.
#[derive(Debug, Clone)]
pub struct Problem {
    code: ProblemCode,
    detail: String,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of this cause; `detail` tells this caller what was wrong with this request.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), header: None }
    }

    /// The same problem with a header that tells what to do about it, in the place of the usual one.
    #[must_use]
    pub fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// Nothing is there, or nothing that this caller may see.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("There is no such {what}."))
    }

    /// Something failed that should not. `error` goes to the log, not to the caller.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        if let Some(left_out) = sampled_log::turn() {
            tracing::error!(%error, request_id = request_id(), left_out, "a request failed");
        }
        Self::new(ProblemCode::Internal, "The request failed for a reason that is not yours.")
    }

    /// Its code.
    pub fn code(&self) -> ProblemCode {
        self.code
    }

    /// What was wrong with the request.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// It as it is sent.
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("/errors/{}", self.code.code()),
            title: self.code.title().into(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            code: self.code.code().into(),
            request_id: request_id(),
            error: match self.code {
                ProblemCode::InvalidClient => Some("invalid_client".into()),
                ProblemCode::InvalidGrantRequest => Some("invalid_request".into()),
                _ => None,
            },
        }
    }
}

fn request_id() -> String {
    REQUEST_ID.try_with(|id| id.borrow().clone()).unwrap_or_default()
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.code(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.extensions_mut().insert(self.code);
        match self.code.status() {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
            }
            _ => {}
        }
        if let Some((name, value)) = &self.header {
            response.insert_header((name.clone(), value.clone()));
        }
        let body = serde_json::to_string(&self.body()).unwrap_or_default();
        response.content_type("application/problem+json").body(body)
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        Self::new(ProblemCode::from(refusal), sentence(&refusal.to_string()))
    }
}

impl From<InvalidWindow> for Problem {
    fn from(invalid: InvalidWindow) -> Self {
        Self::new(ProblemCode::WindowInvalid, sentence(&invalid.to_string()))
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => Self::from(&*refusal),
            SubmitError::KeyReused => Self::new(
                ProblemCode::IdempotencyKeyReused,
                "This Idempotency-Key was used for a request with other content.",
            ),
            SubmitError::Busy => {
                Self::new(ProblemCode::QueueFull, "More requests are waiting than the exchange takes.")
            }
            SubmitError::ClockHeld(_) => Self::new(
                ProblemCode::ClockHeld,
                "The exchange's clock stands still until an operator confirms the time; nothing happened.",
            ),
            SubmitError::Unavailable => Self::new(
                ProblemCode::OutcomeUnknown,
                "The exchange cannot tell now whether the request was carried out. Repeat it with the same Idempotency-Key.",
            ),
            SubmitError::Journal(error) => Self::from(error),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Database(ref cause) | JournalError::Connect(ConnectError::Refused(ref cause)) => {
                if is_away(cause) { unavailable(&error) } else { Self::internal(&error) }
            }
            JournalError::Connect(ConnectError::Silent) | JournalError::Overdue | JournalError::Pool(_) => {
                unavailable(&error)
            }
            JournalError::Fenced
            | JournalError::Decode(_)
            | JournalError::Damaged(_)
            | JournalError::Violated { .. }
            | JournalError::WentBack { .. }
            | JournalError::Thread(_) => Self::internal(&error),
        }
    }
}

impl From<tokio_postgres::Error> for Problem {
    fn from(error: tokio_postgres::Error) -> Self {
        if is_away(&error) { unavailable(&error) } else { Self::internal(&error) }
    }
}

impl From<deadpool_postgres::PoolError> for Problem {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        unavailable(&error)
    }
}

/// Whether the connection is gone or the server lets nobody in: nothing is wrong with the statement.
fn is_away(error: &tokio_postgres::Error) -> bool {
    /// Classes of SQLSTATE: connection exception, insufficient resources, operator intervention.
    const AWAY: [&str; 3] = ["08", "53", "57"];
    if let Some(server) = error.as_db_error() {
        return AWAY.iter().any(|class| server.code().code().starts_with(class));
    }
    let source = std::error::Error::source(error);
    error.is_closed() || source.is_some_and(<dyn std::error::Error + 'static>::is::<std::io::Error>)
}

/// The database cannot be read now.
fn unavailable(error: &dyn std::fmt::Display) -> Problem {
    if let Some(left_out) = sampled_log::turn() {
        tracing::warn!(%error, request_id = request_id(), left_out, "the database cannot be read");
    }
    Problem::new(ProblemCode::NotCaughtUp, "The read models cannot be read now.")
}

/// The text as a sentence of its own. A field's name at its beginning stays as it is on the wire.
pub(crate) fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
    if first.contains('_') || rest.starts_with(" must be") {
        return format!("{text}.");
    }
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// One code, one variant, one page: and no page without a code.
    #[test]
    fn every_code_has_its_page() {
        let codes: BTreeSet<&str> = ProblemCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(codes.len(), ProblemCode::ALL.len());
        for code in ProblemCode::ALL {
            let first_line = code.page().lines().next().unwrap_or_default();
            assert_eq!(first_line, format!("# `{}`: {}", code.code(), code.title()));
            assert!(code.page().contains(&format!("Status {}.", code.status().as_u16())), "{}", code.code());
        }
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors");
        let pages = std::fs::read_dir(pages).unwrap().map(|page| page.unwrap().path());
        let pages: BTreeSet<String> =
            pages.map(|page| page.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        assert_eq!(pages, codes.iter().map(ToString::to_string).collect());
    }

    /// A statement that the database refuses is our mistake; a database that is away is not. It is the same by whatever way it is told.
    #[actix_web::test]
    async fn a_database_that_is_away_is_told_from_a_statement_that_is_wrong() {
        let away = || async { tokio_postgres::connect("host=/nowhere", tokio_postgres::NoTls).await.err().unwrap() };
        let wrong = || "port=none".parse::<tokio_postgres::Config>().unwrap_err();
        for (error, expected) in [(away().await, ProblemCode::NotCaughtUp), (wrong(), ProblemCode::Internal)] {
            assert_eq!(Problem::from(error).code(), expected);
        }
        for (error, expected) in [
            (JournalError::Database(away().await), ProblemCode::NotCaughtUp),
            (JournalError::Database(wrong()), ProblemCode::Internal),
            (JournalError::Connect(ConnectError::Refused(away().await)), ProblemCode::NotCaughtUp),
            (JournalError::Connect(ConnectError::Refused(wrong())), ProblemCode::Internal),
            (JournalError::Connect(ConnectError::Silent), ProblemCode::NotCaughtUp),
            (JournalError::Damaged("an hour is missing".into()), ProblemCode::Internal),
        ] {
            assert_eq!(Problem::from(error).code(), expected);
        }
    }

    #[test]
    fn details_are_sentences_and_name_fields_as_they_are() {
        assert_eq!(sentence("the market is halted already"), "The market is halted already.");
        assert_eq!(sentence("the amount must be above zero"), "The amount must be above zero.");
        assert_eq!(sentence("gpus must be a multiple of 8"), "gpus must be a multiple of 8.");
        assert_eq!(sentence("min_gpus must be a multiple of 8"), "min_gpus must be a multiple of 8.");
        assert_eq!(sentence("expires_at goes with GTD"), "expires_at goes with GTD.");
    }
}
