//! `kibali client`.

use kibali_metadata::import::{ImportParams, ImportStrategy, parse_payload};
use kibali_web::App;
use kibali_web::api::objects::{self, operator_principal};
use serde_json::json;

use super::{Absent, accepted, list, names, one, open, text};
use crate::cli::{Client, ClientAdd, Named};
use crate::failure::Failure;
use crate::terminal::{self, Table};

/// Does what was asked.
///
/// # Errors
/// The database refuses, or the rules of clients do.
pub(crate) async fn run(command: Client) -> Result<(), Failure> {
    let (settings, absent) = match &command {
        Client::Add(add) => (&add.settings, Absent::Make),
        Client::List(settings) => (settings, Absent::Refuse),
        Client::Remove(named) => (&named.settings, Absent::Refuse),
    };
    let app = open(settings, absent).await?;
    let done = match &command {
        Client::Add(client) => add(&app, client).await,
        Client::List(_) => show(&app).await,
        Client::Remove(named) => remove(&app, named).await,
    };
    app.store.close().await;
    done
}

async fn add(app: &App, client: &ClientAdd) -> Result<(), Failure> {
    let id = &client.client_id;
    let object = json!({
        "cid": id, "name": client.name.as_ref().unwrap_or(id), "grantTypes": client.grant,
        "redirectUris": client.redirect_uri
    });
    let params = ImportParams { strategy: ImportStrategy::Create, ..ImportParams::default() };
    let payload = one("oAuth2Clients", object);
    let batch = parse_payload(&app.registry, &payload, &params, &mut || app.new_uid());
    let done = objects::run(app, &operator_principal(), &batch, params, false).await?;
    accepted(&done.plan.report)?;
    let made = done.secrets.first().ok_or_else(|| Failure::Said("no secret was made".to_owned()))?;
    let secret = made.secret.expose();
    let token = app.settings.absolute("/uaa/oauth/token");
    terminal::say(format!(
        "Client {id} is registered. Its secret is shown only now:\n\n  {secret}\n\n\
         Try it, with the name and password of a user:\n\n  \
         curl -u {id}:{secret} -d grant_type=password -d username=USER -d password=PASSWORD {token}"
    ));
    Ok(())
}

async fn show(app: &App) -> Result<(), Failure> {
    let fields = ["cid", "name", "grantTypes", "redirectUris"];
    let mut table = Table::new(["client ID", "name", "grant types", "redirect URIs"]);
    for client in list(app, "oAuth2Clients", &fields).await? {
        let (grants, uris) = (names(&client, "grantTypes"), names(&client, "redirectUris"));
        table.row([text(&client, "cid"), text(&client, "name"), &grants, &uris]);
    }
    terminal::say(table.text());
    Ok(())
}

async fn remove(app: &App, named: &Named) -> Result<(), Failure> {
    let name = &named.name;
    let clients = list(app, "oAuth2Clients", &["id", "cid"]).await?;
    let found = clients.iter().find(|client| text(client, "cid") == name);
    let missing = || Failure::Said(format!("there is no client {name}; see them with: kibali client list"));
    let id = text(found.ok_or_else(missing)?, "id");
    let params = ImportParams { strategy: ImportStrategy::Delete, ..ImportParams::default() };
    let payload = one("oAuth2Clients", json!({ "id": id }));
    accepted(&objects::import(app, &operator_principal(), &payload, params).await?)?;
    terminal::say(format!("Client {name} is removed; all its tokens are refused"));
    Ok(())
}
