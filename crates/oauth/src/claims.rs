//! What tokens that are JWTs say (modern reference 3.1, 3.2; OpenID Connect Core section 2).

use kibali_model::{Scope, Scopes, SignIn, Timestamp};
use serde_json::{Map, Value, json};

/// Whom tokens are about, and how they signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// Login name: `sub`, and `username` where that scope is granted.
    pub username: String,
    /// E-mail address: `email` where that scope is granted and there is one. DHIS2 fails without one.
    pub email: Option<String>,
    /// They have shown to read it.
    pub email_verified: bool,
    /// First name and surname, where the scope `profile` is granted.
    pub name: Option<String>,
    /// The first alone, likewise.
    pub given_name: Option<String>,
    /// The second alone, likewise.
    pub family_name: Option<String>,
    /// How they signed in.
    pub sign_in: SignIn,
}

/// How sure a sign-in is (`acr`): of the password alone, and with a second factor.
pub const ACR: [&str; 2] = ["1", "2"];

/// What every token says of itself, but for its number.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    /// The issuer, with its slash at the end.
    pub issuer: &'a str,
    /// The client it is for: the audience, unless there is a resource.
    pub client_id: &'a str,
    /// What is granted.
    pub scopes: &'a Scopes,
    /// The moment.
    pub now: Timestamp,
    /// Its end.
    pub expires: Timestamp,
}

/// The claims of a JWT access token. `resource` takes the audience (RFC 8707); `jkt` binds it to a key
/// (RFC 9449 section 6.1).
#[must_use]
pub fn access_token(
    issue: Issue<'_>,
    subject: &Subject,
    resource: Option<&str>,
    jkt: Option<&str>,
) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    add("sub", subject.username.as_str().into());
    add("aud", resource.unwrap_or(issue.client_id).into());
    add("nbf", issue.now.seconds().into());
    add("scope", issue.scopes.iter().map(Scope::as_str).collect());
    add("iss", issue.issuer.into());
    add("exp", issue.expires.seconds().into());
    add("iat", issue.now.seconds().into());
    add("client_id", issue.client_id.into());
    if let Some(jkt) = jkt {
        add("cnf", json!({ "jkt": jkt }));
    }
    who(&mut claims, issue.scopes, subject);
    claims
}

/// What an ID token repeats of the request and of the answer it stands in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bound<'a> {
    /// The request's.
    pub nonce: Option<&'a str>,
    /// Half of the hash of the access token beside it (OpenID Connect Core section 3.1.3.6).
    pub at_hash: Option<&'a str>,
}

/// The claims of an ID token.
#[must_use]
pub fn id_token(issue: Issue<'_>, subject: &Subject, bound: Bound<'_>) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    add("sub", subject.username.as_str().into());
    add("aud", issue.client_id.into());
    add("azp", issue.client_id.into());
    add("iss", issue.issuer.into());
    add("exp", issue.expires.seconds().into());
    add("iat", issue.now.seconds().into());
    let texts = [("nonce", bound.nonce), ("at_hash", bound.at_hash), ("sid", subject.sign_in.sid.as_deref())];
    for (name, value) in texts {
        if let Some(value) = value {
            add(name, value.into());
        }
    }
    if let Some(at) = subject.sign_in.at {
        add("auth_time", at.seconds().into());
    }
    if !subject.sign_in.amr.is_empty() {
        add("acr", (if subject.sign_in.has_factor() { ACR[1] } else { ACR[0] }).into());
        add("amr", subject.sign_in.amr.split_ascii_whitespace().collect());
    }
    who(&mut claims, issue.scopes, subject);
    more(&mut claims, issue.scopes, subject);
    claims
}

/// What `/userinfo` says (OpenID Connect Core section 5.3).
#[must_use]
pub fn userinfo(scopes: &Scopes, subject: &Subject) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), subject.username.as_str().into());
    who(&mut claims, scopes, subject);
    more(&mut claims, scopes, subject);
    claims
}

