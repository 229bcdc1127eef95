//! An endpoint as an organization would run one: it takes webhooks and verifies them with a library that is not ours.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use standardwebhooks::Webhook;
use tests::condition::until;
use tokio::sync::watch;

/// The URL of an endpoint at the discard port: nothing listens there.
pub const NOWHERE: &str = "http://127.0.0.1:9/";

/// A running endpoint. It answers 200 unless it is told otherwise.
pub struct Receiver {
    url: String,
    state: web::Data<State>,
    server: actix_web::dev::ServerHandle,
}

struct State {
    received: Mutex<Vec<Received>>,
    /// The statuses of the next answers; then 200.
    statuses: Mutex<VecDeque<u16>>,
    /// Whether requests are answered.
    answers: watch::Sender<bool>,
}

/// A request as it came.
#[derive(Clone)]
pub struct Received {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Received {
    /// The `webhook-id`.
    pub fn id(&self) -> String {
        self.header("webhook-id")
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> String {
        self.headers[name].to_str().expect("a text").to_owned()
    }

    /// Whether the signature is one by this secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        Webhook::new(secret).expect("a secret").verify(&self.body, &self.headers).is_ok()
    }

    /// The body.
    pub fn body(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The sequence of the event.
    pub fn sequence(&self) -> u64 {
        self.body()["data"]["sequence"].as_u64().expect("a sequence")
    }
}

async fn take(request: HttpRequest, body: web::Bytes, state: web::Data<State>) -> HttpResponse {
    let headers = request.headers().iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).expect("a name");
        (name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"))
    });
    let received = Received { headers: headers.collect(), body: body.to_vec() };
    lock(&state.received).push(received);
    let mut answers = state.answers.subscribe();
    answers.wait_for(|answers| *answers).await.expect("the receiver is there");
    let status = lock(&state.statuses).pop_front().unwrap_or(200);
    let mut answer = HttpResponse::build(StatusCode::from_u16(status).expect("a status"));
    if (300..400).contains(&status) {
        answer.insert_header(("location", "/elsewhere"));
    }
    answer.finish()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Receiver {
    /// Starts an endpoint that answers the first requests with these statuses, and then with 200.
    pub fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let state = web::Data::new(State {
            received: Mutex::default(),
            statuses: Mutex::new(statuses.iter().copied().collect()),
            answers: watch::Sender::new(true),
        });
        let shared = state.clone();
        let server = HttpServer::new(move || App::new().app_data(shared.clone()).default_service(web::to(take)))
            .workers(1)
            .disable_signals()
            .listen(listener)
            .expect("a listener")
            .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, state, server: handle }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes requests and does not answer them.
    pub fn hold(&self) {
        self.state.answers.send_replace(false);
    }

    /// Answers again, what it has taken meanwhile first.
    pub fn release(&self) {
        self.state.answers.send_replace(true);
    }

    /// Everything that has come.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.state.received).clone()
    }

    /// Waits until so many requests have come, and answers them: the first of all that have.
    pub async fn wait_for<const REQUESTS: usize>(&self) -> [Received; REQUESTS] {
        until(&format!("{REQUESTS} requests have come"), async || self.received().first_chunk().cloned()).await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.release();
        drop(self.server.stop(false));
    }
}
