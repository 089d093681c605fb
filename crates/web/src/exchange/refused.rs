//! From a decision of `kibali_oauth` to the refusal that is rendered.

use kibali_oauth::OAuthError as E;

use crate::Refusal;

impl From<E> for Refusal {
    fn from(error: E) -> Self {
        match error {
            E::InvalidClient => Self::InvalidClient,
            E::TwoProofs => Self::TwoCredentials,
            E::ClientIdMismatch => Self::ClientIdMismatch,
            E::GrantNotAllowed(grant) => Self::GrantNotAllowed(grant),
            E::NotBound => Self::ClientNotBound,
            E::BindingLapsed => Self::BindingLapsed,
            E::UnsupportedGrantType => Self::UnsupportedGrantType,
            E::ImplicitAtTokenEndpoint => Self::ImplicitAtTokenEndpoint,
            E::InvalidScope => Self::InvalidScope,
            E::Missing(name) => Self::MissingParameter(name),
            E::Repeated(name) => Self::RepeatedParameter(name),
            E::Malformed { name, why } => Self::MalformedParameter { name, why },
            E::RefreshTokenUnknown => Self::RefreshTokenUnknown,
            E::RefreshTokenOfAnotherClient => Self::RefreshTokenOfAnotherClient,
            E::RefreshTokenOfAnotherKey => Self::RefreshTokenOfAnotherKey,
            E::RefreshTokenExpired => Self::RefreshTokenExpired,
            E::CodeUnknown => Self::CodeUnknown,
            E::CodeOfAnotherClient => Self::CodeOfAnotherClient,
            E::SubjectRefused => Self::SubjectRefused,
            E::InvalidTarget => Self::InvalidTarget,
            E::CodeOfAnotherKey => Self::CodeOfAnotherKey,
            E::DeviceCodeUnknown => Self::DeviceCodeUnknown,
            E::DeviceCodeExpired => Self::DeviceCodeExpired,
            E::DeviceDenied => Self::DeviceDenied,
            E::AuthorizationPending => Self::AuthorizationPending,
            E::SlowDown => Self::SlowDown,
            E::RedirectMismatch => Self::RedirectMismatch,
            E::WrongVerifier => Self::WrongVerifier,
            E::RedirectNotRegistered => Self::RedirectNotRegistered,
            E::NoRedirectRegistered => Self::NoRedirectRegistered,
            E::RedirectNotAllowed => Self::RedirectNotAllowed,
        }
    }
}
