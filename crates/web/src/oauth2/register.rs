//! `/connect/register`: clients that register and manage themselves (RFC 7591, 7592; modern reference 3.8).

use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{HeaderMap, StatusCode};
use kibali_oauth::SentCredential;

use super::answer;
use crate::body::{self, Bounds};
use crate::identity::{ClientAddress, sent_credential};
use crate::registration::{self, Managed};
use crate::{App, Refusal};

pub(super) use crate::registration::REGISTER;

/// What a client does with what it registered.
pub(super) fn managed() -> MethodRouter<App> {
    get(show).put(replace).delete(remove)
}

/// `POST`: registers a client.
pub(super) async fn create(
    State(app): State<App>,
    address: ClientAddress,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let token = bearer(&parts.headers)?;
    let body = body::json(&parts.headers, body, Bounds::FORM, app.settings.body_patience);
    let told = registration::register(&app, token.as_deref(), body, address).await?;
    Ok(answer::private(StatusCode::CREATED, &told))
}

async fn show(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let managed = proven(&app, query.as_deref(), &headers).await?;
    Ok(answer::private(StatusCode::OK, &registration::told(&app, &managed, None)))
}

async fn replace(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let managed = proven(&app, query.as_deref(), &parts.headers).await?;
    let body = body::json(&parts.headers, body, Bounds::FORM, app.settings.body_patience).await?;
    Ok(answer::private(StatusCode::OK, &registration::replace(&app, managed, &body).await?))
}

async fn remove(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let managed = proven(&app, query.as_deref(), &headers).await?;
    registration::remove(&app, &managed).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The client that the address names and the token proves.
async fn proven(app: &App, query: Option<&str>, headers: &HeaderMap) -> Result<Managed, Refusal> {
    let token = bearer(headers)?;
    let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let client_id = pairs.find(|(name, _)| name == "client_id").map(|(_, value)| value);
    registration::managed(app, token.as_deref(), client_id.as_deref().unwrap_or_default()).await
}

fn bearer(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    match sent_credential(headers)? {
        SentCredential::Bearer(token) => Ok(Some(token.to_owned())),
        SentCredential::Absent => Ok(None),
        SentCredential::Basic(_) | SentCredential::Dpop(_) | SentCredential::ApiToken(_) => {
            Err(Refusal::InvalidToken)
        }
    }
}
