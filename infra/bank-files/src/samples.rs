//! The samples of other projects, where they are beside the repository: what those expect of them is what is read from them.

use std::fs;
use std::path::{Path, PathBuf};

use ledger::{Amount, BankStatement, BankText, Currency};
use serde_json::Value;

use super::{BankFileError, BankFileFormat, statements};

/// The folder of samples; none, and a word about it, where there are no samples.
fn samples(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/bank").join(folder);
    if !path.is_dir() {
        eprintln!("skipped: there are no samples in {}", path.display());
        return None;
    }
    Some(path)
}

/// What a sample is read as, once by its looks and once by name.
fn read(path: &Path, format: BankFileFormat) -> Result<Vec<BankStatement>, BankFileError> {
    let bytes = fs::read(path).expect("a sample");
    let found = statements(&bytes, None);
    assert_eq!(found, statements(&bytes, Some(format)), "{}", path.display());
    found
}

/// The files of a folder with an ending, in order of their names.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    files.sort();
    files
}

/// An amount that the other project holds in a currency's smallest unit.
fn money(value: &Value) -> (Amount, Currency) {
    let currency: Currency = value["getCurrency"]["getCode"].as_str().expect("a code").parse().expect("a currency");
    let units: i128 = value["getAmount"].as_str().expect("an amount").parse().expect("whole");
    let places = if currency.as_str() == "JPY" { 6 } else { 4 };
    (Amount::from_micros(units * 10_i128.pow(places)), currency)
}

fn day(value: &Value) -> String {
    value["0"].as_str().expect("a time").chars().take(10).collect()
}

fn compare_statement(found: &BankStatement, expected: &Value, name: &str) {
    assert_eq!(found.number.as_written(), expected["getId"].as_str().expect("an id"), "{name}");
    assert_eq!(
        found.account.as_written(),
        expected["getAccount"]["getIdentification"].as_str().expect("an account"),
        "{name}"
    );
    let balances = expected["getBalances"].as_array().expect("balances");
    for (kind, stated) in [("opening", found.opening), ("closing", found.closing)] {
        let expected = balances.iter().find(|balance| balance["getType"] == kind).expect(kind);
        assert_eq!((stated.amount, stated.currency), money(&expected["getAmount"]), "{name}: {kind}");
        assert_eq!(stated.day.to_string(), day(&expected["getDate"]), "{name}: {kind}");
    }
    let period = expected["getFromDate"].is_object();
    assert_eq!(found.period.is_some(), period, "{name}");
}

fn compare_entry(found: &ledger::BankLine, currency: Currency, expected: &Value, name: &str) {
    assert_eq!((found.amount, currency), money(&expected["getAmount"]), "{name}");
    assert_eq!(found.booking_day.to_string(), day(&expected["getBookingDate"]), "{name}");
    assert_eq!(found.value_day.to_string(), day(&expected["getValueDate"]), "{name}");
    assert_eq!(found.reversal, expected["getReversalIndicator"], "{name}");
    assert_eq!(
        found.bank_reference.as_ref().map(BankText::as_written),
        expected["getAccountServicerReference"].as_str(),
        "{name}"
    );
    let detail = &expected["getTransactionDetail"];
    let end_to_end = detail["getReference"]["getEndToEndId"].as_str();
    let creditors = detail["getRemittanceInformation"]["getCreditorReferenceInformation"]["getRef"].as_str();
    assert_eq!(found.reference.as_ref().map(BankText::as_written), end_to_end.or(creditors), "{name}");
    assert_eq!(
        found.text.as_ref().map(BankText::as_written),
        detail["getRemittanceInformation"]["getMessage"].as_str(),
        "{name}"
    );
    let role = if found.amount > Amount::ZERO { "Debtor" } else { "Creditor" };
    let parties = detail["getRelatedParties"].as_array().expect("parties");
    let class = format!("Genkgo\\Camt\\DTO\\{role}");
    let other = parties.iter().find(|party| party["getRelatedPartyType"]["__CLASS__"] == *class);
    let named = other.and_then(|party| party["getRelatedPartyType"]["getName"].as_str());
    let account = other.and_then(|party| party["getAccount"]["getIdentification"].as_str());
    assert_eq!(
        (
            found.counterparty.as_ref().map(BankText::as_written),
            found.counterparty_account.as_ref().map(BankText::as_written)
        ),
        (named, account),
        "{name}"
    );
}

