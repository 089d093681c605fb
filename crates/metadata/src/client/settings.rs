//! `clientSettings` and `tokenSettings`: texts that hold JSON with Java's type names in it (modern reference
//! 2.4). They are taken with and without those names, and shown with them.

use kibali_model::{ClientSettings, PRIVATE_KEY_MEMBERS, TokenFormat, TokenSettings};
use serde_json::{Map, Value, json};

const CLASS: &str = "@class";
const MAP: &str = "java.util.Collections$UnmodifiableMap";
const DURATION: &str = "java.time.Duration";
const FORMAT: &str = "org.springframework.security.oauth2.server.authorization.settings.OAuth2TokenFormat";
const SIGNATURE: &str = "org.springframework.security.oauth2.jose.jws.SignatureAlgorithm";
const MAC: &str = "org.springframework.security.oauth2.jose.jws.MacAlgorithm";

const PROOF_KEY: &str = "settings.client.require-proof-key";
const CONSENT: &str = "settings.client.require-authorization-consent";
const JWKS_URI: &str = "settings.client.jwk-set-url";
const JWKS: &str = "client.inline.jwks";
const ASSERTION: &str = "settings.client.token-endpoint-authentication-signing-algorithm";

const REUSE: &str = "settings.token.reuse-refresh-tokens";
const ACCESS: &str = "settings.token.access-token-time-to-live";
const REFRESH: &str = "settings.token.refresh-token-time-to-live";
const CODE: &str = "settings.token.authorization-code-time-to-live";
const DEVICE: &str = "settings.token.device-code-time-to-live";
const TOKEN_FORMAT: &str = "settings.token.access-token-format";
const ALGORITHM: &str = "settings.token.id-token-signature-algorithm";

/// Longest settings of a client, in bytes: they may hold its keys.
const LONGEST: usize = 128 << 10;
/// Longest life of anything, in seconds: ten years.
const LONGEST_LIFE: i64 = 10 * 365 * 24 * 3600;

type More = Map<String, Value>;

/// `clientSettings`, with Java's type names.
#[must_use]
pub fn client_text(settings: &ClientSettings, more: &More) -> String {
    let mut map = start();
    map.insert(PROOF_KEY.to_owned(), json!(settings.require_proof_key));
    map.insert(CONSENT.to_owned(), json!(settings.require_consent));
    put(&mut map, JWKS_URI, settings.jwks_uri.as_ref().map(|uri| json!(uri)));
    put(&mut map, ASSERTION, settings.assertion_algorithm.as_deref().map(algorithm));
    put(&mut map, JWKS, settings.jwks.as_ref().map(|jwks| json!(jwks)));
    finish(map, more)
}

/// `tokenSettings`, with Java's type names: what is not said follows the endpoint, and is not shown.
#[must_use]
pub fn token_text(tokens: &TokenSettings, more: &More) -> String {
    let mut map = start();
    map.insert(REUSE.to_owned(), json!(tokens.reuse_refresh_tokens));
    put(&mut map, ALGORITHM, tokens.algorithm.as_deref().map(algorithm));
    put(&mut map, ACCESS, tokens.access_seconds.map(duration));
    let format = |format: TokenFormat| json!({ CLASS: FORMAT, "value": format.as_str() });
    put(&mut map, TOKEN_FORMAT, tokens.format.map(format));
    put(&mut map, REFRESH, tokens.refresh_seconds.map(duration));
    put(&mut map, CODE, tokens.code_seconds.map(duration));
    put(&mut map, DEVICE, tokens.device_code_seconds.map(duration));
    finish(map, more)
}

fn start() -> More {
    Map::from_iter([(CLASS.to_owned(), json!(MAP))])
}

fn put(map: &mut More, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value);
    }
}

fn finish(mut map: More, more: &More) -> String {
    map.extend(more.clone());
    Value::Object(map).to_string()
}

fn duration(seconds: i64) -> Value {
    json!([DURATION, seconds])
}

fn algorithm(name: &str) -> Value {
    json!([if name.starts_with("HS") { MAC } else { SIGNATURE }, name])
}

