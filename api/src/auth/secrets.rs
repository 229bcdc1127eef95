//! Secrets of clients, as they are stored.
//!
//! A secret is 256 random bits. Nobody guesses it, so its SHA-256 says nothing about it, and checking one costs nothing that a flood
//! of wrong ones could use up. Earlier releases stored Argon2id hashes; each is checked once more, and replaced.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

/// How a SHA-256 begins, before its hexadecimal digits.
const SHA256_PREFIX: &str = "$sha256$";
/// Characters in a secret, all of them hexadecimal digits.
const SECRET_LENGTH: usize = 64;
/// Argon2id hashes that are checked at a time. Each takes a processor for tens of milliseconds, and 19 MiB.
const ARGON2_AT_A_TIME: usize = 2;

static ARGON2_TURNS: Semaphore = Semaphore::const_new(ARGON2_AT_A_TIME);
static NOBODY: LazyLock<SecretHash> = LazyLock::new(|| SecretHash::of("nobody"));

/// The hash of a secret as the database has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SecretHash(String);

/// What came of checking a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It is another.
    Wrong,
    /// It is the client's.
    Right,
    /// It is the client's, and its Argon2id hash is to be replaced.
    RightByArgon2,
}

/// As many Argon2id hashes are being checked as may be at a time.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Busy;

impl SecretHash {
    /// The hash of a secret, as new clients have it.
    pub(super) fn of(secret: &str) -> Self {
        Self(format!("{SHA256_PREFIX}{}", hex::encode(Sha256::digest(secret))))
    }

    /// A hash that no secret has in use, to be checked in the place of an unknown client's.
    pub(super) fn of_nobody() -> Self {
        NOBODY.clone()
    }

    /// A hash as it was stored.
    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    /// As it is stored.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a secret is the one of a hash. A SHA-256 takes the same time whichever secret is wrong.
///
/// # Errors
/// [`Busy`] when the hash is one of Argon2id and too many of those are being checked.
pub(super) async fn verify(stored: &SecretHash, secret: &str) -> Result<Verdict, Busy> {
    let computed = SecretHash::of(secret);
    if stored.0.starts_with(SHA256_PREFIX) {
        let same = verify_slices_are_equal(computed.0.as_bytes(), stored.0.as_bytes()).is_ok();
        return Ok(if same { Verdict::Right } else { Verdict::Wrong });
    }
    // What cannot be a secret is not worth the work.
    if secret.len() != SECRET_LENGTH || !secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Verdict::Wrong);
    }
    let turn = ARGON2_TURNS.try_acquire().map_err(|_| Busy)?;
    let (stored, secret) = (stored.clone(), secret.to_owned());
    let check = move || {
        let hash = PasswordHash::new(&stored.0).ok()?;
        Argon2::default().verify_password(secret.as_bytes(), &hash).ok()
    };
    let checking = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        check()
    });
    // A check that panicked has found nothing.
    let right = checking.await.ok().flatten().is_some();
    Ok(if right { Verdict::RightByArgon2 } else { Verdict::Wrong })
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::PasswordHasher;

    #[tokio::test]
    async fn a_secret_is_told_from_others_by_either_hash() {
        let (right, wrong) = ("ab".repeat(32), "cd".repeat(32));
        let new = SecretHash::of(&right);
        assert_eq!(verify(&new, &right).await, Ok(Verdict::Right));
        assert_eq!(verify(&new, &wrong).await, Ok(Verdict::Wrong));
        assert_eq!(verify(&SecretHash::of_nobody(), &right).await, Ok(Verdict::Wrong));
        let old = SecretHash::stored(Argon2::default().hash_password(right.as_bytes()).unwrap().to_string());
        assert_eq!(verify(&old, &right).await, Ok(Verdict::RightByArgon2));
        assert_eq!(verify(&old, &wrong).await, Ok(Verdict::Wrong));
    }
}
