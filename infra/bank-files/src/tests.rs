//! Whole files of every format, read to the last field, and files that are wrong in one place.

use super::{BankFileError, BankFileFormat, FILE_BYTES_MAX, statements};
use ledger::{BankLine, BankStatement, BankText};

const CAMT053: &str = include_str!("fixtures/two_pages.camt053.xml");
const MT940: &str = include_str!("fixtures/two_pages.mt940.txt");
const BAI2: &str = include_str!("fixtures/two_accounts.bai2.txt");
const CSV: &str = include_str!("fixtures/two_statements.csv");

/// What a statement says, a line of text for the statement and one for each line.
fn told(statement: &BankStatement) -> Vec<String> {
    let BankStatement { account, currency, number, opening, closing, .. } = statement;
    let period = statement.period.map(|period| format!(" {}..{}", period.from, period.to)).unwrap_or_default();
    let head = format!(
        "{account} {currency} {number}{period}: {} {} -> {} {}, gap {}",
        opening.day,
        opening.amount,
        closing.day,
        closing.amount,
        statement.gap()
    );
    let line = |line: &BankLine| {
        let or_dash = |text: &Option<BankText>| text.as_ref().map_or("-".to_owned(), ToString::to_string);
        let texts = [&line.reference, &line.bank_reference, &line.counterparty, &line.counterparty_account, &line.text];
        let texts = texts.map(or_dash).join(" | ");
        let reversal = if line.reversal { " reversal" } else { "" };
        format!("{} {} {}{reversal} | {texts}", line.booking_day, line.value_day, line.amount)
    };
    std::iter::once(head).chain(statement.lines.iter().map(line)).collect()
}

fn read(text: &str) -> Vec<String> {
    let found = statements(text.as_bytes(), None).expect("a bank statement");
    found.iter().flat_map(told).collect()
}

/// The error of a file in which a text is replaced by another.
fn error(file: &str, text: &str, by: &str) -> BankFileError {
    assert!(file.contains(text), "{text}");
    statements(file.replacen(text, by, 1).as_bytes(), None).expect_err(by)
}

#[test]
fn camt053() {
    let expected = [
        "CH9300762011623852957 CHF 2027-01-04/1 2027-01-04..2027-01-05: 2027-01-04 1000.00 -> 2027-01-04 1249.75, gap 0.00",
        "2027-01-04 2027-01-04 300.00 | INV-2027-7 | B-1 | Acme & Söhne | DE02120300000000202051 | Invoice 7, January",
        "2027-01-04 2027-01-05 -50.25 | - | B-2 | - | - | Direct debits of January",
        "CH9300762011623852957 CHF 2027-01-04/2: 2027-01-04 1249.75 -> 2027-01-05 1199.7505, gap 0.00",
        "2027-01-05 2027-01-05 50.00 reversal | RF18539007547034 | B-3 | Power Co | 7788-1 | RF18539007547034",
        "2027-01-05 2027-01-05 -99.9995 | - | - | - | - | Fees",
    ];
    assert_eq!(read(CAMT053), expected);
}

#[test]
fn camt053_of_any_version_and_prefix() {
    let plain = read(CAMT053);
    for version in 2..=13 {
        assert_eq!(read(&CAMT053.replace("053.001.08", &format!("053.001.{version:02}"))), plain);
    }
    let prefixed = CAMT053.replace('<', "<ns:").replace("<ns:/", "</ns:").replace("<ns:!", "<!").replace("<ns:?", "<?");
    assert_eq!(read(&prefixed.replace("xmlns=", "xmlns:ns=")), plain);
    let latin_1: Vec<u8> =
        CAMT053.replace("UTF-8", "ISO-8859-1").chars().map(|letter| u8::try_from(letter).expect("Latin-1")).collect();
    let found = statements(&latin_1, None).expect("Latin-1");
    assert_eq!(found.iter().flat_map(told).collect::<Vec<_>>(), plain);
}

