//! The question on the consent page, and what was ticked there.

use axum::response::Response;
use kibali_model::{Client, Dialect, Principal, Scope, Scopes};
use kibali_oauth::{Authorization, Parameters};
use kibali_store::door::accounts;

use super::Door;
use crate::identity::Session;
use crate::pages::{ConsentView, asks_of, consent_page};
use crate::{App, Refusal};

/// Parameters of a request that the consent form carries along.
const CARRIED: [&str; 15] = [
    "client_id",
    "response_type",
    "response_mode",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request_uri",
    "resource",
    "dpop_jkt",
    "login_hint",
    "id_token_hint",
    "acr_values",
];

/// What a box of the page is called, as DHIS2 has it: the scope that it stands for is allowed.
const TICKED: &str = "scope";
/// What the request's own `scope` is called beside the boxes.
const ASKED: &str = "asked_scope";

/// The request that the form carries.
pub(super) fn request(form: &Parameters, dialect: Dialect) -> Parameters {
    match dialect {
        Dialect::Legacy => form.clone(),
        Dialect::Modern => form.replaced(TICKED, ASKED),
    }
}

/// The consent page.
pub(super) async fn ask(
    app: &App,
    session: &Session,
    principal: &Principal,
    client: &Client,
    asked: &Authorization,
    parameters: &Parameters,
    door: Door,
) -> Result<Response, Refusal> {
    let mut reader = app.store.reader().await?;
    let account = accounts::by_user(&mut reader, principal.user).await?.ok_or(Refusal::FormExpired)?;
    let mut carried = Vec::new();
    let box_name = (door.dialect == Dialect::Modern).then_some(TICKED);
    for name in CARRIED {
        if let Some(value) = parameters.get(name)? {
            let name = if Some(name) == box_name { ASKED } else { name };
            carried.push((name.to_owned(), value.to_owned()));
        }
    }
    let view = ConsentView {
        client_name: client.name.clone(),
        client_id: client.client_id.clone(),
        user_name: account.name.unwrap_or_else(|| account.username.clone()),
        username: account.username,
        asks: asks_of(&asked.scopes, box_name),
        destination: asked.redirect_uri.clone(),
        action: door.path,
        carried,
        csrf: session.csrf().to_owned(),
    };
    Ok(consent_page(&app.settings, view))
}

/// The scopes the user left ticked, of those asked for. DHIS2 up to 2.41 gives no choice.
pub(super) fn chosen(parameters: &Parameters, asked: &Scopes, dialect: Dialect) -> Scopes {
    if dialect == Dialect::Legacy {
        return asked.clone();
    }
    let ticked = parameters.every(TICKED).map(Scope::from);
    asked.intersection(&ticked.chain([Scope::OpenId]).collect())
}
