//! Reconciliation: what the bank's bookings were for, and what is unmatched on either side.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{AccountKind, Amount, BankAccountId, BoxId, ClientId, DepositId, PayoutId, ReconciliationId, StatementId};
use matching::{BankLineId, Event, Exchange, Instruction, ItemChoice, MatchedTarget, Reconciled};
use uuid::Uuid;
use wire::bank::accounts::AccountQuery;
use wire::bank::reconciliations::{
    ItemChoiceBody, LineChoiceBody, MatchedItemBody, MatchedLineBody, NewReconciliationBody, OpenBoxPaymentBody,
    OpenItemBody, ReconciliationBody, ReconciliationStateBody,
};
use wire::controls::ReasonBody;
use wire::problem::ProblemBody;

use super::accounts::find_bank_account;
use super::bank_line_body;
use crate::auth::{Caller, FinanceOnly, Financial};
use crate::label::label;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer};
use crate::resources::{submit, unexpected_receipt};

fn reconciliation_instruction(body: &NewReconciliationBody, by: ClientId) -> Result<Instruction, Problem> {
    let line = |line: &LineChoiceBody| {
        (BankLineId { statement: StatementId::new(line.statement), line: line.line }, line.amount)
    };
    let items = body.items.iter().map(|item| Ok((item_choice(item)?, item.amount))).collect::<Result<_, Problem>>()?;
    Ok(Instruction::Reconcile { lines: body.lines.iter().map(line).collect(), items, by })
}

fn item_choice(body: &ItemChoiceBody) -> Result<ItemChoice, Problem> {
    match (body.deposit, body.payout, body.organization, body.box_id, &body.account) {
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

fn reconciliation_body(e: &Reconciled) -> ReconciliationBody {
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
    ReconciliationBody {
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

/// The most reconciliations that are shown of an account.
const SHOWN_MAX: usize = 500;

fn reconciliation_state(exchange: &Exchange, id: BankAccountId) -> Result<ReconciliationStateBody, Problem> {
    let account = find_bank_account(exchange, id)?;
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
    let lines: Vec<_> = lines.map(|(id, line)| bank_line_body(id, line)).collect();
    let standing = bank.reconciliations.values().filter(|standing| standing.reconciled.account == id);
    let mut data: Vec<_> =
        standing.rev().take(SHOWN_MAX).map(|standing| reconciliation_body(&standing.reconciled)).collect();
    data.reverse();
    let boxes = exchange.boxes().iter().filter_map(|(id, record)| {
        let currency =
            currency.filter(|currency| record.deal().is_some_and(|deal| deal.terms().currency == *currency))?;
        Some(OpenBoxPaymentBody { id: id.uuid(), amount: exchange.in_transit_to_box(id, currency) })
    });
    let boxes: Vec<_> = boxes.filter(|open| open.amount > Amount::ZERO).collect();
    let reconciled = lines.is_empty() && deposits.is_empty() && payouts.is_empty() && boxes.is_empty();
    Ok(ReconciliationStateBody { account, lines, deposits, payouts, boxes, reconciled, data })
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
    let body = reconciliation_state(&exchange, query.account.0)?;
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
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &reconciliation_body(&found.reconciled)))
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
    let receipt =
        submit(&node, &request, caller.organization, &*body, reconciliation_instruction(&body, caller.client)?).await?;
    let reconciled = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::Reconciled(reconciled) => Some(reconciliation_body(reconciled)),
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
        Event::ReconciliationUndone(undone) => Some(reconciliation_body(&undone.undone)),
        _ => None,
    });
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &undone.ok_or_else(unexpected_receipt)?))
}
