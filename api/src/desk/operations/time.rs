//! The clock.

use ledger::Instant;
use wire::clock::{ClockBody, NewClockBody};

use crate::desk::Desk;
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::resources::clock::check_step;

pub(in crate::desk) fn show(desk: &mut Desk, _: &Request) -> Result<Answer, Problem> {
    Answer::ok(&ClockBody { now: desk.now, simulated: true })
}

pub(in crate::desk) fn set(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let NewClockBody { now } = request.body()?;
    // A run begins at the epoch: the first step is to where it plays.
    if desk.now > Instant::EPOCH {
        check_step(desk.now, now)?;
    }
    desk.move_to(now);
    show(desk, request)
}
