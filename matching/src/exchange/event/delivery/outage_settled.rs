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

/// An outage was accepted by the other side, or upheld by an operator: its time is not billed, and what was billed is
/// given back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OutageSettled {
    /// Outage that counts.
    pub outage: OutageId,
    /// Contract whose GPUs are out.
    pub contract: ContractId,
    /// Market in which the contract traded.
    pub market: MarketId,
    /// Buyer of the contract, who uses the GPUs.
    pub buyer: OrganizationId,
    /// Seller of the contract.
    pub seller: OrganizationId,
    /// Ruling of the operator; `None` when the other side accepted the outage.
    #[serde(default, deserialize_with = "from_log")]
    pub ruling: Option<Label>,
    /// Number of the contract's GPUs that are out.
    pub gpus: u32,
    /// Start of the outage, inclusive.
    pub from: Instant,
    /// End of the outage, exclusive; `None` while it lasts.
    pub until: Option<Instant>,
    /// Currency of the amounts.
    pub currency: Currency,
    /// GPU-minutes of hours recorded as delivered that were not.
    pub gpu_minutes: u64,
    /// Price of these GPU-minutes, without fees.
    pub amount: Amount,
    /// Fee of the buyer on it, given back as well.
    pub buyer_fee: Amount,
    /// Fee of the seller on it, which was deducted from its earnings.
    pub seller_fee: Amount,
    /// Box that earned the time and gives it back; `None` unless the contract was assigned to one when the outage
    /// began.
    #[serde(default, skip_serializing_if = "is_default")]
    pub assignee: Option<Assignee>,
    /// Part of the price less the seller's fee that the seller, or the box, gives back at once; the rest is owed.
    pub from_seller: Amount,
    /// Penalty that the lot promises on top.
    pub penalty: Amount,
    /// Part of the penalty that is paid at once; the rest is owed.
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

/// Settled outage as one of the two sides sees it.
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
