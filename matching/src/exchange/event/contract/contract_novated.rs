use ledger::{ContractId, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contract::{Assignee, Assignment};
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::hours::Hour;
use crate::market::MarketId;
use crate::order::is_default;

/// A contract that resold a part of another passed to that one's seller, because that one ended before its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractNovated {
    /// Contract that passes; it goes on at its own price.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Buyer of the contract.
    pub buyer: OrganizationId,
    /// Seller from now on.
    pub seller: OrganizationId,
    /// Seller before, who resold.
    pub seller_before: OrganizationId,
    /// Contract of which it now resells a part; `None` when its lot serves it directly.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Option<ContractId>,
    /// First hour that the new seller earns.
    pub from: Hour,
    /// Box that earns it in the new seller's place; `None` unless the contract that was resold is assigned to one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
}

impl EventType for ContractNovated {
    const NAME: &'static str = "contract_novated";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.contract.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.buyer, self.seller, self.seller_before])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(self)
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let Some(key) = exchange.contract_keys.get(&self.contract) else { return };
        let contract = &mut exchange.contracts[*key as usize];
        contract.seller = self.seller;
        contract.assignment = self.assignee.map(|to| Assignment { to, from: self.from });
        if let Some(before) = std::mem::replace(&mut contract.head, self.head) {
            exchange.resales.remove(&(before, self.contract));
        }
        if let Some(head) = self.head {
            exchange.resales.insert((head, self.contract));
        }
    }
}
