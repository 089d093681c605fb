//! Redeeming an authorization code.

use kibali_model::{Client, ObjectId, Timestamp};

use crate::{OAuthError, as_granted};

/// What is known of a code.
#[derive(Debug, Clone, Copy)]
pub struct CodeFacts<'a> {
    /// The client it was issued to.
    pub client: ObjectId,
    /// Where it was sent.
    pub redirect_uri: &'a str,
    /// Did the authorize request name the redirect URI?
    pub redirect_sent: bool,
    /// The S256 challenge of PKCE.
    pub challenge: Option<&'a str>,
    /// Thumbprint of the key it is bound to (RFC 9449 section 10).
    pub key: Option<&'a str>,
    /// What its tokens are for (RFC 8707).
    pub resource: Option<&'a str>,
    /// When it stops working.
    pub expires: Timestamp,
    /// It was presented before.
    pub spent: bool,
}

/// Who presents a code, and what beside it.
#[derive(Debug, Clone, Copy)]
pub struct Redeemer<'a> {
    /// The client, proven.
    pub client: &'a Client,
    /// The redirect URI, where it is repeated.
    pub redirect_uri: Option<&'a str>,
    /// The S256 challenge that the verifier answers (RFC 7636 section 4.6).
    pub answered: Option<&'a str>,
    /// Thumbprint of the key it holds.
    pub key: Option<&'a str>,
    /// What the tokens are to be for, where it says so once more.
    pub resource: Option<&'a str>,
}

/// May `by` have a token for this code? A code that is refused is spent all the same (legacy reference 3.7).
///
/// # Errors
/// [`OAuthError::CodeUnknown`], [`OAuthError::RedirectMismatch`], [`OAuthError::CodeOfAnotherClient`],
/// [`OAuthError::CodeOfAnotherKey`], [`OAuthError::WrongVerifier`], [`OAuthError::InvalidTarget`].
pub fn redeem(facts: CodeFacts<'_>, by: Redeemer<'_>, now: Timestamp) -> Result<(), OAuthError> {
    if facts.spent || now >= facts.expires {
        return Err(OAuthError::CodeUnknown);
    }
    let same = match by.redirect_uri {
        Some(sent) => sent == facts.redirect_uri,
        None => !facts.redirect_sent,
    };
    if !same {
        return Err(OAuthError::RedirectMismatch);
    }
    if facts.client != by.client.object {
        return Err(OAuthError::CodeOfAnotherClient);
    }
    if facts.key.is_some() && facts.key != by.key {
        return Err(OAuthError::CodeOfAnotherKey);
    }
    // A verifier where no challenge was sent is refused too: somebody removed the challenge on the way
    // (RFC 9700 section 2.1.1).
    if facts.challenge != by.answered {
        return Err(OAuthError::WrongVerifier);
    }
    as_granted(by.resource, facts.resource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::client;

    fn by<'a>(client: &'a Client, redirect_uri: Option<&'a str>, answered: Option<&'a str>) -> Redeemer<'a> {
        Redeemer { client, redirect_uri, answered, key: None, resource: None }
    }

    #[test]
    fn a_code_serves_the_request_it_was_issued_for() {
        use OAuthError as E;
        let client = client(&[], &[]);
        let now = Timestamp::from_millis(0);
        let facts = CodeFacts {
            client: ObjectId(1),
            redirect_uri: "https://a.example/cb",
            redirect_sent: true,
            challenge: None,
            key: None,
            resource: None,
            expires: Timestamp::from_millis(1),
            spent: false,
        };
        let by = |uri, answered| by(&client, uri, answered);
        let uri = Some("https://a.example/cb");
        assert_eq!(redeem(facts, by(uri, None), now), Ok(()));
        assert_eq!(redeem(facts, by(None, None), now), Err(E::RedirectMismatch));
        assert_eq!(redeem(facts, by(Some("https://b.example"), None), now), Err(E::RedirectMismatch));
        let unsent = CodeFacts { redirect_sent: false, ..facts };
        assert_eq!(redeem(unsent, by(None, None), now), Ok(()));
        assert_eq!(redeem(unsent, by(uri, None), now), Ok(()));
        assert_eq!(redeem(unsent, by(Some("x"), None), now), Err(E::RedirectMismatch));
        let spent = CodeFacts { spent: true, ..facts };
        assert_eq!(redeem(spent, by(uri, None), now), Err(E::CodeUnknown));
        assert_eq!(redeem(facts, by(uri, None), Timestamp::from_millis(1)), Err(E::CodeUnknown));
        let foreign = CodeFacts { client: ObjectId(2), ..facts };
        assert_eq!(redeem(foreign, by(uri, None), now), Err(E::CodeOfAnotherClient));
        let target = CodeFacts { resource: Some("https://a"), ..facts };
        for (facts, resource, fits) in [
            (target, None, true),
            (target, Some("https://a"), true),
            (target, Some("https://b"), false),
            (facts, Some("https://a"), false),
        ] {
            let error = redeem(facts, Redeemer { resource, ..by(uri, None) }, now).err();
            assert_eq!(error, (!fits).then_some(E::InvalidTarget), "{resource:?}");
        }
        let bound = CodeFacts { key: Some("k"), ..facts };
        for (bound, key, fits) in [
            (bound, Some("k"), true),
            (bound, Some("l"), false),
            (bound, None, false),
            (facts, Some("k"), true),
        ] {
            let error = redeem(bound, Redeemer { key, ..by(uri, None) }, now).err();
            assert_eq!(error, (!fits).then_some(E::CodeOfAnotherKey), "{key:?}");
        }
    }

    #[test]
    fn a_challenge_needs_its_verifier_and_a_verifier_its_challenge() {
        let client = client(&[], &[]);
        let now = Timestamp::from_millis(0);
        let facts = |challenge| CodeFacts {
            client: ObjectId(1),
            redirect_uri: "a",
            redirect_sent: false,
            challenge,
            key: None,
            resource: None,
            expires: Timestamp::from_millis(1),
            spent: false,
        };
        for (challenge, answered, fits) in [
            (None, None, true),
            (Some("x"), Some("x"), true),
            (Some("x"), Some("y"), false),
            (Some("x"), None, false),
            (None, Some("x"), false),
        ] {
            assert_eq!(redeem(facts(challenge), by(&client, None, answered), now).is_ok(), fits);
        }
    }
}
