//! `secondwind statement`: the bank statements in a file, and whether they add up.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use infra::bank_files::{BankFileFormat, FILE_BYTES_MAX, statements};
use ledger::{Amount, BankLine, BankStatement, Currency, Day, StatedBalance, StatementDigest};
use serde::Serialize;

/// The exit status when a statement does not add up.
const BREAK: u8 = 1;
/// The exit status when the file cannot be read.
const UNREADABLE: u8 = 2;

/// Prints the statements of a file, or of standard input for `-`, one a line, and says on standard error which do not add up.
pub(super) fn statement(file: &Path, format: Option<BankFileFormat>) -> anyhow::Result<ExitCode> {
    let refused = |cause: String| {
        eprintln!("secondwind: {}: {cause}", file.display());
        Ok(ExitCode::from(UNREADABLE))
    };
    let bytes = match content(file) {
        Ok(bytes) => bytes,
        Err(error) => return refused(format!("{error} (statement_unreadable)")),
    };
    let found = match statements(&bytes, format) {
        Ok(found) => found,
        Err(error) => return refused(format!("{error} ({})", error.code())),
    };
    let mut output = BufWriter::new(io::stdout().lock());
    for statement in &found {
        serde_json::to_writer(&mut output, &StatementBody::of(statement))?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    let broken: Vec<_> = found.iter().filter(|statement| !statement.adds_up()).collect();
    for statement in &broken {
        eprintln!("secondwind: {}", why_broken(statement));
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BREAK) })
}

/// The file's bytes, up to the first that is too many.
fn content(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let bytes_max = FILE_BYTES_MAX as u64 + 1;
    if file.as_os_str() == "-" {
        io::stdin().lock().take(bytes_max).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(bytes_max).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Why a statement does not add up, in words.
fn why_broken(statement: &BankStatement) -> String {
    let BankStatement { account, currency, number, opening, closing, .. } = statement;
    let gap = statement.gap();
    let foreign = |name: &str, balance: &StatedBalance| {
        let differs = balance.currency != *currency;
        differs.then(|| format!("; its {name} balance is in {}, the account in {currency}", balance.currency))
    };
    let currencies = [foreign("opening", opening), foreign("closing", closing)].into_iter().flatten();
    format!(
        "statement {number} of account {account} does not add up: opening {} and lines of {} make {}, closing is {}, a break of {gap} \
         {currency}{}",
        opening.amount,
        statement.movement(),
        opening.amount + statement.movement(),
        closing.amount,
        currencies.collect::<String>(),
    )
}

/// A statement as it is printed.
#[derive(Serialize)]
struct StatementBody<'a> {
    account: &'a str,
    currency: Currency,
    statement: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Day>,
    opening: Amount,
    opening_date: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    opening_currency: Option<Currency>,
    lines: Vec<LineBody<'a>>,
    closing: Amount,
    closing_date: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    closing_currency: Option<Currency>,
    r#break: Amount,
    digest: StatementDigest,
}

/// A line as it is printed.
#[derive(Serialize)]
struct LineBody<'a> {
    line: usize,
    date: Day,
    value_date: Day,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty_account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reversal: bool,
}

impl<'a> StatementBody<'a> {
    fn of(statement: &'a BankStatement) -> Self {
        let foreign =
            |balance: StatedBalance| Some(balance.currency).filter(|currency| *currency != statement.currency);
        Self {
            account: &statement.account,
            currency: statement.currency,
            statement: &statement.number,
            from: statement.period.map(|period| period.from),
            to: statement.period.map(|period| period.to),
            opening: statement.opening.amount,
            opening_date: statement.opening.day,
            opening_currency: foreign(statement.opening),
            lines: statement.lines.iter().enumerate().map(|(index, line)| LineBody::of(index + 1, line)).collect(),
            closing: statement.closing.amount,
            closing_date: statement.closing.day,
            closing_currency: foreign(statement.closing),
            r#break: statement.gap(),
            digest: statement.digest(),
        }
    }
}

impl<'a> LineBody<'a> {
    fn of(place: usize, line: &'a BankLine) -> Self {
        Self {
            line: place,
            date: line.booking_day,
            value_date: line.value_day,
            amount: line.amount,
            reference: line.reference.as_deref(),
            bank_reference: line.bank_reference.as_deref(),
            counterparty: line.counterparty.as_deref(),
            counterparty_account: line.counterparty_account.as_deref(),
            text: line.text.as_deref(),
            reversal: line.reversal,
        }
    }
}
