//! The finance of a box: what its debt costs, how its cash is paid out in order, and how the deal rolls forward.
//!
//! Everything here is a function of what it is given. It promises that a schedule's principal is what was drawn, that a waterfall pays
//! exactly what is available and nothing junior while a senior step is short, and that no arithmetic is binary floating point.
//!
//! - `day_count`, `payment_dates`, `business_day`: the calendar of a loan.
//! - `loan`: interest and principal, date by date; `facility`: its terms as a document; `rate`.
//! - `waterfall`: what is available, paid out in order.

mod business_day;
mod day_count;
mod facility;
mod loan;
mod payment_dates;
mod rate;
mod waterfall;

pub use business_day::{BusinessCalendar, BusinessDayRule};
pub use day_count::{DayCount, InvalidDayCount};
pub use facility::{FacilityTerms, RepaymentTerms};
pub use loan::{Installment, InvalidLoan, Loan, Repayment, Rounding};
pub use payment_dates::{Cycle, InvalidCycle, PaymentDates, Stub};
pub use rate::{InvalidRate, Rate};
pub use waterfall::{InvalidWaterfall, Step, StepPaid, waterfall};
