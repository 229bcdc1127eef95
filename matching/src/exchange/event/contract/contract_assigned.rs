use ledger::{BoxId, ClientId, ContractId, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contract::{Assignee, Assignment};
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Entered, Exchange, Parties};
use crate::hours::Hour;
use crate::market::MarketId;

/// A contract was assigned to a box, which earns its hours from a period's start on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractAssigned {
    /// Contract that is assigned.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Buyer of the contract.
    pub buyer: OrganizationId,
    /// Seller of the contract, whose place as payee the box takes.
    pub seller: OrganizationId,
    /// Box that it is assigned to, with the box's name for it.
    pub to: Assignee,
    /// First hour that the box earns: the beginning of a period.
    pub from: Hour,
    /// Client that entered it.
    pub by: ClientId,
}

impl EventType for ContractAssigned {
    const NAME: &'static str = "contract_assigned";
    const VERSION: u16 = 1;
    const IS_ENTERED: bool = true;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.contract.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.buyer, self.seller])
    }

    fn part_for(&self, _: Reader<'_>) -> Part {
        Part::of(&OwnAssignment::of(self))
    }

    fn entered(&self) -> Option<Entered<'_>> {
        Some(Entered::by(self.by))
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.boxes.assign(self);
        exchange.change_contract(self.contract, |contract| {
            contract.assignment = Some(Assignment { to: self.to, from: self.from });
        });
    }
}

/// Assignment as both sides see it: not who entered it.
#[derive(Serialize)]
pub(super) struct OwnAssignment {
    contract: ContractId,
    market: MarketId,
    buyer: OrganizationId,
    seller: OrganizationId,
    #[serde(rename = "box")]
    box_id: BoxId,
    from: Hour,
}

impl OwnAssignment {
    pub const fn of(e: &ContractAssigned) -> Self {
        let ContractAssigned { contract, market, buyer, seller, to, from, .. } = *e;
        Self { contract, market, buyer, seller, box_id: to.box_id, from }
    }
}
