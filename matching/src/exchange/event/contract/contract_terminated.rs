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

/// A contract ended before its time, and the rest of it returned to where it came from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractTerminated {
    /// Contract that ended.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Lot that served it.
    pub lot: LotId,
    /// Contract of which it resold a part; `None` for a sale from a lot.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Option<ContractId>,
    /// Ask that sold it.
    pub ask: OrderId,
    /// Most GPUs in any one hour that the ask has sold without what returns. An ask that had sold all is open again;
    /// `None` for one that has ended and stays so.
    pub ask_sold_gpus: Option<u32>,
    /// Buyer of the contract.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Hours that are not delivered any more, to the end that it would have had.
    pub undelivered: Window,
    /// Reason of the end.
    pub cause: TerminationCause,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Refund of paid hours to the buyer: price and fee.
    pub refund: Amount,
    /// Part of the security deposit that the seller, or the box, keeps.
    pub deposit_forfeited: Amount,
    /// Box that keeps it; `None` when the seller does, or nothing is kept.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
    /// Part of the security deposit that the buyer gets back.
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

/// Termination as one of the two sides sees it.
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

/// Part of a termination that only the buyer sees.
#[derive(Serialize)]
struct BuyersTermination {
    refund: Amount,
    deposit_returned: Amount,
}

/// Part of a termination that only the seller sees.
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
