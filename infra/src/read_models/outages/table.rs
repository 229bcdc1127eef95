//! Outages in the table `outages`.

use ledger::OrganizationId;
use matching::OutageId;
use uuid::Uuid;

use super::record::{OutageRecord, OutageStatus};
use crate::Database;
use crate::journal::JournalError;
use crate::read_models::table::{Stored, select, select_one, table};

table! {
    OutageRecord in "outages" by ["id"]:
    id, contract, market, buyer, seller, opened_by, opened_at, gpus, from as "from_time", until as "until_time", reason,
    status, ruling, gpu_minutes, credit, penalty, sequence,
}

impl Stored for OutageRecord {}

/// Filter for outages.
#[derive(Clone, Debug, Default)]
pub struct OutageFilter {
    /// Organization whose contracts they are of; `None` for all.
    pub reader: Option<OrganizationId>,
    /// Contract that they are of; `None` for any.
    pub contract: Option<Uuid>,
    /// Name of their status; `None` for any.
    pub status: Option<OutageStatus>,
}

impl OutageFilter {
    /// Returns whether an outage passes.
    pub fn admits(&self, outage: &OutageRecord) -> bool {
        self.reader.is_none_or(|reader| outage.concerns(reader))
            && self.contract.is_none_or(|contract| contract == outage.contract.uuid())
            && self.status.is_none_or(|status| status == outage.status)
    }
}

/// Queries for outages.
pub struct Outages<'a> {
    pub(in crate::read_models) database: &'a Database,
}

impl Outages<'_> {
    /// Finds an outage of one of the reader's contracts; of any contract for the reader `None`.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn find(
        &self,
        reader: Option<OrganizationId>,
        outage: OutageId,
    ) -> Result<Option<OutageRecord>, JournalError> {
        let from = "outages WHERE id = $1 AND ($2::text IS NULL OR buyer = $2 OR seller = $2)";
        select_one(self.database, from, &[&outage.uuid(), &reader.as_ref().map(OrganizationId::as_str)]).await
    }

    /// Lists the outages that pass after a place in the list, oldest first, at most `limit` of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn page(&self, filter: &OutageFilter, after: i64, limit: i64) -> Result<Vec<OutageRecord>, JournalError> {
        let from = "outages WHERE sequence > $1 AND ($2::text IS NULL OR buyer = $2 OR seller = $2) \
                    AND ($3::uuid IS NULL OR contract = $3) AND ($4::text IS NULL OR status = $4) \
                    ORDER BY sequence LIMIT $5";
        let reader = filter.reader.as_ref().map(OrganizationId::as_str);
        let status = filter.status.map(OutageStatus::name);
        select(self.database, from, &[&after, &reader, &filter.contract, &status, &limit]).await
    }
}
