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
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// The lot that would have served it.
    pub lot: LotId,
    /// The contract that was resold, if one was.
    pub head: Option<ContractId>,
    /// The ask that sold it.
    pub ask: OrderId,
    /// The trade that is undone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trade: Option<TradeId>,
    /// The most GPUs that the ask has sold in any one hour without it. An ask that had sold all is open again; none for one that
    /// has ended and stays so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ask_sold_gpus: Option<u32>,
    /// Who would have paid.
    pub buyer: OrganizationId,
    /// Who would have delivered.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// When.
    pub window: Window,
    /// What prices are in.
    pub currency: Currency,
    /// What the buyer gets back of what it has paid: the price and the fee.
    pub refund: Amount,
    /// The security deposit, which the buyer gets back as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deposit: Amount,
    /// Why.
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

/// An undone trade as one of its two sides sees it.
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
