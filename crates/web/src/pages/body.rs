//! Forms that somebody sent.

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::HeaderMap;

use crate::body::{self, Bounds};
use crate::identity::{Answered, ClientAddress, Given, Session, check_csrf};
use crate::speech::cors;
use crate::{App, Refusal};

/// Fields of one form, at most; the largest form of ours has ten.
const MOST_FIELDS: usize = 64;

/// The fields of a form, in order.
#[derive(Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    fn parse(bytes: &[u8]) -> Self {
        Self(
            url::form_urlencoded::parse(bytes)
                .take(MOST_FIELDS)
                .map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect(),
        )
    }

    /// The first value of `name`, empty when there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of `name`.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A form from a page of ours, with the browser that sent it.
pub(super) struct Posted {
    pub(super) session: Session,
    pub(super) address: ClientAddress,
    pub(super) headers: HeaderMap,
    form: Form,
}

impl Posted {
    /// What was typed, for showing it again.
    pub(super) fn typed(&self) -> &Form {
        &self.form
    }

    /// The form, if it carries the token of its session.
    pub(super) fn checked(&self) -> Result<&Form, Refusal> {
        check_csrf(&self.session, self.form.text("csrf"))?;
        Ok(&self.form)
    }

    /// The second factor that it shows: a passkey, or the code in this field.
    pub(super) fn given(&self, app: &App, field: &str) -> Given<'_> {
        match self.form.text("passkey") {
            "" => Given::Code(self.form.text(field)),
            _ => Given::Passkey(self.answered(app)),
        }
    }

    /// What the browser answered for a passkey.
    pub(super) fn answered(&self, app: &App) -> Answered<'_> {
        Answered::new(app, &self.session, &self.headers, self.form.text("passkey"))
    }
}

impl FromRequest<App> for Posted {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        cors::require_known_site(app, &parts.method, &parts.headers).await?;
        body::require_form(&parts.headers)?;
        let form = Form::parse(&body::bytes(body, Bounds::FORM, app.settings.body_patience).await?);
        // After the body, which may have taken long to come: the session is what it is now.
        let session = Session::from_request_parts(&mut parts, app).await?;
        let Ok(address) = ClientAddress::from_request_parts(&mut parts, app).await;
        Ok(Self { session, address, headers: parts.headers, form })
    }
}
