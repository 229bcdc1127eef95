//! Events of boxes.

use std::collections::{BTreeMap, BTreeSet};

use ledger::deal::{DealTerms, Dues, Funding, ItemAmount, Rate, Run};
use ledger::{
    Amount, BoxId, ClientId, ClosedAccount, Currency, Day, ItemName, Label, Month, OrganizationId, TransferId, from_log,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;

/// A box was created.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BoxCreated {
    /// Its id.
    pub r#box: BoxId,
    /// Who entered it.
    pub by: ClientId,
    /// The first version of its deal.
    pub deal: Box<DealTerms>,
}

/// A box's deal was amended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DealAmended {
    /// The box.
    pub r#box: BoxId,
    /// The number of the version, from 2.
    pub version: u32,
    /// Who entered it.
    pub by: ClientId,
    /// The deal as it is from now on.
    pub deal: Box<DealTerms>,
}

/// A box's deal closed: what it draws and buys on the first day is in its books.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DealClosed {
    /// The box.
    pub r#box: BoxId,
    /// In what currency.
    pub currency: Currency,
    /// Who said so.
    pub by: ClientId,
    /// The day it is dated.
    pub day: Day,
    /// What was drawn, bought and set aside.
    pub funding: Funding,
}

/// A client paid a box, itself or through the exchange.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BoxCollected {
    /// The box.
    pub r#box: BoxId,
    /// In what currency.
    pub currency: Currency,
    /// Who entered it.
    pub by: ClientId,
    /// The contract.
    pub contract: ItemName,
    /// How much, more than zero.
    pub amount: Amount,
    /// The day the money came.
    pub paid: Day,
    /// The day it is dated in the books.
    pub day: Day,
    /// The bank's reference.
    #[serde(deserialize_with = "from_log")]
    pub reference: Label,
    /// Of a contract of the exchange: the transfer by which the operator paid it over. None where the client paid the box itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transfer: Option<TransferId>,
}

/// What was entered of a client's payment was a mistake.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CollectionReversed {
    /// The event that had recorded it.
    pub corrects: u64,
    /// What it was.
    pub undone: BoxCollected,
    /// Who says so.
    pub by: ClientId,
    /// The day it is dated.
    pub day: Day,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

/// A box's cash was paid out for a determination date.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaterfallRun {
    /// The box.
    pub r#box: BoxId,
    /// In what currency.
    pub currency: Currency,
    /// The version of the deal.
    pub version: u32,
    /// Who started it; nobody where it started by itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by: Option<ClientId>,
    /// The day it is dated.
    pub day: Day,
    /// What the deal meant to draw and buy since the last determination date.
    pub funding: Funding,
    /// What each contract earned by its terms.
    pub revenue: Vec<ItemAmount>,
    /// What of each asset was used up.
    pub depreciation: Vec<ItemAmount>,
    /// What was collected, and what fell due.
    pub dues: Dues,
    /// What came of it.
    pub run: Box<Run>,
    /// What of each facility the sponsor repaid beyond it, before it was due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepaid: Vec<ItemAmount>,
    /// What agreements had charged too much before and have still to take back, by name: below zero.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub corrections: BTreeMap<ItemName, Amount>,
}

/// The supplier of an agreement invoiced a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgreementInvoiced {
    /// The box.
    pub r#box: BoxId,
    /// The agreement.
    pub agreement: ItemName,
    /// The month.
    pub month: Month,
    /// What the month costs, in whole.
    pub amount: Amount,
    /// Of a month that a run has taken up, what it costs more, or less, than was taken up.
    #[serde(default, skip_serializing_if = "is_default")]
    pub correction: Option<Amount>,
    /// The supplier's reference.
    #[serde(deserialize_with = "from_log")]
    pub reference: Label,
    /// Who entered it.
    pub by: ClientId,
}

/// The lenders of a box accelerated its debt: all of it is due.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DebtAccelerated {
    /// The box.
    pub r#box: BoxId,
    /// Who says so.
    pub by: ClientId,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

/// The lenders of a box took back that its debt is due.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AccelerationRescinded {
    /// The box.
    pub r#box: BoxId,
    /// Who says so.
    pub by: ClientId,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

/// A box came to its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BoxWoundUp {
    /// The box.
    pub r#box: BoxId,
    /// In what currency.
    pub currency: Currency,
    /// Who says so.
    pub by: ClientId,
    /// The day it is dated.
    pub day: Day,
    /// What its sponsor gets of the hardware, at its depreciated cost.
    pub hardware: Amount,
    /// What its clients never paid.
    pub written_off: Amount,
    /// Its accounts, which are closed.
    pub accounts: Vec<ClosedAccount>,
}

/// Which organizations lend to a box, and see it, was set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LendersSet {
    /// The box.
    pub r#box: BoxId,
    /// They, by id.
    pub lenders: BTreeSet<OrganizationId>,
    /// Who says so.
    pub by: ClientId,
}

/// An index was fixed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IndexFixed {
    /// Its name, as deals have it.
    pub index: ItemName,
    /// From this day on.
    pub from: Day,
    /// At this rate a year, as a fraction.
    pub rate: Rate,
    /// Who says so.
    pub by: ClientId,
}

/// A waterfall run was reversed: it was a mistake.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaterfallReversed {
    /// The event that had recorded it.
    pub corrects: u64,
    /// What it was.
    pub undone: Box<WaterfallRun>,
    /// Who says so.
    pub by: ClientId,
    /// The day it is dated.
    pub day: Day,
    /// Why.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}
