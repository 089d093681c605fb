//! `POST /oauth2/introspect`: is this token worth anything? (RFC 7662)

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kibali_crypto::sha256;
use kibali_model::{Client, Dialect, ObjectId};
use kibali_store::door::tokens::{self, FoundToken, Hash};
use kibali_store::door::{clients, families};
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
    let hash = sha256(form.parameters.require("token")?);
    let told = match find(&app, &client, hash).await? {
        Some((found, is_access)) => tell(&app, &client, found, is_access).await?,
        None => None,
    };
    let told = told.unwrap_or_else(|| json!({ "active": false }));
    Ok(answer::private(StatusCode::OK, &told))
}

/// The token, and whether it is an access token.
async fn find(app: &App, client: &Client, hash: Hash) -> Result<Option<(FoundToken, bool)>, Refusal> {
    let mut reader = app.store.reader().await?;
    if let Some(found) = tokens::find_access(&mut reader, hash).await? {
        return Ok(Some((found, true)));
    }
    // Shown to its own client only, to whom it is of use until it is spent for its successor.
    let found = families::line(&mut reader, hash).await?;
    let own = found.filter(|(found, line)| found.client == client.object && line.spent.is_none());
    Ok(own.map(|(found, _)| (found, false)))
}

/// What a client is called in its tokens; none where it is gone.
async fn name(app: &App, asking: &Client, client: ObjectId) -> Result<Option<String>, Refusal> {
    if client == asking.object {
        return Ok(Some(asking.client_id.clone()));
    }
    let named = clients::named(&mut app.store.reader().await?, client).await?;
    Ok(named.map(|(_, client_id)| client_id))
}

async fn tell(
    app: &App,
    asking: &Client,
    found: FoundToken,
    is_access: bool,
) -> Result<Option<Value>, Refusal> {
    let now = app.now();
    let account = known::person(app, found.user).await?.map(|person| person.account);
    let account = account.filter(|account| now < found.expires && found.stands(account, now));
    let client = name(app, asking, found.client).await?;
    let (Some(account), Some(client_id)) = (account, client) else { return Ok(None) };
    let mut told = json!({
        "active": true,
        "sub": account.username,
        "username": account.username,
        "client_id": client_id,
        "aud": found.resource.as_ref().unwrap_or(&client_id),
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
        let cnf = found.jkt.filter(|_| is_access).map(|jkt| json!({ "jkt": jkt }));
        members.extend(cnf.map(|cnf| ("cnf".to_owned(), cnf)));
    }
    Ok(Some(told))
}
