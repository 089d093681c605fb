//! What an assertion must say by which a client proves itself (RFC 7523, OpenID Connect Core section 9). Its
//! signature is checked elsewhere, with the algorithms that [`algorithms`] allows.

use kibali_model::{Client, SigningAlgorithm, Timestamp};
use serde_json::{Map, Value};

/// How far clocks may be apart.
const SKEW_SECONDS: i64 = 60;
/// An assertion that lives longer is not taken: it is to be made when it is needed.
const LONGEST_SECONDS: i64 = 3600;
/// Characters of a `jti`, at most.
const LONGEST_JTI: usize = 255;

/// An assertion that holds, once it is spent: it serves once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Its name, to be spent for this client. Without one, the whole assertion is its own name.
    pub jti: Option<String>,
    /// From then on it would be refused anyway.
    pub until: Timestamp,
}

/// Why an assertion proves nothing. To the client all of them are one, `invalid_client`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionFault {
    /// `iss` or `sub` is not the client.
    #[error("iss and sub of a client assertion must both be the client_id")]
    NotTheClient,
    /// `aud` names nobody here, or under the FAPI 2.0 profile anything but the issuer.
    #[error("aud of a client assertion must be this server")]
    Audience,
    /// `exp` is missing or no number.
    #[error("a client assertion must say when it ends")]
    NoEnd,
    /// It has ended.
    #[error("the client assertion has expired")]
    Expired,
    /// It lives longer than an hour.
    #[error("a client assertion may live for an hour at most")]
    TooLong,
    /// `nbf` or `iat` lies ahead.
    #[error("the client assertion is not valid yet")]
    NotYet,
    /// `jti` is no text, empty or long.
    #[error("jti of a client assertion must be a text of 1 to 255 characters")]
    Name,
}

/// The algorithms an assertion of this client may be signed with, HMAC apart: the one that is registered, as
/// far as the profile allows it.
#[must_use]
pub fn algorithms(client: &Client) -> Vec<SigningAlgorithm> {
    let registered = client.settings.assertion_algorithm.as_deref().map(SigningAlgorithm::from_name);
    let fits = |algorithm: &&SigningAlgorithm| registered.is_none_or(|named| named == Some(**algorithm));
    client.rules().algorithms.iter().filter(fits).copied().collect()
}

/// Do these claims prove that `client` asks, here and now? `issuer` is this server's, with its slash at the
/// end.
///
/// # Errors
/// [`AssertionFault`].
pub fn check(
    claims: &Map<String, Value>,
    client: &Client,
    issuer: &str,
    now: Timestamp,
) -> Result<Assertion, AssertionFault> {
    let is_client = |name: &str| claims.get(name).and_then(Value::as_str) == Some(client.client_id.as_str());
    if !is_client("iss") || !is_client("sub") {
        return Err(AssertionFault::NotTheClient);
    }
    let strict = client.rules().asserts_to_issuer;
    let for_us = match claims.get("aud") {
        Some(Value::String(one)) if strict => one == issuer,
        Some(Value::String(one)) => is_ours(one, issuer),
        Some(Value::Array(all)) if !strict => {
            all.iter().filter_map(Value::as_str).any(|one| is_ours(one, issuer))
        }
        _ => false,
    };
    if !for_us {
        return Err(AssertionFault::Audience);
    }
    let expires = time(claims, "exp").ok_or(AssertionFault::NoEnd)?;
    let until = expires.plus_seconds(SKEW_SECONDS);
    if now >= until {
        return Err(AssertionFault::Expired);
    }
    if expires > now.plus_seconds(LONGEST_SECONDS + SKEW_SECONDS) {
        return Err(AssertionFault::TooLong);
    }
    for name in ["nbf", "iat"] {
        let begun = |begins: Timestamp| begins <= now.plus_seconds(SKEW_SECONDS);
        if claims.contains_key(name) && !time(claims, name).is_some_and(begun) {
            return Err(AssertionFault::NotYet);
        }
    }
    let jti = match claims.get("jti") {
        None => None,
        Some(Value::String(jti)) if (1..=LONGEST_JTI).contains(&jti.len()) => Some(jti.clone()),
        Some(_) => return Err(AssertionFault::Name),
    };
    Ok(Assertion { jti, until })
}

