//! `/.well-known/*`: what this server can do, told to libraries (OpenID Connect Discovery, RFC 8414). Only what
//! it does: DHIS2 lists more than it lets clients use.

use axum::extract::State;
use axum::response::Response;
use kibali_model::{ClientAuthentication, GrantType, Scope, SigningAlgorithm};
use kibali_oauth::claims::ACR;
use kibali_oauth::{Prompt, ResponseMode};
use serde_json::{Map, Value, json};

use super::answer;
use super::register::REGISTER;
use crate::pages::CONNECT_LOGOUT;
use crate::{App, Settings};

/// Where OpenID Connect looks.
pub(super) const OPENID: &str = "/.well-known/openid-configuration";
/// Where RFC 8414 looks.
pub(super) const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// How clients may prove themselves here.
const AUTHENTICATION: &[ClientAuthentication] = ClientAuthentication::EVERY;

/// The grants of `/oauth2/token`.
const GRANTS: &[GrantType] = &[
    GrantType::AuthorizationCode,
    GrantType::RefreshToken,
    GrantType::ClientCredentials,
    GrantType::DeviceCode,
    GrantType::TokenExchange,
];

/// `GET /.well-known/openid-configuration`.
pub(super) async fn openid(State(app): State<App>) -> Response {
    let mut told = common(&app.settings);
    for (name, value) in openid_only(&app.settings) {
        told.insert(name.to_owned(), value);
    }
    answer::public(&Value::Object(told))
}

/// `GET /.well-known/oauth-authorization-server`.
pub(super) async fn oauth(State(app): State<App>) -> Response {
    answer::public(&Value::Object(common(&app.settings)))
}

fn common(settings: &Settings) -> Map<String, Value> {
    let at = |path: &str| Value::from(settings.absolute(path));
    let methods = Value::from(AUTHENTICATION.iter().map(|method| method.as_str()).collect::<Vec<_>>());
    let confidential = AUTHENTICATION.iter().filter(|method| **method != ClientAuthentication::None);
    let confidential = Value::from(confidential.map(|method| method.as_str()).collect::<Vec<_>>());
    let algorithms = assertion_algorithms();
    let members = [
        ("issuer", settings.issuer().into()),
        ("authorization_endpoint", at("/oauth2/authorize")),
        ("token_endpoint", at("/oauth2/token")),
        ("token_endpoint_auth_methods_supported", methods.clone()),
        ("token_endpoint_auth_signing_alg_values_supported", algorithms.clone()),
        ("jwks_uri", at("/oauth2/jwks")),
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", ResponseMode::EVERY.iter().map(|(name, _)| *name).collect()),
        ("grant_types_supported", GRANTS.iter().map(|grant| grant.as_str()).collect()),
        ("revocation_endpoint", at("/oauth2/revoke")),
        ("revocation_endpoint_auth_methods_supported", methods),
        ("revocation_endpoint_auth_signing_alg_values_supported", algorithms.clone()),
        ("introspection_endpoint", at("/oauth2/introspect")),
        ("introspection_endpoint_auth_methods_supported", confidential),
        ("introspection_endpoint_auth_signing_alg_values_supported", algorithms),
        ("pushed_authorization_request_endpoint", at("/oauth2/par")),
        ("device_authorization_endpoint", at("/oauth2/device_authorization")),
        ("registration_endpoint", at(REGISTER)),
        (
            "dpop_signing_alg_values_supported",
            SigningAlgorithm::EVERY.iter().map(|algorithm| algorithm.as_str()).collect(),
        ),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("authorization_response_iss_parameter_supported", true.into()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What assertions may be signed with: the keys of clients, or their secret.
fn assertion_algorithms() -> Value {
    let keys = SigningAlgorithm::EVERY.iter().map(|algorithm| algorithm.as_str());
    keys.chain(["HS256"]).collect::<Vec<_>>().into()
}

fn openid_only(settings: &Settings) -> [(&'static str, Value); 12] {
    [
        ("userinfo_endpoint", settings.absolute("/userinfo").into()),
        ("end_session_endpoint", settings.absolute(CONNECT_LOGOUT).into()),
        ("backchannel_logout_supported", true.into()),
        ("backchannel_logout_session_supported", true.into()),
        ("subject_types_supported", json!(["public"])),
        ("id_token_signing_alg_values_supported", json!(["RS256", "PS256", "ES256", "EdDSA"])),
        ("scopes_supported", Scope::EVERY.iter().map(Scope::as_str).collect()),
        ("prompt_values_supported", Prompt::EVERY.iter().map(|(name, _)| *name).collect()),
        (
            "claims_supported",
            json!([
                "sub",
                "iss",
                "aud",
                "exp",
                "iat",
                "auth_time",
                "nonce",
                "sid",
                "acr",
                "amr",
                "azp",
                "at_hash",
                "email",
                "email_verified",
                "name",
                "given_name",
                "family_name",
                "preferred_username",
                "username"
            ]),
        ),
        ("claims_parameter_supported", false.into()),
        ("request_uri_parameter_supported", false.into()),
        ("acr_values_supported", json!(ACR)),
    ]
}
