//! `POST /oauth2/introspect`: is this token worth anything? (RFC 7662)

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kibali_crypto::sha256;
use kibali_model::{Client, Dialect};
use kibali_store::door::families;
use kibali_store::door::tokens::FoundToken;
use serde_json::{Value, json};

use super::answer;
use crate::exchange::{BodyForm, authenticate};
use crate::identity::{ClientAddress, known};
use crate::{App, Refusal};

/// Tells a confidential client what a token is worth; whoever has none of its own is told nothing. A token
/// that is unknown, expired or revoked is only inactive (section 2.2).
pub(super) async fn introspect(
    State(app): State<App>,
    address: ClientAddress,
    BodyForm(form): BodyForm,
) -> Result<Response, Refusal> {
    let client = authenticate(&app, &form, address, Dialect::Modern).await?;
    if client.is_public() {
        return Err(Refusal::InvalidClient);
    }
    let told = match find(&app, &client, form.parameters.require("token")?).await? {
        Some((found, is_access)) => tell(&app, &found, is_access).await?,
        None => None,
    };
    let told = told.unwrap_or_else(|| json!({ "active": false }));
    Ok(answer::private(StatusCode::OK, &told))
}

/// The token, and whether it is an access token.
async fn find(app: &App, client: &Client, token: &str) -> Result<Option<(Arc<FoundToken>, bool)>, Refusal> {
    if let Some(found) = known::token(app, token).await? {
        return Ok(Some((found, true)));
    }
    // Shown to its own client only, to whom it is of use until it is spent for its successor.
    let found = families::line(&mut app.store.reader().await?, sha256(token)).await?;
    let own = found.filter(|(found, line)| found.client == client.object && line.spent.is_none());
    Ok(own.map(|(found, _)| (Arc::new(found), false)))
}

async fn tell(app: &App, found: &FoundToken, is_access: bool) -> Result<Option<Value>, Refusal> {
    let account = known::holder(app, found, app.now()).await?;
    let (Some(account), Some(client_id)) = (account, &found.client_id) else { return Ok(None) };
    let mut told = json!({
        "active": true,
        "sub": account.username,
        "username": account.username,
        "client_id": client_id,
        "aud": found.resource.as_ref().unwrap_or(client_id),
        "iss": app.settings.issuer(),
        "scope": found.scopes.to_string(),
        "iat": found.created.seconds(),
        "nbf": found.created.seconds(),
        "exp": found.expires.seconds(),
    });
    if let Some(members) = told.as_object_mut() {
        let kind = if found.jkt.is_some() { "DPoP" } else { "Bearer" };
        members.extend(is_access.then(|| ("token_type".to_owned(), kind.into())));
        let act = found.act.as_deref().and_then(|act| serde_json::from_str(act).ok());
        members.extend(act.map(|act: Value| ("act".to_owned(), act)));
        // A refresh token is shown to none but a client that proves itself, which may show any key for it.
        let cnf = found.jkt.as_ref().filter(|_| is_access).map(|jkt| json!({ "jkt": jkt }));
        members.extend(cnf.map(|cnf| ("cnf".to_owned(), cnf)));
    }
    Ok(Some(told))
}
