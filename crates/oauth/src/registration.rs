//! What a client that registers itself says of itself (RFC 7591 section 2; modern reference 3.8), and where the
//! clients of people's devices may send codes.
//!
//! Such a client works for the person at it and for nobody else: it gets the grants that ask a person, and no other
//! (rules of the door 4). What is not known here is passed over, as RFC 7591 has it.

use kibali_model::{ClientAuthentication, GrantType, SigningAlgorithm};
use serde_json::{Map, Value};

/// Characters of a name that are kept.
const NAME: usize = 200;
/// Addresses of one list at most; the registry takes as many.
const ADDRESSES: usize = 50;

/// `error` and `error_description` (RFC 7591 section 3.2.2).
pub type Wrong = (&'static str, &'static str);

/// The error of redirect URIs.
pub const REDIRECT: &str = "invalid_redirect_uri";
/// The error of everything else that a client says.
pub const METADATA: &str = "invalid_client_metadata";

/// The error of a registration that lacks something.
const REQUEST: &str = "invalid_request";

/// What a client says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// What people see.
    pub name: Option<String>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after logout.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it will use, `authorization_code` always among them.
    pub grant_types: Vec<GrantType>,
    /// How it will prove itself.
    pub authentication: ClientAuthentication,
    /// What its assertions are signed with.
    pub algorithm: Option<SigningAlgorithm>,
    /// Its public keys, where it proves itself with one; then they alone count.
    pub jwks: Option<Map<String, Value>>,
    /// Where its keys are; beside `jwks` it is told back and never fetched.
    pub jwks_uri: Option<String>,
    /// Where it wants to hear that a session ended.
    pub logout_uri: Option<String>,
    /// It must know which session that was.
    pub logout_session: bool,
}

impl Metadata {
    /// Are its keys where they must be? Those of a person's device are on it, and it sends them; anybody else may say
    /// where they are. Who does both, as DHIS2's Android application does, has sent them.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check_keys(&self, of_device: bool) -> Result<(), Wrong> {
        let keyed = self.authentication == ClientAuthentication::PrivateKeyJwt;
        match (&self.jwks, &self.jwks_uri) {
            (None, _) if keyed && of_device => Err((
                REQUEST,
                "jwks is missing: the public keys of the device, where it uses private_key_jwt",
            )),
            (None, None) if keyed => Err((
                REQUEST,
                "jwks or jwks_uri is missing: the public keys of the client, or where they are",
            )),
            _ => Ok(()),
        }
    }
}

/// A member that is a text, if it is there and not blank.
macro_rules! text {
    ($body:expr, $name:literal) => {
        match $body.get($name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err((METADATA, concat!($name, " is a text"))),
        }
    };
}

/// A member that is a list of texts, if it is there.
macro_rules! list {
    ($body:expr, $name:literal, $error:expr) => {
        list($body, $name, ($error, concat!($name, " is a list of texts, fifty at most")))
    };
}

/// Reads it.
///
/// # Errors
/// The first thing that is wrong.
pub fn read(body: &Map<String, Value>) -> Result<Metadata, Wrong> {
    let authentication = authentication(text!(body, "token_endpoint_auth_method")?)?;
    let algorithm = match text!(body, "token_endpoint_auth_signing_alg")? {
        None => None,
        Some(name) => Some(
            SigningAlgorithm::from_name(name)
                .ok_or((METADATA, "token_endpoint_auth_signing_alg is RS256, PS256, ES256 or EdDSA"))?,
        ),
    };
    let redirect_uris = list!(body, "redirect_uris", REDIRECT)?.unwrap_or_default();
    if redirect_uris.is_empty() {
        return Err((REDIRECT, "redirect_uris is missing: no code could ever be sent"));
    }
    let jwks_uri = text!(body, "jwks_uri")?;
    if jwks_uri.is_some_and(|uri| !uri.starts_with("https://")) {
        return Err((METADATA, "jwks_uri begins with https://"));
    }
    let jwks = match body.get("jwks") {
        None | Some(Value::Null) => None,
        Some(Value::Object(set)) => Some(set.clone()),
        Some(_) => return Err((REQUEST, "jwks is an object with a list of keys")),
    };
    let keyed = authentication == ClientAuthentication::PrivateKeyJwt;
    let logout_session = match body.get("backchannel_logout_session_required") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(required)) => *required,
        Some(_) => return Err((METADATA, "backchannel_logout_session_required is true or false")),
    };
    Ok(Metadata {
        logout_uri: text!(body, "backchannel_logout_uri")?.map(str::to_owned),
        logout_session,
        name: text!(body, "client_name")?.map(short),
        redirect_uris,
        post_logout_redirect_uris: list!(body, "post_logout_redirect_uris", METADATA)?.unwrap_or_default(),
        grant_types: grant_types(body)?,
        authentication,
        algorithm,
        jwks: jwks.filter(|_| keyed),
        jwks_uri: jwks_uri.filter(|_| keyed).map(str::to_owned),
    })
}

