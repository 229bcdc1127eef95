//! Statements of accounts, from the entries of the run.

use std::collections::BTreeMap;

use infra::reports::AccountUse;
use jiff::civil::Date;
use ledger::{Amount, Entry, Line, Owner};
use wire::ledger::account_lines::AccountLinesQuery;
use wire::ledger::statements::{
    AccountLinesBody, AccountStatementBody, OpeningBody, OwnStatementQuery, ScopeBody, StatementBody, StatementFormat,
    StatementLineBody, StatementQuery, StatementScopeBody,
};

use crate::desk::Desk;
use crate::desk::log::Booked;
use crate::desk::request::{Answer, Request};
use crate::problem::{Problem, ProblemCode};
use crate::resources::contracts::contract_unknown;
use crate::resources::ledger::account_lines::{account_of, check_use, owner_of};
use crate::resources::ledger::day_span::DaySpan;
use crate::resources::ledger::statements::{owner_unknown, statement_owner};
use crate::resources::ledger::{check_entity, date_of};

pub(in crate::desk) fn account_lines(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: AccountLinesQuery = request.query()?;
    let span = DaySpan::of(query.from, query.to)?;
    check_format(query.format)?;
    let account = account_of(&request.path::<String>("account")?)?;
    let owner = query.owner.as_deref().map(owner_of).transpose()?;
    let entity = check_entity(&query.entity())?;
    let lines = || desk.log.entries().flat_map(|(_, booked)| booked.entry.lines());
    let is_asked = |line: &Line| line.account.kind == account && line.account.currency == query.currency;
    let used = AccountUse {
        account: lines().any(|line| line.account.kind == account),
        currency: lines().any(|line| line.account.currency == query.currency),
        part: lines().any(|line| is_asked(line) && owner.is_none_or(|owner| owner == line.account.owner)),
    };
    check_use(used, account, owner, query.currency)?;
    let picked = |_: &Entry, line: &Line| is_asked(line) && owner.is_none_or(|owner| owner == line.account.owner);
    let owner = owner.map(|owner| owner.to_string());
    let statement = statements(desk, span, owner.as_deref(), picked)?.pop();
    let statement = statement.ok_or_else(|| Problem::internal(&"an account that is used has no lines"))?;
    let scope =
        ScopeBody { entity: entity.to_string(), from: span.from, to: span.to, sequence: desk.exchange.sequence() };
    Answer::ok(&AccountLinesBody { scope, statement })
}

pub(in crate::desk) fn of_owner(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: StatementQuery = request.query()?;
    let span = DaySpan::of(query.from, query.to)?;
    check_format(query.format)?;
    let owner = statement_owner(&query.owner)?;
    check_entity(&query.entity())?;
    let accounts = statements(desk, span, Some(&owner.to_string()), |_, line| line.account.owner == owner)?;
    let is_registered = matches!(owner, Owner::Organization(id) if desk.exchange.organization(id).is_some());
    if accounts.is_empty() && !is_registered {
        return Err(owner_unknown(owner));
    }
    statement_of(desk, query.entity(), span, (owner, None), accounts)
}

pub(in crate::desk) fn own(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let query: OwnStatementQuery = request.query()?;
    let span = DaySpan::of(query.from, query.to)?;
    check_format(query.format)?;
    let (reader, owner) = (request.organization, Owner::Organization(request.organization));
    let name = owner.to_string();
    let accounts = match query.contract {
        None => statements(desk, span, Some(&name), |_, line| line.account.owner == owner)?,
        Some(contract) => {
            let contract = ledger::ContractId::new(contract);
            let found = desk.history.contracts.find(contract).filter(|record| record.concerns(reader));
            let found = found.ok_or_else(contract_unknown)?;
            let concerns = |entry: &Entry, line: &Line| {
                line.account.owner == owner && line.contract.or(entry.contract()) == Some(contract)
            };
            let mut accounts = statements(desk, span, Some(&name), concerns)?;
            if found.buyer == reader {
                let prepaid = Owner::Contract(contract);
                let of_prepaid = |_: &Entry, line: &Line| line.account.owner == prepaid;
                accounts.extend(statements(desk, span, Some(&prepaid.to_string()), of_prepaid)?);
            }
            accounts
        }
    };
    statement_of(desk, ledger::EntityId::Operator.to_string(), span, (owner, query.contract), accounts)
}

/// An answer is a line of JSON here.
fn check_format(format: Option<StatementFormat>) -> Result<(), Problem> {
    match format {
        Some(StatementFormat::Csv) => Err(Problem::new(ProblemCode::InvalidQuery, "Answers in a file are JSON.")),
        Some(StatementFormat::Json) | None => Ok(()),
    }
}

fn statement_of(
    desk: &Desk,
    entity: String,
    span: DaySpan,
    (owner, contract): (Owner, Option<uuid::Uuid>),
    accounts: Vec<AccountStatementBody>,
) -> Result<Answer, Problem> {
    let scope = ScopeBody { entity, from: span.from, to: span.to, sequence: desk.exchange.sequence() };
    let of = StatementScopeBody { scope, owner: owner.to_string(), contract };
    Answer::ok(&StatementBody { of, accounts })
}

/// The statements of the lines that are `picked`, by account and currency.
fn statements(
    desk: &Desk,
    span: DaySpan,
    owner: Option<&str>,
    picked: impl Fn(&Entry, &Line) -> bool,
) -> Result<Vec<AccountStatementBody>, Problem> {
    let mut entries: Vec<(Date, i64, &Booked)> = Vec::new();
    for (number, booked) in desk.log.entries() {
        entries.push((date_of(booked.entry.effective())?, number, booked));
    }
    entries.sort_by_key(|(day, number, _)| (*day, *number));
    let mut statements = BTreeMap::new();
    for (day, number, Booked { event, entry, .. }) in entries {
        for (place, line) in (0..).zip(entry.lines()).filter(|(_, line)| picked(entry, line)) {
            let (account, currency) = (line.account.kind.code(), line.account.currency);
            let statement = statements.entry((account, currency)).or_insert_with(|| AccountStatementBody {
                opening: OpeningBody {
                    account: account.to_owned(),
                    owner: owner.map(str::to_owned),
                    currency: currency.to_string(),
                    opening: Amount::ZERO,
                },
                lines: Vec::new(),
                closing: Amount::ZERO,
            });
            if span.to.is_some_and(|to| to < day) {
                continue;
            }
            statement.closing += line.amount;
            if span.from.is_some_and(|from| day < from) {
                statement.opening.opening += line.amount;
                continue;
            }
            statement.lines.push(StatementLineBody {
                effective_date: day,
                entry: format!("{}:{number}", entry.entity()),
                line: place,
                rule: format!("{}.{}", entry.rule().id, entry.rule().version),
                event: i64::try_from(*event).ok(),
                owner: line.account.owner.to_string(),
                contract: line.contract.or(entry.contract()).map(ledger::ContractId::uuid),
                amount: line.amount,
                balance: statement.closing,
            });
        }
    }
    Ok(statements.into_values().collect())
}
