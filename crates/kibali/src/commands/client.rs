//! `kibali client`.

use kibali_metadata::import::{ImportParams, ImportStrategy, parse_payload};
use kibali_model::{ClientProfile, ClientSettings, Dialect, GrantType};
use kibali_store::door::clients::{self, Registered};
use kibali_web::App;
use kibali_web::api::objects::{self, operator_principal};
use kibali_web::clients::{OldSecret, lines, renew};
use serde_json::{Map, Value, json};

use super::{Absent, accepted, close, invitation, list, one, open, text};
use crate::cli::{Client, ClientAdd, ClientSecret, Named, OldSecretWorks};
use crate::failure::Failure;
use crate::terminal::{self, Table};

/// Does what was asked.
///
/// # Errors
/// The database refuses, or the rules of clients do.
pub(crate) async fn run(command: Client) -> Result<(), Failure> {
    let (settings, absent) = match &command {
        Client::Add(add) => (&add.settings, Absent::Make),
        Client::Invite(invite) => (&invite.settings, Absent::Refuse),
        Client::Invitations(settings) => (settings, Absent::Refuse),
        Client::Uninvite(uninvite) => (&uninvite.settings, Absent::Refuse),
        Client::List(settings) => (settings, Absent::Refuse),
        Client::Secret(secret) => (&secret.settings, Absent::Refuse),
        Client::Remove(named) => (&named.settings, Absent::Refuse),
    };
    let app = open(settings, absent).await?.speaking(Dialect::Modern);
    let done = match &command {
        Client::Add(client) => add(&app, client).await,
        Client::Invite(wanted) => invitation::make(&app, wanted).await,
        Client::Invitations(_) => invitation::show(&app).await,
        Client::Uninvite(wanted) => invitation::end(&app, &wanted.id).await,
        Client::List(_) => show(&app).await,
        Client::Secret(wanted) => secret(&app, wanted).await,
        Client::Remove(named) => remove(&app, named).await,
    };
    close(&app).await;
    done
}

async fn add(app: &App, client: &ClientAdd) -> Result<(), Failure> {
    let id = &client.client_id;
    let object = object(app, client).await?;
    let params = ImportParams { strategy: ImportStrategy::Create, ..ImportParams::default() };
    let payload = one("oAuth2Clients", Value::Object(object));
    let batch = parse_payload(&app.registry, &payload, &params, &mut || app.new_uid());
    let done = objects::run(app, &operator_principal(), &batch, params, false).await?;
    accepted(&done.plan.report)?;
    let made = done.secrets.first().map(|made| made.secret.expose());
    let mut text = match made {
        Some(secret) => format!("Client {id} is registered. Its secret is shown only now:\n\n  {secret}"),
        None => format!("Client {id} is registered. It has no secret"),
    };
    let (_, registered) = registered(app, id).await?;
    for line in lines(&app.settings, &registered.registration, "USER", made.map(String::as_str)) {
        text = format!("{text}\n\n{}:\n\n  {}", line.title, line.text);
    }
    terminal::say(text);
    Ok(())
}

/// The client with this client ID, and its identifier.
async fn registered(app: &App, id: &str) -> Result<(String, Registered), Failure> {
    let missing = || Failure::Said(format!("there is no client {id}; see them with: kibali client list"));
    let mut reader = app.store.reader().await?;
    let found = clients::by_client_id(&mut reader, id).await?.ok_or_else(missing)?;
    let uid = found.client.uid.to_string();
    let registered = clients::by_uid(&mut reader, &uid).await?.ok_or_else(missing)?;
    Ok((uid, registered))
}

async fn secret(app: &App, wanted: &ClientSecret) -> Result<(), Failure> {
    let id = &wanted.client_id;
    let (uid, found) = registered(app, id).await?;
    let old = match wanted.old_secret {
        OldSecretWorks::Day => OldSecret::Day,
        OldSecretWorks::Week => OldSecret::Week,
        OldSecretWorks::Ends => OldSecret::Ends,
    };
    let made = renew(app, &operator_principal(), (&uid, &found.registration), old).await?;
    let (secret, told) = (made.secret.expose(), made.told);
    terminal::say(format!("The new secret of client {id} is shown only now:\n\n  {secret}\n\n{told}"));
    Ok(())
}

