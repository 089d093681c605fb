//! The caller of a request, proven by its credential (rules of the door 1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use kibali_model::Principal;
use kibali_oauth::SentCredential;

use super::dpop::Presented;
use super::{ClientAddress, Session, api_token, basic, bearer, sent_credential};
use crate::guard::Passage;
use crate::speech::cors;
use crate::{App, Refusal};

/// The caller of a Web API request. A handler that takes this cannot be reached without a credential.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<Principal>);

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let caller = Self(prove(parts, app).await?);
        if let Some(passage) = parts.extensions.get::<Arc<Passage>>() {
            app.guard().of_principal(passage, &caller.0, app.now())?;
        }
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

/// The caller of a request that anybody may make. No credential is no caller; a wrong one is refused all
/// the same.
#[derive(Debug, Clone)]
pub struct MaybeCaller(pub Option<Arc<Principal>>);

impl FromRequestParts<App> for MaybeCaller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        match Caller::from_request_parts(parts, app).await {
            Ok(caller) => Ok(Self(Some(caller.0))),
            Err(Refusal::NoCredentials) => Ok(Self(None)),
            Err(refusal) => Err(refusal),
        }
    }
}

/// One credential decides alone: the header where there is one, else the session. What programs seldom send
/// is boxed, so that it does not enlarge the future of a call with a bearer token.
async fn prove(parts: &mut Parts, app: &App) -> Result<Arc<Principal>, Refusal> {
    let header = sent_credential(&parts.headers)?;
    let parameter = if app.settings.query_token { access_token(parts.uri.query()) } else { None };
    let principal = match (header, parameter) {
        (SentCredential::Absent, None) => return Box::pin(of_session(parts, app)).await,
        (SentCredential::Absent, Some(token)) => {
            return bearer::verify(app, &token, &parts.method, Presented::Bearer).await;
        }
        (_, Some(_)) => return Err(Refusal::TwoCredentials),
        (SentCredential::Bearer(token), None) => {
            return bearer::verify(app, token, &parts.method, Presented::Bearer).await;
        }
        (SentCredential::Dpop(token), None) => {
            let presented = Presented::Dpop { token, proof: parts.extensions.get() };
            return Box::pin(bearer::verify(app, token, &parts.method, presented)).await;
        }
        (SentCredential::Basic(pair), None) => {
            let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
            let passage = parts.extensions.get().cloned();
            Box::pin(basic::verify(app, &pair, passage, address)).await?
        }
        (SentCredential::ApiToken(token), None) => {
            let token = token.to_owned();
            let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
            return api_token::verify(app, &token, parts, address).await;
        }
    };
    Ok(Arc::new(principal))
}

async fn of_session(parts: &mut Parts, app: &App) -> Result<Arc<Principal>, Refusal> {
    let session = Session::from_request_parts(parts, app).await?;
    let principal = session.principal().cloned().ok_or(Refusal::NoCredentials)?;
    cors::require_known_site(app, &parts.method, &parts.headers).await?;
    Ok(principal)
}

/// The `access_token` of a query (RFC 6750 section 2.3), where the operator allows it.
fn access_token(query: Option<&str>) -> Option<String> {
    url::form_urlencoded::parse(query?.as_bytes())
        .find(|(name, _)| name == "access_token")
        .map(|(_, value)| value.into_owned())
}
