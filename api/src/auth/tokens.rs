//! Access tokens: JWTs signed with Ed25519 (EdDSA), checked against the published key.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use ledger::{ClientId, OrganizationId};
use serde::{Deserialize, Serialize};
use wire::organizations::Role;

use crate::problem::{Problem, ProblemCode};

/// How long a token is valid.
pub const TOKEN_LIFETIME: Duration = Duration::from_mins(15);
/// Who issues the tokens, and whom they are for.
const ISSUER: &str = "secondwind";

/// The key that signs tokens.
pub struct SigningKey {
    pem: String,
}

/// The signing key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file cannot be read.
    #[error(
        "the token key file {path} cannot be read: {error}. Create one with: openssl genpkey -algorithm ed25519 -out {path}"
    )]
    File {
        /// The file.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// It is not an Ed25519 key in PKCS #8 PEM form.
    #[error("the token key is not an Ed25519 private key in PEM form: {0}")]
    Key(#[from] jsonwebtoken::errors::Error),
    /// The system has no randomness for a new key.
    #[error("no key can be generated")]
    Generation,
}

impl SigningKey {
    /// Reads a key from a PEM file.
    ///
    /// # Errors
    /// [`SigningKeyError::File`] when it cannot be read.
    pub fn read(path: &Path) -> Result<Self, SigningKeyError> {
        let file = |error| SigningKeyError::File { path: path.display().to_string(), error };
        Ok(Self { pem: std::fs::read_to_string(path).map_err(file)? })
    }

    /// A fresh key.
    ///
    /// # Errors
    /// [`SigningKeyError::Generation`] when the system has no randomness.
    pub fn generate() -> Result<Self, SigningKeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| SigningKeyError::Generation)?;
        let der = pair.to_pkcs8v1().map_err(|_| SigningKeyError::Generation)?;
        let base64 = STANDARD.encode(der.as_ref());
        Ok(Self { pem: format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n") })
    }

    /// The key in PEM form, for keeping.
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

/// Issues and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    encoding: Arc<EncodingKey>,
    decoding: Arc<DecodingKey>,
    key_id: Arc<str>,
    jwks: Arc<JwkSet>,
}

/// Whom a token stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The client that it was issued to.
    pub client: ClientId,
    /// The client's organization.
    pub organization: OrganizationId,
    /// What the client may do.
    pub role: Role,
    /// When the token expires, in seconds since the epoch.
    pub expires_at: u64,
}

/// What a token says.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: ClientId,
    organization: OrganizationId,
    role: Role,
    iat: u64,
    exp: u64,
}

impl Tokens {
    /// Tokens signed with this key.
    ///
    /// # Errors
    /// [`SigningKeyError::Key`] when it is not an Ed25519 key.
    pub fn new(key: &SigningKey) -> Result<Self, SigningKeyError> {
        let encoding = EncodingKey::from_ed_pem(key.pem.as_bytes())?;
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA)?;
        let key_id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(key_id.clone());
        let decoding = DecodingKey::from_jwk(&jwk)?;
        Ok(Self {
            encoding: Arc::new(encoding),
            decoding: Arc::new(decoding),
            key_id: key_id.into(),
            jwks: Arc::new(JwkSet { keys: vec![jwk] }),
        })
    }

    /// A token for a client, valid for `lifetime` from now.
    ///
    /// # Errors
    /// A [`Problem`] when signing fails.
    pub fn issue(
        &self,
        client: ClientId,
        organization: OrganizationId,
        role: Role,
        lifetime: Duration,
    ) -> Result<String, Problem> {
        let iat = seconds_since_epoch();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: client,
            organization,
            role,
            iat,
            exp: iat + lifetime.as_secs(),
        };
        let header = Header { kid: Some(self.key_id.to_string()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims, &self.encoding).map_err(|error| Problem::internal(&error))
    }

    /// Whom a token stands for.
    ///
    /// # Errors
    /// A [`Problem`] with the code `token_expired` or `token_invalid`.
    pub fn check(&self, token: &str) -> Result<Identity, Problem> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // RFC 7519, section 4.1.4: not to be accepted on its expiry either, where the library's bound is exclusive.
        validation.leeway = 0;
        validation.reject_tokens_expiring_in_less_than = 1;
        match decode::<Claims>(token, &self.decoding, &validation) {
            Ok(token) => {
                let Claims { sub: client, organization, role, exp: expires_at, .. } = token.claims;
                Ok(Identity { client, organization, role, expires_at })
            }
            Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::ExpiredSignature) => {
                Err(Problem::new(ProblemCode::TokenExpired, "The token has expired."))
            }
            Err(_) => Err(Problem::new(ProblemCode::TokenInvalid, "The token is not valid.")),
        }
    }

    /// The public keys.
    pub fn jwks(&self) -> &JwkSet {
        &self.jwks
    }
}

/// How long it is until a token expires.
pub fn time_left(expires_at: u64) -> Duration {
    Duration::from_secs(expires_at.saturating_sub(seconds_since_epoch()))
}

/// Seconds since the epoch by the machine's clock: tokens live in real time, whatever the exchange's clock says.
fn seconds_since_epoch() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization() -> OrganizationId {
        "acme".parse().unwrap()
    }

    fn client() -> ClientId {
        "client".parse().unwrap()
    }

    #[test]
    fn a_token_tells_whom_it_stands_for() {
        let tokens = Tokens::new(&SigningKey::generate().unwrap()).unwrap();
        let token = tokens.issue(client(), organization(), Role::Buyer, TOKEN_LIFETIME).unwrap();
        let Identity { client: issued_to, organization: of, role, expires_at } = tokens.check(&token).unwrap();
        assert_eq!((issued_to, of, role), (client(), organization(), Role::Buyer));
        assert!((TOKEN_LIFETIME / 2..=TOKEN_LIFETIME).contains(&time_left(expires_at)));
    }

    #[test]
    fn foreign_tampered_and_expired_tokens_are_refused() {
        let tokens = Tokens::new(&SigningKey::generate().unwrap()).unwrap();
        let foreign = Tokens::new(&SigningKey::generate().unwrap()).unwrap();
        let code = |token: &str| tokens.check(token).unwrap_err().code();
        let theirs = foreign.issue(client(), organization(), Role::Operator, TOKEN_LIFETIME).unwrap();
        assert_eq!(code(&theirs), ProblemCode::TokenInvalid);
        assert_eq!(code("not.a.token"), ProblemCode::TokenInvalid);
        let expired = tokens.issue(client(), organization(), Role::Buyer, Duration::ZERO).unwrap();
        assert_eq!(code(&expired), ProblemCode::TokenExpired);
        // The same claims without a signature.
        let ours = tokens.issue(client(), organization(), Role::Buyer, TOKEN_LIFETIME).unwrap();
        let claims = ours.split('.').nth(1).unwrap();
        let none = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        assert_eq!(code(&format!("{none}.{claims}.")), ProblemCode::TokenInvalid);
    }
}
