//! Redeeming an authorization code.

use kibali_model::{Client, ObjectId, Timestamp};

use crate::OAuthError;

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
    /// When it stops working.
    pub expires: Timestamp,
    /// It was presented before.
    pub spent: bool,
}

/// May `client` have a token for this code? `redirect_uri` is what the token request repeats, `answered` the
/// S256 challenge that its verifier answers (RFC 7636 section 4.6). A code that is refused is spent all the
/// same (legacy reference 3.7).
///
/// # Errors
/// [`OAuthError::CodeUnknown`], [`OAuthError::RedirectMismatch`], [`OAuthError::CodeOfAnotherClient`],
/// [`OAuthError::WrongVerifier`].
pub fn redeem(
    facts: CodeFacts<'_>,
    client: &Client,
    redirect_uri: Option<&str>,
    answered: Option<&str>,
    now: Timestamp,
) -> Result<(), OAuthError> {
    if facts.spent || now >= facts.expires {
        return Err(OAuthError::CodeUnknown);
    }
    let same = match redirect_uri {
        Some(sent) => sent == facts.redirect_uri,
        None => !facts.redirect_sent,
    };
    if !same {
        return Err(OAuthError::RedirectMismatch);
    }
    if facts.client != client.object {
        return Err(OAuthError::CodeOfAnotherClient);
    }
    // A verifier where no challenge was sent is refused too: somebody removed the challenge on the way
    // (RFC 9700 section 2.1.1).
    if facts.challenge != answered {
        return Err(OAuthError::WrongVerifier);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::client;

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
            expires: Timestamp::from_millis(1),
            spent: false,
        };
        let uri = Some("https://a.example/cb");
        assert_eq!(redeem(facts, &client, uri, None, now), Ok(()));
        assert_eq!(redeem(facts, &client, None, None, now), Err(E::RedirectMismatch));
        assert_eq!(redeem(facts, &client, Some("https://b.example"), None, now), Err(E::RedirectMismatch));
        let unsent = CodeFacts { redirect_sent: false, ..facts };
        assert_eq!(redeem(unsent, &client, None, None, now), Ok(()));
        assert_eq!(redeem(unsent, &client, uri, None, now), Ok(()));
        assert_eq!(redeem(unsent, &client, Some("x"), None, now), Err(E::RedirectMismatch));
        let spent = CodeFacts { spent: true, ..facts };
        assert_eq!(redeem(spent, &client, uri, None, now), Err(E::CodeUnknown));
        assert_eq!(redeem(facts, &client, uri, None, Timestamp::from_millis(1)), Err(E::CodeUnknown));
        let foreign = CodeFacts { client: ObjectId(2), ..facts };
        assert_eq!(redeem(foreign, &client, uri, None, now), Err(E::CodeOfAnotherClient));
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
            assert_eq!(redeem(facts(challenge), &client, None, answered, now).is_ok(), fits);
        }
    }
}
