//! Public keys as JSON (RFC 7517).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use kibali_model::{PRIVATE_KEY_MEMBERS, SigningAlgorithm};
use serde_json::{Map, Value, json};

use super::{base64url, json::parse_object, roca};

/// A set that is longer is not read.
const MOST_BYTES: usize = 64 * 1024;
/// Keys in a set, at most.
const MOST_KEYS: usize = 32;
/// Characters of a `kid`, at most.
const MOST_KID: usize = 255;

/// A key that checks signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    material: Material,
    kid: Option<String>,
    algorithm: Option<SigningAlgorithm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    /// Modulus and exponent, big-endian, without zeros in front.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point that lies on the curve, uncompressed.
    P256([u8; 65]),
    Ed25519([u8; 32]),
}

/// Why a key or a set is not taken. Never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// No JSON, or not the members that such a key has.
    #[error("not a JWK set: an object whose member keys lists RSA, P-256 or Ed25519 keys")]
    Malformed,
    /// Another kind of key, another curve, another use, or an algorithm that does not go with it.
    #[error("not a key that signs with RS256, PS256, ES256 or EdDSA")]
    Unsupported,
    /// An RSA key of fewer than 2048 bits or more than 8192, with an exponent that protects nothing, or of a
    /// generator known to be broken.
    #[error("an RSA key must have 2048 to 8192 bits and come from a sound generator")]
    Weak,
    /// A private or shared key was sent: by now others may know it.
    #[error("holds a private key; send the public keys only, and replace this one")]
    Private,
    /// More than is read.
    #[error("more than 32 keys, or more than 64 KiB")]
    TooMuch,
}

impl PublicKey {
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, JwkError> {
        // Java's BigInteger writes a zero in front; RFC 7518 section 6.3.1.1 knows of it.
        let (n, e) = (n.strip_prefix(&[0]).unwrap_or(n), e.strip_prefix(&[0]).unwrap_or(e));
        let (Some(&top), Some(&low)) = (n.first(), n.last()) else { return Err(JwkError::Malformed) };
        if top == 0 || e.first() == Some(&0) || !matches!(e.len(), 1..=4) {
            return Err(JwkError::Malformed);
        }
        let bits = n.len() * 8 - usize::try_from(top.leading_zeros()).unwrap_or(0);
        let exponent = e.iter().fold(0_u32, |exponent, byte| exponent << 8 | u32::from(*byte));
        let sound = (2048..=8192).contains(&bits) && low % 2 == 1 && exponent % 2 == 1 && exponent >= 3;
        if !sound || roca::is_vulnerable(n) {
            return Err(JwkError::Weak);
        }
        Ok(Self::of(Material::Rsa { n: n.to_vec(), e: e.to_vec() }))
    }

