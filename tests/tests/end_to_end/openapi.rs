//! The API's own description: committed, complete, and served.

use std::collections::BTreeSet;

use api::problem::ProblemCode;
use api::server::document_of_routes;
use serde_json::Value;
use tests::exchange::TestExchange;

/// The committed document.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

#[test]
fn the_committed_document_is_that_of_the_code() {
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    let current = document_of_routes().to_pretty_json().unwrap();
    let same = committed.trim_end() == current;
    let difference = committed.lines().zip(current.lines()).position(|(committed, current)| committed != current);
    assert!(
        same,
        "docs/openapi.json is not what the code describes, from line {}. If the change is meant, clients may rely on what it \
         replaces: then run `cargo run -p api -- openapi > docs/openapi.json` and commit it.",
        difference.unwrap_or_else(|| committed.lines().count().min(current.lines().count())) + 1
    );
}

/// Every operation of the document with its name.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = ["get", "put", "post", "patch", "delete"].into_iter();
        methods.filter_map(move |method| Some((format!("{method} {path}"), item.get(method)?)))
    });
    operations.collect()
}

#[test]
fn every_operation_is_described_whole_and_named_once() {
    let document = serde_json::to_value(document_of_routes()).unwrap();
    let version = document["openapi"].as_str().unwrap();
    assert!(version.starts_with("3.1."), "{version}");
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{name} has a tag");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name} has a summary");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has an operationId"));
        assert!(ids.insert(id.to_owned()), "{name}: the operationId {id} is another operation's");
        let mut statuses = operation["responses"].as_object().unwrap().keys();
        assert!(statuses.any(|status| status.starts_with('2')), "{name} has an answer of success");
        if name.contains(" /v1/") || name.contains(" /oauth/") {
            assert!(operation["responses"]["429"].is_object(), "{name} says that it may be too much");
        }
    }
    assert!(!ids.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_its_interface_and_the_error_pages_are_served() {
    let exchange = TestExchange::start().await;
    let anyone = exchange.anonymous();
    let served = anyone.get("/openapi.json").await.ok();
    assert_eq!(served, serde_json::to_value(document_of_routes()).unwrap());

    for path in ["/docs/", "/docs"] {
        let page = anyone.request(reqwest::Method::GET, path).send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
        assert!(page.text().await.unwrap().contains("swagger-ui"), "{path}");
    }

    for code in ProblemCode::ALL {
        let page = anyone.request(reqwest::Method::GET, &format!("/errors/{}", code.code())).send().await.unwrap();
        assert_eq!(page.status(), 200, "{}", code.code());
        assert!(page.text().await.unwrap().starts_with(&format!("# `{}`", code.code())), "{}", code.code());
    }
    assert_eq!(anyone.get("/errors/no_such_code").await.problem(), (404, "not_found"));
}
