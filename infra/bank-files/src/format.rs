//! The formats, by name and by what a file looks like.

use std::fmt;
use std::str::FromStr;

/// A format of bank statement files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BankFileFormat {
    /// ISO 20022 camt.053, any version: XML.
    Camt053,
    /// SWIFT MT940: tagged lines.
    Mt940,
    /// BAI2: records of comma-separated fields, used by banks of the United States.
    Bai2,
    /// Comma-separated values with the columns that `docs/bank-statements.md` names.
    Csv,
}

/// The text names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a format is camt053, mt940, bai2 or csv")]
pub struct InvalidFormat;

impl BankFileFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Camt053, Self::Mt940, Self::Bai2, Self::Csv];

    /// Its name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Camt053 => "camt053",
            Self::Mt940 => "mt940",
            Self::Bai2 => "bai2",
            Self::Csv => "csv",
        }
    }

    /// The format that a text looks to be in; none when it looks like none of them.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim_start();
        if text.starts_with('<') {
            return Some(Self::Camt053);
        }
        if text.starts_with("01,") {
            return Some(Self::Bai2);
        }
        let header = text.lines().next()?.to_ascii_lowercase();
        let names = |column: &str| header.split([',', ';']).any(|cell| cell.trim().trim_matches('"') == column);
        if names("account") && names("amount") {
            return Some(Self::Csv);
        }
        let tags = [":20:", ":25:", ":60F:", ":60M:"];
        let tagged = |line: &str| tags.iter().any(|tag| line.starts_with(tag));
        text.lines().any(tagged).then_some(Self::Mt940)
    }
}

impl fmt::Display for BankFileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BankFileFormat {
    type Err = InvalidFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or(InvalidFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for format in BankFileFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!("camt.053".parse::<BankFileFormat>(), Err(InvalidFormat));
    }

    #[test]
    fn formats_by_their_looks() {
        for (text, format) in [
            ("  <?xml version=\"1.0\"?>", Some(BankFileFormat::Camt053)),
            ("01,BANK,US,270101,,1/", Some(BankFileFormat::Bai2)),
            ("amount,account\n", Some(BankFileFormat::Csv)),
            ("\"Account\";\"Amount\"\n", Some(BankFileFormat::Csv)),
            ("{1:F01BANK}{4:\r\n:20:1\r\n", Some(BankFileFormat::Mt940)),
            ("ABNANL2A\n940\n:25:1\n", Some(BankFileFormat::Mt940)),
            ("account,balance\n", None),
            ("Dear customer", None),
            ("", None),
        ] {
            assert_eq!(BankFileFormat::of(text), format, "{text:?}");
        }
    }
}
