//! Bank statements from the files that banks send: camt.053, MT940, BAI2, and a documented CSV.
//!
//! It owns the formats and promises that whatever bytes come in, either every statement in the file comes out as
//! [`BankStatement`]s, exact to the micro-unit, or one [`BankFileError`] that names the place and what is wrong with it; never a part of
//! the file. It judges no figures: whether a statement adds up is asked of the statement. It opens no files and knows no books.
//!
//! CSV and XML are read with the libraries `csv` and `quick-xml`. The statements in them, MT940 and BAI2 are read here: `sepa` 0.9
//! knows three of camt.053's versions, drops what is finer than a cent and neither keeps structured references nor reversals; `mt940` 1.1
//! refuses lines that banks do print, such as a name behind an entry or an account number for a reference; the BAI2 crates are no longer
//! kept.

mod bai2;
mod camt053;
mod comma_separated;
mod encoding;
mod error;
mod format;
mod mt940;
mod notation;
mod xml;

use ledger::BankStatement;

pub use error::{BankFileError, Place};
pub use format::{BankFileFormat, InvalidFormat};

/// The most bytes of a file that are looked at: 32 MiB.
pub const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most lines of all statements in a file.
pub const LINES_MAX: usize = 500_000;

/// Every statement in a file, in its order; at least one. Without a format, the content tells it.
///
/// # Errors
/// [`BankFileError`] says what of the file cannot be taken for bank statements, and where.
pub fn statements(bytes: &[u8], format: Option<BankFileFormat>) -> Result<Vec<BankStatement>, BankFileError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(BankFileError::TooLarge);
    }
    let text = encoding::decode(bytes)?;
    let format = match format {
        Some(format) => format,
        None => BankFileFormat::of(&text).ok_or(BankFileError::UnknownFormat)?,
    };
    let statements = match format {
        BankFileFormat::Camt053 => camt053::read(&text),
        BankFileFormat::Mt940 => mt940::read(&text),
        BankFileFormat::Bai2 => bai2::read(&text),
        BankFileFormat::Csv => comma_separated::read(&text),
    }?;
    if statements.is_empty() { Err(BankFileError::Empty { format }) } else { Ok(statements) }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
