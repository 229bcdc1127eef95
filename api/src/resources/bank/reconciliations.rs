//! Reconciliation: what the bank's bookings were for, and what is unmatched on either side.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{
    AccountKind, Amount, BankAccountId, BoxId, ClientId, Currency, DepositId, MatchRule, OrganizationId, PayoutId,
    ReconciliationId, StatementId,
};
use matching::{
    BankLineId, Event, Exchange, Instruction, ItemChoice, MatchedTarget, Reconciled, StandingReconciliation,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::problem::ProblemBody;

use super::accounts::BankAccountBody;
use super::{AccountQuery, BankLineBody};
use crate::auth::{Caller, FinanceOnly, Financial};
use crate::label::label;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer};
use crate::resources::controls::ReasonBody;
use crate::resources::{submit, unexpected_receipt};

/// Bookings and what they were for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReconciliationBody {
    /// The bookings, all of one account: 1 to 500.
    lines: Vec<LineChoiceBody>,
    /// What they were for: 1 to 500.
    items: Vec<ItemChoiceBody>,
}

/// A booking, or a part of it.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineChoiceBody {
    /// The statement.
    statement: Uuid,
    /// Its place in the statement, from 1.
    line: u32,
    /// How much of it, money received being positive; all that is not explained when not given.
    #[schema(value_type = Option<String>)]
    amount: Option<Amount>,
}

/// What bookings were for: one of `deposit`, `payout`, `organization`, `box` and `account`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemChoiceBody {
    /// A deposit.
    deposit: Option<Uuid>,
    /// A payout or a withdrawal.
    payout: Option<Uuid>,
    /// A deposit of this organization that nobody had announced.
    #[schema(value_type = Option<String>)]
    organization: Option<OrganizationId>,
    /// What the exchange paid this box.
    #[serde(rename = "box")]
    box_id: Option<Uuid>,
    /// Something of the exchange's own: `6000-expense`, `3000-equity`, `4900-other-income`, `2400-withheld-tax` for tax that is paid to
    /// the state, or `1900-currency-position` for one side of a currency conversion.
    account: Option<String>,
    /// How much is for it, money received being positive; what is open of it when not given, or all for a single item.
    #[schema(value_type = Option<String>)]
    amount: Option<Amount>,
}

impl NewReconciliationBody {
    fn instruction(&self, by: ClientId) -> Result<Instruction, Problem> {
        let line = |line: &LineChoiceBody| {
            (BankLineId { statement: StatementId::new(line.statement), line: line.line }, line.amount)
        };
        let items = self.items.iter().map(|item| Ok((item.choice()?, item.amount))).collect::<Result<_, Problem>>()?;
        Ok(Instruction::Reconcile { lines: self.lines.iter().map(line).collect(), items, by })
    }
}

impl ItemChoiceBody {
    fn choice(&self) -> Result<ItemChoice, Problem> {
        match (self.deposit, self.payout, self.organization, self.box_id, &self.account) {
            (Some(id), None, None, None, None) => Ok(ItemChoice::Deposit(DepositId::new(id))),
            (None, Some(id), None, None, None) => Ok(ItemChoice::Payout(PayoutId::new(id))),
            (None, None, Some(organization), None, None) => Ok(ItemChoice::Organization(organization)),
            (None, None, None, Some(id), None) => Ok(ItemChoice::Box(BoxId::new(id))),
            (None, None, None, None, Some(code)) => AccountKind::from_code(code)
                .map(ItemChoice::Account)
                .ok_or_else(|| Problem::new(ProblemCode::AccountUnknown, format!("The chart has no account {code}."))),
            _ => Err(Problem::new(
                ProblemCode::InvalidField,
                "An item is one of deposit, payout, organization, box and account.",
            )),
        }
    }
}

/// A reconciliation that stands.
#[derive(Serialize, ToSchema)]
pub struct ReconciliationBody {
    /// Its id.
    id: Uuid,
    /// The account at the bank.
    #[schema(value_type = String)]
    account: BankAccountId,
    /// Its currency.
    #[schema(value_type = String)]
    currency: Currency,
    /// Why they belong together: `reference`, `exact`, `tolerance` or `manual`.
    #[schema(value_type = String)]
    rule: MatchRule,
    /// The bookings.
    lines: Vec<MatchedLineBody>,
    /// What they were for.
    items: Vec<MatchedItemBody>,
    /// The bookings less what they were for, posted to `6900-bank-difference`.
    #[schema(value_type = String)]
    difference: Amount,
    /// The client that said so; null where it explained itself.
    #[schema(value_type = Option<String>)]
    by: Option<ClientId>,
}

