//! `POST /oauth2/par`: a client pushes its authorization request before it sends the browser (RFC 9126).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kibali_crypto::{new_token, sha256};
use kibali_model::Dialect;
use kibali_oauth::{AuthorizeRefusal, Endpoint, Parameters, authorize};
use kibali_store::door::pushed::{Push, PushedRequest};
use serde_json::json;

use super::answer;
use crate::authorize::PUSHED;
use crate::exchange::{BodyForm, authenticate};
use crate::identity::{ClientAddress, dpop};
use crate::{App, Refusal};

/// Seconds that a pushed request waits for the browser.
const SECONDS: i64 = 60;

/// What proves the client and is no part of the request.
const PROOFS: &[&str] = &["client_secret", "client_assertion", "client_assertion_type"];

/// Checks the request as the browser's would be, keeps it, and answers with a name for it.
pub(super) async fn push(
    State(app): State<App>,
    address: ClientAddress,
    BodyForm(form): BodyForm,
) -> Result<Response, Refusal> {
    let client = authenticate(&app, &form, address, Dialect::Modern).await?;
    let key = dpop::key(&app, form.proof.as_ref(), &client).await?;
    let parameters = &form.parameters;
    if parameters.get("client_id")?.is_some_and(|id| id != client.client_id) {
        return Err(Refusal::ClientIdMismatch);
    }
    if parameters.get("request_uri")?.is_some() {
        let why = "a pushed request is not pushed again";
        return Err(Refusal::MalformedParameter { name: "request_uri", why });
    }
    // A proof binds the code to its key, as `dpop_jkt` does (RFC 9449 section 10.1).
    if let (Some(key), Some(named)) = (&key, parameters.get("dpop_jkt")?)
        && key != named
    {
        return Err(Refusal::DpopProof("dpop_jkt names another key".to_owned()));
    }
    let bound = key.map(|key| format!("dpop_jkt={key}")).unwrap_or_default();
    let pushed = parameters.without(PROOFS);
    let parameters = &Parameters::read([pushed.as_bytes(), bound.as_bytes()]);
    let issuer = app.settings.issuer();
    let endpoint = Endpoint { dialect: Dialect::Modern, issuer: &issuer, pushed: true };
    authorize(parameters, &client, endpoint).map_err(|refusal| match refusal {
        AuthorizeRefusal::Page(error) => error.into(),
        AuthorizeRefusal::Answer { error, description, .. } => Refusal::RequestRefused { error, description },
    })?;
    let token = new_token(&*app.random);
    let now = app.now();
    let request = PushedRequest {
        client: client.object,
        parameters: parameters.without(&[]),
        expires: now.plus_seconds(SECONDS),
    };
    if !app.store.write(Push { hash: sha256(token.expose()), request, now }).await? {
        return Err(Refusal::Busy { seconds: 60 });
    }
    let body = json!({ "request_uri": format!("{PUSHED}{}", token.expose()), "expires_in": SECONDS });
    Ok(answer::private(StatusCode::CREATED, &body))
}
