//! Lots: capacity that a seller can deliver.

use ledger::{ContractId, Label, OrganizationId, invariant};
use serde::Serialize;

use crate::hours::{Hour, Window};
use crate::identity::LotId;
use crate::keys::MarketKey;
use crate::market::MarketId;
use crate::outage::DeliveryTerms;
use crate::timeline::Timeline;

/// Supply behind an ask.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub enum Supply {
    /// Lot of the seller's own.
    Lot(LotId),
    /// Contract that the seller holds, for resale.
    Contract(ContractId),
}

/// Binding of a bid with a `Placement` by its first trade: where the rest of it must trade.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub enum Binding {
    /// Any lot of this provider.
    Provider(OrganizationId),
    /// This lot alone.
    Lot(LotId),
}

/// GPUs of a seller on one fabric over a window, with what is still free of them: a lot as its provider listed it, or
/// the part of a lot that a contract gives its holder to resell.
///
/// All asks on a lot share its residual timeline, so an hour sold by one is gone for all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Lot {
    /// Origin of the capacity: a listed lot, or a contract for resale.
    pub supply: Supply,
    /// Id of the provider's lot that the GPUs are in.
    pub id: LotId,
    /// Seller: the provider, or the contract's holder.
    pub seller: OrganizationId,
    /// Provider that runs the GPUs.
    pub provider: OrganizationId,
    /// Market in which it is sold.
    pub market: MarketId,
    /// Key of that market in the venue.
    pub market_key: MarketKey,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Hours for which it is available.
    pub window: Window,
    /// Provider's name for the network that the GPUs share.
    pub fabric: Label,
    /// Shortest free run that a term sale may leave, in hours; 0 and 1 allow any.
    pub min_remnant_hours: u32,
    /// Delivery terms that its contracts get.
    pub delivery: DeliveryTerms,
    /// Number of GPUs still free in each hour.
    pub residual: Timeline,
    /// Number of GPUs of each hour that spot sales took.
    pub sold_spot: Timeline,
    /// GPUs that were free when the lot was withdrawn, and that have returned since; they are not sold any more. `None`
    /// while the lot is on sale.
    pub withdrawn: Option<Timeline>,
}

impl Lot {
    /// Returns the bindings that bind a bid to this lot: by provider and by lot.
    pub(crate) fn bindings(&self) -> [Binding; 2] {
        [Binding::Provider(self.provider), Binding::Lot(self.id)]
    }

    /// Counts the GPUs sold for a term in `hour`.
    pub fn sold_term(&self, hour: Hour) -> u32 {
        let withdrawn = self.withdrawn.as_ref().map_or(0, |withdrawn| withdrawn.at(hour));
        let other = self.residual.at(hour) + self.sold_spot.at(hour) + withdrawn;
        invariant!(other <= self.gpus, HourSoldOnce, "{:?} has {} GPUs and {other} in {hour}", self.supply, self.gpus);
        self.gpus - other
    }

    /// Takes back GPUs that were sold.
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
