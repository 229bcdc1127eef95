//! What a box's deal comes to, by its terms and otherwise.

use actix_web::{HttpResponse, get, post, web};
use infra::node::Node;
use ledger::deal::{Deal, Standing, WhatIf};
use ledger::{Amount, BoxId};
use matching::MarketId;
use uuid::Uuid;
use wire::boxes::projection::{ProjectionQuery, ProjectionStart, SpotRenewal, WhatIfBody, WhatIfsBody};
use wire::problem::ProblemBody;

use super::seen;
use crate::auth::{BoxReader, Caller};
use crate::boxes::ProjectionFormat;
use crate::computing::Computing;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, SEQUENCE_HEADER, await_reads};

/// The most what-ifs at once.
const WHAT_IFS_MAX: usize = 50;

async fn resolved(asked: WhatIfBody, node: &Node) -> Result<WhatIf, Problem> {
    match asked {
        WhatIfBody::AsGiven(given) => Ok(given),
        WhatIfBody::AtSpotIndex { renewal: SpotRenewal { gpus, market, utilization, months } } => {
            let price = spot_index(node, market).await?;
            Ok(WhatIf::Renewal { gpus, price, utilization, months })
        }
    }
}

/// A box's deal rolled forward over the contracts that remain, by its terms.
#[utoipa::path(
    operation_id = "get_projection",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["lender"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("box" = Uuid, Path, description = "The box's id"), ProjectionQuery),
    responses(
        (status = 200, description = "The projection", content((Object = "application/json"), (String = "text/csv"), (String = "image/svg+xml"))),
        (status = 404, description = "No such box", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[get("/boxes/{box}/projection")]
pub async fn show(
    caller: Caller<BoxReader>,
    id: web::Path<Uuid>,
    query: web::Query<ProjectionQuery>,
    node: web::Data<Node>,
    computing: web::Data<Computing>,
) -> Result<HttpResponse, Problem> {
    projected(&caller, id.into_inner(), &query, Vec::new(), &node, &computing).await
}

/// A box's deal rolled forward with what-ifs. Nothing is kept of it.
#[utoipa::path(
    operation_id = "project_what_ifs",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["lender"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
    params(("box" = Uuid, Path, description = "The box's id"), ProjectionQuery),
    request_body = WhatIfsBody,
    responses(
        (status = 200, description = "The projection", content((Object = "application/json"), (String = "text/csv"), (String = "image/svg+xml"))),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/projection")]
pub async fn what_if(
    caller: Caller<BoxReader>,
    id: web::Path<Uuid>,
    query: web::Query<ProjectionQuery>,
    body: JsonBody<WhatIfsBody>,
    node: web::Data<Node>,
    computing: web::Data<Computing>,
) -> Result<HttpResponse, Problem> {
    let asked = body.into_inner().what_ifs;
    if asked.len() > WHAT_IFS_MAX {
        let why = format!("There are more than {WHAT_IFS_MAX} what-ifs.");
        return Err(Problem::new(ProblemCode::DealInvalid, why));
    }
    seen(&node.view.read(), &caller, BoxId::new(*id))?;
    let mut what_ifs = Vec::with_capacity(asked.len());
    for what_if in asked {
        what_ifs.push(resolved(what_if, &node).await?);
    }
    projected(&caller, id.into_inner(), &query, what_ifs, &node, &computing).await
}

/// The auctions whose prices make the spot index of a projection: those of 30 days.
const INDEX_AUCTIONS: u32 = 720;

/// What an hour of a GPU cost in a market by the hour of late.
async fn spot_index(node: &Node, market: MarketId) -> Result<Amount, Problem> {
    if node.view.read().venue().market(market).is_none() {
        return Err(Problem::not_found("market"));
    }
    await_reads(node, None).await?;
    let index = node.read_models.prices(market).spot_average(INDEX_AUCTIONS).await?;
    let unpriced = || {
        Problem::new(ProblemCode::DealInvalid, format!("{market} has no spot index yet: nothing was sold by the hour."))
    };
    index.ok_or_else(unpriced)
}

async fn projected(
    caller: &Caller<BoxReader>,
    id: Uuid,
    &ProjectionQuery { format, from }: &ProjectionQuery,
    what_ifs: Vec<WhatIf>,
    node: &Node,
    computing: &Computing,
) -> Result<HttpResponse, Problem> {
    let format = ProjectionFormat::from(format);
    let (deal, after, standing, sequence) = {
        let exchange = node.view.read();
        let record = seen(&exchange, caller, BoxId::new(id))?;
        let deal = record.deal().ok_or_else(|| Problem::not_found("box"))?.fixed_at(exchange.rates()).into_owned();
        let life = record.life.as_ref().filter(|_| matches!(from, ProjectionStart::Standing));
        let (after, standing) = match life {
            Some(life) => (life.runs.len(), life.standing.clone()),
            None => (0, Standing::at_closing(&deal)),
        };
        (deal, after, standing, exchange.sequence())
    };
    let text =
        computing.alone(caller.organization, move || tell(&deal, (after, &standing), &what_ifs, format)).await??;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((SEQUENCE_HEADER, sequence.to_string())).content_type(format.media_type());
    Ok(answer.body(text))
}

fn tell(
    deal: &Deal,
    (after, standing): (usize, &Standing),
    what_ifs: &[WhatIf],
    format: ProjectionFormat,
) -> Result<String, Problem> {
    let refused = |why: String| Problem::new(ProblemCode::DealInvalid, why);
    let projection = deal
        .project_from(after, standing, what_ifs)
        .map_err(|invalid| refused(format!("The what-ifs are not possible: {invalid}.")))?;
    format.tell(deal, &projection).map_err(|error| Problem::internal(&error))
}
