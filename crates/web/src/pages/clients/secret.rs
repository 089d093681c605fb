//! The one page that shows a secret, and making a new one.

use axum::extract::{Path, State};
use axum::response::Response;
use kibali_crypto::Secret;

use super::connect::Connect;
use super::handlers::TITLE;
use super::manager::{Manager, ManagerForm};
use super::{CLIENTS, Registered, views};
use crate::clients::{OldSecret, renew};
use crate::pages::page::Page;
use crate::pages::parts::{Choice, Copy};
use crate::pages::redirect;
use crate::{App, Refusal};

/// How the form calls a choice, and what is written beside it.
const fn shown(old: OldSecret) -> (&'static str, &'static str) {
    match old {
        OldSecret::Day => ("86400", "for 24 hours"),
        OldSecret::Week => ("604800", "for 7 days"),
        OldSecret::Ends => ("0", "not at all"),
    }
}

/// The choices of the form, the usual one first.
pub(super) fn overlaps() -> Vec<Choice> {
    let choice = |(number, old)| {
        let (value, label) = shown(old);
        Choice { value, label, on: number == 0 }
    };
    OldSecret::EVERY.into_iter().enumerate().map(choice).collect()
}

/// `GET /settings/oauth2-clients/{uid}/secret`: a secret is shown in answer to making it, never again.
pub(super) async fn back(
    State(app): State<App>,
    manager: Manager,
    Path(uid): Path<String>,
) -> Result<Response, Refusal> {
    let client = manager.client(&app, &uid).await?;
    Ok(redirect(&app.settings, &format!("{CLIENTS}/{}", client.uid)))
}

/// `POST /settings/oauth2-clients/{uid}/secret`.
pub(super) async fn make(
    State(app): State<App>,
    Path(uid): Path<String>,
    form: ManagerForm,
) -> Result<Page, Refusal> {
    let (manager, wanted) = (&form.manager, form.checked()?.text("overlap"));
    let chosen = OldSecret::EVERY.into_iter().find(|old| shown(*old).0 == wanted);
    let old = chosen.ok_or_else(|| Refusal::bad_request("Choose how long the old secret keeps working"))?;
    let client = manager.client(&app, &uid).await?;
    let made = renew(&app, &manager.0.principal, (&client.uid, &client.registration), old).await?;
    page(&app, manager, &client, &made.secret, "New client secret made", Some(made.told))
}

/// The page.
pub(super) fn page(
    app: &App,
    manager: &Manager,
    client: &Registered,
    made: &Secret<String>,
    notice: &'static str,
    old_secret: Option<&'static str>,
) -> Result<Page, Refusal> {
    let visitor = &manager.0;
    Page::render(&views::Secret {
        frame: visitor.frame(&app.settings, TITLE),
        heading: client.name.clone(),
        notice,
        client_id: Copy::new("client-id", "client ID", client.registration.client_id.clone()),
        secret: Copy::secret("client-secret", "client secret", made.expose().clone()),
        old_secret,
        connect: Connect::new(&app.settings, &visitor.principal.username, client, Some(made.expose())),
    })
}
