//! The exchange over HTTP, as its clients see it.
//!
//! Promises that a request is repeated, under the same idempotency key, until the exchange has decided it or the time
//! is up: through overload, a server that is killed and started again, and expired tokens. It follows no redirect and
//! uses no proxy, so that nothing leaves this machine.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder, header::RETRY_AFTER, redirect};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::{sync::Mutex, time::Instant};

use super::error::ReplayError;
use super::loopback::LoopbackUrl;
use super::retry::{Backoff, Standing, retry_after, standing};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle connections kept; as many as requests are in flight at most.
const IDLE_CONNECTIONS_MAX: usize = 512;
/// Tokens tried for one request: a server started anew may no longer know the first.
const TOKENS_MAX: u32 = 3;
/// A token is renewed this long before it expires, or after half of its life if that is shorter.
const RENEW_BEFORE_EXPIRY: Duration = Duration::from_mins(2);

/// How often requests had to be repeated.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// After a failed connection, a timeout or a failure of the server.
    failed: AtomicU64,
    /// After the exchange said that it is overloaded.
    overloaded: AtomicU64,
}

impl Repeats {
    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn overloaded(&self) -> u64 {
        self.overloaded.load(Ordering::Relaxed)
    }
}

/// The exchange.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    http: Client,
    url: LoopbackUrl,
    deadline: Instant,
    repeats: Arc<Repeats>,
}

/// A client of the exchange and its current token.
pub(super) struct Account {
    client_id: String,
    client_secret: String,
    token: Mutex<Option<Token>>,
}

struct Token {
    bearer: Arc<str>,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: u64,
}

/// A decided request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    body: Bytes,
}

/// The part of a problem document that the replay reads.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) code: String,
    #[serde(default)]
    pub(super) detail: String,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The problem of a refusal; where there is none, the status stands for its code.
    pub(super) fn problem(&self) -> Problem {
        let problem: Problem = serde_json::from_slice(&self.body).unwrap_or_default();
        if problem.code.is_empty() { Problem { code: format!("http_{}", self.status), ..problem } } else { problem }
    }

    /// The body of a success.
    pub(super) fn expect<T: DeserializeOwned>(&self, what: &str) -> Result<T, ReplayError> {
        if !self.is_success() {
            return Err(self.refused(what));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| ReplayError::Answer { what: what.to_owned(), detail: error.to_string() })
    }

    /// The refusal as an error.
    pub(super) fn refused(&self, what: &str) -> ReplayError {
        let Problem { code, detail } = self.problem();
        ReplayError::Refused { what: what.to_owned(), status: self.status, code, detail }
    }
}

/// Neither secret nor token belongs into a log.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Account {
    pub(super) fn new(client_id: String, client_secret: String) -> Self {
        Self { client_id, client_secret, token: Mutex::new(None) }
    }

    /// A token that is good for a while; the lock makes concurrent requests share one renewal.
    async fn bearer(&self, exchange: &Exchange) -> Result<Arc<str>, ReplayError> {
        let mut token = self.token.lock().await;
        if let Some(token) = token.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(token.bearer.clone());
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
        ];
        let what = "POST /oauth/token";
        let url = exchange.url.at("/oauth/token");
        let answer = exchange.until_decided(what, || exchange.http.post(&url).form(&form)).await?;
        let answer: TokenAnswer = answer.expect(what)?;
        let life = Duration::from_secs(answer.expires_in);
        let renew_at = Instant::now() + life.saturating_sub(RENEW_BEFORE_EXPIRY).max(life / 2);
        let bearer: Arc<str> = answer.access_token.into();
        *token = Some(Token { bearer: bearer.clone(), renew_at });
        Ok(bearer)
    }

    /// Drops the token, unless another request has renewed it already.
    async fn forget(&self, bearer: &str) {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|token| &*token.bearer == bearer) {
            *token = None;
        }
    }
}

impl Exchange {
    /// A client that gives up at `deadline`.
    pub(super) fn new(url: LoopbackUrl, deadline: Instant) -> Result<Self, ReplayError> {
        let http = Client::builder()
            .tls_certs_only([]) // this machine is spoken to in plain HTTP
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build()?;
        Ok(Self { http, url, deadline, repeats: Arc::default() })
    }

