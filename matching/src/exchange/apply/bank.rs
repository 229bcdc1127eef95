//! Application of bank events: accounts, bookings, and what they were for.

use ledger::{Amount, Day};

use crate::exchange::bank::{
    ActiveReconciliation, Bank, BankAccount, Expected, OpenDeposit, OpenItems, OpenLine, OpenPayout,
};
use crate::exchange::{
    BankAccountClosed, BankAccountOpened, BankLineId, BankLinesBooked, DepositExpected, DepositReceived, MatchedItem,
    MatchedTarget, PayoutRequested, PayoutReturned, PayoutSource, Reconciled, ReconciliationUndone, StatementImported,
};

impl Bank {
    pub(in crate::exchange) fn open(&mut self, e: &BankAccountOpened, opened: Day) {
        let (currency, closing, tolerance) = (e.currency, e.opening, e.tolerance);
        let account = BankAccount { currency, closing, tolerance, opened, statements: Vec::new() };
        self.accounts.insert(e.account, account);
    }

    pub(in crate::exchange) fn close(&mut self, e: &BankAccountClosed) {
        self.accounts.remove(&e.account);
    }

    pub(in crate::exchange) fn expect(&mut self, e: &DepositExpected, sequence: u64) {
        self.items.references.insert(e.reference, Expected::Deposit(e.deposit));
        let deposit = OpenDeposit {
            organization: e.organization,
            currency: e.currency,
            amount: e.amount,
            left: e.amount,
            reference: Some(e.reference),
        };
        self.items.add_deposit(e.deposit, deposit, sequence);
    }

    /// Adds a deposit that was credited before its booking, which is still to come.
    pub(in crate::exchange) fn record(&mut self, e: &DepositReceived, sequence: u64) {
        let deposit = OpenDeposit {
            organization: e.organization,
            currency: e.currency,
            amount: e.amount,
            left: e.amount,
            reference: None,
        };
        self.items.add_deposit(e.deposit, deposit, sequence);
    }

    pub(in crate::exchange) fn import(&mut self, e: &StatementImported) {
        if let Some(account) = self.accounts.get_mut(&e.account) {
            account.closing = e.closing;
            account.statements.push(e.clone());
        }
    }

    pub(in crate::exchange) fn book(&mut self, e: &BankLinesBooked) {
        for (line, booked) in (e.first..).zip(&e.lines) {
            if !booked.amount.is_zero() {
                let open = OpenLine { account: e.account, line: booked.clone(), day: e.day, left: booked.amount };
                self.lines.insert(BankLineId { statement: e.statement, line }, open);
            }
        }
    }

    pub(in crate::exchange) fn reconcile(&mut self, e: &Reconciled, sequence: u64) {
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
        let standing = ActiveReconciliation { sequence, reconciled: e.clone() };
        self.reconciliations.insert(e.reconciliation, standing);
    }

    pub(in crate::exchange) fn undo(&mut self, e: &ReconciliationUndone) {
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

    pub(in crate::exchange) fn pay_out(&mut self, e: &PayoutRequested, withholding_bps: u16, sequence: u64) {
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
        self.items.add_payout(e.payout, payout, sequence);
    }

    /// Marks a payout as returned and returns the tax rate in basis points at which it was withheld.
    pub(in crate::exchange) fn take_back(&mut self, e: &PayoutReturned) -> u16 {
        let Some(mut payout) = self.items.take_payout(e.payout) else { return 0 };
        (payout.left, payout.returned) = (Amount::ZERO, true);
        let withholding_bps = payout.withholding_bps;
        self.items.put_payout(e.payout, payout);
        withholding_bps
    }
}

impl OpenItems {
    /// Subtracts what bookings were for from the open items, or adds it back. Items of which nothing is open stay
    /// known, so that it can be.
    fn settle(&mut self, items: &[MatchedItem], back: bool) {
        for item in items {
            let amount = if back { -item.amount } else { item.amount };
            match item.target {
                MatchedTarget::Deposit { deposit, .. } | MatchedTarget::Recorded { deposit, .. } => {
                    if let Some(mut open) = self.take_deposit(deposit) {
                        open.left -= amount;
                        self.put_deposit(deposit, open);
                    }
                }
                MatchedTarget::Payout { payout, .. } => {
                    if let Some(mut open) = self.take_payout(payout) {
                        open.left += amount;
                        self.put_payout(payout, open);
                    }
                }
                MatchedTarget::Organization { .. } | MatchedTarget::Box { .. } | MatchedTarget::Account { .. } => {}
            }
        }
    }
}

impl PayoutSource {
    /// Returns the account of the chart that the money comes from.
    pub const fn kind(self) -> ledger::AccountKind {
        match self {
            Self::Payable => ledger::AccountKind::SellerPayable,
            Self::Available => ledger::AccountKind::CustomerAvailable,
        }
    }
}
