use ledger::{Amount, ContractId, Currency, Fact, OrganizationId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::billing::first_charge;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::{Facts, returned};
use crate::exchange::{Exchange, Parties};
use crate::hours::Window;
use crate::market::MarketId;
use crate::order::is_default;

/// A period of a contract was paid in advance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeriodCharged {
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// The period.
    pub period: Window,
    /// What prices are in.
    pub currency: Currency,
    /// The period at the contract's price.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// What came out of the buyer's free money.
    pub from_available: Amount,
    /// What came out of the buyer's own earnings, of a contract that it resells.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from_payable: Amount,
    /// What came out of the security deposit, which pays the last period.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from_deposit: Amount,
    /// What was left of the security deposit, given back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deposit_returned: Amount,
}

impl EventType for PeriodCharged {
    const NAME: &'static str = "period_charged";
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
        Part::of(&OwnCharge::of(self, reader.organization))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let (organization, contract) = (self.buyer, self.contract);
        let (available, payable) = (self.from_available, self.from_payable);
        let billed = Fact::PeriodBilled { organization, contract, available, payable };
        facts.state_nonzero(available + payable, billed, self.currency);
        facts.state_nonzero(
            self.from_deposit,
            Fact::SecurityApplied { contract, amount: self.from_deposit },
            self.currency,
        );
        facts.state_nonzero(
            self.deposit_returned,
            returned(organization, contract, self.deposit_returned),
            self.currency,
        );
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.spend(self.buyer, self.currency, self.from_available + self.from_payable);
        let now = exchange.now;
        exchange.reschedule_charge(self.contract, |contract| {
            contract.paid_until = self.period.end();
            contract.deposit -= self.from_deposit + self.deposit_returned;
            contract.next_charge = contract.next_period().map(|period| first_charge(period.start(), now));
        });
    }
}

/// A paid period as one of the two sides sees it.
#[derive(Serialize)]
pub(super) struct OwnCharge {
    contract: ContractId,
    market: MarketId,
    buyer: OrganizationId,
    seller: OrganizationId,
    period: Window,
    currency: Currency,
    amount: Amount,
    #[serde(flatten)]
    paid: Option<BuyersCharge>,
}

/// What only the buyer sees of a paid period.
#[derive(Serialize)]
struct BuyersCharge {
    buyer_fee: Amount,
    from_available: Amount,
    from_payable: Amount,
    from_deposit: Amount,
    deposit_returned: Amount,
}

impl OwnCharge {
    pub fn of(e: &PeriodCharged, reader: OrganizationId) -> Self {
        Self {
            contract: e.contract,
            market: e.market,
            buyer: e.buyer,
            seller: e.seller,
            period: e.period,
            currency: e.currency,
            amount: e.amount,
            paid: (reader == e.buyer).then_some(BuyersCharge {
                buyer_fee: e.buyer_fee,
                from_available: e.from_available,
                from_payable: e.from_payable,
                from_deposit: e.from_deposit,
                deposit_returned: e.deposit_returned,
            }),
        }
    }
}
