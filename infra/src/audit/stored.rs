//! The entries as they are stored, each with its lines.

use ledger::{
    Account, Amount, BoxId, ChainHash, ContractId, Correction, Day, EntityId, Entry, Line, Map, PostingRule, RULES,
    ShortText,
};
use uuid::Uuid;

use super::copied::CopiedRow;
use super::snapshot::{Rows, Snapshot};
use super::{AuditError, to_u64};
use crate::journal::OPERATOR_BOOK;

/// A row of table `entries`.
pub(super) struct EntryRow {
    pub sequence: u64,
    pub source_key: SourceKey,
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

/// A source key, kept in place where it is as short as those that this program writes.
pub(super) enum SourceKey {
    Short(ShortText<48>),
    Long(String),
}

impl SourceKey {
    fn new(text: &str) -> Self {
        ShortText::new(text).map_or_else(|| Self::Long(text.to_owned()), Self::Short)
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Short(text) => text.as_str(),
            Self::Long(text) => text,
        }
    }
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
        let entries = format!(
            "SELECT sequence, source_key, event, rule, rule_version, effective - DATE '1970-01-01', contract, box, corrects, \
             line_count, previous_hash, hash FROM entries WHERE book = {OPERATOR_BOOK} ORDER BY sequence"
        );
        let lines = format!(
            "SELECT entry, line, account, amount, contract FROM lines WHERE book = {OPERATOR_BOOK} ORDER BY entry, line"
        );
        Ok(Self { entries: snapshot.rows(&entries, read_entry).await?, lines: snapshot.rows(&lines, read_line).await? })
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

fn read_entry(row: &mut CopiedRow<'_>) -> Result<EntryRow, AuditError> {
    let sequence = to_u64(row.value()?);
    let source_key = SourceKey::new(row.value()?);
    let event = row.value::<Option<i64>>()?.map(to_u64);
    let (rule, version): (&str, i16) = (row.value()?, row.value()?);
    // The column's own check holds the hash to 32 bytes, but not the previous one: whatever else is there equals no hash.
    let hash = |bytes: &[u8]| bytes.try_into().unwrap_or([0xff; 32]);
    Ok(EntryRow {
        sequence,
        source_key,
        event,
        rule: rule_of(rule, version).ok_or_else(|| format!("{rule}.{version}")),
        effective: Day::from_days(row.value()?),
        contract: row.value::<Option<Uuid>>()?.map(ContractId::new),
        r#box: row.value::<Option<Uuid>>()?.map(BoxId::new),
        corrects: row.value::<Option<&str>>()?.map(|text| text.parse().map_err(|_| text.to_owned())).transpose(),
        line_count: row.value()?,
        previous_hash: hash(row.value()?),
        hash: hash(row.value()?),
    })
}

/// The rule with this name, in this or an earlier version.
fn rule_of(id: &str, version: i16) -> Option<PostingRule> {
    let known = RULES.iter().find(|known| known.rule.id == id)?.rule;
    let version = u16::try_from(version).ok()?;
    Some(PostingRule { version, ..known })
}

fn read_line(row: &mut CopiedRow<'_>) -> Result<LineRow, AuditError> {
    let entry = to_u64(row.value()?);
    let (line, account, amount) = (row.value()?, row.value()?, row.value()?);
    let contract = row.value::<Option<Uuid>>()?.map(ContractId::new);
    Ok(LineRow { entry, line, account, amount, contract })
}
