//! What tells two replays apart: a repeated request of one replay is the same request, of two replays it is not.

use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

/// Bytes of the digest kept in a key: enough that two of a replay's keys never meet.
const DIGEST_BYTES: usize = 16;

/// The name of one replay.
#[derive(Clone, Debug)]
pub(super) struct RunId(String);

impl RunId {
    /// A name that no other replay on this machine has.
    pub(super) fn fresh() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(format!("{:x}-{:x}", since_epoch.as_micros(), std::process::id()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The `Idempotency-Key` of an action in this replay; 32 characters, whatever the action's key.
    pub(super) fn idempotency_key(&self, action: &str) -> String {
        let digest = Sha256::new().chain_update(&self.0).chain_update([0]).chain_update(action).finalize();
        hex::encode(&digest[..DIGEST_BYTES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_repeatable_within_a_run_and_differ_between_runs_and_actions() {
        let (one, other) = (RunId("a".to_owned()), RunId("b".to_owned()));
        assert_eq!(one.idempotency_key("bid-1"), one.idempotency_key("bid-1"));
        assert_ne!(one.idempotency_key("bid-1"), other.idempotency_key("bid-1"));
        assert_ne!(one.idempotency_key("bid-1"), one.idempotency_key("bid-2"));
        assert_eq!(one.idempotency_key(&"x".repeat(100)).len(), 32);
    }
}
