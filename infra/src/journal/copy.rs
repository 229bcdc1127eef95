//! Rows in PostgreSQL's binary COPY format.

use std::error::Error;
use std::pin::Pin;

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Timestamp;
use jiff::civil::Date;
use ledger::{Day, Instant, Invariant};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{CopyInSink, Statement, Transaction};

/// Writer of rows into one table. Rows that are not [finished](CopyRows::finish) are not written.
pub(super) struct CopyRows {
    writer: Pin<Box<BinaryCopyInWriter>>,
}

impl CopyRows {
    /// Starts a copy by `statement`, whose columns have these types.
    pub async fn start(
        transaction: &Transaction<'_>,
        statement: &Statement,
        types: &[Type],
    ) -> Result<Self, tokio_postgres::Error> {
        let sink: CopyInSink<Bytes> = transaction.copy_in(statement).await?;
        Ok(Self { writer: Box::pin(BinaryCopyInWriter::new(sink, types)) })
    }

    /// Adds a row.
    pub async fn row(&mut self, values: &[&(dyn ToSql + Sync)]) -> Result<(), tokio_postgres::Error> {
        self.writer.as_mut().write(values).await
    }

    /// Sends what is left and waits until the rows are in the table, its triggers run.
    pub async fn finish(mut self) -> Result<u64, tokio_postgres::Error> {
        self.writer.as_mut().finish().await
    }
}

/// JSON that is already text.
#[derive(Debug)]
pub(super) struct JsonText<'a>(pub &'a [u8]);

impl ToSql for JsonText<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSON
    }

    to_sql_checked!();
}

/// Converts an instant to PostgreSQL's timestamp.
pub fn timestamp(instant: Instant) -> Timestamp {
    Timestamp::from_microsecond(instant.micros())
        .unwrap_or_else(|_| unreachable!("an instant is before the year 10000"))
}

/// Converts a day to PostgreSQL's date.
pub(super) fn date(day: Day) -> Date {
    let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day.days()));
    date.unwrap_or_else(|_| Invariant::NumberFits.violated(format_args!("{day} as a date")))
}
