//! Records as CloudEvents 1.0 in binary mode: attributes in headers, the content as the value.
//!
//! See the Kafka protocol binding for CloudEvents 1.0.2, section 3.2, and the `sequence` extension. `ledgersequence`,
//! `ledgerhash` and `ledgerboxes` are an extension of ours.

use matching::Record;
use rdkafka::message::{Header, OwnedHeaders};

use super::BookHeads;

/// Largest number of headers of a record.
const ATTRIBUTES_MAX: usize = 12;

/// Header of the event's sequence in the log.
pub(crate) const SEQUENCE_HEADER: &str = "ce_sequence";

/// Headers of the operator's head after the event's last entry: the entry's number and its hash.
pub(crate) const LEDGER_HEADERS: [&str; 2] = ["ce_ledgersequence", "ce_ledgerhash"];

/// Header of the boxes' heads after the event's last entry in each: `box:<id> <number> <hash>`, one after the other
/// with commas between.
pub(crate) const BOXES_HEADER: &str = "ce_ledgerboxes";

/// Media type of an event's content.
const CONTENT_TYPE: &str = "application/json";
/// Media type of a [stand-in](super::stand_in) for it.
const STAND_IN_CONTENT_TYPE: &str = "application/vnd.secondwind.stand-in+json";

/// Returns the headers of an event's record, in order. `heads` are the heads of the books that it moved, after it.
pub(crate) fn attributes(record: &Record, is_stand_in: bool, heads: Option<&BookHeads>) -> Vec<(&'static str, String)> {
    let event = &record.event;
    let sequence = record.sequence.to_string();
    let (data_schema, content_type) = if is_stand_in {
        ("urn:secondwind:schema:stand_in:1".to_owned(), STAND_IN_CONTENT_TYPE)
    } else {
        (format!("urn:secondwind:schema:{}:{}", event.name(), event.version()), CONTENT_TYPE)
    };
    let mut attributes = Vec::with_capacity(ATTRIBUTES_MAX);
    attributes.extend([
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", sequence.clone()),
        ("ce_source", "/secondwind".to_owned()),
        ("ce_type", format!("secondwind.{}", event.name())),
        ("ce_time", record.at.to_string()),
        ("ce_dataschema", data_schema),
        (SEQUENCE_HEADER, sequence),
        ("content-type", content_type.to_owned()),
    ]);
    attributes.extend(event.subject().map(|subject| ("ce_subject", subject.to_string())));
    if let Some(head) = heads.and_then(|heads| heads.operator) {
        let [sequence, hash] = LEDGER_HEADERS;
        attributes.extend([(sequence, head.sequence.to_string()), (hash, hex::encode(head.hash))]);
    }
    if let Some(heads) = heads.filter(|heads| !heads.boxes.is_empty()) {
        let told =
            heads.boxes.iter().map(|(entity, head)| format!("{entity} {} {}", head.sequence, hex::encode(head.hash)));
        attributes.push((BOXES_HEADER, told.collect::<Vec<_>>().join(",")));
    }
    attributes
}

/// Returns the same headers as the producer takes them.
pub(super) fn headers(record: &Record, is_stand_in: bool, heads: Option<&BookHeads>) -> OwnedHeaders {
    let attributes = attributes(record, is_stand_in, heads);
    attributes.iter().fold(OwnedHeaders::new_with_capacity(attributes.len()), |headers, (key, value)| {
        headers.insert(Header { key, value: Some(value) })
    })
}
