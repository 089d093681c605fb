//! Proofs that a caller holds a key (RFC 9449), and the request they are of.

use kibali_crypto::jose::{Claims, Jws, parse_object};
use kibali_crypto::sha256;
use kibali_model::{SigningAlgorithm, Timestamp};
use kibali_oauth::dpop::{DpopFault, DpopProof, Proved, check};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use crate::keys::{NOW, decoded, encoded, p256};
use crate::lines;

/// Figures 2 and 12 of RFC 9449, as far as they are signed: all that was ever signed by a key that this crate does not
/// hold.
const SIGNED: [&str; 2] = [
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ",
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9",
];

/// Method, address, access token and nonce of a request, a line each, the last two perhaps empty; then a proof, or its
/// claims, which are then signed.
pub fn dpop(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let ([method, address, token, nonce], proof) = lines::<4>(text);
    let token_hash = (!token.is_empty()).then(|| encoded(&sha256(token)));
    let nonces = [nonce, "the one before"];
    let request = Proved {
        method,
        address,
        token_hash: token_hash.as_deref(),
        nonces: (!nonce.is_empty()).then_some(&nonces[..]),
    };
    if !proof.starts_with('{') {
        return sent(proof, request);
    }
    let Some(claims) = parse_object(proof.as_bytes()) else { return };
    if let Ok(held) = check(Some("dpop+jwt"), &claims, request, NOW) {
        belongs(&claims, request, &held);
        signed(&claims, request, &held);
    }
}

/// What the server does with a proof: the key's thumbprint and the proof, where it holds.
fn held(jwt: &str, request: Proved<'_>, accept: &[SigningAlgorithm]) -> Option<(String, DpopProof)> {
    let jws = Jws::read_proof(jwt).ok()?;
    let claims = jws.verified_proof(accept).ok()?;
    let proof = check(jws.typ(), &claims, request, NOW).ok()?;
    Some((jws.own_key()?.thumbprint(), proof))
}

/// A proof that came from outside is signed by the key that it brings, which nobody here has.
fn sent(jwt: &str, request: Proved<'_>) {
    let Ok(jws) = Jws::read_proof(jwt) else { return };
    assert!(Jws::read(jwt).is_err(), "a token and a proof at once");
    let key = jws.own_key().expect("a proof without a key");
    assert_eq!(key.thumbprint().len(), 43);
    let verified = jws.verified_proof(SigningAlgorithm::EVERY);
    let signed = jwt.rsplit_once('.').unwrap().0;
    assert!(verified.is_err() || SIGNED.contains(&signed), "forged: {jwt}");
    assert!(verified.is_ok() || jws.verified_proof(SigningAlgorithm::FAPI2).is_err());
    if let Ok(claims) = jws.unverified_claims()
        && let Ok(held) = check(jws.typ(), &claims, request, NOW)
    {
        belongs(&claims, request, &held);
    }
}

/// The claims say this request and no other, and this moment and no other.
fn belongs(claims: &Claims, request: Proved<'_>, held: &DpopProof) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    assert_eq!(text("htm"), Some(request.method));
    assert_eq!(text("jti"), Some(held.jti.as_str()));
    assert!((1..=255).contains(&held.jti.len()));
    let [said, asked] = [text("htu").unwrap(), request.address].map(|url| Url::parse(url).unwrap());
    assert_eq!(said.origin(), asked.origin());
    assert!(said.username().is_empty() && said.password().is_none());
    let path = |url: &Url| percent_decode_str(url.path()).collect::<Vec<u8>>();
    assert_eq!(path(&said), path(&asked));
    if request.token_hash.is_some() {
        assert_eq!(text("ath"), request.token_hash);
    }
    let window = match request.nonces {
        None => 60,
        Some(nonces) => {
            assert!(nonces.contains(&text("nonce").unwrap()));
            300
        }
    };
    assert!(held.until > NOW && held.until <= NOW.plus_seconds(2 * window + 1));
    let at = |now| check(Some("dpop+jwt"), claims, request, now);
    assert_eq!(at(held.until), Err(DpopFault::Time));
    assert!(at(Timestamp::from_millis(held.until.millis() - 1)).is_ok(), "it is forgotten before its time");
    let of = |other| check(Some("dpop+jwt"), claims, other, NOW);
    assert_eq!(of(Proved { method: "TRACE!", ..request }), Err(DpopFault::Method));
    assert_eq!(of(Proved { address: "https://other.example.org/x", ..request }), Err(DpopFault::Address));
    assert_eq!(of(Proved { token_hash: Some("another"), ..request }), Err(DpopFault::Token));
    let other = format!("{}!", text("nonce").unwrap_or_default());
    assert_eq!(of(Proved { nonces: Some(&[&other]), ..request }), Err(DpopFault::Nonce));
    assert_eq!(check(Some("JWT"), claims, request, NOW), Err(DpopFault::Type));
    assert_eq!(check(None, claims, request, NOW), Err(DpopFault::Type));
}

/// Signed, they prove it for the key that signed; with another key or other claims beside the signature, nothing.
fn signed(claims: &Claims, request: Proved<'_>, proof: &DpopProof) {
    let key = p256();
    let header = |jwk: Claims| {
        Claims::from_iter([("typ".to_owned(), "dpop+jwt".into()), ("jwk".to_owned(), Value::Object(jwk))])
    };
    let jwt = key.sign(&header(key.public().to_jwk()), claims).unwrap();
    let jwt = jwt.expose();
    if jwt.len() > 16 * 1024 {
        assert_eq!(held(jwt, request, SigningAlgorithm::EVERY), None);
        return;
    }
    let expected = Some((key.public().thumbprint(), proof.clone()));
    assert_eq!(held(jwt, request, SigningAlgorithm::EVERY), expected);
    assert_eq!(held(jwt, request, SigningAlgorithm::FAPI2), expected);
    assert_eq!(held(jwt, request, &[SigningAlgorithm::Rs256, SigningAlgorithm::EdDsa]), None);
    let stranger = parse_object(&decoded(SIGNED[0].split('.').next().unwrap()).unwrap()).unwrap();
    let stranger = stranger["jwk"].as_object().unwrap().clone();
    let other = key.sign(&header(stranger), claims).unwrap();
    assert_eq!(held(other.expose(), request, SigningAlgorithm::EVERY), None, "a key that did not sign");
    let mut parts = jwt.split('.');
    let (head, signature) = (parts.next().unwrap(), parts.nth(1).unwrap());
    let renamed = Claims::from_iter(claims.iter().map(|(name, value)| match name.as_str() {
        "jti" => (name.clone(), format!("{}!", proof.jti.chars().next().unwrap()).into()),
        _ => (name.clone(), value.clone()),
    }));
    let body = encoded(Value::Object(renamed).to_string().as_bytes());
    if jwt.split('.').nth(1) != Some(&body) {
        let respent = format!("{head}.{body}.{signature}");
        assert_eq!(held(&respent, request, SigningAlgorithm::EVERY), None, "spent under another name");
    }
    let bare = key.sign(&Claims::from_iter([("typ".to_owned(), "dpop+jwt".into())]), claims).unwrap();
    assert_eq!(held(bare.expose(), request, SigningAlgorithm::EVERY), None, "a proof without a key");
}
