//! The test vectors of the standard, and what must not be believed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may stop at the first surprise

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::digest::tests::hex;
use crate::jose::base64url;
use crate::sha256;

/// Vectors whose keys are of kinds that nobody asks for.
const OTHER_KEYS: [&str; 3] = [
    "Packed Attestation with ES384 Credential",
    "Packed Attestation with ES512 Credential",
    "Packed Attestation with Ed448 Credential",
];

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

/// A member of a vector, as browsers write bytes.
fn text(vector: &Value, name: &str) -> String {
    base64url::encode(hex(vector[name].as_str().unwrap()))
}

fn registration(vector: &Value) -> Value {
    let create = &vector["create"];
    json!({
        "id": text(vector, "credential"), "rawId": text(vector, "credential"), "type": "public-key",
        "response": {
            "clientDataJSON": text(create, "clientDataJSON"),
            "attestationObject": text(create, "attestationObject"),
            "transports": ["internal", "hybrid", "", "<script>", 1],
        },
        "clientExtensionResults": {},
    })
}

fn assertion(vector: &Value) -> Value {
    let get = &vector["get"];
    json!({
        "id": text(vector, "credential"), "type": "public-key",
        "response": {
            "clientDataJSON": text(get, "clientDataJSON"),
            "authenticatorData": text(get, "authenticatorData"),
            "signature": text(get, "signature"),
            "userHandle": null,
        },
    })
}

#[test]
fn the_standards_vectors_are_read_and_their_signatures_hold() {
    let vectors = vectors();
    assert!(vectors.len() >= 15, "{}", vectors.len());
    for vector in vectors {
        let name = vector["name"].as_str().unwrap();
        let made = Registration::read(&registration(&vector).to_string());
        if OTHER_KEYS.contains(&name) {
            assert_eq!(made, Err(WebauthnError::Key), "{name}");
            continue;
        }
        let made = made.map_err(|error| format!("{name}: {error}")).unwrap();
        assert_eq!(made.made.credential, hex(vector["credential"].as_str().unwrap()), "{name}");
        assert_eq!(made.client["type"], "webauthn.create", "{name}");
        assert_eq!(made.client["challenge"], text(&vector["create"], "challenge"), "{name}");
        assert_eq!((made.data.site, made.data.present), (sha256("example.org"), true), "{name}");
        assert_eq!(made.transports, ["internal", "hybrid"]);

        let used = Assertion::read(&assertion(&vector).to_string()).unwrap();
        assert_eq!(used.client["challenge"], text(&vector["get"], "challenge"), "{name}");
        assert_eq!((used.handle.clone(), used.data.made.clone()), (None, None), "{name}");
        assert!(used.is_by(&made.made.key), "{name}");
        // The key survives being kept.
        let kept = crate::jose::PublicKey::from_jwk(&made.made.key.to_jwk()).unwrap();
        assert!(used.is_by(&kept), "{name}");
        for name in ["clientDataJSON", "authenticatorData", "signature"] {
            let mut other = assertion(&vector);
            let mut bytes = hex(vector["get"][name].as_str().unwrap());
            // A letter of the JSON, a bit of the counter, the end of the signature.
            let at = if name == "clientDataJSON" { 30 } else { bytes.len() - 1 };
            bytes[at] ^= 1;
            other["response"][name] = base64url::encode(&bytes).into();
            let other = Assertion::read(&other.to_string());
            assert!(other.is_err() || other.is_ok_and(|other| !other.is_by(&kept)), "{name}");
        }
    }
}

#[test]
fn a_signature_of_one_key_is_none_of_another() {
    let vectors = vectors();
    let made: Vec<_> = vectors
        .iter()
        .filter_map(|vector| Registration::read(&registration(vector).to_string()).ok())
        .collect();
    for (place, vector) in vectors.iter().enumerate() {
        let used = Assertion::read(&assertion(vector).to_string()).unwrap();
        let believed = made.iter().filter(|made| used.is_by(&made.made.key)).count();
        assert_eq!(believed, usize::from(!OTHER_KEYS.contains(&vector["name"].as_str().unwrap())), "{place}");
    }
}

