//! What a DPoP proof must say (RFC 9449 section 4.3). That it is signed by the key it brings is checked
//! elsewhere.

use kibali_model::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use crate::assertion::time;

/// How old a proof may be, and how far ahead of us its clock.
const WINDOW_SECONDS: i64 = 60;
/// The same for a proof that holds a nonce of ours, which says itself how old it is: clocks of devices are
/// often wrong.
const WINDOW_WITH_NONCE_SECONDS: i64 = 300;
/// Characters of a `jti`, at most.
const LONGEST_JTI: usize = 255;

/// The request that a proof came with.
#[derive(Debug, Clone, Copy)]
pub struct Proved<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its absolute address, as the base URL has it; a query does not count.
    pub address: &'a str,
    /// The hash of the access token beside it, SHA-256 in base64url; none where there is no token yet.
    pub token_hash: Option<&'a str>,
    /// The nonces that count at this moment; none where no nonce is asked for.
    pub nonces: Option<&'a [&'a str]>,
}

/// A proof that holds, once its name is spent: it serves once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpopProof {
    /// Its name, to be spent for the key it is signed with.
    pub jti: String,
    /// From then on it would be refused anyway.
    pub until: Timestamp,
}

/// Why a proof proves nothing. `invalid_dpop_proof` on the wire, but for [`DpopFault::Nonce`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DpopFault {
    /// `typ` says that it is something else.
    #[error("typ of a DPoP proof must be dpop+jwt")]
    Type,
    /// `jti` is missing, no text, empty or long.
    #[error("jti of a DPoP proof must be a text of 1 to 255 characters")]
    Name,
    /// `htm` is another method.
    #[error("htm of a DPoP proof must be the method of the request")]
    Method,
    /// `htu` is another address.
    #[error("htu of a DPoP proof must be the address of the request")]
    Address,
    /// `iat` is missing, or too far from the present.
    #[error("the DPoP proof was not made just now")]
    Time,
    /// `ath` is missing, or of another token.
    #[error("ath of a DPoP proof must be the hash of the access token")]
    Token,
    /// The nonce is missing or too old: `use_dpop_nonce`, with a new one (section 8).
    #[error("the DPoP proof must hold the nonce that comes with this answer")]
    Nonce,
}

/// Does a proof with this `typ` and these claims belong to the request?
///
/// # Errors
/// [`DpopFault`].
pub fn check(
    typ: Option<&str>,
    claims: &Map<String, Value>,
    request: Proved<'_>,
    now: Timestamp,
) -> Result<DpopProof, DpopFault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if !typ.is_some_and(|typ| typ.eq_ignore_ascii_case("dpop+jwt")) {
        return Err(DpopFault::Type);
    }
    let jti = text("jti").filter(|jti| (1..=LONGEST_JTI).contains(&jti.len())).ok_or(DpopFault::Name)?;
    if text("htm") != Some(request.method) {
        return Err(DpopFault::Method);
    }
    if !text("htu").is_some_and(|htu| is_same(htu, request.address)) {
        return Err(DpopFault::Address);
    }
    if request.token_hash.is_some() && text("ath") != request.token_hash {
        return Err(DpopFault::Token);
    }
    let window = match request.nonces {
        None => WINDOW_SECONDS,
        Some(nonces) if text("nonce").is_some_and(|nonce| nonces.contains(&nonce)) => {
            WINDOW_WITH_NONCE_SECONDS
        }
        Some(_) => return Err(DpopFault::Nonce),
    };
    let made = time(claims, "iat").ok_or(DpopFault::Time)?;
    let until = made.plus_seconds(window + 1);
    if now >= until || made > now.plus_seconds(window) {
        return Err(DpopFault::Time);
    }
    Ok(DpopProof { jti: jti.to_owned(), until })
}

/// Are two addresses one, query and fragment apart? Letters of scheme and host, default ports, dots in paths
/// and needless percent signs do not count (RFC 3986 section 6.2).
fn is_same(one: &str, other: &str) -> bool {
    let parse = |text: &str| Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let (Some(one), Some(other)) = (parse(one), parse(other)) else { return false };
    let bare = |url: &Url| url.username().is_empty() && url.password().is_none();
    bare(&one)
        && bare(&other)
        && one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
        && plain(one.path()) == plain(other.path())
}

