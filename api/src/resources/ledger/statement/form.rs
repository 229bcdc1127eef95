//! How a statement is written, piece by piece: as JSON, and as CSV.

use actix_web::HttpRequest;
use actix_web::http::header;
use jiff::civil::Date;
use ledger::Amount;
use serde::Serialize;
use wire::ledger::statements::{OpeningBody, ScopeBody, StatementFormat, StatementLineBody};

use super::Frame;
use crate::problem::Problem;
use crate::resources::ledger::csv_record::{or_empty, push_record};

/// The form that a request asks for: in its query, or else in its `Accept`.
pub fn statement_format(asked: Option<StatementFormat>, request: &HttpRequest) -> StatementFormat {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let accepts_csv = accept.is_some_and(|accept| accept.contains("text/csv"));
    asked.unwrap_or(if accepts_csv { StatementFormat::Csv } else { StatementFormat::Json })
}

/// How a statement is written, and how much of it is.
pub(super) struct Form {
    pub format: StatementFormat,
    /// The one section's fields are the statement's own.
    pub is_account: bool,
    /// Sections that are begun.
    pub sections: usize,
    /// Lines of the section that is being written.
    pub lines: usize,
}

impl Form {
    pub fn head(&self, frame: &Frame) -> Result<String, Problem> {
        Ok(match (self.format, frame) {
            (StatementFormat::Csv, _) => {
                let columns = [
                    "kind",
                    "account",
                    "owner",
                    "currency",
                    "effective_date",
                    "entry",
                    "line",
                    "rule",
                    "event",
                    "contract",
                    "amount",
                    "balance",
                ];
                record(&columns)
            }
            (StatementFormat::Json, Frame::Account(scope)) => format!("{{{},", fields(scope)?),
            (StatementFormat::Json, Frame::Owner(of)) => format!("{{{},\"accounts\":[", fields(of)?),
        })
    }

    pub fn opening(&mut self, opening: &OpeningBody, scope: &ScopeBody) -> Result<String, Problem> {
        self.lines = 0;
        self.sections += 1;
        Ok(match self.format {
            StatementFormat::Csv => total("opening", opening, scope.from, opening.opening),
            StatementFormat::Json => {
                let comma = if self.sections > 1 { "," } else { "" };
                let brace = if self.is_account { "" } else { "{" };
                format!("{comma}{brace}{},\"lines\":[", fields(opening)?)
            }
        })
    }

    pub fn line(&mut self, opening: &OpeningBody, line: &StatementLineBody) -> Result<String, Problem> {
        self.lines += 1;
        match self.format {
            StatementFormat::Csv => Ok(record(&[
                "line",
                &opening.account,
                &line.owner,
                &opening.currency,
                &line.effective_date.to_string(),
                &line.entry,
                &line.line.to_string(),
                &line.rule,
                &or_empty(line.event),
                &or_empty(line.contract),
                &line.amount.to_string(),
                &line.balance.to_string(),
            ])),
            StatementFormat::Json => {
                let comma = if self.lines > 1 { "," } else { "" };
                Ok(format!("{comma}{}", json(line)?))
            }
        }
    }

    pub fn closing(&self, opening: &OpeningBody, scope: &ScopeBody, closing: Amount) -> String {
        match self.format {
            StatementFormat::Csv => total("closing", opening, scope.to, closing),
            StatementFormat::Json => {
                let brace = if self.is_account { "" } else { "}" };
                format!("],\"closing\":\"{closing}\"{brace}")
            }
        }
    }

    pub fn tail(&self) -> &'static str {
        match (self.format, self.is_account) {
            (StatementFormat::Csv, _) => "",
            (StatementFormat::Json, true) => "}",
            (StatementFormat::Json, false) => "]}",
        }
    }
}

fn record(fields: &[&str]) -> String {
    let mut text = String::new();
    push_record(&mut text, fields);
    text
}

