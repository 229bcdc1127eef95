//! Statements that are asked for and not read.

use api::auth::Role;
use api::resources::health::MetricsAccess;
use api::server::ServerSettings;
use futures::future::join_all;
use infra::config::Limits;
use reqwest::{Method, StatusCode};
use tests::condition::until;
use tests::exchange::TestExchange;

use crate::reports::grow;

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_nobody_reads_keep_nobody_elses() {
    let limits = Limits { reports_per_organization_max: 2, ..Limits::of_one_machine() };
    let settings = ServerSettings { limits, metrics: MetricsAccess::Everyone };
    let exchange = TestExchange::start_limited(settings).await;
    grow(&exchange.database.owner().await).await;
    let (acme, beta) = (exchange.client("acme", Role::Buyer), exchange.client("beta", Role::Buyer));
    let unread = join_all((0..8).map(async |_| {
        let answer = acme.request(Method::GET, "/v1/account/statement").send().await.expect("an answer");
        (answer.status(), answer)
    }));
    let unread = unread.await;
    let statuses = |wanted: StatusCode| unread.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((statuses(StatusCode::OK), statuses(StatusCode::SERVICE_UNAVAILABLE)), (2, 6));

    let short = "/v1/account/statement?to=2000-01-01";
    beta.get(short).await.ok();
    exchange.client("north", Role::Provider).get(short).await.ok();
    assert_eq!(acme.get(short).await.problem(), (503, "queue_full"), "only its own places are taken");
    // Nobody reads still, and nobody hangs up.
    until("the places are given back", async || acme.get(short).await.status.is_success().then_some(())).await;
    drop(unread);
}
