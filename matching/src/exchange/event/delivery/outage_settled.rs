use ledger::{Amount, ContractId, Currency, Earned, Fact, Instant, Label, OrganizationId, Redress, from_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contract::Assignee;
use crate::exchange::event::{EventKey, EventType, Part, Reader, Stamp};
use crate::exchange::facts::Facts;
use crate::exchange::{Exchange, Parties};
use crate::identity::OutageId;
use crate::market::MarketId;
use crate::order::is_default;
use crate::outage::OutageStatus;

/// An outage was accepted by the other side, or upheld by an operator: its time is not billed, and what was is given back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageSettled {
    /// The outage.
    pub outage: OutageId,
    /// The contract.
    pub contract: ContractId,
    /// Where it traded.
    pub market: MarketId,
    /// Who uses the GPUs.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// What the operator said; none where the other side has accepted it.
    #[serde(default, deserialize_with = "from_log")]
    pub ruling: Option<Label>,
    /// How many of the contract's GPUs are out.
    pub gpus: u32,
    /// Since when.
    pub from: Instant,
    /// Until when; none while it lasts.
    pub until: Option<Instant>,
    /// What prices are in.
    pub currency: Currency,
    /// The GPU-minutes of hours already recorded as delivered that were not.
    pub gpu_minutes: u64,
    /// Their price.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// The seller's fee on it.
    pub seller_fee: Amount,
    /// The box that earned the time and gives it back, where the contract was assigned to one when the outage began.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
    /// What the seller, or the box, gives back at once of the price less its fee; the rest is owed.
    pub from_seller: Amount,
    /// What the lot promises on top.
    pub penalty: Amount,
    /// What is paid of that at once; the rest is owed.
    pub penalty_paid: Amount,
}

impl EventType for OutageSettled {
    const NAME: &'static str = "outage_settled";
    const VERSION: u16 = 2;
    const READ_FROM: u16 = 1;

    fn key(&self) -> EventKey {
        EventKey::Market(self.market)
    }

    fn subject(&self) -> Option<Uuid> {
        Some(self.outage.uuid())
    }

    fn parties(&self) -> Parties {
        Parties::named(&[self.buyer, self.seller])
    }

    fn part_for(&self, reader: Reader<'_>) -> Part {
        Part::of(&OwnSettlement::of(self, reader.organization))
    }

    fn facts(&self, facts: &mut Facts<'_>) {
        let (contract, buyer, payee) = (self.contract, self.buyer, Assignee::payee(self.assignee, self.seller));
        let (from_payee, from_fees) = (self.from_seller, self.buyer_fee + self.seller_fee);
        let hours = (self.from, self.until.unwrap_or(facts.at));
        let reversed = Fact::DeliveryReversed { contract, buyer, payee, from_payee, from_fees, hours };
        facts.state_nonzero(from_payee + from_fees, reversed, self.currency);
        let redress = [Redress { contract, payee, buyer, amount: self.penalty_paid }];
        facts.state_nonzero(self.penalty_paid, Fact::PenaltyPaid { redress: &redress }, self.currency);
        let given = from_payee + self.penalty_paid;
        if let Some(to) = self.assignee {
            let earned = [Earned { contract, name: to.name, amount: -given }];
            facts.state_nonzero(given, Fact::BoxEarned { box_id: to.box_id, earned: &earned }, self.currency);
        }
    }

    fn apply(&self, exchange: &mut Exchange, _: Stamp) {
        exchange.change_outage(self.contract, self.outage, |outage| {
            (outage.gpus, outage.from, outage.until) = (self.gpus, self.from, self.until);
            outage.status = OutageStatus::Settled;
        });
        exchange.change_contract(self.contract, |contract| {
            contract.undelivered_minutes += self.gpu_minutes;
            contract.owed.credit += self.amount - self.seller_fee - self.from_seller;
            contract.owed.penalty += self.penalty - self.penalty_paid;
        });
        exchange.forget_undisputed(self.contract);
    }
}

/// An outage that counts as one of the two sides sees it.
#[derive(Serialize)]
pub(super) struct OwnSettlement {
    outage: OutageId,
    contract: ContractId,
    market: MarketId,
    buyer: OrganizationId,
    seller: OrganizationId,
    ruling: Option<Label>,
    gpus: u32,
    from: Instant,
    until: Option<Instant>,
    currency: Currency,
    gpu_minutes: u64,
    amount: Amount,
    penalty: Amount,
    penalty_paid: Amount,
    from_seller: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seller_fee: Option<Amount>,
}

impl OwnSettlement {
    pub fn of(e: &OutageSettled, reader: OrganizationId) -> Self {
        Self {
            outage: e.outage,
            contract: e.contract,
            market: e.market,
            buyer: e.buyer,
            seller: e.seller,
            ruling: e.ruling.clone(),
            gpus: e.gpus,
            from: e.from,
            until: e.until,
            currency: e.currency,
            gpu_minutes: e.gpu_minutes,
            amount: e.amount,
            penalty: e.penalty,
            penalty_paid: e.penalty_paid,
            from_seller: e.from_seller,
            buyer_fee: (reader == e.buyer).then_some(e.buyer_fee),
            seller_fee: (reader == e.seller).then_some(e.seller_fee),
        }
    }
}
