//! Lots in the table `lots`.

use ledger::OrganizationId;
use matching::LotId;

use super::record::LotRecord;
use crate::Database;
use crate::journal::JournalError;
use crate::read_models::table::{Stored, select, select_one, table};

table! {
    LotRecord in "lots" by ["id"]:
    id, organization, market, gpus, window_start, window_end, fabric, min_remnant_hours, confirmed, penalty_bps,
    termination_outages, expired, withdrawn, sequence,
}

impl Stored for LotRecord {}

/// Queries for lots.
pub struct Lots<'a> {
    pub(in crate::read_models) database: &'a Database,
}

impl Lots<'_> {
    /// Finds an organization's lot.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn find(&self, organization: OrganizationId, lot: LotId) -> Result<Option<LotRecord>, JournalError> {
        let from = "lots WHERE id = $1 AND organization = $2";
        select_one(self.database, from, &[&lot.uuid(), &organization.as_str()]).await
    }

    /// Lists an organization's lots after a place in the list, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn page(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<LotRecord>, JournalError> {
        let from = "lots WHERE organization = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
        select(self.database, from, &[&organization.as_str(), &after, &limit]).await
    }
}
