//! A running exchange under attack.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api::auth::{OPERATOR_ORGANIZATION, Role, Tokens};
use serde_json::json;

use crate::client::{ApiClient, MARKET, market};
use crate::exchange::TestExchange;

/// How long the tokens of those who act on a stage are valid.
const TOKEN_LIFETIME: Duration = Duration::from_mins(15);

/// Where an exchange is served, and the key that makes anyone its client.
#[derive(Clone)]
pub struct Stage {
    url: String,
    tokens: Tokens,
    set_up: Arc<AtomicU64>,
}

impl Stage {
    /// The stage of an exchange at `url` whose tokens are signed as `tokens` does.
    pub fn new(url: &str, tokens: Tokens) -> Self {
        Self { url: url.to_owned(), tokens, set_up: Arc::default() }
    }

    /// Where it is served.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client with a token for this organization and role. The organization need not exist.
    ///
    /// # Panics
    /// When `organization` is no slug.
    pub fn client(&self, organization: &str, role: Role) -> ApiClient {
        // A client of its own each, as an operator would make them: what one client uses up is not another's.
        let client = format!("{organization}-{}", role.as_str()).parse().expect("a client");
        let organization = organization.parse().expect("a slug");
        let token = self.tokens.issue(client, organization, role, TOKEN_LIFETIME).expect("a token");
        ApiClient::new(&self.url, Some(token))
    }

    /// A client of the operator.
    pub fn operator(&self) -> ApiClient {
        self.client(OPERATOR_ORGANIZATION, Role::Operator)
    }

    /// Opens the market [`MARKET`] and admits the provider north and the buyer acme, with money, where that has not happened yet.
    ///
    /// # Errors
    /// What the exchange answers instead.
    pub async fn open(&self) -> anyhow::Result<()> {
        let operator = self.operator();
        let first = operator.post("/v1/markets", &market(MARKET)).await;
        anyhow::ensure!(first.status.is_success() || first.status == 409, "{} {}", first.status, first.body);
        for id in ["north", "acme"] {
            let admitted = operator.post("/v1/organizations", &json!({"id": id, "name": id})).await;
            anyhow::ensure!(admitted.status.is_success() || admitted.status == 409, "{}", admitted.body);
        }
        let funds = json!({"organization": "acme", "amount": "100000.00", "currency": "USD", "reference": "attacks"});
        operator.post("/v1/deposits", &funds).await.success()?;
        Ok(())
    }

    /// Says that what an attack needs is there, such as orders at rest: what others notice counts from here.
    pub fn is_set_up(&self) {
        self.set_up.fetch_add(1, Ordering::Relaxed);
    }

    /// How many times something was set up.
    pub fn times_set_up(&self) -> u64 {
        self.set_up.load(Ordering::Relaxed)
    }

    /// A client without a token.
    pub fn anonymous(&self) -> ApiClient {
        ApiClient::new(&self.url, None)
    }
}

impl From<&TestExchange> for Stage {
    fn from(exchange: &TestExchange) -> Self {
        Self::new(exchange.url(), exchange.tokens.clone())
    }
}
