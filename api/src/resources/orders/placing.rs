//! Placing and cancelling orders.

use actix_web::{HttpRequest, HttpResponse, delete, post, web};
use infra::node::Node;
use infra::sequencer::{Receipt, SubmitError};
use ledger::OrganizationId;
use matching::{
    ClientOrderId, Hour, Instruction, LotId, MarketId, NewOrder, NewSide, OrderId, Price, Refusal, TimeInForce,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::OrderBody;
use super::read::read_order;
use crate::auth::{Caller, Role, Trader};
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::request::{answer, await_reads, idempotency_key};
use crate::resources::unexpected_receipt;
use crate::wire::WindowBody;

/// To buy or to sell.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideBody {
    /// To buy.
    Buy,
    /// To sell.
    Sell,
}

/// For a term or by the hour.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindBody {
    /// For a window agreed in advance.
    Term,
    /// By the hour; not offered yet.
    Spot,
}

/// How long an order stays.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum TimeInForceBody {
    /// Until it is cancelled or its window comes too near.
    Gtc,
    /// Until a given time; not offered yet.
    Gtd,
    /// It fills at once as far as it can; the rest is cancelled.
    Ioc,
    /// It fills whole at once or is cancelled.
    Fok,
}

/// The hours of an order.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderWindowBody {
    /// The first hour.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-01-01T00:00:00Z")]
    start: Option<Hour>,
    /// The hour after the last.
    #[schema(value_type = Option<String>, format = DateTime, example = "2027-02-01T00:00:00Z")]
    end: Option<Hour>,
    /// Of a flexible window; not offered yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    earliest: Option<Hour>,
    /// Of a flexible window; not offered yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    latest: Option<Hour>,
    /// Of a flexible window; not offered yet.
    hours: Option<u32>,
}

/// An order to be placed.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrderBody {
    /// To buy or to sell.
    side: SideBody,
    /// For a term or by the hour.
    kind: KindBody,
    /// GPUs: a multiple of the market's lot size.
    #[schema(example = 16)]
    gpus: u32,
    /// The worst price per GPU-hour, a multiple of the market's tick.
    #[schema(value_type = String, example = "1.1000")]
    limit_price: Price,
    /// Where to buy.
    #[schema(value_type = Option<String>, example = "a100-80g-sxm4-ib.us-tx-1")]
    market: Option<MarketId>,
    /// The hours to buy; for an ask, the hours on offer, all of the lot's when not given.
    window: Option<OrderWindowBody>,
    /// Of a bid: how long it stays; GTC when not given.
    time_in_force: Option<TimeInForceBody>,
    /// Of a bid: the fewest GPUs in one trade; all of them for all-or-none; the lot size when not given.
    min_gpus: Option<u32>,
    /// Of an ask: the lot to sell from.
    lot: Option<Uuid>,
    /// Of an ask: the shortest sale in hours; 1 when not given.
    min_hours: Option<u32>,
    /// Of an ask: the longest sale in hours; any when not given.
    max_hours: Option<u32>,
    /// Your own name for the order, unique within your organization: the same order under the same name is placed once.
    #[schema(value_type = Option<String>, max_length = 64)]
    client_order_id: Option<ClientOrderId>,
    /// `any`; others are not offered yet.
    placement: Option<String>,
    /// `false`; `true` is not offered yet.
    post_only: Option<bool>,
    /// `cancel_newest`; others are not offered yet.
    self_trade_prevention: Option<String>,
    /// `hours_720`; others are not offered yet.
    billing: Option<String>,
    /// Several markets in one bid; not offered yet.
    markets: Option<Vec<String>>,
    /// A filter over markets; not offered yet.
    #[schema(value_type = Option<Object>)]
    filter: Option<serde_json::Value>,
    /// A contract to resell; not offered yet.
    contract: Option<Uuid>,
    /// The end of a GTD order; not offered yet.
    expires_at: Option<String>,
}

impl NewOrderBody {
    /// The order that it asks for.
    fn order(&self, organization: OrganizationId) -> Result<NewOrder, Problem> {
        self.refuse_what_is_not_offered()?;
        let side = match self.side {
            SideBody::Buy => self.buy()?,
            SideBody::Sell => self.sell()?,
        };
        let Self { client_order_id, gpus, limit_price, .. } = *self;
        Ok(NewOrder { organization, client_order_id, gpus, limit_price, side })
    }

    fn buy(&self) -> Result<NewSide, Problem> {
        refuse_present(
            "buy",
            &[
                ("lot", self.lot.is_some()),
                ("min_hours", self.min_hours.is_some()),
                ("max_hours", self.max_hours.is_some()),
            ],
        )?;
        let market = self.market.ok_or_else(|| missing("market"))?;
        let window = self.exact_window()?.ok_or_else(|| missing("window"))?.window()?;
        let time_in_force = match self.time_in_force {
            None | Some(TimeInForceBody::Gtc) => TimeInForce::Gtc,
            Some(TimeInForceBody::Ioc) => TimeInForce::Ioc,
            Some(TimeInForceBody::Fok) => TimeInForce::Fok,
            Some(TimeInForceBody::Gtd) => return Err(not_offered("time_in_force GTD")),
        };
        Ok(NewSide::Buy { market, window, time_in_force, min_gpus: self.min_gpus })
    }

