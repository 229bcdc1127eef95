//! Organizations that an event concerns, where the event alone does not name them.

use std::collections::BTreeMap;

use ledger::{ContractId, OrganizationId};
use matching::Parties;

/// Returns the organizations that an event concerns, each with those of the event's contracts that it bought and whose
/// buyer the event does not name. `buyer_of` finds the buyer of a contract.
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
