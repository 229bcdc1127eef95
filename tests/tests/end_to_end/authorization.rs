//! Who may do what: every operation of the OpenAPI document, with the tokens that it must refuse.

use std::collections::BTreeSet;
use std::time::Duration;

use api::auth::{OPERATOR_ORGANIZATION, Role, SigningKey, Tokens};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::client::{ApiClient, MARKET, ask};
use tests::exchange::TestExchange;
use tests::picking::{any, balance, text};
use uuid::Uuid;

use crate::boxes::{lived, reference_deal};
use crate::contract_life::claimed_outage;
use crate::opening::{Opened, head, trade};
use crate::receiver::NOWHERE;

/// The operations that are for everyone, with or without a token.
const OPEN_OPERATIONS: [&str; 5] =
    ["GET /.well-known/jwks.json", "GET /healthz", "GET /metrics", "GET /readyz", "POST /oauth/token"];

/// How long the tokens of these tests are valid.
const LIFETIME: Duration = Duration::from_mins(15);

/// An operation of the OpenAPI document.
struct Operation {
    method: Method,
    template: String,
    /// The roles it is for; nothing when it needs no token.
    roles: Option<BTreeSet<Role>>,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// The names of its path's parameters.
    fn parameters(&self) -> Vec<&str> {
        let segments = self.template.split('/');
        segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).collect()
    }

    /// Its path, with `resource` for ids of things that belong to someone.
    fn path(&self, resource: &str) -> String {
        let fill = |path: String, name: &str| {
            let value = match name {
                "market" => MARKET,
                "organization" => "acme",
                "currency" => "USD",
                "account" => "1000-bank",
                "period" => "2001-01",
                _ => resource,
            };
            path.replace(&format!("{{{name}}}"), value)
        };
        self.parameters().into_iter().fold(self.template.clone(), fill)
    }

    /// A request to it that would do no harm if it were let in.
    fn request(&self, client: &ApiClient) -> reqwest::RequestBuilder {
        let request = client.request(self.method.clone(), &self.path(&Uuid::nil().to_string()));
        // To cancel all there is, but of a market that is not there.
        if self.name() == "DELETE /v1/orders" { request.query(&[("market", "v100.nowhere")]) } else { request }
    }
}

async fn operations(exchange: &TestExchange) -> Vec<Operation> {
    let document = exchange.anonymous().get("/openapi.json").await.ok();
    let mut operations = Vec::new();
    for (template, item) in document["paths"].as_object().expect("paths") {
        for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
            let operation = &item[method.as_str().to_ascii_lowercase()];
            if operation.is_null() {
                continue;
            }
            let roles = operation["security"].as_array().map(|alternatives| {
                let scopes = alternatives.iter().map(|alternative| alternative["oauth2"].as_array().expect("scopes"));
                let named: BTreeSet<Role> = scopes
                    .flatten()
                    .map(|scope| Role::find(scope.as_str().expect("a scope")).expect("scopes are roles"))
                    .collect();
                // No scope: a token is needed, whatever its role.
                if named.is_empty() { Role::ALL.into() } else { named }
            });
            operations.push(Operation { method, template: template.clone(), roles });
        }
    }
    assert!(operations.len() > OPEN_OPERATIONS.len());
    operations
}

