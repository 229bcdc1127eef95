//! Contracts: what a term trade creates, how it is paid, and what each delivered hour of one earns.

use ledger::{Amount, BoxId, ContractId, Instant, ItemName, Month, OrganizationId, Payee, share_floor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::billing::Billing;
use crate::hours::{Hour, Window};
use crate::identity::{LotId, OrderId, TradeId};
use crate::market::MarketId;
use crate::outage::{DeliveryTerms, Outage, OutageStatus, undelivered_minutes};
use crate::price::Price;

/// A sale of GPUs over a window, being delivered or waiting to be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Contract {
    /// Its id.
    pub id: ContractId,
    /// The trade that made it.
    pub trade: TradeId,
    /// The sequence of that trade in the log.
    pub sequence: u64,
    /// Where it traded.
    pub market: MarketId,
    /// The lot that serves it.
    pub lot: LotId,
    /// The contract that it resells part of, if it does. Its seller, who holds that one, answers for the delivery.
    pub head: Option<ContractId>,
    /// The ask that sold it.
    pub ask: OrderId,
    /// Who pays.
    pub buyer: OrganizationId,
    /// Who delivers.
    pub seller: OrganizationId,
    /// How many GPUs.
    pub gpus: u32,
    /// At what price.
    pub price: Price,
    /// When.
    pub window: Window,
    /// The buyer's fee, in basis points on top of the price.
    pub buyer_fee_bps: u16,
    /// The seller's fee, in basis points out of the price.
    pub seller_fee_bps: u16,
    /// The month in which it was traded, whose budget it counts against.
    pub traded: Month,
    /// How it is cut into periods.
    pub billing: Billing,
    /// The end of the periods that are paid.
    pub paid_until: Hour,
    /// What secures the periods that are not.
    pub deposit: Amount,
    /// When the charge of the next period is tried; none once all are paid.
    pub next_charge: Option<Instant>,
    /// Hours that have passed of it, delivered or credited.
    pub delivered: u32,
    /// What was promised about its delivery.
    pub delivery: DeliveryTerms,
    /// When the seller said that the GPUs were ready.
    pub ready: Option<Instant>,
    /// What is claimed or settled not to have been delivered.
    pub outages: Vec<Outage>,
    /// The GPU-minutes of the hours that have passed that were not delivered.
    pub undelivered_minutes: u64,
    /// What the seller owes the buyer for them.
    pub owed: Owed,
    /// The hour before which it ends, where the buyer has given notice.
    pub ends: Option<Hour>,
    /// The box that it is assigned to.
    pub assignment: Option<Assignment>,
}

/// The assignment of a contract to a box.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Assignment {
    /// To which.
    pub to: Assignee,
    /// The first hour that the box earns.
    pub from: Hour,
}

/// What a seller owes the buyer of a contract and could not pay yet. It is paid as soon as the seller earns anything, for as long
/// as the contract delivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Owed {
    /// Earnings for time that was not delivered.
    pub credit: Amount,
    /// Penalties.
    pub penalty: Amount,
}

/// Money earned under a contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Earnings {
    /// At the contract's price.
    pub amount: Amount,
    /// The buyer's fee on it.
    pub buyer_fee: Amount,
    /// The seller's fee on it.
    pub seller_fee: Amount,
}

impl Earnings {
    /// What the buyer pays: the price and the fee.
    pub fn paid(self) -> Amount {
        self.amount + self.buyer_fee
    }
}

impl std::ops::Sub for Earnings {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            amount: self.amount - other.amount,
            buyer_fee: self.buyer_fee - other.buyer_fee,
            seller_fee: self.seller_fee - other.seller_fee,
        }
    }
}

impl Contract {
    /// What the first `hours` hours earn together. Fees round down once, on the sum, so the hours of any partition add
    /// up to the whole.
    pub fn earnings(&self, hours: u32) -> Earnings {
        let amount = self.price.cost(self.gpus, hours);
        Earnings {
            amount,
            buyer_fee: share_floor(amount, self.buyer_fee_bps),
            seller_fee: share_floor(amount, self.seller_fee_bps),
        }
    }

    /// What the next hour earns.
    pub fn next_earnings(&self) -> Earnings {
        self.earnings(self.delivered + 1) - self.earnings(self.delivered)
    }

    /// What the hours of a part of its window earn: the parts of any partition add up to the whole.
    pub fn earnings_of(&self, hours: Window) -> Earnings {
        let until = |hour: Hour| self.earnings(hour.hours() - self.window.start().hours());
        until(hours.end()) - until(hours.start())
    }

    /// The period to be paid next.
    pub fn next_period(&self) -> Option<Window> {
        (self.paid_until < self.window.end()).then(|| self.billing.period(self.window, self.paid_until))
    }

    /// What has been paid and is not delivered.
    pub fn prepayment(&self) -> Amount {
        self.earnings(self.paid_until.hours() - self.window.start().hours()).paid()
            - self.earnings(self.delivered).paid()
    }

