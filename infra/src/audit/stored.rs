//! Entries as they are stored, each with its lines.

use ledger::{
    Account, Amount, BoxId, ChainHash, ContractId, Correction, Day, EntityId, Entry, Line, Map, PostingRule, RULES,
    ShortText,
};
use uuid::Uuid;

use super::copied::CopiedRow;
use super::snapshot::{Rows, Snapshot};
use super::{AuditError, to_u64};
use crate::journal::OPERATOR_BOOK;

/// Order of an entry among those that are read with it: in the operator's book by its number alone, in other books by
/// its event first.
type Place = (u64, i32, u64);

/// Column list of an entry, after those that say whose it is.
const ENTRY_COLUMNS: &str = "e.sequence, source_key, event, rule, rule_version, effective - DATE '1970-01-01', contract, box, \
                             corrects, line_count, previous_hash, hash";

/// Row of table `entries`.
pub(super) struct EntryRow {
    pub entity: EntityId,
    place: Place,
    pub sequence: u64,
    pub source_key: SourceKey,
    pub event: Option<u64>,
    /// Rule that posted it, or the name and version that no rule has.
    pub rule: Result<PostingRule, String>,
    pub effective: Day,
    pub contract: Option<ContractId>,
    pub box_id: Option<BoxId>,
    /// Target of a correction, or a text that names none.
    pub corrects: Result<Option<Correction>, String>,
    pub line_count: i32,
    pub previous_hash: ChainHash,
    pub hash: ChainHash,
}

/// Source key, kept in place when it is as short as those that this program writes.
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

/// Row of table `lines`.
pub(super) struct LineRow {
    place: Place,
    pub entry: u64,
    pub line: i32,
    pub account: i64,
    pub amount: Amount,
    pub contract: Option<ContractId>,
}

impl LineRow {
    /// Describes the line in words.
    pub fn named(&self) -> String {
        let Self { place: (_, book, _), line, entry, .. } = self;
        let of = if *book == OPERATOR_BOOK { String::new() } else { format!(" of the book {book}") };
        format!("line {line} of entry {entry}{of}")
    }
}

/// Entry with its lines.
pub(super) struct StoredEntry {
    pub row: EntryRow,
    pub lines: Vec<LineRow>,
}

impl StoredEntry {
    /// Builds the entry from its columns and lines; `None` when they make none.
    pub fn entry(&self, accounts: &Map<i64, Account>) -> Option<Entry> {
        let line = |row: &LineRow| {
            let account = *accounts.get(&row.account)?;
            Some(Line { account, amount: row.amount, contract: row.contract })
        };
        let lines = self.lines.iter().map(line).collect::<Option<_>>()?;
        let rule = self.row.rule.clone().ok()?;
        let entry = Entry::new(self.row.entity, rule, self.row.effective, self.row.contract, lines).ok()?;
        let entry = entry.correcting(self.row.corrects.clone().ok()?);
        (entry.box_id() == self.row.box_id).then_some(entry)
    }
}

/// Stream of entries with their lines, in the order of their events.
pub(super) struct StoredEntries {
    entries: Rows<EntryRow>,
    lines: Rows<LineRow>,
}

impl StoredEntries {
    /// Reads the operator's entries, along the primary keys, in two streams.
    pub async fn of_operator(snapshot: &Snapshot) -> Result<Self, AuditError> {
        let entries = format!(
            "SELECT 0::bigint, book, 'operator'::text, {ENTRY_COLUMNS} FROM entries e WHERE book = {OPERATOR_BOOK} ORDER BY sequence"
        );
        let lines = format!(
            "SELECT 0::bigint, book, entry, line, account, amount, contract \
             FROM lines WHERE book = {OPERATOR_BOOK} ORDER BY entry, line"
        );
        Self::read(snapshot, &entries, &lines).await
    }

