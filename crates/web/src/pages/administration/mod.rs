//! *Administration*: what everybody has open, who still uses the password grant, what happened, and why a call was
//! refused; with the authority `ALL`, since it shows and ends what is anybody's.

mod csv;
mod cut;
mod events;
mod grants;
mod guard;
mod passwords;
mod query;
#[cfg(test)]
pub(super) mod samples;
mod user;
mod why;

pub(super) use guard::may_administer;
#[cfg(test)]
pub(super) use why::Why;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};

use super::redirect;
use crate::App;

/// *Who is signed in to applications*, the first of these pages, below the context path.
const GRANTS: &str = "/administration/grants";
/// *One user*.
const USER: &str = "/administration/user";
/// *Who still uses the password grant*.
const PASSWORDS: &str = "/administration/password-grant";
/// *What happened*.
const EVENTS: &str = "/administration/events";
/// *Why was it refused?*
const WHY: &str = "/administration/why";
/// The title of the bar.
const TITLE: &str = "Administration";

/// The pages.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/administration", get(first))
        .route(GRANTS, get(grants::show).post(cut::one))
        .route("/administration/grants/end", get(cut::ask).post(cut::many))
        .route(USER, get(user::show))
        .route("/administration/user/sessions", post(user::end_session))
        .route("/administration/user/tokens", post(user::end_token))
        .route(PASSWORDS, get(passwords::show))
        .route(EVENTS, get(events::show))
        .route("/administration/events/csv", post(csv::write))
        .route(WHY, get(why::show))
        .route("/admin/why", get(why::moved))
}

/// `GET /administration`.
async fn first(State(app): State<App>) -> Response {
    redirect(&app.settings, GRANTS)
}
