//! The metrics are for whoever runs the exchange.

use api::resources::health::MetricsAccess;
use api::server::{ServerSettings, serve_metrics};
use infra::config::Limits;
use reqwest::Method;
use std::net::TcpListener;
use tests::client::ApiClient;
use tests::exchange::TestExchange;

fn settings(metrics: MetricsAccess) -> ServerSettings {
    ServerSettings { limits: Limits::of_one_machine(), metrics }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_ask_for_their_token() {
    let token = "a token of the operator's";
    let exchange = TestExchange::start_limited(settings(MetricsAccess::Token(token.into()))).await;
    let anyone = exchange.anonymous();
    assert_eq!(anyone.get("/metrics").await.problem(), (401, "unauthenticated"));
    assert_eq!(exchange.operator().get("/metrics").await.problem(), (401, "unauthenticated"));
    for (given, status) in [(token, 200), ("a token of somebody else's", 401), ("", 401)] {
        let answer = anyone.send(anyone.request(Method::GET, "/metrics").bearer_auth(given)).await;
        assert_eq!(answer.status, status, "{given}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_on_a_port_of_their_own_and_nowhere_else() {
    let exchange = TestExchange::start_limited(settings(MetricsAccess::Nobody)).await;
    assert_eq!(exchange.anonymous().get("/metrics").await.problem(), (404, "not_found"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let apart = ApiClient::new(&format!("http://{}", listener.local_addr().unwrap()), None);
    let server = serve_metrics(exchange.node.clone(), listener).unwrap();
    assert!(apart.text("/metrics").await.contains("secondwind_orders_placed_total"));
    assert_eq!(apart.get("/v1/orders").await.status, 404);
    server.stop(false).await;
}
