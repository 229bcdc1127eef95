//! Records as rows of a table: read by the names of its columns, written many at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Transaction};

use super::followed::{Followed, Recorded, Shelf};
use crate::Database;
use crate::database::ColumnValue;
use crate::journal::{JournalError, LogRow};

/// Number of rows written with one statement.
const ROWS_PER_STATEMENT_MAX: usize = 16_384;

/// Values of one column, one per row.
pub(crate) type ColumnOfRows = Box<dyn ToSql + Sync + Send>;

/// Name of a column and its type in PostgreSQL.
pub(crate) struct Column {
    pub name: &'static str,
    pub sql_type: &'static str,
}

/// Record that is a row of a table.
pub(crate) trait Table: Sized {
    /// Name of the table.
    const NAME: &'static str;
    /// Columns that tell its rows apart.
    const KEY: &'static [&'static str];

    /// Returns the table's columns, in the order of [`Table::values`].
    fn columns() -> Vec<Column>;

    /// Reads the record of a row that has these columns.
    fn of_row(row: &Row) -> Result<Self, JournalError>;

    /// Returns the values of rows, column by column.
    fn values(rows: &[Self]) -> Vec<ColumnOfRows>;

    /// Returns the columns' names, as a statement selects them.
    fn selected() -> String {
        names(&Self::columns())
    }
}

/// Declares which of a record's fields are which columns of its table: those of the same name, or the one that is
/// named.
macro_rules! table {
    ($record:ident in $table:literal by [$($key:literal),+]: $($field:ident $(as $column:literal)?),+ $(,)?) => {
        impl $crate::read_models::table::Table for $record {
            const NAME: &'static str = $table;
            const KEY: &'static [&'static str] = &[$($key),+];

            fn columns() -> Vec<$crate::read_models::table::Column> {
                vec![$($crate::read_models::table::Column::of(
                    table!(@name $field $($column)?),
                    |record: &$record| &record.$field,
                ),)+]
            }

            fn of_row(row: &tokio_postgres::Row) -> Result<Self, $crate::journal::JournalError> {
                use $crate::database::NamedColumns as _;
                Ok(Self { $($field: row.read(table!(@name $field $($column)?))?,)+ })
            }

            fn values(rows: &[Self]) -> Vec<$crate::read_models::table::ColumnOfRows> {
                use $crate::database::ColumnValue as _;
                vec![$(Box::new(rows.iter().map(|row| row.$field.to_column()).collect::<Vec<_>>()),)+]
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $column:literal) => { $column };
}

impl Column {
    /// Makes the column of a field, whose type is the field's.
    pub fn of<R, T: ColumnValue>(name: &'static str, _field: fn(&R) -> &T) -> Self {
        Self { name, sql_type: T::SQL_TYPE }
    }
}

/// Followed record whose rows can be found by its ids.
pub(crate) trait Stored: Followed<Id: ColumnValue> + Table {
    /// Condition on the rows of the ids `$1`.
    const OF_IDS: &'static str = "id = ANY($1)";
}

/// Asks for rows of a table of which the organization `$1` is buyer or seller: after the sequence `$2`, in the order of the
/// log, at most `$3` of them. Each side is found by its own index.
pub(super) fn of_either_side(table: &str) -> String {
    format!(
        "((SELECT * FROM {table} WHERE buyer = $1 AND sequence > $2 ORDER BY sequence LIMIT $3) UNION ALL \
          (SELECT * FROM {table} WHERE seller = $1 AND buyer <> $1 AND sequence > $2 ORDER BY sequence LIMIT $3)) own \
         ORDER BY sequence LIMIT $3"
    )
}

/// Selects the records of the rows that `SELECT … FROM` and `from` ask for.
pub(super) async fn select<T: Table>(
    database: &Database,
    from: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<T>, JournalError> {
    let client = database.get().await?;
    let rows = client.query(&format!("SELECT {} FROM {from}", T::selected()), parameters).await?;
    rows.iter().map(T::of_row).collect()
}

/// Selects the only such record; `None` when there is none.
pub(super) async fn select_one<T: Table>(
    database: &Database,
    from: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Option<T>, JournalError> {
    Ok(select(database, from, parameters).await?.pop())
}

/// Writes what events begin and change in a table.
pub(super) async fn project<T: Stored>(
    transaction: &Transaction<'_>,
    events: &[Arc<LogRow>],
) -> Result<(), JournalError> {
    let changed: BTreeSet<T::Id> = events.iter().flat_map(|row| T::changed_by(&row.record.event)).collect();
    let mut shelf = Shelf::<T>::default();
    for record in load::<T>(transaction, &changed).await? {
        shelf.add(record);
    }
    for row in events {
        shelf.follow(&row.record);
    }
    write(transaction, shelf.all()).await
}

/// Writes the rows that events add to a table whose rows never change.
pub(super) async fn append<T: Recorded + Table>(
    transaction: &Transaction<'_>,
    events: &[Arc<LogRow>],
) -> Result<(), JournalError> {
    let rows: Vec<T> = events.iter().flat_map(|row| T::begun_by(&row.record)).collect();
    write(transaction, &rows).await
}

async fn load<T: Stored>(transaction: &Transaction<'_>, ids: &BTreeSet<T::Id>) -> Result<Vec<T>, JournalError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = ids.iter().map(ColumnValue::to_column).collect();
    let statement = format!("SELECT {} FROM {} WHERE {}", T::selected(), T::NAME, T::OF_IDS);
    let rows = transaction.query(&statement, &[&ids]).await?;
    rows.iter().map(T::of_row).collect()
}

/// Writes whole rows, new ones and those that are there already.
async fn write<T: Table>(transaction: &Transaction<'_>, rows: &[T]) -> Result<(), JournalError> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = T::columns();
    let lists = (1..).zip(&columns).map(|(place, column): (u32, _)| format!("${place}::{}[]", column.sql_type));
    let changing = columns.iter().filter(|column| !T::KEY.contains(&column.name));
    let statement = format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT ({}) DO UPDATE SET {}",
        T::NAME,
        names(&columns),
        lists.collect::<Vec<_>>().join(", "),
        T::KEY.join(", "),
        changing.map(|Column { name, .. }| format!("{name} = excluded.{name}")).collect::<Vec<_>>().join(", "),
    );
    let statement = transaction.prepare(&statement).await?;
    for rows in rows.chunks(ROWS_PER_STATEMENT_MAX) {
        let values = T::values(rows);
        let values: Vec<_> = values.iter().map(|column| &**column as &(dyn ToSql + Sync)).collect();
        transaction.execute(&statement, &values).await?;
    }
    Ok(())
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

pub(crate) use table;