/// What `clientSettings` say, and what else they hold.
///
/// # Errors
/// Why not, in words.
pub(super) fn read_client(text: &str) -> Result<(ClientSettings, More), String> {
    let mut map = open(text)?;
    let mut flag = |key: &str| match map.shift_remove(key) {
        Some(Value::Bool(flag)) => Ok(flag),
        Some(_) => Err(format!("{key} must be true or false")),
        None => Err(format!("{key} is missing")),
    };
    let settings = ClientSettings {
        require_proof_key: flag(PROOF_KEY)?,
        require_consent: flag(CONSENT)?,
        jwks_uri: take_text(&mut map, JWKS_URI)?,
        assertion_algorithm: take_text(&mut map, ASSERTION)?,
        jwks: match map.shift_remove(JWKS) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => {
                let set = serde_json::from_str(&text).map_err(|error| format!("{JWKS}: {error}"))?;
                Some(public_set(&set)?)
            }
            Some(set @ Value::Object(_)) => Some(public_set(&set)?),
            Some(_) => return Err(format!("{JWKS} must hold a JWK set")),
        },
    };
    if settings.jwks_uri.as_ref().is_some_and(|uri| !uri.starts_with("https://")) {
        return Err(format!("{JWKS_URI} must begin with https://"));
    }
    Ok((settings, map))
}

/// What `tokenSettings` say, and what else they hold.
///
/// # Errors
/// Why not, in words.
pub(super) fn read_token(text: &str) -> Result<(TokenSettings, More), String> {
    let mut map = open(text)?;
    let tokens = TokenSettings {
        reuse_refresh_tokens: match map.shift_remove(REUSE) {
            None | Some(Value::Null) => true,
            Some(Value::Bool(flag)) => flag,
            Some(_) => return Err(format!("{REUSE} must be true or false")),
        },
        access_seconds: take_seconds(&mut map, ACCESS)?,
        refresh_seconds: take_seconds(&mut map, REFRESH)?,
        code_seconds: take_seconds(&mut map, CODE)?,
        device_code_seconds: take_seconds(&mut map, DEVICE)?,
        format: match take_text(&mut map, TOKEN_FORMAT)? {
            None => None,
            Some(name) => Some(
                TokenFormat::from_name(&name)
                    .ok_or_else(|| format!("{TOKEN_FORMAT} is self-contained or reference"))?,
            ),
        },
        algorithm: take_text(&mut map, ALGORITHM)?,
    };
    Ok((tokens, map))
}

fn open(text: &str) -> Result<More, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(mut map)) => {
            map.shift_remove(CLASS);
            Ok(map)
        }
        Ok(_) => Err("it is no object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A value without its Java type: bare, `[type, value]` or `{"@class": type, "value": value}`.
fn bare(value: Value) -> Value {
    match value {
        Value::Array(mut pair) if pair.len() == 2 => pair.pop().unwrap_or_default(),
        Value::Object(mut map) => map.shift_remove("value").unwrap_or_default(),
        value => value,
    }
}

fn take_text(map: &mut More, key: &str) -> Result<Option<String>, String> {
    match map.shift_remove(key).map(bare) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("{key} must be a text")),
    }
}

fn take_seconds(map: &mut More, key: &str) -> Result<Option<i64>, String> {
    let wrong = || format!("{key} must be a number of seconds from 1 to {LONGEST_LIFE}");
    let Some(value) = map.shift_remove(key).map(bare).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let number = value.as_number().ok_or_else(wrong)?;
    // Nanoseconds come behind a point; whole seconds are kept.
    let whole = number.to_string().split('.').next().and_then(|whole| whole.parse().ok());
    whole.filter(|seconds| (1..=LONGEST_LIFE).contains(seconds)).map(Some).ok_or_else(wrong)
}