    /// The same exchange with a count of repeats of its own.
    pub(super) fn counted_apart(&self) -> Self {
        Self { repeats: Arc::default(), ..self.clone() }
    }

    /// The same exchange, given up at another time.
    pub(super) fn until(&self, deadline: Instant) -> Self {
        Self { deadline, ..self.clone() }
    }

    pub(super) fn repeats(&self) -> &Repeats {
        &self.repeats
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(super) fn url(&self) -> &LoopbackUrl {
        &self.url
    }

    /// Gets a token, so that the first order need not.
    pub(super) async fn sign_in(&self, account: &Account) -> Result<(), ReplayError> {
        account.bearer(self).await.map(drop)
    }

    /// The resource at `path`, which includes the query.
    pub(super) async fn get<T: DeserializeOwned>(&self, account: &Account, path: &str) -> Result<T, ReplayError> {
        let build = || self.http.request(Method::GET, self.url.at(path));
        self.authorized(account, &format!("GET {path}"), build).await?.expect(&format!("GET {path}"))
    }

    /// Posts a JSON document under an idempotency key; a refusal is an answer as well.
    pub(super) async fn post(
        &self,
        account: &Account,
        path: &str,
        body: &Bytes,
        idempotency_key: &str,
    ) -> Result<Answer, ReplayError> {
        let build = || {
            self.http
                .request(Method::POST, self.url.at(path))
                .header("content-type", "application/json")
                .header("idempotency-key", idempotency_key)
                .body(body.clone())
        };
        self.authorized(account, &format!("POST {path}"), build).await
    }

    /// Deletes the resource at `path`; a refusal is an answer as well.
    pub(super) async fn delete(&self, account: &Account, path: String) -> Result<Answer, ReplayError> {
        let build = || self.http.request(Method::DELETE, self.url.at(&path));
        self.authorized(account, &format!("DELETE {path}"), build).await
    }

    async fn authorized(
        &self,
        account: &Account,
        what: &str,
        build: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, ReplayError> {
        let mut tokens = 0;
        loop {
            let bearer = account.bearer(self).await?;
            let answer = self.until_decided(what, || build().bearer_auth(&bearer)).await?;
            tokens += 1;
            if answer.status != 401 || tokens == TOKENS_MAX {
                return Ok(answer);
            }
            account.forget(&bearer).await;
        }
    }

    /// Repeats a request until its answer is final.
    async fn until_decided(&self, what: &str, build: impl Fn() -> RequestBuilder) -> Result<Answer, ReplayError> {
        let mut backoff = Backoff::new();
        let mut failures = 0;
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let (last, pause) = match attempt(build().timeout(left.min(ATTEMPT_TIMEOUT))).await {
                Ok((answer, asked_pause)) => {
                    match standing(answer.status, asked_pause.is_some(), failures) {
                        Standing::Final => return Ok(answer),
                        Standing::Overloaded => self.repeats.overloaded.fetch_add(1, Ordering::Relaxed),
                        Standing::Failed => {
                            failures += 1;
                            self.repeats.failed.fetch_add(1, Ordering::Relaxed)
                        }
                    };
                    (format!("{} {}", answer.status, answer.problem().code), backoff.pause(asked_pause))
                }
                Err(error) if error.is_builder() => return Err(error.into()),
                Err(error) => {
                    self.repeats.failed.fetch_add(1, Ordering::Relaxed);
                    (with_causes(&error), backoff.pause(None))
                }
            };
            if Instant::now() + pause >= self.deadline {
                return Err(ReplayError::Unanswered { what: what.to_owned(), last });
            }
            tokio::time::sleep(pause).await;
        }
    }
}

async fn attempt(request: RequestBuilder) -> Result<(Answer, Option<Duration>), reqwest::Error> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let pause = retry_after(response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()));
    Ok((Answer { status, body: response.bytes().await? }, pause))
}

/// The error with its causes, the last of which names what really happened.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}