/// A path in which letters, digits, `-`, `.`, `_` and `~` stand for themselves and hexadecimal digits are large.
fn plain(path: &str) -> String {
    let mut parts = path.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match (digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()), part.get(2..)) {
            (Some(byte), Some(rest)) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                plain.push(char::from(byte));
                plain.push_str(rest);
            }
            (Some(byte), Some(rest)) => plain.push_str(&format!("%{byte:02X}{rest}")),
            _ => plain.push_str(&format!("%{part}")),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use serde_json::json;

    /// The proof of RFC 9449 section 7.1 (figure 12), with these put over it; null takes one away.
    fn claims(change: &Value) -> Map<String, Value> {
        let rfc = json!({
            "jti": "e1j3V_bKic8-LAEB", "htm": "GET", "htu": "https://resource.example.org/protectedresource",
            "iat": 1_562_262_618, "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
        });
        let mut claims = rfc.as_object().unwrap().clone();
        for (name, value) in change.as_object().unwrap() {
            claims.insert(name.clone(), value.clone());
            if value.is_null() {
                claims.remove(name);
            }
        }
        claims
    }

    const REQUEST: Proved<'_> = Proved {
        method: "GET",
        address: "https://resource.example.org/protectedresource?page=1",
        token_hash: Some("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"),
        nonces: None,
    };

    fn judge(change: &Value, request: Proved<'_>, later: i64) -> Result<DpopProof, DpopFault> {
        let now = Timestamp::from_millis(1_562_262_618_000).plus_seconds(later);
        check(Some("dpop+jwt"), &claims(change), request, now)
    }

    #[test]
    fn the_proof_of_the_standard_holds_for_its_request_and_no_other() {
        use DpopFault as F;
        let held = judge(&json!({}), REQUEST, 0).unwrap();
        assert_eq!((held.jti.as_str(), held.until.seconds()), ("e1j3V_bKic8-LAEB", 1_562_262_679));
        for (change, fault) in [
            (json!({ "jti": null }), F::Name),
            (json!({ "jti": "" }), F::Name),
            (json!({ "jti": "x".repeat(256) }), F::Name),
            (json!({ "htm": "POST" }), F::Method),
            (json!({ "htm": "get" }), F::Method),
            (json!({ "htm": null }), F::Method),
            (json!({ "htu": "https://resource.example.org/other" }), F::Address),
            (json!({ "htu": null }), F::Address),
            (json!({ "iat": null }), F::Time),
            (json!({ "iat": "now" }), F::Time),
            (json!({ "ath": null }), F::Token),
            (json!({ "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEp" }), F::Token),
        ] {
            assert_eq!(judge(&change, REQUEST, 0), Err(fault), "{change}");
        }
        let now = Timestamp::from_millis(1_562_262_618_000);
        for typ in [None, Some("JWT"), Some("at+jwt")] {
            assert_eq!(check(typ, &claims(&json!({})), REQUEST, now), Err(F::Type));
        }
        let tokenless = Proved { token_hash: None, ..REQUEST };
        assert!(judge(&json!({ "ath": null }), tokenless, 0).is_ok());
    }

    #[test]
    fn a_proof_is_fresh_for_a_minute_or_with_a_nonce_for_five() {
        let fresh = |request, later| judge(&json!({ "nonce": "n2" }), request, later).is_ok();
        for (later, taken) in [(-61, false), (-60, true), (60, true), (61, false)] {
            assert_eq!(fresh(REQUEST, later), taken, "{later}");
        }
        let asked = Proved { nonces: Some(&["n1", "n2"]), ..REQUEST };
        for (later, taken) in [(-301, false), (-300, true), (300, true), (301, false)] {
            assert_eq!(fresh(asked, later), taken, "{later}");
        }
        for nonce in [json!(null), json!("n3"), json!(""), json!(["n1"])] {
            assert_eq!(judge(&json!({ "nonce": nonce }), asked, 0), Err(DpopFault::Nonce), "{nonce}");
        }
    }

    #[test]
    fn addresses_are_one_however_they_are_spelt() {
        let here = "https://dhis2.example.org/dhis/oauth2/token";
        for (htu, same) in [
            (here, true),
            ("HTTPS://DHIS2.example.org:443/dhis/oauth2/token", true),
            ("https://dhis2.example.org/dhis/./x/../oauth2/token", true),
            ("https://dhis2.example.org/dhis/oauth2/%74oken?a=b#c", true),
            ("https://dhis2.example.org/dhis/oauth2/token/", false),
            ("https://dhis2.example.org/dhis/oauth2/Token", false),
            ("http://dhis2.example.org/dhis/oauth2/token", false),
            ("http://dhis2.example.org:443/dhis/oauth2/token", false),
            ("https://dhis2.example.org:8443/dhis/oauth2/token", false),
            ("https://user@dhis2.example.org/dhis/oauth2/token", false),
            ("https://dhis2.example.org.evil/dhis/oauth2/token", false),
            ("https://dhis2.example.org/dhis/oauth2%2Ftoken", false),
            ("/dhis/oauth2/token", false),
            ("", false),
        ] {
            assert_eq!(is_same(htu, here), same, "{htu}");
        }
        assert!(is_same("https://a.example/%c3%a9%7E", "https://a.example/é~"));
        assert_eq!(plain("/%zz%2/%4"), "/%zz%2/%4");
    }
}