#[test]
fn camt053() {
    let Some(folder) = samples("camt") else { return };
    for path in files(&folder, "xml") {
        let name = path.display().to_string();
        let found = read(&path, BankFileFormat::Camt053).expect(&name);
        let expected = fs::read(path.with_extension("json")).expect("expectations");
        let expected: Value = serde_json::from_slice(&expected).expect("JSON");
        assert_eq!(found.len(), expected["getRecords"].as_array().expect("statements").len(), "{name}");
        // Entries of several statements that stand at the same place overwrite each other in the expectations.
        for entry in expected["getEntries"].as_array().expect("entries") {
            let record = &entry["getRecord"];
            let statement =
                found.iter().find(|statement| record["getId"] == *statement.number.as_written()).expect("a statement");
            compare_statement(statement, record, &name);
            let place = entry["getIndex"].as_u64().and_then(|index| u32::try_from(index + 1).ok()).expect("a place");
            compare_entry(statement.line(place).expect("a line"), statement.currency, entry, &name);
        }
    }
}

#[test]
fn camt053_breaks() {
    let Some(folder) = samples("camt") else { return };
    let breaks = files(&folder, "xml").into_iter().flat_map(|path| {
        let found = read(&path, BankFileFormat::Camt053).expect("statements");
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        found.into_iter().map(move |statement| format!("{name} {} {}", statement.gap(), statement.adds_up()))
    });
    // The first has balances of all types with figures made up; those with 54.00 state a closing balance in another currency.
    let expected = [
        "camt053.v2.all-balance-types 5.82 false",
        "camt053.v2.minimal 54.00 false",
        "camt053.v2.multi.statement 0.00 true",
        "camt053.v2.multi.statement 0.00 true",
        "camt053.v2.with-party-ids 54.00 false",
        "camt053.v4 54.00 false",
    ];
    assert_eq!(breaks.collect::<Vec<_>>(), expected);
}

#[test]
fn mt940() {
    let Some(folder) = samples("mt940") else { return };
    let table = fs::read_to_string(folder.join("expected_balances.csv")).expect("expectations");
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let mut names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    names.dedup();
    for name in names {
        let found = read(&folder.join(name), BankFileFormat::Mt940).expect(name);
        let expected: Vec<_> = rows.iter().filter(|row| row[0] == name).collect();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (index, (statement, row)) in found.iter().zip(expected).enumerate() {
            let amount = |text: &str| text.parse::<Amount>().expect("an amount");
            let entries: usize = row[4].parse().expect("a count");
            assert_eq!((index.to_string().as_str(), statement.currency.as_str()), (row[1], row[2]), "{name}");
            assert_eq!((statement.opening.amount, statement.lines.len()), (amount(row[3]), entries), "{name} {index}");
            assert_eq!(
                (statement.movement(), statement.closing.amount),
                (amount(row[5]), amount(row[6])),
                "{name} {index}"
            );
            assert_eq!(statement.gap(), amount(row[7]), "{name} {index}");
            assert_eq!(statement.adds_up(), amount(row[7]).is_zero(), "{name} {index}");
        }
    }
}

#[test]
fn mt940_snippets_are_no_statements() {
    let Some(folder) = samples("mt940") else { return };
    for path in files(&folder.join("cmxl"), "sta") {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name != "mt940.sta" {
            let bytes = fs::read(&path).expect("a sample");
            let error = statements(&bytes, Some(BankFileFormat::Mt940)).expect_err(&name);
            assert!(
                ["statement_unreadable", "statement_incomplete", "statement_empty"].contains(&error.code()),
                "{name}"
            );
        }
    }
}

#[test]
fn bai2() {
    let Some(folder) = samples("bai2") else { return };
    let found = read(&folder.join("sample1.txt"), BankFileFormat::Bai2).expect("the control totals are right");
    let told: Vec<_> = found
        .iter()
        .map(|statement| {
            let (account, currency) = (statement.account.as_written(), statement.currency.as_str());
            (account, currency, statement.number.as_written(), statement.lines.len(), statement.adds_up())
        })
        .collect();
    let expected =
        [("10200123456", "CAD", "2006-03-21-001/1", 11, true), ("10200123456", "CAD", "2006-03-21-001/2", 6, true)];
    assert_eq!(told, expected);
    let received = |statement: &BankStatement| {
        let received = statement.lines.iter().map(|line| line.amount).filter(|amount| *amount > Amount::ZERO);
        received.sum::<Amount>().to_string()
    };
    // Type 100, the sum of credits, of records 03.
    assert_eq!(found.iter().map(received).collect::<Vec<_>>(), ["2085.00", "1115.00"]);
}
