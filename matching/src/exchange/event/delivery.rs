//! What is said about the delivery of a contract: that it is ready, that it failed, and what follows.

use ledger::{Amount, ContractId, Currency, Instant, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::contract::Assignee;
use crate::hours::Hour;
use crate::identity::OutageId;
use crate::market::MarketId;

/// The seller said that a contract's GPUs are ready, or where they are reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryReady {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who uses them.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// From when on time counts as delivered, where the lot says that it does only then.
    pub ready: Instant,
    /// Where they are reached.
    #[serde(default, deserialize_with = "from_log")]
    pub endpoint: Option<Label>,
}

/// One side of a contract said that GPUs are out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageOpened {
    /// The outage.
    pub outage: OutageId,
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who uses them.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// Which of the two says so.
    pub opened_by: OrganizationId,
    /// How many of the contract's GPUs are out.
    pub gpus: u32,
    /// Since when.
    pub from: Instant,
    /// Until when; none while it lasts.
    pub until: Option<Instant>,
    /// What happened.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

/// An outage ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageRestored {
    /// The outage.
    pub outage: OutageId,
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who uses the GPUs.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// When it ended.
    pub until: Instant,
}

/// An outage was accepted by the other side, or upheld by an operator: its time is not billed, and what was is given back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageSettled {
    /// The outage.
    pub outage: OutageId,
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who uses the GPUs.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// What the operator said; none where the other side has accepted it.
    #[serde(default, deserialize_with = "from_log")]
    pub ruling: Option<Label>,
    /// How many of the contract's GPUs are out.
    pub gpus: u32,
    /// Since when.
    pub from: Instant,
    /// Until when; none while it lasts.
    pub until: Option<Instant>,
    /// What prices are in.
    pub currency: Currency,
    /// The GPU-minutes of hours already recorded as delivered that were not.
    pub gpu_minutes: u64,
    /// Their price.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// The seller's fee on it.
    pub seller_fee: Amount,
    /// The box that earned the time and gives it back, where the contract was assigned to one when the outage began.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
    /// What the seller, or the box, gives back at once of the price less its fee; the rest is owed.
    pub from_seller: Amount,
    /// What the lot promises on top.
    pub penalty: Amount,
    /// What is paid of that at once; the rest is owed.
    pub penalty_paid: Amount,
}

/// Why an outage does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DismissalCause {
    /// Who had opened it took it back.
    Withdrawn,
    /// An operator ruled so.
    Ruled,
}

/// An outage does not count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageDismissed {
    /// The outage.
    pub outage: OutageId,
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who uses the GPUs.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// Why.
    pub cause: DismissalCause,
    /// What the operator said.
    #[serde(default, deserialize_with = "from_log")]
    pub ruling: Option<Label>,
}

/// A buyer ended a contract because of its outages. The hour in progress is its last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NoticeGiven {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who ends it.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The first hour that is not delivered any more.
    pub ends: Hour,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

/// What was not delivered of a contract's hour, and what the buyer gets for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HourShortfall {
    /// Who gets it.
    pub buyer: OrganizationId,
    /// The GPU-minutes that were not delivered.
    pub gpu_minutes: u32,
    /// Their price and the buyer's fee on it, given back.
    pub credit: Amount,
    /// What the lot promises on top.
    #[serde(default, skip_serializing_if = "is_default")]
    pub penalty: Amount,
    /// What the seller paid of the penalties that it owes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub penalty_paid: Amount,
    /// What the seller gave back of what it owes for earlier time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub recovered: Amount,
}
