//! Facts and the rule that posts each of them.
//!
//! A fact is something that happened, in the ledger's own terms; the exchange turns its events into facts. Every kind
//! of fact has exactly one [`PostingRule`](crate::posting_rule::PostingRule), and a rule whose lines change gets a new
//! version, so that an entry can always be recomputed from its event and its rule. This crate's tests write
//! `docs/posting-rules.md`.

mod box_lines;
mod fact;
mod lines;

use smallvec::SmallVec;

use crate::calendar::Day;
use crate::entry::{Entry, Unbalanced};
use crate::money::Currency;

pub use fact::{
    Accrual, CashMove, ClosedAccount, Credit, Delivery, Earned, Fact, JournalLine, Payee, Redress, SpotDelivery,
};

/// Makes the entry that records `fact`, in the books of the operator or of the fact's box, dated `effective`.
///
/// # Errors
/// [`Unbalanced`] when the fact's amounts cannot make an entry: all are zero, or one is too large. The caller checks a
/// fact's amounts first, so an error here is a defect of the caller.
pub fn post(fact: &Fact<'_>, currency: Currency, effective: Day) -> Result<Entry, Unbalanced> {
    let mut lines = SmallVec::new();
    fact.lines(currency, &mut |line| lines.push(line));
    let entry = Entry::new(fact.entity(), fact.rule(), effective, fact.contract(), lines)?;
    Ok(entry.correcting(fact.corrects()))
}
