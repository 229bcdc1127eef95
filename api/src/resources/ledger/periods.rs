//! Accounting periods: the months of the books, which close one after the other and for good.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{Amount, BankAccountId, ClientId, Currency, Day, Instant, Month};
use matching::{ClosedPeriod, Exchange, Instruction, Unreconciled};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use wire::problem::ProblemBody;

use crate::auth::{Caller, FinanceOnly, Financial};
use crate::problem::Problem;
use crate::request::answer;
use crate::resources::{submit, unexpected_receipt};

/// A month of the books.
#[derive(Serialize, ToSchema)]
pub struct PeriodBody {
    /// The month, in UTC.
    #[schema(value_type = String, example = "2027-01")]
    period: Month,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    first_day: Day,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    last_day: Day,
    /// `open` or `closed`.
    status: &'static str,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Instant>,
    /// The client that closed it.
    #[schema(value_type = Option<String>)]
    closed_by: Option<ClientId>,
    /// The event that closed it.
    sequence: Option<u64>,
}

impl PeriodBody {
    fn open(period: Month) -> Self {
        Self {
            period,
            first_day: period.first_day(),
            last_day: period.last_day(),
            status: "open",
            closed_at: None,
            closed_by: None,
            sequence: None,
        }
    }

    fn closed(closed: &ClosedPeriod) -> Self {
        Self {
            status: "closed",
            closed_at: Some(closed.at),
            closed_by: Some(closed.by),
            sequence: Some(closed.sequence),
            ..Self::open(closed.period)
        }
    }
}

/// What keeps a month from being closed.
#[derive(Serialize, ToSchema)]
pub struct UnreconciledBody {
    /// `bank_line` for a booking that is not explained, `statement` where an account's statements end before the month does,
    /// `deposits` for what was credited by hand and is on no statement, `parked` for what fell due and was set aside.
    kind: &'static str,
    /// The bank account.
    #[schema(value_type = Option<String>)]
    account: Option<BankAccountId>,
    /// The statement that has the booking.
    statement: Option<Uuid>,
    /// The booking's place in it, from 1.
    line: Option<u32>,
    /// The last day that the account's statements reach; null where it has none.
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Day>,
    /// The currency of the deposits.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// How much is not explained.
    #[schema(value_type = Option<String>)]
    amount: Option<Amount>,
    /// The same in words.
    detail: String,
}

impl From<&Unreconciled> for UnreconciledBody {
    fn from(open: &Unreconciled) -> Self {
        let nothing = Self {
            kind: "",
            account: None,
            statement: None,
            line: None,
            until: None,
            currency: None,
            amount: None,
            detail: open.to_string(),
        };
        match *open {
            Unreconciled::Line { account, line, amount } => Self {
                kind: "bank_line",
                account: Some(account),
                statement: Some(line.statement.uuid()),
                line: Some(line.line),
                amount: Some(amount),
                ..nothing
            },
            Unreconciled::Statement { account, until } => {
                Self { kind: "statement", account: Some(account), until, ..nothing }
            }
            Unreconciled::Parked { .. } => Self { kind: "parked", ..nothing },
            Unreconciled::Deposits { currency, amount } => {
                Self { kind: "deposits", currency: Some(currency), amount: Some(amount), ..nothing }
            }
        }
    }
}

/// The periods, and what is to be settled before the next can be closed.
#[derive(Serialize, ToSchema)]
pub struct PeriodsBody {
    /// The months from that of the first entry to the present one, in order.
    data: Vec<PeriodBody>,
    /// The month that is to be closed next.
    #[schema(value_type = Option<String>, example = "2027-02")]
    next: Option<Month>,
    /// What keeps it from being closed when it is over.
    unreconciled: Vec<UnreconciledBody>,
}

impl PeriodsBody {
    fn of(exchange: &Exchange) -> Self {
        let next = exchange.accounting().open_period();
        let present = exchange.now().day().month();
        let open = std::iter::successors(next, |month| Some(month.next())).take_while(|month| *month <= present);
        let closed = exchange.accounting().closed.iter().map(PeriodBody::closed);
        let unreconciled = next.map(|next| exchange.unreconciled(next)).unwrap_or_default();
        Self {
            data: closed.chain(open.map(PeriodBody::open)).collect(),
            next,
            unreconciled: unreconciled.iter().map(UnreconciledBody::from).collect(),
        }
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
    Ok(answer(HttpResponse::Ok(), exchange.sequence(), &PeriodsBody::of(&exchange)))
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
    Ok(answer(HttpResponse::Ok(), sequence, &PeriodBody::closed(closed.ok_or_else(unexpected_receipt)?)))
}
