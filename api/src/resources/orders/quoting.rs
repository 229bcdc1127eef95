//! Quotes: what an order would do, with an order that does it.

use actix_web::{HttpResponse, post, web};
use infra::node::Node;
use ledger::{Instant, OrganizationId};
use matching::{Exchange, Quote, QuotedTrade, Refusal};
use wire::orders::NewOrderBody;
use wire::problem::ProblemBody;
use wire::quotes::{BlockedBody, FillableBody, QuoteBody, QuotedTradeBody, UnfillableBody};
use wire::window::WindowBody;

use super::request::{filling, new_order, quote_request};
use crate::auth::{BuyerOnly, Caller};
use crate::average_price::average_price;
use crate::computing::Computing;
use crate::problem::Problem;
use crate::request::{JsonBody, answer};

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
        Ok::<_, Problem>((exchange.sequence(), quote(exchange, body.into_inner(), organization, now)?))
    };
    let (sequence, quote) = computing.with_state(organization, ask).await??;
    Ok(answer(HttpResponse::Ok(), sequence, &quote))
}

/// What the exchange answers at `now` to an organization that asks.
pub(crate) fn quote(
    exchange: &Exchange,
    request: NewOrderBody,
    organization: OrganizationId,
    now: Instant,
) -> Result<QuoteBody, Problem> {
    let quote =
        exchange.quote(&quote_request(&request, organization)?, now).map_err(|refusal| Problem::from(&refusal))?;
    match quote {
        Quote::Unfillable(unfilled) => {
            Ok(QuoteBody::Unfillable(UnfillableBody { fillable: false, unfilled: unfilled.into() }))
        }
        Quote::Fillable { window, currency, limit_price, amount, fees, trades } => {
            let gpus: u32 = trades.iter().map(|trade| trade.gpus).sum();
            let window = WindowBody::from(window);
            let gpu_hours = i128::from(gpus) * i128::from(window.end.hours() - window.start.hours());
            let shown = |trade: &QuotedTrade| {
                let QuotedTrade { market, lot, gpus, price } = *trade;
                QuotedTradeBody { market, lot: lot.uuid(), gpus, price }
            };
            let order = filling(request, limit_price, window);
            let blocked_by = exchange.check_bid(&new_order(&order, organization)?, now).err();
            Ok(QuoteBody::Fillable(Box::new(FillableBody {
                fillable: true,
                gpus,
                average_price: average_price(amount, gpu_hours).unwrap_or(limit_price),
                currency,
                total: amount + fees,
                fees,
                window,
                trades: trades.iter().map(shown).collect(),
                order,
                blocked_by: blocked_by.as_ref().map(blocked_body),
            })))
        }
    }
}

fn blocked_body(refusal: &Refusal) -> BlockedBody {
    let problem = Problem::from(refusal);
    BlockedBody { code: problem.code().code().into(), detail: problem.detail().to_owned() }
}
