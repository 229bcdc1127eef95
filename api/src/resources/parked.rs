//! What fell due and could not be carried out, as an operator sees it.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use infra::node::Node;
use ledger::{BoxId, ContractId};
use matching::{Hour, Instruction, LotId, MarketId, OrderId, Parked, ParkedDue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wire::page::Page;
use wire::problem::ProblemBody;

use super::submit;
use crate::auth::{AuditorOrOperator, Caller, OperatorOnly};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

/// Something that falls due by itself.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ParkedDueBody {
    /// Deliveries and charges of a contract.
    Contract {
        /// Parked whole: nothing of it is charged or delivered until it is resumed.
        contract: Uuid,
    },
    /// What is left to deliver of an hour that a market sold by the hour.
    SpotHour {
        /// Where the hour was sold. Other hours of the market are delivered.
        #[schema(value_type = String)]
        market: MarketId,
        /// When the hour starts. It was due when it ended.
        #[schema(value_type = String, format = DateTime)]
        hour: Hour,
    },
    /// An order's end at its own time.
    Expiry {
        /// Still at rest, with its hold, though its time is over.
        order: Uuid,
    },
    /// A lot's end.
    LotEnd {
        /// Still listed, though its window has ended.
        lot: Uuid,
    },
    /// The waterfall runs that a box starts by itself.
    BoxRun {
        /// No run of this box starts by itself until it is resumed.
        #[serde(rename = "box")]
        box_id: Uuid,
    },
    /// A market's auctions.
    Auction {
        /// No gate of this market holds an auction until it is resumed.
        #[schema(value_type = String)]
        market: MarketId,
    },
    /// What a command left unfinished.
    Work {
        /// The sequence of the event that recorded it, such as `orders_ending` or `sweep_paused`.
        begun: u64,
    },
}

impl From<ParkedDue> for ParkedDueBody {
    fn from(due: ParkedDue) -> Self {
        match due {
            ParkedDue::Contract { contract } => Self::Contract { contract: contract.uuid() },
            ParkedDue::SpotHour { market, hour } => Self::SpotHour { market, hour },
            ParkedDue::Expiry { order } => Self::Expiry { order: order.uuid() },
            ParkedDue::LotEnd { lot } => Self::LotEnd { lot: lot.uuid() },
            ParkedDue::BoxRun { box_id } => Self::BoxRun { box_id: box_id.uuid() },
            ParkedDue::Auction { market } => Self::Auction { market },
            ParkedDue::Work { begun } => Self::Work { begun },
        }
    }
}

impl From<ParkedDueBody> for ParkedDue {
    fn from(due: ParkedDueBody) -> Self {
        match due {
            ParkedDueBody::Contract { contract } => Self::Contract { contract: ContractId::new(contract) },
            ParkedDueBody::SpotHour { market, hour } => Self::SpotHour { market, hour },
            ParkedDueBody::Expiry { order } => Self::Expiry { order: OrderId::new(order) },
            ParkedDueBody::LotEnd { lot } => Self::LotEnd { lot: LotId::new(lot) },
            ParkedDueBody::BoxRun { box_id } => Self::BoxRun { box_id: BoxId::new(box_id) },
            ParkedDueBody::Auction { market } => Self::Auction { market },
            ParkedDueBody::Work { begun } => Self::Work { begun },
        }
    }
}

/// Something that was set aside.
#[derive(Serialize, ToSchema)]
pub struct ParkedBody {
    /// What is set aside; the body of a request that resumes it.
    due: ParkedDueBody,
    /// When it was set aside: the time of the event `due_parked`.
    #[schema(value_type = String, format = DateTime)]
    since: ledger::Instant,
    /// The id of the invariant that carrying it out would break. Metrics and the audit count it under the same id.
    #[schema(example = "line_in_range")]
    invariant: String,
    /// What always holds by that invariant, as a sentence; empty for one that this release does not know.
    statement: &'static str,
}

impl ParkedBody {
    fn of((due, parked): (ParkedDue, &Parked)) -> Self {
        let statement = ledger::Invariant::find(&parked.invariant).map_or("", ledger::Invariant::statement);
        Self { due: due.into(), since: parked.since, invariant: parked.invariant.clone(), statement }
    }
}

/// What fell due and could not be carried out, because it would have broken an invariant. Everything else goes on. A contract in this list
/// is neither charged nor delivered, and its month cannot be closed.
#[utoipa::path(
    operation_id = "list_parked",
    tag = "operator",
    security(("oauth2" = ["auditor"]), ("oauth2" = ["operator"])),
    responses((status = 200, description = "What is set aside", body = Page<ParkedBody>)),
)]
#[get("/parked")]
pub async fn list(_caller: Caller<AuditorOrOperator>, node: web::Data<Node>) -> HttpResponse {
    let exchange = node.view.read();
    let data = exchange.parked().map(ParkedBody::of).collect();
    answer(HttpResponse::Ok(), exchange.sequence(), &Page { data, next_cursor: None })
}

/// Let something that was set aside fall due again, once its cause is mended. What would still break an invariant is set aside again.
#[utoipa::path(
    operation_id = "resume_parked",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = ParkedDueBody,
    responses(
        (status = 200, description = "It falls due again", body = ParkedDueBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/parked/resume")]
pub async fn resume(
    caller: Caller<OperatorOnly>,
    request: HttpRequest,
    body: JsonBody<ParkedDueBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let instruction = Instruction::ResumeDue { due: (*body).into(), by: caller.client };
    let content = (caller.client, &*body);
    let sequence = submit(&node, &request, caller.organization, &content, instruction).await?.sequence;
    Ok(answer(HttpResponse::Ok(), sequence, &*body))
}