/// A booking, or a part of it.
#[derive(Serialize, ToSchema)]
pub struct MatchedLineBody {
    statement: Uuid,
    line: u32,
    #[schema(value_type = String)]
    amount: Amount,
}

/// What a booking was for.
#[derive(Serialize, ToSchema)]
pub struct MatchedItemBody {
    /// A deposit.
    deposit: Option<Uuid>,
    /// A payout or a withdrawal.
    payout: Option<Uuid>,
    /// Whose money.
    #[schema(value_type = Option<String>)]
    organization: Option<OrganizationId>,
    /// The box that the exchange had paid.
    #[serde(rename = "box")]
    box_id: Option<Uuid>,
    /// An account of the exchange's own.
    account: Option<String>,
    /// How much, money received being positive.
    #[schema(value_type = String)]
    amount: Amount,
}

impl From<&StandingReconciliation> for ReconciliationBody {
    fn from(standing: &StandingReconciliation) -> Self {
        Self::from(&standing.reconciled)
    }
}

impl From<&Reconciled> for ReconciliationBody {
    fn from(e: &Reconciled) -> Self {
        let line = |matched: &matching::MatchedLine| MatchedLineBody {
            statement: matched.line.statement.uuid(),
            line: matched.line.line,
            amount: matched.amount,
        };
        let item = |item: &matching::MatchedItem| {
            let mut body = MatchedItemBody {
                deposit: None,
                payout: None,
                organization: item.organization(),
                box_id: None,
                account: None,
                amount: item.amount,
            };
            match &item.target {
                MatchedTarget::Deposit { deposit, .. } | MatchedTarget::Recorded { deposit, .. } => {
                    body.deposit = Some(deposit.uuid());
                }
                MatchedTarget::Payout { payout, .. } => body.payout = Some(payout.uuid()),
                MatchedTarget::Organization { .. } => {}
                MatchedTarget::Box { box_id } => body.box_id = Some(box_id.uuid()),
                MatchedTarget::Account { account } => body.account = Some(account.code().to_owned()),
            }
            body
        };
        Self {
            id: e.reconciliation.uuid(),
            account: e.account,
            currency: e.currency,
            rule: e.rule,
            lines: e.lines.iter().map(line).collect(),
            items: e.items.iter().map(item).collect(),
            difference: e.difference,
            by: e.by,
        }
    }
}

/// A bank account with what is unmatched on either side, and what is matched.
#[derive(Serialize, ToSchema)]
pub struct ReconciliationStateBody {
    /// The account, and whether the books agree with the bank.
    account: BankAccountBody,
    /// The bank's side: bookings that are not explained.
    lines: Vec<BankLineBody>,
    /// The books' side: deposits in the account's currency that have not come, or not all of them.
    deposits: Vec<OpenItemBody>,
    /// The books' side: payouts and withdrawals in transit.
    payouts: Vec<OpenItemBody>,
    /// The books' side: what the exchange has paid boxes and is still in transit.
    boxes: Vec<OpenBoxPaymentBody>,
    /// Whether nothing is unmatched on either side.
    reconciled: bool,
    /// The reconciliations that stand, oldest first; the last 500.
    data: Vec<ReconciliationBody>,
}

/// Something that a booking is expected for.
#[derive(Serialize, ToSchema)]
pub struct OpenItemBody {
    /// The id of the deposit or payout.
    id: Uuid,
    /// Whose money.
    #[schema(value_type = String)]
    organization: OrganizationId,
    /// What a booking would quote.
    reference: Option<String>,
    /// How much is open.
    #[schema(value_type = String)]
    amount: Amount,
}

/// What the exchange has paid a box and no booking has shown.
#[derive(Serialize, ToSchema)]
pub struct OpenBoxPaymentBody {
    /// The box.
    id: Uuid,
    /// How much is open.
    #[schema(value_type = String)]
    amount: Amount,
}

/// The most reconciliations that are shown of an account.
const SHOWN_MAX: usize = 500;

