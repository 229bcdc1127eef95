//! Lines of facts in a box's books.

use crate::account::{Account, AccountKind, Owner};
use crate::identity::{BoxId, ItemName};
use crate::money::Amount;

use super::fact::{Accrual, CashMove, ClosedAccount, Earned, Fact};
use super::lines::Posting;

/// Writer of a fact's lines in the books of one box.
pub(super) struct BoxPosting<'a> {
    pub posting: Posting<'a>,
    pub id: BoxId,
}

impl BoxPosting<'_> {
    pub fn record(mut self, fact: &Fact<'_>) {
        let cash = self.own(AccountKind::BoxCash);
        match *fact {
            Fact::BoxContributed { amount, .. } => self.posting.transfer(cash, self.own(AccountKind::Equity), amount),
            Fact::DebtDrawn { facility, amount, .. } => {
                self.posting.transfer(cash, self.item(AccountKind::Debt, facility), amount);
            }
            Fact::DebtPrepaid { facility, amount, .. } => {
                self.posting.transfer(self.item(AccountKind::Debt, facility), cash, amount);
            }
            Fact::BoxWoundUp { accounts, .. } => {
                for ClosedAccount { account, name, balance } in accounts {
                    let closed = name.map_or_else(|| self.own(*account), |name| self.item(*account, name));
                    self.posting.part(closed, -*balance);
                }
            }
            Fact::AssetBought { asset, amount, .. } => {
                self.posting.transfer(self.item(AccountKind::Equipment, asset), cash, amount);
            }
            Fact::ReserveFunded { reserve, amount, .. } => {
                self.posting.transfer(self.item(AccountKind::ReserveCash, reserve), cash, amount);
            }
            Fact::BoxCollected { contract, amount, .. } => {
                self.posting.transfer(cash, self.item(AccountKind::Receivable, contract), amount);
            }
            Fact::BoxEarned { earned, .. } => self.earn(earned),
            Fact::BoxAccrued { accruals, .. } => self.accrue(accruals),
            Fact::WaterfallPaid { moves, .. } => self.pay(moves),
            _ => {}
        }
    }

    fn own(&self, kind: AccountKind) -> Account {
        Account::of_box(self.id, kind, Owner::Entity, self.posting.currency)
    }

    fn item(&self, kind: AccountKind, name: ItemName) -> Account {
        Account::of_box(self.id, kind, Owner::Item(name), self.posting.currency)
    }

    fn earn(&mut self, earned: &[Earned]) {
        for Earned { contract, name, amount } in earned {
            self.posting.contract = Some(*contract);
            let revenue = self.item(AccountKind::ContractRevenue, *name);
            self.posting.transfer(self.item(AccountKind::Receivable, *name), revenue, *amount);
        }
    }

    fn accrue(&mut self, accruals: &[Accrual]) {
        use AccountKind::{
            AccruedCost, AccruedInterest, AccumulatedDepreciation, ContractRevenue, Depreciation, Interest,
            OperatingCost, Receivable,
        };
        for accrual in accruals {
            let (debit, credit, name, amount) = match *accrual {
                Accrual::Revenue(name, amount) => (Receivable, ContractRevenue, name, amount),
                Accrual::Cost(name, amount) => (OperatingCost, AccruedCost, name, amount),
                Accrual::Interest(name, amount) => (Interest, AccruedInterest, name, amount),
                Accrual::Depreciation(name, amount) => (Depreciation, AccumulatedDepreciation, name, amount),
            };
            self.posting.transfer(self.item(debit, name), self.item(credit, name), amount);
        }
    }

    /// Writes one line for each move, and one for the cash that all of them come from.
    fn pay(&mut self, moves: &[CashMove]) {
        let mut paid = Amount::ZERO;
        for cash_move in moves {
            let (account, amount) = match *cash_move {
                CashMove::Agreement(name, amount) => (self.item(AccountKind::AccruedCost, name), amount),
                CashMove::Interest(name, amount) => (self.item(AccountKind::AccruedInterest, name), amount),
                CashMove::Principal(name, amount) => (self.item(AccountKind::Debt, name), amount),
                CashMove::Reserve(name, amount) => (self.item(AccountKind::ReserveCash, name), amount),
                CashMove::Trap(amount) => (self.own(AccountKind::TrappedCash), amount),
                CashMove::Sponsor(amount) => (self.own(AccountKind::Distribution), amount),
            };
            self.posting.part(account, amount);
            paid += amount;
        }
        self.posting.part(self.own(AccountKind::BoxCash), -paid);
    }
}
