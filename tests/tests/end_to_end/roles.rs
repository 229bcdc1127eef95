//! The login of the service need not own the schema.

use infra::Database;
use secrecy::SecretString;
use tests::postgres::TestDatabase;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_owns_nothing_can_run_the_service_on_a_current_schema() {
    let database = TestDatabase::create().await;
    let owner = database.owner().await;
    let name = format!("service_{}", Uuid::now_v7().simple());
    owner.batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'word' IN ROLE secondwind_app")).await.unwrap();
    let (_, place) = database.url().split_once('@').map(|(user, place)| (user.to_owned(), place.to_owned())).unwrap();
    let service = Database::new(&SecretString::from(format!("postgres://{name}:word@{place}"))).unwrap();

    assert!(service.migrate().await.unwrap().is_empty());
    service.connect().await.unwrap().query("SELECT FROM events", &[]).await.unwrap();

    owner.batch_execute("DELETE FROM refinery_schema_history WHERE version > 1").await.unwrap();
    let refused = service.migrate().await.unwrap_err().to_string();
    assert!(refused.contains("run `secondwind migrate`"), "{refused}");
}
