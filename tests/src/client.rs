//! A client of the API, and the first steps that most tests take.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// The market of most tests.
pub const MARKET: &str = "a100-80g-sxm4-ib.us-tx-1";

/// Another market, whose events are not the first one's.
pub const OTHER_MARKET: &str = "a100-40g-pcie-eth.us-tx-2";
/// The path of the trial balance of the operator's books.
pub const TRIAL_BALANCE: &str = "/v1/ledger/trial-balance?entity=operator&currency=USD";

/// Sends requests with one token.
#[derive(Clone)]
pub struct ApiClient {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// An answer: its status and its body.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body; null when it is empty or no JSON.
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }

    /// The body of a success, or what was answered instead.
    ///
    /// # Errors
    /// The status and the body of any other answer.
    pub fn success(self) -> anyhow::Result<Value> {
        anyhow::ensure!(self.status.is_success(), "{} {}", self.status, self.body);
        Ok(self.body)
    }

    /// Status and problem code of a refusal.
    #[track_caller]
    pub fn problem(&self) -> (u16, &str) {
        let kind = self.headers.get("content-type").and_then(|value| value.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"), "{} {}", self.status, self.body);
        assert_eq!(self.body["status"], self.status.as_u16());
        assert!(self.body["request_id"].as_str().is_some_and(|id| !id.is_empty()));
        (self.status.as_u16(), self.body["code"].as_str().expect("a code"))
    }
}

impl ApiClient {
    /// A client with this token, or with none.
    pub fn new(url: &str, token: Option<String>) -> Self {
        // No certificates: reading the machine's takes longer than a request, and all is plain HTTP here.
        let http = reqwest::Client::builder().tls_certs_only([]).build().expect("a client");
        Self { http, url: url.to_owned(), token }
    }

    /// A request, for tests that need more than the methods below.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// What GET answers, as text.
    pub async fn text(&self, path: &str) -> String {
        let response = self.request(Method::GET, path).send().await.expect("the server answers");
        response.text().await.expect("a body")
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// POST of JSON, under a fresh idempotency key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with_key(path, body, &Uuid::now_v7().to_string()).await
    }

    /// POST of JSON under a given idempotency key.
    pub async fn post_with_key(&self, path: &str, body: &Value, key: &str) -> Answer {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }
}

/// The body that opens a market with lots of eight GPUs and fees of 0 and 50 basis points.
pub fn market(id: &str) -> Value {
    json!({
        "id": id,
        "class": {"model": "A100", "memory_gb": 80, "form_factor": "SXM4", "fabric": "infiniband", "gpus_per_node": 8},
        "zone": "us-tx-1", "currency": "USD", "price_tick": "0.0001", "lot_size": 8,
        "maker_fee_bps": 0, "taker_fee_bps": 50
    })
}

/// The body of a bid.
pub fn bid(gpus: u32, limit_price: &str, start: &str, end: &str) -> Value {
    json!({"side": "buy", "kind": "term", "market": MARKET, "gpus": gpus, "limit_price": limit_price,
           "window": {"start": start, "end": end}})
}

/// The body of an ask on a whole lot.
pub fn ask(lot: &Value, gpus: u32, limit_price: &str) -> Value {
    json!({"side": "sell", "kind": "term", "lot": lot, "gpus": gpus, "limit_price": limit_price})
}

/// The body of an ask that resells a contract.
pub fn resale(contract: &str, gpus: u32, limit_price: &str) -> Value {
    json!({"side": "sell", "kind": "term", "contract": contract, "gpus": gpus, "limit_price": limit_price})
}

/// The body of a bid by the hour.
pub fn spot_bid(gpus: u32, limit_price: &str) -> Value {
    json!({"side": "buy", "kind": "spot", "market": MARKET, "gpus": gpus, "limit_price": limit_price})
}

/// The body of an ask by the hour.
pub fn spot_ask(lot: &Value, gpus: u32, limit_price: &str) -> Value {
    json!({"side": "sell", "kind": "spot", "lot": lot, "gpus": gpus, "limit_price": limit_price})
}

/// The body that lists GPUs of one fabric.
pub fn supply(gpus: u32, start: &str, end: &str) -> Value {
    json!({"market": MARKET, "gpus": gpus, "window": {"start": start, "end": end}, "fabric": "hall-3"})
}

/// A body with one field set.
#[must_use]
pub fn with(mut body: Value, field: &str, to: impl Into<Value>) -> Value {
    body[field] = to.into();
    body
}

/// A body without a field.
#[must_use]
pub fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().expect("an object").remove(field);
    body
}
