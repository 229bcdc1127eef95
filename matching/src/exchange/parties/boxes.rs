//! What a sponsor sees of its box's deal.

use ledger::BoxId;
use ledger::deal::DealTerms;
use serde::Serialize;

/// A version of a deal, without who entered it.
#[derive(Serialize)]
pub(super) struct OwnDeal<'a> {
    r#box: BoxId,
    version: u32,
    deal: &'a DealTerms,
}

impl<'a> OwnDeal<'a> {
    pub const fn of(r#box: BoxId, version: u32, deal: &'a DealTerms) -> Self {
        Self { r#box, version, deal }
    }
}
