//! `PUT /api/me`: the parts of a user that its owner may change.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::view;
use crate::account::own_profile;
use crate::api::query::Pairs;
use crate::body::Json;
use crate::identity::Caller;
use crate::{App, Refusal};

/// What may be changed; everything else in the body is passed over (web-api reference 3.1).
const PROFILE: &[&str] = &[
    "firstName",
    "surname",
    "email",
    "phoneNumber",
    "jobTitle",
    "introduction",
    "gender",
    "avatar",
    "skype",
    "facebookMessenger",
    "telegram",
    "whatsApp",
    "twitter",
    "birthday",
    "nationality",
    "employer",
    "education",
    "interests",
    "languages",
];

pub(super) async fn update(
    State(app): State<App>,
    Caller(caller): Caller,
    pairs: Pairs,
    Json(body): Json,
) -> Result<Response, Refusal> {
    let Value::Object(body) = body else {
        return Err(Refusal::UnreadableBody("The body is not a JSON object".to_owned()));
    };
    let is_blank =
        |value: &Value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    let properties: Map<String, Value> = body
        .into_iter()
        .filter(|(name, value)| PROFILE.contains(&name.as_str()) && !is_blank(value))
        .collect();
    if let Some(refused) = own_profile::change(&app, &caller, properties).await? {
        return Ok(refused.message.into_response());
    }
    view::me(State(app), Caller(caller), pairs).await
}
