//! Requests that were pushed to `/oauth2/par` before (RFC 9126).

use kibali_crypto::sha256;
use kibali_model::Client;
use kibali_oauth::Parameters;
use kibali_store::Reader;
use kibali_store::door::pushed;

use crate::{App, Refusal};

/// What a `request_uri` begins with.
pub(crate) const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A pushed request.
pub(super) struct Pushed {
    /// Under which the store knows it; it is spent with the code.
    pub(super) hash: [u8; 32],
    /// What was pushed.
    pub(super) parameters: Parameters,
}

/// The request that `client` pushed.
///
/// # Errors
/// [`Refusal::MalformedParameter`] where there is none, it is another client's, or too old.
pub(super) async fn find(
    app: &App,
    reader: &mut Reader,
    uri: &str,
    client: &Client,
) -> Result<Pushed, Refusal> {
    let unknown = Refusal::MalformedParameter {
        name: "request_uri",
        why: "there is no such request, or it is too old; push it again",
    };
    let Some(token) = uri.strip_prefix(PREFIX) else { return Err(unknown) };
    let hash = sha256(token);
    let found = pushed::find(reader, hash).await?;
    let found = found.filter(|found| found.client == client.object && app.now() < found.expires);
    let found = found.ok_or(unknown)?;
    Ok(Pushed { hash, parameters: Parameters::read([found.parameters.as_bytes()]) })
}
