//! Check of the balances: what the events' lines add up to, beside what is stored and what the state has.

use std::collections::BTreeMap;

use ledger::{Account, AccountKind, Amount, Currency, EntityId, Entry, Guard, Map, Set};
use matching::Exchange;

use super::AuditError;
use super::movements::DailyMovements;
use super::report::{Check, Finding, Outcome};
use super::snapshot::Snapshot;

/// Row of table `accounts` with its row of table `balances`.
struct BalanceRow {
    account: Account,
    /// Stored balance, debit positive; `None` where there is no row in `balances`.
    balance: Option<Amount>,
    guarded: bool,
}

/// Sums of lines per account.
pub(super) struct BalancesCheck {
    pub outcome: Outcome,
    pub sums: Map<Account, Amount>,
    movements: DailyMovements,
}

impl BalancesCheck {
    pub fn new() -> Self {
        Self { outcome: Outcome::of(Check::Balances), sums: Map::default(), movements: DailyMovements::default() }
    }

    /// Adds the lines of an event's entries. After all of them, no guarded account may be in debit.
    pub fn add(&mut self, event: u64, entries: &[Entry]) {
        self.movements.add(entries);
        let mut any_in_debit = false;
        for line in entries.iter().flat_map(Entry::lines) {
            let sum = self.sums.entry(line.account).or_default();
            *sum += line.amount;
            any_in_debit |= *sum > Amount::ZERO && line.account.kind.guard() == Guard::NeverDebit;
        }
        // An account in debit after the last of its lines was so after one of them.
        if !any_in_debit {
            return;
        }
        for account in entries.iter().flat_map(Entry::lines).map(|line| line.account) {
            let overdrawn = || self.sums.get(&account).is_some_and(|sum| *sum > Amount::ZERO);
            if account.kind.guard() == Guard::NeverDebit && overdrawn() {
                let found = self.sums[&account].to_string();
                let place = format!("{}, after event {event}", named(&account));
                self.outcome.differ(|| Finding { place, expected: "no debit".to_owned(), found });
            }
        }
    }

