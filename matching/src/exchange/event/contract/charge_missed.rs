use ledger::{Amount, ContractId, Currency, Instant, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::hours::Window;
use crate::market::MarketId;

/// The charge of a period could not be paid.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ChargeMissed {
    /// Contract that was to be charged.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Buyer of the contract, who is to pay.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Period that is to be paid. If it is not paid by its start, the contract ends then.
    pub period: Window,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Price and buyer's fee of the period.
    pub due: Amount,
    /// Money that the buyer had for it.
    pub available: Amount,
    /// Instant of the next try.
    pub next_try: Instant,
}

impl EventType for ChargeMissed {
    const NAME: &'static str = "charge_missed";
    const VERSION: u16 = 1;

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
        Part::of(&OwnMissedCharge::of(self, reader.organization))
    }

    fn facts(&self, _: &mut Facts<'_>) {}

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.reschedule_charge(self.contract, |contract| {
            contract.next_charge = Some(self.next_try);
        });
    }
}

/// Missed charge as one of the two sides sees it: the seller learns of it and until when, but not what the buyer has.
#[derive(Serialize)]
pub(super) struct OwnMissedCharge {
    contract: ContractId,
    market: MarketId,
    buyer: OrganizationId,
    seller: OrganizationId,
    period: Window,
    next_try: Instant,
    #[serde(flatten)]
    owed: Option<Owed>,
}

/// Part of a missed charge that only the buyer sees.
#[derive(Serialize)]
struct Owed {
    currency: Currency,
    due: Amount,
    available: Amount,
}

impl OwnMissedCharge {
    pub fn of(e: &ChargeMissed, reader: OrganizationId) -> Self {
        Self {
            contract: e.contract,
            market: e.market,
            buyer: e.buyer,
            seller: e.seller,
            period: e.period,
            next_try: e.next_try,
            owed: (reader == e.buyer).then_some(Owed { currency: e.currency, due: e.due, available: e.available }),
        }
    }
}
