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
    /// Contract that is charged.
    pub contract: ContractId,
    /// Market in which it traded.
    pub market: MarketId,
    /// Buyer of the contract, who pays.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Period that is paid.
    pub period: Window,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Price of the period, without fees.
    pub amount: Amount,
    /// Fee of the buyer, on top of the price.
    pub buyer_fee: Amount,
    /// Part that the buyer's available money pays.
    pub from_available: Amount,
    /// Part that the buyer's own earnings from reselling the contract pay.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from_payable: Amount,
    /// Part that the security deposit pays; only for the last period.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from_deposit: Amount,
    /// Rest of the security deposit, given back to the buyer.
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

/// Paid period as one of the two sides sees it.
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

/// Part of a paid period that only the buyer sees.
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
