//! Term asks that have sold every hour. They stand in no book. Each is kept until its lot ends, because it is open
//! again when a trade of it is undone.

use ledger::exact;

use super::{Shelf, Venue};
use crate::identity::OrderId;
use crate::lot::Supply;
use crate::order::Ask;

/// Term ask that has sold every hour.
#[derive(Clone, Debug)]
pub(super) struct SoldOut {
    ask: Ask,
    /// Key of the one before it on the same lot.
    before: Option<u32>,
}

impl Venue {
    /// Keeps an ask that has sold every hour.
    pub(crate) fn keep_sold_out(&mut self, ask: Ask) {
        let Some(Shelf { sold_out: last, .. }) = self.shelves.get_mut(ask.lot.0 as usize) else { return };
        let key = self.sold_out.insert(SoldOut { ask, before: *last });
        *last = Some(exact(key));
    }

    /// Finds an ask on this supply that has sold every hour.
    pub(crate) fn sold_out(&self, supply: Supply, ask: OrderId) -> Option<&Ask> {
        let mut next = self.shelves[self.lot_key(supply)?.0 as usize].sold_out;
        while let Some(kept) = next.map(|key| &self.sold_out[key as usize]) {
            if kept.ask.id == ask {
                return Some(&kept.ask);
            }
            next = kept.before;
        }
        None
    }

    /// Finds such an ask and stops keeping it.
    pub(crate) fn take_sold_out(&mut self, supply: Supply, ask: OrderId) -> Option<Ask> {
        let lot = self.lot_key(supply)?;
        let mut after = None;
        let mut next = self.shelves[lot.0 as usize].sold_out;
        while let Some(key) = next {
            let SoldOut { ask: kept, before } = &self.sold_out[key as usize];
            let (found, before) = (kept.id == ask, *before);
            if found {
                match after {
                    Some(after) => self.sold_out[after as usize].before = before,
                    None => self.shelves[lot.0 as usize].sold_out = before,
                }
                return Some(self.sold_out.remove(key as usize).ask);
            }
            (after, next) = (next, before);
        }
        None
    }

    /// Lists every ask that has sold every hour, by id.
    pub(crate) fn all_sold_out(&self) -> Vec<&Ask> {
        let mut asks: Vec<_> = self.sold_out.iter().map(|(_, kept)| &kept.ask).collect();
        asks.sort_unstable_by_key(|ask| ask.id);
        asks
    }

    /// Removes the asks of a lot that has ended: `last` and all before it.
    pub(super) fn forget_sold_out(&mut self, last: Option<u32>) {
        let mut next = last;
        while let Some(kept) = next {
            next = self.sold_out.remove(kept as usize).before;
        }
    }
}
