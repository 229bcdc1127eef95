//! An organization's money with the exchange.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use ledger::{AccountKind, Amount, Currency, OrganizationId};
use matching::{Event, Exchange, Instruction};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::page::Page;
use wire::problem::ProblemBody;

use super::{submit, unexpected_receipt};
use crate::auth::{Caller, OperatorOnly, Trader};
use crate::label::label;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer};

/// Balances in one currency.
#[derive(Serialize, ToSchema)]
pub struct BalanceBody {
    /// The currency.
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// Free to use.
    #[schema(value_type = String, example = "1250.00")]
    available: Amount,
    /// Set aside for open orders.
    #[schema(value_type = String)]
    held: Amount,
    /// Earned by delivering, and not paid out yet.
    #[schema(value_type = String)]
    payable: Amount,
}

/// Your balances, one per currency that a market trades in or you have.
#[utoipa::path(
    operation_id = "list_balances",
    tag = "account",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    responses((status = 200, description = "The balances", body = Page<BalanceBody>)),
)]
#[get("/account/balances")]
pub async fn balances(caller: Caller<Trader>, node: web::Data<Node>) -> HttpResponse {
    let exchange = node.view.read();
    let data = BalanceBody::all_of(&exchange, caller.organization);
    answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None })
}

impl BalanceBody {
    /// An organization's balances, one per currency that a market trades in or it has.
    pub(crate) fn all_of(exchange: &Exchange, organization: OrganizationId) -> Vec<Self> {
        let mut currencies = exchange.books().currencies_of(organization);
        currencies.extend(exchange.venue().markets().map(|market| market.spec.currency));
        let of = |kind, currency| exchange.books().customer(kind, organization, currency);
        let balance = |currency: Currency| Self {
            currency,
            available: of(AccountKind::CustomerAvailable, currency),
            held: of(AccountKind::CustomerHeld, currency),
            payable: of(AccountKind::SellerPayable, currency),
        };
        currencies.into_iter().map(balance).collect()
    }
}

/// A deposit that arrived at the bank.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDepositBody {
    /// Whose money.
    #[schema(value_type = String, example = "acme")]
    organization: OrganizationId,
    /// How much, above zero.
    #[schema(value_type = String, example = "100000.00")]
    amount: Amount,
    /// In what currency.
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// The bank's reference, at most 120 characters.
    #[serde(default = "no_reference")]
    reference: String,
}

fn no_reference() -> String {
    "unreferenced".to_owned()
}

/// A deposit.
#[derive(Serialize, ToSchema)]
pub struct DepositBody {
    /// Its id.
    id: Uuid,
    /// Whose money.
    #[schema(value_type = String)]
    organization: OrganizationId,
    /// How much.
    #[schema(value_type = String)]
    amount: Amount,
    /// In what currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// The bank's reference.
    reference: String,
    /// `credited`: its booking by the bank is still to come.
    status: &'static str,
}

/// Credit a deposit by hand, on an exchange with a simulated clock. Others credit what a bank statement shows.
#[utoipa::path(
    operation_id = "credit_deposit",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewDepositBody,
    responses(
        (status = 201, description = "Credited", body = DepositBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/deposits")]
pub async fn deposit(
    caller: Caller<OperatorOnly>,
    request: HttpRequest,
    body: JsonBody<NewDepositBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    if !node.clock.is_simulated() {
        let detail = "Money is credited when a bank statement shows it.";
        return Err(Problem::new(ProblemCode::DepositByBank, detail));
    }
    let receipt = submit(&node, &request, caller.organization, &*body, body.instruction()?).await?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &DepositBody::of_receipt(&receipt.rows)?))
}

impl NewDepositBody {
    /// What it asks for.
    pub(crate) fn instruction(&self) -> Result<Instruction, Problem> {
        let Self { organization, amount, currency, .. } = *self;
        let reference = label("reference", &self.reference)?;
        Ok(Instruction::RecordDeposit { organization, amount, currency, reference })
    }

    /// Whose money it is.
    pub(crate) fn organization(&self) -> OrganizationId {
        self.organization
    }
}

impl DepositBody {
    /// The deposit that these events credited.
    pub(crate) fn of_receipt(rows: &[Arc<LogRow>]) -> Result<Self, Problem> {
        let received = rows.iter().find_map(|row| match &row.record.event {
            Event::DepositReceived(received) => Some(received),
            _ => None,
        });
        let received = received.ok_or_else(unexpected_receipt)?;
        Ok(Self {
            id: received.deposit.uuid(),
            organization: received.organization,
            amount: received.amount,
            currency: received.currency,
            reference: received.reference.to_string(),
            status: "credited",
        })
    }
}