/// Where clients prove themselves, below the base address; and what DHIS2's Android application takes for the issuer
/// where DHIS2 has no context path (modern reference 3.8, step 6).
const ENDPOINTS: [&str; 8] = [
    "/oauth2/token",
    "/oauth2/introspect",
    "/oauth2/revoke",
    "/oauth2/par",
    "/oauth2/device_authorization",
    "/uaa/oauth/token",
    "/uaa/oauth/revoke",
    "/oauth2/",
];

/// Names this server: its issuer with or without the slash, or one of its [`ENDPOINTS`].
fn is_ours(audience: &str, issuer: &str) -> bool {
    let base = issuer.trim_end_matches('/');
    let below = audience.strip_prefix(base);
    below.is_some_and(|rest| matches!(rest, "" | "/") || ENDPOINTS.contains(&rest))
}

/// A point in time that claims name, in seconds, perhaps with a fraction (RFC 7519 section 2).
pub(crate) fn time(claims: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let number = claims.get(name)?;
    // What no calendar holds is no time; a fraction counts as the second it is in.
    let seconds = number.as_i64().or_else(|| number.as_f64()?.floor().to_string().parse().ok())?;
    (0..=253_402_300_799).contains(&seconds).then(|| Timestamp::from_millis(seconds * 1000))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use kibali_model::{ClientProfile, ObjectId, Uid};
    use serde_json::json;

    const ISSUER: &str = "https://dhis2.example.org/dhis/";
    const NOW: i64 = 1_768_464_000;

    fn client(profile: ClientProfile) -> Client {
        let legacy = Client::legacy(ObjectId(1), Uid::from_random([0; 11]), "Device", "dev1");
        Client { profile, ..legacy }
    }

    /// The claims of a good assertion with these put over them; null takes one away.
    fn claims(change: &Value) -> Map<String, Value> {
        let good =
            json!({ "iss": "dev1", "sub": "dev1", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": "j1" });
        let mut claims = good.as_object().unwrap().clone();
        for (name, value) in change.as_object().unwrap() {
            claims.insert(name.clone(), value.clone());
            if value.is_null() {
                claims.remove(name);
            }
        }
        claims
    }

    fn judge(change: &Value, profile: ClientProfile) -> Result<Assertion, AssertionFault> {
        check(&claims(change), &client(profile), ISSUER, Timestamp::from_millis(NOW * 1000))
    }

    #[test]
    fn what_an_assertion_must_say() {
        use AssertionFault as F;
        for (change, fault) in [
            (json!({ "iss": "other" }), Some(F::NotTheClient)),
            (json!({ "sub": "other" }), Some(F::NotTheClient)),
            (json!({ "iss": null }), Some(F::NotTheClient)),
            (json!({ "sub": ["dev1"] }), Some(F::NotTheClient)),
            (json!({ "aud": null }), Some(F::Audience)),
            (json!({ "exp": null }), Some(F::NoEnd)),
            (json!({ "exp": "soon" }), Some(F::NoEnd)),
            (json!({ "exp": 1e300 }), Some(F::NoEnd)),
            (json!({ "exp": -1 }), Some(F::NoEnd)),
            (json!({ "exp": NOW - 60 }), Some(F::Expired)),
            (json!({ "exp": NOW - 59 }), None),
            (json!({ "exp": NOW as f64 + 60.5 }), None),
            (json!({ "exp": NOW + 3660 }), None),
            (json!({ "exp": NOW + 3661 }), Some(F::TooLong)),
            (json!({ "nbf": NOW + 60, "iat": NOW + 60 }), None),
            (json!({ "nbf": NOW + 61 }), Some(F::NotYet)),
            (json!({ "iat": NOW + 61 }), Some(F::NotYet)),
            (json!({ "iat": "now" }), Some(F::NotYet)),
            (json!({ "iat": null }), None),
            (json!({ "jti": "" }), Some(F::Name)),
            (json!({ "jti": 1 }), Some(F::Name)),
            (json!({ "jti": "x".repeat(256) }), Some(F::Name)),
        ] {
            for profile in ClientProfile::EVERY {
                assert_eq!(judge(&change, *profile).err(), fault, "{change} {profile:?}");
            }
        }
        let held = judge(&json!({}), ClientProfile::Standard).unwrap();
        assert_eq!((held.jti.as_deref(), held.until.seconds()), (Some("j1"), NOW + 120));
        assert_eq!(judge(&json!({ "jti": null }), ClientProfile::Standard).unwrap().jti, None);
    }

    #[test]
    fn the_audience_is_this_server_and_under_fapi_its_issuer_alone() {
        for (aud, lenient, fapi2) in [
            (json!(ISSUER), true, true),
            (json!([ISSUER]), true, false),
            (json!(["https://other.example/", ISSUER]), true, false),
            (json!("https://dhis2.example.org/dhis"), true, false),
            (json!("https://dhis2.example.org/dhis/oauth2/token"), true, false),
            (json!("https://dhis2.example.org/dhis/oauth2/introspect"), true, false),
            (json!("https://dhis2.example.org/dhis/oauth2/revoke"), true, false),
            (json!("https://dhis2.example.org/dhis/oauth2/par"), true, false),
            (json!("https://dhis2.example.org/dhis/oauth2/device_authorization"), true, false),
            (json!("https://dhis2.example.org/dhis/uaa/oauth/token"), true, false),
            (json!("https://dhis2.example.org/dhis/uaa/oauth/revoke"), true, false),
            (json!("https://dhis2.example.org/dhis/uaa/oauth/authorize"), false, false),
            (json!("https://dhis2.example.org/dhis/oauth2/"), true, false),
            (json!("https://dhis2.example.org/dhis/oauth2"), false, false),
            (json!("https://dhis2.example.org/dhis/oauth2/authorize"), false, false),
            (json!("https://dhis2.example.org/"), false, false),
            (json!("https://dhis2.example.org/dhis.evil/"), false, false),
            (json!("https://DHIS2.example.org/dhis/"), false, false),
            (json!(""), false, false),
            (json!([]), false, false),
            (json!({}), false, false),
        ] {
            let taken = |profile| judge(&json!({ "aud": aud }), profile).is_ok();
            assert_eq!(taken(ClientProfile::Legacy), lenient, "{aud}");
            assert_eq!(taken(ClientProfile::Standard), lenient, "{aud}");
            assert_eq!(taken(ClientProfile::Fapi2), fapi2, "{aud}");
        }
    }

    #[test]
    fn the_algorithm_is_the_registered_one_as_far_as_the_profile_goes() {
        use SigningAlgorithm::{Es256, Rs256};
        let mut device = client(ClientProfile::Legacy);
        assert_eq!(algorithms(&device), SigningAlgorithm::EVERY);
        device.settings.assertion_algorithm = Some("RS256".to_owned());
        assert_eq!(algorithms(&device), [Rs256]);
        device.profile = ClientProfile::Fapi2;
        assert_eq!(algorithms(&device), []);
        device.settings.assertion_algorithm = Some("ES256".to_owned());
        assert_eq!(algorithms(&device), [Es256]);
        device.settings.assertion_algorithm = None;
        assert_eq!(algorithms(&device), SigningAlgorithm::FAPI2);
        device.settings.assertion_algorithm = Some("HS256".to_owned());
        assert_eq!(algorithms(&device), [], "no key that others know checks under a shared secret");
    }
}
