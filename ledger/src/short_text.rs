//! Short texts as keys: compared and hashed a word at a time, and copied without a pointer to follow.

use std::fmt;
use std::hash::{Hash, Hasher};

/// Bytes of a machine word.
const WORD: usize = 8;

/// Text of at most `N` bytes without NUL, kept in place. `N` is a multiple of eight.
///
/// Texts order as `str` does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(align(8))]
pub struct ShortText<const N: usize>([u8; N]);

impl<const N: usize> ShortText<N> {
    /// Keeps a text; `None` when it is longer than `N` bytes or has a NUL.
    pub fn new(text: &str) -> Option<Self> {
        const { assert!(N.is_multiple_of(WORD), "whole words") };
        let bytes = text.as_bytes();
        if bytes.contains(&0) {
            return None;
        }
        let mut padded = [0; N];
        padded.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self(padded))
    }

    /// Returns the text without its padding.
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(N);
        std::str::from_utf8(&self.0[..length]).unwrap_or_else(|_| unreachable!("made of a text"))
    }
}

impl<const N: usize> Hash for ShortText<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0.as_chunks::<WORD>().0 {
            state.write_u64(u64::from_ne_bytes(*word));
        }
    }
}

impl<const N: usize> fmt::Display for ShortText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_fits() {
        for text in ["", "a", "acme", "12345678", "ünïcode-123456"] {
            assert_eq!(ShortText::<16>::new(text).expect(text).as_str(), text);
        }
        assert!(ShortText::<8>::new("123456789").is_none());
        assert!(ShortText::<8>::new("a\0b").is_none());
    }

    #[test]
    fn orders_as_its_text_does() {
        let texts = ["", "a", "a-", "a-b", "a1", "ab", "b"];
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
            assert_eq!(ShortText::<8>::new(one).cmp(&ShortText::<8>::new(other)), one.cmp(other), "{one} {other}");
        }
    }
}
