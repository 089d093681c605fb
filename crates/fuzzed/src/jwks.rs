//! Sets of public keys: as they are checked with, and as the registry keeps them.

use kibali_crypto::jose::{JwkError, Jwks, PublicKey, parse_object};
use kibali_metadata::client::Registration;
use kibali_metadata::kind::{ClientColumn, Property, Type};
use serde_json::{Map, Value, json};

/// Members that only a private or a shared key has (RFC 7518 section 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const REQUIRED: [&str; 6] = ["crv", "e", "kty", "n", "x", "y"];

/// A set, or one key.
pub fn jwks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = Jwks::parse(text);
    if text.len() <= 64 * 1024 {
        let members = parse_object(text.as_bytes()).ok_or(JwkError::Malformed);
        assert_eq!(read, members.and_then(|members| Jwks::from_members(&members)));
        if let Some(jwk) = parse_object(text.as_bytes())
            && let Ok(key) = PublicKey::from_jwk(&jwk)
        {
            one_key(&jwk, &key);
        }
    }
    if let Ok(set) = &read {
        assert!((1..=32).contains(&set.keys().len()));
        let written: Vec<Value> = set.keys().iter().map(|key| Value::Object(key.to_jwk())).collect();
        assert_eq!(Jwks::parse(&json!({ "keys": written }).to_string()).as_ref(), Ok(set));
        set.keys().iter().for_each(|key| one_key(&key.to_jwk(), key));
        let mut all = written;
        all.push(json!({ "kty": "EC", "d": "AA" }));
        let refused = if all.len() > 32 { JwkError::TooMuch } else { JwkError::Private };
        assert_eq!(Jwks::parse(&json!({ "keys": all }).to_string()), Err(refused));
    }
    registered(json!(text));
    if let Ok(set) = serde_json::from_str::<Value>(text) {
        registered(set);
    }
}

/// A key is the same however it is written, shows nothing private, and is told from a private one.
fn one_key(jwk: &Map<String, Value>, key: &PublicKey) {
    let written = key.to_jwk();
    assert!(PRIVATE.iter().all(|member| !written.contains_key(*member) && !jwk.contains_key(*member)));
    assert_eq!(PublicKey::from_jwk(&written).as_ref(), Ok(key));
    assert_eq!(key.kid(), jwk.get("kid").and_then(Value::as_str));
    let thumbprint = key.thumbprint();
    assert_eq!(thumbprint.len(), 43);
    let bare: Map<String, Value> = written
        .iter()
        .rev()
        .filter(|(name, _)| REQUIRED.contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    let bare = PublicKey::from_jwk(&bare).expect("the members that make a key make it");
    assert_eq!(bare.thumbprint(), thumbprint);
    for member in PRIVATE {
        let mut private = written.clone();
        private.insert(member.to_owned(), json!("AA"));
        assert_eq!(PublicKey::from_jwk(&private), Err(JwkError::Private));
    }
}

/// What the registry takes as the keys of a client has one reading, holds nothing of a private key, and is shown so
/// that it is taken again.
fn registered(set: Value) {
    let property = Property::new("clientSettings", Type::Text);
    let settings = json!({
        "settings.client.require-proof-key": true,
        "settings.client.require-authorization-consent": true,
        "client.inline.jwks": set,
    });
    let mut client = Registration::default();
    if client.take(ClientColumn::Settings, &property, Some(&json!(settings.to_string()))).is_err() {
        assert_eq!(client, Registration::default(), "refused, and taken in part");
        return;
    }
    let Some(kept) = &client.settings.jwks else { return };
    assert!(parse_object(kept.as_bytes()).is_some(), "two readings: {kept}");
    assert_ne!(Jwks::parse(kept), Err(JwkError::Private), "{kept}");
    let shown = client.value(ClientColumn::Settings, &property);
    let mut again = Registration::default();
    assert_eq!(again.take(ClientColumn::Settings, &property, Some(&shown)), Ok(()));
    assert_eq!(again.settings, client.settings);
}
