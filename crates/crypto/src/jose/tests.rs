//! JOSE against the standards' examples and Project Wycheproof's vectors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests

use std::collections::BTreeSet;

use kibali_model::SigningAlgorithm;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// A key of RFC 7515 appendix A.2.
const RFC_7515_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4Ql\
    L-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTB\
    EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9g\
    b54h4FRWyuXpoQ";
/// The payload of RFC 7515 appendices A.1 to A.3.
const RFC_7515_PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn members(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn key(jwk: Value) -> PublicKey {
    PublicKey::from_jwk(&members(jwk)).unwrap()
}

fn check(token: &str, key: PublicKey, algorithm: SigningAlgorithm) -> Result<Vec<u8>, JwsError> {
    Jws::read(token)?.verify(&key.into(), &[algorithm]).map(<[u8]>::to_vec)
}

#[test]
fn hs256_of_rfc_7515_appendix_a_1() {
    let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let secret = SharedKey::new(&base64url::decode(secret).unwrap()).unwrap();
    let token = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC_7515_PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    let jws = Jws::read(&token).unwrap();
    assert_eq!(jws.typ(), Some("JWT"));
    assert!(secret.verify(&jws).is_ok());
    assert_eq!(jws.unverified_claims().unwrap()["iss"], "joe");
    let other = SharedKey::new(&[7; 32]).unwrap();
    assert_eq!(other.verify(&jws), Err(JwsError::Signature));
    assert_eq!(
        secret.verify(&Jws::read(other.sign(&Claims::new()).expose()).unwrap()),
        Err(JwsError::Signature)
    );
}

#[test]
fn rs256_of_rfc_7515_appendix_a_2() {
    let key = key(json!({ "kty": "RSA", "n": RFC_7515_N, "e": "AQAB" }));
    let token = format!(
        "eyJhbGciOiJSUzI1NiJ9.{RFC_7515_PAYLOAD}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4\
         Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMH\
         lb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY\
         9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
    assert!(check(&token, key.clone(), SigningAlgorithm::Rs256).is_ok());
    assert_eq!(check(&token, key, SigningAlgorithm::Ps256), Err(JwsError::Algorithm));
}

#[test]
fn es256_of_rfc_7515_appendix_a_3() {
    let key = key(json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    }));
    let token = format!(
        "eyJhbGciOiJFUzI1NiJ9.{RFC_7515_PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxf\
         KTUJqPP3-Kg6NU1Q"
    );
    assert!(check(&token, key, SigningAlgorithm::Es256).is_ok());
}

#[test]
fn unsecured_tokens_of_rfc_7515_appendix_a_5_are_refused() {
    let token = format!("eyJhbGciOiJub25lIn0.{RFC_7515_PAYLOAD}.");
    assert_eq!(Jws::read(&token).unwrap_err(), JwsError::Algorithm);
}

#[test]
fn critical_extensions_of_rfc_7515_appendix_e_are_refused() {
    let header = base64url::encode(r#"{"alg":"HS256","crit":["http://example.invalid/UNDEFINED"]}"#);
    assert_eq!(Jws::read(&format!("{header}.e30.AA")).unwrap_err(), JwsError::Foreign);
}

#[test]
fn eddsa_goes_by_the_name_of_its_curve_too() {
    let signs = SigningKey::generate(SigningAlgorithm::EdDsa).unwrap();
    let token = signs.sign(&members(json!({ "alg": "Ed25519" })), &Claims::new()).unwrap();
    let mut jwk = signs.public().to_jwk();
    jwk.insert("alg".to_owned(), json!("Ed25519"));
    assert!(check(token.expose(), key(jwk.into()), SigningAlgorithm::EdDsa).is_ok());
    let other = SigningKey::generate(SigningAlgorithm::EdDsa).unwrap().public().clone();
    assert_eq!(check(token.expose(), other, SigningAlgorithm::EdDsa), Err(JwsError::Signature));
}

#[test]
fn ed25519_of_rfc_8037_appendix_a() {
    let key =
        key(json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }));
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dW\
                 bhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(check(token, key, SigningAlgorithm::EdDsa), Ok(b"Example of Ed25519 signing".to_vec()));
}

