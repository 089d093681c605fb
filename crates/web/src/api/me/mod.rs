//! `/api/me`: the caller, as every client asks for it first (web-api reference 3.1).

mod password;
mod profile;
mod remembered;
mod view;

pub(crate) use remembered::Remembered;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post, put};
use http::StatusCode;
use serde_json::{Value, json};

use super::answer;
use super::settings::user as user_settings;
use crate::identity::Caller;
use crate::system_settings::keys;
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/me", get(view::me).put(profile::update))
        .route("/me/authorities", get(authorities))
        .route("/me/authorities/{name}", get(has_authority))
        .route("/me/authorization", get(authorities))
        .route("/me/authorization/{name}", get(has_authority))
        .route("/me/changePassword", put(password::change))
        .route("/me/dashboard", get(dashboard))
        .route("/me/dashboard/interpretations/read", post(interpretations_read))
        .route("/me/settings", get(settings))
        .route("/me/settings/{key}", get(setting))
        .route("/me/validatePassword", post(password::validate))
        .route("/me/verifyPassword", post(password::verify))
}

async fn authorities(Caller(caller): Caller) -> Response {
    let names: Vec<&str> = caller.authorities.iter().collect();
    answer::no_store(answer::rooted("authorities", &json!(names)))
}

async fn has_authority(Caller(caller): Caller, Path(name): Path<String>) -> Response {
    answer::no_store(answer::json(&Value::from(caller.authorities.has(&name))))
}

async fn settings(State(app): State<App>, Caller(caller): Caller) -> Result<Response, Refusal> {
    let settings = user_settings::of(&mut app.store.reader().await?, caller.user, true).await?;
    Ok(answer::no_store(answer::rooted("settings", &Value::Object(settings))))
}

async fn setting(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    if keys::user(&name).is_none() {
        return Err(Refusal::conflict(format!("Key is not supported: {name}")));
    }
    let mut settings = user_settings::of(&mut app.store.reader().await?, caller.user, true).await?;
    match settings.remove(&name).unwrap_or_default() {
        Value::Null => Err(Refusal::Missing(format!("User setting not found: {name}"))),
        value => Ok(answer::no_store(answer::json(&value))),
    }
}

/// Kibali keeps neither interpretations nor messages.
async fn dashboard(_: Caller) -> Response {
    let body = json!({ "unreadInterpretations": 0, "unreadMessageConversations": 0 });
    answer::no_store(answer::rooted("dashboard", &body))
}

async fn interpretations_read(_: Caller) -> StatusCode {
    StatusCode::NO_CONTENT
}
