//! Where a box stands on a determination date: what it owes, holds and left unpaid, and what fell due.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::debt::DebtFacility;
use super::document::Deal;
use crate::identity::ItemName;
use crate::money::Amount;

/// Where a box stands between two determination dates.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// What is owed on each facility, by name.
    pub debts: BTreeMap<ItemName, Amount>,
    /// What each reserve holds, by name.
    pub reserves: BTreeMap<ItemName, Amount>,
    /// What the cash trap holds.
    pub trapped: Amount,
    /// What each step was left short of, by name.
    pub carried: BTreeMap<ItemName, Amount>,
    /// Whether the sponsor is locked up.
    pub locked_up: bool,
    /// On how many dates in a row all covenants have been kept since.
    pub kept: u16,
    /// Whether the lenders have accelerated the debt.
    pub accelerated: bool,
}

/// What a run starts from, besides the deal and where the box stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Dues {
    /// What was collected since the last determination date.
    pub collected: Amount,
    /// What fell due under each agreement, by name.
    pub agreements: BTreeMap<ItemName, Amount>,
    /// The interest that fell due on each facility, by name.
    pub interest: BTreeMap<ItemName, Amount>,
}

impl Standing {
    /// Where a box stands at the closing of its deal: reserves are funded, and what is drawn on that day is owed.
    pub fn at_closing(deal: &Deal) -> Self {
        let terms = deal.terms();
        let debt = |facility: &DebtFacility| (facility.name, facility.drawn_by(terms.closing));
        Self {
            debts: terms.facilities.iter().map(debt).collect(),
            reserves: terms.reserves.iter().map(|reserve| (reserve.name, reserve.funded)).collect(),
            ..Self::default()
        }
    }

    /// Where the box stands once its latest run is reversed: as it stood `before` that run, but for what the lenders have
    /// said since of the debt's acceleration.
    #[must_use]
    pub fn reversed_to(&self, before: Self) -> Self {
        Self { accelerated: self.accelerated, ..before }
    }

    /// All that is owed on facilities.
    pub fn debt(&self) -> Amount {
        self.debts.values().copied().sum()
    }

    pub(super) fn carried_by(&self, step: ItemName) -> Amount {
        self.carried.get(&step).copied().unwrap_or_default()
    }

    /// What is owed on a facility.
    pub fn owed_on(&self, facility: ItemName) -> Amount {
        self.debts.get(&facility).copied().unwrap_or_default()
    }

    pub(super) fn held_in(&self, reserve: ItemName) -> Amount {
        self.reserves.get(&reserve).copied().unwrap_or_default()
    }
}