    /// Compares the sums with the stored balances and with the state's.
    pub async fn finish(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> Result<StoredBalances, AuditError> {
        let rows = stored(snapshot).await?;
        self.outcome.compared = rows.len() as u64;
        self.movements.finish(snapshot, &mut self.outcome).await?;
        let mut known = 0;
        for BalanceRow { account, balance, guarded } in &rows {
            let sum = self.sums.get(account).copied();
            known += usize::from(sum.is_some());
            let sum = sum.unwrap_or_default();
            let place = || named(account);
            match balance {
                None => self.outcome.differ(|| Finding {
                    place: place(),
                    expected: sum.to_string(),
                    found: "no row in balances".to_owned(),
                }),
                Some(balance) => self.outcome.compare(place, sum, *balance),
            }
            let guard = account.kind.guard() == Guard::NeverDebit;
            self.outcome.compare(|| format!("{}, guarded", named(account)), guard, *guarded);
            let in_state = || format!("{}, in the state", named(account));
            self.outcome.compare(in_state, sum, exchange.books().balance(account));
        }
        if known < self.sums.len() {
            let stored: Set<Account> = rows.iter().map(|row| row.account).collect();
            let mut missing: Vec<_> = self.sums.iter().filter(|(account, _)| !stored.contains(account)).collect();
            missing.sort_unstable();
            for (account, sum) in missing {
                let (place, expected) = (named(account), sum.to_string());
                self.outcome.differ(|| Finding { place, expected, found: "no account".to_owned() });
            }
        }
        Ok(StoredBalances(rows.into_iter().filter_map(|row| Some((row.account, row.balance?))).collect()))
    }
}

/// Balances as the tables have them.
pub(super) struct StoredBalances(Vec<(Account, Amount)>);

impl StoredBalances {
    /// Sums the operator's accounts of a kind in a currency.
    fn sum(&self, kind: AccountKind, currency: Currency) -> Amount {
        let of_kind = self.0.iter().filter(|(account, _)| {
            account.entity == EntityId::Operator && (account.kind, account.currency) == (kind, currency)
        });
        of_kind.map(|(_, balance)| *balance).sum()
    }
}

async fn stored(snapshot: &Snapshot) -> Result<Vec<BalanceRow>, AuditError> {
    let statement = "SELECT k.entity, a.code, a.owner, a.currency, b.balance, a.guarded AND coalesce(b.guarded, true), \
                     a.guarded OR coalesce(b.guarded, false) \
                     FROM accounts a JOIN books k ON k.id = a.book LEFT JOIN balances b ON b.account = a.id ORDER BY a.id";
    let rows = snapshot.client.query(statement, &[]).await?;
    rows.iter()
        .map(|row| {
            let account = account_of(row.get(0), row.get(1), row.get(2), row.get(3))?;
            let balance = row.get::<_, Option<rust_decimal::Decimal>>(4).map(Amount::from_decimal).transpose();
            let balance = balance.map_err(|error| AuditError::Unreadable(format!("{}: {error}", named(&account))))?;
            // Both tables say whether it is guarded. Where they differ, what is found is what it should not be.
            let (both, either): (bool, bool) = (row.get(5), row.get(6));
            let should = account.kind.guard() == Guard::NeverDebit;
            Ok(BalanceRow { account, balance, guarded: if should { both } else { either } })
        })
        .collect()
}

/// Parses the account that a row of table `accounts` names.
pub(super) fn account_of(entity: &str, code: &str, owner: &str, currency: &str) -> Result<Account, AuditError> {
    let unreadable = || AuditError::Unreadable(format!("the account {entity} {code} {owner} {currency} is unknown"));
    Ok(Account {
        entity: entity.parse().map_err(|_| unreadable())?,
        kind: AccountKind::from_code(code).ok_or_else(unreadable)?,
        owner: owner.parse().map_err(|_| unreadable())?,
        currency: currency.parse().map_err(|_| unreadable())?,
    })
}

/// Describes an account in words.
pub(super) fn named(account: &Account) -> String {
    let Account { entity, kind, owner, currency } = account;
    format!("{entity} {} {owner} {currency}", kind.code()).replace("  ", " ")
}

/// Adds up the stored balances per currency: assets equal liabilities and own funds, and what customers are owed is
/// covered.
pub(super) fn client_money(stored: &StoredBalances) -> Outcome {
    let mut outcome = Outcome::of(Check::ClientMoney);
    let mut currencies: BTreeMap<Currency, BTreeMap<Class, Amount>> = BTreeMap::new();
    // Boxes keep their own money, with their own lenders.
    let of_operator = stored.0.iter().filter(|(account, _)| account.entity == EntityId::Operator);
    for (account, balance) in of_operator {
        let classes = currencies.entry(account.currency).or_default();
        *classes.entry(Class::of(account.kind)).or_default() += *balance;
    }
    let mut notes = Vec::new();
    for (currency, classes) in &currencies {
        outcome.compared += 1;
        let of = |class| classes.get(&class).copied().unwrap_or_default();
        let (assets, owed, own) = (of(Class::Asset), -of(Class::Liability), -of(Class::Own));
        outcome.compare(|| format!("{currency}, the bank and what is on its way"), owed + own, assets);
        if own < Amount::ZERO {
            outcome.differ(|| Finding {
                place: format!("{currency}, the cover of what is owed"),
                expected: format!("at least {owed}"),
                found: format!("{assets}: {} of it was spent", -own),
            });
        }
        let bank = stored.sum(AccountKind::Bank, *currency);
        let elsewhere = assets - bank;
        notes.push(format!(
            "{bank} {currency} at the bank, {elsewhere} unexplained or converted = {owed} owed + {own} own"
        ));
    }
    outcome.note = Some(notes.join("; ")).filter(|note| !note.is_empty());
    outcome
}

/// Class of an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Money that is there: codes from 1000.
    Asset,
    /// Money that is owed, mostly to customers: codes from 2000.
    Liability,
    /// Own funds of the entity: equity, and income less expenses.
    Own,
}

impl Class {
    /// Takes the class from the first digit of the code, as charts of accounts have it, so that a new account finds its
    /// side by itself.
    fn of(kind: AccountKind) -> Self {
        match kind.code().as_bytes() {
            [b'1', ..] => Self::Asset,
            [b'2', ..] => Self::Liability,
            _ => Self::Own,
        }
    }
}
