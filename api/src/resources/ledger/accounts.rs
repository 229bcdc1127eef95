//! The accounts of the books with their balances.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{AccountBalance, accounts_after};
use ledger::{Account, Amount};
use serde::Serialize;
use utoipa::ToSchema;
use wire::page::{Page, PageQuery};

use crate::auth::{Caller, Financial};
use crate::problem::Problem;
use crate::request::{PageSpan, answer};

/// An account of the chart, or one organization's or contract's part of it.
#[derive(Serialize, ToSchema)]
pub struct AccountBody {
    /// The entity whose books it is in.
    entity: String,
    /// Its code in the chart.
    #[schema(example = "2000-customer-available")]
    account: String,
    /// Whose part it is: empty, `org:<id>` or `contract:<id>`.
    owner: String,
    /// Its currency.
    currency: String,
    /// Its balance, debit positive.
    #[schema(value_type = String)]
    balance: Amount,
}

/// The accounts, in the order in which they were first used.
#[utoipa::path(
    operation_id = "list_accounts",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(PageQuery),
    responses((status = 200, description = "A page of accounts", body = Page<AccountBody>)),
)]
#[get("/ledger/accounts")]
pub async fn list(
    _caller: Caller<Financial>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let client = node.database.get().await?;
    let accounts = accounts_after(&client, span.after, span.fetch()).await?;
    let page = span.page(&accounts, |account| account.id, |account| Ok::<_, Problem>(AccountBody::from(account)))?;
    Ok(answer(HttpResponse::Ok(), node.log.head(), &page))
}

impl From<&AccountBalance> for AccountBody {
    fn from(account: &AccountBalance) -> Self {
        let AccountBalance { entity, code, owner, currency, balance, .. } = account.clone();
        Self { entity, account: code, owner, currency, balance }
    }
}

impl AccountBody {
    /// An account with its balance.
    pub(crate) fn of(account: &Account, balance: Amount) -> Self {
        Self {
            entity: account.entity.to_string(),
            account: account.kind.code().to_owned(),
            owner: account.owner.to_string(),
            currency: account.currency.to_string(),
            balance,
        }
    }
}
