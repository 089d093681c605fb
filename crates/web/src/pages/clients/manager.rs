//! Who may manage clients.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use kibali_metadata::language::Fields;
use kibali_model::Principal;
use kibali_store::door::clients;
use serde_json::{Map, Value};

use super::{PLURAL, Registered, spoken};
use crate::api::objects;
use crate::pages::body::Form;
use crate::pages::error::Message;
use crate::pages::page::Page;
use crate::pages::visitor::{Visitor, VisitorForm};
use crate::{App, Refusal};

/// May the caller open these pages? The rule is the Web API's own.
pub(in crate::pages) fn may_manage(app: &App, caller: &Principal) -> bool {
    objects::may_read(app, caller, PLURAL)
}

/// Somebody who may manage clients; others get a page that says what they lack.
pub(super) struct Manager(pub(super) Visitor);

impl FromRequestParts<App> for Manager {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        if may_manage(app, &visitor.principal) { Ok(Self(visitor)) } else { Err(may_not(app, &visitor)) }
    }
}

impl Manager {
    /// One client.
    pub(super) async fn client(&self, app: &App, uid: &str) -> Result<Registered, Refusal> {
        Ok(self.client_and_object(app, uid).await?.0)
    }

    /// One client, and beside it the object that a replacing write would send to change nothing.
    pub(super) async fn client_and_object(
        &self,
        app: &App,
        uid: &str,
    ) -> Result<(Registered, Map<String, Value>), Refusal> {
        let app = &spoken(app);
        let kind = app.registry.kind(PLURAL).ok_or(Refusal::NotFound)?;
        let owned = Fields::parse_all([":owner"]).map_err(|error| Refusal::internal(error.to_string()))?;
        let object = objects::one(app, &self.0.principal, kind, uid, &owned).await?;
        let found = clients::by_uid(&mut app.store.reader().await?, uid).await?.ok_or(Refusal::NotFound)?;
        let clients::Registered { object: id, name, acts_as, registration } = found;
        let Value::Object(object) = object else { return Err(Refusal::NotFound) };
        Ok((Registered { uid: uid.to_owned(), object: id, name, acts_as, registration }, object))
    }
}

/// A form that a manager sent.
pub(super) struct ManagerForm {
    pub(super) manager: Manager,
    form: VisitorForm,
}

impl ManagerForm {
    /// What was typed, for showing it again.
    pub(super) fn typed(&self) -> &Form {
        self.form.typed()
    }

    /// The form, if it carries the token of its session.
    pub(super) fn checked(&self) -> Result<&Form, Refusal> {
        self.form.checked()
    }
}

impl FromRequest<App> for ManagerForm {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let form = VisitorForm::from_request(request, app).await?;
        if may_manage(app, &form.visitor.principal) {
            Ok(Self { manager: Manager(form.visitor.clone()), form })
        } else {
            Err(may_not(app, &form.visitor))
        }
    }
}

/// The page that says what they lack.
fn may_not(app: &App, visitor: &Visitor) -> Response {
    let message = Message {
        frame: visitor.frame(&app.settings, "Settings"),
        heading: "You may not open this page".to_owned(),
        text:
            "Managing OAuth2 clients needs the authority F_OAUTH2_CLIENT_MANAGE. An administrator can give \
               you a role that has it."
                .to_owned(),
        detail: None,
        request_id: None,
    };
    let lacks = Refusal::Lacks(&["F_OAUTH2_CLIENT_MANAGE"]);
    Page::render(&message).map(|page| page.refusing(lacks)).into_response()
}
