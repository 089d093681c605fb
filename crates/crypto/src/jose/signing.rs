//! Keys that sign.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use kibali_model::SigningAlgorithm;
use serde_json::{Map, Value};

use super::jws::compact;
use super::{Claims, PublicKey, base64url};
use crate::Secret;
use crate::der::Der;

/// A private key with the algorithm it is used for, and no other.
pub struct SigningKey {
    algorithm: SigningAlgorithm,
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// What can go wrong with a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The bytes are not such a key in PKCS #8.
    #[error("not a private key for this algorithm (RSA of 2048 to 8192 bits, P-256 or Ed25519)")]
    NotAKey,
    /// The library failed, which it does without memory only.
    #[error("the key could not be made or used")]
    Failed,
}

impl SigningKey {
    /// A new key. The library draws its random bytes itself: it makes no RSA key of bytes that are handed
    /// in (decision 11). An RSA key takes about a tenth of a second: never on the runtime.
    ///
    /// # Errors
    /// [`SigningError::Failed`].
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, SigningError> {
        let pair = match algorithm {
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa)
            }
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256)
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        Self::new(algorithm, pair.map_err(|_| SigningError::Failed)?)
    }

    /// The key in a PKCS #8 document.
    ///
    /// # Errors
    /// [`SigningError::NotAKey`].
    pub fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, SigningError> {
        let pair = match algorithm {
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => RsaKeyPair::from_pkcs8(pkcs8).map(Pair::Rsa),
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Pair::P256)
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(Pair::Ed25519),
        };
        Self::new(algorithm, pair.map_err(|_| SigningError::NotAKey)?)
    }

    fn new(algorithm: SigningAlgorithm, pair: Pair) -> Result<Self, SigningError> {
        let public = pair.public().ok_or(SigningError::NotAKey)?;
        Ok(Self { algorithm, pair, public })
    }

    /// The PKCS #8 document to seal.
    ///
    /// # Errors
    /// [`SigningError::Failed`].
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, SigningError> {
        let bytes = match &self.pair {
            Pair::Rsa(pair) => pair.as_der().map(|der: Pkcs8V1Der<'_>| der.as_ref().to_vec()),
            Pair::P256(pair) => pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()),
        };
        bytes.map(Secret::new).map_err(|_| SigningError::Failed)
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// What others check its signatures with.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A JWT of these claims. `extra` goes into its header after `alg`: `kid`, `typ`, and for a DPoP proof
    /// `jwk`.
    ///
    /// # Errors
    /// [`SigningError::Failed`].
    pub fn sign(&self, extra: &Map<String, Value>, claims: &Claims) -> Result<Secret<String>, SigningError> {
        let mut header = Map::with_capacity(extra.len() + 1);
        header.insert("alg".to_owned(), self.algorithm.as_str().into());
        header.extend(extra.iter().map(|(name, value)| (name.clone(), value.clone())));
        let mut jwt = compact(&header, claims);
        let signature = self.signature(jwt.as_bytes())?;
        jwt.push('.');
        jwt.push_str(&base64url::encode(signature));
        Ok(Secret::new(jwt))
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        // Of a digest, since the library then asks for no source of randomness that it would not use.
        let sha256 = || digest(&SHA256, message);
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let padding = match self.algorithm {
                    SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(padding, &sha256(), &mut signature).map(|()| signature)
            }
            Pair::P256(pair) => pair.sign_digest(&sha256()).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
        };
        signature.map_err(|_| SigningError::Failed)
    }
}

impl Pair {
    fn public(&self) -> Option<PublicKey> {
        match self {
            Self::Rsa(pair) => {
                // RFC 8017 appendix A.1.1.
                let mut members = Der::new(pair.public_key().as_ref()).sequence()?;
                PublicKey::rsa(members.unsigned()?, members.unsigned()?).ok()
            }
            Self::P256(pair) => PublicKey::p256(pair.public_key().as_ref().get(1..)?).ok(),
            Self::Ed25519(pair) => PublicKey::ed25519(pair.public_key().as_ref()).ok(),
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.algorithm.as_str())
    }
}
