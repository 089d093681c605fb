//! Authenticating the client (rules of the door 2).

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use kibali_metadata::import::is_bcrypt;
use kibali_model::{Client, ClientAuthentication, Dialect};
use kibali_oauth::{BasicPair, Proof, SentCredential, proof, takes_secret};
use kibali_store::door::clients::{ClientCredentials, ReplaceVerifier};

use super::assertion;
use super::form::Form;
use crate::identity::{ClientAddress, Priority, known, sent_credential};
use crate::{App, Refusal};

/// A client that sent a request and proved it.
pub(crate) struct Authenticated(Arc<ClientCredentials>);

impl Deref for Authenticated {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0.client
    }
}

/// The client that sent the request and proved it.
///
/// # Errors
/// [`Refusal::InvalidClient`] for whatever is wrong with the credentials: missing, unknown or wrong are not
/// told apart. [`Refusal::TooManyAttempts`] after guesses, whatever was sent this time; [`Refusal::OverLimit`].
pub(crate) async fn authenticate(
    app: &App,
    form: &Form,
    address: ClientAddress,
    dialect: Dialect,
) -> Result<Authenticated, Refusal> {
    let proven = prove(app, form, address, dialect).await;
    match &proven {
        Ok(client) => app.identity().note_client(client.object, app.now()),
        Err(refusal) => app.identity().note_refused("client.refused", refusal, None, address, app.now()),
    }
    let client = proven?;
    if let Some(passage) = &form.passage {
        app.guard().of_client(passage, &client, app.now())?;
    }
    Ok(client)
}

/// Longest client id and secret looked at, in bytes; longer ones are wrong. DHIS2 allows 230 and 512 characters.
const LONGEST: usize = 2048;

async fn prove(
    app: &App,
    form: &Form,
    address: ClientAddress,
    dialect: Dialect,
) -> Result<Authenticated, Refusal> {
    let pair = match sent_credential(&form.headers) {
        Ok(SentCredential::Basic(pair)) => Some(pair),
        Ok(SentCredential::Absent) => None,
        Err(Refusal::TwoCredentials) => return Err(Refusal::TwoCredentials),
        Ok(SentCredential::Bearer(_) | SentCredential::Dpop(_) | SentCredential::ApiToken(_)) | Err(_) => {
            return Err(Refusal::InvalidClient);
        }
    };
    // Clients that follow RFC 6749 section 2.3.1 to the letter encode both parts before Basic does.
    let decoded = pair.as_ref().and_then(BasicPair::percent_decoded);
    let sent = proof(pair.as_ref().map(parts), &form.parameters, dialect)?;
    let decoded = match &decoded {
        Some(decoded) => Some(proof(Some(parts(decoded)), &form.parameters, dialect)?),
        None => None,
    };
    // Counted under one name, however it is encoded.
    let name = decoded.as_ref().map_or_else(|| named(&sent), named);
    let name = name.as_ref();
    if name.len() > LONGEST {
        return Err(Refusal::InvalidClient);
    }
    if let (Proof::Nothing { .. }, None) = (&sent, &decoded) {
        // There is nothing to guess: no wrong secret of somebody else's holds a public client back.
        return check(app, &sent, form, dialect).await?.ok_or(Refusal::InvalidClient);
    }
    let guess = app.identity().client_throttle.guess(name, address.network(), app.now())?;
    let mut proven = check(app, &sent, form, dialect).await?;
    if let (None, Some(decoded)) = (&proven, &decoded) {
        proven = check(app, decoded, form, dialect).await?;
    }
    let right = guess.decided(proven, app.now())?.ok_or(Refusal::InvalidClient)?;
    Ok(right.forgive(app.now()))
}

fn parts(pair: &BasicPair) -> (&str, &str) {
    (&pair.name, &pair.password)
}

/// Who the claim says it is.
fn named<'a>(proof: &Proof<'a>) -> Cow<'a, str> {
    match proof {
        Proof::Secret { id, .. } | Proof::Nothing { id } | Proof::Assertion { id: Some(id), .. } => {
            (*id).into()
        }
        Proof::Assertion { id: None, assertion } => assertion::subject(assertion).unwrap_or_default().into(),
    }
}

async fn check(
    app: &App,
    proof: &Proof<'_>,
    form: &Form,
    dialect: Dialect,
) -> Result<Option<Authenticated>, Refusal> {
    let Some(found) = known::client(app, &named(proof)).await? else { return Ok(None) };
    let proven = match proof {
        Proof::Secret { secret, by, .. } => {
            secret.len() <= LONGEST
                && takes_secret(&found.client, *by, dialect)
                && (fits(app, &found, secret) || fits_imported(app, &found, secret, form).await?)
        }
        Proof::Nothing { .. } => found.client.may_prove_by(ClientAuthentication::None),
        Proof::Assertion { assertion, .. } => {
            assertion::proves(app, &found, assertion, form.proof.as_ref()).await?
        }
    };
    Ok(proven.then_some(Authenticated(found)))
}

fn fits(app: &App, found: &ClientCredentials, secret: &str) -> bool {
    found.verifiers(app.now()).any(|kept| app.identity().client_secrets.verify(secret, kept))
}

/// A secret that came hashed with bcrypt, as DHIS2 2.42 keeps them: held against the hash once, which a verifier of
/// this installation then replaces (rules of the door 6).
async fn fits_imported(
    app: &App,
    found: &ClientCredentials,
    secret: &str,
    form: &Form,
) -> Result<bool, Refusal> {
    let kept = found.verifiers(app.now()).filter_map(|kept| Some((kept, std::str::from_utf8(kept).ok()?)));
    let hashes: Vec<_> = kept.filter(|(_, hash)| is_bcrypt(hash)).collect();
    if let Some(passage) = form.passage.as_ref().filter(|_| !hashes.is_empty()) {
        app.guard().of_hash(passage, app.now())?;
    }
    for (old, hash) in hashes {
        if app.identity().passwords.verify(secret, Some(hash), Priority::Stranger).await? {
            let new = app.identity().client_secrets.verifier(secret).to_vec();
            let (client, old, now) = (found.client.object, old.to_vec(), app.now());
            app.store.write(ReplaceVerifier { client, old, new, now }).await?;
            return Ok(true);
        }
    }
    Ok(false)
}