/// A set of public keys as it is kept: written anew, so that nothing is kept that was not looked at. A private or
/// symmetric one must not be given away, here neither.
fn public_set(set: &Value) -> Result<String, String> {
    let keys =
        set.get("keys").and_then(Value::as_array).ok_or_else(|| format!("{JWKS} has no list `keys`"))?;
    let is_public = |key: &Value| {
        key.get("kty").is_some() && PRIVATE_KEY_MEMBERS.iter().all(|part| key.get(part).is_none())
    };
    if keys.is_empty() || !keys.iter().all(is_public) {
        return Err(format!("{JWKS} must hold public keys, and nothing of a private one"));
    }
    Ok(set.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise

    use super::*;

    /// DHIS2's own defaults (modern reference 2.4).
    const DHIS2: &str = r#"{"@class":"java.util.Collections$UnmodifiableMap",
        "settings.token.reuse-refresh-tokens":true,
        "settings.token.x509-certificate-bound-access-tokens":false,
        "settings.token.id-token-signature-algorithm":["org.springframework.security.oauth2.jose.jws.SignatureAlgorithm","RS256"],
        "settings.token.access-token-time-to-live":["java.time.Duration",300.000000000],
        "settings.token.access-token-format":{"@class":"org.springframework.security.oauth2.server.authorization.settings.OAuth2TokenFormat","value":"self-contained"},
        "settings.token.refresh-token-time-to-live":["java.time.Duration",3600.000000000],
        "settings.token.authorization-code-time-to-live":["java.time.Duration",300.000000000],
        "settings.token.device-code-time-to-live":["java.time.Duration",300.000000000]}"#;

    #[test]
    fn token_settings_of_dhis2_are_read_and_shown_so_that_they_are_read_again() {
        let (tokens, more) = read_token(DHIS2).unwrap();
        assert_eq!((tokens.access_seconds, tokens.refresh_seconds), (Some(300), Some(3600)));
        assert_eq!((tokens.format, tokens.algorithm.as_deref()), (Some(TokenFormat::Jwt), Some("RS256")));
        assert!(more.contains_key("settings.token.x509-certificate-bound-access-tokens"), "kept");
        let shown = token_text(&tokens, &more);
        assert!(shown.contains(r#""@class":"java.util.Collections$UnmodifiableMap""#), "{shown}");
        assert_eq!(read_token(&shown).unwrap(), (tokens, more));
        let plain = r#"{"settings.token.access-token-time-to-live":60,"settings.token.access-token-format":"reference"}"#;
        let (tokens, _) = read_token(plain).unwrap();
        assert_eq!((tokens.access_seconds, tokens.format), (Some(60), Some(TokenFormat::Opaque)));
    }

    #[test]
    fn client_settings_are_read_with_and_without_classes_and_keep_what_they_do_not_know() {
        for text in [
            r#"{"@class":"java.util.Collections$UnmodifiableMap","settings.client.require-proof-key":true,"settings.client.require-authorization-consent":false,"x":{"y":1}}"#,
            r#"{"settings.client.require-proof-key":true,"settings.client.require-authorization-consent":false,"x":{"y":1}}"#,
        ] {
            let (settings, more) = read_client(text).unwrap();
            assert!(settings.require_proof_key && !settings.require_consent);
            assert_eq!(more.get("x"), Some(&json!({ "y": 1 })));
            assert_eq!(read_client(&client_text(&settings, &more)).unwrap(), (settings, more));
        }
    }

    #[test]
    fn no_key_is_kept_that_was_not_looked_at() {
        let twice = r#"{"keys":[{"kty":"EC","d":"x"}],"keys":[{"kty":"OKP","kid":"1"}]}"#;
        let text = json!({ PROOF_KEY: true, CONSENT: true, JWKS: twice }).to_string();
        let (settings, _) = read_client(&text).unwrap();
        assert_eq!(settings.jwks.as_deref(), Some(r#"{"keys":[{"kty":"OKP","kid":"1"}]}"#));
    }

    #[test]
    fn a_number_in_a_key_is_kept_as_the_same_number() {
        let digits = "3".repeat(200) + &"0".repeat(20) + &"3".repeat(60) + "2";
        let set = format!(r#"{{"keys":[{{"kty":"OKP","use":{digits}}}]}}"#);
        let kept = |set: &str| {
            let text = json!({ PROOF_KEY: true, CONSENT: true, JWKS: set }).to_string();
            read_client(&text).unwrap().0.jwks.unwrap()
        };
        assert_eq!(kept(&kept(&set)), kept(&set));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let both = |rest: &str| format!(r#"{{"{PROOF_KEY}":true,"{CONSENT}":true,{rest}}}"#);
        for (text, said) in [
            ("{".to_owned(), "EOF"),
            ("[]".to_owned(), "no object"),
            (format!(r#"{{"{CONSENT}":true}}"#), "require-proof-key is missing"),
            (format!(r#"{{"{PROOF_KEY}":"yes","{CONSENT}":true}}"#), "true or false"),
            (both(r#""settings.client.jwk-set-url":"http://a""#), "https"),
            (both(r#""client.inline.jwks":"{}""#), "keys"),
            (both(r#""client.inline.jwks":{"keys":[{"kty":"EC","d":"x"}]}"#), "private"),
            (both(r#""client.inline.jwks":{"keys":[{"kty":"RSA","qi":"x"}]}"#), "private"),
        ] {
            let why = read_client(&text).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
        for text in [
            r#"{"settings.token.access-token-time-to-live":0}"#,
            r#"{"settings.token.access-token-time-to-live":["java.time.Duration",-5]}"#,
            r#"{"settings.token.access-token-time-to-live":1e30}"#,
            r#"{"settings.token.access-token-format":"paper"}"#,
            r#"{"settings.token.reuse-refresh-tokens":1}"#,
        ] {
            assert!(read_token(text).is_err(), "{text}");
        }
    }
}
