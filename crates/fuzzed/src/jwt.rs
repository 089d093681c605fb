//! Signed JWTs, and the assertions by which clients prove themselves.

use std::collections::BTreeSet;

use kibali_crypto::jose::{Claims, Jwks, Jws, JwsError, SigningKey, parse_object};
use kibali_model::{Client, ClientAuthentication, ClientProfile, ObjectId, SigningAlgorithm, Timestamp, Uid};
use kibali_oauth::assertion::{Assertion, algorithms, check};
use serde_json::Value;

use crate::keys::{NOW, decoded, ed25519, encoded, p256, published, shared};
use crate::lines;

const ISSUER: &str = "https://dhis2.example.org/";
const CLIENT: &str = "joe";
/// All that was ever signed by the keys of [`published`] and [`shared`] and stands in a corpus: RFC 7515 appendices A.1
/// to A.3, RFC 8037 appendix A.
const SIGNED: [&str; 4] = [
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
];

/// A token as it came; or claims, which are signed, with a second line that says which of its bytes is changed to what,
/// and a third that goes into its header.
pub fn jwt(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if !text.starts_with('{') {
        return sent(text);
    }
    let ([claims, change, header], _) = lines::<3>(text);
    let Some(claims) = parse_object(claims.as_bytes()) else { return };
    asserted(&claims);
    let header = parse_object(header.as_bytes()).unwrap_or_default();
    let [at, to, by] = [0, 1, 2].map(|n| change.split(' ').nth(n).unwrap_or_default().parse().unwrap_or(0));
    changed(&claims, &header, if by == 0 { ed25519() } else { p256() }, at, to);
}

/// What a stranger sends is believed by no key that did not sign it, and read in one way or in none.
fn sent(text: &str) {
    let read = Jws::read(text);
    assert!(read.is_err() || Jws::read_proof(text).is_err(), "a token and a proof at once");
    let Ok(jws) = read else { return };
    // One spelling: decoded and encoded again it is the same, and nothing may be added to it.
    let parts: Vec<String> = text.split('.').map(|part| encoded(&decoded(part).unwrap())).collect();
    assert_eq!(parts.join("."), text);
    for more in ["=", "\n", " ", ".", "A="] {
        assert!(Jws::read(&format!("{text}{more}")).is_err());
    }
    assert_eq!(jws.signing_algorithm().is_none(), jws.algorithm() == "HS256");
    assert!(jws.own_key().is_none());
    let signed = text.rsplit_once('.').unwrap().0;
    let header = parse_object(&decoded(signed.split_once('.').unwrap().0).unwrap()).unwrap();
    for foreign in ["jwk", "jku", "x5u", "x5c", "crit", "b64"] {
        assert!(!header.contains_key(foreign), "the header brings {foreign}");
    }
    let verified = jws.verify(published(), SigningAlgorithm::EVERY);
    assert!(verified.is_err() || SIGNED.contains(&signed), "forged: {text}");
    assert_eq!(jws.verify(published(), &[]), Err(JwsError::Algorithm));
    assert!(jws.verify(&Jwks::from_iter([]), SigningAlgorithm::EVERY).is_err());
    match shared().verify(&jws) {
        Ok(_) => assert!(SIGNED.contains(&signed) && verified.is_err(), "forged: {text}"),
        Err(error) => assert!(error == JwsError::Signature || jws.algorithm() != "HS256"),
    }
    if let Ok(claims) = jws.unverified_claims() {
        asserted(&claims);
    }
}

/// What we sign is believed as it is, and in no other form: another byte anywhere, a byte less, or another key.
fn changed(claims: &Claims, header: &Claims, key: &SigningKey, at: usize, to: usize) {
    let token = key.sign(header, claims).unwrap();
    let token = token.expose();
    let keys = Jwks::from(key.public().clone());
    let believed = |text: &str, keys: &Jwks| {
        let jws = Jws::read(text).ok()?;
        jws.verify(keys, SigningAlgorithm::EVERY).ok().map(<[u8]>::to_vec)
    };
    let Some(payload) = believed(token, &keys) else {
        // Too long, or the header says something of its own.
        assert!(token.len() > 16 * 1024 || !header.is_empty(), "what we signed is not believed");
        return;
    };
    assert_eq!(parse_object(&payload).map(|read| read.len()), Some(claims.len()));
    let others: Vec<_> = published().keys().iter().filter(|other| *other != key.public()).cloned().collect();
    assert_eq!(believed(token, &Jwks::from_iter(others)), None);
    let at = at % token.len();
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
    let letter = char::from(letters[to % letters.len()]);
    let (before, rest) = token.split_at(at);
    let after = &rest[1..];
    let other = format!("{before}{letter}{after}");
    if other != *token {
        assert_eq!(believed(&other, &keys), None, "{token}\n{other}");
    }
    assert_eq!(believed(&format!("{before}{after}"), &keys), None, "a byte less");
    assert_eq!(believed(&format!("{before}{letter}{rest}"), &keys), None, "a byte more");
}

/// What claims prove of a client: that it asks, here and now.
fn asserted(claims: &Claims) {
    let [legacy, standard, fapi] = [ClientProfile::Legacy, ClientProfile::Standard, ClientProfile::Fapi2]
        .map(|profile| check(claims, &client(profile), ISSUER, NOW));
    assert_eq!(legacy, standard);
    // What is asked of FAPI clients is more, never else.
    assert!(fapi.is_err() || fapi == standard);
    if fapi.is_ok() {
        assert_eq!(claims.get("aud"), Some(&Value::from(ISSUER)));
    }
    let Ok(Assertion { jti, until }) = standard else { return };
    assert_eq!([claims.get("iss"), claims.get("sub")], [Some(&Value::from(CLIENT)); 2]);
    let is_for = |server: &str| {
        let names = |one: &Value| one.as_str().is_some_and(|text| text.starts_with(server));
        let audience = claims.get("aud").unwrap();
        names(audience) || audience.as_array().is_some_and(|all| all.iter().any(names))
    };
    assert!(is_for(ISSUER.trim_end_matches('/')));
    assert_eq!(claims.get("jti").and_then(Value::as_str), jti.as_deref());
    assert!(jti.is_none_or(|jti| (1..=255).contains(&jti.len())));
    assert!(until > NOW && until <= NOW.plus_seconds(3600 + 120));
    // It is refused from the moment on that it is kept until, when it serves no more.
    assert!(check(claims, &client(ClientProfile::Standard), ISSUER, until).is_err());
    let last = Timestamp::from_millis(until.millis() - 1);
    assert!(check(claims, &client(ClientProfile::Standard), ISSUER, last).is_ok());
    let there = check(claims, &client(ClientProfile::Standard), "https://other.example.org/", NOW);
    assert!(there.is_err() || is_for("https://other.example.org"));
}

fn client(profile: ClientProfile) -> Client {
    let client = Client {
        profile,
        authentication: BTreeSet::from([ClientAuthentication::PrivateKeyJwt]),
        ..Client::legacy(ObjectId(1), Uid::from_random([0; 11]), "Joe", CLIENT)
    };
    let strict = profile == ClientProfile::Fapi2;
    assert_eq!(algorithms(&client).contains(&SigningAlgorithm::Rs256), !strict);
    client
}
