//! The same story over HTTP and from a file.

use std::collections::BTreeMap;

use api::auth::Role;
use reqwest::Method;
use serde_json::Value;
use tests::exchange::TestExchange;

/// What differs from run to run: when it happened, where in the log, under which request.
/// Contracts are delivered in the order of their ids, so that a line's place in its entry differs too.
const OF_THE_RUN: [&str; 11] =
    ["placed_at", "opened_at", "at", "time", "now", "sequence", "event", "line", "next_cursor", "request_id", "hash"];

/// A body without what differs from run to run. Ids become numbers in the order in which the run first shows them.
struct Comparable(BTreeMap<String, usize>);

impl Comparable {
    fn of(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => {
                let id = text.strip_prefix("contract:").unwrap_or(&text);
                if id.parse::<uuid::Uuid>().is_err() {
                    return Value::String(text);
                }
                let next = self.0.len();
                Value::from(format!("id {}", self.0.entry(id.to_owned()).or_insert(next)))
            }
            Value::Array(items) => items.into_iter().map(|item| self.of(item)).collect(),
            Value::Object(fields) => {
                let kept = fields.into_iter().filter(|(name, _)| !OF_THE_RUN.contains(&name.as_str()));
                Value::Object(kept.map(|(name, field)| (name, self.of(field))).collect())
            }
            other => other,
        }
    }
}

/// A line with its references resolved, as a client of HTTP does it by hand.
fn resolved(line: &str, answers: &BTreeMap<String, Value>) -> Value {
    let mut line = line.to_owned();
    for (name, answer) in answers.iter().rev() {
        for (reference, value) in [(".trades.0.contract", answer.pointer("/trades/0/contract")), ("", answer.get("id"))]
        {
            if let Some(value) = value.and_then(Value::as_str) {
                line = line.replace(&format!("${name}{reference}"), value);
            }
        }
    }
    serde_json::from_str(&line).expect("a command")
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_answers_as_http_does() {
    let story = include_str!("exec_story.jsonl");
    let mut output = Vec::new();
    api::desk::run(story.as_bytes(), &mut output).expect("memory can be written");
    let desk: Vec<Value> =
        output.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert_eq!(desk.len(), story.lines().count() + 1);

    let exchange = TestExchange::start().await;
    let (mut answers, mut differences) = (BTreeMap::new(), Vec::new());
    let (mut of_http, mut of_desk) = (Comparable(BTreeMap::new()), Comparable(BTreeMap::new()));
    for (line, at_desk) in story.lines().zip(desk) {
        let command = resolved(line, &answers);
        let role = Role::find(command["role"].as_str().expect("a role")).expect("a role");
        let client = exchange.client(command["organization"].as_str().unwrap_or("secondwind"), role);
        let (method, path) = command["do"].as_str().and_then(|text| text.split_once(' ')).expect("a method and a path");
        let mut request = client.request(Method::from_bytes(method.as_bytes()).expect("a method"), path);
        if let Some(body) = command.get("body") {
            request = request.json(body);
        }
        let answer = client.send(request).await;
        let statuses = (at_desk["status"].clone(), Value::from(answer.status.as_u16()));
        if let Some(name) = command["as"].as_str() {
            answers.insert(name.to_owned(), answer.body.clone());
        }
        let bodies = (of_desk.of(at_desk["body"].clone()), of_http.of(answer.body));
        if statuses.0 != statuses.1 || bodies.0 != bodies.1 {
            differences.push(format!(
                "{line}\nat the desk {} {}\nover HTTP   {} {}",
                statuses.0, bodies.0, statuses.1, bodies.1
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    tests::log::assert_sound(&exchange.database).await;
}
