//! Secrets and signatures of deliveries: symmetric, as in Standard Webhooks 1.0.

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::WebhookError;

/// Number of random bytes in a secret; the specification asks for 24 to 64.
const SECRET_BYTES: usize = 32;
/// Prefix of a secret's text.
const PREFIX: &str = "whsec_";

/// Secret that an endpoint and the exchange share.
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// Generates a secret.
    ///
    /// # Errors
    /// [`WebhookError::NoRandomness`] when the machine returns no random bytes.
    pub(super) fn generate() -> Result<Self, WebhookError> {
        let mut bytes = vec![0; SECRET_BYTES];
        rand::fill(&mut bytes).map_err(|_| WebhookError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Wraps the bytes of a secret.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the secret, to be stored.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the text, as its owner enters it in a verifying library: `whsec_…`.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// Signs a message; returns the signature with the version of its scheme.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

/// Returns the value of `webhook-signature`: a signature by each secret that is valid now.
pub(super) fn signatures(secrets: &[WebhookSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn signs_as_the_reference_libraries_do() {
        let secret = WebhookSecret::of(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        assert_eq!(secret.expose(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_valid_secret_signs() {
        let secrets = [WebhookSecret::generate().unwrap(), WebhookSecret::generate().unwrap()];
        let signed = signatures(&secrets, "id", 1, b"{}");
        let parts: Vec<&str> = signed.split(' ').collect();
        assert_eq!(parts, secrets.each_ref().map(|secret| secret.sign("id", 1, b"{}")));
        assert_ne!(parts[0], parts[1]);
    }
}
