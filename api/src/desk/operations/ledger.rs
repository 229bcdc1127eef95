//! The operator's books.

use std::collections::BTreeMap;

use jiff::civil::Date;
use ledger::{Account, Amount, Entry};
use uuid::Uuid;
use wire::ledger::entries::EntryQuery;
use wire::ledger::trial_balance::TrialBalanceQuery;
use wire::page::PageQuery;

use super::span_of;
use crate::desk::Desk;
use crate::desk::history::page;
use crate::desk::log::Booked;
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::request::PageSpan;
use crate::resources::ledger::accounts::account_body;
use crate::resources::ledger::day_span::check_day;
use crate::resources::ledger::entries::{check_account, entity_of, entry_body};
use crate::resources::ledger::trial_balance::{trial_balance_body, trial_balance_row};
use crate::resources::ledger::{check_entity, date_of};

pub(in crate::desk) fn accounts(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let span = span_of(desk, &request.query::<PageQuery>()?)?;
    let mut places: BTreeMap<Account, usize> = BTreeMap::new();
    let mut balances: Vec<(Account, Amount)> = Vec::new();
    for line in desk.log.entries().flat_map(|(_, booked)| booked.entry.lines()) {
        let place = *places.entry(line.account).or_insert(balances.len());
        if place == balances.len() {
            balances.push((line.account, Amount::ZERO));
        }
        balances[place].1 += line.amount;
    }
    Answer::ok(&page(span, (1..).zip(balances), |(account, balance)| Ok(account_body(account, *balance)))?)
}

pub(in crate::desk) fn trial_balance(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: TrialBalanceQuery = request.query()?;
    let entity = check_entity(&query.entity)?;
    check_day(query.as_of)?;
    let known = query.known_at.map(|instant| desk.log.last_event_by(instant));
    let mut balances: BTreeMap<&str, Amount> = BTreeMap::new();
    for (_, booked) in desk.log.entries().filter(|(_, booked)| booked.entry.entity() == entity) {
        let included = is_dated_by(&booked.entry, query.as_of)? && known.is_none_or(|known| booked.event <= known);
        for line in booked.entry.lines().iter().filter(|line| line.account.currency == query.currency) {
            let balance = balances.entry(line.account.kind.code()).or_default();
            *balance += if included { line.amount } else { Amount::ZERO };
        }
    }
    let rows = balances.into_iter().map(|(code, balance)| trial_balance_row(code.to_owned(), balance));
    let sequence = known.unwrap_or_else(|| desk.exchange.sequence());
    Answer::ok(&trial_balance_body(query, sequence, rows.collect())?)
}

fn is_dated_by(entry: &Entry, day: Option<Date>) -> Result<bool, Problem> {
    match day {
        None => Ok(true),
        Some(day) => Ok(date_of(entry.effective())? <= day),
    }
}

pub(in crate::desk) fn entries(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: EntryQuery = request.query()?;
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    check_account(&query)?;
    let entity = check_entity(&entity_of(&query))?;
    let asked = desk.log.entries().filter(|(_, booked)| booked.entry.entity() == entity && is_asked(&query, booked));
    Answer::ok(&page(span, asked.map(|(number, booked)| (number, (number, booked))), |(number, booked)| {
        entry_body(&booked.entry, *number, booked.event, &booked.hash)
    })?)
}

fn is_asked(query: &EntryQuery, Booked { event, entry, .. }: &Booked) -> bool {
    let concerns = |contract: Uuid| {
        let lines = entry.lines().iter().map(|line| line.contract);
        lines.chain([entry.contract()]).flatten().any(|of| of.uuid() == contract)
    };
    let uses = |code: &String| entry.lines().iter().any(|line| line.account.kind.code() == code);
    query.event.is_none_or(|asked| asked == *event)
        && query.contract.is_none_or(concerns)
        && query.box_id.is_none_or(|asked| entry.box_id().is_some_and(|of| of.uuid() == asked))
        && query.account.as_ref().is_none_or(uses)
}