    /// `xy` are the coordinates, 32 bytes each.
    pub(crate) fn p256(xy: &[u8]) -> Result<Self, JwkError> {
        let mut point = [4; 65];
        match point.split_first_mut() {
            Some((_, rest)) if rest.len() == xy.len() => rest.copy_from_slice(xy),
            _ => return Err(JwkError::Malformed),
        }
        let on_curve = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).is_ok();
        if on_curve { Ok(Self::of(Material::P256(point))) } else { Err(JwkError::Malformed) }
    }

    pub(crate) fn ed25519(bytes: &[u8]) -> Result<Self, JwkError> {
        bytes.try_into().map(|bytes| Self::of(Material::Ed25519(bytes))).map_err(|_| JwkError::Malformed)
    }

    const fn of(material: Material) -> Self {
        Self { material, kid: None, algorithm: None }
    }

    /// The key, for this algorithm alone.
    pub(crate) fn only(self, algorithm: SigningAlgorithm) -> Self {
        Self { algorithm: Some(algorithm), ..self }
    }

    /// The key under a name that tokens call it by.
    #[must_use]
    pub fn named(self, kid: &str, algorithm: SigningAlgorithm) -> Self {
        Self { kid: Some(kid.to_owned()), algorithm: Some(algorithm), ..self }
    }

    /// Reads a key, for signatures only.
    ///
    /// # Errors
    /// [`JwkError`], but for [`JwkError::TooMuch`].
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JwkError> {
        if PRIVATE_KEY_MEMBERS.iter().any(|member| jwk.contains_key(*member)) {
            return Err(JwkError::Private);
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| text(name).and_then(base64url::decode).ok_or(JwkError::Malformed);
        if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
            return Err(JwkError::Unsupported);
        }
        let verifies = |ops: &Value| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify"));
        if jwk.get("key_ops").is_some_and(|ops| !verifies(ops)) {
            return Err(JwkError::Unsupported);
        }
        let key = match (text("kty").ok_or(JwkError::Malformed)?, text("crv")) {
            ("RSA", _) => Self::rsa(&bytes("n")?, &bytes("e")?)?,
            ("EC", Some("P-256")) => Self::p256(&[bytes("x")?, bytes("y")?].concat())?,
            ("OKP", Some("Ed25519")) => Self::ed25519(&bytes("x")?)?,
            _ => return Err(JwkError::Unsupported),
        };
        let algorithm = match jwk.get("alg") {
            None => None,
            Some(name) => {
                let known = name.as_str().and_then(SigningAlgorithm::from_name);
                Some(known.filter(|algorithm| key.suits(*algorithm)).ok_or(JwkError::Unsupported)?)
            }
        };
        let kid = match jwk.get("kid") {
            None => None,
            Some(Value::String(kid)) if kid.len() <= MOST_KID => Some(kid.clone()),
            Some(_) => return Err(JwkError::Malformed),
        };
        Ok(Self { kid, algorithm, ..key })
    }

    /// The key as others read it: the members that make it, then its name and what it is for, where known.
    #[must_use]
    pub fn to_jwk(&self) -> Map<String, Value> {
        let mut jwk = self.required();
        if let Some(kid) = &self.kid {
            jwk.insert("kid".to_owned(), kid.as_str().into());
        }
        if let Some(algorithm) = self.algorithm {
            jwk.insert("use".to_owned(), "sig".into());
            jwk.insert("alg".to_owned(), algorithm.as_str().into());
        }
        jwk
    }

    /// The members that make the key, in the order of RFC 7638 section 3.
    fn required(&self) -> Map<String, Value> {
        let text = |bytes: &[u8]| Value::from(base64url::encode(bytes));
        let members = match &self.material {
            Material::Rsa { n, e } => json!({ "e": text(e), "kty": "RSA", "n": text(n) }),
            Material::P256(point) => {
                let (x, y) = point.get(1..).map_or((&[][..], &[][..]), |xy| xy.split_at(32));
                json!({ "crv": "P-256", "kty": "EC", "x": text(x), "y": text(y) })
            }
            Material::Ed25519(x) => json!({ "crv": "Ed25519", "kty": "OKP", "x": text(x) }),
        };
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// The thumbprint (RFC 7638) with SHA-256, in base64url: the same for the same key, whoever writes it.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(crate::sha256(Value::Object(self.required()).to_string()))
    }

    /// What tokens call it by.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Can this kind of key be used with the algorithm?
    fn suits(&self, algorithm: SigningAlgorithm) -> bool {
        use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
        matches!(
            (&self.material, algorithm),
            (Material::Rsa { .. }, Rs256 | Ps256)
                | (Material::P256(_), Es256)
                | (Material::Ed25519(_), EdDsa)
        )
    }

    /// May it check a token of this algorithm that calls its key `kid`?
    pub(super) fn fits(&self, algorithm: SigningAlgorithm, kid: Option<&str>) -> bool {
        let same_name = match (self.kid.as_deref(), kid) {
            (Some(own), Some(named)) => own == named,
            _ => true,
        };
        same_name && self.suits(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Is `signature` one of `message`?
    pub(super) fn verifies(&self, algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        let checked = match &self.material {
            Material::Rsa { n, e } => {
                let parameters = match algorithm {
                    SigningAlgorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::Ed25519(bytes) => UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature),
        };
        self.suits(algorithm) && checked.is_ok()
    }

    /// The same for what authenticators sign: with the algorithm of the key, and on a curve in DER (WebAuthn
    /// section 6.5.5).
    pub(crate) fn verifies_of_authenticator(&self, message: &[u8], signature: &[u8]) -> bool {
        match (&self.material, self.algorithm) {
            (Material::P256(point), Some(SigningAlgorithm::Es256)) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
            }
            (Material::P256(_), _) | (_, None) => false,
            (_, Some(algorithm)) => self.verifies(algorithm, message, signature),
        }
    }
}

/// The public keys of somebody (RFC 7517 section 5), of which at least one can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwks(Vec<PublicKey>);

impl Jwks {
    /// Reads a set. Keys that cannot be used are passed over, as the standard asks; but a private key among
    /// them spoils the set, since it was never meant to be sent.
    ///
    /// # Errors
    /// [`JwkError`]; where no key is left, why the first was not taken.
    pub fn parse(text: &str) -> Result<Self, JwkError> {
        if text.len() > MOST_BYTES {
            return Err(JwkError::TooMuch);
        }
        let set = parse_object(text.as_bytes()).ok_or(JwkError::Malformed)?;
        Self::from_members(&set)
    }

    /// Reads a set whose JSON was parsed already.
    ///
    /// # Errors
    /// As [`Jwks::parse`].
    pub fn from_members(set: &Map<String, Value>) -> Result<Self, JwkError> {
        let keys = set.get("keys").and_then(Value::as_array).ok_or(JwkError::Malformed)?;
        if keys.len() > MOST_KEYS {
            return Err(JwkError::TooMuch);
        }
        let (mut usable, mut refused) = (Vec::new(), JwkError::Malformed);
        for key in keys {
            match PublicKey::from_jwk(key.as_object().ok_or(JwkError::Malformed)?) {
                Ok(key) => usable.push(key),
                Err(JwkError::Private) => return Err(JwkError::Private),
                Err(error) if refused == JwkError::Malformed => refused = error,
                Err(_) => {}
            }
        }
        if usable.is_empty() { Err(refused) } else { Ok(Self(usable)) }
    }

    /// The keys that can be used.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.0
    }
}

impl From<PublicKey> for Jwks {
    fn from(key: PublicKey) -> Self {
        Self(vec![key])
    }
}

impl FromIterator<PublicKey> for Jwks {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}
