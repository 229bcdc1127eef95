//! Rows in COPY's binary format, read field by field.

use bytes::{Buf as _, Bytes};
use jiff::Timestamp;
use ledger::Amount;
use uuid::Uuid;

use super::AuditError;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in microseconds after the start of Unix time.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Base of the digits of PostgreSQL's NUMERIC.
const NUMERIC_BASE: i128 = 10_000;
const NUMERIC_NEGATIVE: u16 = 0x4000;

/// Reader of a copy, which begins with a signature and ends with a mark.
#[derive(Default)]
pub(super) struct Copied {
    begun: bool,
}

impl Copied {
    /// Reads the row of a message, the first of which has the header before it; `None` at the end.
    pub fn row<'a>(&mut self, message: &'a mut Bytes) -> Result<Option<CopiedRow<'a>>, AuditError> {
        if !self.begun {
            let extension = message.get(SIGNATURE.len() + 4..).and_then(|rest| rest.first_chunk());
            let header = SIGNATURE.len()
                + 8
                + extension.map_or(0, |length| usize::try_from(u32::from_be_bytes(*length)).unwrap_or(0));
            if !message.starts_with(SIGNATURE) || message.len() < header {
                return Err(unreadable());
            }
            message.advance(header);
            self.begun = true;
        }
        let (count, rest) = message.split_first_chunk().ok_or_else(unreadable)?;
        Ok((i16::from_be_bytes(*count) >= 0).then_some(CopiedRow { rest }))
    }
}

/// Row whose fields are taken in order.
pub(super) struct CopiedRow<'a> {
    rest: &'a [u8],
}

impl<'a> CopiedRow<'a> {
    /// Reads the next field.
    pub fn value<T: Field<'a>>(&mut self) -> Result<T, AuditError> {
        let (length, rest) = self.rest.split_first_chunk().ok_or_else(unreadable)?;
        let length = i32::from_be_bytes(*length);
        self.rest = rest;
        let bytes = match usize::try_from(length) {
            Ok(length) => {
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(unreadable)?;
                self.rest = rest;
                Some(bytes)
            }
            Err(_) => None,
        };
        T::read(bytes).ok_or_else(unreadable)
    }
}

fn unreadable() -> AuditError {
    AuditError::Unreadable("a row is not of the form that was asked for".to_owned())
}

/// Value that a field can be read as; `None` where its bytes are no such value. NULL has no bytes.
pub(super) trait Field<'a>: Sized {
    fn read(bytes: Option<&'a [u8]>) -> Option<Self>;
}

impl<'a, T: Field<'a>> Field<'a> for Option<T> {
    fn read(bytes: Option<&'a [u8]>) -> Option<Self> {
        bytes.map_or(Some(None), |bytes| T::read(Some(bytes)).map(Some))
    }
}

impl<'a> Field<'a> for &'a [u8] {
    fn read(bytes: Option<&'a [u8]>) -> Option<Self> {
        bytes
    }
}

impl<'a> Field<'a> for &'a str {
    fn read(bytes: Option<&'a [u8]>) -> Option<Self> {
        str::from_utf8(bytes?).ok()
    }
}

impl Field<'_> for bool {
    fn read(bytes: Option<&[u8]>) -> Option<Self> {
        Some(bytes? != [0])
    }
}

impl Field<'_> for i16 {
    fn read(bytes: Option<&[u8]>) -> Option<Self> {
        Some(Self::from_be_bytes(bytes?.try_into().ok()?))
    }
}

impl Field<'_> for i32 {
    fn read(bytes: Option<&[u8]>) -> Option<Self> {
        Some(Self::from_be_bytes(bytes?.try_into().ok()?))
    }
}

impl Field<'_> for i64 {
    fn read(bytes: Option<&[u8]>) -> Option<Self> {
        Some(Self::from_be_bytes(bytes?.try_into().ok()?))
    }
}

impl Field<'_> for Uuid {
    fn read(bytes: Option<&[u8]>) -> Option<Self> {
        Self::from_slice(bytes?).ok()
    }
}

