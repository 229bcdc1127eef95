use ledger::{Amount, ContractId, Currency, Fact, Label, OrganizationId, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp, supply_of};
use crate::exchange::facts::{Facts, returned};
use crate::exchange::{Exchange, Parties};
use crate::hours::Window;
use crate::identity::{LotId, OrderId, TradeId};
use crate::market::MarketId;
use crate::order::is_default;

/// A trade made in error was undone before its delivery began.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ContractBusted {
    /// Contract that is undone.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Lot that would have served it.
    pub lot: LotId,
    /// Contract of which it would have resold a part; `None` for a sale from a lot.
    pub head: Option<ContractId>,
    /// Ask that sold it.
    pub ask: OrderId,
    /// Trade that is undone; `None` in events of earlier versions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trade: Option<TradeId>,
    /// Most GPUs in any one hour that the ask has sold without it. An ask that had sold all is open again; `None` for
    /// one that has ended and stays so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ask_sold_gpus: Option<u32>,
    /// Buyer of the contract.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Hours that had been sold.
    pub window: Window,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Refund to the buyer: price and fee of what it has paid.
    pub refund: Amount,
    /// Security deposit, which the buyer gets back as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deposit: Amount,
    /// Reason given.
    #[serde(deserialize_with = "from_log")]
    pub reason: Label,
}

impl EventType for ContractBusted {
    const NAME: &'static str = "contract_busted";
    const VERSION: u16 = 3;
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
        Part::of(&OwnBust::of(self, reader.organization))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let (organization, contract) = (self.buyer, self.contract);
        facts.state_nonzero(
            self.refund,
            Fact::TermBusted { organization, contract, amount: self.refund },
            self.currency,
        );
        facts.state_nonzero(self.deposit, returned(organization, contract, self.deposit), self.currency);
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        let Some(contract) = exchange.end_contract(self.contract) else { return };
        if contract.traded == exchange.now.day().month() {
            exchange.spend(self.buyer, self.currency, -(self.refund + self.deposit));
        }
        exchange.return_capacity(
            supply_of(self.lot, self.head),
            self.ask,
            self.ask_sold_gpus.is_some(),
            &[(self.window, self.gpus)],
        );
        let last = exchange.venue.key(self.market).and_then(|market| exchange.traded.last_of(market));
        let last =
            last.map(|key| &exchange.contracts[key as usize]).map(|contract| (contract.sequence, contract.price));
        exchange.change_market(self.market, |market| {
            market.last_price = last.max(market.last_completed).map(|(_, price)| price);
        });
    }
}

/// Busted trade as one of its two sides sees it.
#[derive(Serialize)]
struct OwnBust {
    contract: ContractId,
    market: MarketId,
    lot: LotId,
    buyer: OrganizationId,
    seller: OrganizationId,
    gpus: u32,
    window: Window,
    reason: Label,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit: Option<Amount>,
}

impl OwnBust {
    fn of(e: &ContractBusted, reader: OrganizationId) -> Self {
        Self {
            contract: e.contract,
            market: e.market,
            lot: e.lot,
            buyer: e.buyer,
            seller: e.seller,
            gpus: e.gpus,
            window: e.window,
            reason: e.reason.clone(),
            refund: (reader == e.buyer).then_some(e.refund),
            deposit: (reader == e.buyer && !e.deposit.is_zero()).then_some(e.deposit),
        }
    }
}
