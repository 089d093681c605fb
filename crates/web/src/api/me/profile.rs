//! `PUT /api/me`: the parts of a user that its owner may change.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kibali_metadata::import::{ImportParams, ImportStrategy, MergeMode};
use kibali_model::{Authorities, Principal};
use serde_json::{Map, Value};

use super::view;
use crate::api::objects;
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
    let mut object: Map<String, Value> = body
        .into_iter()
        .filter(|(name, value)| PROFILE.contains(&name.as_str()) && !is_blank(value))
        .collect();
    object.insert("id".to_owned(), caller.uid.to_string().into());
    let params =
        ImportParams { strategy: ImportStrategy::Update, merge: MergeMode::Merge, ..ImportParams::default() };
    if let Some(refused) = objects::update_one(&app, &as_owner(&caller), "users", &object, params).await? {
        return Ok(refused.into_response());
    }
    view::me(State(app), Caller(caller), pairs).await
}

/// The caller as owner of the profile: it asks for no authority. What is written is the list above; a token
/// stays one, which changes no address that links to a new password go to.
fn as_owner(caller: &Principal) -> Principal {
    Principal { authorities: Authorities::from_iter([Authorities::ALL]), ..caller.clone() }
}