#[test]
fn an_answer_that_is_not_one_is_refused() {
    let vector = &vectors()[0];
    let (made, used) = (registration(vector), assertion(vector));
    for (pointer, value) in [
        ("/type", json!("password")),
        ("/id", json!("")),
        ("/id", json!("AAAA=")),
        ("/id", json!("A".repeat(1368))),
        ("/response", json!([])),
        ("/response/clientDataJSON", json!("e30=")),
        ("/response/clientDataJSON", json!(base64url::encode("[]"))),
        ("/response/clientDataJSON", json!(base64url::encode(r#"{"type":1,"type":2}"#))),
        ("/response/attestationObject", json!(1)),
        ("/response/authenticatorData", json!(base64url::encode([0; 36]))),
        ("/response/signature", json!("")),
        ("/response/userHandle", json!("A".repeat(88))),
    ] {
        for (read, answer) in [("made", &made), ("used", &used)] {
            let mut answer = answer.clone();
            let Some(place) = answer.pointer_mut(pointer) else { continue };
            *place = value.clone();
            let text = answer.to_string();
            let refused = Registration::read(&text).is_err() && Assertion::read(&text).is_err();
            assert!(refused, "{read} {pointer} {value}");
        }
    }
    // A credential is called in the answer what it is called in what was signed.
    let mut other = made.clone();
    other["id"] = "AAAA".into();
    assert_eq!(Registration::read(&other.to_string()), Err(WebauthnError::Malformed));
    assert!(Registration::read(&" ".repeat(40_000)).is_err());
}

/// Authenticator data of a site, with these flags and what follows the counter.
fn data(flags: u8, rest: &[u8]) -> Result<AuthenticatorData, WebauthnError> {
    AuthenticatorData::read(&[&[1; 32][..], &[flags, 0, 0, 1, 2], rest].concat())
}

#[test]
fn flags_and_counter_are_told() {
    let told = data(0x0d, &[]).unwrap();
    assert_eq!((told.present, told.verified, told.eligible, told.backed_up), (true, true, true, false));
    assert_eq!((told.site, told.counter), ([1; 32], 258));
    assert!(data(0x19, &[]).unwrap().backed_up);
    for (flags, present, verified) in [(0x00, false, false), (0x01, true, false), (0x04, false, true)] {
        let told = data(flags, &[]).unwrap();
        assert_eq!((told.present, told.verified), (present, verified), "{flags:x}");
    }
    assert_eq!(data(0x11, &[]), Err(WebauthnError::Malformed), "copied and not to be copied");
    assert!(data(0x81, &hex("a16161f5")).is_ok());
    for (flags, rest) in [(0x01, "00"), (0x81, ""), (0x81, "01"), (0x81, "a0 00"), (0x41, "00")] {
        assert_eq!(data(flags, &hex(rest)), Err(WebauthnError::Malformed), "{flags:x} {rest}");
    }
}

#[test]
fn only_keys_that_were_asked_for_are_taken() {
    let point = "215820eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf193843c5\
                 225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896e183fee484f2";
    let read = |members: &str| key::read(&mut cbor::Cbor::new(&hex(members))).map(|_| ());
    assert_eq!(read(&format!("a5 0102 0326 2001 {point}")), Ok(()));
    assert_eq!(read(&format!("a6 0102 0326 2001 {point} 0400")), Ok(()), "more than is needed");
    for (wrong, why) in [
        (format!("a5 0102 0327 2001 {point}"), "an algorithm of another kind"),
        (format!("a5 0102 0326 2002 {point}"), "another curve"),
        (format!("a5 0101 0326 2001 {point}"), "another kind"),
        (format!("a4 0102 2001 {point}"), "no algorithm"),
        (format!("a4 0102 0326 {point}"), "no curve"),
        ("a5 0102 0326 2001 214101 224101".to_owned(), "no point"),
        (format!("a5 0102 0326 2001 {}", point.replace("f2", "f3")), "no point of the curve"),
        ("a3 0101 0327 2006".to_owned(), "no coordinate"),
        ("a4 0103 03390100 2041ff 2143010001".to_owned(), "a short modulus"),
    ] {
        assert_eq!(read(&wrong), Err(WebauthnError::Key), "{why}");
    }
    let twice = format!("a6 0102 0102 0326 2001 {point}");
    for wrong in [twice.as_str(), "", "00", "a1", "b118", "a16161 00"] {
        assert_eq!(read(wrong), Err(WebauthnError::Malformed), "{wrong}");
    }
}

proptest! {
    #[test]
    fn any_text_and_any_bytes_are_read(text in ".{0,64}", bytes in proptest::collection::vec(any::<u8>(), 0..300), flags: u8) {
        let _ = (Registration::read(&text), Assertion::read(&text), data(flags, &bytes));
        let _ = key::read(&mut cbor::Cbor::new(&bytes));
        let bytes = base64url::encode(&bytes);
        let response = json!({ "clientDataJSON": bytes, "attestationObject": bytes, "authenticatorData": bytes,
                               "signature": bytes, "userHandle": bytes });
        let answer = json!({ "id": "AAAA", "type": "public-key", "response": response }).to_string();
        let _ = (Registration::read(&answer), Assertion::read(&answer));
    }

    /// What authenticators send with a byte changed: refused, or read as what it says now, where no other key passes for
    /// the one that signs.
    #[test]
    fn what_was_tampered_with_is_refused_or_read_as_it_stands(which in 0_usize..15, at: prop::sample::Index, value: u8) {
        let vector = &vectors()[which];
        let mut bytes = hex(vector["create"]["attestationObject"].as_str().unwrap());
        let at = at.index(bytes.len());
        bytes[at] = value;
        let mut answer = registration(vector);
        answer["response"]["attestationObject"] = base64url::encode(&bytes).into();
        if let Ok(read) = Registration::read(&answer.to_string()) {
            let genuine = Registration::read(&registration(vector).to_string()).unwrap();
            let used = Assertion::read(&assertion(vector).to_string()).unwrap();
            let same_key = read.made.key.thumbprint() == genuine.made.key.thumbprint();
            prop_assert_eq!(used.is_by(&read.made.key), same_key);
            let held = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            prop_assert!(held(&read.data.site) && held(&read.made.credential));
        }
    }
}