#[test]
fn the_thumbprint_of_rfc_7638() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok\
             njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu\
             6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8a\
             wapJzKnqDKgw";
    let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    assert_eq!(key(jwk).thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn dpop_proofs_of_rfc_9449() {
    let header = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa\
                  0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6Il\
                  AtMjU2In19";
    // Figures 2 and 12.
    for (rest, htm) in [
        (
            "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIi\
             wiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xR\
             ZT3Lg",
            "POST",
        ),
        (
            "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN\
             0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFby\
             J9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
            "GET",
        ),
    ] {
        let text = format!("{header}.{rest}");
        let proof = Jws::read_proof(&text).unwrap();
        assert_eq!(proof.typ(), Some("dpop+jwt"));
        assert_eq!(proof.own_key().unwrap().thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        let claims = proof.verified_proof(SigningAlgorithm::EVERY).unwrap();
        assert_eq!(claims["htm"], htm);
    }
    let hash = base64url::encode(crate::sha256("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"));
    assert_eq!(hash, "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}

#[test]
fn what_a_key_signs_its_public_half_checks_and_nothing_else() {
    let claims = members(json!({ "iss": "https://dhis2.example.org/", "scope": ["openid"] }));
    let keys: Vec<_> =
        SigningAlgorithm::EVERY.iter().map(|algorithm| SigningKey::generate(*algorithm).unwrap()).collect();
    let set: Jwks = keys.iter().map(|key| key.public().clone()).collect();
    for signing in &keys {
        let algorithm = signing.algorithm();
        let again = SigningKey::from_pkcs8(algorithm, signing.to_pkcs8().unwrap().expose()).unwrap();
        assert_eq!(again.public(), signing.public());
        let token = again.sign(&members(json!({ "kid": "k1" })), &claims).unwrap();
        let jws = Jws::read(token.expose()).unwrap();
        assert_eq!((jws.signing_algorithm(), jws.kid()), (Some(algorithm), Some("k1")));
        assert_eq!(jws.verified_claims(&set, SigningAlgorithm::EVERY), Ok(claims.clone()), "{algorithm:?}");
        for other in keys.iter().filter(|key| key.algorithm() != algorithm) {
            let wrong = jws.verify(&other.public().clone().into(), SigningAlgorithm::EVERY);
            assert!(matches!(wrong, Err(JwsError::NoKey | JwsError::Signature)), "{algorithm:?} {other:?}");
        }
        let named = Jwks::from(signing.public().clone().named("k2", algorithm));
        assert_eq!(jws.verify(&named, &[algorithm]), Err(JwsError::NoKey), "another name");
        let read = PublicKey::from_jwk(&named.keys()[0].to_jwk()).unwrap();
        assert_eq!(&read, &named.keys()[0], "a key that is written is read again");
        assert_eq!(format!("{signing:?}"), format!("SigningKey({})", algorithm.as_str()));
        let wrong_bytes = SigningKey::from_pkcs8(algorithm, b"no key").unwrap_err();
        assert_eq!(wrong_bytes, SigningError::NotAKey);
    }
}

#[test]
fn a_header_brings_no_keys_and_names_no_places_unless_it_is_a_proof() {
    let signing = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let set = Jwks::from(signing.public().clone());
    let sign = |extra: Value| signing.sign(&members(extra), &Claims::new()).unwrap();
    for extra in [
        json!({ "jwk": signing.public().to_jwk() }),
        json!({ "jku": "https://evil.example/jwks.json" }),
        json!({ "x5u": "https://evil.example/cert" }),
        json!({ "x5c": [] }),
        json!({ "crit": ["exp"] }),
        json!({ "b64": false }),
    ] {
        assert_eq!(Jws::read(sign(extra.clone()).expose()).unwrap_err(), JwsError::Foreign, "{extra}");
    }
    let proof = sign(json!({ "typ": "dpop+jwt", "jwk": signing.public().to_jwk() }));
    let read = Jws::read_proof(proof.expose()).unwrap();
    assert_eq!(read.own_key().unwrap().thumbprint(), signing.public().thumbprint());
    assert!(read.verified_proof(SigningAlgorithm::FAPI2).is_ok());
    assert_eq!(read.verified_proof(&[SigningAlgorithm::Rs256]), Err(JwsError::Algorithm));

    let plain = sign(json!({}));
    assert!(Jws::read(plain.expose()).unwrap().verify(&set, SigningAlgorithm::EVERY).is_ok());
    assert_eq!(Jws::read_proof(plain.expose()).unwrap_err(), JwsError::NoKey);
    let others = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let forged = sign(json!({ "jwk": others.public().to_jwk() }));
    let forged = Jws::read_proof(forged.expose()).unwrap();
    assert_eq!(forged.verified_proof(SigningAlgorithm::EVERY), Err(JwsError::Signature));
    let mut private = signing.public().to_jwk();
    private.insert("d".to_owned(), "AA".into());
    assert_eq!(Jws::read_proof(sign(json!({ "jwk": private })).expose()).unwrap_err(), JwsError::NoKey);
}

#[test]
fn a_header_says_everything_once_and_in_text() {
    for (header, error) in [
        (r#"{"alg":"HS256","alg":"none"}"#, JwsError::Malformed),
        (r#"{"alg":"none","alg":"HS256"}"#, JwsError::Malformed),
        (r#"{"alg":["HS256"]}"#, JwsError::Malformed),
        (r#"{"alg":"HS256","kid":1}"#, JwsError::Malformed),
        (r#"{"alg":"HS256","typ":null}"#, JwsError::Malformed),
        (r#"["alg"]"#, JwsError::Malformed),
        ("{}", JwsError::Algorithm),
        (r#"{"alg":"NONE"}"#, JwsError::Algorithm),
        (r#"{"alg":"RS512"}"#, JwsError::Algorithm),
    ] {
        let token = format!("{}.e30.AA", base64url::encode(header));
        assert_eq!(Jws::read(&token).unwrap_err(), error, "{header}");
    }
    let long = format!("eyJhbGciOiJIUzI1NiJ9.{}.AA", "A".repeat(16 * 1024));
    assert_eq!(Jws::read(&long).unwrap_err(), JwsError::Malformed);
}

#[test]
fn a_set_passes_over_what_it_cannot_use_and_stops_at_what_it_must_not_hold() {
    let good = SigningKey::generate(SigningAlgorithm::EdDsa).unwrap().public().to_jwk();
    let set = |keys: Value| Jwks::parse(&json!({ "keys": keys }).to_string());
    let strange = json!({ "kty": "LATER", "x": "AA" });
    assert_eq!(set(json!([strange, good])).unwrap().keys().len(), 1);
    assert_eq!(set(json!([strange])), Err(JwkError::Unsupported));
    assert_eq!(set(json!([])), Err(JwkError::Malformed));
    assert_eq!(set(json!([good, { "kty": "oct", "k": "AA" }])), Err(JwkError::Private));
    assert_eq!(set(json!([good, { "kty": "EC", "crv": "P-521", "d": "AA" }])), Err(JwkError::Private));
    assert_eq!(set(json!([1])), Err(JwkError::Malformed));
    assert_eq!(set(Value::from(vec![good.clone(); 33])), Err(JwkError::TooMuch));
    assert_eq!(Jwks::parse(&" ".repeat(65 * 1024)), Err(JwkError::TooMuch));
    assert_eq!(Jwks::parse(r#"{"keys":[],"keys":[]}"#), Err(JwkError::Malformed));
    // A zero in front of the modulus, as Java writes it, is the same key.
    let n = base64url::encode([&[0], base64url::decode(RFC_7515_N).unwrap().as_slice()].concat());
    let java = key(json!({ "kty": "RSA", "n": n, "e": "AQAB" }));
    assert_eq!(java, key(json!({ "kty": "RSA", "n": RFC_7515_N, "e": "AQAB" })));
    // More of them are another way to write it, with another thumbprint: `AAABAAE` is two before 65537.
    for e in ["AQ", "Ag", "AQAAAAE", "AAABAAE", ""] {
        let weak = PublicKey::from_jwk(&members(json!({ "kty": "RSA", "n": RFC_7515_N, "e": e })));
        assert!(matches!(weak, Err(JwkError::Weak | JwkError::Malformed)), "{e}");
    }
}

/// The names of what others sign with, which Kibali does not.
const NOT_OFFERED: [&str; 7] = ["RS384", "RS512", "PS384", "PS512", "ES512", "HS384", "HS512"];
/// Vectors that Wycheproof calls valid and Kibali refuses: a foreign character amid base64url, which a
/// lenient reader passes over.
const STRICTER: [u64; 2] = [372, 373];

/// Vectors that Wycheproof calls invalid for their padding, which they lost: letter for letter the token that
/// it calls valid as number 357.
const SAME_AS_357: [u64; 2] = [367, 370];

/// Does a token of Wycheproof's pass with the keys of its group? `Err` says why not.
fn judge(keys: &Value, token: &str) -> Result<(), String> {
    let why = |error: &dyn std::error::Error| error.to_string();
    let all = keys["keys"].as_array().cloned().unwrap_or_else(|| vec![keys.clone()]);
    let set = Jwks::parse(&json!({ "keys": all }).to_string());
    if all.iter().all(|key| key["kty"] != "oct") {
        let jws = Jws::read(token).map_err(|error| why(&error))?;
        let keys = set.map_err(|error| why(&error))?;
        return jws.verify(&keys, SigningAlgorithm::EVERY).map(|_| ()).map_err(|error| why(&error));
    }
    assert_eq!(set, Err(JwkError::Private), "a shared key is in no set that is read");
    let mut kids: Vec<_> = all.iter().map(|key| key["kid"].to_string()).collect();
    kids.sort();
    kids.dedup();
    if kids.len() < all.len() || all.iter().any(|key| key["alg"] != "HS256") {
        return Err("not keys for HS256, each by its name".to_owned());
    }
    let jws = Jws::read(token).map_err(|error| why(&error))?;
    let named = all.iter().find(|key| key["kid"].as_str() == jws.kid()).ok_or("no such key")?;
    let secret = base64url::decode(named["k"].as_str().unwrap_or_default()).ok_or("no key")?;
    let secret = SharedKey::new(&secret).map_err(|error| why(&error))?;
    secret.verify(&jws).map(|_| ()).map_err(|error| why(&error))
}

#[test]
fn wycheproof_agrees() {
    let files = [
        include_str!("../../tests/wycheproof/json_web_signature_test.json"),
        include_str!("../../tests/wycheproof/json_web_key_test.json"),
    ];
    let (mut valid, mut invalid, mut not_offered, mut stricter) = (0, 0, 0, BTreeSet::new());
    for file in files {
        let file: Value = serde_json::from_str(file).unwrap();
        for group in file["testGroups"].as_array().unwrap() {
            let keys = group.get("public").unwrap_or(&group["private"]);
            for test in group["tests"].as_array().unwrap() {
                let (id, comment) = (test["tcId"].as_u64().unwrap(), &test["comment"]);
                // Some are in another form, which is no text.
                let token = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
                let judged = judge(keys, &token);
                if SAME_AS_357.contains(&id) {
                    let original = &group["tests"].as_array().unwrap()[0];
                    assert_eq!((&original["tcId"], &original["jws"]), (&json!(357), &test["jws"]));
                } else if test["result"] == "invalid" {
                    assert!(judged.is_err(), "{id} {comment} was believed");
                    invalid += 1;
                } else if judged.is_ok() {
                    valid += 1;
                } else if STRICTER.contains(&id) {
                    stricter.insert(id);
                } else {
                    let header = token.split('.').next().and_then(base64url::decode).unwrap();
                    let header = parse_object(&header).unwrap();
                    let name = header["alg"].as_str().unwrap();
                    assert!(NOT_OFFERED.contains(&name), "{id} {comment} was refused: {judged:?}");
                    not_offered += 1;
                }
            }
        }
    }
    assert_eq!(stricter, BTreeSet::from(STRICTER));
    assert_eq!((valid, invalid, not_offered), (27, 374, 22));
}

proptest! {
    #[test]
    fn any_text_is_read(text in r#"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,3}|\PC{0,60}"#) {
        let _ = Jws::read(&text);
        let _ = Jws::read_proof(&text);
        let _ = Jwks::parse(&text);
    }
}