impl ReconciliationStateBody {
    fn of(exchange: &Exchange, id: BankAccountId) -> Result<Self, Problem> {
        let account = BankAccountBody::find(exchange, id)?;
        let bank = exchange.bank();
        let currency = bank.accounts.get(&id).map(|account| account.currency);
        let deposits = bank.items.deposits.iter().filter(|(_, deposit)| Some(deposit.currency) == currency);
        let deposits: Vec<_> = deposits
            .map(|(id, deposit)| OpenItemBody {
                id: id.uuid(),
                organization: deposit.organization,
                reference: deposit.reference.map(|reference| reference.to_string()),
                amount: deposit.left,
            })
            .collect();
        let payouts = bank.items.payouts.iter().filter(|(_, payout)| Some(payout.currency) == currency);
        let payouts: Vec<_> = payouts
            .map(|(id, payout)| OpenItemBody {
                id: id.uuid(),
                organization: payout.organization,
                reference: Some(payout.reference.to_string()),
                amount: payout.left,
            })
            .collect();
        let lines = bank.lines.iter().filter(|(_, line)| line.account == id);
        let lines: Vec<_> = lines.map(|(id, line)| BankLineBody::of(id, line)).collect();
        let standing = bank.reconciliations.values().filter(|standing| standing.reconciled.account == id);
        let mut data: Vec<_> = standing.rev().take(SHOWN_MAX).map(ReconciliationBody::from).collect();
        data.reverse();
        let boxes = exchange.boxes().iter().filter_map(|(id, record)| {
            let currency =
                currency.filter(|currency| record.deal().is_some_and(|deal| deal.terms().currency == *currency))?;
            Some(OpenBoxPaymentBody { id: id.uuid(), amount: exchange.in_transit_to_box(id, currency) })
        });
        let boxes: Vec<_> = boxes.filter(|open| open.amount > Amount::ZERO).collect();
        let reconciled = lines.is_empty() && deposits.is_empty() && payouts.is_empty() && boxes.is_empty();
        Ok(Self { account, lines, deposits, payouts, boxes, reconciled, data })
    }
}

/// A bank account with what is unmatched on either side, and what is matched.
#[utoipa::path(
    operation_id = "list_reconciliations",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(AccountQuery),
    responses(
        (status = 200, description = "The account's state", body = ReconciliationStateBody),
        (status = 404, description = "No such bank account", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/reconciliations")]
pub async fn list(
    _caller: Caller<Financial>,
    query: web::Query<AccountQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let body = ReconciliationStateBody::of(&exchange, query.account.0)?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &body))
}

/// A reconciliation that stands.
#[utoipa::path(
    operation_id = "get_reconciliation",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("reconciliation" = Uuid, Path, description = "The reconciliation's id")),
    responses(
        (status = 200, description = "The reconciliation", body = ReconciliationBody),
        (status = 404, description = "None, or it was undone", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/reconciliations/{reconciliation}")]
pub async fn show(
    _caller: Caller<Financial>,
    reconciliation: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    let found = exchange.bank().reconciliations.get(&ReconciliationId::new(*reconciliation));
    let found = found.ok_or_else(|| Problem::not_found("reconciliation that stands"))?;
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &ReconciliationBody::from(found)))
}

/// Explain bookings: any number of them, by any number of items, in full or in part. What they come to beyond the items must be within
/// the account's tolerance, and is posted to an account of its own.
#[utoipa::path(
    operation_id = "reconcile",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewReconciliationBody,
    responses(
        (status = 201, description = "Explained", body = ReconciliationBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/reconciliations")]
pub async fn reconcile(
    caller: Caller<FinanceOnly>,
    request: HttpRequest,
    body: JsonBody<NewReconciliationBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let receipt = submit(&node, &request, caller.organization, &*body, body.instruction(caller.client)?).await?;
    let reconciled = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::Reconciled(reconciled) => Some(ReconciliationBody::from(reconciled)),
        _ => None,
    });
    Ok(answer(HttpResponse::Created(), receipt.sequence, &reconciled.ok_or_else(unexpected_receipt)?))
}

/// Make the bookings of a reconciliation unexplained again: its lines are reversed.
#[utoipa::path(
    operation_id = "undo_reconciliation",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(
        ("reconciliation" = Uuid, Path, description = "The reconciliation's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "What was undone", body = ReconciliationBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/reconciliations/{reconciliation}/undo")]
pub async fn undo(
    caller: Caller<FinanceOnly>,
    reconciliation: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<ReasonBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let (reconciliation, reason) = (ReconciliationId::new(*reconciliation), label("reason", &body.reason)?);
    let instruction = Instruction::UndoReconciliation { reconciliation, reason, by: caller.client };
    let receipt = submit(&node, &request, caller.organization, &*body, instruction).await?;
    let undone = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::ReconciliationUndone(undone) => Some(ReconciliationBody::from(&undone.undone)),
        _ => None,
    });
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &undone.ok_or_else(unexpected_receipt)?))
}
