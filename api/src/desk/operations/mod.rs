//! What each operation does at the desk, by resource: bodies are those of [`crate::resources`], state is the run's.

pub(super) mod account;
pub(super) mod controls;
pub(super) mod events;
pub(super) mod ledger;
pub(super) mod lots;
pub(super) mod markets;
pub(super) mod orders;
pub(super) mod outages;
pub(super) mod statements;
pub(super) mod time;
pub(super) mod trades;

use wire::page::{Page, PageQuery};

use super::Desk;
use crate::problem::{Problem, ProblemCode};
use crate::request::PageSpan;

/// A list that has no next page.
fn whole<T>(data: Vec<T>) -> Page<T> {
    Page { data, next_cursor: None }
}

/// The span of a list that includes everything up to `min_sequence`.
fn span_of(desk: &Desk, query: &PageQuery) -> Result<PageSpan, Problem> {
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    await_reads(desk, query.min_sequence)?;
    Ok(span)
}

/// What has not happened yet cannot be waited for here.
fn await_reads(desk: &Desk, min_sequence: Option<u64>) -> Result<(), Problem> {
    let (sequence, needed) = (desk.exchange.sequence(), min_sequence.unwrap_or(0));
    if needed <= sequence {
        return Ok(());
    }
    let detail = format!("The read models are at {sequence}, the request needs {needed}.");
    Err(Problem::new(ProblemCode::NotCaughtUp, detail))
}
