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

/// Sale of GPUs over a window, in delivery or waiting for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Contract {
    /// Id of the contract in the log and the API.
    pub id: ContractId,
    /// Trade that created it.
    pub trade: TradeId,
    /// Sequence of that trade in the log.
    pub sequence: u64,
    /// Market in which it traded.
    pub market: MarketId,
    /// Lot that serves it.
    pub lot: LotId,
    /// Contract of which it resells a part; `None` for a sale from a lot. The seller, who holds the head, answers for
    /// the delivery.
    pub head: Option<ContractId>,
    /// Ask that sold it.
    pub ask: OrderId,
    /// Buyer, who pays for it.
    pub buyer: OrganizationId,
    /// Seller, who answers for its delivery.
    pub seller: OrganizationId,
    /// Number of GPUs in each hour.
    pub gpus: u32,
    /// Price per GPU-hour.
    pub price: Price,
    /// Hours sold.
    pub window: Window,
    /// Fee of the buyer, in basis points on top of the price.
    pub buyer_fee_bps: u16,
    /// Fee of the seller, in basis points out of the price.
    pub seller_fee_bps: u16,
    /// Month in which it traded, whose budget it counts against.
    pub traded: Month,
    /// Rule by which it is cut into periods.
    pub billing: Billing,
    /// End of the paid periods, exclusive.
    pub paid_until: Hour,
    /// Security deposit for the periods that are not paid.
    pub deposit: Amount,
    /// Instant at which the charge of the next period is tried; `None` once all are paid.
    pub next_charge: Option<Instant>,
    /// Number of its hours that have passed, delivered or credited.
    pub delivered: u32,
    /// Delivery terms of its lot.
    pub delivery: DeliveryTerms,
    /// Instant since which the seller says that the GPUs are ready; `None` before it says so.
    pub ready: Option<Instant>,
    /// Outages that are claimed or settled.
    pub outages: Vec<Outage>,
    /// GPU-minutes of hours that have passed in which it was not delivered.
    pub undelivered_minutes: u64,
    /// Debts of the seller to the buyer for them.
    pub owed: Owed,
    /// Hour before which it ends; `None` unless the buyer has given notice.
    pub ends: Option<Hour>,
    /// Assignment to a box; `None` while the seller earns all hours.
    pub assignment: Option<Assignment>,
}

/// Assignment of a contract to a box.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Assignment {
    /// Box that earns the hours, with its name for the contract.
    pub to: Assignee,
    /// First hour that the box earns.
    pub from: Hour,
}

/// Debts of a seller to the buyer of a contract that it could not pay yet. They are paid as soon as the seller earns
/// anything, for as long as the contract delivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Owed {
    /// Earnings to give back for time that was not delivered.
    pub credit: Amount,
    /// Penalties to pay on top.
    pub penalty: Amount,
}

/// Money earned under a contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Earnings {
    /// Price of the time, without fees.
    pub amount: Amount,
    /// Fee of the buyer, on top of the price.
    pub buyer_fee: Amount,
    /// Fee of the seller, out of the price.
    pub seller_fee: Amount,
}

impl Earnings {
    /// Returns what the buyer pays: the price and its fee.
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
    /// Computes what the first `hours` hours earn together. Fees round down once, on the sum, so the hours of any
    /// partition add up to the whole.
    pub fn earnings(&self, hours: u32) -> Earnings {
        let amount = self.price.cost(self.gpus, hours);
        Earnings {
            amount,
            buyer_fee: share_floor(amount, self.buyer_fee_bps),
            seller_fee: share_floor(amount, self.seller_fee_bps),
        }
    }

    /// Computes what the next hour to deliver earns.
    pub fn next_earnings(&self) -> Earnings {
        self.earnings(self.delivered + 1) - self.earnings(self.delivered)
    }

    /// Computes what the hours of a part of its window earn: the parts of any partition add up to the whole.
    pub fn earnings_of(&self, hours: Window) -> Earnings {
        let until = |hour: Hour| self.earnings(hour.hours() - self.window.start().hours());
        until(hours.end()) - until(hours.start())
    }

    /// Returns the period to be paid next; `None` once all are paid.
    pub fn next_period(&self) -> Option<Window> {
        (self.paid_until < self.window.end()).then(|| self.billing.period(self.window, self.paid_until))
    }

    /// Computes what is paid and not delivered, fee included.
    pub fn prepayment(&self) -> Amount {
        self.earnings(self.paid_until.hours() - self.window.start().hours()).paid()
            - self.earnings(self.delivered).paid()
    }

    /// Computes what the time not delivered would have earned: `gpu_minutes` at the price, fees on the sum. Hours that
    /// have passed earn [`Contract::earnings`] less this.
    pub fn credit(&self, gpu_minutes: u64) -> Earnings {
        let amount = self.price.cost_of_gpu_minutes(gpu_minutes);
        Earnings {
            amount,
            buyer_fee: share_floor(amount, self.buyer_fee_bps),
            seller_fee: share_floor(amount, self.seller_fee_bps),
        }
    }

    /// Computes the penalty that its lot promises for `gpu_minutes` not delivered.
    pub fn penalty(&self, gpu_minutes: u64) -> Amount {
        share_floor(self.price.cost_of_gpu_minutes(gpu_minutes), self.delivery.penalty_bps)
    }

    /// Computes what the hours that have passed earned, less the time not delivered.
    pub fn recognized(&self) -> Earnings {
        self.earnings(self.delivered) - self.credit(self.undelivered_minutes)
    }

    /// Returns the instant from which its time counts as delivered: always, or only from when the seller is ready, as
    /// its lot says.
    pub fn counts_from(&self) -> Instant {
        match self.ready {
            _ if !self.delivery.confirmed => Instant::EPOCH,
            Some(ready) => ready,
            None => Instant::MAX,
        }
    }

    /// Counts the GPU-minutes between two hours that are settled not to have been delivered, counting `also` as
    /// settled.
    pub fn undelivered(&self, hours: (Hour, Hour), also: Option<&Outage>) -> u64 {
        let settled = self
            .outages
            .iter()
            .filter(|outage| outage.status == OutageStatus::Settled && also.is_none_or(|also| also.id != outage.id));
        undelivered_minutes(hours, self.gpus, self.counts_from(), settled.chain(also))
    }

    /// Returns the box that earns an hour; `None` when the seller does.
    pub fn assignee_at(&self, hour: Hour) -> Option<Assignee> {
        self.assignment.filter(|assignment| hour >= assignment.from).map(|assignment| assignment.to)
    }

    /// Returns the payee of an hour: the box that it is assigned to, or else the seller.
    pub fn payee_at(&self, hour: Hour) -> Payee {
        Assignee::payee(self.assignee_at(hour), self.seller)
    }

    /// Returns the next hour to deliver.
    pub fn next_hour(&self) -> Hour {
        self.window.start().plus(self.delivered)
    }

    /// Returns whether every hour has passed.
    pub fn is_complete(&self) -> bool {
        self.delivered >= self.window.hours()
    }
}

/// Box that a contract is assigned to, with the box's name for the contract.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Assignee {
    /// Box that earns the contract's hours in place of its seller.
    #[serde(rename = "box")]
    pub box_id: BoxId,
    /// Name of the contract in the box's deal.
    pub name: ItemName,
}

impl Assignee {
    /// Returns the payee of a contract: the box that it is assigned to, or else its seller.
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
