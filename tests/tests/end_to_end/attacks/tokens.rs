//! Who asks for tokens keeps nobody waiting.

use api::auth::Role;
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use futures::future::join_all;
use reqwest::Method;
use tests::exchange::TestExchange;

use super::played;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_wrong_secrets_is_answered_and_starves_nobody() {
    let (_, outcome) = played("token_flood").await;
    assert!(outcome.starts_with("{401: 1008}"), "none of them found the exchange too busy: {outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argon2_hash_of_an_earlier_release_is_checked_by_few_at_a_time_and_replaced() {
    let exchange = TestExchange::start().await;
    let (id, secret) = exchange.credentials("acme", Role::Buyer).await;
    let owner = exchange.node.database.connect_as_owner().await.unwrap();
    let stored = async || {
        let statement = "SELECT secret_hash FROM api_clients WHERE client_id = $1";
        owner.query_one(statement, &[&id]).await.unwrap().get::<_, String>(0)
    };
    let current = stored().await;
    assert!(current.starts_with("$sha256$") && !current.contains(&secret), "{current}");
    let old = Argon2::default().hash_password(secret.as_bytes()).unwrap().to_string();
    owner.execute("UPDATE api_clients SET secret_hash = $1", &[&old]).await.unwrap();

    let anyone = exchange.anonymous();
    let ask = async |secret: String| {
        let form = [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
        anyone.send(anyone.request(Method::POST, "/oauth/token").form(&form)).await
    };
    let wrong = join_all((0..48).map(|_| ask("0".repeat(64)))).await;
    let busy = wrong.iter().filter(|answer| answer.status == 503).collect::<Vec<_>>();
    assert!(!busy.is_empty(), "more were checked at a time than may be");
    for answer in &wrong {
        match answer.status.as_u16() {
            503 => assert_eq!(
                (answer.problem(), &answer.headers["retry-after"]),
                ((503, "too_busy"), &"1".parse().unwrap())
            ),
            _ => assert_eq!(answer.problem(), (401, "invalid_client")),
        }
    }
    assert_eq!(ask("not hexadecimal".to_owned()).await.problem(), (401, "invalid_client"));
    assert_eq!(stored().await, old, "a wrong secret replaces nothing");

    ask(secret.clone()).await.ok();
    assert_eq!(stored().await, current);
    ask(secret).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_changes_nothing_else_about_a_client() {
    let exchange = TestExchange::start().await;
    let (id, _) = exchange.credentials("acme", Role::Buyer).await;
    let service = exchange.node.database.get().await.unwrap();
    let update = service.execute("UPDATE api_clients SET role = 'operator' WHERE client_id = $1", &[&id]).await;
    assert!(update.unwrap_err().to_string().contains("db error"));
    let hash: String = service.query_one("SELECT secret_hash FROM api_clients", &[]).await.unwrap().get(0);
    let forged = format!("$sha256${}", "0".repeat(64));
    service.execute("SELECT upgrade_client_secret($1, $2, $3)", &[&id, &hash, &forged]).await.unwrap();
    let after: String = service.query_one("SELECT secret_hash FROM api_clients", &[]).await.unwrap().get(0);
    assert_eq!(after, hash, "what has no Argon2id hash stays as it is");
}
