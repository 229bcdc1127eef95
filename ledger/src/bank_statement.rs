//! Bank statements: the opening balance, the bookings that moved it, the closing balance.
//!
//! A statement is a value: it does not know who read it, from which file or in what format. It promises nothing about
//! its figures, which are the bank's; [`BankStatement::gap`] says whether they add up.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::calendar::Day;
use crate::money::{Amount, Currency};
use crate::outside_text::{BankText, from_log};

/// Bank statement: one account in one currency over one period.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankStatement {
    /// Account as the bank writes it: an IBAN or the bank's own number.
    #[serde(deserialize_with = "from_log")]
    pub account: BankText,
    /// Currency of the account and of every line.
    pub currency: Currency,
    /// Number of the statement at the bank, such as `00084/001`: unique for the account as far as the bank keeps to
    /// that.
    #[serde(deserialize_with = "from_log")]
    pub number: BankText,
    /// Days that it covers; `None` when the bank does not state them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<StatementPeriod>,
    /// Balance before the first line.
    pub opening: StatedBalance,
    /// Bookings in the bank's order. A line is known by its place, from 1: see [`BankStatement::line`].
    pub lines: Vec<BankLine>,
    /// Balance after the last line.
    pub closing: StatedBalance,
}

/// Range of days that a statement covers, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatementPeriod {
    /// First day, inclusive.
    pub from: Day,
    /// Last day, inclusive.
    pub to: Day,
}

/// Balance as the bank states it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatedBalance {
    /// Balance: positive is money that the bank owes, negative an overdraft.
    pub amount: Amount,
    /// Currency as stated. One that is not the statement's is the bank's mistake and is kept as it stands.
    pub currency: Currency,
    /// Day of the balance.
    pub day: Day,
}

/// Booking on a bank account. A text that the bank left out is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BankLine {
    /// Day on which the bank booked it.
    pub booking_day: Day,
    /// Day from which it bears interest.
    pub value_day: Day,
    /// Amount booked: positive is money received, negative money paid. May be zero: some banks print such lines.
    pub amount: Amount,
    /// End-to-end reference of the payer.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub reference: Option<BankText>,
    /// Reference that the bank itself gave.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub bank_reference: Option<BankText>,
    /// Name of the other side of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub counterparty: Option<BankText>,
    /// Account of the other side of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub counterparty_account: Option<BankText>,
    /// Remittance information, or whatever else the bank prints.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "from_log")]
    pub text: Option<BankText>,
    /// Whether the booking reverses an earlier one. The amount has its own sign either way.
    #[serde(default)]
    pub reversal: bool,
}

impl BankStatement {
    /// Sums the lines.
    pub fn movement(&self) -> Amount {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// Computes opening balance plus lines minus closing balance, to the micro-unit: zero when the statement's figures
    /// add up.
    ///
    /// The figures are taken as they stand. [`BankStatement::adds_up`] also asks whether they are in one currency.
    pub fn gap(&self) -> Amount {
        self.opening.amount + self.movement() - self.closing.amount
    }

    /// Returns whether the lines lead from the opening to the closing balance, and both are in the account's currency.
    pub fn adds_up(&self) -> bool {
        let in_currency = [self.opening, self.closing].iter().all(|balance| balance.currency == self.currency);
        in_currency && self.gap().is_zero()
    }

    /// Returns the line at this place, from 1; `None` beyond the last. With account and number of the statement it
    /// names a line for good.
    pub fn line(&self, place: u32) -> Option<&BankLine> {
        let index = usize::try_from(place).ok()?.checked_sub(1)?;
        self.lines.get(index)
    }

    /// Computes the SHA-256 of everything that the statement says. It recognises the same statement however it arrives.
    ///
    /// The hashed content is text: each field as its length in bytes, a colon, the field as JSON shows it, and a line
    /// feed; a field that is not given is a line feed alone.
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

/// Writer of fields into a hash, each with its length, so that none can pass for two.
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

/// SHA-256 of a statement's content; as text 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementDigest([u8; 32]);

/// Error: the text is not 64 lower-case hexadecimal digits.
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
