//! Events of organizations: admission, limits and deposits.

mod budget_set;
mod deposit_received;
mod order_limit_set;
mod organization_registered;
mod organization_reinstated;
mod organization_suspended;

pub use budget_set::BudgetSet;
pub use deposit_received::DepositReceived;
pub use order_limit_set::OrderLimitSet;
pub use organization_registered::OrganizationRegistered;
pub use organization_reinstated::OrganizationReinstated;
pub use organization_suspended::OrganizationSuspended;
