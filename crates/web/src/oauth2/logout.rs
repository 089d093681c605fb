//! `/connect/logout`: an application signs its user out here as well (OpenID Connect RP-Initiated Logout 1.0).

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use kibali_model::{Client, Dialect};
use kibali_oauth::with_parameters;
use kibali_store::door::clients;
use serde_json::{Map, Value};

use crate::exchange::Form;
use crate::identity::{Session, check_csrf, end_session};
use crate::pages::{RequestPage, logout_page};
use crate::speech::cors;
use crate::{App, Refusal};

/// What the question carries along.
const CARRIED: [&str; 4] = ["client_id", "post_logout_redirect_uri", "state", "id_token_hint"];

/// GET, or a form: signs out at once where the hint is of this very session, else asks.
pub(super) async fn logout(
    State(app): State<App>,
    session: Session,
    method: Method,
    form: Form,
) -> Result<Response, Refusal> {
    let parameters = &form.parameters;
    let hint = match parameters.get("id_token_hint")? {
        Some(token) => app.signer().own_claims(token).await?,
        None => None,
    };
    let client = client(&app, hint.as_ref(), parameters.get("client_id")?).await?;
    let target = match (parameters.get("post_logout_redirect_uri")?, &client) {
        (None, _) => None,
        (Some(uri), Some(client)) if client.post_logout_redirect_uris.iter().any(|known| known == uri) => {
            Some(with_parameters(
                uri,
                &parameters.get("state")?.map(|s| ("state", s)).into_iter().collect::<Vec<_>>(),
            ))
        }
        (Some(_), client) => return Ok(explain(client.as_ref())),
    };
    let leave = || match &target {
        Some(target) => Redirect::to(target).into_response(),
        None => Redirect::to(&format!("{}/login", app.settings.context_path())).into_response(),
    };
    if session.principal().is_none() {
        return Ok(leave());
    }
    let sid = session.sign_in().sid;
    let of_this_session =
        |claims: &Map<String, Value>| claims.get("sid").and_then(Value::as_str) == sid.as_deref();
    let said_yes = method == Method::POST && parameters.get("csrf")?.is_some();
    if said_yes {
        cors::require_known_site(&app, &Method::POST, &form.headers).await?;
        check_csrf(&session, parameters.get("csrf")?.unwrap_or_default())?;
    } else if !hint.as_ref().is_some_and(of_this_session) {
        let mut carried = Vec::new();
        for name in CARRIED {
            carried.extend(parameters.get(name)?.map(|value| (name, value.to_owned())));
        }
        return logout_page(&app, &session, client.map(|client| client.name), carried);
    }
    let cookie = end_session(&app, &session).await?;
    Ok((cookie, leave()).into_response())
}

/// The client that asks: the one the hint was issued to, which a `client_id` must agree with.
async fn client(
    app: &App,
    hint: Option<&Map<String, Value>>,
    named: Option<&str>,
) -> Result<Option<Client>, Refusal> {
    let hinted = hint.and_then(|claims| claims.get("azp")).and_then(Value::as_str);
    let id = match (hinted, named) {
        (Some(hinted), Some(named)) if hinted != named => return Ok(None),
        (hinted, named) => hinted.or(named),
    };
    let Some(id) = id else { return Ok(None) };
    let mut reader = app.store.reader().await?;
    Ok(clients::by_client_id(&mut reader, id).await?.map(|found| found.client))
}

fn explain(client: Option<&Client>) -> Response {
    let refusal = match client {
        Some(_) => Refusal::PostLogoutNotRegistered,
        None => Refusal::PostLogoutOfNobody,
    };
    let client = client.map(|client| client.client_id.as_str().into());
    (Extension(RequestPage { title: "Sign out", dialect: Dialect::Modern, client }), refusal).into_response()
}
