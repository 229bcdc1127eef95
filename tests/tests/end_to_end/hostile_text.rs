//! Every operation that takes a body, with hostile texts in every text of it: the answer is a refusal or a success, never a failure, and
//! nothing stops.

use api::auth::{OPERATOR_ORGANIZATION, Role};
use api::server::document_of_routes;
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};
use tests::client::{ApiClient, MARKET};
use tests::exchange::TestExchange;
use tests::log::assert_sound;
use tests::picking::any;
use uuid::Uuid;

use crate::boxes::reference_deal;
use crate::opening::{Opened, day_bid, trade};

/// What stands in a body where a hostile text is put.
const PLACE: &str = "put-it-here";

/// What each text of a body is replaced by, as it stands in JSON.
fn hostile_texts() -> Vec<String> {
    let in_json = ["x\\u0000y", "\\u0000", "x\\u0085y", "x\\u2028y", "x\\u202ey", "\\ud800", "x\\udfffy", "e\\u0301"];
    in_json.map(str::to_owned).into_iter().chain(["x".repeat(20_000), String::new()]).collect()
}

/// An operation, and a body for it that would be taken, or nearly.
struct Operation {
    name: String,
    method: Method,
    path: String,
    role: Role,
    body: Value,
}

/// Every operation of the document that takes JSON.
fn operations(opened: &Opened) -> Vec<Operation> {
    let document = serde_json::to_value(document_of_routes()).expect("JSON");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue;
            }
            // A deal is described by a schema of its own.
            let body = if schema["type"] == "object" && schema["properties"].is_null() {
                reference_deal("north")
            } else {
                sample(&document, schema)
            };
            let role = any(&any(&operation["security"])["oauth2"]).as_str().expect("a role");
            operations.push(Operation {
                name: format!("{method} {path}"),
                method: method.to_uppercase().parse().expect("a method"),
                path: with_ids(path, opened),
                role: Role::find(role).expect("a role"),
                body,
            });
        }
    }
    operations
}

/// A path with something in the place of its parameters, where it can be something that is there.
fn with_ids(path: &str, opened: &Opened) -> String {
    let parts = path.split('/').map(|part| match part {
        "{market}" => MARKET.to_owned(),
        "{organization}" => "acme".to_owned(),
        "{currency}" => "USD".to_owned(),
        "{contract}" => opened.contract.clone(),
        "{order}" => opened.bid.clone(),
        "{lot}" => opened.lot.clone(),
        part if part.starts_with('{') => Uuid::now_v7().to_string(),
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// A value of a schema, with everything in it that there may be.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return sample(document, document.pointer(&reference[1..]).expect("a schema"));
    }
    for key in ["example", "default"] {
        if schema[key].is_string() || schema[key].is_number() || schema[key].is_object() {
            return schema[key].clone();
        }
    }
    let choices = ["oneOf", "anyOf", "enum"].into_iter().find_map(|key| schema[key].as_array());
    if let Some(choices) = choices {
        let choice = choices.iter().find(|choice| choice["type"] != "null").expect("a choice");
        return if choice.is_object() { sample(document, choice) } else { choice.clone() };
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            whole.extend(sample(document, part).as_object().expect("an object").clone());
        }
        return Value::Object(whole);
    }
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"].as_array()?.iter().filter_map(Value::as_str).find(|kind| *kind != "null"));
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let mut object: Map<String, Value> =
                properties.map(|(name, schema)| (name.clone(), sample(document, schema))).collect();
            if schema["additionalProperties"].is_object() {
                object.insert("some".to_owned(), sample(document, &schema["additionalProperties"]));
            }
            Value::Object(object)
        }
        Some("array") => Value::Array(vec![sample(document, &schema["items"])]),
        Some("integer" | "number") => json!(8),
        Some("boolean") => json!(true),
        _ => match schema["format"].as_str() {
            Some("date-time") => json!("2037-01-01T00:00:00Z"),
            Some("date") => json!("2037-01-01"),
            Some("uuid") => json!(Uuid::now_v7()),
            _ => json!("wire"),
        },
    }
}

