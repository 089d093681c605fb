//! Every way a request can be refused, and the one table that says how each looks.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// A refusal, as a value. A handler returns it; the room's outermost layer renders it in the format the
/// caller speaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request carries no credential.
    #[error("Unauthorized")]
    NoCredentials,
    /// Something failed that is no fault of the caller; the cause is in the log only.
    #[error("An internal error occurred")]
    Internal,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoCredentials => StatusCode::UNAUTHORIZED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
