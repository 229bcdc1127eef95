//! Decisions on the bank: accounts, statements, reconciliation, payouts.

use ledger::{
    AccountKind, Amount, BankAccountId, BankLine, BankStatement, BankText, ClientId, Currency, Day, DepositId, Label,
    MatchRule, OrganizationId, PaymentReference, PayoutId, ReconciliationId, StatementId, exact,
};

use crate::exchange::bank::{OpenLine, Taken};
use crate::exchange::{
    BankAccountClosed, BankAccountOpened, BankLineId, BankLinesBooked, DepositExpected, EVENT_BYTES_MAX, Event,
    Exchange, ItemChoice, MatchedItem, MatchedLine, MatchedTarget, PayoutRequested, PayoutReturned, PayoutSource,
    Reconciled, ReconciliationUndone, Refusal, StatementImported,
};
use crate::identity::DerivedIds;

/// Largest number of lines in one event.
const LINES_PER_EVENT_MAX: usize = 500;
/// Largest size of the lines of one event as JSON, in bytes, commas not counted; the rest is for the event's other
/// fields. A line alone is never longer: it has five texts of at most six bytes for each of theirs, and a few short
/// fields.
const LINES_BYTES_MAX: usize = EVENT_BYTES_MAX - 2_000;
const _: () = assert!(5 * 6 * BankText::BYTES_MAX + 1_000 < LINES_BYTES_MAX, "any line fits");
/// Largest number of lines of one statement.
const LINES_MAX: usize = 50_000;
/// Largest number of open deposits of one organization.
const DEPOSITS_MAX: usize = 100;
/// Largest number of bookings, and of items, of one reconciliation.
const MATCHED_MAX: usize = 500;

/// Accounts of the chart that a booking may be explained by.
const OWN: [AccountKind; 5] = [
    AccountKind::Expense,
    AccountKind::Equity,
    AccountKind::OtherIncome,
    AccountKind::CurrencyPosition,
    AccountKind::WithheldTax,
];

impl Exchange {
    pub(super) fn open_bank_account(
        &self,
        account: BankAccountId,
        currency: Currency,
        opening: Amount,
        tolerance: Amount,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.bank.accounts.contains_key(&account) {
            return Err(Refusal::BankAccountExists);
        }
        if opening.abs() > Amount::LINE_MAX || !(Amount::ZERO..=Amount::LINE_MAX).contains(&tolerance) {
            return Err(Refusal::AmountTooLarge);
        }
        out.push(BankAccountOpened { account, currency, opening, tolerance }.into());
        Ok(())
    }

    pub(super) fn close_bank_account(&self, account: BankAccountId, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let known = self.bank.accounts.get(&account).ok_or(Refusal::BankAccountUnknown)?;
        // An account without a statement may have been opened by mistake, with a wrong balance.
        let opening = if known.statements.is_empty() { known.closing } else { Amount::ZERO };
        let is_open = self.bank.lines.values().any(|line| line.account == account);
        if known.closing != opening || is_open {
            return Err(Refusal::BankAccountInUse { closing: known.closing });
        }
        out.push(BankAccountClosed { account, currency: known.currency, opening }.into());
        Ok(())
    }

    pub(super) fn expect_deposit(
        &self,
        organization: OrganizationId,
        amount: Amount,
        currency: Currency,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.require_organization(organization)?;
        check_cents(amount)?;
        if !self.bank.accounts.values().any(|account| account.currency == currency) {
            return Err(Refusal::BankAccountUnknown);
        }
        if self.bank.items.open_deposits_of(organization) >= DEPOSITS_MAX {
            return Err(Refusal::TooManyDeposits { max: DEPOSITS_MAX });
        }
        let deposit = DepositId::new(ids.mint());
        let reference = PaymentReference::of_deposit(deposit);
        out.push(DepositExpected { deposit, organization, amount, currency, reference }.into());
        Ok(())
    }

