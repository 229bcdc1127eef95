//! Events of a contract after its trade: charges, assignment to a box, and its end before its time.

mod charge_missed;
mod contract_assigned;
mod contract_novated;
mod contract_terminated;
mod period_charged;

use ledger::Amount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::billing::Billing;

pub use charge_missed::ChargeMissed;
pub use contract_assigned::ContractAssigned;
pub use contract_novated::ContractNovated;
pub use contract_terminated::ContractTerminated;
pub use period_charged::PeriodCharged;

/// Payment in advance for a contract that is cut into periods, as it trades.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Advance {
    /// Rule by which the contract is cut into periods.
    pub billing: Billing,
    /// Price and buyer's fee of the first period.
    pub prepaid: Amount,
    /// Security deposit: price and buyer's fee of the second period.
    pub deposit: Amount,
}

/// Reason why a contract ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminationCause {
    /// The next period was not paid when it began.
    NotPaid,
    /// The buyer gave notice because of its outages.
    Outages,
}
