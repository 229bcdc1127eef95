//! The resources of the API, one module each: the handlers, what they make of requests, and what they show. The types of
//! bodies and queries are in [`wire`].

pub mod account;
pub mod audit;
pub mod bank;
pub mod boxes;
pub mod budgets;
pub mod candles;
pub mod clock;
pub mod contracts;
pub mod controls;
pub mod curve;
pub mod events;
pub mod health;
pub mod invoices;
pub mod ledger;
pub mod lots;
pub mod markets;
pub mod orders;
pub mod organizations;
pub mod outages;
pub mod parked;
pub mod rate_limits;
pub mod rates;
pub mod relay;
pub mod spot;
pub mod stream;
pub mod trades;
pub mod webhooks;

use std::sync::Arc;

use ::ledger::OrganizationId;
use actix_web::HttpRequest;
use infra::journal::LogRow;
use infra::node::Node;
use infra::read_models::Recorded;
use infra::sequencer::Receipt;
use matching::Instruction;
use serde::Serialize;

use crate::problem::Problem;
use crate::request::idempotency_key;

/// Submits what a request asks for, under its idempotency key if it has one.
async fn submit<T: Serialize>(
    node: &Node,
    request: &HttpRequest,
    organization: OrganizationId,
    content: &T,
    instruction: Instruction,
) -> Result<Receipt, Problem> {
    let key = idempotency_key(request, organization, content)?;
    Ok(node.sequencer.submit(instruction, key).await?)
}

/// An accepted instruction whose events are not what they must be.
pub(crate) fn unexpected_receipt() -> Problem {
    Problem::internal(&"an accepted instruction has no event of its kind")
}

/// The first record that these events brought into being, as it began.
pub(crate) fn begun<T: Recorded>(rows: &[Arc<LogRow>]) -> Result<T, Problem> {
    rows.iter().find_map(|row| T::begun_by(&row.record).into_iter().next()).ok_or_else(unexpected_receipt)
}
