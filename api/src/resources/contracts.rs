//! Contracts: what trades created, and how far they are delivered.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use ledger::{Amount, ContractId, Instant, OrganizationId};
use matching::{ContractHour, Event, Instruction, Price, TradeExecuted};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{submit, unexpected_receipt};
use crate::auth::{Caller, OperatorOnly, Trader};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Page, PageQuery, PageSpan, answer, await_reads};
use crate::wire::{WindowBody, amount, price, window_between};

/// A contract.
#[derive(Serialize, ToSchema)]
pub struct ContractBody {
    /// Its id.
    id: Uuid,
    /// Who pays.
    buyer: String,
    /// Who delivers.
    seller: String,
    /// The lot that serves it.
    lot: Uuid,
    /// The contract that it resells part of, if it does; shown to its seller, who holds that one.
    head: Option<Uuid>,
    /// Where it traded.
    market: String,
    /// How many GPUs.
    gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    price: Price,
    /// When.
    window: WindowBody,
    /// `pending` before its window, `active` within, `completed` when every hour is delivered, `terminated` when it was undone.
    status: &'static str,
    /// What amounts are in.
    currency: String,
    /// Price and buyer's fee for the whole window.
    #[schema(value_type = String)]
    total: Amount,
    /// What the buyer has paid so far.
    #[schema(value_type = String)]
    prepaid: Amount,
    /// The part of the total for hours that were delivered.
    #[schema(value_type = String)]
    recognized: Amount,
    /// The rest of the total.
    #[schema(value_type = String)]
    remaining: Amount,
    /// Hours delivered.
    delivered_hours: u32,
    /// The box that the contract belongs to.
    r#box: Option<Uuid>,
}

const COLUMNS: &str = "id, buyer, seller, lot, market, gpus, price, window_start, window_end, currency, total, recognized, \
                       delivered_hours, sequence, head, terminated";

/// Your contracts, oldest first.
#[utoipa::path(
    operation_id = "list_contracts",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(PageQuery),
    responses((status = 200, description = "A page of contracts", body = Page<ContractBody>)),
)]
#[get("/contracts")]
pub async fn list(
    caller: Caller<Trader>,
    query: web::Query<PageQuery>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(&node, query.min_sequence).await?;
    let client = node.database.get().await?;
    let statement = format!(
        "SELECT {COLUMNS} FROM contracts WHERE (buyer = $1 OR seller = $1) AND sequence > $2 ORDER BY sequence LIMIT $3"
    );
    let rows = client.query(&statement, &[&caller.organization.as_str(), &span.after, &span.fetch()]).await?;
    let page = span.page(&rows, |row| row.get(13), |row| contract_of_row(&node, caller.organization, row))?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &page))
}

