use ledger::{Amount, ContractId, Currency, Earned, Fact, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contract::Assignee;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp, supply_of};
use crate::exchange::facts::{Facts, returned};
use crate::exchange::{Exchange, Parties, TerminationCause};
use crate::hours::Window;
use crate::identity::{LotId, OrderId};
use crate::market::MarketId;
use crate::order::is_default;

/// A contract ended before its time, and what was left of it returned to where it came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractTerminated {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// The lot that served it.
    pub lot: LotId,
    /// The contract that it resold, if it did.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Option<ContractId>,
    /// The ask that sold it.
    pub ask: OrderId,
    /// The most GPUs in any one hour that the ask has sold without what returns. An ask that had sold all is open again; none for
    /// one that has ended and stays so.
    pub ask_sold_gpus: Option<u32>,
    /// Who paid.
    pub buyer: OrganizationId,
    /// Who delivered.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// The first hour that is not delivered any more, and the end that it would have had.
    pub undelivered: Window,
    /// Why.
    pub cause: TerminationCause,
    /// What prices are in.
    pub currency: Currency,
    /// What the buyer gets back of paid hours: the price and the fee.
    pub refund: Amount,
    /// What the seller, or the box, keeps of the security deposit.
    pub deposit_forfeited: Amount,
    /// The box that keeps it, where the contract is assigned to one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
    /// What the buyer gets back of the security deposit.
    pub deposit_returned: Amount,
}

impl EventType for ContractTerminated {
    const NAME: &'static str = "contract_terminated";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.contract.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.buyer, self.seller])
    }

    fn part_for(&self, reader: Reader<'_>) -> Part {
        Part::of(&OwnTermination::of(self, reader.organization))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let (organization, contract) = (self.buyer, self.contract);
        facts.state_nonzero(
            self.refund,
            Fact::TermRefunded { organization, contract, amount: self.refund },
            self.currency,
        );
        let amount = self.deposit_forfeited;
        let payee = Assignee::payee(self.assignee, self.seller);
        facts.state_nonzero(amount, Fact::SecurityForfeited { payee, contract, amount }, self.currency);
        if let Some(to) = self.assignee {
            let earned = [Earned { contract, name: to.name, amount }];
            facts.state_nonzero(amount, Fact::BoxEarned { box_id: to.box_id, earned: &earned }, self.currency);
        }
        facts.state_nonzero(
            self.deposit_returned,
            returned(organization, contract, self.deposit_returned),
            self.currency,
        );
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let Some(contract) = exchange.contract(self.contract) else { return };
        let returned = exchange.unsold_of(contract, self.undelivered);
        exchange.end_contract(self.contract);
        exchange.return_capacity(supply_of(self.lot, self.head), self.ask, self.ask_sold_gpus.is_some(), &returned);
    }
}

/// The end of a contract before its time as one of the two sides sees it.
#[derive(Serialize)]
pub(super) struct OwnTermination {
    contract: ContractId,
    market: MarketId,
    lot: LotId,
    buyer: OrganizationId,
    seller: OrganizationId,
    gpus: u32,
    undelivered: Window,
    cause: TerminationCause,
    currency: Currency,
    deposit_forfeited: Amount,
    #[serde(flatten)]
    bought: Option<BuyersTermination>,
    #[serde(flatten)]
    sold: Option<SellersTermination>,
}

/// What only the buyer sees of it.
#[derive(Serialize)]
struct BuyersTermination {
    refund: Amount,
    deposit_returned: Amount,
}

/// What only the seller sees of it.
#[derive(Serialize)]
struct SellersTermination {
    ask: OrderId,
    ask_sold_gpus: Option<u32>,
}

impl OwnTermination {
    pub fn of(e: &ContractTerminated, reader: OrganizationId) -> Self {
        Self {
            contract: e.contract,
            market: e.market,
            lot: e.lot,
            buyer: e.buyer,
            seller: e.seller,
            gpus: e.gpus,
            undelivered: e.undelivered,
            cause: e.cause,
            currency: e.currency,
            deposit_forfeited: e.deposit_forfeited,
            bought: (reader == e.buyer)
                .then_some(BuyersTermination { refund: e.refund, deposit_returned: e.deposit_returned }),
            sold: (reader == e.seller).then_some(SellersTermination { ask: e.ask, ask_sold_gpus: e.ask_sold_gpus }),
        }
    }
}
