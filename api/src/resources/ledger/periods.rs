//! Accounting periods: the months of the books, which close one after the other and for good.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::Month;
use matching::{ClosedPeriod, Exchange, Instruction, Unreconciled};
use wire::ledger::periods::{PeriodBody, PeriodsBody, UnreconciledBody};
use wire::problem::ProblemBody;

use crate::auth::{Caller, FinanceOnly, Financial};
use crate::problem::Problem;
use crate::request::answer;
use crate::resources::{submit, unexpected_receipt};

fn open_period(period: Month) -> PeriodBody {
    PeriodBody {
        period,
        first_day: period.first_day(),
        last_day: period.last_day(),
        status: "open".into(),
        closed_at: None,
        closed_by: None,
        sequence: None,
    }
}

fn closed_period(closed: &ClosedPeriod) -> PeriodBody {
    PeriodBody {
        status: "closed".into(),
        closed_at: Some(closed.at),
        closed_by: Some(closed.by),
        sequence: Some(closed.sequence),
        ..open_period(closed.period)
    }
}

fn unreconciled_body(open: &Unreconciled) -> UnreconciledBody {
    let nothing = UnreconciledBody {
        kind: "".into(),
        account: None,
        statement: None,
        line: None,
        until: None,
        currency: None,
        amount: None,
        detail: open.to_string(),
    };
    match *open {
        Unreconciled::Line { account, line, amount } => UnreconciledBody {
            kind: "bank_line".into(),
            account: Some(account),
            statement: Some(line.statement.uuid()),
            line: Some(line.line),
            amount: Some(amount),
            ..nothing
        },
        Unreconciled::Statement { account, until } => {
            UnreconciledBody { kind: "statement".into(), account: Some(account), until, ..nothing }
        }
        Unreconciled::Parked { .. } => UnreconciledBody { kind: "parked".into(), ..nothing },
        Unreconciled::Deposits { currency, amount } => {
            UnreconciledBody { kind: "deposits".into(), currency: Some(currency), amount: Some(amount), ..nothing }
        }
    }
}

fn periods_body(exchange: &Exchange) -> PeriodsBody {
    let next = exchange.accounting().open_period();
    let present = exchange.now().day().month();
    let open = std::iter::successors(next, |month| Some(month.next())).take_while(|month| *month <= present);
    let closed = exchange.accounting().closed.iter().map(closed_period);
    let unreconciled = next.map(|next| exchange.unreconciled(next)).unwrap_or_default();
    PeriodsBody {
        data: closed.chain(open.map(open_period)).collect(),
        next,
        unreconciled: unreconciled.iter().map(unreconciled_body).collect(),
    }
}

/// The months of the books, and what is to be settled before the next can be closed.
#[utoipa::path(
    operation_id = "list_periods",
    tag = "finance",
    security(("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    responses((status = 200, description = "The periods", body = PeriodsBody)),
)]
#[get("/ledger/periods")]
pub async fn list(_caller: Caller<Financial>, node: web::Data<Node>) -> Result<HttpResponse, Problem> {
    let exchange = node.view.read();
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &periods_body(&exchange)))
}

/// Close a month, for good: nothing is dated in it any more, and what comes late is dated in the month that is open. Months close one
/// after the other, each after its end, and only when the bank is explained up to there.
#[utoipa::path(
    operation_id = "close_period",
    tag = "finance",
    security(("oauth2" = ["finance"])),
    params(
        ("period" = String, Path, description = "The month, such as 2027-01"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    responses(
        (status = 200, description = "Closed", body = PeriodBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/ledger/periods/{period}/close")]
pub async fn close(
    caller: Caller<FinanceOnly>,
    period: web::Path<Month>,
    request: HttpRequest,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let period = period.into_inner();
    let instruction = Instruction::ClosePeriod { period, by: caller.client };
    let sequence = submit(&node, &request, caller.organization, &(), instruction).await?.sequence;
    let exchange = node.view.read();
    let closed = exchange.accounting().closed.iter().find(|closed| closed.period == period);
    Ok(answer(HttpResponse::Ok(), sequence, &closed_period(closed.ok_or_else(unexpected_receipt)?)))
}
