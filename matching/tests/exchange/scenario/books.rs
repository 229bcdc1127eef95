//! Lines about the bank and the books.
//!
//! - `statement S1 MAIN 0 100 100:$D1` has a booking of 100 that quotes the deposit D1, booked today or `on=2027-01-30`;
//! - `match S1#1=40 for D1=50 org:acme=… account:6000-expense` explains bookings;
//! - `journal J1 6000-expense=25 2000-customer-available/acme=-25` proposes lines, `by=ann`, `day=…`, `corrects=…`;
//! - `entries` tells what the last command has posted: rule, day, and what is corrected.

use ledger::{
    Account, AccountKind, Amount, BankLine, BankStatement, Currency, DepositId, JournalLine, Owner, PayoutId,
    StatedBalance,
};
use matching::{BankLineId, Instruction, ItemChoice, NewJournal, PayoutSource};

use super::Scenario;
use crate::line::{Line, amount, bank_text, label, number, organization};

impl Scenario {
    pub(super) fn keep_books(&mut self, line: &Line<'_>) -> String {
        match line.words[..] {
            ["bank", account, ..] => self.execute(Instruction::OpenBankAccount {
                account: account.parse().expect("a bank account"),
                currency: line.currency(),
                opening: line.option("opening=").map_or(Amount::ZERO, amount),
                tolerance: line.option("tolerance=").map_or(Amount::ZERO, amount),
            }),
            ["give_up", account] => {
                self.execute(Instruction::CloseBankAccount { account: account.parse().expect("a bank account") })
            }
            ["expect", name, who, sum] => {
                self.admit(who);
                let (organization, currency) = (organization(who), Currency::USD);
                let expected = Instruction::ExpectDeposit { organization, amount: amount(sum), currency };
                self.execute_named(name, expected)
            }
            ["payout", name, who, sum, source] => {
                let source = if source == "payable" { PayoutSource::Payable } else { PayoutSource::Available };
                let (organization, currency) = (organization(who), Currency::USD);
                let payout = Instruction::RequestPayout { organization, amount: amount(sum), currency, source };
                self.execute_named(name, payout)
            }
            ["return", payout] => {
                let payout = PayoutId::new(self.money[payout].0);
                self.execute(Instruction::ReturnPayout { payout, reason: label("account closed") })
            }
            ["statement", name, account, opening, closing, ..] => {
                let statement = self.statement(account, opening, closing, line);
                self.execute_named(name, Instruction::ImportStatement(Box::new(statement)))
            }
            ["match", ..] => self.reconcile(&line.words[1..]),
            ["undo", which] => {
                let reconciliation = self.reconciliations[which];
                self.execute(Instruction::UndoReconciliation {
                    reconciliation,
                    reason: label("mistaken"),
                    by: line.by(),
                })
            }
            ["bank_accounts"] => {
                let rows = self.exchange.books().sorted();
                let of = |(account, balance): &(Account, Amount)| {
                    let is_bank = matches!(account.owner, Owner::BankAccount(_));
                    is_bank.then(|| format!("{} {balance}", account.kind.code()))
                };
                rows.iter().filter_map(of).collect::<Vec<_>>().join("; ")
            }
            ["unexplained"] => {
                let bank = self.exchange.bank();
                let lines =
                    bank.lines.iter().map(|(id, open)| format!("{}#{} {}", self.bank_name(id), id.line, open.left));
                lines.collect::<Vec<_>>().join(" ")
            }
            ["close", period] => {
                let (period, by) = (period.parse().expect("a month"), line.by());
                self.execute(Instruction::ClosePeriod { period, by })
            }
            ["journal", name, ..] => {
                let journal = NewJournal {
                    by: line.by(),
                    day: line.option("day=").map(|day| day.parse().expect("a day")),
                    currency: line.currency(),
                    lines: line.words[2..].iter().filter_map(|word| journal_line(word)).collect(),
                    text: label("as agreed"),
                    corrects: line.option("corrects=").map(|event| event.parse().expect("a sequence")),
                };
                self.execute_named(name, Instruction::ProposeJournal(journal))
            }
            ["approve", name, ..] => {
                let journal = self.journals[name];
                self.execute(Instruction::ApproveJournal { journal, by: line.by() })
            }
            ["reject", name, ..] => {
                let journal = self.journals[name];
                self.execute(Instruction::RejectJournal { journal, by: line.by(), reason: label("a typo") })
            }
            ["withhold", who, basis_points] => self.execute(Instruction::SetWithholding {
                organization: organization(who),
                basis_points: basis_points.parse().expect("basis points"),
            }),
            ["entries"] => {
                let entries = self.last.iter().flat_map(matching::Record::entries);
                let tell = |entry: ledger::Entry| {
                    let corrects = entry.corrects().map(|what| format!(" corrects {what}")).unwrap_or_default();
                    format!("{} {}{corrects}", entry.rule().id, entry.effective())
                };
                entries.map(tell).collect::<Vec<_>>().join("; ")
            }
            ["own", code, ..] => {
                let kind = AccountKind::from_code(code).expect("an account");
                let own = Account::operator(kind, Owner::Entity, line.currency());
                self.exchange.books().balance(&own).to_string()
            }
            _ => self.keep_boxes(line),
        }
    }

