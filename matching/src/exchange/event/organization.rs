//! Organizations: their admission, their limits and their money.

use ledger::{Amount, Currency, DepositId, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An organization was admitted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationRegistered {
    /// Its id.
    pub organization: OrganizationId,
    /// Its name as people write it.
    #[serde(deserialize_with = "from_log")]
    pub name: Label,
}

/// A deposit arrived at the bank.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DepositReceived {
    /// Its id.
    pub deposit: DepositId,
    /// Whose money.
    pub organization: OrganizationId,
    /// How much.
    pub amount: Amount,
    /// In what currency.
    pub currency: Currency,
    /// The bank's reference.
    #[serde(deserialize_with = "from_log")]
    pub reference: Label,
}

/// The kill switch was thrown; the organization's orders ended with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationSuspended {
    /// Whose.
    pub organization: OrganizationId,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

/// The kill switch was released.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrganizationReinstated {
    /// Whose.
    pub organization: OrganizationId,
}

/// The number of an organization's open orders was bounded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OrderLimitSet {
    /// Whose.
    pub organization: OrganizationId,
    /// The most open orders; the exchange's usual limit when not given.
    pub open_orders_max: Option<u32>,
}

/// What an organization commits in a calendar month was bounded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BudgetSet {
    /// Whose.
    pub organization: OrganizationId,
    /// In which currency.
    pub currency: Currency,
    /// The most that trades of the month and open orders may come to, fees included; no bound when not given.
    pub monthly: Option<Amount>,
}
