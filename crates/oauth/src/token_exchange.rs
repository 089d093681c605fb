//! A token for a token (RFC 8693), under the rules of the door 4: a service that was called as a user calls
//! another as the same user, and never as more.

use std::collections::BTreeSet;

use kibali_model::{Client, Scopes, Timestamp};
use serde_json::{Value, json};

use crate::{OAuthError, Parameters, resource, scopes};

/// The only type of token that is taken and given.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// How many may act one for the other.
const DEEPEST: usize = 2;

/// What is known of the token that is presented.
#[derive(Debug, Clone)]
pub struct SubjectFacts<'a> {
    /// The `client_id` it was issued to.
    pub client_id: &'a str,
    /// What it opens.
    pub scopes: &'a Scopes,
    /// What it is for, where that is not this server.
    pub resource: Option<&'a str>,
    /// When it stops working.
    pub expires: Timestamp,
    /// Who acts for the user already.
    pub act: Option<&'a Value>,
    /// It is bound to a key, which nobody else can prove to hold.
    pub bound: bool,
}

/// What is given for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// What it opens: never more than the token presented.
    pub scopes: Scopes,
    /// What it is for.
    pub resource: Option<String>,
    /// When it stops working, at the latest.
    pub expires: Timestamp,
    /// Who acts for the user, the last first.
    pub act: Value,
}

/// The token that is presented.
///
/// # Errors
/// [`OAuthError::Missing`], [`OAuthError::Repeated`], and [`OAuthError::Malformed`] for what is not served: other
/// types of token, actor tokens, audiences.
pub fn subject_token(parameters: &Parameters) -> Result<&str, OAuthError> {
    let malformed = |name, why| Err(OAuthError::Malformed { name, why });
    if parameters.require("subject_token_type")? != ACCESS_TOKEN {
        return malformed("subject_token_type", ACCESS_TOKEN);
    }
    if parameters.get("requested_token_type")?.is_some_and(|kind| kind != ACCESS_TOKEN) {
        return malformed("requested_token_type", ACCESS_TOKEN);
    }
    if parameters.get("actor_token")?.is_some() {
        return malformed("actor_token", "the client itself is the actor; leave it out");
    }
    if parameters.get("audience")?.is_some() {
        return malformed("audience", "name the target in resource");
    }
    parameters.require("subject_token")
}

/// May `client` have a token for this one, a live access token, or nothing?
///
/// # Errors
/// [`OAuthError::SubjectRefused`] where there is none, it is of a client that is not the exchanging one's to act
/// for, it is bound to a key, or too many act already; [`OAuthError::InvalidScope`];
/// [`OAuthError::InvalidTarget`].
pub fn exchange(
    parameters: &Parameters,
    client: &Client,
    subject: Option<SubjectFacts<'_>>,
) -> Result<Exchanged, OAuthError> {
    let subject = subject.ok_or(OAuthError::SubjectRefused)?;
    let allowed: &BTreeSet<String> = &client.exchanges_for;
    if client.is_public() || subject.bound || !allowed.contains(subject.client_id) {
        return Err(OAuthError::SubjectRefused);
    }
    if depth(subject.act) >= DEEPEST {
        return Err(OAuthError::SubjectRefused);
    }
    let both = subject.scopes.intersection(&client.scopes);
    let scopes = scopes::narrowed(parameters, &both)?;
    if scopes.is_empty() {
        return Err(OAuthError::InvalidScope);
    }
    let asked = resource(parameters)?;
    let target = match (subject.resource, asked) {
        (Some(has), Some(asked)) if has != asked => return Err(OAuthError::InvalidTarget),
        (has, asked) => has.or(asked).map(str::to_owned),
    };
    let mut act = json!({ "sub": client.client_id });
    if let (Some(before), Some(members)) = (subject.act, act.as_object_mut()) {
        members.insert("act".to_owned(), before.clone());
    }
    Ok(Exchanged { scopes, resource: target, expires: subject.expires, act })
}

