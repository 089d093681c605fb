//! HS256 (RFC 7518 section 3.2), for clients that prove themselves by `client_secret_jwt`.

use serde_json::Value;

use super::jws::{SIGNED_BY_SECRET, compact};
use super::{Claims, Jws, JwsError};
use crate::{MacKey, Secret};

/// A secret that both sides know: whoever checks could have signed.
#[derive(Debug, Clone)]
pub struct SharedKey(MacKey);

/// The secret is too short to sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret that signs has 32 bytes or more, not {0}")]
pub struct SharedKeyError(pub usize);

impl SharedKey {
    /// A key of these bytes, at least as many as the digest has (RFC 7518 section 3.2).
    ///
    /// # Errors
    /// There are fewer than 32.
    pub fn new(secret: &[u8]) -> Result<Self, SharedKeyError> {
        if secret.len() < 32 { Err(SharedKeyError(secret.len())) } else { Ok(Self(MacKey::new(secret))) }
    }

    /// A JWT of these claims.
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> Secret<String> {
        let header = Claims::from_iter([("alg".to_owned(), Value::from(SIGNED_BY_SECRET))]);
        let mut jwt = compact(&header, claims);
        let tag = self.0.tag(&jwt);
        jwt.push('.');
        jwt.push_str(&super::base64url::encode(tag));
        Secret::new(jwt)
    }

    /// The payload of a JWS that was signed with this secret.
    ///
    /// # Errors
    /// [`JwsError::Algorithm`], [`JwsError::Signature`].
    pub fn verify<'j>(&self, jws: &'j Jws<'_>) -> Result<&'j [u8], JwsError> {
        if jws.algorithm() != SIGNED_BY_SECRET {
            return Err(JwsError::Algorithm);
        }
        if self.0.verify(jws.signed(), jws.signature()) {
            Ok(jws.payload())
        } else {
            Err(JwsError::Signature)
        }
    }
}
