//! The desk: the exchange in memory, worked by commands in a file instead of requests over HTTP.
//!
//! It promises the bodies, the problems and the role checks of the API, because it uses the API's own types for them, and the same
//! bytes for the same file: ids derive from the line's number and time from the line itself. What HTTP answers from read models
//! is folded from the run's own log here. It knows no clock, no network and no database.
//!
//! - `line`: what goes in and what comes out; `names`: what a line has named for later ones.
//! - `request`, `routes`: a line as a request, and which operation it is for.
//! - `operations`: what each does, by resource.
//! - `log`, `history`: the events and entries of the run, and what they come to.

mod history;
mod line;
mod log;
mod names;
mod operations;
mod request;
mod routes;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io::{BufRead, Write};
use std::sync::Arc;

use infra::journal::LogRow;
use ledger::{Instant, OrganizationId};
use matching::{Command, CommandId, DueStep, Exchange, Instruction, Refusal, Width};
use uuid::Uuid;

use crate::problem::{Problem, REQUEST_ID};
use crate::resources::clock::check_not_passed;
use history::History;
use line::{AnswerLine, ClosingLine, CommandLine};
use log::RunLog;
use names::Names;
use request::Answer;

/// Carries out the commands of `input`, one a line, and writes an answer for each, and at last the hash of the state.
///
/// # Errors
/// The operating system's error when `input` cannot be read or `output` not be written; never what became of a command.
pub fn run(input: impl BufRead, output: &mut impl Write) -> std::io::Result<()> {
    let mut desk = Desk::default();
    for (number, line) in (1..).zip(input.split(b'\n')) {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = desk.answer(number, &line);
        write_line(output, &answer)?;
    }
    let state_hash = desk.exchange.state_hash().to_string();
    write_line(output, &ClosingLine { state_hash, sequence: desk.exchange.sequence() })
}

/// Whoever works through a pipe sees each answer as it is given.
fn write_line(output: &mut impl Write, line: &impl serde::Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")?;
    output.flush()
}

/// An exchange in memory with its log.
#[derive(Default)]
struct Desk {
    exchange: Exchange,
    log: RunLog,
    history: History,
    names: Names,
    /// The present, which only the commands move.
    now: Instant,
    /// The number of the line that is carried out.
    line: u64,
    /// How many commands that line has led to.
    commands: u16,
}

impl Desk {
    /// Carries out one line.
    fn answer(&mut self, number: u64, line: &[u8]) -> AnswerLine {
        (self.line, self.commands) = (number, 0);
        let first = self.log.rows().len();
        REQUEST_ID.sync_scope(RefCell::new(number.to_string()), || {
            let answer = self.carry_out(line).unwrap_or_else(|problem| Answer::from(&problem));
            AnswerLine::new(answer, &self.log.rows()[first..])
        })
    }

    fn carry_out(&mut self, line: &[u8]) -> Result<Answer, Problem> {
        let CommandLine { at, organization, role, operation, body, name } = CommandLine::read(line)?;
        if let Some(at) = at {
            check_not_passed(self.now, at)?;
            self.move_to(at);
        }
        if let Some(organization) = organization {
            self.admit(organization)?;
        }
        let (route, request) = routes::of_line(&self.names, &operation, (organization, role), body)?;
        let answer = (route.operation)(self, &request)?;
        if let Some(name) = name {
            self.names.give(name, &answer.body);
        }
        Ok(answer)
    }

    /// Lets time pass up to `to`, and what falls due on the way happen.
    fn move_to(&mut self, to: Instant) {
        self.now = to;
        let id = self.next_command();
        let whole = DueStep::to(to);
        let mut step = whole;
        loop {
            let before = self.log.rows().len();
            match self.exchange.advance(step, id, &mut self.log) {
                Ok(true) => {}
                Ok(false) => break,
                // What fails as a part of more is tried alone, and what fails alone is set aside, as a server does.
                Err(_) if step.width == Width::Whole => {
                    self.take_back(before);
                    step.width = Width::One;
                }
                Err(violation) => {
                    self.take_back(before);
                    if self.exchange.park(to, violation.invariant, id, &mut self.log).is_err() {
                        self.take_back(before);
                        break;
                    }
                    step = whole;
                }
            }
        }
        self.history.follow(&self.log);
    }

    /// Goes back to where the log had so many events, after a decision that met what must never be.
    fn take_back(&mut self, events: usize) {
        self.log.truncate(events);
        let limits = self.exchange.limits();
        self.exchange = Exchange::new();
        self.exchange.set_limits(limits);
        for row in self.log.rows() {
            if row.follow(&mut self.exchange).is_err() {
                break;
            }
        }
    }

    /// Admits an organization that was not there before.
    fn admit(&mut self, organization: OrganizationId) -> Result<(), Problem> {
        if self.exchange.organization(organization).is_none() {
            self.submit(Instruction::RegisterOrganization { organization, name: organization.into() })?;
        }
        Ok(())
    }

    /// Has an instruction decided, and hands back the events that it led to.
    fn submit(&mut self, instruction: Instruction) -> Result<Vec<Arc<LogRow>>, Problem> {
        self.decide(instruction).map_err(|refusal| Problem::from(&refusal))
    }

    /// Has an instruction decided; the refusal is the exchange's own.
    fn decide(&mut self, instruction: Instruction) -> Result<Vec<Arc<LogRow>>, Refusal> {
        let command = Command { id: self.next_command(), at: self.now, instruction };
        let first = self.log.rows().len();
        let outcome = self.exchange.execute(&command, &mut self.log);
        if self.exchange.violation().is_some() {
            self.take_back(first);
        }
        self.history.follow(&self.log);
        outcome.map(|()| self.log.rows()[first..].to_vec())
    }

    /// The id of the line's next command: a UUIDv7 of the present, with the line's number and the command's place in the line
    /// where others are random. What the command brings into being derives its ids from this one.
    fn next_command(&mut self) -> CommandId {
        let millis = u64::try_from(self.now.micros() / 1_000).unwrap_or(0);
        let mut tail = [0; 10];
        tail[..2].copy_from_slice(&self.commands.to_be_bytes());
        tail[2..].copy_from_slice(&self.line.to_be_bytes());
        self.commands += 1;
        let id: Uuid = uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid();
        CommandId::new(id)
    }
}
