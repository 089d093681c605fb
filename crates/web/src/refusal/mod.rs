//! Every way a request can be refused, and the one table that says how each looks.
//!
//! A handler returns a [`Refusal`], a value. It does not know who asked: the outermost layer
//! ([`crate::speech`]) knows the room and the format, and renders it there as OAuth JSON or XML, a DHIS2
//! web message, or a page.

mod render;
mod table;

pub(crate) use render::render;

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use kibali_model::Dialect;
use kibali_store::StoreError;

use crate::guard::Over;

/// A refusal, as a value. What each looks like stands in one table, `refusal/table.rs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    // Who is calling (rules of the door 1, 9, 10) -----------------------------------------------------
    /// The request carries no credential.
    NoCredentials,
    /// The user name or the password is wrong; which of them is not told.
    WrongCredentials,
    /// The account is disabled. Told only after the right password.
    AccountDisabled,
    /// The account's end date has passed. Told only after the right password.
    AccountExpired,
    /// The account is locked after failed attempts. Told only after the right password.
    AccountLocked,
    /// The password is older than the installation allows. Told only after the right password.
    PasswordExpired,
    /// The account signs in elsewhere and has no usable password.
    ExternalAccount,
    /// The user has a second factor, and this way of calling cannot ask for it.
    SecondFactorActive,
    /// A role of the user demands a second factor that is not set up.
    SecondFactorDemanded,
    /// Too many failed attempts; the next is answered after `seconds`.
    TooManyAttempts {
        /// When to come back.
        seconds: u32,
    },
    /// One request more than a limit allows.
    OverLimit(Over),
    /// Two `Authorization` headers, or a header together with an `access_token` parameter.
    TwoCredentials,
    /// The `Authorization` header cannot be read; `0` says what is wrong with it, never its value.
    UnreadableCredentials(&'static str),
    /// The bearer is no live access token.
    InvalidToken,
    /// The bearer was an access token and has expired.
    ExpiredToken,
    /// The token's scopes do not open this.
    InsufficientScope,
    /// The access token was sent in another way than its binding asks (RFC 9449 section 7); what to do.
    TokenScheme(&'static str),
    /// The DPoP proof beside an access token is missing, or proves nothing; why.
    DpopProofOfToken(String),
    /// What follows `ApiToken` has not the form of a token.
    ApiTokenMalformed,
    /// The personal access token is none that was ever made: prefix, length or checksum are wrong.
    ApiTokenChecksum,
    /// There is no such personal access token.
    ApiTokenUnknown,
    /// The personal access token has expired.
    ApiTokenExpired,
    /// The account of the personal access token's owner may not be used.
    ApiTokenOwner,
    /// The personal access token may not be used like this: `0` is what it does not allow.
    ApiTokenLimit(&'static str),
    /// A request that changes something rests on a cookie and comes from another site.
    CrossSite,
    /// The form's CSRF token is missing or of another session.
    FormExpired,

    // The token endpoint (legacy reference 3.7) ------------------------------------------------------
    /// Unknown client, wrong secret, or no client credentials: one answer.
    InvalidClient,
    /// The keys of the client cannot be had from where it says they are; why.
    ClientKeys(&'static str),
    /// `client_id` differs from the Basic user name.
    ClientIdMismatch,
    /// The client may not use this grant.
    GrantNotAllowed(&'static str),
    /// The client acts as nobody, or as somebody who is gone.
    ClientNotBound,
    /// Whoever bound the client to its user may not any longer.
    BindingLapsed,
    /// `grant_type` names nothing known.
    UnsupportedGrantType,
    /// `grant_type=implicit`.
    ImplicitAtTokenEndpoint,
    /// A scope other than `ALL`.
    InvalidScope,
    /// A required parameter is absent; its name.
    MissingParameter(&'static str),
    /// A parameter was sent twice with different values; its name.
    RepeatedParameter(&'static str),
    /// A parameter has a value that cannot be.
    MalformedParameter {
        /// Its name.
        name: &'static str,
        /// What to write instead.
        why: &'static str,
    },
    /// The refresh token is unknown, revoked, or its grant has ended.
    RefreshTokenUnknown,
    /// The refresh token was issued to another client.
    RefreshTokenOfAnotherClient,
    /// The refresh token is bound to another key.
    RefreshTokenOfAnotherKey,
    /// The refresh token was spent, and two hold it: its family has ended.
    RefreshTokenCopied,
    /// The refresh token has expired.
    RefreshTokenExpired,
    /// The authorization code is unknown, expired or spent.
    CodeUnknown,
    /// The authorization code was issued to another client.
    CodeOfAnotherClient,
    /// The token that is to be exchanged is worth nothing to this client.
    SubjectRefused,
    /// The resource is no address, or another one than was granted before.
    InvalidTarget,
    /// The authorization code is bound to another key.
    CodeOfAnotherKey,
    /// The DPoP proof binds nothing; why.
    DpopProof(String),
    /// There is no DPoP proof, and the client's profile demands one.
    NoDpopProof,
    /// The DPoP proof must hold this server's nonce (RFC 9449 section 8).
    DpopNonce {
        /// The nonce, given with the answer.
        nonce: String,
        /// An access token stands beside it (section 9).
        of_token: bool,
    },
    /// The device code is unknown, another client's, or spent.
    DeviceCodeUnknown,
    /// The device code has expired.
    DeviceCodeExpired,
    /// The user refused the device.
    DeviceDenied,
    /// The user of the device has not answered yet.
    AuthorizationPending,
    /// The device asks more often than it was told to.
    SlowDown,
    /// `redirect_uri` is not the one the code was issued for.
    RedirectMismatch,
    /// `code_verifier` does not fit the challenge, or is absent where one is needed.
    WrongVerifier,

    /// A pushed authorization request is refused as it would be in the browser (RFC 9126 section 2.3).
    RequestRefused {
        /// The error code.
        error: &'static str,
        /// What it means.
        description: &'static str,
    },

    /// What a client registers as cannot be (RFC 7591 section 3.2.2).
    RegistrationRefused {
        /// The error code.
        error: &'static str,
        /// What is wrong with it.
        description: String,
    },
    /// As many clients as may have registered without an invitation.
    NoMoreRegistrations,

    // The authorization page (legacy reference 4.3): never redirected -----------------------------------
    /// `client_id` is missing or unknown.
    UnknownClient,
    /// `redirect_uri` is not registered, or one of several was not chosen.
    RedirectNotRegistered,
    /// The client has no redirect URI.
    NoRedirectRegistered,
    /// The client may not use the authorization code grant.
    RedirectNotAllowed,
    /// An approval without a request that waits for one.
    NothingToApprove,
    /// `post_logout_redirect_uri` is not one of the client that asks to sign out.
    PostLogoutNotRegistered,
    /// `post_logout_redirect_uri` without a client that has it.
    PostLogoutOfNobody,

    // The Web API (web-api reference 2.3) ----------------------------------------------------------------
    /// There is no such path.
    NotFound,
    /// The path is another spelling of a plain one; what is wrong with it.
    PathNotPlain(&'static str),
    /// There is no such object, or the caller may not know of it (E1005).
    ObjectNotFound {
        /// Display name of the kind: `Data Element`.
        kind: &'static str,
        /// What was asked for.
        uid: String,
    },
    /// Something else that was named does not exist; the text says what.
    Missing(String),
    /// The caller may not.
    AccessDenied,
    /// The caller has none of these authorities, of which any would do.
    Lacks(&'static [&'static str]),
    /// The caller may not do this to the object; the verb: `read`, `update`, `delete`.
    MayNot(&'static str),
    /// Refused for a reason of its own, with its code.
    Forbidden {
        /// `Ennnn`, if there is one.
        code: Option<&'static str>,
        /// For people.
        message: String,
    },
    /// DHIS2 serves this and Kibali does not; what it is.
    NotServed(&'static str),
    /// The path exists, not for this method.
    MethodNotAllowed {
        /// What was tried.
        method: Method,
        /// The `Allow` header, as routing gave it.
        allow: String,
    },
    /// No format the path has was asked for; the suffix or media type.
    NotAcceptable(String),
    /// The body's media type is not taken here; which are.
    UnsupportedMediaType(&'static str),
    /// The body is compressed.
    CompressedBody,
    /// A parameter cannot be read (400); the text names it.
    BadRequest(String),
    /// A parameter cannot be read (400), with its code.
    BadRequestCode {
        /// `Ennnn`.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// A value that is none of a closed list.
    NotOneOf {
        /// The parameter.
        name: &'static str,
        /// What was sent.
        value: String,
        /// What may be sent, joined by `, `.
        allowed: String,
    },
    /// The body cannot be read (400).
    UnreadableBody(String),
    /// The request conflicts with what is stored or with a rule (409).
    Conflict {
        /// `Ennnn`, if there is one.
        code: Option<&'static str>,
        /// For people.
        message: String,
    },
    /// The body is longer than `limit` bytes.
    TooLarge {
        /// Bytes accepted.
        limit: usize,
    },
    /// The body did not arrive in time.
    TooSlow,
    /// `If-Match` names an older state.
    PreconditionFailed,

    // Kibali itself ---------------------------------------------------------------------------------------
    /// Too much waits already; come back after `seconds`.
    Busy {
        /// When to come back.
        seconds: u32,
    },
    /// Something failed that is no fault of the caller. The cause goes to the log, never to the caller.
    Internal(Cause),
}

/// Why something failed, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(String);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Refusal {
    /// The name of the refusal, without whatever it carries: for the audit trail.
    pub(crate) fn name(&self) -> String {
        format!("{self:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned()
    }

    /// A failure that is no fault of the caller.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(Cause(cause.to_string()))
    }

    /// A conflict without a code.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { code: None, message: message.into() }
    }

    /// A conflict with its code.
    #[must_use]
    pub fn conflict_code(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code: Some(code), message: message.into() }
    }

    /// A parameter or body that cannot be read.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::BadRequest(message.into())
    }

    /// The status of the refusal on the Web API and on pages; the token endpoint has its own column.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        table::row(self).web_status
    }

    /// The OAuth pair of a generation: the error code and its description.
    #[must_use]
    pub fn oauth(&self, dialect: Dialect) -> (&'static str, String) {
        let row = table::row(self);
        let modern = row.modern.filter(|_| dialect == Dialect::Modern).map(|(_, error)| error);
        (modern.unwrap_or(row.error), row.description.into_owned())
    }

    /// When to come back, in seconds, if that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        table::row(self).retry_after
    }

    /// The text for people.
    #[must_use]
    pub fn message(&self) -> String {
        table::row(self).message.into_owned()
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&table::row(self).message)
    }
}

impl std::error::Error for Refusal {}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy { seconds: 1 },
            StoreError::Stale => Self::conflict("The object was changed meanwhile; read it again and retry."),
            // Whoever was shut out since they proved who they are makes nothing.
            StoreError::Gone => Self::NoCredentials,
            StoreError::NulInText => Self::bad_request("A text may not hold the character U+0000"),
            other => Self::internal(other),
        }
    }
}

impl IntoResponse for Refusal {
    /// A bare status that carries the refusal to the outermost layer, which renders it.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
