//! A contract's life after its trade: its charges, its assignment to a box, and its end before its time.

use ledger::{Amount, ClientId, ContractId, Currency, Instant, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::billing::Billing;
use crate::contract::Assignee;
use crate::hours::{Hour, Window};
use crate::identity::{LotId, OrderId};
use crate::market::MarketId;

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

/// A contract was assigned to a box, which earns its hours from one on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractAssigned {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The box, and what its deal calls the contract.
    pub to: Assignee,
    /// The first hour that the box earns: the beginning of a period.
    pub from: Hour,
    /// Who said so.
    pub by: ClientId,
}

/// A period of a contract was paid in advance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeriodCharged {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The period.
    pub period: Window,
    /// What prices are in.
    pub currency: Currency,
    /// The period at the contract's price.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// What came out of the buyer's free money.
    pub from_available: Amount,
    /// What came out of the buyer's own earnings, of a contract that it resells.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from_payable: Amount,
    /// What came out of the security deposit, which pays the last period.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from_deposit: Amount,
    /// What was left of the security deposit, given back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deposit_returned: Amount,
}

/// The charge of a period could not be paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChargeMissed {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who is to pay.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The period. The contract ends as it begins, if it is not paid by then.
    pub period: Window,
    /// What prices are in.
    pub currency: Currency,
    /// What is to be paid.
    pub due: Amount,
    /// What the buyer had.
    pub available: Amount,
    /// When it is tried again.
    pub next_try: Instant,
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

/// A contract ended before its time, and what was left of it returned to where it came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractTerminated {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// The lot that served it.
    pub lot: LotId,
    /// The contract that it resold, if it did.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Option<ContractId>,
    /// The ask that sold it.
    pub ask: OrderId,
    /// The most GPUs in any one hour that the ask has sold without what returns. An ask that had sold all is open again; none for
    /// one that has ended and stays so.
    pub ask_sold_gpus: Option<u32>,
    /// Who paid.
    pub buyer: OrganizationId,
    /// Who delivered.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// The first hour that is not delivered any more, and the end that it would have had.
    pub undelivered: Window,
    /// Why.
    pub cause: TerminationCause,
    /// What prices are in.
    pub currency: Currency,
    /// What the buyer gets back of paid hours: the price and the fee.
    pub refund: Amount,
    /// What the seller, or the box, keeps of the security deposit.
    pub deposit_forfeited: Amount,
    /// The box that keeps it, where the contract is assigned to one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
    /// What the buyer gets back of the security deposit.
    pub deposit_returned: Amount,
}

/// A contract that resold part of another passed to that one's seller, because that one ended before its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractNovated {
    /// The contract, which goes on at its own price.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers from now on.
    pub seller: OrganizationId,
    /// Who answered for the delivery before.
    pub seller_before: OrganizationId,
    /// The contract that it resells now, if it does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Option<ContractId>,
    /// The first hour that the new seller earns.
    pub from: Hour,
    /// The box that earns it in its place, where the contract that was resold is assigned to one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
}