/// One of your contracts.
#[utoipa::path(
    operation_id = "get_contract",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("contract" = Uuid, Path, description = "The contract's id")),
    responses(
        (status = 200, description = "The contract", body = ContractBody),
        (status = 404, description = "No such contract of yours", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/contracts/{contract}")]
pub async fn show(
    caller: Caller<Trader>,
    contract: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    await_reads(&node, None).await?;
    let client = node.database.get().await?;
    let statement = format!("SELECT {COLUMNS} FROM contracts WHERE id = $1 AND (buyer = $2 OR seller = $2)");
    let row = client.query_opt(&statement, &[&*contract, &caller.organization.as_str()]).await?;
    let row = row.ok_or_else(ContractBody::unknown)?;
    Ok(answer(HttpResponse::Ok(), node.projection.position(), &contract_of_row(&node, caller.organization, &row)?))
}

fn contract_of_row(node: &Node, reader: OrganizationId, row: &Row) -> Result<ContractBody, Problem> {
    let record = ContractRecord {
        id: row.get(0),
        buyer: row.get(1),
        seller: row.get(2),
        lot: row.get(3),
        head: row.get(14),
        market: row.get(4),
        gpus: u32::try_from(row.get::<_, i32>(5)).unwrap_or(0),
        price: price(row.get(6))?,
        window: window_between(row.get(7), row.get(8)),
        currency: row.get(9),
        total: amount(row.get(10))?,
        recognized: amount(row.get(11))?,
        delivered_hours: u32::try_from(row.get::<_, i32>(12)).unwrap_or(0),
        terminated: row.get(15),
    };
    Ok(record.shown(reader, node.clock.now()))
}

impl ContractBody {
    /// The problem that an organization has no such contract.
    pub(crate) fn unknown() -> Problem {
        Problem::not_found("contract of your organization")
    }
}

/// A contract as its events leave it, before somebody looks at it at some time.
#[derive(Clone)]
pub(crate) struct ContractRecord {
    id: Uuid,
    buyer: String,
    seller: String,
    lot: Uuid,
    head: Option<Uuid>,
    market: String,
    gpus: u32,
    price: Price,
    window: WindowBody,
    currency: String,
    total: Amount,
    recognized: Amount,
    delivered_hours: u32,
    terminated: bool,
}

impl From<&TradeExecuted> for ContractRecord {
    fn from(trade: &TradeExecuted) -> Self {
        Self {
            id: trade.contract.uuid(),
            buyer: trade.buyer.to_string(),
            seller: trade.seller.to_string(),
            lot: trade.lot.uuid(),
            head: trade.head.map(ContractId::uuid),
            market: trade.market.to_string(),
            gpus: trade.gpus,
            price: trade.price,
            window: trade.window.into(),
            currency: trade.currency.to_string(),
            total: trade.amount + trade.buyer_fee,
            recognized: Amount::ZERO,
            delivered_hours: 0,
            terminated: false,
        }
    }
}

impl ContractRecord {
    /// Takes up a delivered hour.
    pub(crate) fn deliver(&mut self, hour: &ContractHour) {
        self.delivered_hours += 1;
        self.recognized += hour.amount + hour.buyer_fee;
    }

    /// Whether its trade was undone.
    pub(crate) fn is_terminated(&self) -> bool {
        self.terminated
    }

    /// Takes up that the trade was undone.
    pub(crate) fn terminate(&mut self) {
        self.terminated = true;
    }

    /// Whether an organization is one of its two sides.
    pub(crate) fn concerns(&self, organization: OrganizationId) -> bool {
        [self.buyer.as_str(), self.seller.as_str()].contains(&organization.as_str())
    }

    /// The contract as `reader` sees it at `now`.
    pub(crate) fn shown(self, reader: OrganizationId, now: Instant) -> ContractBody {
        let window = self.window;
        let status = if self.terminated {
            "terminated"
        } else if self.delivered_hours >= window.end.hours() - window.start.hours() {
            "completed"
        } else if window.start.start() <= now {
            "active"
        } else {
            "pending"
        };
        ContractBody {
            id: self.id,
            head: self.head.filter(|_| self.seller == reader.as_str()),
            buyer: self.buyer,
            seller: self.seller,
            lot: self.lot,
            market: self.market,
            gpus: self.gpus,
            price: self.price,
            window,
            status,
            currency: self.currency,
            total: self.total,
            prepaid: self.total,
            recognized: self.recognized,
            remaining: if self.terminated { Amount::ZERO } else { self.total - self.recognized },
            delivered_hours: self.delivered_hours,
            r#box: None,
        }
    }
}

/// Why a trade is undone.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BustBody {
    /// Why, for both sides to read, at most 120 characters.
    #[schema(example = "price mistyped by the seller")]
    pub(crate) reason: String,
}

/// A trade that was undone.
#[derive(Serialize, ToSchema)]
pub struct BustedBody {
    /// The contract.
    contract: Uuid,
    /// `terminated`.
    status: &'static str,
    /// What the buyer got back: the price and the fee.
    #[schema(value_type = String)]
    refund: Amount,
}

/// Undo a trade made in error, before its delivery begins: the buyer is refunded and the capacity returns.
#[utoipa::path(
    operation_id = "bust_contract",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(
        ("contract" = Uuid, Path, description = "The contract's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = BustBody,
    responses(
        (status = 200, description = "Undone", body = BustedBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/contracts/{contract}/bust")]
pub async fn bust(
    caller: Caller<OperatorOnly>,
    contract: web::Path<Uuid>,
    request: HttpRequest,
    body: web::Json<BustBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let instruction = Instruction::BustContract { contract: ContractId::new(*contract), reason: body.reason.clone() };
    let receipt = submit(&node, &request, caller.organization, &body, instruction).await?;
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &BustedBody::of_receipt(&receipt.rows)?))
}

impl BustedBody {
    /// The trade that these events undid.
    pub(crate) fn of_receipt(rows: &[Arc<LogRow>]) -> Result<Self, Problem> {
        let busted = rows.iter().find_map(|row| match &row.record.event {
            Event::ContractBusted(busted) => Some(busted),
            _ => None,
        });
        let busted = busted.ok_or_else(unexpected_receipt)?;
        Ok(Self { contract: busted.contract.uuid(), status: "terminated", refund: busted.refund })
    }
}
