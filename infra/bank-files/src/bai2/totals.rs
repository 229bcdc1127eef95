//! Control totals: what the trailers say of the sums and counts before them.

use super::records::Record;
use crate::BankFileError;
use crate::error::Excerpt;
use crate::notation::signed_integer;

/// What an account, a group or a file has come to.
pub(super) struct Totals {
    /// The sum of all amounts as they are written, with their signs, in the smallest unit.
    pub amounts: i128,
    /// The records, continuations included.
    records: i128,
    /// What was closed within: accounts of a group, groups of a file.
    parts: i128,
}

impl Totals {
    /// Those of what a header record opens.
    pub fn of(header: &Record<'_>) -> Self {
        Self { amounts: 0, records: header.physical, parts: 0 }
    }

    /// Counts a record with the amounts in it.
    pub fn count(&mut self, record: &Record<'_>) {
        self.records += record.physical;
    }

    /// Counts a part with all that is in it.
    pub fn add(&mut self, part: &Self) {
        self.amounts += part.amounts;
        self.records += part.records;
        self.parts += 1;
    }

    /// The totals with their trailer counted, if it is right. `parts` is what it says of the number of parts, where it says it.
    ///
    /// # Errors
    /// [`BankFileError::ControlTotal`] when a figure is wrong, [`BankFileError::Unreadable`] when it is none.
    pub fn closed(&self, trailer: &Record<'_>, parts: Option<&'static str>) -> Result<Self, BankFileError> {
        let records = self.records + trailer.physical;
        let mut figures = vec![("the control total", self.amounts)];
        figures.extend(parts.map(|what| (what, self.parts)));
        figures.push(("the number of records", records));
        for (place, (what, found)) in figures.into_iter().enumerate() {
            let text = trailer.field(place + 1);
            let stated = signed_integer(text)
                .ok_or_else(|| trailer.refused(format!("{what} is {}, which is no whole number", Excerpt(text))))?;
            if stated != found {
                return Err(BankFileError::ControlTotal { place: trailer.place(), what, stated, found });
            }
        }
        Ok(Self { amounts: self.amounts, records, parts: self.parts })
    }
}
