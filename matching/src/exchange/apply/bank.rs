//! The bank: its accounts, bookings, and what they were for.

use std::collections::BTreeMap;

use ledger::{Amount, Day};

use crate::exchange::bank::{
    Bank, BankAccount, Expected, OpenDeposit, OpenItems, OpenLine, OpenPayout, StandingReconciliation,
};
use crate::exchange::{
    BankAccountClosed, BankAccountOpened, BankLineId, BankLinesBooked, DepositExpected, DepositReceived, MatchedItem,
    MatchedTarget, PayoutRequested, PayoutReturned, PayoutSource, Reconciled, ReconciliationUndone, StatementImported,
};

impl Bank {
    pub(super) fn open(&mut self, e: &BankAccountOpened, opened: Day) {
        let (currency, closing, tolerance) = (e.currency, e.opening, e.tolerance);
        let account = BankAccount { currency, closing, tolerance, opened, statements: Vec::new() };
        self.accounts.insert(e.account, account);
    }

    pub(super) fn close(&mut self, e: &BankAccountClosed) {
        self.accounts.remove(&e.account);
    }

    pub(super) fn expect(&mut self, e: &DepositExpected) {
        self.items.references.insert(e.reference, Expected::Deposit(e.deposit));
        let deposit = OpenDeposit {
            organization: e.organization,
            currency: e.currency,
            amount: e.amount,
            left: e.amount,
            reference: Some(e.reference),
        };
        self.items.deposits.insert(e.deposit, deposit);
    }

    /// A deposit that was credited before its booking: the booking is still to come.
    pub(super) fn record(&mut self, e: &DepositReceived) {
        let deposit = OpenDeposit {
            organization: e.organization,
            currency: e.currency,
            amount: e.amount,
            left: e.amount,
            reference: None,
        };
        self.items.deposits.insert(e.deposit, deposit);
    }

    pub(super) fn import(&mut self, e: &StatementImported) {
        if let Some(account) = self.accounts.get_mut(&e.account) {
            account.closing = e.closing;
            account.statements.push(e.clone());
        }
    }

    pub(super) fn book(&mut self, e: &BankLinesBooked) {
        for (line, booked) in (e.first..).zip(&e.lines) {
            if !booked.amount.is_zero() {
                let open = OpenLine { account: e.account, line: booked.clone(), day: e.day, left: booked.amount };
                self.lines.insert(BankLineId { statement: e.statement, line }, open);
            }
        }
    }

    pub(super) fn reconcile(&mut self, e: &Reconciled, sequence: u64) {
        for matched in &e.lines {
            if let Some(line) = self.lines.get_mut(&matched.line) {
                line.left -= matched.amount;
                if line.left.is_zero() {
                    let explained = self.lines.remove(&matched.line);
                    self.explained.extend(explained.map(|line| (matched.line, line)));
                }
            }
        }
        self.items.settle(&e.items, false);
        let standing = StandingReconciliation { sequence, reconciled: e.clone() };
        self.reconciliations.insert(e.reconciliation, standing);
    }

    pub(super) fn undo(&mut self, e: &ReconciliationUndone) {
        for matched in &e.undone.lines {
            if let Some(line) = self.explained.remove(&matched.line) {
                self.lines.insert(matched.line, line);
            }
            if let Some(line) = self.lines.get_mut(&matched.line) {
                line.left += matched.amount;
            }
        }
        self.items.settle(&e.undone.items, true);
        self.reconciliations.remove(&e.undone.reconciliation);
    }

    pub(super) fn pay_out(&mut self, e: &PayoutRequested, withholding_bps: u16) {
        self.items.references.insert(e.reference, Expected::Payout(e.payout));
        let payout = OpenPayout {
            organization: e.organization,
            currency: e.currency,
            amount: e.amount,
            withheld: e.withheld,
            withholding_bps,
            left: e.amount,
            source: e.source,
            reference: e.reference,
            returned: false,
        };
        self.items.payouts.insert(e.payout, payout);
    }

    /// Tells the rate at which tax had been withheld from it.
    pub(super) fn take_back(&mut self, e: &PayoutReturned) -> u16 {
        let Some(mut payout) = self.items.payouts.remove(&e.payout) else { return 0 };
        (payout.left, payout.returned) = (Amount::ZERO, true);
        let withholding_bps = payout.withholding_bps;
        self.items.settled_payouts.insert(e.payout, payout);
        withholding_bps
    }
}

impl OpenItems {
    /// Takes what bookings were for off what is open, or puts it back. What nothing is open of stays known, so that it can be.
    pub(in crate::exchange) fn settle(&mut self, items: &[MatchedItem], back: bool) {
        for item in items {
            let amount = if back { -item.amount } else { item.amount };
            match item.target {
                MatchedTarget::Deposit { deposit, .. } | MatchedTarget::Recorded { deposit, .. } => {
                    move_item(&mut self.deposits, &mut self.settled_deposits, deposit, |open| {
                        open.left -= amount;
                        open.left
                    });
                }
                MatchedTarget::Payout { payout, .. } => {
                    move_item(&mut self.payouts, &mut self.settled_payouts, payout, |open| {
                        open.left += amount;
                        open.left
                    });
                }
                MatchedTarget::Organization { .. } | MatchedTarget::Box { .. } | MatchedTarget::Account { .. } => {}
            }
        }
    }
}

/// Changes an item, be it open or settled, and keeps it among those that are open while something is left of it.
fn move_item<K: Ord + Copy, T>(
    open: &mut BTreeMap<K, T>,
    settled: &mut BTreeMap<K, T>,
    key: K,
    change: impl FnOnce(&mut T) -> Amount,
) {
    if let Some(mut item) = open.remove(&key).or_else(|| settled.remove(&key)) {
        let of_its_kind = if change(&mut item) > Amount::ZERO { open } else { settled };
        of_its_kind.insert(key, item);
    }
}

impl PayoutSource {
    /// The account that the money comes from.
    pub const fn kind(self) -> ledger::AccountKind {
        match self {
            Self::Payable => ledger::AccountKind::SellerPayable,
            Self::Available => ledger::AccountKind::CustomerAvailable,
        }
    }
}
