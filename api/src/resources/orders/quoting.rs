//! Quotes: what an order would do, with an order that does it.

use actix_web::{HttpResponse, post, web};
use infra::node::Node;
use ledger::{Amount, Currency, Instant, OrganizationId};
use matching::{Exchange, MarketId, Price, Quote, QuotedTrade, Refusal};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use wire::problem::ProblemBody;
use wire::window::WindowBody;

use super::body::UnfilledBody;
use super::request::NewOrderBody;
use crate::auth::{BuyerOnly, Caller};
use crate::average_price::average_price;
use crate::computing::Computing;
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

/// What an order would do if it came now.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum QuoteBody {
    /// It would fill whole.
    Fillable(Box<FillableBody>),
    /// It would not.
    Unfillable(UnfillableBody),
}

/// An order that would fill whole.
#[derive(Serialize, ToSchema)]
pub struct FillableBody {
    /// True.
    fillable: bool,
    /// How many GPUs.
    gpus: u32,
    /// The average price of its trades.
    #[schema(value_type = String)]
    average_price: Price,
    /// What amounts are in.
    #[schema(value_type = String)]
    currency: Currency,
    /// What you would pay for the whole window, fees included.
    #[schema(value_type = String)]
    total: Amount,
    /// The fees in it.
    #[schema(value_type = String)]
    fees: Amount,
    /// The hours that you would get.
    window: WindowBody,
    /// The trades, best first.
    trades: Vec<QuotedTradeBody>,
    /// The order, ready to post: while the book is as it is, it fills at this price, unless something blocks it.
    order: NewOrderBody,
    /// Why the order would be refused all the same if you posted it now; absent when it would not.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<BlockedBody>,
}

/// What keeps an order that would fill from being placed: money, a limit, a price band, a suspension.
#[derive(Serialize, ToSchema)]
pub struct BlockedBody {
    /// The code of the problem that posting the order would be answered with.
    #[schema(value_type = String, example = "insufficient_funds")]
    code: &'static str,
    /// The cause in a sentence.
    detail: String,
}

/// A trade that an order would make.
#[derive(Serialize, ToSchema)]
pub struct QuotedTradeBody {
    /// Where.
    #[schema(value_type = String)]
    market: MarketId,
    /// The lot that would serve it.
    lot: Uuid,
    /// How many GPUs.
    gpus: u32,
    /// Per GPU-hour.
    #[schema(value_type = String)]
    price: Price,
}

/// An order that would not fill whole.
#[derive(Serialize, ToSchema)]
pub struct UnfillableBody {
    /// False.
    fillable: bool,
    /// Why not, and what would.
    unfilled: UnfilledBody,
}

/// Ask what an order to buy for a term would do now. The limit may be left out. Nothing is held or promised.
///
/// A post-only order that would trade at once is not fillable, for the reason `post_only`.
#[utoipa::path(
    operation_id = "quote",
    tag = "trading",
    security(("oauth2" = ["buyer"])),
    request_body = NewOrderBody,
    responses(
        (status = 200, description = "What it would do", body = QuoteBody),
        (status = "4XX", description = "Such an order would be refused", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too busy", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/quotes")]
pub async fn ask(
    caller: Caller<BuyerOnly>,
    body: JsonBody<NewOrderBody>,
    node: web::Data<Node>,
    computing: web::Data<Computing>,
) -> Result<HttpResponse, Problem> {
    let (now, organization) = (node.clock.now(), caller.organization);
    let ask = move |exchange: &Exchange| {
        Ok::<_, Problem>((exchange.sequence(), QuoteBody::ask(exchange, body.into_inner(), organization, now)?))
    };
    let (sequence, quote) = computing.with_state(organization, ask).await??;
    Ok(answer(HttpResponse::Ok(), sequence, &quote))
}

impl QuoteBody {
    /// What the exchange answers at `now` to an organization that asks.
    pub(crate) fn ask(
        exchange: &Exchange,
        request: NewOrderBody,
        organization: OrganizationId,
        now: Instant,
    ) -> Result<Self, Problem> {
        let quote = exchange.quote(&request.quote(organization)?, now).map_err(|refusal| Problem::from(&refusal))?;
        match quote {
            Quote::Unfillable(unfilled) => {
                Ok(Self::Unfillable(UnfillableBody { fillable: false, unfilled: unfilled.into() }))
            }
            Quote::Fillable { window, currency, limit_price, amount, fees, trades } => {
                let gpus: u32 = trades.iter().map(|trade| trade.gpus).sum();
                let window = WindowBody::from(window);
                let gpu_hours = i128::from(gpus) * i128::from(window.end.hours() - window.start.hours());
                let shown = |trade: &QuotedTrade| {
                    let QuotedTrade { market, lot, gpus, price } = *trade;
                    QuotedTradeBody { market, lot: lot.uuid(), gpus, price }
                };
                let order = request.filling(limit_price, window);
                let blocked_by = exchange.check_bid(&order.order(organization)?, now).err();
                Ok(Self::Fillable(Box::new(FillableBody {
                    fillable: true,
                    gpus,
                    average_price: average_price(amount, gpu_hours).unwrap_or(limit_price),
                    currency,
                    total: amount + fees,
                    fees,
                    window,
                    trades: trades.iter().map(shown).collect(),
                    order,
                    blocked_by: blocked_by.as_ref().map(BlockedBody::from),
                })))
            }
        }
    }
}

impl From<&Refusal> for BlockedBody {
    fn from(refusal: &Refusal) -> Self {
        let problem = Problem::from(refusal);
        Self { code: problem.code().code(), detail: problem.detail().to_owned() }
    }
}
