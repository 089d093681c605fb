//! `/api/system/info`: what every client asks first. `version` decides what it does next.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use http::header::USER_AGENT;
use serde_json::{Map, Value, json};

use super::answer;
use crate::api::query::Pairs;
use crate::identity::Caller;
use crate::system_settings::Stored;
use crate::{App, Parts, Refusal};

pub(super) async fn info(
    State(app): State<App>,
    _: Caller,
    pairs: Pairs,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    let base = app.settings.absolute("");
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut info = json!({
        "contextPath": base,
        "userAgent": user_agent,
        "calendar": stored.named("keyCalendar"),
        "dateFormat": date_format(&stored),
        "serverDate": app.now().to_dhis2(),
        "serverTimeZoneId": "Etc/UTC",
        "serverTimeZoneDisplayName": "Coordinated Universal Time",
        "version": app.settings.as_version.to_string(),
        "revision": concat!("kibali-", env!("CARGO_PKG_VERSION")),
        "encryption": true,
        "emailConfigured": app.mailer().is_configured(&stored),
        "redisEnabled": false,
        "systemId": system_id(&app),
        "systemName": stored.named("applicationTitle"),
        "instanceBaseUrl": base,
        "isMetadataVersionEnabled": false,
        "isMetadataSyncEnabled": false,
    });
    let asked: Vec<&str> = pairs.list("fields").collect();
    if let Value::Object(members) = &mut info {
        retain_fields(members, &asked);
    }
    Ok(answer::no_store(answer::rooted("systemInfo", &info)))
}

/// Keeps what `fields` names: plain names only, since the object is flat. Unknown names are ignored.
fn retain_fields(members: &mut Map<String, Value>, asked: &[&str]) {
    if !asked.is_empty() && !asked.iter().any(|name| matches!(*name, "*" | ":all")) {
        members.retain(|name, _| asked.contains(&name.as_str()));
    }
}

/// `yyyy-mm-dd` for the setting's `yyyy-MM-dd`: clients read it as a pattern without minutes.
fn date_format(stored: &Stored) -> String {
    stored.named("keyDateFormat").as_str().unwrap_or("yyyy-MM-dd").to_lowercase()
}

/// The installation's public identifier, a UUID. It follows from the master key, so every node knows it
/// and nothing has to be stored.
pub(crate) fn system_id(parts: &Parts) -> String {
    let tag = parts.master_key.mac_key(kibali_crypto::Purpose::SystemId).tag("system id");
    super::identifiers::uuid(&tag)
}