fn who(claims: &mut Map<String, Value>, scopes: &Scopes, subject: &Subject) {
    if scopes.contains(&Scope::Username) {
        claims.insert("username".to_owned(), subject.username.as_str().into());
    }
    if let Some(email) = subject.email.as_deref().filter(|_| scopes.contains(&Scope::Email)) {
        claims.insert("email".to_owned(), email.into());
    }
    if scopes.contains(&Scope::Profile) {
        claims.insert("preferred_username".to_owned(), subject.username.as_str().into());
        if let Some(name) = &subject.name {
            claims.insert("name".to_owned(), name.as_str().into());
        }
    }
}

/// What OpenID Connect Core section 5.4 has besides, and DHIS2 does not say.
fn more(claims: &mut Map<String, Value>, scopes: &Scopes, subject: &Subject) {
    if scopes.contains(&Scope::Email) && subject.email.is_some() {
        claims.insert("email_verified".to_owned(), subject.email_verified.into());
    }
    for (name, value) in [("given_name", &subject.given_name), ("family_name", &subject.family_name)] {
        if let Some(value) = value.as_deref().filter(|_| scopes.contains(&Scope::Profile)) {
            claims.insert(name.to_owned(), value.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject {
            username: "maria".to_owned(),
            email: Some("maria@example.org".to_owned()),
            email_verified: true,
            name: Some("Maria M".to_owned()),
            given_name: Some("Maria".to_owned()),
            family_name: None,
            sign_in: SignIn {
                at: Some(Timestamp::from_millis(1_787_299_900_000)),
                sid: Some("s".to_owned()),
                amr: "pwd".to_owned(),
            },
        }
    }

    fn issue(scopes: &Scopes) -> Issue<'_> {
        Issue {
            issuer: "https://dhis2.example.org/",
            client_id: "my-web-app",
            scopes,
            now: Timestamp::from_millis(1_787_300_000_000),
            expires: Timestamp::from_millis(1_787_300_300_000),
        }
    }

    #[test]
    fn an_access_token_says_what_dhis2_says() {
        let scopes = Scopes::parse("openid username");
        let claims = access_token(issue(&scopes), &subject(), None, None);
        let expected = json!({
            "sub": "maria", "aud": "my-web-app", "nbf": 1_787_300_000, "scope": ["username", "openid"],
            "iss": "https://dhis2.example.org/", "exp": 1_787_300_300, "iat": 1_787_300_000,
            "client_id": "my-web-app", "username": "maria"
        });
        assert_eq!(Value::Object(claims), expected);
        let bound = access_token(issue(&scopes), &subject(), Some("https://r.example"), Some("k"));
        assert_eq!(bound.get("aud"), Some(&json!("https://r.example")));
        assert_eq!(bound.get("cnf"), Some(&json!({ "jkt": "k" })));
    }

    #[test]
    fn an_id_token_says_how_they_signed_in() {
        let scopes = Scopes::parse("openid email");
        let bound = Bound { nonce: Some("n"), at_hash: Some("h") };
        let claims = id_token(issue(&scopes), &subject(), bound);
        let expected = json!({
            "sub": "maria", "aud": "my-web-app", "azp": "my-web-app", "iss": "https://dhis2.example.org/",
            "exp": 1_787_300_300, "iat": 1_787_300_000, "nonce": "n", "at_hash": "h", "sid": "s",
            "auth_time": 1_787_299_900, "acr": "1", "amr": ["pwd"], "email": "maria@example.org", "email_verified": true
        });
        assert_eq!(Value::Object(claims), expected);
    }

    #[test]
    fn what_is_not_granted_is_not_said_and_no_address_is_no_error() {
        let said = userinfo(&Scopes::parse("openid"), &subject());
        assert_eq!(Value::Object(said), json!({ "sub": "maria" }));
        let none = Subject { email: None, ..subject() };
        let said = userinfo(&Scopes::parse("openid email profile"), &none);
        let expected = json!({ "sub": "maria", "preferred_username": "maria", "name": "Maria M", "given_name": "Maria" });
        assert_eq!(Value::Object(said), expected);
    }
}
