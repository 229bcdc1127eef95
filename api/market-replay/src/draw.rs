//! Choices that look random and are the same on every machine.

/// FNV-1a's 64-bit offset basis and prime.
const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// A number in `0..below` that depends on `key` only; draws for different purposes are independent. `below` is
/// at least 1.
///
/// FNV-1a over purpose and key, then the finalizer of splitmix64: names that differ in their last digit would
/// otherwise give numbers that differ by little. The standard library's hasher is not used because its result may
/// change between releases.
pub(super) fn draw(purpose: &str, key: &str, below: u64) -> u64 {
    let bytes = purpose.bytes().chain([0xff]).chain(key.bytes());
    let mut hash = bytes.fold(FNV_BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ (hash >> 31)) % below.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_stable_in_range_and_independent_per_purpose() {
        // Frozen: a change here changes every published plan.
        assert_eq!(draw("limit", "openb-pod-0000", 1_000_000), 58_353);
        assert!((0..1000).all(|n| draw("limit", &n.to_string(), 7) < 7));
        assert_ne!(draw("limit", "a", u64::MAX), draw("buyer", "a", u64::MAX));
    }

    #[test]
    fn neighbouring_names_spread_over_the_range() {
        let mut seen = [0_u32; 10];
        for n in 0..1000 {
            let place = draw("limit", &format!("openb-pod-{n:04}"), 10);
            seen[usize::try_from(place).unwrap()] += 1;
        }
        assert!(seen.iter().all(|&count| (60..=140).contains(&count)), "{seen:?}");
    }
}
