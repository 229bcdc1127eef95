//! What a bank says of an account: the balance at the start, the lines that moved it, the balance at the end.
//!
//! A statement is a value: who read it, from which file and in what format, is nobody's business here. It promises nothing about
//! its figures, which are the bank's; [`BankStatement::gap`] says whether they add up.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::calendar::Day;
use crate::money::{Amount, Currency};
use crate::outside_text::{BankText, from_log};

/// A bank statement: one account in one currency over one stretch of time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankStatement {
    /// The account, as the bank writes it: an IBAN or the bank's own number.
    #[serde(deserialize_with = "from_log")]
    pub account: BankText,
    /// The account's currency, that of every line.
    pub currency: Currency,
    /// What the bank calls this statement, such as `00084/001`: unique for the account as far as the bank keeps to that.
    #[serde(deserialize_with = "from_log")]
    pub number: BankText,
    /// The stretch of time that it covers, where the bank states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<StatementPeriod>,
    /// The balance before the first line.
    pub opening: StatedBalance,
    /// The lines in the bank's order. A line is known by its place, from 1: see [`BankStatement::line`].
    pub lines: Vec<BankLine>,
    /// The balance after the last line.
    pub closing: StatedBalance,
}

/// The days that a statement covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatementPeriod {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// A balance as the bank states it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatedBalance {
    /// How much: positive is money that the bank owes, negative an overdraft.
    pub amount: Amount,
    /// In what currency. One that is not the statement's is the bank's mistake, and is kept as it stands.
    pub currency: Currency,
    /// On which day.
    pub day: Day,
}

/// A booking on a bank account. An empty text is one that the bank left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankLine {
    /// The day on which the bank booked it.
    pub booking_day: Day,
    /// The day from which it bears interest.
    pub value_day: Day,
    /// How much: money received is positive, money paid negative. Some banks print lines of nothing.
    pub amount: Amount,
    /// The reference that the payer gave, end to end.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub reference: Option<BankText>,
    /// The bank's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub bank_reference: Option<BankText>,
    /// The name of the other side.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub counterparty: Option<BankText>,
    /// The account of the other side.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub counterparty_account: Option<BankText>,
    /// What the payment is for, or whatever else the bank prints.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub text: Option<BankText>,
    /// Whether it takes an earlier booking back. The amount has its own sign either way.
    #[serde(default)]
    pub reversal: bool,
}

impl BankStatement {
    /// What all lines come to.
    pub fn movement(&self) -> Amount {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// Opening balance plus lines minus closing balance, to the micro-unit: zero when the statement's figures add up.
    ///
    /// The figures are taken as they stand. [`BankStatement::adds_up`] also asks whether they are in one currency.
    pub fn gap(&self) -> Amount {
        self.opening.amount + self.movement() - self.closing.amount
    }

    /// Whether the lines lead from the opening to the closing balance, and both are in the account's currency.
    pub fn adds_up(&self) -> bool {
        let in_currency = [self.opening, self.closing].iter().all(|balance| balance.currency == self.currency);
        in_currency && self.gap().is_zero()
    }

    /// The line at this place, from 1; none beyond the last. With account and number of the statement it names a line for good.
    pub fn line(&self, place: u32) -> Option<&BankLine> {
        let index = usize::try_from(place).ok()?.checked_sub(1)?;
        self.lines.get(index)
    }

    /// The SHA-256 of everything that the statement says, by which the same statement is recognised however it arrives.
    ///
    /// The hashed content is text: each field as its length in bytes, a colon, the field as JSON shows it, and a line feed; a field that
    /// is not given is a line feed alone.
    pub fn digest(&self) -> StatementDigest {
        let mut fields = Fields::default();
        fields.push(self.account.as_written());
        fields.push(self.currency);
        fields.push(self.number.as_written());
        fields.push_given(self.period.map(|period| period.from));
        fields.push_given(self.period.map(|period| period.to));
        for balance in [self.opening, self.closing] {
            fields.push(balance.amount);
            fields.push(balance.currency);
            fields.push(balance.day);
        }
        for line in &self.lines {
            fields.push(line.booking_day);
            fields.push(line.value_day);
            fields.push(line.amount);
            fields.push_given(line.reference.as_ref().map(BankText::as_written));
            fields.push_given(line.bank_reference.as_ref().map(BankText::as_written));
            fields.push_given(line.counterparty.as_ref().map(BankText::as_written));
            fields.push_given(line.counterparty_account.as_ref().map(BankText::as_written));
            fields.push_given(line.text.as_ref().map(BankText::as_written));
            fields.push(line.reversal);
        }
        StatementDigest(fields.hash.finalize().into())
    }
}

/// Fields on their way into a hash, each with its length, so that none can pass for two.
#[derive(Default)]
struct Fields {
    hash: Sha256,
    text: String,
}

impl Fields {
    fn push(&mut self, field: impl fmt::Display) {
        self.text.clear();
        let _ = write!(self.text, "{field}");
        self.hash.update(self.text.len().to_string());
        self.hash.update(":");
        self.hash.update(&self.text);
        self.hash.update("\n");
    }

