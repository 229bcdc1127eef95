//! What a deal draws, buys and sets aside, and what the sponsor pays in for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::terms::DealTerms;
use crate::calendar::Day;
use crate::identity::ItemName;
use crate::money::Amount;

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
    /// Name that the deal gives it.
    pub name: ItemName,
    /// Amount, more than zero.
    pub amount: Amount,
}

impl ItemAmount {
    /// An amount of something; nothing where it is zero.
    pub(super) fn some(name: ItemName, amount: Amount) -> Option<Self> {
        (!amount.is_zero()).then_some(Self { name, amount })
    }
}

impl DealTerms {
    /// What the deal means to draw, buy and set aside on the first day.
    pub fn funding_at_closing(&self) -> Funding {
        let reserves = self.reserves.iter().filter_map(|reserve| ItemAmount::some(reserve.name, reserve.funded));
        self.funding(None, self.closing, reserves.collect())
    }

    /// What it means to draw and buy behind one day up to another.
    pub fn funding_between(&self, after: Day, until: Day) -> Funding {
        self.funding(Some(after), until, Vec::new())
    }

    fn funding(&self, after: Option<Day>, until: Day, reserves: Vec<ItemAmount>) -> Funding {
        let falls = |day: Day| after.is_none_or(|after| day > after) && day <= until;
        let draws = self.facilities.iter().filter_map(|facility| {
            let draws = facility.draws.iter().filter(|draw| falls(draw.on));
            ItemAmount::some(facility.name, draws.map(|draw| draw.amount).sum())
        });
        let assets = self.assets.iter().filter(|asset| falls(asset.in_service));
        let assets = assets.map(|asset| ItemAmount { name: asset.name, amount: asset.cost });
        let (draws, assets): (Vec<_>, Vec<_>) = (draws.collect(), assets.collect());
        let sum = |items: &[ItemAmount]| items.iter().map(|item| item.amount).sum::<Amount>();
        // Where more is drawn than is spent, the sponsor gets the rest.
        let contributed = sum(&assets) + sum(&reserves) - sum(&draws);
        Funding { contributed, draws, assets, reserves }
    }
}