    /// What the time not delivered would have earned: `gpu_minutes` at the price, fees on the sum. What is earned of hours that have
    /// passed is [`Contract::earnings`] less this.
    pub fn credit(&self, gpu_minutes: u64) -> Earnings {
        let amount = self.price.cost_of_gpu_minutes(gpu_minutes);
        Earnings {
            amount,
            buyer_fee: share_floor(amount, self.buyer_fee_bps),
            seller_fee: share_floor(amount, self.seller_fee_bps),
        }
    }

    /// What its lot promises on top for so many GPU-minutes not delivered.
    pub fn penalty(&self, gpu_minutes: u64) -> Amount {
        share_floor(self.price.cost_of_gpu_minutes(gpu_minutes), self.delivery.penalty_bps)
    }

    /// What has been earned of the hours that have passed.
    pub fn recognized(&self) -> Earnings {
        self.earnings(self.delivered) - self.credit(self.undelivered_minutes)
    }

    /// From when on its time counts as delivered.
    pub fn counts_from(&self) -> Instant {
        match self.ready {
            _ if !self.delivery.confirmed => Instant::EPOCH,
            Some(ready) => ready,
            None => Instant::MAX,
        }
    }

    /// The GPU-minutes between two hours that are settled not to have been delivered, counting `also` as settled.
    pub fn undelivered(&self, hours: (Hour, Hour), also: Option<&Outage>) -> u64 {
        let settled = self
            .outages
            .iter()
            .filter(|outage| outage.status == OutageStatus::Settled && also.is_none_or(|also| also.id != outage.id));
        undelivered_minutes(hours, self.gpus, self.counts_from(), settled.chain(also))
    }

    /// The box that earns an hour; none of one that the seller earns.
    pub fn assignee_at(&self, hour: Hour) -> Option<Assignee> {
        self.assignment.filter(|assignment| hour >= assignment.from).map(|assignment| assignment.to)
    }

    /// Who earns an hour.
    pub fn payee_at(&self, hour: Hour) -> Payee {
        Assignee::payee(self.assignee_at(hour), self.seller)
    }

    /// The next hour to deliver.
    pub fn next_hour(&self) -> Hour {
        self.window.start().plus(self.delivered)
    }

    /// Whether every hour has been delivered.
    pub fn is_complete(&self) -> bool {
        self.delivered >= self.window.hours()
    }
}

/// The box that a contract is assigned to, and what the box's deal calls it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Assignee {
    /// The box that earns the contract's hours in place of its seller.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// The contract's name in its deal.
    pub name: ItemName,
}

impl Assignee {
    /// Who is owed what a contract earns: the box that it is assigned to, or else its seller.
    pub fn payee(assignee: Option<Self>, seller: OrganizationId) -> Payee {
        assignee.map_or(Payee::Seller(seller), |assignee| Payee::Box(assignee.box_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    proptest! {
        /// Hour by hour, a contract earns exactly what it was sold for, fees included.
        #[test]
        fn hours_add_up_to_the_whole(micros in 1i64..5_000_000, gpus in 1u32..64, hours in 1u32..400, bps in 0u16..300) {
            let organization = |name: &str| name.parse::<OrganizationId>().expect("a slug");
            let mut contract = Contract {
                id: ContractId::new(Uuid::nil()),
                trade: TradeId::new(Uuid::nil()),
                sequence: 1,
                market: "a100.us-1".parse().expect("a market"),
                lot: LotId::new(Uuid::nil()),
                head: None,
                ask: OrderId::new(Uuid::nil()),
                buyer: organization("buyer"),
                seller: organization("seller"),
                gpus,
                price: Price::from_micros(micros).expect("in range"),
                window: Window::new(Hour::from_hours(0), Hour::from_hours(hours)).expect("a window"),
                buyer_fee_bps: bps,
                seller_fee_bps: bps / 2,
                traded: ledger::Day::from_days(0).month(),
                billing: Billing::Hours720,
                paid_until: Hour::from_hours(hours),
                deposit: Amount::ZERO,
                next_charge: None,
                delivered: 0,
                delivery: DeliveryTerms { penalty_bps: 2_500, ..DeliveryTerms::default() },
                ready: None,
                outages: Vec::new(),
                undelivered_minutes: 0,
                owed: Owed::default(),
                ends: None,
                assignment: None,
            };
            let mut sum = Earnings::default();
            while !contract.is_complete() {
                let hour = contract.next_earnings();
                prop_assert!(hour.buyer_fee >= Amount::ZERO && hour.seller_fee >= Amount::ZERO);
                sum.amount += hour.amount;
                sum.buyer_fee += hour.buyer_fee;
                sum.seller_fee += hour.seller_fee;
                contract.delivered += 1;
            }
            prop_assert_eq!(sum, contract.earnings(hours));
            prop_assert_eq!(contract.prepayment(), Amount::ZERO);
            let whole = (0..hours).step_by(7).map(|start| {
                let end = Hour::from_hours((start + 7).min(hours));
                contract.earnings_of(Window::between(Hour::from_hours(start), end)).paid()
            });
            prop_assert_eq!(whole.sum::<Amount>(), contract.earnings(hours).paid(), "periods add up as well");
        }
    }
}