fn depth(act: Option<&Value>) -> usize {
    act.map_or(0, |act| 1 + depth(act.get("act")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::client;

    fn read(text: &str) -> Parameters {
        Parameters::read([text.as_bytes()])
    }

    #[test]
    fn only_access_tokens_are_taken() {
        use OAuthError as E;
        let base = format!("subject_token=t&subject_token_type={ACCESS_TOKEN}");
        assert_eq!(subject_token(&read(&base)), Ok("t"));
        for (text, error) in [
            ("subject_token=t".to_owned(), E::Missing("subject_token_type")),
            (format!("subject_token_type={ACCESS_TOKEN}"), E::Missing("subject_token")),
            (
                "subject_token=t&subject_token_type=urn:ietf:params:oauth:token-type:id_token".to_owned(),
                E::Malformed { name: "subject_token_type", why: ACCESS_TOKEN },
            ),
            (
                format!("{base}&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token"),
                E::Malformed { name: "requested_token_type", why: ACCESS_TOKEN },
            ),
            (
                format!("{base}&actor_token=a"),
                E::Malformed { name: "actor_token", why: "the client itself is the actor; leave it out" },
            ),
            (
                format!("{base}&audience=a"),
                E::Malformed { name: "audience", why: "name the target in resource" },
            ),
        ] {
            assert_eq!(subject_token(&read(&text)), Err(error), "{text}");
        }
    }

    #[test]
    fn rights_and_resource_only_shrink_and_two_may_act() {
        let mut service = client(&[], &[]);
        service.scopes = Scopes::parse("username email");
        service.exchanges_for = BTreeSet::from(["app".to_owned()]);
        let all = Scopes::parse("username openid");
        let (one, two) = (json!({ "sub": "a" }), json!({ "sub": "b", "act": { "sub": "a" } }));
        let facts = SubjectFacts {
            client_id: "app",
            scopes: &all,
            resource: None,
            expires: Timestamp::from_millis(9),
            act: None,
            bound: false,
        };
        let with = |text: &str, subject: SubjectFacts<'_>| exchange(&read(text), &service, Some(subject));
        let given = Exchanged {
            scopes: Scopes::parse("username"),
            resource: None,
            expires: Timestamp::from_millis(9),
            act: json!({ "sub": "demo" }),
        };
        assert_eq!(with("", facts.clone()), Ok(given.clone()));
        let nested = with("", SubjectFacts { act: Some(&one), ..facts.clone() });
        assert_eq!(nested.map(|given| given.act), Ok(json!({ "sub": "demo", "act": { "sub": "a" } })));
        let target = with("resource=https://r", facts.clone());
        assert_eq!(target.map(|given| given.resource), Ok(Some("https://r".to_owned())));
        let bound_to = SubjectFacts { resource: Some("https://r"), ..facts.clone() };
        assert_eq!(with("", bound_to.clone()).map(|given| given.resource), Ok(Some("https://r".to_owned())));
        assert_eq!(with("resource=https://s", bound_to), Err(OAuthError::InvalidTarget));
        assert_eq!(with("resource=https://r/%23part", facts.clone()), Err(OAuthError::InvalidTarget));
        assert_eq!(with("scope=openid", facts.clone()), Err(OAuthError::InvalidScope));
        let other = Scopes::parse("openid");
        assert_eq!(with("", SubjectFacts { scopes: &other, ..facts.clone() }), Err(OAuthError::InvalidScope));
        for refused in [
            SubjectFacts { client_id: "other", ..facts.clone() },
            SubjectFacts { bound: true, ..facts.clone() },
            SubjectFacts { act: Some(&two), ..facts.clone() },
        ] {
            assert_eq!(with("", refused), Err(OAuthError::SubjectRefused));
        }
        assert_eq!(exchange(&read(""), &service, None), Err(OAuthError::SubjectRefused));
        let public = Client {
            authentication: BTreeSet::from([kibali_model::ClientAuthentication::None]),
            ..service.clone()
        };
        assert_eq!(exchange(&read(""), &public, Some(facts)), Err(OAuthError::SubjectRefused));
    }
}