    fn sell(&self) -> Result<NewSide, Problem> {
        refuse_present(
            "sell",
            &[
                ("market", self.market.is_some()),
                ("time_in_force", self.time_in_force.is_some()),
                ("min_gpus", self.min_gpus.is_some()),
            ],
        )?;
        let lot = LotId::new(self.lot.ok_or_else(|| missing("lot"))?);
        let window = self.exact_window()?.map(WindowBody::window).transpose()?;
        Ok(NewSide::Sell { lot, window, min_hours: self.min_hours, max_hours: self.max_hours })
    }

    fn exact_window(&self) -> Result<Option<WindowBody>, Problem> {
        match &self.window {
            None => Ok(None),
            Some(OrderWindowBody { start: Some(start), end: Some(end), earliest: None, latest: None, hours: None }) => {
                Ok(Some(WindowBody { start: *start, end: *end }))
            }
            Some(window) if window.earliest.is_some() || window.latest.is_some() || window.hours.is_some() => {
                Err(not_offered("A flexible window"))
            }
            Some(_) => Err(missing("window.start or window.end")),
        }
    }

    fn refuse_what_is_not_offered(&self) -> Result<(), Problem> {
        let other = |given: &Option<String>, offered: &str| given.as_ref().is_some_and(|given| given != offered);
        let wanted = [
            ("kind spot", self.kind == KindBody::Spot),
            ("markets", self.markets.is_some()),
            ("filter", self.filter.is_some()),
            ("contract", self.contract.is_some()),
            ("expires_at", self.expires_at.is_some()),
            ("post_only true", self.post_only == Some(true)),
            ("placement other than any", other(&self.placement, "any")),
            ("self_trade_prevention other than cancel_newest", other(&self.self_trade_prevention, "cancel_newest")),
            ("billing other than hours_720", other(&self.billing, "hours_720")),
        ];
        match wanted.iter().find(|(_, wanted)| *wanted) {
            Some((option, _)) => Err(not_offered(option)),
            None => Ok(()),
        }
    }
}

fn not_offered(option: &str) -> Problem {
    Problem::new(ProblemCode::NotSupported, format!("{option} is not offered yet."))
}

fn missing(field: &str) -> Problem {
    Problem::new(ProblemCode::InvalidField, format!("{field} is missing."))
}

fn refuse_present(side: &str, fields: &[(&str, bool)]) -> Result<(), Problem> {
    match fields.iter().find(|(_, present)| *present) {
        Some((field, _)) => {
            Err(Problem::new(ProblemCode::InvalidField, format!("{field} does not go with an order to {side}.")))
        }
        None => Ok(()),
    }
}

/// Place an order. Buyers buy; providers sell from their lots.
#[utoipa::path(
    operation_id = "place_order",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = NewOrderBody,
    responses(
        (status = 201, description = "Placed, with the trades it led to at once", body = OrderBody),
        (status = 200, description = "Placed before under this client_order_id", body = OrderBody),
        (status = "4XX", description = "Refused: nothing came into being", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too busy, or the outcome is unknown: repeat with the same key", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/orders")]
pub async fn place(
    caller: Caller<Trader>,
    request: HttpRequest,
    body: web::Json<NewOrderBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let role = if body.side == SideBody::Buy { Role::Buyer } else { Role::Provider };
    if caller.role != role {
        let detail =
            format!("An order to {} is for: {}.", if role == Role::Buyer { "buy" } else { "sell" }, role.as_str());
        return Err(Problem::new(ProblemCode::ForbiddenRole, detail));
    }
    let order = body.order(caller.organization)?;
    let key = idempotency_key(&request, caller.organization, &*body)?;
    match node.sequencer.submit(Instruction::PlaceOrder(order), key).await {
        Ok(receipt) => {
            let order = OrderBody::of_receipt(&receipt.rows).ok_or_else(unexpected_receipt)?;
            Ok(answer(HttpResponse::Created(), receipt.sequence, &order))
        }
        Err(SubmitError::Refused(refusal)) => match &*refusal {
            Refusal::OrderPlacedBefore { order } => {
                let order = read_order(&node, caller.organization, order.uuid(), None).await?;
                Ok(answer(HttpResponse::Ok(), node.projection.position(), &order))
            }
            refusal => Err(Problem::from(refusal)),
        },
        Err(error) => Err(Problem::from(error)),
    }
}

/// Cancel what is open of an order.
#[utoipa::path(
    operation_id = "cancel_order",
    tag = "trading",
    security(("oauth2" = ["buyer"]), ("oauth2" = ["provider"])),
    params(("order" = Uuid, Path, description = "The order's id")),
    responses(
        (status = 200, description = "Cancelled", body = OrderBody),
        (status = 404, description = "No such order of yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is not open", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[delete("/orders/{order}")]
pub async fn cancel(
    caller: Caller<Trader>,
    order: web::Path<Uuid>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = Instruction::CancelOrder { organization: caller.organization, order: OrderId::new(*order) };
    let receipt = match node.sequencer.submit(instruction, None).await {
        Err(SubmitError::Refused(refusal)) if matches!(*refusal, Refusal::OrderNotOpen) => {
            // Not open, or not there at all: the caller learns which.
            read_order(&node, caller.organization, *order, None).await?;
            return Err(Problem::from(&*refusal));
        }
        outcome => outcome?,
    };
    let Receipt { sequence, .. } = receipt;
    await_reads(&node, Some(sequence)).await?;
    let order = read_order(&node, caller.organization, *order, Some(sequence)).await?;
    Ok(answer(HttpResponse::Ok(), sequence, &order))
}
