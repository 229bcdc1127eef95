//! How clients get tokens, and who gets clients.

use api::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::{Answer, ApiClient};
use tests::exchange::TestExchange;
use tests::picking::{balance, one_whose, text};

use crate::opening::admit;

/// Asks for a token with the credentials in the form.
async fn token(exchange: &TestExchange, grant_type: &str, id: &str, secret: &str) -> Answer {
    let anyone = exchange.anonymous();
    let form = [("grant_type", grant_type), ("client_id", id), ("client_secret", secret)];
    anyone.send(anyone.request(Method::POST, "/oauth/token").form(&form)).await
}

/// The header of a JSON Web Token.
fn token_header(token: &str) -> Value {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (encoded, _) = token.split_once('.').expect("three parts");
    let bits: Vec<u8> = encoded
        .chars()
        .map(|character| ALPHABET.find(character).expect("base64url"))
        .flat_map(|sextet| (0..6).rev().map(move |place| u8::from(sextet >> place & 1 == 1)))
        .collect();
    let bytes = bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit));
    serde_json::from_slice(&bytes.collect::<Vec<u8>>()).expect("a JSON header")
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_in_the_form_or_by_http_basic_get_a_token_that_works() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let (id, secret) = exchange.credentials("acme", Role::Buyer).await;
    let by_form = token(&exchange, "client_credentials", &id, &secret).await;
    assert_eq!(by_form.headers["cache-control"], "no-store");
    let anyone = exchange.anonymous();
    let by_basic = anyone.request(Method::POST, "/oauth/token").basic_auth(&id, Some(&secret));
    let by_basic = anyone.send(by_basic.form(&[("grant_type", "client_credentials")])).await;
    for answer in [by_form, by_basic] {
        let body = answer.ok();
        assert_eq!((&body["token_type"], &body["scope"]), (&json!("Bearer"), &json!("buyer")));
        assert_eq!(body["expires_in"], 900);
        let client = ApiClient::new(exchange.url(), body["access_token"].as_str().map(str::to_owned));
        assert_eq!(balance(&client, "available").await, "100000.00", "the token is acme's");
        assert_eq!(client.get("/v1/lots").await.problem(), (403, "forbidden_role"));

        let header = token_header(body["access_token"].as_str().unwrap());
        let keys = anyone.get("/.well-known/jwks.json").await.ok();
        // The token's key is published.
        let key = one_whose(&keys["keys"], "kid", &header["kid"]);
        assert_eq!((&key["kty"], &key["crv"], &header["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
        assert_eq!(key.get("d"), None, "the private key is not");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_an_unknown_client_are_refused_alike() {
    let exchange = TestExchange::start().await;
    let (id, secret) = exchange.credentials("acme", Role::Buyer).await;
    let wrong = token(&exchange, "client_credentials", &id, "wrong").await;
    let unknown = token(&exchange, "client_credentials", "nobody", &secret).await;
    let with_nul = token(&exchange, "client_credentials", "no\0body", &secret).await;
    let anyone = exchange.anonymous();
    let basic = anyone.request(Method::POST, "/oauth/token").basic_auth(&id, Some("wrong"));
    let basic = anyone.send(basic.form(&[("grant_type", "client_credentials")])).await;
    for answer in [&wrong, &unknown, &with_nul, &basic] {
        assert_eq!(answer.problem(), (401, "invalid_client"));
        assert_eq!(answer.body["detail"], wrong.body["detail"], "which of the two it was does not show");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_client_credentials_request_is_refused() {
    let exchange = TestExchange::start().await;
    let (id, secret) = exchange.credentials("acme", Role::Buyer).await;
    for grant_type in ["password", "", "CLIENT_CREDENTIALS"] {
        let answer = token(&exchange, grant_type, &id, &secret).await;
        assert_eq!(answer.problem(), (400, "invalid_grant_request"), "{grant_type}");
    }
    let anyone = exchange.anonymous();
    let grant = ("grant_type", "client_credentials");
    for form in
        [vec![], vec![grant], vec![grant, ("client_id", &id)], vec![("client_id", &id), ("client_secret", &secret)]]
    {
        let answer = anyone.send(anyone.request(Method::POST, "/oauth/token").form(&form)).await;
        assert_eq!(answer.problem(), (400, "invalid_grant_request"), "{form:?}");
    }
    let json = anyone.request(Method::POST, "/oauth/token").json(&json!({"grant_type": "client_credentials"}));
    assert_eq!(anyone.send(json).await.problem(), (415, "unsupported_media_type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_creates_clients_that_fit_their_organization() {
    let exchange = TestExchange::start().await;
    admit(&exchange).await;
    let operator = exchange.operator();
    let created = operator.post("/v1/organizations/acme/clients", &json!({"role": "buyer"})).await.ok();
    let (id, secret) = (text(&created["client_id"]), text(&created["client_secret"]));
    token(&exchange, "client_credentials", &id, &secret).await.ok();

    for role in Role::ALL {
        let body = json!({"role": role});
        let foreign = operator.post("/v1/organizations/acme/clients", &body).await;
        let own = operator.post("/v1/organizations/secondwind/clients", &body).await;
        if role.is_of_the_house() {
            assert_eq!(foreign.problem(), (422, "client_role_invalid"), "{role:?}");
            assert_eq!(own.ok()["role"], body["role"]);
        } else {
            assert_eq!(foreign.ok()["organization"], "acme");
        }
    }
    let nobody = operator.post("/v1/organizations/nobody/clients", &json!({"role": "buyer"})).await;
    assert_eq!(nobody.problem(), (404, "not_found"));
}
