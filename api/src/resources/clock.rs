//! The exchange's clock, which an operator can move when it is simulated.

use actix_web::{HttpResponse, get, post, web};
use infra::node::Node;
use infra::{Clock, ConfirmError};
use ledger::Instant;
use matching::{Instruction, Refusal};
use wire::clock::{ClockBody, ConfirmedTimeBody, NewClockBody};
use wire::problem::ProblemBody;

use crate::auth::{Anyone, Caller, OperatorOnly};
use crate::problem::{Problem, ProblemCode, sentence};
use crate::request::{JsonBody, answer};

/// How far the clock moves at once: twenty years of hours. Time never goes back, so a mistyped year would be for ever.
const STEP_HOURS_MAX: u32 = 175_320;

/// The exchange's present.
#[utoipa::path(
    operation_id = "get_clock",
    tag = "market data",
    security(("oauth2" = [])),
    responses((status = 200, description = "The clock", body = ClockBody)),
)]
#[get("/clock")]
pub async fn show(_caller: Caller<Anyone>, node: web::Data<Node>) -> HttpResponse {
    answer(HttpResponse::Ok(), node.log.head(), &clock(&node))
}

/// Move a simulated clock forward. Answers when all that falls due by then has happened.
#[utoipa::path(
    operation_id = "move_clock",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    request_body = NewClockBody,
    responses(
        (status = 200, description = "Moved", body = ClockBody),
        (status = 409, description = "The clock is real", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The instant has passed", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/clock")]
pub async fn set(
    _caller: Caller<OperatorOnly>,
    body: JsonBody<NewClockBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    if !node.clock.is_simulated() {
        return Err(Problem::new(ProblemCode::ClockIsReal, "This exchange follows the machine's clock."));
    }
    check_step(node.clock.now(), body.now)?;
    node.clock.move_to(body.now);
    // Decided in the queue's order, after everything that fell due before it.
    let receipt = node.sequencer.submit(Instruction::Advance, None).await?;
    Ok(answer(HttpResponse::Ok(), receipt.sequence, &clock(&node)))
}

/// Confirm the machine's clock, so that time goes on.
///
/// Time stands still where the machine's clock jumps or contradicts the log. What has fallen due meanwhile happens then, except spot
/// auctions whose gate has passed.
#[utoipa::path(
    operation_id = "confirm_clock",
    tag = "operator",
    security(("oauth2" = ["operator"])),
    request_body = ConfirmedTimeBody,
    responses(
        (status = 204, description = "Confirmed: time goes on within moments"),
        (status = 409, description = "Time does not stand still", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The machine's clock says something else", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/clock/confirm")]
pub async fn confirm(
    _caller: Caller<OperatorOnly>,
    body: JsonBody<ConfirmedTimeBody>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Problem> {
    let outcome = match &node.clock {
        Clock::System(clock) => clock.confirm(body.now),
        Clock::Simulated(_) => Err(ConfirmError::NotHeld),
    };
    outcome.map_err(|error| {
        let code = match error {
            ConfirmError::NotHeld => ProblemCode::ClockNotHeld,
            ConfirmError::Differs { .. } => ProblemCode::ClockDiffers,
        };
        Problem::new(code, sentence(&error.to_string()))
    })?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whether the clock moves from `now` to `to` at once.
pub(crate) fn check_step(now: Instant, to: Instant) -> Result<(), Problem> {
    check_not_passed(now, to)?;
    if to.micros() - now.micros() > i64::from(STEP_HOURS_MAX) * 3_600_000_000 {
        return Err(Problem::from(&Refusal::TimeTooFar { now, hours: STEP_HOURS_MAX }));
    }
    Ok(())
}

/// Whether `to` has not passed at `now`.
pub(crate) fn check_not_passed(now: Instant, to: Instant) -> Result<(), Problem> {
    if to < now { Err(Problem::from(&Refusal::TimePassed { now })) } else { Ok(()) }
}

fn clock(node: &Node) -> ClockBody {
    ClockBody { now: node.clock.now(), simulated: node.clock.is_simulated() }
}
