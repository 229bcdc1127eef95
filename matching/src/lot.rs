//! Lots: capacity that a seller can deliver.

use ledger::{ContractId, Label, OrganizationId, invariant};
use serde::Serialize;

use crate::hours::{Hour, Window};
use crate::identity::LotId;
use crate::keys::MarketKey;
use crate::market::MarketId;
use crate::outage::DeliveryTerms;
use crate::timeline::Timeline;

/// What backs an ask.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub enum Supply {
    /// A lot of the seller's own.
    Lot(LotId),
    /// A contract that the seller holds, for resale.
    Contract(ContractId),
}

/// What the first trade of a bid with a `Placement` has bound the rest of it to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub enum Binding {
    /// The lots of this provider.
    Provider(OrganizationId),
    /// This lot.
    Lot(LotId),
}

/// A seller's GPUs on one fabric over a window, with what is still free of them: a lot as its provider listed it, or the
/// part of a lot that a contract gives its holder to resell.
///
/// All asks on a lot share its residual timeline, so an hour sold by one is gone for all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Lot {
    /// What it is.
    pub supply: Supply,
    /// The provider's lot that the GPUs are in.
    pub id: LotId,
    /// Who sells: the provider, or the contract's holder.
    pub seller: OrganizationId,
    /// Who runs the GPUs.
    pub provider: OrganizationId,
    /// Where it is sold.
    pub market: MarketId,
    /// The market's key.
    pub market_key: MarketKey,
    /// How many GPUs.
    pub gpus: u32,
    /// When.
    pub window: Window,
    /// The provider's name for the network the GPUs share.
    pub fabric: Label,
    /// A term sale may not leave a free run shorter than this many hours; 0 and 1 allow any.
    pub min_remnant_hours: u32,
    /// What it promises about its delivery.
    pub delivery: DeliveryTerms,
    /// The GPUs still free in each hour.
    pub residual: Timeline,
    /// The GPUs sold by the hour.
    pub sold_spot: Timeline,
    /// What was free when the lot was withdrawn, and what has returned since; it is not sold any more.
    pub withdrawn: Option<Timeline>,
}

impl Lot {
    /// What binds a bid to this lot.
    pub(crate) fn bindings(&self) -> [Binding; 2] {
        [Binding::Provider(self.provider), Binding::Lot(self.id)]
    }

    /// The GPUs sold for a term in `hour`.
    pub fn sold_term(&self, hour: Hour) -> u32 {
        let withdrawn = self.withdrawn.as_ref().map_or(0, |withdrawn| withdrawn.at(hour));
        let other = self.residual.at(hour) + self.sold_spot.at(hour) + withdrawn;
        invariant!(other <= self.gpus, HourSoldOnce, "{:?} has {} GPUs and {other} in {hour}", self.supply, self.gpus);
        self.gpus - other
    }

    /// Takes back what was sold.
    pub fn put_back(&mut self, window: Window, gpus: u32) {
        let free = self.withdrawn.as_mut().unwrap_or(&mut self.residual);
        free.put(window, gpus);
        invariant!(free.max_over(window) <= self.gpus, HourReturnedOnce, "{:?} has {} GPUs", self.supply, self.gpus);
    }

    /// Ends the sale of what is free.
    pub fn withdraw(&mut self) {
        if self.withdrawn.is_none() {
            let nothing = Timeline::flat(self.window, 0);
            self.withdrawn = Some(std::mem::replace(&mut self.residual, nothing));
        }
    }
}