#[test]
fn mt940() {
    let expected = [
        "DE02120300000000202051 EUR 5/1: 2026-12-30 100.00 -> 2026-12-31 1149.50, gap 0.00",
        "2026-12-31 2027-01-02 1500.00 | INV-7 | 4711 | Acme GmbH | DE89370400440532013000 | Invoice 7 with thanks",
        "2026-12-31 2026-12-31 -500.00 reversal | - | 4712 | - | - | returned: account closed",
        "2026-12-31 2026-12-31 49.50 reversal | R-9 | - | - | - | Fee taken back",
        "DE02120300000000202051 EUR 5/2: 2026-12-31 1149.50 -> 2027-01-02 -0.50, gap 0.00",
        "2027-01-02 2027-01-02 -1150.00 | E-1 | 4713 | Landlord B.V. | NL91ABNA0417164300 | Rent 1/2027",
        "DE02120300000000202051 EUR 6: 2027-01-02 -0.50 -> 2027-01-03 -0.50, gap 0.00",
    ];
    assert_eq!(read(MT940), expected);
    assert_eq!(read(&MT940.replace('\n', "\r\n")), expected);
}

#[test]
fn mt940_of_banks_that_leave_things_out() {
    // A closing balance without its currency, and a page without the end of a message behind it.
    let text = MT940.replace(":62M:C261231EUR", ":62M:C261231").replace("-}{5:}\n", "");
    assert_eq!(read(&text), read(MT940));
    // Bookings between no balances belong to no statement.
    let interim = ":20:I\n:25:DE02120300000000202051\n:28C:1\n:61:270103C5,NTRFX\n:86:to come\n-\n";
    assert_eq!(read(&format!("{MT940}{interim}")), read(MT940));
    let error = statements(interim.as_bytes(), None).expect_err("no statement");
    assert_eq!(error, BankFileError::Empty { format: BankFileFormat::Mt940 });
}

#[test]
fn mt940_in_latin_1() {
    let text = MT940.replace("Fee taken back", "Gebühr zurück");
    let bytes: Vec<u8> = text.chars().map(|letter| u8::try_from(letter).expect("Latin-1")).collect();
    assert_eq!(statements(&bytes, None), statements(text.as_bytes(), None));
}

#[test]
fn bai2() {
    let expected = [
        "0123456789 USD 2027-01-05-17/1: 2027-01-04 1000.00 -> 2027-01-04 1374.50, gap 0.00",
        "2027-01-04 2027-01-05 500.00 | INV-7 | B-1 | - | - | WIRE FROM ACME, INC. FOR 1/2027 OVER TWO LINES",
        "2027-01-04 2027-01-04 -125.50 | - | - | - | - | CHECK PAID",
        "2027-01-04 2027-01-04 0.00 reversal | - | B-3 | - | - | DEBIT REVERSAL",
        "77-1 JPY 2027-01-05-17/2: 2027-01-04 -500.00 -> 2027-01-04 -200.00, gap 0.00",
        "2027-01-04 2027-01-04 300.00 | - | B-9 | - | - | -",
    ];
    assert_eq!(read(BAI2), expected);
}

