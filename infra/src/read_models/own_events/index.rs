//! Whom an event concerns, where the event alone does not say it.

use std::collections::BTreeMap;

use ledger::{ContractId, OrganizationId};
use matching::Parties;

/// The organizations that an event concerns, each with those contracts of the event that it bought and the event does not name the
/// buyer of. `buyer_of` tells who bought a contract.
pub fn concerned(
    parties: Parties,
    buyer_of: impl Fn(ContractId) -> Option<OrganizationId>,
) -> BTreeMap<OrganizationId, Vec<ContractId>> {
    let mut own: BTreeMap<OrganizationId, Vec<ContractId>> = BTreeMap::new();
    for organization in parties.organizations {
        own.entry(organization).or_default();
    }
    for contract in parties.bought {
        if let Some(buyer) = buyer_of(contract) {
            own.entry(buyer).or_default().push(contract);
        }
    }
    own
}