    /// A statement of these lines: an amount and what it quotes, where `$D1` is the reference of a deposit or a payout.
    fn statement(&self, account: &str, opening: &str, closing: &str, line: &Line<'_>) -> BankStatement {
        let (today, currency) = (self.now.day(), line.currency());
        let day = line.option("on=").map_or(today, |day| day.parse().expect("a day"));
        let booking = |text: &&str| {
            let (sum, quoted) = text.split_once(':')?;
            let reference = quoted.strip_prefix('$').map(|name| bank_text(&self.money[name].1));
            Some(BankLine {
                booking_day: day,
                value_day: day,
                amount: amount(sum),
                reference,
                bank_reference: None,
                counterparty: None,
                counterparty_account: None,
                text: Some(bank_text(quoted)),
                reversal: false,
            })
        };
        let balance = |text| StatedBalance { amount: amount(text), currency, day: today };
        BankStatement {
            account: bank_text(account),
            currency,
            number: bank_text(&self.commands.to_string()),
            period: None,
            opening: balance(opening),
            lines: line.words[5..].iter().filter_map(booking).collect(),
            closing: balance(closing),
        }
    }

    /// Explains lines by items: `S1#1=40 S1#2 for D1=30 org:acme=10 account:6000-expense`.
    fn reconcile(&mut self, words: &[&str]) -> String {
        let split = words.iter().position(|word| *word == "for").expect("lines for items");
        let part = |word: &str| match word.split_once('=') {
            Some((name, sum)) => (name.to_owned(), Some(amount(sum))),
            None => (word.to_owned(), None),
        };
        let lines = words[..split].iter().map(|word| {
            let (name, sum) = part(word);
            let (statement, line) = name.split_once('#').expect("a statement's line");
            (BankLineId { statement: self.statements[statement], line: number(line) }, sum)
        });
        let items = words[split + 1..].iter().map(|word| {
            let (name, sum) = part(word);
            let choice = match name.split_once(':') {
                Some(("box", which)) => ItemChoice::Box(self.boxes[which]),
                Some(("org", who)) => ItemChoice::Organization(organization(who)),
                Some((_, code)) => ItemChoice::Account(AccountKind::from_code(code).expect("an account")),
                None if name.starts_with('P') => ItemChoice::Payout(PayoutId::new(self.money[&name].0)),
                None => ItemChoice::Deposit(DepositId::new(self.money[&name].0)),
            };
            (choice, sum)
        });
        let (lines, items) = (lines.collect(), items.collect());
        let by = "ann".parse().expect("a client");
        self.execute(Instruction::Reconcile { lines, items, by })
    }

    fn bank_name(&self, id: &BankLineId) -> &str {
        self.statements.iter().find(|(_, statement)| **statement == id.statement).map_or("?", |(name, _)| name)
    }
}

/// A journal's line: an account, be it of an organization, and an amount.
fn journal_line(word: &str) -> Option<JournalLine> {
    let (name, sum) = word.split_once('=')?;
    let (code, owner) = name.split_once('/').map_or((name, None), |(code, who)| (code, Some(organization(who))));
    Some(JournalLine { account: AccountKind::from_code(code)?, organization: owner, amount: amount(sum) })
}
