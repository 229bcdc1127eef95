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
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who is to pay.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The period. The contract ends as it begins, if it is not paid by then.
    pub period: Window,
    /// What prices are in.
    pub currency: Currency,
    /// What is to be paid.
    pub due: Amount,
    /// What the buyer had.
    pub available: Amount,
    /// When it is tried again.
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

/// A missed charge as one of the two sides sees it: the seller that, and until when, but not what the buyer has.
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

/// What only the buyer sees of a missed charge.
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
