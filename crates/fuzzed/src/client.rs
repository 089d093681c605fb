//! What a client says of itself when it registers (RFC 7591), and what a registry of two dialects is told of one.

use kibali_crypto::jose::Jwks;
use kibali_model::{ClientAuthentication, GrantType};
use kibali_oauth::registration::{METADATA, Metadata, REDIRECT, read};
use serde_json::{Map, Value, json};

use crate::registry;

/// JSON of a client.
pub fn client(data: &[u8]) {
    let Ok(Value::Object(body)) = serde_json::from_slice(data) else { return };
    registers_itself(&body);
    registry::told(&body);
}

fn registers_itself(body: &Map<String, Value>) {
    let metadata = match read(body) {
        Ok(metadata) => metadata,
        Err((error, description)) => {
            assert!([METADATA, REDIRECT, "invalid_request"].contains(&error));
            assert!(!description.is_empty());
            return;
        }
    };
    let Metadata { name, redirect_uris, grant_types, authentication, jwks, jwks_uri, .. } = &metadata;
    assert!(name.as_ref().is_none_or(|name| (1..=200).contains(&name.chars().count())));
    assert!((1..=50).contains(&redirect_uris.len()));
    // It works for the person at it and for nobody else.
    let [code, refresh] = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    assert!(*grant_types == [code] || *grant_types == [code, refresh]);
    assert_ne!(*authentication, ClientAuthentication::SecretJwt);
    let signs = *authentication == ClientAuthentication::PrivateKeyJwt;
    assert!(signs || (jwks.is_none() && jwks_uri.is_none()));
    assert_eq!(metadata.check_keys(true).is_ok(), !signs || jwks.is_some());
    assert_eq!(metadata.check_keys(false).is_ok(), !signs || jwks.is_some() || jwks_uri.is_some());
    let _ = jwks.as_ref().map(Jwks::from_members);
    // Told back in the words of the standard, it is the same.
    assert_eq!(read(&told(&metadata)), Ok(metadata.clone()));
}

/// What was read in the words of RFC 7591.
fn told(metadata: &Metadata) -> Map<String, Value> {
    let grants: Vec<&str> = metadata.grant_types.iter().map(|grant| grant.as_str()).collect();
    let members = json!({
        "client_name": metadata.name,
        "redirect_uris": metadata.redirect_uris,
        "post_logout_redirect_uris": metadata.post_logout_redirect_uris,
        "grant_types": grants,
        "response_types": ["code"],
        "token_endpoint_auth_method": metadata.authentication.as_str(),
        "token_endpoint_auth_signing_alg": metadata.algorithm.map(|algorithm| algorithm.as_str()),
        "jwks": metadata.jwks,
        "jwks_uri": metadata.jwks_uri,
    });
    members.as_object().unwrap().clone()
}
