//! `/api/initialAccessTokens`: what administrators let clients register with (rules of the door 4). Kibali's own.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use http::StatusCode;
use kibali_model::{Authorities, Principal};
use kibali_store::door::registrations::{self, InitialAccess};
use serde_json::{Value, json};

use super::answer;
use crate::body::Json;
use crate::identity::{Caller, ClientAddress};
use crate::registration::{Invitation, REGISTER, invite, take_back};
use crate::{App, Refusal};

const PATH: &str = "/initialAccessTokens";
/// How long one works when nobody said, in seconds.
const SECONDS: i64 = 86_400;

pub(super) fn router() -> Router<App> {
    Router::new().route(PATH, get(list).post(create)).route("/initialAccessTokens/{uid}", delete(remove))
}

fn require_superuser(caller: &Principal) -> Result<(), Refusal> {
    if caller.is_superuser() { Ok(()) } else { Err(Refusal::Lacks(&[Authorities::ALL])) }
}

async fn list(State(app): State<App>, Caller(caller): Caller) -> Result<Response, Refusal> {
    require_superuser(&caller)?;
    let live = registrations::live(&mut app.store.reader().await?, app.now()).await?;
    let shown: Vec<Value> = live.iter().map(shown).collect();
    Ok(answer::json(&json!({ "initialAccessTokens": shown })))
}

async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    Json(body): Json,
) -> Result<Response, Refusal> {
    require_superuser(&caller)?;
    let invited = invite(&app, Some((&caller, address)), read(&body)?).await?;
    let mut told = shown(&invited.kept);
    if let Some(members) = told.as_object_mut() {
        // Told once, here, and never again.
        members.insert("token".to_owned(), json!(invited.token.expose()));
        members.insert("registrationEndpoint".to_owned(), json!(app.settings.absolute(REGISTER)));
    }
    Ok((StatusCode::CREATED, answer::no_store(answer::json(&told))).into_response())
}

async fn remove(
    State(app): State<App>,
    Caller(caller): Caller,
    address: ClientAddress,
    Path(uid): Path<String>,
) -> Result<StatusCode, Refusal> {
    require_superuser(&caller)?;
    match take_back(&app, Some((&caller, address)), uid.clone()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal::ObjectNotFound { kind: "Initial access token", uid }),
    }
}

fn read(body: &Value) -> Result<Invitation, Refusal> {
    let text = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Some(_) => Err(Refusal::conflict(format!("{name} is a text"))),
    };
    let number = |name: &str, otherwise: i64| match body.get(name) {
        None | Some(Value::Null) => Ok(otherwise),
        Some(value) => value.as_i64().ok_or_else(|| Refusal::conflict(format!("{name} is a whole number"))),
    };
    if !body.is_object() {
        return Err(Refusal::UnreadableBody("The body is not a JSON object".to_owned()));
    }
    Ok(Invitation {
        name: text("name")?,
        uses: number("uses", 1)?,
        seconds: number("lifetimeSeconds", SECONDS)?,
        redirect_url: text("redirectUrl")?,
    })
}

fn shown(token: &InitialAccess) -> Value {
    json!({
        "id": token.uid.as_str(),
        "name": token.name,
        "uses": token.uses_left,
        "redirectUrl": token.redirect_url,
        "created": token.created.to_dhis2(),
        "expires": token.expires.to_dhis2(),
    })
}
