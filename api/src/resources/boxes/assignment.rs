//! Assigning contracts of the exchange to a box.

use actix_web::{HttpRequest, HttpResponse, post, web};
use infra::node::Node;
use ledger::BoxId;
use matching::{Event, Instruction};
use uuid::Uuid;
use wire::boxes::assignment::{AssignmentBody, NewAssignmentBody};
use wire::problem::ProblemBody;

use super::seen;
use crate::auth::{BoxMaker, Caller};
use crate::problem::Problem;
use crate::request::{JsonBody, answer};
use crate::resources::{submit, unexpected_receipt};

/// Assign a contract of the exchange to a box: the box earns its hours from the next period on.
///
/// The contract is one that the sponsor sells, of no other box, and as the deal has it: GPUs, price, fee, end, and the first month, which is that
/// of the next period.
#[utoipa::path(
    operation_id = "assign_contract",
    tag = "boxes",
    security(("oauth2" = ["provider"]), ("oauth2" = ["finance"])),
    params(
        ("box" = Uuid, Path, description = "The box's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable"),
    ),
    request_body = NewAssignmentBody,
    responses(
        (status = 201, description = "Assigned", body = AssignmentBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/boxes/{box}/contracts")]
pub async fn assign(
    caller: Caller<BoxMaker>,
    id: web::Path<Uuid>,
    request: HttpRequest,
    body: JsonBody<NewAssignmentBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let id = BoxId::new(id.into_inner());
    seen(&node.view.read(), &caller, id)?;
    let instruction = Instruction::AssignContract { box_id: id, contract: body.name, by: caller.client };
    let content = (caller.client, id, &*body);
    let receipt = submit(&node, &request, caller.organization, &content, instruction).await?;
    let assigned = receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::ContractAssigned(e) => {
            Some(AssignmentBody { name: e.to.name, contract: e.contract.uuid(), from: e.from })
        }
        _ => None,
    });
    Ok(answer(HttpResponse::Created(), receipt.sequence, &assigned.ok_or_else(unexpected_receipt)?))
}
