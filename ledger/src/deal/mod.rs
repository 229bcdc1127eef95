//! The finance of a box: what its debt costs, how its cash is paid out in order, and how the deal rolls forward.
//!
//! Everything here is a function of what it is given. It promises that a schedule's principal is what was drawn, that a waterfall pays
//! exactly what is available and nothing junior while a senior step is short, and that no arithmetic is binary floating point.
//!
//! - `day_count`, `payment_dates`, `business_day`: the calendar of a loan.
//! - `loan`: interest and principal, date by date; `facility`: its terms as a document; `rate`.
//! - `waterfall`: what is available, paid out in order.
//! - `terms`: the deal document, of `contract`, `asset`, `agreement`, `debt`, `reserve`, `covenant` and `priority`; `document`: one whose parts
//!   fit together, and `period`, its schedule.
//! - `standing`: where the box stands on a date; `schedule`: what falls due; `run`: the date's waterfall, from where the box stands to where it stands after it.
//! - `progress`: how far a box is, and all that its next run takes up; `supplier_invoices`, what suppliers charge otherwise than by the terms;
//!   `prepayment`: what the sponsor repays beside a run; `amendment`: what another version of the deal leaves as it is.
//! - `projection`: all dates in a row, with `what_if`s, and the `measures` of it.

mod accrual;
mod agreement;
mod amendment;
mod asset;
mod business_day;
mod contract;
mod covenant;
mod day_count;
mod debt;
mod document;
mod facility;
mod funding;
mod invalid_deal;
mod loan;
mod measures;
mod payment_dates;
mod period;
mod prepayment;
mod priority;
mod progress;
mod projection;
mod quantity;
mod rate;
mod reserve;
mod run;
mod schedule;
mod standing;
mod supplier_invoices;
mod terms;
mod waterfall;
mod what_if;

pub use agreement::{Agreement, AgreementCharge, AgreementKind, Escalator};
pub use asset::Asset;
pub use business_day::{BusinessCalendar, BusinessDayRule};
pub use contract::{ClientContract, ContractCharge};
pub use covenant::{CovenantTests, Covenants, Eligibility};
pub use day_count::{DayCount, InvalidDayCount};
pub use debt::{Amortization, DebtFacility, Draw, Fixing, InterestRate, RateIndex};
pub use document::Deal;
pub use facility::{FacilityTerms, RepaymentTerms};
pub use funding::{Funding, ItemAmount};
pub use invalid_deal::InvalidDeal;
pub use loan::{Installment, InvalidLoan, Loan, Repayment, Rounding};
pub use payment_dates::{Cycle, InvalidCycle, PaymentDates, Stub};
pub use period::Period;
pub use prepayment::InvalidPrepayment;
pub use priority::{Condition, Distributions, Pays, PriorityStep};
pub use progress::{Collected, PeriodRun, Progress};
pub use projection::{Measures, Payoff, ProjectedDate, Projection};
pub use quantity::{Figure, InvalidQuantity, Quantity};
pub use rate::{InvalidRate, Rate};
pub use reserve::{Reserve, ReserveTarget};
pub use run::{Run, RunStep};
pub use standing::{Dues, Standing};
pub use supplier_invoices::{InvalidInvoice, SupplierInvoice, SupplierInvoices};
pub use terms::{DealTerms, Determination};
pub use waterfall::{InvalidWaterfall, Step, StepPaid, waterfall};
pub use what_if::WhatIf;
