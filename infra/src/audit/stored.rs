//! The entries as they are stored, each with its lines.

use ledger::{
    Account, Amount, BoxId, ChainHash, ContractId, Correction, Day, EntityId, Entry, Line, Map, PostingRule, RULES,
};
use rust_decimal::Decimal;
use tokio_postgres::binary_copy::BinaryCopyOutRow;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::snapshot::{Rows, Snapshot};
use super::{AuditError, to_u64};
use crate::journal::OPERATOR_BOOK;

/// A row of table `entries`.
pub(super) struct EntryRow {
    pub sequence: u64,
    pub source_key: String,
    pub event: Option<u64>,
    /// The rule, or the name and version that no rule has.
    pub rule: Result<PostingRule, String>,
    pub effective: Day,
    pub contract: Option<ContractId>,
    pub r#box: Option<BoxId>,
    /// What it corrects, or a text that names nothing.
    pub corrects: Result<Option<Correction>, String>,
    pub line_count: i32,
    pub previous_hash: ChainHash,
    pub hash: ChainHash,
}

/// A row of table `lines`.
pub(super) struct LineRow {
    pub entry: u64,
    pub line: i32,
    pub account: i64,
    pub amount: Amount,
    pub contract: Option<ContractId>,
}

/// An entry with its lines.
pub(super) struct StoredEntry {
    pub row: EntryRow,
    pub lines: Vec<LineRow>,
}

impl StoredEntry {
    /// The entry that its content makes, if it makes one.
    pub fn entry(&self, accounts: &Map<i64, Account>) -> Option<Entry> {
        let line = |row: &LineRow| {
            let account = *accounts.get(&row.account)?;
            Some(Line { account, amount: row.amount, contract: row.contract })
        };
        let lines = self.lines.iter().map(line).collect::<Option<_>>()?;
        let rule = self.row.rule.clone().ok()?;
        let entry = Entry::new(EntityId::Operator, rule, self.row.effective, self.row.contract, lines).ok()?;
        let entry = entry.correcting(self.row.corrects.clone().ok()?);
        (entry.r#box() == self.row.r#box).then_some(entry)
    }
}

/// The operator's entries in their order.
pub(super) struct StoredEntries {
    entries: Rows<EntryRow>,
    lines: Rows<LineRow>,
}

impl StoredEntries {
    /// Reads them in two streams.
    pub async fn read(snapshot: &Snapshot) -> Result<Self, AuditError> {
        const ENTRY: &[Type] = &[
            Type::INT8,
            Type::TEXT,
            Type::INT8,
            Type::TEXT,
            Type::INT2,
            Type::INT4,
            Type::UUID,
            Type::UUID,
            Type::TEXT,
            Type::INT4,
            Type::BYTEA,
            Type::BYTEA,
        ];
        const LINE: &[Type] = &[Type::INT8, Type::INT4, Type::INT8, Type::NUMERIC, Type::UUID];
        let entries = format!(
            "SELECT sequence, source_key, event, rule, rule_version, effective - DATE '1970-01-01', contract, box, corrects, \
             line_count, previous_hash, hash FROM entries WHERE book = {OPERATOR_BOOK} ORDER BY sequence"
        );
        let lines = format!(
            "SELECT entry, line, account, amount, contract FROM lines WHERE book = {OPERATOR_BOOK} ORDER BY entry, line"
        );
        Ok(Self {
            entries: snapshot.rows(&entries, ENTRY, read_entry).await?,
            lines: snapshot.rows(&lines, LINE, read_line).await?,
        })
    }

    /// The next entry, which stays.
    pub fn peek(&mut self) -> Result<Option<&EntryRow>, AuditError> {
        self.entries.peek()
    }

    /// The next entry with its lines. Lines before them, of entries that are not there, go to `orphans`.
    pub fn take(&mut self, mut orphans: impl FnMut(LineRow)) -> Result<Option<StoredEntry>, AuditError> {
        let Some(row) = self.entries.take()? else {
            while let Some(line) = self.lines.take()? {
                orphans(line);
            }
            return Ok(None);
        };
        let mut lines = Vec::with_capacity(usize::try_from(row.line_count).unwrap_or_default().min(64));
        while self.lines.peek()?.is_some_and(|line| line.entry <= row.sequence) {
            match self.lines.take()? {
                Some(line) if line.entry == row.sequence => lines.push(line),
                Some(line) => orphans(line),
                None => break,
            }
        }
        Ok(Some(StoredEntry { row, lines }))
    }
}

fn read_entry(row: &BinaryCopyOutRow) -> Result<EntryRow, AuditError> {
    let (rule, version): (&str, i16) = (row.try_get(3)?, row.try_get(4)?);
    let sequence = to_u64(row.try_get(0)?);
    let hash = |column: usize| {
        let bytes: &[u8] = row.try_get(column)?;
        // The column's own check holds the hash to 32 bytes, but not the previous one: whatever else is there equals no hash.
        Ok::<ChainHash, AuditError>(bytes.try_into().unwrap_or([0xff; 32]))
    };
    Ok(EntryRow {
        sequence,
        source_key: row.try_get::<&str>(1)?.to_owned(),
        event: row.try_get::<Option<i64>>(2)?.map(to_u64),
        rule: rule_of(rule, version).ok_or_else(|| format!("{rule}.{version}")),
        effective: Day::from_days(row.try_get(5)?),
        contract: row.try_get::<Option<Uuid>>(6)?.map(ContractId::new),
        r#box: row.try_get::<Option<Uuid>>(7)?.map(BoxId::new),
        corrects: row.try_get::<Option<&str>>(8)?.map(|text| text.parse().map_err(|_| text.to_owned())).transpose(),
        line_count: row.try_get(9)?,
        previous_hash: hash(10)?,
        hash: hash(11)?,
    })
}

/// The rule with this name, in this or an earlier version.
fn rule_of(id: &str, version: i16) -> Option<PostingRule> {
    let known = RULES.iter().find(|known| known.rule.id == id)?.rule;
    let version = u16::try_from(version).ok()?;
    Some(PostingRule { version, ..known })
}

fn read_line(row: &BinaryCopyOutRow) -> Result<LineRow, AuditError> {
    let (entry, line) = (to_u64(row.try_get(0)?), row.try_get(1)?);
    let amount = Amount::from_decimal(row.try_get::<Decimal>(3)?);
    let amount = amount.map_err(|error| AuditError::Unreadable(format!("line {line} of entry {entry}: {error}")))?;
    let contract = row.try_get::<Option<Uuid>>(4)?.map(ContractId::new);
    Ok(LineRow { entry, line, account: row.try_get(2)?, amount, contract })
}
