//! Signed tokens in their compact form (RFC 7515 section 7.1).

use kibali_model::SigningAlgorithm;
use serde_json::{Map, Value};

use super::{Claims, Jwks, PublicKey, base64url, json::parse_object};

/// A longer token is not read.
const MOST_BYTES: usize = 16 * 1024;
/// The algorithm of [`SharedKey`](super::SharedKey).
pub(super) const SIGNED_BY_SECRET: &str = "HS256";
/// Members of a header that bring a key or say where one is; `crit` names extensions, of which none is
/// known here.
const FOREIGN: [&str; 5] = ["jku", "x5u", "x5c", "crit", "b64"];

/// A token that was read and not yet believed.
#[derive(Debug, Clone)]
pub struct Jws<'a> {
    header: Map<String, Value>,
    key: Option<PublicKey>,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Why a token is not believed. Never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three parts of base64url, no JSON where there must be, a member twice, or too long.
    #[error("not a signed JWT")]
    Malformed,
    /// The header names extensions, brings a key, or says where one is.
    #[error("the header of a JWT may not bring or name keys or extensions")]
    Foreign,
    /// The algorithm is none, unknown, or not one that may be used here.
    #[error("the algorithm of the signature is not one that may be used here")]
    Algorithm,
    /// None of the keys may check it, by its algorithm and `kid`.
    #[error("no key fits the header of the JWT")]
    NoKey,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
}

impl<'a> Jws<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`JwsError::Malformed`], [`JwsError::Foreign`], [`JwsError::Algorithm`].
    pub fn read(text: &'a str) -> Result<Self, JwsError> {
        let jws = Self::parse(text)?;
        if jws.header.contains_key("jwk") { Err(JwsError::Foreign) } else { Ok(jws) }
    }

    /// Reads a token that must bring the public key it is signed with, as a DPoP proof does (RFC 9449
    /// section 4.2). It proves that its sender holds that key, and nothing about who that is.
    ///
    /// # Errors
    /// As [`Jws::read`].
    pub fn read_proof(text: &'a str) -> Result<Self, JwsError> {
        let mut jws = Self::parse(text)?;
        let jwk = jws.header.get("jwk").and_then(Value::as_object).ok_or(JwsError::NoKey)?;
        jws.key = Some(PublicKey::from_jwk(jwk).map_err(|_| JwsError::NoKey)?);
        Ok(jws)
    }

    fn parse(text: &'a str) -> Result<Self, JwsError> {
        if text.len() > MOST_BYTES {
            return Err(JwsError::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        let bytes = |part| base64url::decode(part).ok_or(JwsError::Malformed);
        let header = parse_object(&bytes(header)?).ok_or(JwsError::Malformed)?;
        if FOREIGN.iter().any(|member| header.contains_key(*member)) {
            return Err(JwsError::Foreign);
        }
        // Each of these is a text where it is there.
        if ["alg", "kid", "typ"].iter().any(|name| header.get(*name).is_some_and(|value| !value.is_string()))
        {
            return Err(JwsError::Malformed);
        }
        let jws = Self { header, key: None, signed, payload: bytes(payload)?, signature: bytes(signature)? };
        let known = jws.algorithm() == SIGNED_BY_SECRET || jws.signing_algorithm().is_some();
        if known { Ok(jws) } else { Err(JwsError::Algorithm) }
    }

    /// `alg`: `HS256` or the name of a [`SigningAlgorithm`].
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.text("alg").unwrap_or_default()
    }

    /// `alg`, unless it is `HS256`.
    #[must_use]
    pub fn signing_algorithm(&self) -> Option<SigningAlgorithm> {
        SigningAlgorithm::from_name(self.algorithm())
    }

    /// `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.text("kid")
    }

    /// `typ`.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.text("typ")
    }

    /// The key that the header brings, after [`Jws::read_proof`].
    #[must_use]
    pub const fn own_key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// What it claims, believed by nobody: good for finding out whose keys to check it with.
    ///
    /// # Errors
    /// [`JwsError::Malformed`].
    pub fn unverified_claims(&self) -> Result<Claims, JwsError> {
        parse_object(&self.payload).ok_or(JwsError::Malformed)
    }

    /// The payload, once one of `keys` has checked the signature under one of the algorithms in `accept`.
    ///
    /// # Errors
    /// [`JwsError::Algorithm`], [`JwsError::NoKey`], [`JwsError::Signature`].
    pub fn verify(&self, keys: &Jwks, accept: &[SigningAlgorithm]) -> Result<&[u8], JwsError> {
        let algorithm = self.signing_algorithm().filter(|algorithm| accept.contains(algorithm));
        let algorithm = algorithm.ok_or(JwsError::Algorithm)?;
        let mut fitting = keys.keys().iter().filter(|key| key.fits(algorithm, self.kid())).peekable();
        if fitting.peek().is_none() {
            return Err(JwsError::NoKey);
        }
        let verified = fitting.any(|key| key.verifies(algorithm, self.signed.as_bytes(), &self.signature));
        if verified { Ok(&self.payload) } else { Err(JwsError::Signature) }
    }

    /// The claims, once verified as by [`Jws::verify`].
    ///
    /// # Errors
    /// Those of [`Jws::verify`]; [`JwsError::Malformed`] where the payload is no JSON object.
    pub fn verified_claims(&self, keys: &Jwks, accept: &[SigningAlgorithm]) -> Result<Claims, JwsError> {
        parse_object(self.verify(keys, accept)?).ok_or(JwsError::Malformed)
    }

    /// The claims of a proof, once verified with the key that it brings itself.
    ///
    /// # Errors
    /// As [`Jws::verified_claims`].
    pub fn verified_proof(&self, accept: &[SigningAlgorithm]) -> Result<Claims, JwsError> {
        let own = self.key.clone().ok_or(JwsError::NoKey)?;
        self.verified_claims(&Jwks::from(own), accept)
    }

    /// What the signature is of.
    pub(super) const fn signed(&self) -> &str {
        self.signed
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }
}

/// What is signed: header and claims.
pub(super) fn compact(header: &Map<String, Value>, claims: &Claims) -> String {
    let part = |members: &Map<String, Value>| {
        // Names and values of JSON can always be written.
        base64url::encode(serde_json::to_vec(members).unwrap_or_default())
    };
    format!("{}.{}", part(header), part(claims))
}
