//! What an amendment of a deal leaves as it is.

use std::collections::{BTreeMap, BTreeSet};

use super::standing::Standing;
use super::terms::DealTerms;
use crate::calendar::Day;
use crate::identity::ItemName;
use crate::money::Amount;

impl DealTerms {
    /// Whether another document is of the same sponsor, currency, closing and determination dates, which a deal keeps
    /// for good.
    pub fn keeps_frame(&self, amended: &Self) -> bool {
        let frame = |terms: &Self| (terms.sponsor, terms.currency, terms.closing, terms.determination.clone());
        frame(self) == frame(amended)
    }

    /// Whether another document leaves as it was what has been booked up to a day: the assets in service, the draws,
    /// and what reserves were funded with.
    pub fn keeps_booked(&self, amended: &Self, until: Day) -> bool {
        let bought = |terms: &Self| {
            let assets = terms.assets.iter().filter(|asset| asset.in_service <= until).cloned();
            assets.map(|asset| (asset.name, asset)).collect::<BTreeMap<_, _>>()
        };
        let drawn = |terms: &Self| {
            let draws =
                terms.facilities.iter().flat_map(|facility| facility.draws.iter().map(|draw| (facility.name, *draw)));
            draws
                .filter(|(_, draw)| draw.on <= until)
                .map(|(name, draw)| (name, draw.on, draw.amount))
                .collect::<BTreeSet<_>>()
        };
        let funded = |terms: &Self| {
            let reserves = terms.reserves.iter().filter(|reserve| !reserve.funded.is_zero());
            reserves.map(|reserve| (reserve.name, reserve.funded)).collect::<BTreeMap<_, _>>()
        };
        bought(self) == bought(amended) && drawn(self) == drawn(amended) && funded(self) == funded(amended)
    }

    /// Whether it names everything that a box owes, holds or is short of.
    pub fn names_all_of(&self, standing: &Standing) -> bool {
        let are_named = |amounts: &BTreeMap<ItemName, Amount>, is_named: &dyn Fn(ItemName) -> bool| {
            amounts.iter().filter(|(_, amount)| !amount.is_zero()).all(|(name, _)| is_named(*name))
        };
        are_named(&standing.debts, &|name| self.facilities.iter().any(|facility| facility.name == name))
            && are_named(&standing.reserves, &|name| self.reserves.iter().any(|reserve| reserve.name == name))
            && are_named(&standing.carried, &|name| self.priority.iter().any(|step| step.name == name))
    }
}
