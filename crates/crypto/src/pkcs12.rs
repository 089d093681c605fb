//! Reading a private key out of a PKCS #12 file (RFC 7292), as `keytool` of Java and `openssl pkcs12` write
//! them.
//!
//! Only what the key needs: certificates are passed over, and so is the check sum of the whole file, since a
//! key that was changed or opened with another password is no key.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512};
use kibali_model::SigningAlgorithm;

use crate::Secret;
use crate::der::{Der, SEQUENCE};
use crate::jose::SigningKey;

const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const UTF_16: u8 = 0x1e;
const SET: u8 = 0x31;
/// `[0]`, around a value.
const ZERO: u8 = 0xa0;
/// What a file of Java's older format begins with.
const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
/// Rounds that are computed at most; tools write 10,000 or less.
const MOST_ROUNDS: u32 = 2_000_000;

// Object identifiers, as DER has them.
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const SHROUDED_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20];
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
/// The last byte tells the digest.
const HMAC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2];
/// The last byte tells length of key and mode.
const AES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 1];

/// Why no key could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pkcs12Error {
    /// It is something else.
    #[error("not a PKCS #12 file")]
    NotPkcs12,
    /// Java's older format.
    #[error(
        "a JKS file; make a PKCS #12 file of it: keytool -importkeystore -srckeystore OLD -destkeystore NEW \
         -deststoretype PKCS12"
    )]
    Jks,
    /// No key has this name; those that are there.
    #[error("holds no private key of that name, but {}", if .0.is_empty() { "none at all".to_owned() } else { .0.join(", ") })]
    NoSuchKey(Vec<String>),
    /// Triple DES and its like, which tools no longer write.
    #[error(
        "its key is encrypted in a way that is no longer used; write the file again with Java 17 or OpenSSL 3"
    )]
    OldCipher,
    /// The password does not open it, or it is damaged.
    #[error("the password does not open its key")]
    WrongPassword,
    /// The key is of another kind.
    #[error("its key is neither RSA of 2048 bits or more, nor P-256, nor Ed25519")]
    OtherKey,
}

/// The key called `alias`, letters large or small, as Java has it. An RSA key signs with RS256.
///
/// # Errors
/// [`Pkcs12Error`].
pub fn read_pkcs12(file: &[u8], alias: &str, password: &Secret<String>) -> Result<SigningKey, Pkcs12Error> {
    if file.starts_with(&JKS) {
        return Err(Pkcs12Error::Jks);
    }
    let bags = key_bags(file).ok_or(Pkcs12Error::NotPkcs12)?;
    let Some((_, bag)) = bags.iter().find(|(name, _)| name.to_lowercase() == alias.to_lowercase()) else {
        return Err(Pkcs12Error::NoSuchKey(bags.into_iter().map(|(name, _)| name).collect()));
    };
    let pkcs8 = decrypt(*bag, password)?;
    [SigningAlgorithm::Rs256, SigningAlgorithm::Es256, SigningAlgorithm::EdDsa]
        .into_iter()
        .find_map(|algorithm| SigningKey::from_pkcs8(algorithm, pkcs8.expose()).ok())
        .ok_or(Pkcs12Error::OtherKey)
}

/// The encrypted keys of a file, by name.
fn key_bags(file: &[u8]) -> Option<Vec<(String, Der<'_>)>> {
    let mut pfx = Der::new(file).sequence()?;
    pfx.unsigned()?;
    let mut safes = Der::new(content(pfx.sequence()?)?).sequence()?;
    let mut found = Vec::new();
    while let Some((tag, safe)) = safes.next() {
        if tag != SEQUENCE {
            return None;
        }
        // Certificates are in safes that are encrypted as a whole; a key is encrypted by itself.
        let Some(bags) = content(Der::new(safe)) else { continue };
        let mut bags = Der::new(bags).sequence()?;
        while let Some((SEQUENCE, bag)) = bags.next() {
            let mut bag = Der::new(bag);
            if bag.take(OID)? == SHROUDED_KEY {
                let key = Der::new(bag.take(ZERO)?).sequence()?;
                found.push((name(bag).unwrap_or_default(), key));
            }
        }
    }
    Some(found)
}

/// What a `ContentInfo` of type `data` holds.
fn content(mut info: Der<'_>) -> Option<&[u8]> {
    if info.take(OID)? != DATA {
        return None;
    }
    Der::new(info.take(ZERO)?).take(OCTETS)
}

/// The friendly name among the attributes that are left in a bag.
fn name(mut bag: Der<'_>) -> Option<String> {
    let mut attributes = Der::new(bag.take(SET)?);
    while let Some(mut attribute) = attributes.sequence() {
        if attribute.take(OID)? == FRIENDLY_NAME {
            let text = Der::new(attribute.take(SET)?).take(UTF_16)?;
            let units: Vec<u16> = text
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)))
                .collect();
            return String::from_utf16(&units).ok();
        }
    }
    None
}

