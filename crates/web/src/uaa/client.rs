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
/// told apart.
pub(super) async fn authenticate(app: &App, form: &Form, address: ClientAddress) -> Result<Client, Refusal> {
    let proven = prove(app, form).await;
    match &proven {
        Ok(client) => app.identity().note_client(client.object, app.now()),
        Err(refusal) => app.identity().note_refused("client.refused", refusal, None, address, app.now()),
    }
    proven
}

async fn prove(app: &App, form: &Form) -> Result<Client, Refusal> {
    let pair = match Authorization::read(&form.headers) {
        Ok(Authorization::Basic(pair)) => Some(pair),
        Ok(Authorization::Absent) => None,
        Err(Refusal::TwoCredentials) => return Err(Refusal::TwoCredentials),
        Ok(Authorization::Bearer(_) | Authorization::ApiToken) | Err(_) => {
            return Err(Refusal::InvalidClient);
        }
    };
    let Some(pair) = pair else {
        let claim = claim(None, &form.parameters)?;
        return check(app, &claim).await?.ok_or(Refusal::InvalidClient);
    };
    if let Some(client) = check(app, &claim(Some(parts(&pair)), &form.parameters)?).await? {
        return Ok(client);
    }
    // Clients that follow RFC 6749 section 2.3.1 to the letter encode both parts before Basic does.
    let decoded = pair.percent_decoded().ok_or(Refusal::InvalidClient)?;
    check(app, &claim(Some(parts(&decoded)), &form.parameters)?).await?.ok_or(Refusal::InvalidClient)
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
