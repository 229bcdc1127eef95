//! ISO 20022 camt.053, Bank to Customer Statement, versions 001.02 to 001.13.
//!
//! What differs between the versions are the status (`Sts`, later `Sts/Cd`) and the parties (`Dbtr`, later `Dbtr/Pty`); both are read.
//! A line is an entry (`Ntry`) that is booked: pending and informational entries have not moved the balance. An entry of several
//! transactions, a batch, is one line, because the bank booked it as one.

use ledger::{Amount, BankLine, BankStatement, BankText, Currency, Day, StatedBalance, StatementPeriod};

use super::BankFileError;
use super::error::Excerpt;
use super::notation::{given, iso_day, joined, joined_up_to, kept, kept_if_given};
use super::xml::{Document, Element};

/// What banks write for a reference that the payer did not give.
const NOT_PROVIDED: &str = "NOTPROVIDED";

pub(super) fn read(text: &str) -> Result<Vec<BankStatement>, BankFileError> {
    let document = Document::parse(text)?;
    let root = document.root();
    let Some(message) = root.at("BkToCstmrStmt") else {
        let what = "this is no camt.053: there is no BkToCstmrStmt in the outermost element";
        return Err(BankFileError::unreadable(root.place(), what));
    };
    message.all("Stmt").map(statement).collect()
}

fn statement(element: Element<'_, '_>) -> Result<BankStatement, BankFileError> {
    let account = element.text_at("Acct/Id/IBAN").or_else(|| element.text_at("Acct/Id/Othr/Id"));
    let account = account.ok_or_else(|| BankFileError::incomplete(element.place(), "the account (Acct/Id)"))?;
    let number =
        element.text_at("Id").ok_or_else(|| BankFileError::incomplete(element.place(), "the identification (Id)"))?;
    let (opening, closing) = balances(element)?;
    let currency = match element.at("Acct/Ccy") {
        Some(currency) => currency_named(currency, currency.text())?,
        None => opening.currency,
    };
    let mut lines = Vec::new();
    for entry in element.all("Ntry").filter(|entry| is_booked(*entry)) {
        lines.push(line(entry, currency, closing.day)?);
    }
    Ok(BankStatement {
        account: kept(account, || element.place())?,
        currency,
        number: kept(number, || element.place())?,
        period: period(element)?,
        opening,
        lines,
        closing,
    })
}

/// The balances that the lines lie between: booked ones, at the edges of a page the interim ones.
fn balances(statement: Element<'_, '_>) -> Result<(StatedBalance, StatedBalance), BankFileError> {
    let coded = |code: &'static str| {
        statement.all("Bal").filter(move |balance| balance.text_at("Tp/CdOrPrtry/Cd") == Some(code))
    };
    let (first_interim, last_interim) = (coded("ITBD").next(), coded("ITBD").last());
    let opening = coded("OPBD").next().or_else(|| coded("PRCD").next()).or(first_interim);
    let missing = |which| BankFileError::incomplete(statement.place(), which);
    let opening = opening.ok_or_else(|| missing("the opening balance (Bal with OPBD, PRCD or ITBD)"))?;
    // On the page of a long statement that has no booked opening balance, the one interim balance is the opening one.
    let only_interim = coded("ITBD").count() == 1 && opening.text_at("Tp/CdOrPrtry/Cd") == Some("ITBD");
    let closing = coded("CLBD").next().or(last_interim.filter(|_| !only_interim));
    let closing = closing.ok_or_else(|| missing("the closing balance (Bal with CLBD or ITBD)"))?;
    Ok((balance(opening)?, balance(closing)?))
}

fn balance(element: Element<'_, '_>) -> Result<StatedBalance, BankFileError> {
    let (amount, currency) = amount(element)?;
    let day = day_in(element, "Dt")?.ok_or_else(|| BankFileError::incomplete(element.place(), "the date (Dt)"))?;
    Ok(StatedBalance { amount, currency, day })
}

/// The amount of a balance or entry: credits positive.
fn amount(element: Element<'_, '_>) -> Result<(Amount, Currency), BankFileError> {
    let stated = element.at("Amt").ok_or_else(|| BankFileError::incomplete(element.place(), "the amount (Amt)"))?;
    let currency = stated.currency();
    let currency =
        currency.ok_or_else(|| BankFileError::incomplete(stated.place(), "the currency (the attribute Ccy)"))?;
    let currency = currency_named(stated, currency)?;
    let refused = |what| BankFileError::unreadable(stated.place(), what);
    // XML's decimals may have a plus sign, and no digit on one side of the point.
    let text = stated.text();
    let digits = text.strip_prefix('+').unwrap_or(text).trim_end_matches('.');
    let padded = if digits.starts_with('.') { format!("0{digits}") } else { digits.to_owned() };
    let magnitude: Amount =
        padded.parse().map_err(|error| refused(format!("{} is no amount: {error}", Excerpt(text))))?;
    let direction = element.text_at("CdtDbtInd").unwrap_or_default();
    match direction {
        "CRDT" => Ok((magnitude, currency)),
        "DBIT" => Ok((-magnitude, currency)),
        other => {
            let what = format!("CdtDbtInd is {}, neither CRDT nor DBIT", Excerpt(other));
            Err(BankFileError::unreadable(element.place(), what))
        }
    }
}

fn currency_named(element: Element<'_, '_>, text: &str) -> Result<Currency, BankFileError> {
    text.parse().map_err(|error| BankFileError::unreadable(element.place(), format!("{}: {error}", Excerpt(text))))
}

