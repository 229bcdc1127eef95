//! Organizations and their API clients.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, post, web};
use infra::journal::LogRow;
use infra::node::Node;
use ledger::OrganizationId;
use matching::{Event, Instruction};
use wire::organizations::{NewClient, NewClientBody, OrganizationBody};
use wire::problem::ProblemBody;

use super::{submit, unexpected_receipt};
use crate::auth::{Caller, ClientError, OperatorOnly, create_client};
use crate::label::label;
use crate::problem::{Problem, ProblemCode};
use crate::request::{JsonBody, answer};

/// Admit an organization.
#[utoipa::path(
    operation_id = "admit_organization",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable")),
    request_body = OrganizationBody,
    responses(
        (status = 201, description = "Admitted", body = OrganizationBody),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/organizations")]
pub async fn register(
    caller: Caller<OperatorOnly>,
    request: HttpRequest,
    body: JsonBody<OrganizationBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let receipt = submit(&node, &request, caller.organization, &*body, organization_instruction(&body)?).await?;
    Ok(answer(HttpResponse::Created(), receipt.sequence, &organization_of_receipt(&receipt.rows)?))
}

/// The organization that was admitted.
pub(crate) fn organization_of_receipt(rows: &[Arc<LogRow>]) -> Result<OrganizationBody, Problem> {
    let admitted = rows.iter().find_map(|row| match &row.record.event {
        Event::OrganizationRegistered(admitted) => Some(admitted),
        _ => None,
    });
    let admitted = admitted.ok_or_else(unexpected_receipt)?;
    Ok(OrganizationBody { id: admitted.organization, name: admitted.name.to_string() })
}

/// What a body asks for.
pub(crate) fn organization_instruction(body: &OrganizationBody) -> Result<Instruction, Problem> {
    Ok(Instruction::RegisterOrganization { organization: body.id, name: label("name", &body.name)? })
}

/// Create an API client of an organization. Its secret is shown this once.
#[utoipa::path(
    operation_id = "create_client",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    params(("organization" = String, Path, description = "The organization's id")),
    request_body = NewClientBody,
    responses(
        (status = 201, description = "Created", body = NewClient),
        (status = "4XX", description = "Refused", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/organizations/{organization}/clients")]
pub async fn create(
    _caller: Caller<OperatorOnly>,
    organization: web::Path<OrganizationId>,
    body: JsonBody<NewClientBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let organization = organization.into_inner();
    if node.view.read().organization(organization).is_none() {
        return Err(Problem::not_found("organization"));
    }
    let client = create_client(&node.database, organization, body.role).await.map_err(|error| match error {
        ClientError::RoleNotForOrganization(_) => Problem::new(ProblemCode::ClientRoleInvalid, format!("{error}.")),
        ClientError::Pool(error) => Problem::from(error),
        ClientError::Database(error) => Problem::from(error),
        ClientError::Randomness | ClientError::Busy => Problem::internal(&error),
    })?;
    Ok(HttpResponse::Created().json(client))
}
