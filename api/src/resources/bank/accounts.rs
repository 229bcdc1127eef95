//! Accounts at the bank.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use infra::node::Node;
use ledger::{Account, AccountKind, BankAccountId, Owner};
use matching::{Exchange, Instruction};
use wire::bank::accounts::{BankAccountBody, NewBankAccountBody};
use wire::page::Page;
use wire::problem::ProblemBody;

use super::account_unknown;
use crate::auth::{Caller, FinanceOnly, Financial};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};
use crate::resources::submit;

pub(super) fn find_bank_account(exchange: &Exchange, id: BankAccountId) -> Result<BankAccountBody, Problem> {
    let bank = exchange.bank();
    let account = bank.accounts.get(&id).ok_or_else(|| account_unknown(id))?;
    let owner = Owner::BankAccount(id);
    let unexplained = bank.lines.values().filter(|line| line.account == id);
    Ok(BankAccountBody {
        account: id,
        currency: account.currency,
        statement_balance: account.closing,
        ledger_balance: exchange.books().balance(&Account::operator(AccountKind::Bank, owner, account.currency)),
        unexplained: unexplained.clone().map(|line| line.left).sum(),
        unexplained_lines: unexplained.count(),
        tolerance: account.tolerance,
        statements: account.statements.len(),
    })
}

/// Take up a bank account. Its statements must follow one another from then on.
#[utoipa::path(
    operation_id = "open_bank_account",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewBankAccountBody,
    responses(
        (status = 201, description = "Open", body = BankAccountBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/bank-accounts")]
pub async fn open(
    caller: Caller<FinanceOnly>,
    request: HttpRequest,
    body: JsonBody<NewBankAccountBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let NewBankAccountBody { account, currency, opening, tolerance } = *body;
    let instruction = Instruction::OpenBankAccount { account, currency, opening, tolerance };
    let receipt = submit(&node, &request, caller.organization, &*body, instruction).await?;
    let account = find_bank_account(&node.view.read(), account)?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &account))
}

/// Give up a bank account that is empty and explained, or that never had a statement: what it was opened with is taken back then.
#[utoipa::path(
    operation_id = "close_bank_account",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(
        ("account" = String, Path, description = "The account, as its statements name it"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 204, description = "Given up"),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/bank-accounts/{account}")]
pub async fn close(
    caller: Caller<FinanceOnly>,
    account: web::Path<BankAccountId>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = Instruction::CloseBankAccount { account: account.into_inner() };
    submit(&node, &request, caller.organization, &(), instruction).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The bank accounts, and whether the books agree with the bank.
#[utoipa::path(
    operation_id = "list_bank_accounts",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    responses((status = 200, description = "The accounts", body = Page<BankAccountBody>)),
)]
#[get("/bank-accounts")]
pub async fn list(_caller: Caller<Financial>, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let accounts = exchange.bank().accounts.keys().map(|id| find_bank_account(&exchange, *id));
    let data = accounts.collect::<Result<Vec<_>, _>>()?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None }))
}
