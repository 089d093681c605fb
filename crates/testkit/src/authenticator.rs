//! A device that makes and uses passkeys, with the browser around it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A device. Its members are what it is, or pretends to be, for the next answer.
pub struct Authenticator {
    /// The page that asks, as the browser says.
    pub origin: String,
    /// The site that it answers.
    pub site: String,
    /// Somebody touches it.
    pub present: bool,
    /// It makes sure who uses it.
    pub verifies: bool,
    /// Its passkeys may be copied to other devices, and are.
    pub shares: bool,
    /// How often it signed; it does not count where this is none.
    pub counter: Option<u32>,
    passkeys: Vec<Kept>,
}

struct Kept {
    credential: Vec<u8>,
    handle: String,
    pair: EcdsaKeyPair,
}

impl Default for Authenticator {
    /// In front of the application at its address in tests.
    fn default() -> Self {
        Self {
            origin: "http://localhost:8080".to_owned(),
            site: "localhost".to_owned(),
            present: true,
            verifies: true,
            shares: false,
            counter: Some(0),
            passkeys: Vec::new(),
        }
    }
}

impl Authenticator {
    /// One that is otherwise.
    #[must_use]
    pub fn that(is: impl FnOnce(&mut Self)) -> Self {
        let mut device = Self::default();
        is(&mut device);
        device
    }

    /// Makes a passkey: the answer of the browser, as its script sends it.
    pub fn make(&mut self, options: &Value) -> String {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let credential = digest(&SHA256, pair.public_key().as_ref()).as_ref().to_vec();
        let point = &pair.public_key().as_ref()[1..];
        let key = [
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20][..],
            &point[..32],
            &[0x22, 0x58, 0x20],
            &point[32..],
        ];
        let made = [&[0; 16][..], &[0, 32], &credential, &key.concat()].concat();
        let data = self.data(0x40, &made);
        let length = u8::try_from(data.len()).unwrap();
        let attestation =
            [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..], &[length], &data].concat();
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(self.client("webauthn.create", options)),
            "attestationObject": URL_SAFE_NO_PAD.encode(attestation),
            "transports": ["internal"],
        });
        let answer =
            json!({ "id": URL_SAFE_NO_PAD.encode(&credential), "type": "public-key", "response": response });
        let handle = options["user"]["id"].as_str().unwrap().to_owned();
        self.passkeys.push(Kept { credential, handle, pair });
        answer.to_string()
    }

    /// Uses the passkey it made last, of those that are allowed.
    ///
    /// # Panics
    /// It has none of them.
    pub fn answer(&mut self, options: &Value) -> String {
        let allowed = options["allowCredentials"].as_array().unwrap();
        let name = |kept: &Kept| Value::from(URL_SAFE_NO_PAD.encode(&kept.credential));
        let fits = |kept: &&Kept| allowed.is_empty() || allowed.iter().any(|one| one["id"] == name(kept));
        let kept = self.passkeys.iter().rposition(|kept| fits(&kept)).expect("it has one of these");
        self.counter = self.counter.map(|counter| counter + 1);
        let (data, client) = (self.data(0, &[]), self.client("webauthn.get", options));
        let signed = [&data[..], digest(&SHA256, &client).as_ref()].concat();
        let kept = &self.passkeys[kept];
        let signature = kept.pair.sign(&SystemRandom::new(), &signed).unwrap();
        let response = json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
            "userHandle": kept.handle,
        });
        json!({ "id": name(kept), "type": "public-key", "response": response }).to_string()
    }

    fn client(&self, kind: &str, options: &Value) -> Vec<u8> {
        let told = json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false });
        told.to_string().into_bytes()
    }

    fn data(&self, more: u8, rest: &[u8]) -> Vec<u8> {
        let says = |is: bool, bits: u8| if is { bits } else { 0 };
        let flags = more | says(self.present, 0x01) | says(self.verifies, 0x04) | says(self.shares, 0x18);
        let counter = self.counter.unwrap_or(0).to_be_bytes();
        [digest(&SHA256, self.site.as_bytes()).as_ref(), &[flags], &counter, rest].concat()
    }
}
