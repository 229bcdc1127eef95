//! References that a payer quotes, so that a booking says by itself what it is for.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::identity::{DepositId, PayoutId};
use crate::invariant::exact;
use crate::map::Set;
use crate::short_text::ShortText;

/// Crockford's base 32: no letter that is mistaken for a digit, and no U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters behind the prefix; the last one checks the others.
const CODE_LENGTH: usize = 10;
const DEPOSIT: &str = "SWD";
const PAYOUT: &str = "SWP";

/// Reference of ten characters behind `SWD` for a deposit or `SWP` for a payout, such as `SWD7K3M9QX20P`. The last
/// character checks the others, so that a mistyped reference is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentReference(ShortText<16>);

/// Error: the text is not a reference, or was mistyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment reference is SWD or SWP and ten characters, the last of which checks the others")]
pub struct InvalidReference;

impl PaymentReference {
    /// Derives the reference that the payer of a deposit quotes.
    pub fn of_deposit(id: DepositId) -> Self {
        Self::new(DEPOSIT, id.uuid())
    }

    /// Derives the reference that the payment of a payout quotes.
    pub fn of_payout(id: PayoutId) -> Self {
        Self::new(PAYOUT, id.uuid())
    }

    fn new(prefix: &str, id: Uuid) -> Self {
        // 45 bits of a hash: ids that derive from one command differ in few places.
        let hash: [u8; 32] = Sha256::digest(id.as_bytes()).into();
        let bits = hash[..8].iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        let mut code = String::from(prefix);
        for place in (0..CODE_LENGTH - 1).rev() {
            code.push(char::from(ALPHABET[exact::<_, usize>(bits >> (5 * place) & 31)]));
        }
        code.push(check(&code[prefix.len()..]));
        Self(ShortText::new(&code).unwrap_or_else(|| unreachable!("thirteen characters fit")))
    }

    /// Finds every reference in a text, each once. Ignores blanks, punctuation and case: banks fold lines and add to
    /// them.
    pub fn all_in(text: &str) -> Vec<Self> {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        let (mut found, mut seen) = (Vec::new(), Set::<Self>::default());
        for start in 0..plain.len() {
            let reference = plain.get(start..start + DEPOSIT.len() + CODE_LENGTH).and_then(|part| part.parse().ok());
            found.extend(reference.filter(|reference| seen.insert(*reference)));
        }
        found
    }
}

/// Computes the check character of a code from the sum of its digits, each times its weight. It detects any one wrong
/// character and most swaps of two neighbours.
fn check(code: &str) -> char {
    let digit =
        |byte: u8| ALPHABET.iter().position(|known| *known == byte).unwrap_or_else(|| unreachable!("of the alphabet"));
    // Odd weights have inverses modulo 32; neighbours differ by two, so that most swaps show.
    let sum: usize = code.bytes().enumerate().map(|(place, byte)| (2 * place + 1) * digit(byte)).sum();
    char::from(ALPHABET[sum % ALPHABET.len()])
}

impl FromStr for PaymentReference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = text.strip_prefix(DEPOSIT).or_else(|| text.strip_prefix(PAYOUT)).ok_or(InvalidReference)?;
        let is_code = code.len() == CODE_LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        if !is_code || !code.ends_with(check(&code[..CODE_LENGTH - 1])) {
            return Err(InvalidReference);
        }
        ShortText::new(text).map(Self).ok_or(InvalidReference)
    }
}

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(PaymentReference, {"type": "string", "pattern": "^SW[DP][0-9A-HJKMNP-TV-Z]{10}$"});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_found_again_and_not_when_mistyped(bits: u128, place in 0usize..9, other in 1usize..32) {
            let reference = PaymentReference::of_deposit(DepositId::new(Uuid::from_u128(bits)));
            let text = reference.to_string();
            prop_assert_eq!(text.parse(), Ok(reference));
            let quoted = format!("invoice 17, {}-{} / thanks", &text[..6].to_lowercase(), &text[6..]);
            prop_assert_eq!(PaymentReference::all_in(&quoted), [reference]);
            let mut typed = text.into_bytes();
            let digit = ALPHABET.iter().position(|known| *known == typed[3 + place]).expect("a digit");
            typed[3 + place] = ALPHABET[(digit + other) % 32];
            let typed = String::from_utf8(typed).expect("ASCII");
            prop_assert_eq!(typed.parse::<PaymentReference>(), Err(InvalidReference));
        }
    }

    #[test]
    fn a_text_may_quote_several() {
        let of = |n: u128| PaymentReference::of_payout(PayoutId::new(Uuid::from_u128(n)));
        let text = format!("{} {} {}", of(1), of(99), of(1));
        assert_eq!(PaymentReference::all_in(&text), [of(1), of(99)]);
        assert_eq!(PaymentReference::all_in("SWD"), []);
        assert_eq!(PaymentReference::all_in("rent for June"), []);
    }
}
