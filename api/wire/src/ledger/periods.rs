//! Accounting periods: the months of the books.

use std::borrow::Cow;

use ledger::{Amount, BankAccountId, ClientId, Currency, Day, Instant, Month};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A month of the books.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PeriodBody {
    /// The month, in UTC.
    #[schema(value_type = String, example = "2027-01")]
    pub period: Month,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub first_day: Day,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub last_day: Day,
    /// `open` or `closed`.
    pub status: Cow<'static, str>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Instant>,
    /// The client that closed it.
    #[schema(value_type = Option<String>)]
    pub closed_by: Option<ClientId>,
    /// The event that closed it.
    pub sequence: Option<u64>,
}

/// What keeps a month from being closed.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct UnreconciledBody {
    /// `bank_line` for a booking that is not explained, `statement` where an account's statements end before the month does,
    /// `deposits` for what was credited by hand and is on no statement, `parked` for what fell due and was set aside.
    pub kind: Cow<'static, str>,
    /// The bank account.
    #[schema(value_type = Option<String>)]
    pub account: Option<BankAccountId>,
    /// The statement that has the booking.
    pub statement: Option<Uuid>,
    /// The booking's place in it, from 1.
    pub line: Option<u32>,
    /// The last day that the account's statements reach; null where it has none.
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Day>,
    /// The currency of the deposits.
    #[schema(value_type = Option<String>)]
    pub currency: Option<Currency>,
    /// How much is not explained.
    #[schema(value_type = Option<String>)]
    pub amount: Option<Amount>,
    /// The same in words.
    pub detail: String,
}

/// The periods, and what is to be settled before the next can be closed.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PeriodsBody {
    /// The months from that of the first entry to the present one, in order.
    pub data: Vec<PeriodBody>,
    /// The month that is to be closed next.
    #[schema(value_type = Option<String>, example = "2027-02")]
    pub next: Option<Month>,
    /// What keeps it from being closed when it is over.
    pub unreconciled: Vec<UnreconciledBody>,
}