/// The client that was asked for, in the modern dialect.
async fn object(app: &App, client: &ClientAdd) -> Result<Map<String, Value>, Failure> {
    let id = &client.client_id;
    let mut object = json!({
        "clientId": id, "name": client.name.as_ref().unwrap_or(id), "authorizationGrantTypes": client.grant,
        "redirectUris": client.redirect_uri, "postLogoutRedirectUris": client.post_logout_redirect_uri,
        "clientAuthenticationMethods": client.authentication, "takesOtp": client.takes_otp,
        "backchannelLogoutUri": client.backchannel_logout_uri
    });
    let mut settings = ClientSettings { require_consent: !client.no_consent, ..ClientSettings::default() };
    settings.jwks_uri.clone_from(&client.jwks_uri);
    if let Some(file) = &client.jwks {
        let text = tokio::fs::read_to_string(file).await;
        let text =
            text.map_err(|error| Failure::Said(format!("{} cannot be read: {error}", file.display())))?;
        settings.jwks = Some(text.trim().to_owned());
    }
    let unusual = settings != ClientSettings::default();
    // PKCE is the profile's to ask for.
    settings.require_proof_key = client.profile.as_deref() != Some(ClientProfile::Legacy.as_str())
        && !client.grant.iter().any(|grant| grant == GrantType::Password.as_str());
    let mut put = |name: &str, value: Value| {
        if let Value::Object(object) = &mut object {
            object.insert(name.to_owned(), value);
        }
    };
    if unusual {
        put("clientSettings", kibali_metadata::client::client_text(&settings, &Map::new()).into());
    }
    if !client.scope.is_empty() {
        put("scopes", json!(client.scope));
    }
    if let Some(profile) = &client.profile {
        put("profile", json!(profile));
    }
    exchanged(app, client).await?;
    if !client.exchanges_for.is_empty() {
        put("exchangesFor", json!(client.exchanges_for));
    }
    if let Some(username) = &client.acts_as {
        let users = list(app, "users", &["id", "username"]).await?;
        let user = users.iter().find(|user| text(user, "username") == username);
        let missing =
            || Failure::Said(format!("there is no user {username}; see them with: kibali user list"));
        put("actsAs", json!({ "id": text(user.ok_or_else(missing)?, "id") }));
    }
    match object {
        Value::Object(object) => Ok(object),
        _ => Err(Failure::Said("a client is an object".to_owned())),
    }
}

/// The clients whose tokens it exchanges are named, and there are such clients: else it would exchange nothing.
async fn exchanged(app: &App, client: &ClientAdd) -> Result<(), Failure> {
    let exchanges = client.grant.iter().any(|grant| grant == GrantType::TokenExchange.as_str());
    if exchanges && client.exchanges_for.is_empty() {
        return Err(Failure::Said(
            "a client exchanges the tokens of clients that are named; name them with --exchanges-for CLIENT"
                .to_owned(),
        ));
    }
    for id in client.exchanges_for.iter().filter(|id| **id != client.client_id) {
        registered(app, id).await?;
    }
    Ok(())
}

async fn show(app: &App) -> Result<(), Failure> {
    let fields = ["clientId", "name", "authorizationGrantTypes", "scopes", "redirectUris"];
    let mut table = Table::new(["client ID", "name", "grant types", "scopes", "redirect URIs"]);
    for client in list(app, "oAuth2Clients", &fields).await? {
        let spaced = |name| text(&client, name).replace(',', ", ");
        let (grants, scopes, uris) =
            (spaced("authorizationGrantTypes"), spaced("scopes"), spaced("redirectUris"));
        table.row([text(&client, "clientId"), text(&client, "name"), &grants, &scopes, &uris]);
    }
    terminal::say(table.text());
    Ok(())
}

async fn remove(app: &App, named: &Named) -> Result<(), Failure> {
    let name = &named.name;
    let (id, _) = registered(app, name).await?;
    let params = ImportParams { strategy: ImportStrategy::Delete, ..ImportParams::default() };
    let payload = one("oAuth2Clients", json!({ "id": id }));
    accepted(&objects::import(app, &operator_principal(), &payload, params).await?)?;
    terminal::say(format!("Client {name} is removed; all its tokens are refused"));
    Ok(())
}
