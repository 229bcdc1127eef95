//! Files of commands and the bytes that come out of them. `SECONDWIND_BLESS=1` writes what comes out where it is kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wire::organizations::Role;

use super::routes::ROUTES;
use super::run;
use crate::server::document_of_routes;

/// Paths of the API that make no sense without a server.
const WITH_A_SERVER: [&str; 9] = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/oauth/",
    "/.well-known/",
    "/v1/clock/confirm",
    "/v1/organizations/{organization}/clients",
    "/v1/organizations/{organization}/rate-limits",
    "/v1/relay",
];
/// Files that are longer than an answer's line, or no JSON, and what there is only with them.
const FILES: [&str; 4] = ["/v1/ledger/exports", "/v1/bank-", "/v1/reconciliations", "/v1/payouts/"];
/// What finance does at the end of a month, with the files.
const CLOSING: [&str; 3] =
    ["/v1/ledger/periods", "/v1/ledger/journals", "/v1/organizations/{organization}/withholding"];
/// Deals, which `secondwind box` has without a server.
const BOXES: [&str; 2] = ["/v1/boxes", "/v1/rates"];
/// Documents and reports that the service issues beside the log.
const ISSUED: [&str; 4] =
    ["/v1/invoices", "/v1/ledger/payables-ageing", "/v1/ledger/open-holds", "/v1/ledger/deferred-revenue"];
/// What waits for an operator of a server.
const WAITING: [&str; 1] = ["/v1/parked"];
/// Parts of the API that follow the log as it grows.
const FOLLOWING: [&str; 4] =
    ["/v1/webhooks", "/v1/markets/{market}/candles", "/v1/markets/{market}/curve", "/v1/markets/{market}/stream"];

fn carried_out(commands: &str) -> String {
    let mut answers = Vec::new();
    run(commands.as_bytes(), &mut answers).expect("memory can be written");
    String::from_utf8(answers).expect("JSON")
}