impl Field<'_> for Timestamp {
    fn read(bytes: Option<&[u8]>) -> Option<Self> {
        Self::from_microsecond(i64::read(bytes)?.checked_add(POSTGRES_EPOCH_MICROS)?).ok()
    }
}

/// Reads a NUMERIC: digits to the base 10,000, the first of which counts for the base to the power of the weight.
impl Field<'_> for Amount {
    fn read(bytes: Option<&[u8]>) -> Option<Self> {
        let (header, digits) = bytes?.split_first_chunk::<8>()?;
        let [_, weight, sign, _] = header.as_chunks::<2>().0 else { return None };
        let (weight, sign) = (i32::from(i16::from_be_bytes(*weight)), u16::from_be_bytes(*sign));
        let mut micros: i128 = 0;
        for (place, digit) in (0..).zip(digits.as_chunks::<2>().0) {
            let digit = i128::from(u16::from_be_bytes(*digit));
            // The last digit that counts holds two decimals and two zeros.
            micros = match weight - place {
                -1.. => micros.checked_mul(NUMERIC_BASE)?.checked_add(digit)?,
                -2 if digit % 100 == 0 => micros.checked_mul(100)?.checked_add(digit / 100)?,
                _ if digit == 0 => micros,
                _ => return None,
            };
        }
        // Zeros at the end are not stored.
        let count = i32::try_from(digits.len() / 2).ok()?;
        for missing in (count..).take_while(|place| weight - place >= -2) {
            micros = micros.checked_mul(if weight - missing == -2 { 100 } else { NUMERIC_BASE })?;
        }
        let amount = Self::from_micros(if sign == NUMERIC_NEGATIVE { -micros } else { micros });
        (matches!(sign, 0 | NUMERIC_NEGATIVE) && amount.abs() <= Self::BALANCE_MAX).then_some(amount)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use tokio_postgres::types::{ToSql as _, Type};

    use super::*;

    #[test]
    fn amounts_are_what_postgresql_writes() {
        for micros in [
            0,
            1,
            -1,
            10,
            99,
            100,
            10_000,
            123_456,
            1_000_000,
            -9_999_990_000,
            100_000_000_000_000,
            i128::from(i64::MAX),
        ] {
            for micros in [micros, micros * 100] {
                let amount = Amount::from_micros(micros);
                let mut bytes = bytes::BytesMut::new();
                let decimal: Decimal = amount.to_decimal();
                decimal.to_sql(&Type::NUMERIC, &mut bytes).unwrap();
                assert_eq!(Amount::read(Some(&bytes)), Some(amount), "{micros}");
            }
        }
        // 1.5 as PostgreSQL has it, then NaN, then 0.0000001.
        assert_eq!(
            Amount::read(Some(&[0, 2, 0, 0, 0, 0, 0, 6, 0, 1, 0x13, 0x88])),
            Some(Amount::from_micros(1_500_000))
        );
        assert_eq!(Amount::read(Some(&[0, 0, 0, 0, 0xc0, 0, 0, 0])), None);
        assert_eq!(Amount::read(Some(&[0, 1, 0xff, 0xfe, 0, 0, 0, 7, 0, 10])), None);
    }

    #[test]
    fn a_copy_is_read_row_by_row() {
        let mut copied = Copied::default();
        let first = [SIGNATURE, &[0; 8], &[0, 2, 0, 0, 0, 2, 0, 7, 0xff, 0xff, 0xff, 0xff]].concat();
        let mut first = Bytes::from(first);
        let mut row = copied.row(&mut first).unwrap().unwrap();
        assert_eq!((row.value::<i16>().unwrap(), row.value::<Option<&str>>().unwrap()), (7, None));
        assert!(row.value::<i16>().is_err());
        assert!(copied.row(&mut Bytes::from_static(&[0xff, 0xff])).unwrap().is_none());
        assert!(Copied::default().row(&mut Bytes::from_static(b"something else altogether")).is_err());
    }
}
