//! Check of the boxes: both sides' books of what the exchange owes them, and the state's debts and reserves.

use std::collections::BTreeMap;

use ledger::{Account, AccountKind, Amount, BoxId, Currency, ItemName, Map, Owner, Payee};
use matching::{BoxRecord, Exchange};

use super::balances::named;
use super::report::{Check, Outcome};

/// Compares the books of every box with the operator's and with the state.
pub(super) fn check(sums: &Map<Account, Amount>, exchange: &Exchange) -> Outcome {
    let mut outcome = Outcome::of(Check::Boxes);
    for (id, record) in exchange.boxes().iter() {
        outcome.compared += 1;
        if let Some(deal) = record.deal() {
            compare(&mut outcome, id, record, deal.terms().currency, sums);
        }
    }
    outcome
}

fn compare(outcome: &mut Outcome, id: BoxId, record: &BoxRecord, currency: Currency, sums: &Map<Account, Amount>) {
    let sum = |account: &Account| sums.get(account).copied().unwrap_or_default();
    let item = |kind: AccountKind, name: &ItemName| Account::of_box(id, kind, Owner::Item(*name), currency);
    let payable = Payee::Box(id).payable(currency);
    let receivable = record.assigned.keys().map(|name| sum(&item(AccountKind::Receivable, name))).sum::<Amount>();
    outcome.compare(|| format!("{}, and what {id} has to get", named(&payable)), receivable, -sum(&payable));
    let Some(life) = &record.life else { return };
    let mut agree = |account: Account, expected: Amount| {
        outcome.compare(|| named(&account), expected, sum(&account));
    };
    let mut each = |kind: AccountKind, amounts: &BTreeMap<ItemName, Amount>, sign: fn(Amount) -> Amount| {
        for (name, amount) in amounts {
            agree(item(kind, name), sign(*amount));
        }
    };
    each(AccountKind::Debt, &life.standing.debts, |debt| -debt);
    each(AccountKind::ReserveCash, &life.standing.reserves, |held| held);
    agree(Account::of_box(id, AccountKind::TrappedCash, Owner::Entity, currency), life.standing.trapped);
    let collected = life.collected.iter().map(|collection| collection.content.amount).sum();
    agree(Account::of_box(id, AccountKind::BoxCash, Owner::Entity, currency), collected);
}