/// A record of what an account has before its lines, or after them.
fn total(kind: &str, of: &OpeningBody, day: Option<Date>, balance: Amount) -> String {
    let (owner, day) = (or_empty(of.owner.as_ref()), or_empty(day));
    record(&[kind, &of.account, &owner, &of.currency, &day, "", "", "", "", "", "", &balance.to_string()])
}

fn json(value: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::internal(&error))
}

/// The fields of a JSON object without the braces around them.
fn fields(object: &impl Serialize) -> Result<String, Problem> {
    let text = json(object)?;
    Ok(text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use wire::ledger::statements::{AccountLinesBody, AccountStatementBody, StatementBody, StatementScopeBody};

    fn scope() -> ScopeBody {
        ScopeBody { entity: "operator".into(), from: None, to: "2037-01-31".parse().ok(), sequence: 7 }
    }

    fn opening(account: &str) -> OpeningBody {
        let opening = Amount::from_micros(-5_000_000);
        OpeningBody { account: account.into(), owner: None, currency: "USD".into(), opening }
    }

    fn lines() -> Vec<StatementLineBody> {
        let line = |line| StatementLineBody {
            effective_date: "2037-01-01".parse().unwrap(),
            entry: "operator:1".into(),
            line,
            rule: "deposit.matched.1".into(),
            event: Some(3),
            owner: "org:acme".into(),
            contract: None,
            amount: Amount::from_micros(-1),
            balance: Amount::from_micros(-5_000_001),
        };
        vec![line(0), line(1)]
    }

    fn written(frame: &Frame, format: StatementFormat, accounts: &[&str]) -> String {
        let is_account = matches!(frame, Frame::Account(_));
        let mut form = Form { format, is_account, sections: 0, lines: 0 };
        let mut text = form.head(frame).unwrap();
        for account in accounts {
            text += &form.opening(&opening(account), frame.scope()).unwrap();
            for line in lines() {
                text += &form.line(&opening(account), &line).unwrap();
            }
            text += &form.closing(&opening(account), frame.scope(), Amount::from_micros(-5_000_002));
        }
        text + form.tail()
    }

    fn account_statement(account: &str) -> AccountStatementBody {
        AccountStatementBody { opening: opening(account), lines: lines(), closing: Amount::from_micros(-5_000_002) }
    }

    /// What is streamed is the body that the reference describes.
    #[test]
    fn what_is_written_piece_by_piece_is_the_body() {
        let written_json = |frame: &Frame, accounts: &[&str]| -> Value {
            serde_json::from_str(&written(frame, StatementFormat::Json, accounts)).unwrap()
        };
        let body = AccountLinesBody { scope: scope(), statement: account_statement("1000-bank") };
        let shown = written_json(&Frame::Account(scope()), &["1000-bank"]);
        assert_eq!(shown, serde_json::to_value(&body).unwrap());
        for accounts in [&[][..], &["1000-bank"], &["1000-bank", "2000-customer-available"]] {
            let of = || StatementScopeBody { scope: scope(), owner: "org:acme".into(), contract: None };
            let body =
                StatementBody { of: of(), accounts: accounts.iter().map(|code| account_statement(code)).collect() };
            assert_eq!(written_json(&Frame::Owner(of()), accounts), serde_json::to_value(&body).unwrap());
        }
    }

    #[test]
    fn a_table_has_a_record_for_each_balance_and_line() {
        let text = written(&Frame::Account(scope()), StatementFormat::Csv, &["1000-bank"]);
        let expected = "kind,account,owner,currency,effective_date,entry,line,rule,event,contract,amount,balance\r\n\
                        opening,1000-bank,,USD,,,,,,,,-5.00\r\n\
                        line,1000-bank,org:acme,USD,2037-01-01,operator:1,0,deposit.matched.1,3,,-0.000001,-5.000001\r\n\
                        line,1000-bank,org:acme,USD,2037-01-01,operator:1,1,deposit.matched.1,3,,-0.000001,-5.000001\r\n\
                        closing,1000-bank,,USD,2037-01-31,,,,,,,-5.000002\r\n";
        assert_eq!(text, expected);
    }
}
