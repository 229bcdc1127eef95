//! Contracts in the table `contracts`.

use ledger::{ContractId, OrganizationId};

use super::record::ContractRecord;
use crate::Database;
use crate::journal::JournalError;
use crate::read_models::table::{Stored, of_either_side, select, select_one, table};

table! {
    ContractRecord in "contracts" by ["id"]:
    id, buyer, seller, lot, head, market, gpus, price, window_start, window_end, currency, total, billing, paid, paid_until,
    missed_charges, deposit, delivered_hours, recognized, credited, refunded, undelivered_minutes, penalties, owed, ready,
    endpoint, ends, termination, terminated, box_id as "box", sequence,
}

impl Stored for ContractRecord {}

/// Queries for contracts.
pub struct Contracts<'a> {
    pub(in crate::read_models) database: &'a Database,
}

impl Contracts<'_> {
    /// Finds a contract of which an organization is a side.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn find(
        &self,
        organization: OrganizationId,
        contract: ContractId,
    ) -> Result<Option<ContractRecord>, JournalError> {
        let from = "contracts WHERE id = $1 AND (buyer = $2 OR seller = $2)";
        select_one(self.database, from, &[&contract.uuid(), &organization.as_str()]).await
    }

    /// Lists the contracts of which an organization is a side, after a place in the list, oldest first, at most `limit`
    /// of them.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn page(
        &self,
        organization: OrganizationId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<ContractRecord>, JournalError> {
        let from = of_either_side("contracts");
        select(self.database, &from, &[&organization.as_str(), &after, &limit]).await
    }
}
