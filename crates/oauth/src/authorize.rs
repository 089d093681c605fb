//! The authorization page: is a request fit to be shown to the user, and where does its answer go?

use kibali_model::{Client, GrantType, Scopes};

use crate::{OAuthError, Parameters, exchange, redirect};

/// A request that may be shown to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Where the answer goes: registered, or a loopback address on another port.
    pub redirect_uri: String,
    /// The request named it.
    pub redirect_sent: bool,
    /// What is asked for.
    pub scopes: Scopes,
    /// Given back unchanged.
    pub state: Option<String>,
    /// The PKCE challenge.
    pub challenge: Option<Challenge>,
}

/// A PKCE challenge under S256, the only method taken: 43 characters of base64url (RFC 7636 section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(pub String);

/// What the user said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// Yes.
    Granted,
    /// No.
    Denied,
}

impl Approval {
    /// Reads `user_oauth_approval`; anything but `true` is no.
    ///
    /// # Errors
    /// [`OAuthError::Repeated`].
    pub fn read(parameters: &Parameters) -> Result<Self, OAuthError> {
        let granted = parameters.get("user_oauth_approval")? == Some("true");
        Ok(if granted { Self::Granted } else { Self::Denied })
    }
}

/// How a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeRefusal {
    /// On a page for the user: the client is unknown or the redirect URI not its own, so nothing may be
    /// sent there (legacy reference 4.3).
    Page(OAuthError),
    /// By a redirect to this address, which carries the error.
    Redirect(String),
}

impl From<OAuthError> for AuthorizeRefusal {
    fn from(error: OAuthError) -> Self {
        Self::Page(error)
    }
}

/// The client a request names; none where it names none.
///
/// # Errors
/// [`OAuthError::Repeated`].
pub fn client_id(parameters: &Parameters) -> Result<Option<&str>, OAuthError> {
    parameters.get("client_id")
}

/// Checks the request of `client`. The redirect URI comes first: before it is known to be the client's,
/// every refusal is a page.
///
/// # Errors
/// [`AuthorizeRefusal`].
pub fn authorize(parameters: &Parameters, client: &Client) -> Result<Authorization, AuthorizeRefusal> {
    let (redirect_uri, redirect_sent) = redirect_uri(parameters, client)?;
    let state = parameters.get("state")?.map(str::to_owned);
    let refuse = |error: &str, description: &str, extra: Option<(&str, &str)>| {
        let mut members = vec![("error", error), ("error_description", description)];
        members.extend(extra);
        members.extend(state.as_deref().map(|state| ("state", state)));
        AuthorizeRefusal::Redirect(redirect::with_parameters(&redirect_uri, &members))
    };
    if parameters.get("response_type") != Ok(Some("code")) {
        return Err(refuse("unsupported_response_type", "Unsupported response type, use code", None));
    }
    let scopes = exchange::scopes(parameters)
        .map_err(|_| refuse("invalid_scope", "Invalid scope", Some(("scope", "ALL"))))?;
    let challenge = challenge(parameters).map_err(|why| refuse("invalid_request", why, None))?;
    Ok(Authorization { redirect_uri, redirect_sent, scopes, state, challenge })
}

impl Authorization {
    /// Where the browser goes with the code.
    #[must_use]
    pub fn granted(&self, code: &str) -> String {
        self.answer(&[("code", code)])
    }

    /// Where the browser goes after a no.
    #[must_use]
    pub fn denied(&self) -> String {
        self.answer(&[("error", "access_denied"), ("error_description", "User denied access")])
    }

    fn answer(&self, members: &[(&str, &str)]) -> String {
        let mut members = members.to_vec();
        members.extend(self.state.as_deref().map(|state| ("state", state)));
        redirect::with_parameters(&self.redirect_uri, &members)
    }
}

fn redirect_uri(parameters: &Parameters, client: &Client) -> Result<(String, bool), OAuthError> {
    if !client.grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(OAuthError::RedirectNotAllowed);
    }
    let requested = parameters.get("redirect_uri")?;
    match (client.redirect_uris.as_slice(), requested) {
        ([], _) => Err(OAuthError::NoRedirectRegistered),
        ([only], None) => Ok((only.clone(), false)),
        (_, None) => Err(OAuthError::RedirectNotRegistered),
        (registered, Some(requested)) => {
            let known = registered.iter().any(|uri| redirect::matches(uri, requested));
            if known { Ok((requested.to_owned(), true)) } else { Err(OAuthError::RedirectNotRegistered) }
        }
    }
}