fn answers(commands: &str) -> Vec<Value> {
    carried_out(commands).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Status and code of each answer, the closing line aside.
fn outcomes(commands: &str) -> Vec<(u64, String)> {
    let mut answers = answers(commands);
    answers.pop();
    let outcome = |answer: &Value| {
        let code = answer["body"]["code"].as_str().unwrap_or_default();
        (answer["status"].as_u64().expect("a status"), code.to_owned())
    };
    answers.iter().map(outcome).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(repository().join(name)).expect("a file of the repository")
}

#[track_caller]
fn check(name: &str) {
    let commands = read(&format!("{name}.jsonl"));
    let current = carried_out(&commands);
    assert_eq!(current, carried_out(&commands), "the same file gives the same bytes");
    let kept = format!("{name}.out.jsonl");
    if std::env::var_os("SECONDWIND_BLESS").is_some() {
        std::fs::write(repository().join(&kept), &current).expect("the repository can be written");
    }
    for (number, (current, kept)) in (1..).zip(current.lines().zip(read(&kept).lines())) {
        assert_eq!(current, kept, "answer {number} of {name}");
    }
    assert_eq!(current.len(), read(&kept).len());
}

#[test]
fn the_example_of_the_documentation() {
    check("docs/examples/first-contract");
}

#[test]
fn trading_controls_and_books() {
    check("api/tests/desk/trading");
}

#[test]
fn auctions_across_their_gates() {
    check("api/tests/desk/spot");
}

#[test]
fn everything_that_is_refused() {
    check("api/tests/desk/errors");
}

#[test]
fn an_unreadable_line_is_answered_and_the_run_goes_on() {
    let commands = "{\"do\":\nno JSON\n\n\u{0}\n[]\n{\"do\":\"GET /v1/clock\"}\n";
    let bad = (400, "malformed_json".to_owned());
    assert_eq!(outcomes(commands), [bad.clone(), bad.clone(), bad.clone(), bad, (200, String::new())]);
    let mut answers = Vec::new();
    run(&b"\xff\xfe\r\n{\"do\":\"GET /v1/clock\"}\r\n"[..], &mut answers).expect("memory can be written");
    let answers = String::from_utf8(answers).expect("JSON");
    assert_eq!(answers.lines().count(), 3, "two answers and the closing line");
}

#[test]
fn time_does_not_go_back_and_a_line_that_tries_changes_nothing() {
    let commands = r#"{"at":"2027-01-01T00:00:00Z","do":"GET /v1/clock"}
{"at":"2026-12-31T23:59:59Z","role":"operator","organization":"late","do":"POST /v1/deposits","body":{"organization":"acme","amount":"1.00","currency":"USD"}}
{"at":"2027-01-01T00:00:00Z","do":"GET /v1/clock"}"#;
    assert_eq!(outcomes(commands), [(200, String::new()), (422, "time_passed".to_owned()), (200, String::new())]);
    let answers = answers(commands);
    assert_eq!(answers[1]["events"], Value::Array(Vec::new()));
    assert_eq!(answers[1]["body"]["request_id"], "2");
    assert_eq!(answers[3]["sequence"], 0);
}

#[test]
fn names_stand_for_ids_and_parts_of_answers() {
    let answers = answers(
        r#"{"role":"operator","do":"POST /v1/deposits","body":{"organization":"acme","amount":"1.00","currency":"USD"},"as":"acme-1"}
{"role":"operator","do":"GET /v1/organizations/$acme-1.organization"}
{"role":"operator","do":"POST /v1/organizations/acme/suspend","body":{"reason":"$acme-1"}}
{"role":"operator","do":"POST /v1/organizations/acme/reinstate"}
{"role":"operator","do":"POST /v1/organizations/acme/suspend","body":{"reason":"deposit $acme-1"}}"#,
    );
    assert_eq!(answers[1]["body"]["id"], "acme");
    let reason = |answer: &Value| answer["events"][0]["data"]["reason"].clone();
    assert_eq!(reason(&answers[2]), answers[0]["body"]["id"]);
    assert_eq!(reason(&answers[4]), "deposit $acme-1", "a reference in a body is a whole string");
}

#[test]
fn ids_are_of_the_lines_time_and_number() {
    let at = |line: usize| {
        let deposit = r#"{"at":"2027-01-01T00:00:00Z","role":"operator","do":"POST /v1/deposits","body":{"organization":"acme","amount":"1.00","currency":"USD"}}"#;
        let commands = format!("{}{deposit}\n{deposit}", "\n".repeat(line));
        let ids = answers(&commands).into_iter().take(2).map(|answer| answer["body"]["id"].clone());
        ids.map(|id| id.as_str().expect("an id").parse().expect("a UUID")).collect::<Vec<uuid::Uuid>>()
    };
    let (first, fifth) = (at(0), at(4));
    assert_eq!(first, at(0));
    assert!(first.iter().chain(&fifth).all(|id| id.get_version_num() == 7));
    let distinct: BTreeSet<_> = first.iter().chain(&fifth).collect();
    assert_eq!(distinct.len(), 4, "another line, another id");
    let seconds = |id: &uuid::Uuid| id.get_timestamp().expect("a UUIDv7").to_unix().0;
    assert!(first.iter().all(|id| seconds(id) == 1_798_761_600));
}

/// Whatever the API learns, the desk learns as well, or somebody says here why not.
#[test]
fn every_operation_of_the_api_has_its_route_or_needs_a_server() {
    let document = serde_json::to_value(document_of_routes()).expect("JSON");
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let needs_server = WITH_A_SERVER
            .iter()
            .chain(&FILES)
            .chain(&CLOSING)
            .chain(&BOXES)
            .chain(&ISSUED)
            .chain(&FOLLOWING)
            .chain(&WAITING)
            .any(|start| path.starts_with(start));
        for method in ["get", "put", "post", "patch", "delete"] {
            if item.get(method).is_some() && !needs_server {
                documented.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let routed: BTreeSet<String> = ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(routed.len(), ROUTES.len());
    assert_eq!(routed, documented);
}

#[test]
fn a_route_is_for_those_for_whom_it_is_over_http() {
    let document = serde_json::to_value(document_of_routes()).expect("JSON");
    for route in ROUTES {
        let described = &document["paths"][route.path][route.method.to_lowercase()]["security"];
        let scopes = described.as_array().into_iter().flatten().filter_map(|scheme| scheme["oauth2"].as_array());
        let described: BTreeSet<&str> = scopes.flatten().filter_map(Value::as_str).collect();
        let everybody = route.roles.len() == Role::ALL.len();
        let roles = route.roles.iter().filter(|_| !everybody).map(|role| role.as_str()).collect::<BTreeSet<_>>();
        assert_eq!(roles, described, "{} {}", route.method, route.path);
    }
}
