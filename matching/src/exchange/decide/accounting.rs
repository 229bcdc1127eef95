//! Decisions on closing months and on manual journals.

use ledger::{
    Account, AccountKind, Amount, ClientId, Guard, JournalId, JournalLine, Label, Month, OrganizationId, Owner,
};

use crate::exchange::{
    Event, Exchange, Journal, JournalApproved, JournalProposed, JournalRejected, JournalStatus, NewJournal,
    PeriodClosed, Refusal, Unreconciled, WithholdingSet,
};
use crate::identity::DerivedIds;

/// Largest number of lines of a manual journal.
const LINES_MAX: usize = 100;
/// Largest number of items that a refusal lists.
const TOLD_MAX: usize = 3;
/// Largest rate of withholding, in basis points: the whole payout.
const WITHHOLDING_MAX_BPS: u16 = 10_000;

/// Accounts of the operator's own that people may post to. Those at the bank move with its statements, and those of
/// contracts and orders with their events.
const OWN: [AccountKind; 7] = [
    AccountKind::CurrencyPosition,
    AccountKind::WithheldTax,
    AccountKind::Equity,
    AccountKind::FeeRevenue,
    AccountKind::OtherIncome,
    AccountKind::Expense,
    AccountKind::BankDifference,
];
/// Accounts of organizations that people may post to.
const ORGANIZATIONS: [AccountKind; 2] = [AccountKind::CustomerAvailable, AccountKind::SellerPayable];

impl Exchange {
    /// Decides the closing of a month. Time has moved to now before, so the hours of a month that is over are posted.
    pub(super) fn close_period(&self, period: Month, by: ClientId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let next = self.accounting.open_period().unwrap_or_else(|| self.now.day().month());
        if period != next {
            return Err(Refusal::PeriodNotNext { next });
        }
        if self.now.day() <= period.last_day() {
            return Err(Refusal::PeriodNotOver { last_day: period.last_day() });
        }
        let unreconciled = self.unreconciled(period);
        if !unreconciled.is_empty() {
            let mut told: Vec<String> = unreconciled.iter().take(TOLD_MAX).map(Unreconciled::to_string).collect();
            let more = unreconciled.len() - told.len();
            told.extend((more > 0).then(|| format!("and {more} more")));
            return Err(Refusal::PeriodUnreconciled { problem: told.join("; ") });
        }
        out.push(PeriodClosed { period, by }.into());
        Ok(())
    }

    /// Lists what keeps a month from being closed: bookings up to its end that are not explained, accounts whose
    /// statements do not reach it, parked items, and deposits without a booking.
    pub fn unreconciled(&self, period: Month) -> Vec<Unreconciled> {
        let end = period.last_day();
        let lines = self.bank.lines.iter().filter(|(_, open)| open.day <= end);
        let lines =
            lines.map(|(line, open)| Unreconciled::Line { account: open.account, line: *line, amount: open.left });
        let statements = self.bank.accounts.iter().filter_map(|(account, known)| {
            // An account opened after the month's end had no bookings in it.
            let until = known.stated_until();
            let is_open = until.map_or(known.opened <= end, |until| until < end);
            is_open.then_some(Unreconciled::Statement { account: *account, until })
        });
        let mut currencies: Vec<_> = self.venue.markets().map(|market| market.spec.currency).collect();
        currencies.extend(self.bank.accounts.values().map(|account| account.currency));
        currencies.sort_unstable();
        currencies.dedup();
        let deposits = currencies.into_iter().filter_map(|currency| {
            let recorded = Account::operator(AccountKind::BankUnmatched, Owner::Entity, currency);
            let amount = self.books.balance(&recorded);
            (!amount.is_zero()).then_some(Unreconciled::Deposits { currency, amount })
        });
        lines.chain(statements).chain(deposits).chain(self.unposted(end)).collect()
    }