/// As much of a name as is kept, so that it stays the same when it is sent again.
fn short(name: &str) -> String {
    let kept: String = name.chars().take(NAME).collect();
    kept.trim_end().to_owned()
}

fn authentication(name: Option<&str>) -> Result<ClientAuthentication, Wrong> {
    use ClientAuthentication::{None as Nothing, PrivateKeyJwt, SecretBasic, SecretPost};
    // RFC 7591 section 2.
    let Some(name) = name else { return Ok(SecretBasic) };
    let known = ClientAuthentication::from_name(name);
    known.filter(|by| [SecretBasic, SecretPost, PrivateKeyJwt, Nothing].contains(by)).ok_or((
        METADATA,
        "token_endpoint_auth_method is private_key_jwt, client_secret_basic, client_secret_post or none",
    ))
}

/// `authorization_code`, and `refresh_token` where it was asked for.
fn grant_types(body: &Map<String, Value>) -> Result<Vec<GrantType>, Wrong> {
    if list!(body, "response_types", METADATA)?.is_some_and(|types| types != ["code"]) {
        return Err((METADATA, "response_types is [\"code\"]"));
    }
    let mut grants = vec![GrantType::AuthorizationCode];
    for name in list!(body, "grant_types", METADATA)?.unwrap_or_default() {
        match GrantType::from_name(&name) {
            Some(GrantType::AuthorizationCode) => {}
            Some(GrantType::RefreshToken) if !grants.contains(&GrantType::RefreshToken) => {
                grants.push(GrantType::RefreshToken);
            }
            Some(GrantType::RefreshToken) => {}
            _ => {
                return Err((
                    METADATA,
                    "grant_types are authorization_code and refresh_token; an administrator allows others",
                ));
            }
        }
    }
    Ok(grants)
}

fn list(body: &Map<String, Value>, name: &str, wrong: Wrong) -> Result<Option<Vec<String>>, Wrong> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(members)) if members.len() <= ADDRESSES => {
            let texts = members.iter().map(|member| member.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map(Some).ok_or(wrong)
        }
        Some(_) => Err(wrong),
    }
}

/// Does one of these patterns cover the address? `*` stands for any characters and `?` for one, letters count in
/// either case. What stands before the first slash after `://` is held against the same part of the pattern, so that
/// no star reaches over into another host.
#[must_use]
pub fn is_listed(patterns: &[String], address: &str) -> bool {
    let address = address.to_lowercase();
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '#');
    if address.contains(strange) || is_web_without_host(&address) {
        return false;
    }
    let (place, path) = parts(&address);
    !place.contains('@')
        && patterns.iter().any(|pattern| {
            let pattern = pattern.to_lowercase();
            let (of_place, of_path) = parts(&pattern);
            fits(of_place, place) && fits(of_path, path)
        })
}

/// A browser takes any number of slashes for two, and then finds a host where nobody looked for one.
fn is_web_without_host(address: &str) -> bool {
    let rest = ["http:", "https:"].iter().find_map(|scheme| address.strip_prefix(scheme));
    rest.is_some_and(|rest| rest.strip_prefix("//").is_none_or(|place| place.starts_with('/')))
}

/// Scheme and host; and the rest, with its slash or question mark.
fn parts(address: &str) -> (&str, &str) {
    let start = address.find("://").map_or(0, |at| at + 3);
    let end =
        address.get(start..).and_then(|rest| rest.find(['/', '?'])).map_or(address.len(), |at| start + at);
    address.split_at_checked(end).unwrap_or((address, ""))
}

