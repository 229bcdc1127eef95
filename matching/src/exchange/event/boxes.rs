//! Events of boxes.

use ledger::deal::{DealTerms, Dues, Run};
use ledger::{Amount, BoxId, ClientId, Currency, Day, ItemName, TransferId};
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

/// What is drawn, bought and set aside, and what the sponsor pays in for it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Funding {
    /// What the sponsor pays in, which is what draws do not cover; below zero where they are more than is needed.
    pub contributed: Amount,
    /// What is drawn on each facility.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<ItemAmount>,
    /// What each asset costs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<ItemAmount>,
    /// What each reserve is funded with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reserves: Vec<ItemAmount>,
}

/// An amount of something that a deal names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ItemAmount {
    /// Its name.
    pub name: ItemName,
    /// How much, more than zero.
    pub amount: Amount,
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
    pub reference: String,
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
    pub reason: String,
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
    /// Who started it.
    pub by: ClientId,
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
    pub reason: String,
}