/// Opens an `EncryptedPrivateKeyInfo` under PBES2 (RFC 8018 section 6.2).
fn decrypt(mut bag: Der<'_>, password: &Secret<String>) -> Result<Secret<Vec<u8>>, Pkcs12Error> {
    let mut scheme = bag.sequence().ok_or(Pkcs12Error::NotPkcs12)?;
    if scheme.take(OID) != Some(PBES2) {
        return Err(Pkcs12Error::OldCipher);
    }
    let Pbes2 { digest, salt, rounds, cipher, length, iv } = pbes2(scheme).ok_or(Pkcs12Error::OldCipher)?;
    let mut bytes = bag.take(OCTETS).ok_or(Pkcs12Error::NotPkcs12)?.to_vec();
    let mut key = vec![0; length];
    pbkdf2::derive(digest, rounds, salt, password.expose().as_bytes(), &mut key);
    let opened = UnboundCipherKey::new(cipher, &key)
        .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
        .and_then(|key| key.decrypt(&mut bytes, DecryptionContext::Iv128(FixedLength::from(iv))))
        .map_err(|_| Pkcs12Error::WrongPassword)?;
    // A wrong password may leave bytes that are padded rightly by chance.
    let looks_right = Der::new(opened).sequence().is_some();
    if looks_right { Ok(Secret::new(opened.to_vec())) } else { Err(Pkcs12Error::WrongPassword) }
}

/// How a key is encrypted.
struct Pbes2<'a> {
    digest: pbkdf2::Algorithm,
    salt: &'a [u8],
    rounds: NonZeroU32,
    cipher: &'static Algorithm,
    /// Bytes of the cipher's key.
    length: usize,
    iv: [u8; 16],
}

fn pbes2(mut scheme: Der<'_>) -> Option<Pbes2<'_>> {
    let mut parameters = scheme.sequence()?;
    let (mut derivation, mut encryption) = (parameters.sequence()?, parameters.sequence()?);
    if derivation.take(OID)? != PBKDF2 {
        return None;
    }
    let mut derivation = derivation.sequence()?;
    let salt = derivation.take(OCTETS)?;
    let rounds = derivation.unsigned().filter(|digits| digits.len() <= 4)?;
    let rounds = rounds.iter().fold(0, |rounds: u32, digit| rounds << 8 | u32::from(*digit));
    let rounds = NonZeroU32::new(rounds).filter(|rounds| rounds.get() <= MOST_ROUNDS)?;
    let mut digest = PBKDF2_HMAC_SHA1;
    // The length of the key may stand before the digest; the cipher tells it as well.
    while let Some((tag, value)) = derivation.next() {
        if tag == SEQUENCE {
            digest = match Der::new(value).take(OID)?.strip_prefix(HMAC)? {
                [7] => PBKDF2_HMAC_SHA1,
                [9] => PBKDF2_HMAC_SHA256,
                [10] => PBKDF2_HMAC_SHA384,
                [11] => PBKDF2_HMAC_SHA512,
                _ => return None,
            };
        }
    }
    let (cipher, length) = match encryption.take(OID)?.strip_prefix(AES)? {
        [2] => (&AES_128, 16),
        [22] => (&AES_192, 24),
        [42] => (&AES_256, 32),
        _ => return None,
    };
    let iv = encryption.take(OCTETS)?.try_into().ok()?;
    Some(Pbes2 { digest, salt, rounds, cipher, length, iv })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use proptest::prelude::*;

    const JAVA: &[u8] = include_bytes!("../tests/pkcs12/java.p12");
    const OPENSSL: &[u8] = include_bytes!("../tests/pkcs12/openssl.p12");
    const OLD: &[u8] = include_bytes!("../tests/pkcs12/old.p12");

    fn read(file: &[u8], alias: &str, password: &str) -> Result<SigningAlgorithm, Pkcs12Error> {
        read_pkcs12(file, alias, &Secret::new(password.to_owned())).map(|key| key.algorithm())
    }

    #[test]
    fn keys_of_java_and_openssl_are_read_and_sign() {
        assert_eq!(read(JAVA, "Dhis2", "changeit"), Ok(SigningAlgorithm::Rs256));
        assert_eq!(read(JAVA, "dhis2", "changeit"), Ok(SigningAlgorithm::Rs256));
        assert_eq!(read(OPENSSL, "ec", "changeit"), Ok(SigningAlgorithm::Es256));
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!(read(JAVA, "dhis2", "changed"), Err(Pkcs12Error::WrongPassword));
        assert_eq!(read(OPENSSL, "ec", ""), Err(Pkcs12Error::WrongPassword));
        assert_eq!(read(OLD, "ec", "changeit"), Err(Pkcs12Error::OldCipher));
        assert_eq!(read(OPENSSL, "rsa", "changeit"), Err(Pkcs12Error::NoSuchKey(vec!["ec".to_owned()])));
        assert_eq!(read(&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2], "x", "x"), Err(Pkcs12Error::Jks));
        assert_eq!(read(b"-----BEGIN PRIVATE KEY-----", "x", "x"), Err(Pkcs12Error::NotPkcs12));
        let message = Pkcs12Error::NoSuchKey(Vec::new()).to_string();
        assert_eq!(message, "holds no private key of that name, but none at all");
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_refused_or_the_same_key(
            at: prop::sample::Index,
            to in any::<u8>(),
            end in prop_oneof![Just(usize::MAX), 0_usize..1200],
        ) {
            let password = Secret::new("changeit".to_owned());
            let mut file = OPENSSL.to_vec();
            let at = at.index(file.len());
            if let Some(byte) = file.get_mut(at) {
                *byte = to;
            }
            file.truncate(end);
            let thumbprint = |file| read_pkcs12(file, "ec", &password).map(|key| key.public().thumbprint());
            if let Ok(read) = thumbprint(&file) {
                prop_assert_eq!(Ok(read), thumbprint(OPENSSL));
            }
        }
    }
}
