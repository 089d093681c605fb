//! Giving the password once more, where a page asks somebody without a second factor who they are.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kibali_store::door::sessions::Reauthenticated;

use super::{ACCOUNT, TITLE};
use crate::account::own_password;
use crate::identity::returned;
use crate::pages::body::Posted;
use crate::pages::frame::Frame;
use crate::pages::page::Page;
use crate::pages::parts::Field;
use crate::pages::redirect;
use crate::pages::two_factor::PROVE as PROVE_FACTOR;
use crate::pages::visitor::{Member, Visitor};
use crate::{App, Refusal};

#[derive(Template)]
#[template(path = "own_prove.html")]
pub(super) struct Prove {
    pub(super) frame: Frame,
    pub(super) password: Field,
}

impl Prove {
    pub(super) fn new(frame: Frame, error: Option<String>) -> Self {
        let password = Field {
            id: "password",
            label: "Password",
            error,
            autocomplete: "current-password",
            required: true,
            secret: true,
            autofocus: true,
            ..Field::default()
        };
        Self { frame, password }
    }
}

/// `GET /account/password/prove`.
pub(super) async fn show(State(app): State<App>, Member(visitor): Member) -> Result<Response, Refusal> {
    if is_protected(&app, &visitor).await? {
        return Ok(redirect(&app.settings, PROVE_FACTOR));
    }
    Ok(Page::render(&Prove::new(visitor.frame(&app.settings, TITLE), None))?.into_response())
}

/// Of an account with a second factor, the password alone proves nothing.
async fn is_protected(app: &App, visitor: &Visitor) -> Result<bool, Refusal> {
    Ok(own_password::account(app, &visitor.principal).await?.protected)
}

/// `POST /account/password/prove`.
pub(super) async fn submit(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let password = posted.checked()?.text("password");
    let visitor = Visitor::even_enrolling(posted.session.clone()).ok_or(Refusal::FormExpired)?;
    if is_protected(&app, &visitor).await? {
        return Ok(redirect(&app.settings, PROVE_FACTOR));
    }
    let principal = &visitor.principal;
    if !own_password::is_own(&app, principal, password, posted.address).await? {
        let error = Some("The password is wrong.".to_owned());
        let page = Page::render(&Prove::new(visitor.frame(&app.settings, TITLE), error))?;
        return Ok(page.status(StatusCode::BAD_REQUEST).into_response());
    }
    let proved = Reauthenticated {
        hash: visitor.session().hash(),
        credential_version: principal.credential_version,
        now: app.now(),
    };
    app.store.write(proved).await?;
    let page = visitor.session().pending().unwrap_or(ACCOUNT);
    Ok((returned(&app, visitor.session()), redirect(&app.settings, page)).into_response())
}
