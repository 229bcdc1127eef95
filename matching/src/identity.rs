//! Ids of commands and of what they create.

use ledger::ContractId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

ledger::uuid_ids! {
    /// A command: an instruction as it enters the log.
    CommandId;
    /// An order: a bid or an ask.
    OrderId;
    /// A lot of capacity.
    LotId;
    /// A trade: one execution between a bid and an ask.
    TradeId;
    /// An outage: time of a contract that was not delivered.
    OutageId;
}

/// Source of the ids that one command creates.
///
/// Ids are UUIDv7s with the command's timestamp, distinct for each (command, ordinal): the ordinal is spread over the
/// random bits by an odd multiplier, which is a bijection on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DerivedIds {
    /// Command, or the id that stands for it.
    command: CommandId,
    /// Number of ids minted so far.
    ordinal: u64,
}

/// Mask of the 62 random bits at the end of a UUIDv7.
const TAIL_MASK: u128 = (1 << 62) - 1;

impl DerivedIds {
    /// Makes the ids of this command, from the first.
    pub const fn of(command: CommandId) -> Self {
        Self { command, ordinal: 0 }
    }

    /// Makes the ids of what the end of a contract before its time brings about. It ends by itself, under whatever
    /// command moves time.
    pub fn of_end(contract: ContractId) -> Self {
        let digest: [u8; 32] = Sha256::digest(contract.uuid().as_bytes()).into();
        let mut tail = [0; 16];
        tail.copy_from_slice(&digest[..16]);
        let bits = contract.uuid().as_u128() & !TAIL_MASK | u128::from_be_bytes(tail) & TAIL_MASK;
        Self { command: CommandId::new(Uuid::from_u128(bits)), ordinal: 0 }
    }

    /// Mints the next id.
    pub fn mint(&mut self) -> Uuid {
        /// Odd multiplier: 2⁶² divided by the golden ratio, made odd.
        const SPREAD: u64 = 0x278D_DE6E_5FD2_9E4D;
        self.ordinal += 1;
        let bits = self.command.uuid().as_u128();
        #[expect(
            clippy::disallowed_methods,
            reason = "ids are spread modulo the length of their tail: no two ordinals meet"
        )]
        let tail = (bits & TAIL_MASK).wrapping_add(u128::from(self.ordinal.wrapping_mul(SPREAD))) & TAIL_MASK;
        Uuid::from_u128((bits & !TAIL_MASK) | tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn derived_ids_are_distinct_uuids_of_version_7() {
        let command = Uuid::from_u128(0x0192_0000_0000_7abc_bfff_ffff_ffff_ffff);
        assert_eq!(command.get_version_num(), 7);
        let mut ids = DerivedIds::of(CommandId::new(command));
        let minted: BTreeSet<Uuid> = (0..10_000).map(|_| ids.mint()).collect();
        assert_eq!(minted.len(), 10_000);
        assert!(!minted.contains(&command));
        assert!(minted.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
    }
}
