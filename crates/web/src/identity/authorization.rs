//! The credential in the `Authorization` header of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use kibali_oauth::{CredentialFault, SentCredential};

use crate::Refusal;

/// Reads it.
///
/// # Errors
/// [`Refusal::TwoCredentials`] for two headers, [`Refusal::UnreadableCredentials`] for what no scheme here can
/// read. Neither repeats what was sent.
pub(crate) fn sent_credential(headers: &HeaderMap) -> Result<SentCredential<'_>, Refusal> {
    let values = headers.get_all(AUTHORIZATION).iter().map(http::HeaderValue::as_bytes);
    SentCredential::read(values).map_err(|fault| match fault {
        CredentialFault::Two => Refusal::TwoCredentials,
        CredentialFault::Unreadable(why) => Refusal::UnreadableCredentials(why),
    })
}
