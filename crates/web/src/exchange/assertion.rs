//! A client proves itself by an assertion that it signed, which serves once (RFC 7523, rules of the door 7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kibali_crypto::jose::{Claims, Jwks, Jws, SharedKey, parse_object};
use kibali_crypto::sha256;
use kibali_model::Client;
use kibali_model::ClientAuthentication::{PrivateKeyJwt, SecretJwt};
use kibali_oauth::assertion::{self, Assertion, check};
use kibali_store::door::clients::ClientCredentials;
use kibali_store::door::spent::{Purpose, Spend};
use serde_json::Value;

use super::client_keys::with_keys_at;
use crate::api::objects::client_secret_place;
use crate::identity::dpop::{self, SentProof};
use crate::{App, Refusal};

/// Whom it claims to come from, believed by nobody: good for finding the client whose keys check it.
pub(super) fn subject(assertion: &str) -> Option<String> {
    let claims = Jws::read(assertion).ok()?.unverified_claims().ok()?;
    claims.get("sub").and_then(Value::as_str).map(str::to_owned)
}

/// Does it prove the client? It is spent by that, on every node; not where the request will be refused for the nonce that
/// its DPoP `proof` lacks, so that the client may send it once more.
///
/// # Errors
/// [`Refusal::DpopNonce`], the database failed, the client's secret cannot be unsealed, or its keys are nowhere to be had.
pub(super) async fn proves(
    app: &App,
    found: &ClientCredentials,
    assertion: &str,
    proof: Option<&SentProof>,
) -> Result<bool, Refusal> {
    let Some(claims) = claims(app, found, assertion).await? else { return Ok(false) };
    let Some(held) = holds(app, &found.client, &claims) else { return Ok(false) };
    dpop::nonce(app, proof, &found.client)?;
    // Without a name it is its own; not its signature, which may be written in more than one way.
    let signed = assertion.rsplit_once('.').map_or(assertion, |(signed, _)| signed);
    let name = sha256(held.jti.as_deref().unwrap_or(signed));
    let value = format!("{}:{}", found.client.object.0, URL_SAFE_NO_PAD.encode(name));
    Ok(app.store.write(Spend { purpose: Purpose::Assertion, value, expires: held.until }).await?)
}

/// What it says, if that is what an assertion of this client must say here and now.
fn holds(app: &App, client: &Client, claims: &Claims) -> Option<Assertion> {
    check(claims, client, &app.settings.issuer(), app.now()).ok()
}

/// What it says, where the client signed it in a way that it may prove itself by.
async fn claims(app: &App, found: &ClientCredentials, assertion: &str) -> Result<Option<Claims>, Refusal> {
    let Ok(jws) = Jws::read(assertion) else { return Ok(None) };
    let client = &found.client;
    let by = if jws.signing_algorithm().is_some() { PrivateKeyJwt } else { SecretJwt };
    if !client.may_prove_by(by) {
        return Ok(None);
    }
    if by == SecretJwt {
        let registered = client.settings.assertion_algorithm.as_deref();
        let named = registered.is_none_or(|name| name == jws.algorithm());
        return if named { signed_by_secret(app, found, &jws) } else { Ok(None) };
    }
    let accept = assertion::algorithms(client);
    let prove = |keys: &Jwks| jws.verified_claims(keys, &accept).ok();
    match (&client.settings.jwks, &client.settings.jwks_uri) {
        (Some(text), _) => Ok(Jwks::parse(text).ok().and_then(|keys| prove(&keys))),
        // Nothing is fetched for what would prove nothing whatever the keys are.
        (None, Some(address)) if jws.signing_algorithm().is_some_and(|used| accept.contains(&used)) => {
            let claims = jws.unverified_claims().ok().and_then(|claims| holds(app, client, &claims));
            if claims.is_none() {
                return Ok(None);
            }
            let found = with_keys_at(app, address, prove).await;
            found.map_err(|fault| Refusal::ClientKeys(fault.told()))
        }
        (None, _) => Ok(None),
    }
}

fn signed_by_secret(app: &App, found: &ClientCredentials, jws: &Jws<'_>) -> Result<Option<Claims>, Refusal> {
    let ended = found.expires.is_some_and(|end| app.now() >= end);
    let Some(sealed) = found.sealed.as_ref().filter(|_| !ended) else { return Ok(None) };
    let place = client_secret_place(found.client.object);
    let secret = app.master_key.seal_key().unseal(&place, sealed).map_err(Refusal::internal)?;
    let Ok(key) = SharedKey::new(secret.expose()) else { return Ok(None) };
    Ok(key.verify(jws).ok().and_then(parse_object))
}
