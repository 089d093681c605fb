//! `/oauth2/authorize` (modern reference 1.2).

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use kibali_model::Dialect;

use crate::authorize::{self, Door};
use crate::exchange::Form;
use crate::identity::Session;
use crate::{App, Refusal};

const DOOR: Door = Door { dialect: Dialect::Modern, path: "/oauth2/authorize" };

/// GET: answers at once where the user allowed it before, else asks.
pub(super) async fn ask(
    State(app): State<App>,
    session: Session,
    uri: Uri,
    form: Form,
) -> Result<Response, Refusal> {
    authorize::ask(&app, &session, uri.query().unwrap_or_default(), &form, DOOR).await
}

/// POST: the user's answer; or a request sent as a form, which is shown as one sent by GET is (OpenID Connect
/// Core section 3.1.2.1).
pub(super) async fn answer(
    State(app): State<App>,
    session: Session,
    form: Form,
) -> Result<Response, Refusal> {
    if form.parameters.get("user_oauth_approval")?.is_some() {
        return authorize::answer(&app, &session, &form, DOOR).await;
    }
    let query = form.parameters.without(&[]);
    authorize::ask(&app, &session, &query, &form, DOOR).await
}
