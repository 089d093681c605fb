//! Somebody who is signed in and looks at a page.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use kibali_model::{Principal, SignIn};
use kibali_store::door::accounts;
use std::sync::Arc;

use super::body::{Form, Posted};
use super::frame::Frame;
use super::two_factor::TWO_FACTOR;
use super::{APPS, LOGIN, redirect};
use crate::factor::Own;
use crate::identity::{ClientAddress, Session, remember_return};
use crate::{App, Refusal, Settings};

/// Somebody who is signed in. A handler that takes this sends everybody else to the login page, and back
/// here after it.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) principal: Arc<Principal>,
    session: Session,
}

impl Visitor {
    /// Whoever is signed in.
    pub(super) fn of(session: Session) -> Option<Self> {
        Some(Self { principal: session.principal()?.clone(), session })
    }

    /// Whoever is signed in, or would be with a second factor that a role demands.
    pub(super) fn even_enrolling(session: Session) -> Option<Self> {
        let principal = session.principal().or(session.enrolling())?.clone();
        Some(Self { principal, session })
    }

    /// Must they set up a second factor first?
    pub(super) fn is_enrolling(&self) -> bool {
        self.session.enrolling().is_some()
    }

    /// Does the account open without a second factor, as it is now?
    pub(super) async fn may_go_on_without(&self, app: &App) -> Result<bool, Refusal> {
        let account = accounts::by_user(&mut app.store.reader().await?, self.principal.user).await?;
        Ok(account.is_some_and(|account| !account.two_factor_demanded))
    }

    /// Their own second factor.
    pub(super) fn own(&self, address: ClientAddress) -> Own<'_> {
        Own::new(&self.principal, address)
    }

    /// The session they are signed in with.
    pub(super) const fn session(&self) -> &Session {
        &self.session
    }

    /// How they signed in.
    pub(super) fn sign_in(&self) -> SignIn {
        self.session.sign_in()
    }

    /// The frame of a page for them.
    pub(super) fn frame(&self, settings: &Settings, title: &'static str) -> Frame {
        Frame::anonymous(settings, title).signed_in(&self.principal.username, self.session.csrf())
    }
}

/// A form that somebody who is signed in sent. Its token is checked where it is opened, so that one that is too
/// old can be shown again with what was typed.
pub(super) struct VisitorForm {
    pub(super) visitor: Visitor,
    posted: Posted,
}

impl VisitorForm {
    /// What was typed, for showing it again.
    pub(super) fn typed(&self) -> &Form {
        self.posted.typed()
    }

    /// The form, if it carries the token of its session.
    pub(super) fn checked(&self) -> Result<&Form, Refusal> {
        self.posted.checked()
    }

    /// Where it came from.
    pub(super) const fn address(&self) -> ClientAddress {
        self.posted.address
    }
}

impl FromRequest<App> for VisitorForm {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let posted = Posted::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        let visitor = Visitor::of(posted.session.clone());
        let visitor = visitor.ok_or_else(|| Refusal::FormExpired.into_response())?;
        Ok(Self { visitor, posted })
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        if let Some(visitor) = Self::of(session.clone()) {
            return Ok(visitor);
        }
        Err(ask_to_sign_in(app, &session, parts).into_response())
    }
}

/// Somebody who is signed in, or would be with a second factor.
pub(super) struct Member(pub(super) Visitor);

impl FromRequestParts<App> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        match Visitor::even_enrolling(session.clone()) {
            Some(visitor) => Ok(Self(visitor)),
            None => Err(ask_to_sign_in(app, &session, parts).into_response()),
        }
    }
}

/// To the login page, or on to the second factor that a role demands; a sealed cookie remembers which page
/// asked, where that is not the first page anyway.
pub(super) fn ask_to_sign_in(app: &App, session: &Session, parts: &Parts) -> Result<Response, Refusal> {
    let page = parts.uri.path_and_query().map_or("/", |page| page.as_str());
    sign_in_first(app, session, page)
}

/// The same for `page`, a path below the context path with its query.
pub(crate) fn sign_in_first(app: &App, session: &Session, page: &str) -> Result<Response, Refusal> {
    let next = if session.enrolling().is_some() { TWO_FACTOR } else { LOGIN };
    if page == APPS || session.pending() == Some(page) {
        return Ok(redirect(&app.settings, next));
    }
    let cookie = remember_return(app, session, page)?;
    Ok((cookie, redirect(&app.settings, next)).into_response())
}
