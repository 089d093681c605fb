//! Why a request is refused, as values. What each looks like on the wire is the web's table.

/// A refusal of the token endpoint (legacy reference 3.7), of revocation, or of the authorization page
/// (legacy reference 4.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// No client credentials, an unknown client, or a wrong secret: one answer.
    #[error("bad client credentials")]
    InvalidClient,
    /// More than one proof of the client in a request.
    #[error("more than one proof of the client")]
    TwoProofs,
    /// `client_id` differs from the user name of HTTP Basic.
    #[error("client_id is not the authenticated client")]
    ClientIdMismatch,
    /// The client may not use this grant.
    #[error("the client may not use the grant {0}")]
    GrantNotAllowed(&'static str),
    /// The client acts as nobody, or as somebody who is gone.
    #[error("the client is bound to no user")]
    NotBound,
    /// Whoever bound the client to its user may not any longer.
    #[error("the binding of the client has lapsed")]
    BindingLapsed,
    /// `grant_type` names nothing known.
    #[error("unknown grant type")]
    UnsupportedGrantType,
    /// `grant_type=implicit`, which belongs to another endpoint.
    #[error("implicit is no grant of the token endpoint")]
    ImplicitAtTokenEndpoint,
    /// A scope other than `ALL`.
    #[error("unknown scope")]
    InvalidScope,
    /// A parameter is absent; its name.
    #[error("{0} is absent")]
    Missing(&'static str),
    /// A parameter was sent twice with different values; its name.
    #[error("{0} was sent twice with different values")]
    Repeated(&'static str),
    /// A parameter has a value that cannot be.
    #[error("{name} is not valid: {why}")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// What to write instead.
        why: &'static str,
    },
    /// The refresh token is unknown, or its grant has ended.
    #[error("unknown refresh token")]
    RefreshTokenUnknown,
    /// The refresh token belongs to another client.
    #[error("refresh token of another client")]
    RefreshTokenOfAnotherClient,
    /// The refresh token is bound to another key.
    #[error("refresh token of another key")]
    RefreshTokenOfAnotherKey,
    /// The refresh token has expired.
    #[error("expired refresh token")]
    RefreshTokenExpired,
    /// The code is unknown, expired or spent.
    #[error("unknown code")]
    CodeUnknown,
    /// The code belongs to another client.
    #[error("code of another client")]
    CodeOfAnotherClient,
    /// The token that is to be exchanged is worth nothing to this client (RFC 8693 section 2.2.2).
    #[error("this token is not exchanged for this client")]
    SubjectRefused,
    /// The resource is no absolute URI without a fragment, or another one than was granted before (RFC 8707 section 2).
    #[error("resource is not valid, or another one than was granted")]
    InvalidTarget,
    /// The code is bound to another key.
    #[error("code of another key")]
    CodeOfAnotherKey,
    /// The device code is unknown, another client's, or spent.
    #[error("unknown device code")]
    DeviceCodeUnknown,
    /// The device code has expired.
    #[error("expired device code")]
    DeviceCodeExpired,
    /// The user said no.
    #[error("the user denied the device")]
    DeviceDenied,
    /// The user has not answered yet.
    #[error("the user has not answered yet")]
    AuthorizationPending,
    /// The device asks too often.
    #[error("the device asks too often")]
    SlowDown,
    /// `redirect_uri` is not the one the code was issued for.
    #[error("redirect_uri is another one")]
    RedirectMismatch,
    /// `code_verifier` does not fit the challenge, or is absent, or answers none.
    #[error("code_verifier does not fit")]
    WrongVerifier,
    /// `redirect_uri` is not registered, or several are and none was sent.
    #[error("redirect_uri is not registered")]
    RedirectNotRegistered,
    /// The client has no redirect URI.
    #[error("the client has no redirect URI")]
    NoRedirectRegistered,
    /// The client may not use codes.
    #[error("the client may not use codes")]
    RedirectNotAllowed,
}