/// The body once for each text in it, keys of maps included, with [`PLACE`] instead of that text.
fn with_place(body: &Value) -> Vec<Value> {
    match body {
        Value::String(_) => vec![PLACE.into()],
        Value::Array(items) => {
            let each = items.iter().enumerate().flat_map(|(index, item)| {
                with_place(item).into_iter().map(move |item| {
                    let mut items = items.clone();
                    items[index] = item;
                    Value::Array(items)
                })
            });
            each.collect()
        }
        Value::Object(fields) => {
            let renamed = fields.iter().map(|(name, value)| {
                let mut fields = fields.clone();
                fields.remove(name);
                fields.insert(PLACE.to_owned(), value.clone());
                Value::Object(fields)
            });
            let each = fields.iter().flat_map(|(name, value)| {
                with_place(value).into_iter().map(move |value| {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), value);
                    Value::Object(fields)
                })
            });
            renamed.chain(each).collect()
        }
        _ => Vec::new(),
    }
}

async fn send(client: &ApiClient, operation: &Operation, body: String) -> StatusCode {
    let request = client
        .request(operation.method.clone(), &operation.path)
        .header("content-type", "application/json")
        .header("idempotency-key", Uuid::now_v7().to_string())
        .body(body);
    client.send(request).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_text_is_refused_or_normalized_wherever_it_is_sent() {
    let exchange = TestExchange::start().await;
    let opened = trade(&exchange).await;
    let mut failures = Vec::new();
    let (mut sent, mut refused) = (0, 0);
    for operation in operations(&opened) {
        let organization = match operation.role {
            Role::Buyer => "acme",
            Role::Provider => "north",
            _ => OPERATOR_ORGANIZATION,
        };
        let client = exchange.client(organization, operation.role);
        // The first few texts of each kind of body: a deal alone has hundreds.
        for body in with_place(&operation.body).into_iter().take(40) {
            for text in hostile_texts() {
                let status = send(&client, &operation, body.to_string().replace(PLACE, &text)).await;
                sent += 1;
                refused += usize::from(status.is_client_error());
                if status.is_server_error() {
                    failures.push(format!("{status} {} with {:.20} in {body}", operation.name, text));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {sent}: {failures:#?}", failures.len());
    assert!(sent > 1_000 && refused > sent / 2, "{refused} of {sent} are refused");

    // Whoever means well goes on. The operator's own words may have halted or suspended something meanwhile.
    let operator = exchange.operator();
    operator.post(&format!("/v1/markets/{MARKET}/resume"), &json!({})).await;
    operator.post("/v1/organizations/beta/reinstate", &json!({})).await;
    let order = exchange.client("beta", Role::Buyer).post("/v1/orders", &day_bid(8, "0.9000")).await;
    assert_eq!(order.status, 201, "{}", order.body);
    assert_sound(&exchange.stop().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_comes_back_in_normal_form() {
    let exchange = TestExchange::start().await;
    let operator = exchange.operator();
    let admitted = operator.post("/v1/organizations", &json!({"id": "cafe", "name": "Cafe\u{301}"})).await.ok();
    assert_eq!(admitted["name"], "Caf\u{e9}");
    let cafe = exchange.client("cafe", Role::Buyer);
    let events = cafe.get("/v1/events?limit=500").await.ok().to_string();
    assert!(events.contains("Caf\u{e9}") && !events.contains('\u{301}'), "{events}");
    for (name, status) in [("\u{a0}", 422), ("a\u{202e}b", 422), ("a\u{2028}b", 422), ("👩‍🔬", 201)] {
        let organization = format!("of-{}", &Uuid::now_v7().simple().to_string()[20..]);
        let answer = operator.post("/v1/organizations", &json!({"id": organization, "name": name})).await;
        assert_eq!(answer.status, status, "{name:?}: {}", answer.body);
    }
}