    pub(super) fn import_statement(
        &self,
        statement: &BankStatement,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let account: BankAccountId = statement.account.as_written().parse().map_err(|_| Refusal::BankAccountUnknown)?;
        let known = self.bank.accounts.get(&account).ok_or(Refusal::BankAccountUnknown)?;
        let (currency, digest) = (statement.currency, statement.digest());
        if currency != known.currency || !statement.adds_up() {
            return Err(Refusal::StatementBroken { gap: statement.gap() });
        }
        if known.has(digest) {
            return Err(Refusal::StatementImportedBefore);
        }
        if statement.opening.amount != known.closing {
            let (opening, closing) = (statement.opening.amount, known.closing);
            return Err(Refusal::StatementNotNext { opening, closing });
        }
        let tomorrow = Day::from_days(self.now.day().days() + 1);
        let last = known.stated_until();
        let mut days = statement.lines.iter().map(|line| line.booking_day).chain([statement.closing.day]);
        if let Some(day) = days.find(|day| *day > tomorrow) {
            return Err(Refusal::StatementDatesInvalid { problem: format!("{day} is still to come") });
        }
        if let Some(last) = last.filter(|last| statement.closing.day < *last) {
            return Err(Refusal::StatementDatesInvalid {
                problem: format!("the last statement ends later, with {last}"),
            });
        }
        if statement.lines.len() > LINES_MAX {
            return Err(Refusal::StatementTooLong { max: LINES_MAX });
        }
        // Far below the bound of a balance, so that several accounts together stay below it.
        let too_large = statement.closing.amount.abs() > Amount::from_micros(Amount::BALANCE_MAX.micros() / 1_000);
        if too_large || statement.lines.iter().any(|line| line.amount.abs() > Amount::LINE_MAX) {
            return Err(Refusal::AmountTooLarge);
        }
        let id = StatementId::new(ids.mint());
        out.push(Event::from(StatementImported {
            statement: id,
            account,
            currency,
            number: statement.number.clone(),
            opening: statement.opening.amount,
            closing: statement.closing.amount,
            day: statement.closing.day,
            lines: exact(statement.lines.len()),
            digest,
        }));
        let mut first = 1;
        for of_day in statement.lines.chunk_by(|line, other| line.booking_day == other.booking_day) {
            for lines in fitting(of_day) {
                let day = self.day_of_booking(&lines[0]);
                let lines = lines.to_vec();
                let count: u32 = exact(lines.len());
                out.push(BankLinesBooked { statement: id, account, currency, day, first, lines }.into());
                first += count;
            }
        }
        self.explain_lines(account, id, &statement.lines, ids, out);
        Ok(())
    }

    /// Returns the posting date of a booking: today for one that the bank has booked ahead of time, and the first open
    /// day for one of a closed month.
    fn day_of_booking(&self, line: &BankLine) -> Day {
        self.accounting.dated(line.booking_day.min(self.now.day()))
    }

    /// Reconciles the lines of a statement that explain themselves, one by one: an item that one line takes is not open
    /// to the next.
    fn explain_lines(
        &self,
        account: BankAccountId,
        statement: StatementId,
        lines: &[BankLine],
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) {
        let Some(known) = self.bank.accounts.get(&account) else { return };
        let mut taken = Taken::default();
        for (place, line) in (1..).zip(lines) {
            let day = self.day_of_booking(line);
            let open = OpenLine { account, line: line.clone(), day, left: line.amount };
            let explained = self.bank.items.explain(known, &open, &taken);
            let Some((matched, difference, rule)) = explained else { continue };
            let id = BankLineId { statement, line: place };
            let reconciled = Reconciled {
                reconciliation: ReconciliationId::new(ids.mint()),
                account,
                currency: known.currency,
                lines: vec![MatchedLine { line: id, amount: line.amount }],
                items: matched,
                difference,
                rule,
                day: Some(day),
                by: None,
            };
            taken.take(&self.bank.items, &reconciled.items, known.currency);
            out.push(reconciled.into());
        }
    }