    /// Reads the entries of boxes, which are few, in two streams.
    pub async fn of_boxes(snapshot: &Snapshot) -> Result<Self, AuditError> {
        let entries = format!(
            "SELECT coalesce(event, 0), e.book, b.entity, {ENTRY_COLUMNS} \
             FROM entries e JOIN books b ON b.id = e.book WHERE e.book > {OPERATOR_BOOK} ORDER BY 1, 2, sequence"
        );
        let lines = format!(
            "SELECT coalesce(e.event, 0), l.book, l.entry, l.line, l.account, l.amount, l.contract \
             FROM lines l LEFT JOIN entries e ON e.book = l.book AND e.sequence = l.entry \
             WHERE l.book > {OPERATOR_BOOK} ORDER BY 1, 2, l.entry, l.line"
        );
        Self::read(snapshot, &entries, &lines).await
    }

    async fn read(snapshot: &Snapshot, entries: &str, lines: &str) -> Result<Self, AuditError> {
        Ok(Self { entries: snapshot.rows(entries, read_entry).await?, lines: snapshot.rows(lines, read_line).await? })
    }

    /// Returns the next entry without taking it; `None` at the end.
    pub fn peek(&mut self) -> Result<Option<&EntryRow>, AuditError> {
        self.entries.peek()
    }

    /// Takes the next entry with its lines. Passes lines before them, of entries that are not there, to `orphans`.
    pub fn take(&mut self, mut orphans: impl FnMut(LineRow)) -> Result<Option<StoredEntry>, AuditError> {
        let Some(row) = self.entries.take()? else {
            while let Some(line) = self.lines.take()? {
                orphans(line);
            }
            return Ok(None);
        };
        let mut lines = Vec::with_capacity(usize::try_from(row.line_count).unwrap_or_default().min(64));
        while self.lines.peek()?.is_some_and(|line| line.place <= row.place) {
            match self.lines.take()? {
                Some(line) if line.place == row.place => lines.push(line),
                Some(line) => orphans(line),
                None => break,
            }
        }
        Ok(Some(StoredEntry { row, lines }))
    }
}

fn read_entry(row: &mut CopiedRow<'_>) -> Result<EntryRow, AuditError> {
    let (order, book): (i64, i32) = (row.value()?, row.value()?);
    let entity: &str = row.value()?;
    let entity = entity.parse().map_err(|_| AuditError::Unreadable(format!("the book {book} is of {entity:?}")))?;
    let sequence = to_u64(row.value()?);
    let source_key = SourceKey::new(row.value()?);
    let event = row.value::<Option<i64>>()?.map(to_u64);
    let (rule, version): (&str, i16) = (row.value()?, row.value()?);
    // The column's own check holds the hash to 32 bytes, but not the previous one: whatever else is there equals no
    // hash.
    let hash = |bytes: &[u8]| bytes.try_into().unwrap_or([0xff; 32]);
    Ok(EntryRow {
        entity,
        place: (to_u64(order), book, sequence),
        sequence,
        source_key,
        event,
        rule: rule_of(rule, version).ok_or_else(|| format!("{rule}.{version}")),
        effective: Day::from_days(row.value()?),
        contract: row.value::<Option<Uuid>>()?.map(ContractId::new),
        box_id: row.value::<Option<Uuid>>()?.map(BoxId::new),
        corrects: row.value::<Option<&str>>()?.map(|text| text.parse().map_err(|_| text.to_owned())).transpose(),
        line_count: row.value()?,
        previous_hash: hash(row.value()?),
        hash: hash(row.value()?),
    })
}

/// Finds the rule with this name, in this or an earlier version; `None` when there is none.
fn rule_of(id: &str, version: i16) -> Option<PostingRule> {
    let known = RULES.iter().find(|known| known.rule.id == id)?.rule;
    let version = u16::try_from(version).ok()?;
    Some(PostingRule { version, ..known })
}

fn read_line(row: &mut CopiedRow<'_>) -> Result<LineRow, AuditError> {
    let (order, book): (i64, i32) = (row.value()?, row.value()?);
    let entry = to_u64(row.value()?);
    let (line, account, amount) = (row.value()?, row.value()?, row.value()?);
    let contract = row.value::<Option<Uuid>>()?.map(ContractId::new);
    Ok(LineRow { place: (to_u64(order), book, entry), entry, line, account, amount, contract })
}