/// A pattern with stars against a text, in time that grows with both lengths and no faster.
fn fits(pattern: &str, text: &str) -> bool {
    let mut reach = vec![false; text.chars().count() + 1];
    if let Some(first) = reach.first_mut() {
        *first = true;
    }
    for wanted in pattern.chars() {
        let mut before = reach.first().copied().unwrap_or_default();
        if wanted != '*'
            && let Some(first) = reach.first_mut()
        {
            *first = false;
        }
        let mut left = reach.first().copied().unwrap_or_default();
        for (slot, found) in reach.iter_mut().skip(1).zip(text.chars()) {
            let above = *slot;
            *slot = if wanted == '*' { above || left } else { before && (wanted == '?' || wanted == found) };
            before = above;
            left = *slot;
        }
    }
    reach.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise

    use super::*;
    use serde_json::json;

    fn said(body: &Value) -> Result<Metadata, Wrong> {
        read(body.as_object().unwrap())
    }

    fn android() -> Value {
        json!({
            "client_name": "DHIS2 Android - Acme_X_x", "redirect_uris": ["dhis2oauth://oauth"],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "RS256",
            "jwks_uri": "https://dhis2.org/jwks.json", "jwks": { "keys": [{ "kty": "RSA" }] },
            "scope": "openid profile username"
        })
    }

    #[test]
    fn what_the_android_application_says_is_read() {
        let read = said(&android()).unwrap();
        assert_eq!(read.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
        assert_eq!(read.authentication, ClientAuthentication::PrivateKeyJwt);
        assert_eq!(read.algorithm, Some(SigningAlgorithm::Rs256));
        let little = said(&json!({ "redirect_uris": ["https://a.example/cb"] })).unwrap();
        assert_eq!(little.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(little.authentication, ClientAuthentication::SecretBasic);
    }

    #[test]
    fn a_long_name_is_cut_to_one_that_stays() {
        let name = format!("{} and more", "n".repeat(199));
        let read = |name: &str| {
            said(&json!({ "redirect_uris": ["https://a.example/cb"], "client_name": name }))
                .unwrap()
                .name
                .unwrap()
        };
        assert_eq!(read(&name), "n".repeat(199));
        assert_eq!(read(&read(&name)), read(&name));
    }

    #[test]
    fn what_is_wrong_has_the_error_of_the_standard() {
        for (member, value, error) in [
            ("redirect_uris", json!([]), REDIRECT),
            ("redirect_uris", json!("dhis2oauth://oauth"), REDIRECT),
            ("grant_types", json!(["client_credentials"]), METADATA),
            ("grant_types", json!(["urn:ietf:params:oauth:grant-type:device_code"]), METADATA),
            ("grant_types", json!(["urn:ietf:params:oauth:grant-type:token-exchange"]), METADATA),
            ("grant_types", json!(["password"]), METADATA),
            ("response_types", json!(["token"]), METADATA),
            ("token_endpoint_auth_method", json!("tls_client_auth"), METADATA),
            ("token_endpoint_auth_method", json!("client_secret_jwt"), METADATA),
            ("token_endpoint_auth_method", json!(1), METADATA),
            ("token_endpoint_auth_signing_alg", json!("HS256"), METADATA),
            ("jwks_uri", json!("http://dhis2.org/jwks.json"), METADATA),
            ("backchannel_logout_uri", json!(1), METADATA),
            ("client_name", json!(1), METADATA),
            ("post_logout_redirect_uris", json!("https://a.example"), METADATA),
            ("backchannel_logout_session_required", json!("true"), METADATA),
            ("jwks", json!([]), "invalid_request"),
        ] {
            let mut body = android();
            body.as_object_mut().unwrap().insert(member.to_owned(), value);
            let (of, description) = said(&body).unwrap_err();
            assert_eq!(of, error, "{member} in {body}");
            assert!(description.contains(member), "{member}: {description}");
        }
    }

    #[test]
    fn keys_are_sent_by_devices_and_sent_or_named_by_others() {
        let set = json!({ "keys": [{ "kty": "RSA" }] });
        let uri = json!("https://dhis2.org/jwks.json");
        for (jwks, jwks_uri, device, other) in [
            (&set, &uri, true, true),
            (&set, &Value::Null, true, true),
            (&Value::Null, &uri, false, true),
            (&Value::Null, &Value::Null, false, false),
        ] {
            let mut body = android();
            body.as_object_mut()
                .unwrap()
                .extend([("jwks".to_owned(), jwks.clone()), ("jwks_uri".to_owned(), jwks_uri.clone())]);
            let metadata = said(&body).unwrap();
            assert_eq!(metadata.check_keys(true).is_ok(), device, "{body}");
            assert_eq!(metadata.check_keys(false).is_ok(), other, "{body}");
        }
        let little = said(&json!({ "redirect_uris": ["https://a.example/cb"] })).unwrap();
        assert_eq!((little.check_keys(true), little.check_keys(false)), (Ok(()), Ok(())));
        // Whoever signs nothing has no keys, wherever it says they are.
        let mut open = android();
        let members = open.as_object_mut().unwrap();
        members.insert("token_endpoint_auth_method".to_owned(), json!("none"));
        members.remove("token_endpoint_auth_signing_alg");
        let open = said(&open).unwrap();
        assert_eq!((open.jwks, open.jwks_uri), (None, None));
    }

    #[test]
    fn stars_stay_within_their_part_of_an_address() {
        let list = ["dhis2oauth://oauth", "https://*.example.org/cb*", "myapp://*"].map(str::to_owned);
        for (address, listed) in [
            ("dhis2oauth://oauth", true),
            ("DHIS2OAUTH://OAuth", true),
            ("dhis2oauth://oauth/", false),
            ("dhis2oauth://oauth2", false),
            ("https://a.example.org/cb?x=1", true),
            ("https://example.org/cb", false),
            ("https://evil.example/.example.org/cb", false),
            ("https://evil.example?.example.org/cb", false),
            ("https://evil.example\\.example.org/cb", false),
            ("https://evil.example#.example.org/cb", false),
            ("https://u@a.example.org/cb", false),
            ("myapp://anything", true),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(is_listed(&list, address), listed, "{address}");
        }
        // A browser goes to evil.example.
        for address in
            ["http:/127.0.0.1:1@evil.example/cb", "http:127.0.0.1@evil.example", "http:///evil.example/cb"]
        {
            let wide = ["http:/*", "http:*", "http:///*"].map(str::to_owned);
            assert!(!is_listed(&wide, address), "{address}");
        }
        assert!(fits("*a*b", "xxaxxb") && !fits("*a*b", "xxbxxa") && fits("", "") && !fits("?", ""));
    }
}
