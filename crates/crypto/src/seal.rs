//! Sealing: encryption of what must be read back, with AES-256-GCM.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::digest::Digest;
use crate::master::hkdf_one_block;
use crate::{Random, Secret};

/// A key that seals.
#[derive(Clone)]
pub struct SealKey(Secret<Digest>);

/// What was sealed cannot be opened: another key, another place, or bytes changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be opened: wrong key, wrong place, or damaged")]
pub struct SealError;

impl SealKey {
    pub(crate) const fn new(bytes: Digest) -> Self {
        Self(Secret::new(bytes))
    }

    /// The key that seals the successor of a refresh token (rules of the door 5). It is made from the token
    /// itself, whose SHA-256 is all that is kept, so that whoever presents the token opens the seal and
    /// nothing that is kept does.
    #[must_use]
    pub fn of_successor(presented: &str) -> Self {
        Self::new(hkdf_one_block(&[], presented.as_bytes(), b"kibali refresh successor v1"))
    }

    /// Seals `value` for `place` (such as `signing_key:17`): it opens there and nowhere else. The answer
    /// is a random nonce, the ciphertext and its tag.
    ///
    /// # Errors
    /// The value is too long for the cipher (64 GiB).
    pub fn seal(&self, random: &dyn Random, place: &str, value: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut sealed = value.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut sealed)
            .map_err(|_| SealError)?;
        let mut out = nonce.to_vec();
        out.append(&mut sealed);
        Ok(out)
    }

    /// Opens what [`SealKey::seal`] made for the same `place`.
    ///
    /// # Errors
    /// It was made under another key or for another place, or was changed since.
    pub fn unseal(&self, place: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let mut bytes = rest.to_vec();
        let value = self
            .cipher()?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut bytes)
            .map_err(|_| SealError)?;
        Ok(Secret::new(value.to_vec()))
    }

    fn cipher(&self) -> Result<LessSafeKey, SealError> {
        UnboundKey::new(&AES_256_GCM, self.0.expose()).map(LessSafeKey::new).map_err(|_| SealError)
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use crate::{MasterKey, SystemRandom};

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let key = MasterKey::from_bytes(&[3; 32]).unwrap().seal_key();
        let sealed = key.seal(&SystemRandom, "totp:1", b"seed").unwrap();
        assert_eq!(key.unseal("totp:1", &sealed).unwrap().expose(), b"seed");
        assert_eq!(key.unseal("totp:2", &sealed), Err(SealError));
        let other = MasterKey::from_bytes(&[4; 32]).unwrap().seal_key();
        assert_eq!(other.unseal("totp:1", &sealed), Err(SealError));
        assert_ne!(sealed, key.seal(&SystemRandom, "totp:1", b"seed").unwrap());
    }

    #[test]
    fn a_successor_opens_with_the_token_before_it_and_with_nothing_made_of_its_hash() {
        let sealed = SealKey::of_successor("before").seal(&SystemRandom, "p", b"after").unwrap();
        assert_eq!(SealKey::of_successor("before").unseal("p", &sealed).unwrap().expose(), b"after");
        let hash = crate::sha256("before");
        for key in [SealKey::of_successor("after"), SealKey::new(hash), SealKey::new(crate::sha256(hash))] {
            assert_eq!(key.unseal("p", &sealed), Err(SealError));
        }
    }

    #[test]
    fn any_changed_bit_is_noticed() {
        let key = MasterKey::from_bytes(&[3; 32]).unwrap().seal_key();
        let sealed = key.seal(&SystemRandom, "p", b"value").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 1;
            }
            assert_eq!(key.unseal("p", &changed), Err(SealError));
        }
        assert_eq!(key.unseal("p", &[]), Err(SealError));
    }
}
