//! An event as a CloudEvents 1.0 record in binary mode: attributes in headers, the content as the value.
//!
//! See the Kafka protocol binding for CloudEvents 1.0.2, section 3.2, and the `sequence` extension.

use matching::Record;
use rdkafka::message::{Header, OwnedHeaders};

/// The header that carries the event's place in the log.
pub(super) const SEQUENCE_HEADER: &str = "ce_sequence";

/// The headers of an event's record.
pub(super) fn headers(record: &Record) -> OwnedHeaders {
    let event = &record.event;
    let sequence = record.sequence.to_string();
    let event_type = format!("secondwind.{}", event.name());
    let schema = format!("urn:secondwind:schema:{}:{}", event.name(), event.version());
    let time = record.at.to_string();
    let subject = event.subject().map(|subject| subject.to_string());
    let attributes = [
        ("ce_specversion", Some("1.0")),
        ("ce_id", Some(sequence.as_str())),
        ("ce_source", Some("/secondwind")),
        ("ce_type", Some(event_type.as_str())),
        ("ce_time", Some(time.as_str())),
        ("ce_subject", subject.as_deref()),
        ("ce_dataschema", Some(schema.as_str())),
        (SEQUENCE_HEADER, Some(sequence.as_str())),
        ("content-type", Some("application/json")),
    ];
    attributes
        .into_iter()
        .filter(|(_, value)| value.is_some())
        .fold(OwnedHeaders::new_with_capacity(attributes.len()), |headers, (key, value)| {
            headers.insert(Header { key, value })
        })
}