    fn push_given(&mut self, field: Option<impl fmt::Display>) {
        match field {
            Some(field) => self.push(field),
            None => self.hash.update("\n"),
        }
    }
}

/// The SHA-256 of a statement's content; in text 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementDigest([u8; 32]);

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct InvalidDigest;

impl fmt::Display for StatementDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for StatementDigest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(InvalidDigest),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(InvalidDigest);
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

text_form!(StatementDigest, {"type": "string", "pattern": "^[0-9a-f]{64}$"});

#[cfg(test)]
mod tests {
    use super::*;

    fn bank_text(text: &str) -> BankText {
        text.parse().expect("a text")
    }

    fn balance(amount: &str, day: i32) -> StatedBalance {
        StatedBalance { amount: amount.parse().expect("an amount"), currency: Currency::USD, day: Day::from_days(day) }
    }

    fn line(amount: &str, reference: Option<&str>) -> BankLine {
        BankLine {
            booking_day: Day::from_days(20_000),
            value_day: Day::from_days(20_001),
            amount: amount.parse().expect("an amount"),
            reference: reference.map(bank_text),
            bank_reference: None,
            counterparty: None,
            counterparty_account: None,
            text: Some(bank_text("rent")),
            reversal: false,
        }
    }

    fn statement() -> BankStatement {
        BankStatement {
            account: bank_text("CH9300762011623852957"),
            currency: Currency::USD,
            number: bank_text("7/1"),
            period: None,
            opening: balance("100.00", 20_000),
            lines: vec![line("50.25", Some("INV-1")), line("-0.000001", None)],
            closing: balance("150.249999", 20_001),
        }
    }

    #[test]
    fn adds_up_to_the_micro_unit() {
        let mut statement = statement();
        assert_eq!(statement.gap(), Amount::ZERO);
        assert!(statement.adds_up());
        statement.closing.amount += Amount::from_micros(1);
        assert_eq!(statement.gap(), Amount::from_micros(-1));
        assert!(!statement.adds_up());
    }

    #[test]
    fn balances_in_two_currencies_do_not_add_up() {
        let mut statement = statement();
        statement.closing.currency = "EUR".parse().expect("a currency");
        assert!(statement.gap().is_zero() && !statement.adds_up());
    }

    #[test]
    fn lines_are_known_by_their_place() {
        let statement = statement();
        assert_eq!(statement.line(0), None);
        assert_eq!(statement.line(1), statement.lines.first());
        assert_eq!(statement.line(2), statement.lines.last());
        assert_eq!(statement.line(3), None);
    }

    #[test]
    fn everything_it_says_changes_its_digest() {
        let change = |change: fn(&mut BankStatement)| {
            let mut statement = statement();
            change(&mut statement);
            statement.digest()
        };
        let same = statement().digest();
        assert_eq!(change(|_| ()), same);
        let changed = [
            change(|statement| statement.account = bank_text("CH9300762011623852958")),
            change(|statement| statement.number = bank_text("7/2")),
            change(|statement| statement.opening.amount = Amount::ZERO),
            change(|statement| statement.closing.day = Day::from_days(1)),
            change(|statement| statement.lines.reverse()),
            change(|statement| statement.lines[0].reversal = true),
            change(|statement| statement.lines[0].bank_reference = statement.lines[0].reference.take()),
            change(|statement| statement.lines[0].text = None),
            change(|statement| statement.lines[0].text = Some(bank_text(""))),
        ];
        assert!(!changed.contains(&same));
    }

    #[test]
    fn digests_in_text() {
        let digest = statement().digest();
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for bad in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(66), &"A".repeat(64)] {
            assert_eq!(bad.parse::<StatementDigest>(), Err(InvalidDigest), "{bad}");
        }
    }
}
