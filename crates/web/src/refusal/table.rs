//! The table: one row for each refusal, one column for each room.

use std::borrow::Cow;

use http::StatusCode;

use super::Refusal;

/// How one refusal looks.
pub(super) struct Row {
    /// Status on the Web API and on pages.
    pub(super) web_status: StatusCode,
    /// `errorCode` of the web message.
    pub(super) code: Option<&'static str>,
    /// `message` of the web message, and the text of the page.
    pub(super) message: Cow<'static, str>,
    /// Status at the token endpoint.
    pub(super) oauth_status: StatusCode,
    /// `error` (RFC 6749 section 5.2; DHIS2's own words where it has them).
    pub(super) error: &'static str,
    /// `error_description`.
    pub(super) description: Cow<'static, str>,
    /// Status and `error` at `/oauth2`, where they differ.
    pub(super) modern: Option<(StatusCode, &'static str)>,
    /// One more member of the OAuth body, with its value.
    pub(super) extra: Option<(&'static str, &'static str)>,
    /// The `WWW-Authenticate` header.
    pub(super) challenge: Challenge,
    /// The `Retry-After` header, in seconds.
    pub(super) retry_after: Option<u32>,
}

/// What a refusal asks the caller to prove.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Nothing.
    None,
    /// A credential, of whatever kind: a bare `Bearer` on the Web API, never `Basic`.
    Any,
    /// Another token: the OAuth pair stands in the header and the body.
    Token,
    /// A proof of the key that the token is bound to (RFC 9449 section 7.1).
    Dpop,
    /// Another personal access token.
    ApiToken,
    /// The client's credentials: `Basic realm="oauth2/client"`.
    Client,
}

fn same(status: u16, error: &'static str, text: impl Into<Cow<'static, str>>) -> Row {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = text.into();
    Row {
        web_status: status,
        code: None,
        description: message.clone(),
        message,
        oauth_status: status,
        error,
        modern: None,
        extra: None,
        challenge: Challenge::None,
        retry_after: None,
    }
}

impl Row {
    fn web(mut self, status: StatusCode, message: &'static str) -> Self {
        self.web_status = status;
        self.message = message.into();
        self
    }

    fn modern(mut self, error: &'static str) -> Self {
        self.modern = Some((StatusCode::BAD_REQUEST, error));
        self
    }

    fn code(mut self, code: Option<&'static str>) -> Self {
        self.code = code;
        self
    }

    fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = challenge;
        self
    }

    fn extra(mut self, name: &'static str, value: &'static str) -> Self {
        self.extra = Some((name, value));
        self
    }

    fn retry(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

const DPOP_NONCE: &str = "The DPoP proof must hold the nonce that comes with this answer";

/// The row of a refusal. `same(status, error, text)` fills every column; `.web(status, text)` says what
/// the Web API and the pages show instead.
#[rustfmt::skip]
pub(super) fn row(refusal: &Refusal) -> Row {
    use Challenge::{Any, ApiToken, Client, Dpop, Token};
    use Refusal as R;
    const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
    match refusal {
        R::NoCredentials => same(401, "unauthorized", "Full authentication is required to access this resource")
            .web(UNAUTHORIZED, "Unauthorized").challenge(Any),
        R::WrongCredentials => same(400, "invalid_grant", "Bad credentials")
            .web(UNAUTHORIZED, "Bad credentials").challenge(Any),
        R::AccountDisabled => same(400, "invalid_grant", "User is disabled")
            .web(UNAUTHORIZED, "Account disabled").challenge(Any),
        R::AccountExpired => same(400, "invalid_grant", "User account has expired")
            .web(UNAUTHORIZED, "Account expired").challenge(Any),
        R::AccountLocked => same(400, "invalid_grant", "User account is locked")
            .web(UNAUTHORIZED, "Account locked").challenge(Any),
        R::PasswordExpired => same(400, "invalid_grant", "User credentials have expired")
            .web(UNAUTHORIZED, "Password expired").challenge(Any),
        R::ExternalAccount => same(400, "invalid_grant", "Invalid login method, user is using external authentication")
            .web(UNAUTHORIZED, "This account signs in through another service").challenge(Any),
        R::SecondFactorActive => same(401, "unauthorized",
            "User has 2FA enabled, but attempted to authenticate with a non-form based login method")
            .web(UNAUTHORIZED, "This account has a second factor and cannot be used with a password alone").challenge(Any),
        R::SecondFactorDemanded => same(400, "invalid_grant", "User must setup two factor authentication")
            .web(UNAUTHORIZED, "A role of this account demands a second factor, and none is set up").challenge(Any),
        R::TooManyAttempts { seconds } => same(429, "temporarily_unavailable",
            format!("Too many failed attempts, try again in {seconds} s")).retry(*seconds),
        R::OverLimit(over) => same(429, "temporarily_unavailable", over.to_string()).retry(over.seconds),
        R::TwoCredentials => same(400, "invalid_request", "The request carries more than one credential"),
        R::UnreadableCredentials(why) => same(401, "invalid_request", format!("The Authorization header cannot be read: {why}"))
            .challenge(Any),
        R::InvalidToken => same(401, "invalid_token", "Invalid access token").challenge(Token),
        R::ExpiredToken => same(401, "invalid_token", "Access token expired").challenge(Token),
        R::InsufficientScope => same(403, "insufficient_scope", "The scope of the access token does not open this")
            .challenge(Token),
        R::TokenScheme(what) => same(401, "invalid_token", *what).challenge(Dpop),
        R::DpopProofOfToken(why) => same(401, "invalid_dpop_proof", format!("The DPoP proof is not taken: {why}"))
            .challenge(Dpop),
        R::ApiTokenMalformed => same(400, "invalid_request", "Api token is malformed").challenge(ApiToken),
        R::ApiTokenChecksum => same(400, "invalid_request", "Checksum validation failed").challenge(ApiToken),
        R::ApiTokenUnknown => same(401, "invalid_token", "The API token does not exists").challenge(ApiToken),
        R::ApiTokenExpired => same(401, "invalid_token", "Failed to authenticate API token, token has expired.")
            .challenge(ApiToken),
        R::ApiTokenOwner => same(401, "invalid_token", "The API token is disabled, locked or 2FA is enabled.")
            .challenge(ApiToken),
        R::ApiTokenLimit(what) => same(401, "invalid_token", format!("Failed to authenticate API token, request {what} not allowed."))
            .challenge(ApiToken),
        R::CrossSite => same(403, "access_denied", "A request from another site may not change anything with this session"),
        R::FormExpired => same(403, "access_denied", "This form has expired: go back, reload the page and try again"),

        R::InvalidClient => same(401, "invalid_client", "Bad client credentials").challenge(Client),
        R::ClientKeys(why) => same(401, "invalid_client", format!("The keys at the jwks_uri of this client cannot be used: {why}"))
            .challenge(Client),
        R::ClientIdMismatch => same(401, "invalid_client", "Given client ID does not match authenticated client"),
        R::GrantNotAllowed(grant) => same(401, "invalid_client", format!("Unauthorized grant type: {grant}"))
            .modern("unauthorized_client"),
        R::ClientNotBound => same(400, "unauthorized_client",
            "The client is bound to no user, or its user cannot be used; an administrator binds it to another"),
        R::BindingLapsed => same(400, "unauthorized_client",
            "Whoever bound the client to its user may not any longer; an administrator binds it anew"),
        R::UnsupportedGrantType => same(400, "unsupported_grant_type", "Unsupported grant type"),
        R::ImplicitAtTokenEndpoint => same(400, "invalid_grant", "Implicit grant type not supported from token endpoint"),
        R::InvalidScope => same(400, "invalid_scope", "Invalid scope").extra("scope", "ALL"),
        R::MissingParameter("grant_type") => same(400, "invalid_request", "Missing grant type"),
        R::MissingParameter("code") => same(400, "invalid_request", "An authorization code must be supplied."),
        R::MissingParameter(name) => same(400, "invalid_request", format!("{name} parameter not provided")),
        R::RepeatedParameter(name) => same(400, "invalid_request", format!("Parameter {name} was sent more than once with different values")),
        R::MalformedParameter { name, why } => same(400, "invalid_request", format!("Parameter {name} is not valid: {why}")),
        R::RefreshTokenUnknown => same(400, "invalid_grant", "Invalid refresh token"),
        R::RefreshTokenOfAnotherClient => same(400, "invalid_grant", "Wrong client for this refresh token"),
        R::RefreshTokenOfAnotherKey => same(400, "invalid_grant", "Wrong key for this refresh token"),
        // Whoever copied it learns nothing.
        R::RefreshTokenCopied => same(400, "invalid_grant", "Invalid refresh token"),
        R::RefreshTokenExpired => same(401, "invalid_token", "Invalid refresh token (expired)").modern("invalid_grant"),
        R::CodeUnknown => same(400, "invalid_grant", "Invalid authorization code"),
        R::CodeOfAnotherClient => same(401, "invalid_client", "Client ID mismatch").modern("invalid_grant"),
        R::SubjectRefused => same(400, "invalid_request",
            "The subject token is no live access token of a client whose tokens this client may exchange"),
        R::InvalidTarget => same(400, "invalid_target",
            "The resource is no absolute URI without a fragment, or not the one that was granted before"),
        R::CodeOfAnotherKey => same(400, "invalid_grant", "Wrong key for this authorization code"),
        R::DpopProof(why) => same(400, "invalid_dpop_proof", format!("The DPoP proof is not taken: {why}")),
        R::NoDpopProof => same(400, "invalid_request", "The request must carry a DPoP proof"),
        R::DpopNonce { of_token: false, .. } => same(400, "use_dpop_nonce", DPOP_NONCE),
        R::DpopNonce { of_token: true, .. } => same(401, "use_dpop_nonce", DPOP_NONCE).challenge(Dpop),
        R::DeviceCodeUnknown => same(400, "invalid_grant", "Invalid device code"),
        R::DeviceCodeExpired => same(400, "expired_token", "The device code has expired; ask for another one"),
        R::DeviceDenied => same(400, "access_denied", "The user refused"),
        R::AuthorizationPending => same(400, "authorization_pending", "The user has not answered yet; ask again"),
        R::SlowDown => same(400, "slow_down", "Asked too soon; wait five seconds longer between two questions"),
        R::RedirectMismatch => same(400, "invalid_grant", "Redirect URI mismatch."),
        R::RequestRefused { error, description } => same(400, error, *description),
        R::RegistrationRefused { error, description } => same(400, error, description.clone()),
        R::NoMoreRegistrations => same(403, "access_denied",
            "As many clients as may have registered without an invitation; ask an administrator for an initial access token"),
        R::WrongVerifier => same(400, "invalid_grant", "The code verifier does not fit the code challenge"),

        R::UnknownClient => same(401, "invalid_client", "Bad client credentials"),
        R::RedirectNotRegistered => same(400, "invalid_grant", "Invalid redirect: it does not match one of the registered values.")
            .modern("invalid_request"),
        R::NoRedirectRegistered => same(400, "invalid_request", "At least one redirect_uri must be registered with the client."),
        R::RedirectNotAllowed => same(400, "invalid_grant",
            "A redirect_uri can only be used by implicit or authorization_code grant types.")
            .modern("unauthorized_client"),
        R::NothingToApprove => same(400, "invalid_request", "Cannot approve uninitialized authorization request."),
        R::PostLogoutNotRegistered => same(400, "invalid_request", "post_logout_redirect_uri is not registered"),
        R::PostLogoutOfNobody => same(400, "invalid_request", "id_token_hint or client_id must say which application asks"),

        R::NotFound => same(404, "not_found", "There is nothing at this path"),
        R::PathNotPlain(fault) => same(400, "invalid_request", format!("The path is not taken: {fault}")),
        R::ObjectNotFound { kind, uid } => same(404, "not_found", format!("{kind} with id {} could not be found.", shortened(uid)))
            .code(Some("E1005")),
        R::Missing(what) => same(404, "not_found", what.clone()),
        R::AccessDenied | R::Lacks(_) => same(403, "access_denied", "Access is denied"),
        R::MayNot(verb) => same(403, "access_denied", format!("You don't have the proper permissions to {verb} this object.")),
        R::Forbidden { code, message } => same(403, "access_denied", message.clone()).code(*code),
        R::NotServed(what) => same(501, "not_implemented", format!("DHIS2 has {what}; Kibali does not serve it yet")),
        R::MethodNotAllowed { method, .. } => same(405, "method_not_allowed",
            format!("Request method '{}' not supported", shortened(method.as_str()))),
        R::NotAcceptable(format) => same(406, "invalid_request", format!("The format {} is not available here", shortened(format))),
        R::CompressedBody => same(415, "invalid_request", "Content-Encoding is not taken here; send the body uncompressed".to_owned()),
        R::UnsupportedMediaType(taken) => same(415, "invalid_request", format!("The Content-Type is not supported here; send {taken}")),
        R::BadRequest(message) | R::UnreadableBody(message) => same(400, "invalid_request", message.clone()),
        R::BadRequestCode { code, message } => same(400, "invalid_request", message.clone()).code(Some(code)),
        R::NotOneOf { name, value, allowed } => same(400, "invalid_request",
            format!("Value '{}' is not valid for parameter {name}. Valid values are: [{allowed}]", shortened(value))),
        R::Conflict { code, message } => same(409, "conflict", message.clone()).code(*code),
        R::TooLarge { limit } => same(413, "invalid_request", format!("The body is longer than {limit} bytes")),
        R::TooSlow => same(408, "invalid_request", "The body did not arrive in time"),
        R::PreconditionFailed => same(412, "invalid_request", "The object was changed since you read it"),

        R::Busy { seconds } => same(503, "temporarily_unavailable", "The server is busy, try again shortly").retry(*seconds),
        R::Internal(_) => same(500, "server_error", "Internal Server Error")
            .web(StatusCode::INTERNAL_SERVER_ERROR, "An internal error occurred; the server's log has it under the request id"),
    }
}

/// What a caller sent, short enough to be shown back.
fn shortened(text: &str) -> Cow<'_, str> {
    const SHOWN: usize = 100;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
