//! Who may open these pages: administrators, who proved lately that it is them.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use kibali_model::{Authorities, Lately, Principal};
use kibali_store::door::cuts::Cutter;

use super::{GRANTS, TITLE};
use crate::pages::body::Form;
use crate::pages::error::Message;
use crate::pages::page::Page;
use crate::pages::step_up::asked_first;
use crate::pages::visitor::{Visitor, VisitorForm};
use crate::{App, Refusal};

/// How long a sign-in by password alone is believed.
const PASSWORD_SECONDS: i64 = 3600;

/// May the caller open these pages?
pub(in crate::pages) fn may_administer(caller: &Principal) -> bool {
    caller.is_superuser()
}

/// An administrator. Others get a page that says what they lack; one who proved themselves too long ago is asked
/// first, and comes back here.
pub(super) struct Administrator(pub(super) Visitor);

impl FromRequestParts<App> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        let page = parts.uri.path_and_query().map_or(GRANTS, |page| page.as_str());
        admit(app, &visitor, page).await?;
        Ok(Self(visitor))
    }
}

/// A form that an administrator sent.
pub(super) struct AdministratorForm(VisitorForm);

impl AdministratorForm {
    /// The form, if it carries the token of its session.
    pub(super) fn checked(&self) -> Result<&Form, Refusal> {
        self.0.checked()
    }

    /// Who sent it, and from where.
    pub(super) fn cutter(&self) -> Cutter {
        Cutter { user: self.0.visitor.principal.user, address: self.0.address().to_string() }
    }
}

impl FromRequest<App> for AdministratorForm {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let form = VisitorForm::from_request(request, app).await?;
        admit(app, &form.visitor, GRANTS).await?;
        Ok(Self(form))
    }
}

async fn admit(app: &App, visitor: &Visitor, page: &str) -> Result<(), Response> {
    if !may_administer(&visitor.principal) {
        return Err(may_not(app, visitor));
    }
    let lately = Lately { factor: app.settings.administration_proof_seconds, password: PASSWORD_SECONDS };
    match asked_first(app, visitor, lately, page).await.map_err(IntoResponse::into_response)? {
        None => Ok(()),
        Some(question) => Err(question),
    }
}

/// The page that says what they lack.
fn may_not(app: &App, visitor: &Visitor) -> Response {
    let message = Message {
        frame: visitor.frame(&app.settings, TITLE),
        heading: "You may not open this page".to_owned(),
        text: "Seeing and ending what other people do needs the authority ALL.".to_owned(),
        detail: None,
        request_id: None,
    };
    Page::render(&message).map(|page| page.refusing(Refusal::Lacks(&[Authorities::ALL]))).into_response()
}