#[test]
fn csv() {
    let expected = [
        "ACME-1 USD 7: 2027-01-04 100.00 -> 2027-01-05 350.000001, gap 0.00",
        "2027-01-04 2027-01-06 300.00 | INV-7 | - | Acme, Inc. | - | Invoice 7",
        "2027-01-05 2027-01-05 -49.999999 | - | - | - | - | \"Fees\"",
        "ACME-1 USD 8: 2027-01-06 350.000001 -> 2027-01-06 350.000001, gap 0.00",
    ];
    assert_eq!(read(CSV), expected);
    let semicolons = "account;currency;statement;opening;closing;date;amount\nA;USD;1;0;1;2027-01-04;1\n";
    assert_eq!(read(semicolons)[0], "A USD 1: 2027-01-04 0.00 -> 2027-01-04 1.00, gap 0.00");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (file, text, by, code, said) in [
        (CAMT053, "300.00", "3OO.00", "statement_unreadable", "line 24, Stmt/Ntry/Amt: \"3OO.00\" is no amount"),
        (CAMT053, "300.00", "0.0000001", "statement_unreadable", "at most six decimal places"),
        (CAMT053, "\"CHF\">300", "\"EUR\">300", "statement_currency_mixed", "the line is in EUR, its account in CHF"),
        (CAMT053, "<Cd>OPBD", "<Cd>OPAV", "statement_incomplete", "the closing balance"),
        (CAMT053, "<CdtDbtInd>DBIT", "<CdtDbtInd>Debit", "statement_unreadable", "neither CRDT nor DBIT"),
        (CAMT053, "<Dt>2027-01-04</Dt>", "<Dt>04.01.2027</Dt>", "statement_unreadable", "\"04.01.2027\" is no date"),
        (CAMT053, "BkToCstmrStmt>", "BkToCstmrDbtCdtNtfctn>", "statement_unreadable", "no well-formed XML"),
        (
            CAMT053,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<!DOCTYPE D>",
            "statement_unreadable",
            "document type",
        ),
        (MT940, ":25:", ":26:", "statement_incomplete", "line 4, :60F:: the account (:25:)"),
        (MT940, "C1500,", "C1500", "statement_unreadable", "line 5, :61:"),
        (MT940, ":62M:", ":64:", "statement_incomplete", "the closing balance"),
        (MT940, ":62F:D270102EUR0,50\n", "", "statement_incomplete", "line 19, :60M:: the closing balance"),
        (MT940, ":60F:C261230", ":61F:C261230", "statement_unreadable", "before the opening balance"),
        (MT940, ":60F:C261230", ":60F:X261230", "statement_unreadable", "neither C nor D"),
        (MT940, ":60F:C261230EUR", ":60F:C261230€UR", "statement_unreadable", "is no balance"),
        (BAI2, "49,362550", "49,362551", "statement_control_total", "the control total is stated as 362551"),
        (
            BAI2,
            "88,OVER TWO LINES\n",
            "",
            "statement_control_total",
            "the number of records is stated as 8, and comes to 7",
        ),
        (BAI2, "99,", "98,", "statement_unreadable", "does not belong here"),
        (BAI2, "16,195", "16,001", "statement_unreadable", "type 001 is neither a credit nor a debit"),
        (BAI2, ",015,", ",060,", "statement_incomplete", "types 010 and 015"),
        (BAI2, ",1,270104,", ",4,270104,", "statement_unreadable", "test"),
        (CSV, "reference", "refrence", "statement_unreadable", "line 1, header: there is no column \"refrence\""),
        (CSV, "2027-01-05", "5 Jan", "statement_unreadable", "line 3, column date: \"5 Jan\" is no date"),
        (CSV, "-49.999999", "-49,99", "statement_unreadable", "row"),
        (CSV, "7,100.00,350.000001,2027-01-05", "7,100.01,350.000001,2027-01-05", "statement_unreadable", "differs"),
    ] {
        let error = error(file, text, by);
        assert!(error.code() == code && error.to_string().contains(said), "{by}: {}: {error}", error.code());
    }
}

#[test]
fn files_that_are_none() {
    for (bytes, format, code) in [
        (b"" as &[u8], None, "statement_format_unknown"),
        (b"\0\x01\x02\xff", None, "statement_format_unknown"),
        (b"", Some(BankFileFormat::Mt940), "statement_empty"),
        (b"", Some(BankFileFormat::Bai2), "statement_empty"),
        (b"", Some(BankFileFormat::Csv), "statement_unreadable"),
        (b"", Some(BankFileFormat::Camt053), "statement_unreadable"),
        (b"<Document><BkToCstmrStmt/></Document>", None, "statement_empty"),
        (b"account,currency,statement,opening,closing,date,amount\n", None, "statement_empty"),
        (&vec![b' '; FILE_BYTES_MAX + 1], None, "statement_too_large"),
    ] {
        let error = statements(bytes, format).expect_err(code);
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused_or_read_without_its_last_statements() {
    for file in [CAMT053, MT940, BAI2] {
        let whole = statements(file.as_bytes(), None).expect("statements");
        let format = BankFileFormat::of(file);
        for length in 0..file.len() {
            if let Ok(found) = statements(&file.as_bytes()[..length], format) {
                assert!(found.iter().zip(&whole).filter(|(found, whole)| found != whole).count() <= 1, "{length}");
            }
        }
    }
}

/// Bytes that mean something to one format or another.
const BYTES: &[u8] = b":,/<>&-+?0169CD{}\n\r\"\xc3\xff \0";

#[test]
fn nothing_makes_it_panic() {
    // A fixed sequence of bytes to put anywhere; every format is tried with every file.
    let mut seed: u64 = 0x5eed;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or_default()
    };
    for file in [CAMT053, MT940, BAI2, CSV] {
        for _ in 0..2_000 {
            let mut bytes = file.as_bytes().to_vec();
            for _ in 0..=next() % 4 {
                let place = next() % bytes.len();
                bytes[place] = BYTES[next() % BYTES.len()];
            }
            for format in BankFileFormat::ALL {
                if let Ok(found) = statements(&bytes, Some(format)) {
                    assert!(found.iter().all(|statement| statement.digest() == statement.digest()), "{format}");
                }
            }
        }
    }
}
