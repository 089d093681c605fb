//! Authenticating the client (rules of the door 2).

use kibali_model::Client;
use kibali_oauth::{Claim, claim};
use kibali_store::door::clients::{self, ClientCredentials};

use super::form::Form;
use crate::identity::{Authorization, BasicPair, ClientAddress};
use crate::{App, Refusal};

/// The client that sent the request and proved it.
///
/// # Errors
/// [`Refusal::InvalidClient`] for whatever is wrong with the credentials: missing, unknown or wrong are not
/// told apart. [`Refusal::TooManyAttempts`] after guesses, whatever was sent this time.
pub(super) async fn authenticate(app: &App, form: &Form, address: ClientAddress) -> Result<Client, Refusal> {
    let proven = prove(app, form, address).await;
    match &proven {
        Ok(client) => app.identity().note_client(client.object, app.now()),
        Err(refusal) => app.identity().note_refused("client.refused", refusal, None, address, app.now()),
    }
    proven
}

/// Longest client id and secret looked at, in bytes; longer ones are wrong. DHIS2 allows 230 and 512 characters.
const LONGEST: usize = 2048;

async fn prove(app: &App, form: &Form, address: ClientAddress) -> Result<Client, Refusal> {
    let pair = match Authorization::read(&form.headers) {
        Ok(Authorization::Basic(pair)) => Some(pair),
        Ok(Authorization::Absent) => None,
        Err(Refusal::TwoCredentials) => return Err(Refusal::TwoCredentials),
        Ok(Authorization::Bearer(_) | Authorization::ApiToken) | Err(_) => {
            return Err(Refusal::InvalidClient);
        }
    };
    // Clients that follow RFC 6749 section 2.3.1 to the letter encode both parts before Basic does.
    let decoded = pair.as_ref().and_then(BasicPair::percent_decoded);
    let sent = claim(pair.as_ref().map(parts), &form.parameters)?;
    let decoded = match &decoded {
        Some(decoded) => Some(claim(Some(parts(decoded)), &form.parameters)?),
        None => None,
    };
    if sent.id.len() > LONGEST || sent.secret.len() > LONGEST {
        return Err(Refusal::InvalidClient);
    }
    // Counted under one name, however it is encoded.
    let name = decoded.as_ref().map_or(sent.id, |decoded| decoded.id);
    let throttle = &app.identity().client_throttle;
    let slowed = |seconds| Refusal::TooManyAttempts { seconds };
    if let Some(seconds) = throttle.wait(name, address.0, app.now()) {
        return Err(slowed(seconds));
    }
    let mut proven = check(app, &sent).await?;
    if let (None, Some(decoded)) = (&proven, &decoded) {
        proven = check(app, decoded).await?;
    }
    throttle.decided(name, address.0, proven.is_some(), app.now()).map_err(slowed)?;
    let client = proven.ok_or(Refusal::InvalidClient)?;
    throttle.succeeded(name, address.0, app.now());
    Ok(client)
}

fn parts(pair: &BasicPair) -> (&str, &str) {
    (&pair.name, pair.password.expose())
}

async fn check(app: &App, claim: &Claim<'_>) -> Result<Option<Client>, Refusal> {
    let mut reader = app.store.reader().await?;
    let found = clients::by_client_id(&mut reader, claim.id).await?;
    Ok(found.filter(|found| proves(app, found, claim.secret)).map(|found| found.client))
}

fn proves(app: &App, found: &ClientCredentials, secret: &str) -> bool {
    found.verifiers(app.now()).any(|verifier| app.identity().client_secrets.verify(secret, verifier))
}