/// A client of this role in an organization that may have it.
fn client_of(exchange: &TestExchange, role: Role) -> ApiClient {
    exchange.client(if role.is_of_the_house() { OPERATOR_ORGANIZATION } else { "acme" }, role)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_short_list_of_operations_needs_no_token() {
    let exchange = TestExchange::start().await;
    let open: BTreeSet<String> =
        operations(&exchange).await.iter().filter(|operation| operation.roles.is_none()).map(Operation::name).collect();
    assert_eq!(open, OPEN_OPERATIONS.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_operation_refuses_a_missing_an_expired_and_a_foreign_token() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let foreign = Tokens::new(&SigningKey::generate().unwrap()).unwrap();
    let before = head(&exchange).await;
    for operation in operations(&exchange).await {
        let Some(role) = operation.roles.as_ref().and_then(|roles| roles.first().copied()) else { continue };
        let organization = if role.is_of_the_house() { OPERATOR_ORGANIZATION } else { "acme" }.parse().unwrap();
        let client = "test".parse().unwrap();
        let expired = exchange.tokens.issue(client, organization, role, Duration::ZERO).unwrap();
        let forged = foreign.issue(client, organization, role, LIFETIME).unwrap();
        let tokens = [
            (None, "unauthenticated"),
            (Some(expired), "token_expired"),
            (Some(forged), "token_invalid"),
            (Some("nonsense".to_owned()), "token_invalid"),
        ];
        for (token, code) in tokens {
            let client = ApiClient::new(exchange.url(), token);
            let answer = client.send(operation.request(&client)).await;
            assert_eq!(answer.problem(), (401, code), "{}", operation.name());
            assert_eq!(answer.headers["www-authenticate"], "Bearer", "{}", operation.name());
        }
    }
    assert_eq!(head(&exchange).await, before, "nothing came of any of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_for_the_roles_that_its_document_names_and_for_no_other() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let before = head(&exchange).await;
    for operation in operations(&exchange).await {
        let Some(roles) = &operation.roles else { continue };
        for role in Role::ALL {
            let client = client_of(&exchange, role);
            if roles.contains(&role) {
                // Without its body, so that no stream is read to its end.
                let response = operation.request(&client).send().await.unwrap();
                let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&response.status());
                assert!(!refused, "{} for {role:?}: {}", operation.name(), response.status());
            } else {
                let answer = client.send(operation.request(&client)).await;
                assert_eq!(answer.problem(), (403, "forbidden_role"), "{} for {role:?}", operation.name());
            }
        }
    }
    assert_eq!(head(&exchange).await, before, "nothing came of any of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_the_house_in_another_organization_is_believed_by_no_operation() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let before = head(&exchange).await;
    for operation in operations(&exchange).await {
        if operation.roles.is_none() {
            continue;
        }
        for role in Role::ALL.into_iter().filter(|role| role.is_of_the_house()) {
            let client = exchange.client("acme", role);
            let answer = client.send(operation.request(&client)).await;
            assert_eq!(answer.problem(), (403, "forbidden_role"), "{} for {role:?}", operation.name());
        }
    }
    assert_eq!(head(&exchange).await, before, "nothing came of any of them");
}

/// The roles of organizations that trade, with one of each that has nothing on the exchange.
const STRANGERS: [(Role, &str); 2] = [(Role::Buyer, "beta"), (Role::Provider, "south")];

/// What path parameters stand for that is everyone's, or the house's own.
const EVERYONES: [&str; 9] =
    ["market", "organization", "currency", "account", "statement", "reconciliation", "payout", "period", "journal"];

/// The id that a path's parameter stands for, and who has it.
fn owned<'a>(
    opened: &'a Opened,
    (webhook, outage, invoice, box_id): (&'a str, &'a str, &'a str, &'a str),
    parameter: &str,
) -> (&'a str, &'static str, Role) {
    match parameter {
        "invoice" => (invoice, "acme", Role::Buyer),
        "webhook" => (webhook, "acme", Role::Buyer),
        "outage" => (outage, "acme", Role::Buyer),
        "order" => (&opened.bid, "acme", Role::Buyer),
        "contract" => (&opened.contract, "acme", Role::Buyer),
        "lot" => (&opened.lot, "north", Role::Provider),
        "box" => (box_id, "north", Role::Provider),
        unknown => panic!("say here what {{{unknown}}} stands for and to whom it belongs"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_organization_is_not_there_for_anyone_else() {
    let exchange = TestExchange::start().await;
    let opened = trade(&exchange).await;
    let webhook = exchange.client("acme", Role::Buyer).post("/v1/webhooks", &json!({"url": NOWHERE})).await.ok();
    let webhook = text(&webhook["id"]);
    let outage = claimed_outage(&exchange).await;
    let invoices = exchange.client("acme", Role::Buyer).get("/v1/invoices").await.ok();
    let invoice = text(&any(&invoices["data"])["id"]);
    let created = lived(&exchange, 1).await;
    let before = head(&exchange).await;
    let mut checked = 0;
    for operation in operations(&exchange).await {
        let parameters = operation.parameters();
        let Some(parameter) = parameters.into_iter().find(|name| !EVERYONES.contains(name)) else { continue };
        let Some(roles) = &operation.roles else { continue };
        let (id, owner, owner_role) = owned(&opened, (&webhook, &outage, &invoice, &created), parameter);
        let ask_for = async |client: ApiClient, id: &str| {
            let request = client.request(operation.method.clone(), &operation.path(id));
            let body = match operation.template.rsplit_once('/') {
                Some((_, "terminate")) => json!({"reason": "none"}),
                Some((_, "deal")) => reference_deal("north"),
                Some((_, "contracts")) => json!({"name": "anchor"}),
                _ => json!({}),
            };
            let request = if operation.method == Method::GET { request } else { request.json(&body) };
            client.send(request).await
        };
        for (role, stranger) in STRANGERS.into_iter().filter(|(role, _)| roles.contains(role)) {
            let theirs = ask_for(exchange.client(stranger, role), id).await;
            assert_eq!(theirs.problem(), (404, "not_found"), "{} by {stranger}", operation.name());
            let nowhere = ask_for(exchange.client(stranger, role), &Uuid::nil().to_string()).await;
            assert_eq!(theirs.body["detail"], nowhere.body["detail"], "whether it exists does not show");
            checked += 1;
        }
        if operation.method == Method::GET {
            ask_for(exchange.client(owner, owner_role), id).await.ok();
        }
    }
    assert!(checked >= 22, "orders, lots, contracts and webhooks were asked for: {checked}");
    assert_eq!(head(&exchange).await, before, "nothing came of any of them");
    let bid = exchange.client("acme", Role::Buyer).get(&format!("/v1/orders/{}", opened.bid)).await.ok();
    assert_eq!(bid["status"], "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_nothing_of_other_organizations() {
    let exchange = TestExchange::start().await;
    let opened = trade(&exchange).await;
    let own_money = balance(&exchange.client("beta", Role::Buyer), "available").await;
    assert_eq!(own_money, "100000.00", "one's own money, untouched by others' trades");
    let mut lists = 0;
    for operation in operations(&exchange).await {
        let (Some(roles), true) = (&operation.roles, operation.method == Method::GET) else { continue };
        let of_the_market = operation.parameters() == ["market"];
        if !(of_the_market || operation.parameters().is_empty()) || operation.template.ends_with("/stream") {
            continue;
        }
        for (role, stranger) in STRANGERS.into_iter().filter(|(role, _)| roles.contains(role)) {
            let body = exchange.client(stranger, role).get(&operation.path("")).await.ok();
            let text = body.to_string();
            for name in ["acme", "north", &opened.lot, &opened.bid, &opened.contract] {
                assert!(!text.contains(name), "{} shows {stranger} {name}: {text}", operation.name());
            }
            lists += 1;
        }
    }
    assert!(lists >= 10, "{lists}");
    for (role, stranger) in STRANGERS {
        for list in ["/v1/orders", "/v1/trades", "/v1/contracts"] {
            let body = exchange.client(stranger, role).get(list).await.ok();
            assert_eq!(body["data"], json!([]), "{list} of {stranger}");
        }
    }
    let lots = exchange.client("south", Role::Provider).get("/v1/lots").await.ok();
    assert_eq!(lots["data"], json!([]));
    let own = exchange.client("acme", Role::Buyer).get("/v1/orders").await.ok();
    assert_eq!(own["data"].as_array().map(Vec::len), Some(2), "the lists are not empty for everyone");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sells_from_the_lot_of_another() {
    let exchange = TestExchange::start().await;
    let opened = trade(&exchange).await;
    let before = head(&exchange).await;
    let south = exchange.client("south", Role::Provider);
    let theirs = south.post("/v1/orders", &ask(&Value::from(opened.lot), 8, "0.5000")).await;
    assert_eq!(theirs.problem(), (422, "lot_unknown"));
    let nowhere = south.post("/v1/orders", &ask(&json!(Uuid::nil()), 8, "0.5000")).await;
    assert_eq!(nowhere.problem(), (422, "lot_unknown"));
    assert_eq!(theirs.body["detail"], nowhere.body["detail"], "whether the lot exists does not show");
    assert_eq!(head(&exchange).await, before);
}
