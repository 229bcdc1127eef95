//! Contracts: what a term trade creates, and what each delivered hour of one earns.

use ledger::{Amount, ContractId, Month, OrganizationId, share_floor};
use serde::Serialize;

use crate::{Hour, LotId, MarketId, OrderId, Price, TradeId, Window};

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
    /// Hours delivered so far.
    pub delivered: u32,
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
        let (before, after) = (self.earnings(self.delivered), self.earnings(self.delivered + 1));
        Earnings {
            amount: after.amount - before.amount,
            buyer_fee: after.buyer_fee - before.buyer_fee,
            seller_fee: after.seller_fee - before.seller_fee,
        }
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
                delivered: 0,
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
        }
    }
}
