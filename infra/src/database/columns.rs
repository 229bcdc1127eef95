//! Columns of PostgreSQL for the values of this program: which type each has there, and how it is written and read.
//!
//! Rows are read by the names of their columns, never by their places.

use jiff::Timestamp;
use jiff::civil::Date;
use ledger::{AccountKind, Amount, BoxId, ContractId, Currency, Instant, OrganizationId, Owner};
use matching::{Hour, LotId, MarketId, OrderId, OutageId, Price, TradeId};
use rust_decimal::Decimal;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSqlOwned, ToSql};
use uuid::Uuid;

use crate::journal::{JournalError, timestamp};

/// Value that a column can hold.
pub trait ColumnValue: Sized {
    /// Name of the column's type in PostgreSQL.
    const SQL_TYPE: &'static str;
    /// Type that the driver has for the column.
    type Column: ToSql + FromSqlOwned + Sync + Send + 'static;

    /// Converts to what is stored.
    fn to_column(&self) -> Self::Column;

    /// Converts from what is stored; `None` where no such value can be.
    fn from_column(column: Self::Column) -> Option<Self>;
}

/// Reader of a row by the names of its columns.
pub trait NamedColumns {
    /// Reads the value of a column.
    ///
    /// # Errors
    /// [`JournalError`] when there is no such column, or it holds what no such value can be.
    fn read<T: ColumnValue>(&self, column: &str) -> Result<T, JournalError>;
}

impl NamedColumns for Row {
    fn read<T: ColumnValue>(&self, column: &str) -> Result<T, JournalError> {
        let value = T::from_column(self.try_get(column)?);
        value.ok_or_else(|| {
            let kind = std::any::type_name::<T>();
            JournalError::Damaged(format!("the column {column} of a row holds what is no {kind}"))
        })
    }
}

impl<T: ColumnValue> ColumnValue for Option<T>
where
    Option<T::Column>: ToSql + FromSqlOwned,
{
    const SQL_TYPE: &'static str = T::SQL_TYPE;
    type Column = Option<T::Column>;

    fn to_column(&self) -> Self::Column {
        self.as_ref().map(T::to_column)
    }

    fn from_column(column: Self::Column) -> Option<Self> {
        match column {
            None => Some(None),
            Some(column) => T::from_column(column).map(Some),
        }
    }
}

/// Declares values that the driver knows.
macro_rules! plain {
    ($($type:ty: $sql:literal;)*) => {$(
        impl ColumnValue for $type {
            const SQL_TYPE: &'static str = $sql;
            type Column = Self;

            fn to_column(&self) -> Self {
                self.clone()
            }

            fn from_column(column: Self) -> Option<Self> {
                Some(column)
            }
        }
    )*};
}

plain! {
    bool: "bool";
    i16: "smallint";
    i32: "int";
    i64: "bigint";
    String: "text";
    Vec<String>: "text[]";
    Uuid: "uuid";
    Date: "date";
    Timestamp: "timestamptz";
    Decimal: "numeric";
}

/// Declares numbers that are never negative, in columns that have a sign.
macro_rules! unsigned {
    ($($type:ty as $column:ty: $sql:literal;)*) => {$(
        impl ColumnValue for $type {
            const SQL_TYPE: &'static str = $sql;
            type Column = $column;

            fn to_column(&self) -> $column {
                ledger::exact(*self)
            }

            fn from_column(column: $column) -> Option<Self> {
                Self::try_from(column).ok()
            }
        }
    )*};
}

unsigned! {
    u16 as i32: "int";
    u32 as i32: "int";
    u64 as i64: "bigint";
}

/// Declares ids.
macro_rules! ids {
    ($($type:ty),*) => {$(
        impl ColumnValue for $type {
            const SQL_TYPE: &'static str = "uuid";
            type Column = Uuid;

            fn to_column(&self) -> Uuid {
                self.uuid()
            }

            fn from_column(column: Uuid) -> Option<Self> {
                Some(Self::new(column))
            }
        }
    )*};
}

ids!(BoxId, ContractId, LotId, OrderId, OutageId, TradeId);

/// Declares names of a fixed form.
macro_rules! names {
    ($($type:ty),*) => {$(
        impl ColumnValue for $type {
            const SQL_TYPE: &'static str = "text";
            type Column = String;

            fn to_column(&self) -> String {
                self.as_str().to_owned()
            }

            fn from_column(column: String) -> Option<Self> {
                column.parse().ok()
            }
        }
    )*};
}

names!(Currency, MarketId, OrganizationId);

impl ColumnValue for AccountKind {
    const SQL_TYPE: &'static str = "text";
    type Column = String;

    fn to_column(&self) -> String {
        self.code().to_owned()
    }

    fn from_column(column: String) -> Option<Self> {
        Self::from_code(&column)
    }
}

impl ColumnValue for Owner {
    const SQL_TYPE: &'static str = "text";
    type Column = String;

    fn to_column(&self) -> String {
        self.to_string()
    }

    fn from_column(column: String) -> Option<Self> {
        column.parse().ok()
    }
}

impl ColumnValue for Amount {
    const SQL_TYPE: &'static str = "numeric";
    type Column = Decimal;

    fn to_column(&self) -> Decimal {
        self.to_decimal()
    }

    fn from_column(column: Decimal) -> Option<Self> {
        Self::from_decimal(column).ok()
    }
}

impl ColumnValue for Price {
    const SQL_TYPE: &'static str = "numeric";
    type Column = Decimal;

    fn to_column(&self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.micros()), 6)
    }

    fn from_column(column: Decimal) -> Option<Self> {
        let micros = i64::try_from(Amount::from_decimal(column).ok()?.micros()).ok()?;
        Self::from_micros(micros).ok()
    }
}

impl ColumnValue for Instant {
    const SQL_TYPE: &'static str = "timestamptz";
    type Column = Timestamp;

    fn to_column(&self) -> Timestamp {
        timestamp(*self)
    }

    fn from_column(column: Timestamp) -> Option<Self> {
        Self::try_from(column.as_microsecond()).ok()
    }
}

impl ColumnValue for Hour {
    const SQL_TYPE: &'static str = "timestamptz";
    type Column = Timestamp;

    fn to_column(&self) -> Timestamp {
        timestamp(self.start())
    }

    fn from_column(column: Timestamp) -> Option<Self> {
        let at = Instant::from_column(column)?;
        Some(Self::containing(at)).filter(|hour| hour.start() == at)
    }
}

/// Declares values that are stored by their names.
macro_rules! named_column {
    ($(#[$doc:meta])* pub enum $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $type {
            /// All variants, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name under which it is stored and shown.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Finds the variant of this name; `None` when there is none.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }

        impl $crate::database::ColumnValue for $type {
            const SQL_TYPE: &'static str = "text";
            type Column = String;

            fn to_column(&self) -> String {
                self.name().to_owned()
            }

            fn from_column(column: String) -> Option<Self> {
                Self::named(&column)
            }
        }
    };
}

pub(crate) use named_column;