fn challenge(parameters: &Parameters) -> Result<Option<Challenge>, &'static str> {
    let get =
        |name| parameters.get(name).map_err(|_| "A PKCE parameter was sent twice with different values");
    let (challenge, method) = (get("code_challenge")?, get("code_challenge_method")?);
    match (challenge, method) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err("code_challenge is absent"),
        (Some(challenge), Some("S256")) => {
            let shaped = challenge.len() == 43
                && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            if shaped {
                Ok(Some(Challenge(challenge.to_owned())))
            } else {
                Err("code_challenge must be 43 characters of base64url")
            }
        }
        // Without a method RFC 7636 means `plain`, which protects nothing here.
        (Some(_), _) => Err("code_challenge_method must be S256"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use crate::exchange::tests::client;
    use proptest::prelude::*;

    const ONE: &[&str] = &["https://a.example/cb"];

    fn ask(text: &str, uris: &[&str]) -> Result<Authorization, AuthorizeRefusal> {
        authorize(&Parameters::read([text.as_bytes()]), &client(GrantType::LEGACY, uris))
    }

    #[test]
    fn the_answer_carries_code_and_state() {
        let asked = ask("response_type=code&state=a%20b", ONE).unwrap();
        assert!(!asked.redirect_sent);
        assert_eq!(asked.granted("c"), "https://a.example/cb?code=c&state=a%20b");
        assert_eq!(
            asked.denied(),
            "https://a.example/cb?error=access_denied&error_description=User%20denied%20access&state=a%20b"
        );
    }

    #[test]
    fn nothing_is_sent_to_a_uri_that_is_not_the_clients() {
        use OAuthError as E;
        let page = |error| Err(AuthorizeRefusal::Page(error));
        assert_eq!(ask("response_type=x", &[]), page(E::NoRedirectRegistered));
        assert_eq!(ask("response_type=x", &["a:/1", "a:/2"]), page(E::RedirectNotRegistered));
        assert_eq!(ask("redirect_uri=https://evil.example", ONE), page(E::RedirectNotRegistered));
        assert_eq!(ask("redirect_uri=a:/1&redirect_uri=a:/2", ONE), page(E::Repeated("redirect_uri")));
        let no_codes = client(&[GrantType::Password], ONE);
        let refused = authorize(&Parameters::read([b"response_type=code".as_slice()]), &no_codes);
        assert_eq!(refused, page(E::RedirectNotAllowed));
    }

    #[test]
    fn everything_else_wrong_goes_to_the_client() {
        for (text, error) in [
            ("state=s", "unsupported_response_type"),
            ("response_type=token&state=s", "unsupported_response_type"),
            ("response_type=code&scope=read&state=s", "invalid_scope"),
            ("response_type=code&code_challenge=x&state=s", "invalid_request"),
            ("response_type=code&code_challenge=x&code_challenge_method=S256&state=s", "invalid_request"),
            ("response_type=code&code_challenge_method=S256&state=s", "invalid_request"),
        ] {
            let Err(AuthorizeRefusal::Redirect(to)) = ask(text, ONE) else { unreachable!("{text}") };
            assert!(to.starts_with(&format!("https://a.example/cb?error={error}&")), "{to}");
            assert!(to.ends_with("&state=s"), "{to}");
        }
    }

    #[test]
    fn a_challenge_is_kept() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let text = format!("response_type=code&code_challenge={challenge}&code_challenge_method=S256");
        assert_eq!(ask(&text, ONE).unwrap().challenge, Some(Challenge(challenge.to_owned())));
    }

    proptest! {
        #[test]
        fn any_request_is_decided(text in "((redirect_uri|state|scope|response_type|code_challenge)=.{0,8}&){0,6}") {
            if let Ok(asked) = ask(&text, ONE) {
                prop_assert_eq!(asked.redirect_uri, "https://a.example/cb");
            }
        }
    }
}
