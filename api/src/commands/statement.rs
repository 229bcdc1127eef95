//! `secondwind statement`: the bank statements in a file, and whether they add up.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use bank_files::{BankFileFormat, FILE_BYTES_MAX, statements};
use ledger::{Amount, BankLine, BankStatement, BankText, Currency, Day, StatedBalance, StatementDigest};
use serde::Serialize;

/// The exit status when every statement adds up.
const SOUND: u8 = 0;
/// The exit status when a statement does not add up.
const BREAK: u8 = 1;
/// The exit status when the file cannot be read.
const UNREADABLE: u8 = 2;

/// Prints the statements of a file, or of standard input for `-`, one a line, and says on standard error which do not add up.
pub(super) fn statement(file: &Path, format: Option<BankFileFormat>) -> anyhow::Result<ExitCode> {
    match content(file) {
        Ok(bytes) => {
            let mut output = BufWriter::new(io::stdout().lock());
            let status = report(&bytes, format, &file.display(), &mut output, &mut io::stderr().lock())?;
            Ok(ExitCode::from(status))
        }
        Err(error) => {
            eprintln!("secondwind: {}: {error} (statement_unreadable)", file.display());
            Ok(ExitCode::from(UNREADABLE))
        }
    }
}

/// Writes what a file's bytes say to `output`, what is wrong with it to `complaints`, and tells the exit status.
fn report(
    bytes: &[u8],
    format: Option<BankFileFormat>,
    file: &impl Display,
    output: &mut impl Write,
    complaints: &mut impl Write,
) -> io::Result<u8> {
    let found = match statements(bytes, format) {
        Ok(found) => found,
        Err(error) => {
            writeln!(complaints, "secondwind: {file}: {error} ({})", error.code())?;
            return Ok(UNREADABLE);
        }
    };
    for statement in &found {
        serde_json::to_writer(&mut *output, &StatementBody::of(statement))?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    let mut status = SOUND;
    for statement in found.iter().filter(|statement| !statement.adds_up()) {
        status = BREAK;
        writeln!(complaints, "secondwind: {file}: {}", why_broken(statement))?;
    }
    Ok(status)
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
            account: statement.account.as_written(),
            currency: statement.currency,
            statement: statement.number.as_written(),
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
            reference: line.reference.as_ref().map(BankText::as_written),
            bank_reference: line.bank_reference.as_ref().map(BankText::as_written),
            counterparty: line.counterparty.as_ref().map(BankText::as_written),
            counterparty_account: line.counterparty_account.as_ref().map(BankText::as_written),
            text: line.text.as_ref().map(BankText::as_written),
            reversal: line.reversal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "account,currency,statement,opening,closing,date,amount,reference\n";

    /// The exit status of a file, and what stands on standard output and error.
    fn run(rows: &str) -> (u8, String, String) {
        let (mut output, mut complaints) = (Vec::new(), Vec::new());
        let file = format!("{HEADER}{rows}");
        let status = report(file.as_bytes(), None, &"july.csv", &mut output, &mut complaints).expect("memory");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (status, text(output), text(complaints))
    }

    #[test]
    fn a_statement_that_adds_up() {
        let (status, output, complaints) = run("ACME,USD,7,100.00,150.25,2027-07-01,50.25,INV-7\n");
        let expected = concat!(
            r#"{"account":"ACME","currency":"USD","statement":"7","opening":"100.00","opening_date":"2027-07-01","#,
            r#""lines":[{"line":1,"date":"2027-07-01","value_date":"2027-07-01","amount":"50.25","reference":"INV-7"}],"#,
            r#""closing":"150.25","closing_date":"2027-07-01","break":"0.00","#,
            r#""digest":""#,
        );
        assert_eq!((status, complaints.as_str()), (SOUND, ""));
        assert!(output.starts_with(expected) && output.lines().count() == 1, "{output}");
    }

    #[test]
    fn a_statement_that_does_not_is_named() {
        let (status, output, complaints) =
            run("ACME,USD,7,100.00,150.25,2027-07-01,50.25,\nACME,USD,8,150.25,150.00,2027-07-02,-0.24,\n");
        let told = "secondwind: july.csv: statement 8 of account ACME does not add up: opening 150.25 and lines of -0.24 make 150.01, \
                    closing is 150.00, a break of 0.01 USD\n";
        assert_eq!((status, complaints.as_str()), (BREAK, told));
        assert!(output.lines().count() == 2 && output.contains(r#""break":"0.01""#), "{output}");
    }

    #[test]
    fn a_file_that_cannot_be_read_prints_nothing() {
        let (status, output, complaints) =
            run("ACME,USD,7,100.00,150.25,2027-07-01,50.25,\nACME,USD,8,150.25,150.00,2027-07-02,a lot,\n");
        let told = "secondwind: july.csv: line 3, column amount: \"a lot\": an amount is a decimal string such as \"1250.00\" \
                    (statement_unreadable)\n";
        assert_eq!((status, output.as_str(), complaints.as_str()), (UNREADABLE, "", told));
    }

    #[test]
    fn a_balance_in_another_currency_is_told() {
        let file = ":20:A\n:25:B\n:28C:1\n:60F:C270101EUR5,\n:62F:C270101USD5,\n";
        let (mut output, mut complaints) = (Vec::new(), Vec::new());
        let status = report(file.as_bytes(), None, &"-", &mut output, &mut complaints).expect("memory");
        let (output, complaints) = (String::from_utf8_lossy(&output), String::from_utf8_lossy(&complaints));
        assert_eq!(status, BREAK);
        assert!(output.contains(r#""closing_currency":"USD","break":"0.00""#), "{output}");
        assert!(complaints.contains("its closing balance is in USD, the account in EUR"), "{complaints}");
    }
}
