//! What a box's deal comes to, by its terms and otherwise.

use actix_web::{HttpResponse, get, post, web};
use infra::node::Node;
use ledger::BoxId;
use ledger::deal::{Deal, WhatIf};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::seen;
use crate::auth::{BoxReader, Caller};
use crate::boxes::ProjectionFormat;
use crate::problem::{Problem, ProblemBody, ProblemCode};
use crate::request::SEQUENCE_HEADER;

/// The most what-ifs at once.
const WHAT_IFS_MAX: usize = 50;

/// How a projection is told.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProjectionQuery {
    /// `json`, `csv` or `svg`; `json` when not given.
    #[serde(default)]
    format: ProjectionFormat,
}

/// How things go otherwise than by the terms.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIfsBody {
    /// At most 50, all at once, as `docs/boxes.md` has them.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    what_ifs: Vec<WhatIf>,
}

/// A box's deal rolled forward over its contracts by its terms.
#[utoipa::path(
    operation_id = "get_projection",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
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
) -> Result<HttpResponse, Problem> {
    projected(&caller, id.into_inner(), query.format, Vec::new(), &node).await
}

/// A box's deal rolled forward with what-ifs. Nothing is kept of it.
#[utoipa::path(
    operation_id = "project_what_ifs",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["finance"]), ("oauth2" = ["operator"]), ("oauth2" = ["auditor"])),
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
    body: web::Json<WhatIfsBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    projected(&caller, id.into_inner(), query.format, body.into_inner().what_ifs, &node).await
}

async fn projected(
    caller: &Caller<BoxReader>,
    id: Uuid,
    format: ProjectionFormat,
    what_ifs: Vec<WhatIf>,
    node: &Node,
) -> Result<HttpResponse, Problem> {
    let (deal, sequence) = {
        let exchange = node.view.read();
        let record = seen(&exchange, caller, BoxId::new(id))?;
        (record.deal().cloned().ok_or_else(|| Problem::not_found("box"))?, exchange.sequence())
    };
    let text =
        web::block(move || tell(&deal, &what_ifs, format)).await.map_err(|error| Problem::internal(&error))??;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((SEQUENCE_HEADER, sequence.to_string())).content_type(format.media_type());
    Ok(answer.body(text))
}

fn tell(deal: &Deal, what_ifs: &[WhatIf], format: ProjectionFormat) -> Result<String, Problem> {
    let refused = |why: String| Problem::new(ProblemCode::DealInvalid, why);
    if what_ifs.len() > WHAT_IFS_MAX {
        return Err(refused(format!("There are more than {WHAT_IFS_MAX} what-ifs.")));
    }
    let projection =
        deal.project(what_ifs).map_err(|invalid| refused(format!("The what-ifs are not possible: {invalid}.")))?;
    format.tell(deal, &projection).map_err(|error| Problem::internal(&error))
}
