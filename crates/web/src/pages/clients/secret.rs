//! The one page that shows a secret, and making a new one.

use axum::extract::{Path, State};
use axum::response::Response;
use kibali_crypto::{Secret, new_client_secret};
use kibali_metadata::import::ImportParams;
use serde_json::{Map, Value};

use super::connect::Connect;
use super::handlers::{TITLE, update};
use super::manager::{Manager, ManagerForm};
use super::{CLIENTS, PLURAL, Registered, spoken, views};
use crate::api::objects;
use crate::pages::page::Page;
use crate::pages::parts::{Choice, Copy};
use crate::pages::redirect;
use crate::{App, Refusal};

/// How long the old secret may work on (rules of the door 6).
struct Overlap {
    seconds: i64,
    value: &'static str,
    label: &'static str,
    told: &'static str,
}

/// The usual choice first.
const OVERLAPS: [Overlap; 3] = [
    Overlap {
        seconds: 24 * 3600,
        value: "86400",
        label: "for 24 hours",
        told: "The old secret keeps working for 24 hours.",
    },
    Overlap {
        seconds: 7 * 24 * 3600,
        value: "604800",
        label: "for 7 days",
        told: "The old secret keeps working for 7 days.",
    },
    Overlap { seconds: 0, value: "0", label: "not at all", told: "The old secret no longer works." },
];

/// The choices of the form.
pub(super) fn overlaps() -> Vec<Choice> {
    let choice = |(number, overlap): (usize, &Overlap)| Choice {
        value: overlap.value,
        label: overlap.label,
        on: number == 0,
    };
    OVERLAPS.iter().enumerate().map(choice).collect()
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
    let chosen = OVERLAPS.iter().find(|overlap| overlap.value == wanted);
    let overlap =
        chosen.ok_or_else(|| Refusal::bad_request("Choose how long the old secret keeps working"))?;
    let client = manager.client(&app, &uid).await?;
    let made = new_client_secret(&*app.random);
    let object = Map::from_iter([
        ("id".to_owned(), Value::from(client.uid.as_str())),
        ("clientSecret".to_owned(), Value::from(made.expose().as_str())),
    ]);
    let params = ImportParams { old_secret_seconds: overlap.seconds, ..update() };
    let done = objects::change_one(&spoken(&app), &manager.0.principal, PLURAL, &object, params).await?;
    if let Some(fault) = done.faults.first() {
        return Err(Refusal::conflict_code(fault.code.as_str(), fault.message()));
    }
    page(&app, manager, &client, &made, "New client secret made", Some(overlap.told))
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
