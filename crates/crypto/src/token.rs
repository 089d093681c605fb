//! Secrets made by the machine: tokens, codes, cookies and client secrets.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::digest::{Digest, MacKey};
use crate::{MasterKey, Purpose, Random, Secret};

/// A new token, code or cookie: 256 random bits as 43 characters of base64url. Keep its
/// [`sha256`](crate::sha256) only.
#[must_use]
pub fn new_token(random: &dyn Random) -> Secret<String> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    Secret::new(URL_SAFE_NO_PAD.encode(bytes))
}

/// A new client secret: the 36 characters of a version 4 UUID (RFC 9562 section 5.4), since DHIS2's own
/// clients accept no other length. 122 of its bits are random.
#[must_use]
pub fn new_client_secret(random: &dyn Random) -> Secret<String> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    let bits = u128::from_be_bytes(bytes);
    let version_4 = (bits & !(0xf_u128 << 76)) | (4_u128 << 76);
    let variant_1 = (version_4 & !(0b11_u128 << 62)) | (0b10_u128 << 62);
    let digits = format!("{variant_1:032x}");
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    Secret::new(text)
}

/// Makes and checks the verifiers of client secrets: HMAC-SHA-256 under a key of the master key, because
/// a secret made by a person may be short, and a plain hash of it could be guessed from a leaked
/// database.
#[derive(Debug, Clone)]
pub struct ClientSecrets(MacKey);

impl ClientSecrets {
    /// The verifiers of this installation.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self(master.mac_key(Purpose::ClientSecret))
    }

    /// What is stored for `secret`.
    #[must_use]
    pub fn verifier(&self, secret: &str) -> Digest {
        self.0.tag(secret)
    }

    /// Is `secret` the one `verifier` was made from? In constant time.
    #[must_use]
    pub fn verify(&self, secret: &str, verifier: &[u8]) -> bool {
        self.0.verify(secret, verifier)
    }
}

/// The `code_challenge` that a PKCE verifier answers under S256 (RFC 7636 section 4.2).
#[must_use]
pub fn pkce_s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(crate::sha256(verifier))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)] // a test may stop at the first surprise
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (new_token(&SystemRandom), new_token(&SystemRandom));
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one, other);
    }

    #[test]
    fn client_secrets_have_the_shape_dhis2_expects() {
        for _ in 0..100 {
            let secret = new_client_secret(&SystemRandom);
            let parts: Vec<&str> = secret.expose().split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
            let [.., version, variant, _] = parts.as_slice() else { panic!("{parts:?}") };
            assert!(version.starts_with('4') && variant.starts_with(['8', '9', 'a', 'b']));
        }
    }

    #[test]
    fn a_verifier_holds_for_its_secret_and_its_installation() {
        let secrets = ClientSecrets::new(&MasterKey::from_bytes(&[1; 32]).unwrap());
        let verifier = secrets.verifier("s3cret");
        assert!(secrets.verify("s3cret", &verifier) && !secrets.verify("S3cret", &verifier));
        let elsewhere = ClientSecrets::new(&MasterKey::from_bytes(&[2; 32]).unwrap());
        assert!(!elsewhere.verify("s3cret", &verifier));
    }

    #[test]
    fn pkce_vector_of_rfc_7636() {
        let challenge = pkce_s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
