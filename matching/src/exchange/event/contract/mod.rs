//! A contract's life after its trade: its charges, its assignment to a box, and its end before its time.

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

/// What a contract that is cut into periods is paid when it is traded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Advance {
    /// How it is cut.
    pub billing: Billing,
    /// The first period: its price and the buyer's fee.
    pub prepaid: Amount,
    /// The security deposit: the price of the second period and the buyer's fee on it.
    pub deposit: Amount,
}

/// Why a contract ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerminationCause {
    /// Its next period was not paid when it began.
    NotPaid,
    /// The buyer gave notice because of its outages.
    Outages,
}
