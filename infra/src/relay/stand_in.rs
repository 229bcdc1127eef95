//! Value of an event's record: its content, or a stand-in for content that is too long for a record.
//!
//! Since events have a maximum size, none that is written is too long. A log may have one of an earlier release all the
//! same, and one event that cannot be published would keep all later ones from being published.

use std::borrow::Cow;

use matching::EVENT_BYTES_MAX;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Value of an event's record.
pub(crate) struct RecordValue<'a> {
    /// Bytes that are published.
    pub bytes: Cow<'a, [u8]>,
    /// Whether they stand in for the event's content.
    pub is_stand_in: bool,
}

/// Stand-in for an event's content, as JSON. Who needs the content reads it from the log.
#[derive(Serialize)]
struct StandIn {
    /// Sequence of the event in the log.
    sequence: u64,
    /// Length of its content, in bytes.
    bytes: usize,
    /// SHA-256 of its content, in hexadecimal.
    sha256: String,
}

impl<'a> RecordValue<'a> {
    /// Makes the value of the record of the event with this sequence and content.
    pub fn of(sequence: u64, content: &'a [u8]) -> Self {
        if content.len() <= EVENT_BYTES_MAX {
            return Self { bytes: Cow::Borrowed(content), is_stand_in: false };
        }
        let stand_in =
            StandIn { sequence, bytes: content.len(), sha256: hex::encode::<[u8; 32]>(Sha256::digest(content).into()) };
        // Two numbers and a text: this cannot fail.
        let bytes = serde_json::to_vec(&stand_in).unwrap_or_default();
        Self { bytes: Cow::Owned(bytes), is_stand_in: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_has_a_stand_in() {
        let longest = vec![b'x'; EVENT_BYTES_MAX];
        let value = RecordValue::of(7, &longest);
        assert!(!value.is_stand_in && *value.bytes == *longest);

        let longer = vec![b'x'; EVENT_BYTES_MAX + 1];
        let value = RecordValue::of(7, &longer);
        assert!(value.is_stand_in);
        let told: serde_json::Value = serde_json::from_slice(&value.bytes).expect("JSON");
        let digest: [u8; 32] = Sha256::digest(&longer).into();
        assert_eq!(told, serde_json::json!({"sequence": 7, "bytes": 1_000_001, "sha256": hex::encode(digest)}));
    }
}
