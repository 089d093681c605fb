//! SHA-256 and HMAC-SHA-256; and half of a hash, as ID tokens say it.

use aws_lc_rs::{constant_time, digest, hmac};
use kibali_model::SigningAlgorithm;

/// 32 bytes: a SHA-256 digest or an HMAC-SHA-256 tag.
pub type Digest = [u8; 32];

/// SHA-256 of `bytes`: how tokens, codes and session cookies are stored.
#[must_use]
pub fn sha256(bytes: impl AsRef<[u8]>) -> Digest {
    first_32(digest::digest(&digest::SHA256, bytes.as_ref()).as_ref())
}

/// The left half of the hash of a token, of the hash that the signature of the ID token rests on (OpenID Connect
/// Core section 3.1.3.6): that of Ed25519 is SHA-512.
#[must_use]
pub fn half_hash(algorithm: SigningAlgorithm, token: impl AsRef<[u8]>) -> Vec<u8> {
    let hash = match algorithm {
        SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 | SigningAlgorithm::Es256 => &digest::SHA256,
        SigningAlgorithm::EdDsa => &digest::SHA512,
    };
    let hash = digest::digest(hash, token.as_ref());
    hash.as_ref().iter().take(hash.as_ref().len() / 2).copied().collect()
}

/// Are the two equal? Takes the same time wherever they differ; lengths are no secret.
#[must_use]
pub fn equal_in_constant_time(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    constant_time::verify_slices_are_equal(one.as_ref(), other.as_ref()).is_ok()
}

/// A key for HMAC-SHA-256 (RFC 2104).
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// A key of these bytes; 32 random ones, unless a standard says otherwise.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The tag of `message`.
    #[must_use]
    pub fn tag(&self, message: impl AsRef<[u8]>) -> Digest {
        first_32(hmac::sign(&self.0, message.as_ref()).as_ref())
    }

    /// The tag of several parts. Each is preceded by its length, so that no two lists of parts make the
    /// same message.
    #[must_use]
    pub fn tag_parts(&self, parts: &[&[u8]]) -> Digest {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        first_32(context.sign().as_ref())
    }

    /// Is `tag` the tag of `message`? In constant time.
    #[must_use]
    pub fn verify(&self, message: impl AsRef<[u8]>, tag: &[u8]) -> bool {
        hmac::verify(&self.0, message.as_ref(), tag).is_ok()
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(…)")
    }
}

fn first_32(bytes: &[u8]) -> Digest {
    bytes.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The bytes written as hexadecimal digits.
    pub(crate) fn hex(text: &str) -> Vec<u8> {
        let digit = |c: char| u8::try_from(c.to_digit(16).unwrap_or_default()).unwrap_or_default();
        let digits: Vec<u8> = text.chars().filter(char::is_ascii_hexdigit).map(digit).collect();
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
    }

    #[test]
    fn sha256_of_the_standards_example() {
        // FIPS 180-4, the one-block message.
        let expected = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha256("abc").to_vec(), expected);
    }

    #[test]
    fn half_of_the_hash_that_the_algorithm_rests_on() {
        // FIPS 180-4, the one-block messages.
        let sha256 = hex("ba7816bf8f01cfea414140de5dae2223");
        let sha512 = hex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a");
        for algorithm in SigningAlgorithm::EVERY {
            let expected = if *algorithm == SigningAlgorithm::EdDsa { &sha512 } else { &sha256 };
            assert_eq!(&half_hash(*algorithm, "abc"), expected, "{algorithm:?}");
        }
    }

    #[test]
    fn hmac_vectors_of_rfc_4231() {
        let cases = [
            (
                vec![0x0b; 20],
                b"Hi There".to_vec(),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 20],
                vec![0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, message, tag) in cases {
            let key = MacKey::new(&key);
            assert_eq!(key.tag(&message).to_vec(), hex(tag));
            assert!(key.verify(&message, &hex(tag)));
            assert!(!key.verify(&message, &sha256(&message)));
        }
    }

    #[test]
    fn parts_cannot_slide_into_each_other() {
        let key = MacKey::new(&[7; 32]);
        assert_ne!(key.tag_parts(&[b"ab", b"c"]), key.tag_parts(&[b"a", b"bc"]));
        assert_ne!(key.tag_parts(&[b"ab"]), key.tag_parts(&[b"ab", b""]));
    }
}
