//! An event as a CloudEvents 1.0 record in binary mode: attributes in headers, the content as the value.
//!
//! See the Kafka protocol binding for CloudEvents 1.0.2, section 3.2, and the `sequence` extension. `ledgersequence` and
//! `ledgerhash` are an extension of ours.

use matching::Record;
use rdkafka::message::{Header, OwnedHeaders};

use super::ChainHead;

/// The most headers of a record.
const ATTRIBUTES_MAX: usize = 11;

/// The header that carries the event's place in the log.
pub(crate) const SEQUENCE_HEADER: &str = "ce_sequence";

/// The headers that carry where the operator's chain stood after the event's last entry: the entry's number and its hash.
pub(crate) const LEDGER_HEADERS: [&str; 2] = ["ce_ledgersequence", "ce_ledgerhash"];

/// The headers of an event's record, in their order. `head` is where the operator's chain stood after the event's last entry, of
/// an event that led to any.
pub(crate) fn attributes(record: &Record, head: Option<&ChainHead>) -> Vec<(&'static str, String)> {
    let event = &record.event;
    let sequence = record.sequence.to_string();
    let mut attributes = Vec::with_capacity(ATTRIBUTES_MAX);
    attributes.extend([
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", sequence.clone()),
        ("ce_source", "/secondwind".to_owned()),
        ("ce_type", format!("secondwind.{}", event.name())),
        ("ce_time", record.at.to_string()),
        ("ce_dataschema", format!("urn:secondwind:schema:{}:{}", event.name(), event.version())),
        (SEQUENCE_HEADER, sequence),
        ("content-type", "application/json".to_owned()),
    ]);
    attributes.extend(event.subject().map(|subject| ("ce_subject", subject.to_string())));
    if let Some(head) = head {
        let [sequence, hash] = LEDGER_HEADERS;
        attributes.extend([(sequence, head.sequence.to_string()), (hash, hex::encode(head.hash))]);
    }
    attributes
}

/// The same, as the producer takes them.
pub(super) fn headers(record: &Record, head: Option<&ChainHead>) -> OwnedHeaders {
    let attributes = attributes(record, head);
    attributes.iter().fold(OwnedHeaders::new_with_capacity(attributes.len()), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}