/// The day of a choice between a date and a time; none when the element is not there.
fn day_in(element: Element<'_, '_>, name: &str) -> Result<Option<Day>, BankFileError> {
    let Some(choice) = element.at(name) else { return Ok(None) };
    let text = choice.text_at("Dt").or_else(|| choice.text_at("DtTm")).unwrap_or_default();
    day(choice, text).map(Some)
}

fn day(element: Element<'_, '_>, text: &str) -> Result<Day, BankFileError> {
    iso_day(text).ok_or_else(|| BankFileError::unreadable(element.place(), format!("{} is no date", Excerpt(text))))
}

fn period(statement: Element<'_, '_>) -> Result<Option<StatementPeriod>, BankFileError> {
    let Some(range) = statement.at("FrToDt") else { return Ok(None) };
    let edge = |names: [&str; 2]| {
        let text = names.into_iter().find_map(|name| range.text_at(name)).unwrap_or_default();
        day(range, text)
    };
    Ok(Some(StatementPeriod { from: edge(["FrDtTm", "FrDt"])?, to: edge(["ToDtTm", "ToDt"])? }))
}

fn is_booked(entry: Element<'_, '_>) -> bool {
    let status = entry.text_at("Sts/Cd").or_else(|| entry.text_at("Sts"));
    status.is_none_or(|status| status == "BOOK")
}

/// The line of an entry. `closing` dates it when the entry itself does not.
fn line(entry: Element<'_, '_>, account: Currency, closing: Day) -> Result<BankLine, BankFileError> {
    let (amount, currency) = amount(entry)?;
    if currency != account {
        return Err(BankFileError::MixedCurrencies { place: entry.place(), line: currency, account });
    }
    let (booked, value) = (day_in(entry, "BookgDt")?, day_in(entry, "ValDt")?);
    let reversal = matches!(entry.text_at("RvslInd"), Some("true" | "1"));
    let received = amount > Amount::ZERO;
    // A reversal keeps the roles of the payment that it takes back.
    let other_side = if received == reversal { "Cdtr" } else { "Dbtr" };
    let transactions: Vec<_> = entry.all("NtryDtls").flat_map(|details| details.all("TxDtls")).collect();
    let agreed = |of: &dyn Fn(Element<'_, '_>) -> Option<String>| {
        let first = of(*transactions.first()?)?;
        transactions.iter().all(|transaction| of(*transaction).as_ref() == Some(&first)).then_some(first)
    };
    let own_reference = entry.text_at("AcctSvcrRef").and_then(given);
    let texts: Vec<&str> = transactions.iter().flat_map(|transaction| remittance(*transaction)).collect();
    let place = || entry.place();
    for text in &texts {
        kept(text, place)?;
    }
    // Of a batch, which may have thousands of transactions, the first texts are kept.
    let text_bytes_max = if transactions.len() > 1 { BankText::BYTES_MAX } else { usize::MAX };
    Ok(BankLine {
        booking_day: booked.or(value).unwrap_or(closing),
        value_day: value.or(booked).unwrap_or(closing),
        amount,
        reference: kept_if_given(agreed(&payers_reference), place)?,
        bank_reference: kept_if_given(
            own_reference.or_else(|| agreed(&|of| of.text_at("Refs/AcctSvcrRef").and_then(given))),
            place,
        )?,
        counterparty: kept_if_given(agreed(&|of| party_name(of, other_side)), place)?,
        counterparty_account: kept_if_given(agreed(&|of| party_account(of, other_side)), place)?,
        text: kept_if_given(
            joined_up_to(text_bytes_max, texts).or_else(|| joined(entry.text_at("AddtlNtryInf"))),
            place,
        )?,
        reversal,
    })
}

/// What the payer gave to be known by: the end-to-end reference, else the creditor's reference that the payer repeated.
fn payers_reference(transaction: Element<'_, '_>) -> Option<String> {
    let end_to_end = transaction.text_at("Refs/EndToEndId").filter(|text| *text != NOT_PROVIDED);
    let structured = || creditor_references(transaction).next();
    end_to_end.or_else(structured).and_then(given)
}

fn creditor_references<'d>(transaction: Element<'d, '_>) -> impl Iterator<Item = &'d str> {
    let structured = transaction.all("RmtInf").flat_map(|information| information.all("Strd"));
    structured.filter_map(|part| part.text_at("CdtrRefInf/Ref").or_else(|| part.text_at("CdtrRefInf/CdtrRef")))
}

/// What the payment is for: in words, else by the creditor's references, else what the bank adds.
fn remittance<'d>(transaction: Element<'d, '_>) -> Vec<&'d str> {
    let words = transaction.all("RmtInf").flat_map(|information| information.all("Ustrd")).map(Element::text);
    let words: Vec<_> = words.filter(|text| !text.is_empty()).collect();
    if !words.is_empty() {
        return words;
    }
    let references: Vec<_> = creditor_references(transaction).collect();
    if references.is_empty() { transaction.text_at("AddtlTxInf").into_iter().collect() } else { references }
}

fn party_name(transaction: Element<'_, '_>, role: &str) -> Option<String> {
    let party = transaction.at("RltdPties")?.at(role)?;
    ["Nm", "Pty/Nm", "Agt/FinInstnId/Nm"].into_iter().find_map(|path| party.text_at(path)).and_then(given)
}

fn party_account(transaction: Element<'_, '_>, role: &str) -> Option<String> {
    let account = transaction.at("RltdPties")?.at(&format!("{role}Acct"))?;
    ["Id/IBAN", "Id/Othr/Id"].into_iter().find_map(|path| account.text_at(path)).and_then(given)
}