    pub(super) fn reconcile(
        &self,
        lines: &[(BankLineId, Option<Amount>)],
        items: &[(ItemChoice, Option<Amount>)],
        by: ClientId,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let invalid = |problem: &str| Err(Refusal::ReconciliationInvalid { problem: problem.to_owned() });
        if lines.is_empty() || items.is_empty() || lines.len() > MATCHED_MAX || items.len() > MATCHED_MAX {
            return invalid("it takes 1 to 500 lines and 1 to 500 items");
        }
        let mut matched: Vec<MatchedLine> = Vec::with_capacity(lines.len());
        let (mut account, mut day) = (None, None);
        for (id, amount) in lines {
            let Some(open) = self.bank.lines.get(id) else {
                return invalid("a line is not known, or explained already");
            };
            if *account.get_or_insert(open.account) != open.account || matched.iter().any(|line| line.line == *id) {
                return invalid("its lines are of one account, each once");
            }
            let amount = amount.unwrap_or(open.left);
            if !is_part(amount, open.left) {
                return invalid("a line's amount is more than what is not explained of it, or of the other sign");
            }
            matched.push(MatchedLine { line: *id, amount });
            day = day.max(Some(self.accounting.dated(open.day)));
        }
        let Some(account) = account else { return invalid("it has no lines") };
        let Some(known) = self.bank.accounts.get(&account) else { return Err(Refusal::BankAccountUnknown) };
        let booked: Amount = matched.iter().map(|line| line.amount).sum();
        let items = self.chosen(items, booked, known.currency)?;
        let difference = booked - items.iter().map(|item| item.amount).sum();
        if difference.abs() > known.tolerance {
            return Err(Refusal::DifferenceTooLarge { difference, tolerance: known.tolerance });
        }
        out.push(Event::from(Reconciled {
            reconciliation: ReconciliationId::new(ids.mint()),
            account,
            currency: known.currency,
            lines: matched,
            items,
            difference,
            rule: MatchRule::Manual,
            day,
            by: Some(by),
        }));
        Ok(())
    }

    /// Resolves the items that a client says bookings were for, with the part for each. An item without an
    /// amount takes what is open of it, a single one without an open amount all that was booked.
    fn chosen(
        &self,
        items: &[(ItemChoice, Option<Amount>)],
        booked: Amount,
        currency: Currency,
    ) -> Result<Vec<MatchedItem>, Refusal> {
        let invalid = |problem: &str| Refusal::ReconciliationInvalid { problem: problem.to_owned() };
        let mut chosen: Vec<MatchedItem> = Vec::with_capacity(items.len());
        for (choice, amount) in items {
            let target = match choice {
                ItemChoice::Deposit(id) => self.bank.items.deposit_target(*id),
                ItemChoice::Payout(id) => self.bank.items.payout_target(*id, booked > Amount::ZERO),
                ItemChoice::Organization(organization) => {
                    self.require_organization(*organization)?;
                    Some(MatchedTarget::Organization { organization: *organization })
                }
                ItemChoice::Box(id) => {
                    let (_, deal) = self.box_and_deal(*id)?;
                    if deal.terms().currency != currency {
                        return Err(Refusal::CurrenciesDiffer);
                    }
                    let is_open = self.in_transit_to_box(*id, currency) > Amount::ZERO;
                    is_open.then_some(MatchedTarget::Box { box_id: *id })
                }
                ItemChoice::Account(kind) if OWN.contains(kind) => Some(MatchedTarget::Account { account: *kind }),
                ItemChoice::Account(_) => return Err(invalid("a booking is not explained by that account")),
            };
            let target = target.ok_or_else(|| invalid("an item is not known, or not open any more"))?;
            if chosen.iter().any(|other| other.target == target) {
                return Err(invalid("an item is named twice"));
            }
            let left = match target {
                MatchedTarget::Box { box_id } => Some(-self.in_transit_to_box(box_id, currency)),
                _ => self.bank.items.left_of(&target),
            };
            let only = (items.len() == 1).then_some(booked);
            let left = left.filter(|left| !left.is_zero());
            let amount =
                amount.or(left.or(only)).ok_or_else(|| invalid("say how much is for each of several items"))?;
            // A deposit takes more than was announced; no other item takes more than is open of it.
            let takes_more = matches!(target, MatchedTarget::Deposit { .. }) && amount > Amount::ZERO;
            if left.is_some_and(|left| !is_part(amount, left))
                && !takes_more
                && !self.bank.items.came_back(&target, amount)
            {
                return Err(invalid("an item's amount is more than what is open of it, or of the other sign"));
            }
            let credits = matches!(target, MatchedTarget::Organization { .. } | MatchedTarget::Deposit { .. });
            if amount.is_zero() || (credits && amount < Amount::ZERO) || amount.abs() > Amount::LINE_MAX {
                return Err(invalid("an organization is credited with what came in"));
            }
            chosen.push(MatchedItem { target, amount });
        }
        let foreign = chosen.iter().any(|item| match item.target {
            MatchedTarget::Deposit { deposit, .. } | MatchedTarget::Recorded { deposit, .. } => {
                self.bank.items.deposits.get(&deposit).is_some_and(|deposit| deposit.currency != currency)
            }
            MatchedTarget::Payout { payout, .. } => {
                self.bank.items.payouts.get(&payout).is_some_and(|payout| payout.currency != currency)
            }
            MatchedTarget::Organization { .. } | MatchedTarget::Box { .. } | MatchedTarget::Account { .. } => false,
        });
        if foreign { Err(Refusal::CurrenciesDiffer) } else { Ok(chosen) }
    }

