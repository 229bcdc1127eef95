//! Identity of a topic: whether its last records are those of this log.
//!
//! After a restore of the database the log goes on from an earlier event and writes others under numbers that the topic
//! has already. Numbers alone do not show that; the times of events and the hashes over the books do.

use super::cloud_event::LEDGER_HEADERS;
use super::tail::TailRecord;
use super::{RelayError, attributes};
use crate::Database;
use crate::journal::{JournalError, LogReader, OPERATOR_BOOK};

/// Headers that tell one event from another with the same number.
const IDENTIFYING: [&str; 4] = ["ce_id", "ce_time", "ce_type", "ce_subject"];

/// Compares the last record of each partition with the log's event of that number, which the log has.
pub(super) async fn check(
    database: &Database,
    log: &LogReader,
    topic: &str,
    records: &[TailRecord],
) -> Result<(), RelayError> {
    for record in records {
        let difference = match log.range(record.sequence, record.sequence).await?.first() {
            Some(row) => {
                // Of a stand-in they are the same.
                let expected = attributes(&row.record, false, None);
                let expected =
                    |header: &str| expected.iter().find(|(name, _)| *name == header).map(|(_, value)| value.as_str());
                let differs = |header: &&&str| record.header(header) != expected(header);
                IDENTIFYING.iter().find(differs).map(|header| (*header).to_owned())
            }
            None => Some("the event, which the log does not have".to_owned()),
        };
        let difference = match difference {
            None => chain_difference(database, record).await?,
            found => found,
        };
        if let Some(difference) = difference {
            let (topic, partition, sequence) = (topic.to_owned(), record.partition, record.sequence);
            return Err(RelayError::TopicDiffers { topic, partition, sequence, difference });
        }
    }
    Ok(())
}

/// Finds the header in which the books differ from the record; `None` when none does.
async fn chain_difference(database: &Database, record: &TailRecord) -> Result<Option<String>, RelayError> {
    let [sequence_header, hash_header] = LEDGER_HEADERS;
    let Some(hash) = record.header(hash_header) else { return Ok(None) };
    let sequence: Option<i64> = record.header(sequence_header).and_then(|sequence| sequence.parse().ok());
    let client = database.get().await.map_err(JournalError::from)?;
    let statement = "SELECT encode(hash, 'hex') FROM entries WHERE book = $1 AND sequence = $2";
    let row = client.query_opt(statement, &[&OPERATOR_BOOK, &sequence]).await?;
    let stored: Option<String> = row.map(|row| row.get(0));
    Ok((stored.as_deref() != Some(hash)).then(|| hash_header.to_owned()))
}
