//! What a client is told of itself.

use kibali_crypto::Secret;
use kibali_metadata::client::Registration;
use kibali_model::{ClientAuthentication, GrantType};
use kibali_oauth::algorithm;
use serde_json::{Value, json};

use super::client::{Managed, REGISTER, SAID};
use crate::App;

/// What a client is told of itself (RFC 7591 section 3.2.1); of its secret once.
pub(crate) fn told(app: &App, managed: &Managed, secret: Option<&Secret<String>>) -> Value {
    let client: &Registration = &managed.client.registration;
    let said = |name: &str| client.more_settings.get(SAID).and_then(|said| said.get(name)).cloned();
    let is = |by: &ClientAuthentication| client.proves_by(*by);
    let authentication = ClientAuthentication::EVERY.iter().find(|by| is(by)).map(|by| by.as_str());
    let codes = client.grants(GrantType::AuthorizationCode);
    let id = client.client_id.as_str();
    let jwks = client.settings.jwks.as_deref().and_then(|set| serde_json::from_str::<Value>(set).ok());
    let address = app.settings.absolute(REGISTER);
    let signs = algorithm(client.profile, client.tokens.algorithm.as_deref());
    let members = [
        ("client_id", Some(json!(id))),
        ("client_id_issued_at", Some(json!(managed.registered.created.seconds()))),
        ("client_secret", secret.map(|secret| json!(secret.expose()))),
        (
            "client_secret_expires_at",
            client.has_secret().then(|| json!(client.secret_expires.map_or(0, |at| at.seconds()))),
        ),
        ("client_name", said("client_name")),
        ("redirect_uris", Some(json!(client.redirect_uris))),
        (
            "post_logout_redirect_uris",
            Some(json!(client.post_logout_redirect_uris)).filter(|list| *list != json!([])),
        ),
        ("grant_types", Some(json!(client.grant_types))),
        ("response_types", Some(if codes { json!(["code"]) } else { json!([]) })),
        ("scope", Some(json!(client.scopes.join(" ")))),
        ("token_endpoint_auth_method", authentication.map(Value::from)),
        (
            "token_endpoint_auth_signing_alg",
            client.settings.assertion_algorithm.as_ref().map(|name| json!(name)),
        ),
        ("id_token_signed_response_alg", Some(json!(signs.as_str()))),
        ("backchannel_logout_uri", client.logout_uri.as_ref().map(|uri| json!(uri))),
        (
            "backchannel_logout_session_required",
            client.logout_uri.as_ref().map(|_| json!(client.logout_session)),
        ),
        ("jwks_uri", client.settings.jwks_uri.as_ref().map(|uri| json!(uri)).or_else(|| said("jwks_uri"))),
        ("jwks", jwks),
        ("registration_client_uri", Some(json!(format!("{address}?client_id={id}")))),
        ("registration_access_token", Some(json!(managed.token))),
    ];
    let there = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value.filter(|v| !v.is_null())?)));
    Value::Object(there.collect())
}
