//! `/uaa/oauth/authorize` (legacy reference 4).

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use kibali_model::Dialect;

use crate::authorize::{self, Door};
use crate::exchange::Form;
use crate::identity::Session;
use crate::{App, Refusal};

const DOOR: Door = Door { dialect: Dialect::Legacy, path: "/uaa/oauth/authorize" };

/// GET: shows the consent page, after a login if nobody is signed in. Asked every time, as DHIS2 does.
pub(super) async fn ask(
    State(app): State<App>,
    session: Session,
    uri: Uri,
    form: Form,
) -> Result<Response, Refusal> {
    authorize::ask(&app, &session, uri.query().unwrap_or_default(), &form, DOOR).await
}

/// POST: the user's answer.
pub(super) async fn answer(
    State(app): State<App>,
    session: Session,
    form: Form,
) -> Result<Response, Refusal> {
    authorize::answer(&app, &session, &form, DOOR).await
}
