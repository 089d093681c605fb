//! The authorization page: is a request fit to be shown to the user, and where does its answer go?

mod answer;
mod interaction;
#[cfg(test)]
mod tests;

pub use answer::{Answer, ResponseMode};
pub use interaction::{Hinted, Next, Present};

use kibali_model::{Client, Dialect, GrantType, Scopes};

use crate::claims::ACR;
use crate::{OAuthError, Parameters, redirect, resource, scopes};

/// A request that may be shown to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Where the answer goes: registered, or a loopback address on another port.
    pub redirect_uri: String,
    /// The request named it.
    pub redirect_sent: bool,
    /// How the answer travels.
    pub mode: ResponseMode,
    /// What is asked for.
    pub scopes: Scopes,
    /// Given back unchanged.
    pub state: Option<String>,
    /// The PKCE challenge.
    pub challenge: Option<Challenge>,
    /// Repeated in the ID token.
    pub nonce: Option<String>,
    /// What the user is to be bothered with.
    pub prompt: Option<Prompt>,
    /// Seconds since the sign-in, at most.
    pub max_age: Option<i64>,
    /// Who is expected to sign in.
    pub login_hint: Option<String>,
    /// The ID token of who is expected to be signed in.
    pub id_token_hint: Option<String>,
    /// A second factor is to be proved: `acr_values` takes nothing less.
    pub second_factor: bool,
    /// They signed in for it.
    answered: bool,
    /// What the token is for (RFC 8707).
    pub resource: Option<String>,
    /// Thumbprint of the key that the code is bound to (RFC 9449 section 10).
    pub dpop_jkt: Option<String>,
    /// Named in the answer (RFC 9207).
    issuer: Option<String>,
}

/// A PKCE challenge under S256, the only method taken: 43 characters of base64url (RFC 7636 section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(pub String);

/// What the user is to be bothered with (OpenID Connect Core section 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing.
    None,
    /// Signing in, even if they are.
    Login,
    /// The question, even if it was answered before.
    Consent,
    /// Both, one after the other.
    LoginThenConsent,
}

impl Prompt {
    /// Every value, as discovery lists them; `select_account` means signing in anew.
    pub const EVERY: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("login", Self::Login),
        ("consent", Self::Consent),
        ("select_account", Self::Login),
    ];
}

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
    /// By an answer to the client.
    Answer {
        /// The answer, which carries the error.
        answer: Answer,
        /// The error code.
        error: &'static str,
        /// What it means.
        description: &'static str,
    },
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

/// Where a request came in.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint<'a> {
    /// Which generation's.
    pub dialect: Dialect,
    /// The issuer, which `/oauth2` names in its answers (RFC 9207).
    pub issuer: &'a str,
    /// The request was pushed (RFC 9126), so its client is proven.
    pub pushed: bool,
}

/// Checks the request of `client`. The redirect URI comes first: before it is known to be the client's,
/// every refusal is a page.
///
/// # Errors
/// [`AuthorizeRefusal`].
pub fn authorize(
    parameters: &Parameters,
    client: &Client,
    endpoint: Endpoint<'_>,
) -> Result<Authorization, AuthorizeRefusal> {
    let (redirect_uri, redirect_sent) = redirect_uri(parameters, client)?;
    let mut asked = Authorization {
        redirect_uri,
        redirect_sent,
        mode: ResponseMode::Query,
        scopes: Scopes::default(),
        state: parameters.get("state")?.map(str::to_owned),
        challenge: None,
        nonce: None,
        prompt: None,
        max_age: None,
        login_hint: None,
        id_token_hint: None,
        second_factor: false,
        answered: false,
        resource: None,
        dpop_jkt: None,
        issuer: (endpoint.dialect == Dialect::Modern).then(|| endpoint.issuer.to_owned()),
    };
    match asked.read(parameters, client, endpoint) {
        Ok(()) => Ok(asked),
        Err(Fault { error, description, extra }) => {
            let mut answer = asked.refused(error, description);
            let at = answer.members.len().min(2);
            answer.members.splice(at..at, extra.map(|(name, value)| (name, value.to_owned())));
            Err(AuthorizeRefusal::Answer { answer, error, description })
        }
    }
}

/// What is wrong with a request whose redirect URI is known.
struct Fault {
    error: &'static str,
    description: &'static str,
    extra: Option<(&'static str, &'static str)>,
}

const fn fault(error: &'static str, description: &'static str) -> Fault {
    Fault { error, description, extra: None }
}

const fn invalid(description: &'static str) -> Fault {
    fault("invalid_request", description)
}

impl Authorization {
    /// Does it demand that whoever is there signs in, even if they are?
    const fn wants_sign_in(&self) -> bool {
        matches!(self.prompt, Some(Prompt::Login | Prompt::LoginThenConsent))
    }

    /// Is a sign-in to be remembered as one for this very request: the one it demands, however long the person then takes
    /// to answer, or the one that shows whether the right person is there?
    #[must_use]
    pub const fn demands_sign_in(&self) -> bool {
        !self.answered && (self.wants_sign_in() || self.max_age.is_some() || self.id_token_hint.is_some())
    }

    /// The same request of somebody who signed in for it.
    #[must_use]
    pub fn signed_in(self) -> Self {
        let prompt = match self.prompt {
            Some(Prompt::Login) => None,
            Some(Prompt::LoginThenConsent) => Some(Prompt::Consent),
            other => other,
        };
        Self { prompt, answered: true, ..self }
    }

    /// Where the browser goes with the code.
    #[must_use]
    pub fn granted(&self, code: &str) -> Answer {
        self.answer(vec![("code", code.to_owned())])
    }

