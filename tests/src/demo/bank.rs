//! The bank of a demonstration: what it books, and the statement files that it sends, camt.053 and MT940 in turn.

use std::fmt::Write as _;

use anyhow::Context as _;
use jiff::civil::Date;
use ledger::Amount;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::ApiClient;

/// The account, as the bank names it.
pub(super) const ACCOUNT: &str = "DE02120300000000202051";
/// What is on it at the beginning: the owners'.
pub(super) const OPENING: &str = "100000.00";
/// How much a booking may differ from what it is for.
pub(super) const TOLERANCE: &str = "1.00";

/// A booking that is on no statement yet.
struct Booking {
    amount: Amount,
    reference: String,
    text: &'static str,
}

/// The bank.
pub(super) struct Bank {
    balance: Amount,
    statements: u32,
    booked: Vec<Booking>,
}

impl Bank {
    /// The bank, and the exchange's account at it.
    pub async fn open(finance: &ApiClient) -> anyhow::Result<Self> {
        let account = json!({"account": ACCOUNT, "currency": "USD", "opening": OPENING, "tolerance": TOLERANCE});
        finance.post("/v1/bank-accounts", &account).await.success()?;
        Ok(Self { balance: OPENING.parse()?, statements: 0, booked: Vec::new() })
    }

    /// How many statements it has sent.
    pub fn statements(&self) -> u32 {
        self.statements
    }

    /// Books money received, or paid with a minus sign, that quotes a reference.
    pub fn book(&mut self, amount: Amount, reference: &str, text: &'static str) {
        self.booked.push(Booking { amount, reference: reference.to_owned(), text });
    }

    /// Sends the statement of everything booked since the last, all on `day`, and answers what the exchange makes of it.
    pub async fn send_statement(&mut self, finance: &ApiClient, day: Date) -> anyhow::Result<Value> {
        self.statements += 1;
        let opening = self.balance;
        let booked = std::mem::take(&mut self.booked);
        self.balance += booked.iter().map(|booking| booking.amount).sum();
        let is_xml = self.statements % 2 == 1;
        let (content_type, file) = if is_xml {
            ("application/xml", self.camt053(opening, day, &booked))
        } else {
            ("text/plain", self.mt940(opening, day, &booked))
        };
        let request = finance.request(Method::POST, "/v1/bank-statements").header("Content-Type", content_type);
        let imported = finance.send(request.body(file)).await.success()?;
        imported["data"].get(0).cloned().context("a statement")
    }

    fn camt053(&self, opening: Amount, day: Date, booked: &[Booking]) -> String {
        let sided = |amount: Amount| {
            let side = if amount < Amount::ZERO { "DBIT" } else { "CRDT" };
            format!("<Amt Ccy=\"USD\">{}</Amt><CdtDbtInd>{side}</CdtDbtInd>", amount.abs())
        };
        let balance = |code: &str, amount: Amount| {
            let sided = sided(amount);
            format!("<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{sided}<Dt><Dt>{day}</Dt></Dt></Bal>")
        };
        let mut entries = String::new();
        for Booking { amount, reference, text } in booked {
            let _ = write!(
                entries,
                "<Ntry>{}<Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><NtryDtls><TxDtls>\
                 <Refs><EndToEndId>{reference}</EndToEndId></Refs><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>",
                sided(*amount)
            );
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>{}</Id>\
             <Acct><Id><IBAN>{ACCOUNT}</IBAN></Id><Ccy>USD</Ccy></Acct>{}{}{entries}</Stmt></BkToCstmrStmt></Document>",
            self.statements,
            balance("OPBD", opening),
            balance("CLBD", self.balance),
        )
    }

    fn mt940(&self, opening: Amount, day: Date, booked: &[Booking]) -> String {
        let day = day.strftime("%y%m%d");
        let sided = |amount: Amount| {
            let side = if amount < Amount::ZERO { 'D' } else { 'C' };
            (side, amount.abs().to_string().replace('.', ","))
        };
        let balance = |tag: &str, amount: Amount| {
            let (side, digits) = sided(amount);
            format!(":{tag}:{side}{day}USD{digits}\r\n")
        };
        let mut text =
            format!(":20:STATEMENT\r\n:25:{ACCOUNT}\r\n:28C:{}/1\r\n{}", self.statements, balance("60F", opening));
        for booking in booked {
            let (side, digits) = sided(booking.amount);
            let _ = write!(text, ":61:{day}{side}{digits}NTRFNONREF\r\n:86:{} {}\r\n", booking.text, booking.reference);
        }
        text + &balance("62F", self.balance) + "-\r\n"
    }
}
