//! Whole replays against the stand-in exchange.

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::fake_exchange::{self, Shared};
use super::{ReplayArgs, ReplayError, replay_market, sample};

/// One L40 provider and, beside the sample's two pods, some that come after all asks and pay 60 to 120 % of 0.6.
fn pods() -> String {
    let more = (2..12).map(|pod| format!("p-{pod},1,1000,T4,LS,{0},{1},{0},Running\n", 700_000 + pod, 720_000 + pod));
    sample::PODS.to_owned() + &more.collect::<String>()
}

/// The sample's with capacity for all bids, since the stand-in's never ends, and with dearer spot offers elsewhere: the
/// spot level is then above the provider's own spot price, so that every spot bid reaches it.
fn prices() -> String {
    let quote =
        |region: &str, price: &str| format!("2026-03-10,vast.ai,L40,4,{region},spot,{price},2,{price},{price}\n");
    let more = quote("US", "0.2") + &quote("JP", "0.4").repeat(2);
    sample::PRICES.replace("on_demand,0.5,2,", "on_demand,0.5,20,") + &more
}

fn arguments(dir: &Path, url: &str) -> ReplayArgs {
    let file = |name: &str, text: &str| {
        fs::write(dir.join(name), text).unwrap();
        dir.join(name)
    };
    let client = |role: &str| json!({"organization": "demo", "role": role, "client_id": role, "client_secret": "s"});
    let credentials = json!({"url": url, "topics": {}, "clients": [client("operator"), client("finance")]}).to_string();
    ReplayArgs {
        prices: file("prices.csv", &prices()),
        demand: file("pods.csv", &pods()),
        url: None,
        credentials: file("credentials.json", &credentials),
        rate: 2000,
        report: Some(dir.join("report.json")),
        limit: None,
        timeout_seconds: 60,
    }
}

fn setting() -> (TempDir, Shared, ReplayArgs) {
    let dir = tempfile::tempdir().unwrap();
    let world = Shared::default();
    let args = arguments(dir.path(), &fake_exchange::start(Arc::clone(&world)));
    (dir, world, args)
}

fn report(dir: &TempDir) -> Value {
    serde_json::from_slice(&fs::read(dir.path().join("report.json")).unwrap()).unwrap()
}

fn verdicts(report: &Value, of: &str) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == of);
    checks.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_order_is_acknowledged_once_through_lost_answers_and_a_second_replay_works() {
    let (dir, _, args) = setting();
    for _ in 0..2 {
        assert!(replay_market(args.clone()).await.unwrap());
        let report = report(&dir);
        let orders = report["plan"]["asks"].as_u64().unwrap() + report["plan"]["bids"].as_u64().unwrap();
        let accepted =
            ["asks", "bids", "spot_asks", "spot_bids"].map(|side| report["orders"][side]["accepted"].as_u64().unwrap());
        assert_eq!(accepted.iter().sum::<u64>(), orders);
        assert_eq!(report["load"]["repeated_after_failure"], orders);
        assert_eq!(report["load"]["repeated_after_overload"], orders);
        assert_eq!(report["trades"], report["contracts"]);
        assert_eq!(report["orders"]["bids"]["status_at_end"]["filled"], report["trades"]);
        let spot = &report["classes"]["l40-48g-pcie-eth"]["spot"];
        assert_eq!((&spot["bids"], &spot["observed_average"]), (&json!(1), &json!("0.3")));
        // Four GPUs for the two hours of the best-effort pod.
        assert_eq!((&spot["gpu_hours_sold"], &spot["hours_priced"]), (&json!(8), &json!(2)), "{spot:#}");
        assert_eq!(verdicts(&report, "failed"), Vec::<String>::new());
        assert_eq!(verdicts(&report, "skipped").len(), 6, "{report:#}");
    }
}

#[tokio::test]
async fn refusals_are_reported_by_code_and_fail_the_replay() {
    let (dir, world, args) = setting();
    world.lock().unwrap().refuse_orders = Some("market_halted");
    assert!(!replay_market(ReplayArgs { limit: Some(3), ..args }).await.unwrap());
    let report = report(&dir);
    assert_eq!(report["refusals"], json!({"market_halted": 3}));
    assert_eq!(verdicts(&report, "failed"), ["no order refused"]);
}

#[tokio::test]
async fn an_exchange_that_comes_back_is_met_again() {
    let (_dir, world, args) = setting();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It is gone after the first connection, which it resets, and then comes back.
    let restart = std::thread::spawn(move || {
        drop(listener.accept().unwrap());
        drop(listener);
        fake_exchange::start_at(world, address);
    });
    let args = ReplayArgs { url: Some(format!("http://{address}")), ..args };
    assert!(replay_market(args).await.unwrap());
    restart.join().unwrap();
}

#[tokio::test]
async fn an_exchange_that_is_away_is_waited_for_until_the_time_is_up() {
    let (_dir, _, args) = setting();
    // A port that was free a moment ago; nothing listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = ReplayArgs { url: Some(format!("http://{free}")), timeout_seconds: 1, ..args };
    let error = replay_market(away).await.unwrap_err();
    assert!(matches!(error, ReplayError::Unanswered { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn another_machine_is_refused_before_anything_is_sent() {
    let (_dir, _, args) = setting();
    let error = replay_market(ReplayArgs { url: Some("http://192.0.2.1/".to_owned()), ..args }).await.unwrap_err();
    assert!(matches!(error, ReplayError::Address { .. }), "{error}");
}