    pub(super) fn propose_journal(
        &self,
        new: &NewJournal,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let invalid = |problem: &str| Err(Refusal::JournalInvalid { problem: problem.to_owned() });
        if !(2..=LINES_MAX).contains(&new.lines.len()) {
            return invalid("it takes 2 to 100 lines");
        }
        for (place, line) in new.lines.iter().enumerate() {
            let JournalLine { account, organization, amount } = line;
            if amount.is_zero() || amount.abs() > Amount::LINE_MAX {
                return invalid("a line is not zero, and at most 1,000,000,000,000");
            }
            let allowed = match organization {
                Some(organization) => {
                    self.require_organization(*organization)?;
                    ORGANIZATIONS.contains(account)
                }
                None => OWN.contains(account),
            };
            if !allowed {
                let whose = if organization.is_some() { "an organization's" } else { "the exchange's own" };
                let problem = format!("a journal does not post to {whose} part of {account}");
                return Err(Refusal::JournalInvalid { problem });
            }
            let same = |other: &JournalLine| (other.account, other.organization) == (*account, *organization);
            if new.lines[..place].iter().any(same) {
                return invalid("an account has one line");
            }
        }
        if !new.lines.iter().map(|line| line.amount).sum::<Amount>().is_zero() {
            return invalid("its lines do not come to zero");
        }
        let used = self.bank.accounts.values().any(|account| account.currency == new.currency)
            || self.venue.markets().any(|market| market.spec.currency == new.currency);
        if !used {
            return invalid("no market and no bank account is in its currency");
        }
        if new.day.is_some_and(|day| day > self.now.day()) {
            return invalid("it is dated in the future");
        }
        if new.day.is_some_and(|day| self.accounting.dated(day) != day) {
            return Err(self.period_closed());
        }
        if new.corrects.is_some_and(|event| event == 0 || event > self.sequence) {
            return invalid("there is no event with the sequence that it corrects");
        }
        out.push(Event::from(JournalProposed {
            journal: JournalId::new(ids.mint()),
            by: new.by,
            day: new.day,
            currency: new.currency,
            lines: new.lines.clone(),
            text: new.text.clone(),
            corrects: new.corrects,
        }));
        Ok(())
    }

    pub(super) fn approve_journal(&self, id: JournalId, by: ClientId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let proposed = self.open_journal(id)?.proposed.clone();
        if proposed.by == by {
            return Err(Refusal::ApprovalOwn);
        }
        let day = proposed.day.unwrap_or_else(|| self.now.day());
        if self.accounting.dated(day) != day {
            return Err(self.period_closed());
        }
        for JournalLine { account, organization, amount } in &proposed.lines {
            let Some(organization) = organization.filter(|_| account.guard() == Guard::NeverDebit) else { continue };
            let available = self.books.customer(*account, organization, proposed.currency);
            if *amount > available {
                return Err(Refusal::InsufficientFunds { required: *amount, available });
            }
        }
        out.push(JournalApproved { proposed, by, day }.into());
        Ok(())
    }

    pub(super) fn reject_journal(
        &self,
        journal: JournalId,
        by: ClientId,
        reason: &Label,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.open_journal(journal)?;
        out.push(JournalRejected { journal, by, reason: reason.clone() }.into());
        Ok(())
    }

    fn open_journal(&self, id: JournalId) -> Result<&Journal, Refusal> {
        let journal = self.accounting.journals.get(&id).ok_or(Refusal::JournalUnknown)?;
        if journal.status == JournalStatus::Proposed { Ok(journal) } else { Err(Refusal::JournalNotOpen) }
    }

    fn period_closed(&self) -> Refusal {
        Refusal::PeriodClosed { first_day: self.accounting.first_open_day().unwrap_or_else(|| self.now.day()) }
    }

    pub(super) fn set_withholding(
        &self,
        organization: OrganizationId,
        basis_points: u16,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_organization(organization)?;
        if basis_points > WITHHOLDING_MAX_BPS {
            return Err(Refusal::WithholdingInvalid { max: WITHHOLDING_MAX_BPS });
        }
        out.push(WithholdingSet { organization, basis_points }.into());
        Ok(())
    }
}
