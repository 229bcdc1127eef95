//! Check of the contracts: what each earned, gave back and has left is what it was sold for.

use ledger::{Account, AccountKind, Amount, ContractId, Currency, Map, Owner, share_floor};
use matching::{Event, Exchange, Record, TradeExecuted};

use super::balances::named;
use super::contract_change::ContractChange;
use super::report::{Check, Outcome};

/// Contract as the log has it.
pub(super) struct LoggedContract {
    /// Sequence of its trade in the log.
    pub sequence: u64,
    pub trade: TradeExecuted,
    /// Changes since its trade.
    pub change: ContractChange,
}

impl LoggedContract {
    /// Computes what the buyer pays for its first `hours` hours.
    fn price_of(&self, hours: u32) -> Amount {
        let cost = self.trade.price.cost(self.trade.gpus, hours);
        cost + share_floor(cost, self.trade.buyer_fee_bps)
    }

    /// Returns the price and the buyer's fee for which it was sold.
    pub fn total(&self) -> Amount {
        self.trade.amount + self.trade.buyer_fee
    }

    /// Returns what the buyer has paid.
    pub fn paid(&self) -> Amount {
        self.trade.prepaid() + self.change.paid
    }

    /// Returns what is left of the security deposit.
    pub fn deposit(&self) -> Amount {
        self.trade.deposit() + self.change.deposit
    }
}

/// Follower of every contract, from its trade on.
#[derive(Default)]
pub(super) struct ContractsCheck {
    pub told: Map<ContractId, LoggedContract>,
}

impl ContractsCheck {
    /// Adds an event.
    pub fn follow(&mut self, record: &Record) {
        if let Event::TradeExecuted(trade) = &record.event {
            let told =
                LoggedContract { sequence: record.sequence, trade: trade.clone(), change: ContractChange::default() };
            self.told.insert(trade.contract, told);
        }
        for (contract, change) in ContractChange::of(&record.event) {
            if let Some(told) = self.told.get_mut(&contract) {
                told.change.then(change);
            }
        }
    }

    /// Compares the contracts of the log with the books and the state.
    pub fn finish(&self, sums: &Map<Account, Amount>, exchange: &Exchange) -> Outcome {
        let mut outcome = Outcome::of(Check::Contracts);
        let mut ids: Vec<_> = self.told.keys().copied().collect();
        ids.sort_unstable();
        outcome.compared = ids.len() as u64;
        for id in ids {
            self.compare(id, sums, exchange, &mut outcome);
        }
        for (account, sum) in sums {
            let unknown = matches!(account.owner, Owner::Contract(id) if !self.told.contains_key(&id));
            if unknown {
                outcome.compare(|| named(account), Amount::ZERO, *sum);
            }
        }
        outcome
    }

    fn compare(&self, id: ContractId, sums: &Map<Account, Amount>, exchange: &Exchange, outcome: &mut Outcome) {
        let told = &self.told[&id];
        let (trade, change) = (&told.trade, &told.change);
        let place = |what: &'static str| move || format!("contract {id}, {what}");
        outcome.compare(place("its total"), told.price_of(trade.window.hours()), told.total());
        let passed = change.recognized + change.credited;
        outcome.compare(place("recognized and credited"), told.price_of(change.hours), passed);
        let left = told.paid() - passed - change.refunded;
        outcome.compare(
            place("its prepayment"),
            left,
            -sum_of(sums, AccountKind::ContractPrepayment, id, trade.currency),
        );
        let deposit = sum_of(sums, AccountKind::SecurityDeposit, id, trade.currency);
        outcome.compare(place("its security deposit"), told.deposit(), -deposit);
        let Some(contract) = exchange.contract(id) else {
            outcome.compare(place("its prepayment now that it is over"), Amount::ZERO, left);
            outcome.compare(place("its security deposit now that it is over"), Amount::ZERO, told.deposit());
            if change.termination.is_none() {
                outcome.compare(place("the hours passed"), trade.window.hours(), change.hours);
            }
            return;
        };
        let remaining = contract.earnings(trade.window.hours()).paid() - contract.earnings(contract.delivered).paid();
        let parts = change.recognized + change.credited + remaining;
        outcome.compare(place("recognized, credited and remaining"), told.total(), parts);
        outcome.compare(place("its prepayment in the state"), left, contract.prepayment());
        outcome.compare(place("its security deposit in the state"), told.deposit(), contract.deposit);
        outcome.compare(place("recognized in the state"), change.recognized, contract.recognized().paid());
        outcome.compare(place("the hours passed in the state"), change.hours, contract.delivered);
    }
}

fn sum_of(sums: &Map<Account, Amount>, kind: AccountKind, contract: ContractId, currency: Currency) -> Amount {
    let account = Account::operator(kind, Owner::Contract(contract), currency);
    sums.get(&account).copied().unwrap_or_default()
}
