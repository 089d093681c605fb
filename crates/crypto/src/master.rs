//! The master key of an installation, and the keys made from it (rules of the door 6).

use crate::digest::{Digest, MacKey};
use crate::{Random, SealKey, Secret};

/// The 256-bit key of an installation, the same on all its nodes. Its file belongs to the binary; this
/// type knows bytes only.
#[derive(Clone)]
pub struct MasterKey(Secret<Digest>);

/// What a key made from the master key is for. Each has a key of its own, so that a value made for one
/// purpose means nothing to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Verifiers of client secrets.
    ClientSecret,
    /// Tokens of forms, made from the session's cookie.
    Form,
    /// Values that must be read back.
    Seal,
    /// What a browser keeps that is not signed in: the page to return to, a password that was right.
    Cookie,
    /// Verifiers of codes that are mailed.
    MailedCode,
    /// Nonces of DPoP proofs.
    DpopNonce,
    /// Seals of the audit trail.
    Audit,
    /// The installation's public identifier.
    SystemId,
    /// The value kept in the database that tells a wrong master key at start.
    Check,
}

impl Purpose {
    /// The `info` of HKDF. Never changes once released: stored values depend on it.
    const fn label(self) -> &'static str {
        match self {
            Self::ClientSecret => "kibali client secret v1",
            Self::Form => "kibali form v1",
            Self::Seal => "kibali seal v1",
            Self::Cookie => "kibali return v1",
            Self::MailedCode => "kibali mailed code v1",
            Self::DpopNonce => "kibali dpop nonce v1",
            Self::Audit => "kibali audit v1",
            Self::SystemId => "kibali system id v1",
            Self::Check => "kibali master key check v1",
        }
    }
}

/// The bytes are not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key has 32 bytes, not {0}")]
pub struct MasterKeyError(pub usize);

impl MasterKey {
    /// A new key.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        Self(Secret::new(bytes))
    }

    /// The key read from its file.
    ///
    /// # Errors
    /// There are not exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MasterKeyError> {
        let bytes = bytes.try_into().map_err(|_| MasterKeyError(bytes.len()))?;
        Ok(Self(Secret::new(bytes)))
    }

    /// The bytes to write into its file.
    #[must_use]
    pub const fn bytes(&self) -> &Secret<Digest> {
        &self.0
    }

    /// The HMAC key for `purpose`.
    #[must_use]
    pub fn mac_key(&self, purpose: Purpose) -> MacKey {
        MacKey::new(&self.derive(purpose))
    }

    /// The key that seals what must be read back.
    #[must_use]
    pub fn seal_key(&self) -> SealKey {
        SealKey::new(self.derive(Purpose::Seal))
    }

    /// The key that seals cookies. Anybody makes it seal by asking for a page, so that it is not the one that
    /// stored values rest on.
    #[must_use]
    pub fn cookie_key(&self) -> SealKey {
        SealKey::new(self.derive(Purpose::Cookie))
    }

    /// A value that tells this key from another and tells nothing else: kept in the database, compared at
    /// start.
    #[must_use]
    pub fn check(&self) -> Digest {
        self.mac_key(Purpose::Check).tag("check")
    }

    fn derive(&self, purpose: Purpose) -> Digest {
        hkdf_one_block(&[], self.0.expose(), purpose.label().as_bytes())
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// HKDF with SHA-256 (RFC 5869), the first block of output only: every key here has 32 bytes, and one
/// block cannot fail as a longer output can.
pub(crate) fn hkdf_one_block(salt: &[u8], input: &[u8], info: &[u8]) -> Digest {
    let extracted = MacKey::new(salt).tag(input);
    let mut message = info.to_vec();
    message.push(1);
    MacKey::new(&extracted).tag(message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use crate::digest::tests::hex;

    #[test]
    fn hkdf_vectors_of_rfc_5869() {
        // Test cases 1 and 3, the first 32 of their 42 bytes.
        let input = [0x0b; 22];
        assert_eq!(
            hkdf_one_block(&hex("000102030405060708090a0b0c"), &input, &hex("f0f1f2f3f4f5f6f7f8f9")).to_vec(),
            hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")
        );
        assert_eq!(
            hkdf_one_block(&[], &input, &[]).to_vec(),
            hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d")
        );
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let key = MasterKey::from_bytes(&[3; 32]).unwrap();
        let [one, two, three] =
            [Purpose::ClientSecret, Purpose::Seal, Purpose::Check].map(|p| key.mac_key(p).tag("x"));
        assert!(one != two && two != three && one != three);
        assert_ne!(key.check(), MasterKey::from_bytes(&[4; 32]).unwrap().check());
    }

    #[test]
    fn other_lengths_are_refused_and_nothing_is_shown() {
        assert_eq!(MasterKey::from_bytes(&[1; 31]).unwrap_err(), MasterKeyError(31));
        assert_eq!(format!("{:?}", MasterKey::from_bytes(&[1; 32]).unwrap()), "MasterKey(…)");
    }
}
