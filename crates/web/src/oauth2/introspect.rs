//! `POST /oauth2/introspect`: is this token worth anything? (RFC 7662)

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use kibali_crypto::sha256;
use kibali_model::Dialect;
use kibali_store::Reader;
use kibali_store::door::tokens::{self, FoundToken};
use kibali_store::door::{accounts, clients, families};
use serde_json::{Value, json};

use super::answer;
use crate::exchange::{BodyForm, authenticate};
use crate::identity::ClientAddress;
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
    let mut reader = app.store.reader().await?;
    let told = match tokens::find_access(&mut reader, hash).await? {
        Some(found) => tell(&app, &mut reader, found, true).await?,
        None => match tokens::find_refresh(&mut reader, hash).await? {
            // Shown to its own client only, to whom it is of use until it is spent for its successor.
            Some(found) if found.client != client.object => None,
            Some(found) => match families::line(&mut reader, hash).await? {
                Some(line) if line.spent.is_none() => tell(&app, &mut reader, found, false).await?,
                _ => None,
            },
            None => None,
        },
    };
    let told = told.unwrap_or_else(|| json!({ "active": false }));
    Ok(answer::private(StatusCode::OK, &told))
}

async fn tell(
    app: &App,
    reader: &mut Reader,
    found: FoundToken,
    is_access: bool,
) -> Result<Option<Value>, Refusal> {
    let now = app.now();
    let account = accounts::by_user(reader, found.user).await?;
    let account = account.filter(|account| now < found.expires && found.stands(account, now));
    let client = clients::named(reader, found.client).await?;
    let (Some(account), Some((_, client_id))) = (account, client) else { return Ok(None) };
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
        members.extend(found.jkt.map(|jkt| ("cnf".to_owned(), json!({ "jkt": jkt }))));
    }
    Ok(Some(told))
}