    /// Where the browser goes after a no.
    #[must_use]
    pub fn denied(&self) -> Answer {
        self.refused("access_denied", "User denied access")
    }

    fn refused(&self, error: &str, description: &str) -> Answer {
        self.answer(vec![("error", error.to_owned()), ("error_description", description.to_owned())])
    }

    fn answer(&self, mut members: Vec<(&'static str, String)>) -> Answer {
        members.extend(self.state.clone().map(|state| ("state", state)));
        members.extend(self.issuer.clone().map(|issuer| ("iss", issuer)));
        Answer { redirect_uri: self.redirect_uri.clone(), mode: self.mode, members }
    }

    fn read(
        &mut self,
        parameters: &Parameters,
        client: &Client,
        endpoint: Endpoint<'_>,
    ) -> Result<(), Fault> {
        let get = |name| {
            parameters.get(name).map_err(|_| invalid("A parameter was sent twice with different values"))
        };
        let text = |name| get(name).map(|value| value.map(str::to_owned));
        let modern = endpoint.dialect == Dialect::Modern;
        if let Some(mode) = get("response_mode")?.filter(|_| modern) {
            self.mode =
                ResponseMode::from_name(mode).ok_or(invalid("response_mode must be query or form_post"))?;
        }
        match parameters.get("response_type") {
            Ok(Some("code")) => {}
            // Missing or repeated; DHIS2 up to 2.41 tells both as one that is not known.
            Ok(None) | Err(_) if modern => return Err(invalid("OAuth 2.0 Parameter: response_type")),
            _ => return Err(fault("unsupported_response_type", "Unsupported response type, use code")),
        }
        self.scopes = scopes::requested(parameters, client).map_err(|_| Fault {
            extra: (!modern).then_some(("scope", "ALL")),
            ..fault("invalid_scope", "Invalid scope")
        })?;
        self.challenge = challenge(parameters)?;
        if self.challenge.is_none() && client.requires_proof_key() {
            return Err(invalid("OAuth 2.0 Parameter: code_challenge"));
        }
        if client.rules().pushed && !endpoint.pushed {
            return Err(invalid("The client must push its requests to /oauth2/par"));
        }
        self.resource = resource(parameters)
            .map_err(|error| match error {
                OAuthError::Repeated(_) => invalid("A parameter was sent twice with different values"),
                _ => fault("invalid_target", "resource must be an absolute URI without a fragment"),
            })?
            .map(str::to_owned);
        if !modern {
            return Ok(());
        }
        if self.scopes.asks_for_identity() && !self.redirect_sent {
            return Err(invalid("OAuth 2.0 Parameter: redirect_uri"));
        }
        if get("request")?.is_some() {
            return Err(fault("request_not_supported", "Push the request to /oauth2/par instead"));
        }
        self.prompt = prompt(get("prompt")?)?;
        self.max_age = max_age(get("max_age")?)?;
        self.nonce = text("nonce")?;
        self.login_hint = text("login_hint")?;
        self.id_token_hint = text("id_token_hint")?;
        self.second_factor = takes_a_factor_alone(get("acr_values")?);
        self.dpop_jkt = text("dpop_jkt")?;
        if self.dpop_jkt.as_deref().is_some_and(|jkt| !is_hash(jkt)) {
            return Err(invalid("dpop_jkt must be 43 characters of base64url"));
        }
        Ok(())
    }
}

fn prompt(sent: Option<&str>) -> Result<Option<Prompt>, Fault> {
    let mut found = None;
    for name in sent.unwrap_or_default().split_ascii_whitespace() {
        let prompt = Prompt::EVERY.into_iter().find(|(known, _)| *known == name).map(|(_, prompt)| prompt);
        let prompt = prompt.ok_or(invalid("prompt must be of none, login, consent, select_account"))?;
        match (found, prompt) {
            (None, prompt) => found = Some(prompt),
            (Some(Prompt::None), _) | (Some(_), Prompt::None) => {
                return Err(invalid("prompt=none must stand alone"));
            }
            (Some(before), now) if before == now => {}
            (Some(_), _) => found = Some(Prompt::LoginThenConsent),
        }
    }
    Ok(found)
}

/// Is the second of the two values asked for, and not the first? What is not known here is passed over: asking is no
/// demand (OpenID Connect Core section 3.1.2.1).
fn takes_a_factor_alone(acr_values: Option<&str>) -> bool {
    let mut known = acr_values.unwrap_or_default().split_ascii_whitespace().filter(|acr| ACR.contains(acr));
    known.next().is_some_and(|first| first == ACR[1] && known.all(|other| other == ACR[1]))
}

fn max_age(sent: Option<&str>) -> Result<Option<i64>, Fault> {
    let read = |text: &str| text.parse().ok().filter(|seconds| (0..=i64::from(u32::MAX)).contains(seconds));
    sent.map(|text| read(text).ok_or(invalid("max_age must be a number of seconds"))).transpose()
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

/// Has it the form of a SHA-256 in base64url?
fn is_hash(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn challenge(parameters: &Parameters) -> Result<Option<Challenge>, Fault> {
    let get = |name| {
        parameters.get(name).map_err(|_| invalid("A PKCE parameter was sent twice with different values"))
    };
    match (get("code_challenge")?, get("code_challenge_method")?) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(invalid("code_challenge is absent")),
        (Some(challenge), Some("S256")) => {
            if is_hash(challenge) {
                Ok(Some(Challenge(challenge.to_owned())))
            } else {
                Err(invalid("code_challenge must be 43 characters of base64url"))
            }
        }
        // Without a method RFC 7636 means `plain`, which protects nothing here.
        (Some(_), _) => Err(invalid("code_challenge_method must be S256")),
    }
}