    pub(super) fn undo_reconciliation(
        &self,
        id: ReconciliationId,
        reason: &Label,
        by: ClientId,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let standing = self.bank.reconciliations.get(&id).ok_or(Refusal::ReconciliationUnknown)?;
        let (undone, corrects) = (standing.reconciled.clone(), Some(standing.sequence));
        for item in &undone.items {
            // Money that was credited must still be there to be taken back.
            if let MatchedTarget::Deposit { organization, .. } | MatchedTarget::Organization { organization } =
                item.target
            {
                self.books.check_available(organization, undone.currency, item.amount).map_err(|overdraft| {
                    Refusal::InsufficientFunds { required: overdraft.required, available: overdraft.available }
                })?;
            }
        }
        let day = undone.day.map(|day| self.accounting.dated(day));
        out.push(ReconciliationUndone { undone, reason: reason.clone(), day, corrects, by: Some(by) }.into());
        Ok(())
    }

    pub(super) fn request_payout(
        &self,
        organization: OrganizationId,
        amount: Amount,
        currency: Currency,
        source: PayoutSource,
        ids: &mut DerivedIds,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let known = self.require_organization(organization)?;
        check_cents(amount)?;
        let available = self.books.customer(source.kind(), organization, currency);
        if amount > available {
            return Err(Refusal::InsufficientFunds { required: amount, available });
        }
        let payout = PayoutId::new(ids.mint());
        let reference = PaymentReference::of_payout(payout);
        let withheld = match source {
            PayoutSource::Payable => known.withheld(currency).of_next(amount, known.withholding_bps),
            PayoutSource::Available => Amount::ZERO,
        };
        let amount = amount - withheld;
        out.push(PayoutRequested { payout, organization, amount, currency, source, reference, withheld }.into());
        Ok(())
    }

    pub(super) fn return_payout(&self, id: PayoutId, reason: &Label, out: &mut Vec<Event>) -> Result<(), Refusal> {
        // Of a payout that left in part, the rest is explained by hand, or its part undone first.
        let payout = self.bank.items.payouts.get(&id).filter(|payout| payout.left == payout.amount);
        let payout = payout.ok_or(Refusal::PayoutNotInTransit)?;
        out.push(Event::from(PayoutReturned {
            payout: id,
            organization: payout.organization,
            amount: payout.left,
            currency: payout.currency,
            source: payout.source,
            reason: reason.clone(),
            withheld: payout.withheld,
        }));
        Ok(())
    }
}

/// Splits lines into pieces that each fit into an event.
fn fitting(mut lines: &[BankLine]) -> impl Iterator<Item = &[BankLine]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |line: &&BankLine| {
            bytes += super::json_bytes(line);
            bytes <= LINES_BYTES_MAX
        };
        let count = lines.iter().take(LINES_PER_EVENT_MAX).take_while(fits).count().max(1);
        let (piece, rest) = lines.split_at_checked(count)?;
        lines = rest;
        Some(piece)
    })
}

/// Checks that an amount is positive and in whole cents, as banks move it.
pub(super) fn check_cents(amount: Amount) -> Result<(), Refusal> {
    check_amount(amount)?;
    if amount == amount.whole_cents() { Ok(()) } else { Err(Refusal::AmountNotInCents) }
}

fn check_amount(amount: Amount) -> Result<(), Refusal> {
    match amount {
        _ if amount <= Amount::ZERO => Err(Refusal::AmountNotPositive),
        _ if amount > Amount::LINE_MAX => Err(Refusal::AmountTooLarge),
        _ => Ok(()),
    }
}

/// Returns whether an amount is a part of `whole`, or all of it, with the same sign.
fn is_part(amount: Amount, whole: Amount) -> bool {
    !amount.is_zero() && (amount > Amount::ZERO) == (whole > Amount::ZERO) && amount.abs() <= whole.abs()
}
