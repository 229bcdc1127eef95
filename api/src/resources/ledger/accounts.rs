//! The accounts of the books with their balances.

use actix_web::{HttpResponse, get, web};
use infra::node::Node;
use infra::reports::{AccountBalance, accounts_after};
use ledger::{Account, Amount};
use wire::ledger::accounts::AccountBody;
use wire::page::{Page, PageQuery};

use crate::auth::{Caller, Financial};
use crate::problem::Problem;
use crate::request::{PageSpan, answer};

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
    let page = span.page_by(accounts, |account| account.id, stored_account_body);
    Ok(answer(HttpResponse::Ok(), node.log.head(), &page))
}

fn stored_account_body(account: AccountBalance) -> AccountBody {
    let AccountBalance { entity, code, owner, currency, balance, .. } = account;
    AccountBody { entity, account: code, owner, currency, balance }
}

/// An account with its balance.
pub(crate) fn account_body(account: &Account, balance: Amount) -> AccountBody {
    AccountBody {
        entity: account.entity.to_string(),
        account: account.kind.code().to_owned(),
        owner: account.owner.to_string(),
        currency: account.currency.to_string(),
        balance,
    }
}
