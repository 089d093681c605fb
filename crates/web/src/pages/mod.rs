//! The pages: signing in and consent, the account, Settings > OAuth2 Clients, administration, set-up.
//!
//! Rendered here, whole, without a framework. Scripts add comfort, but for passkeys, which browsers give to scripts alone. What a page may load,
//! where its forms may go and what its answer carries stands in `page.rs`; its look in
//! `static/kibali.css`.

mod account;
mod administration;
mod apps;
mod assets;
mod body;
mod clients;
mod code;
mod consent;
mod dev;
mod device;
mod error;
mod frame;
mod invitations;
mod login;
mod old_paths;
mod own;
mod page;
mod parts;
mod proof;
#[cfg(test)]
mod samples;
mod setup;
mod step_up;
mod tokens;
mod two_factor;
mod visitor;

pub use consent::{Ask, ConsentView, asks_of, consent_page, form_post_page};
pub(crate) use consent::{RequestPage, request_page};
pub use dev::{CALLBACK_PATH, DEMO_APP_ID, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
pub use error::error_page;
pub(crate) use login::logout_page;
pub use setup::setup_path;
pub(crate) use visitor::sign_in_first;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::{App, Settings};

/// The first page.
const APPS: &str = "/apps";
/// Where people sign in.
const LOGIN: &str = "/login";
/// Where they sign out.
const LOGOUT: &str = "/logout";
/// Where they type the code of a device.
pub(crate) const DEVICE: &str = "/oauth2/device";
/// Where an application sends them to sign out.
pub(crate) const CONNECT_LOGOUT: &str = "/connect/logout";

/// The routes of this room.
pub fn router() -> Router<App> {
    Router::new()
        .route("/static/{name}", get(assets::serve))
        .route(LOGIN, get(login::show).post(login::submit))
        .route("/login/passkey", get(login::show).post(login::by_passkey))
        .route("/login/passkey/challenge", post(login::challenge))
        .route(code::CODE, get(code::show).post(code::submit))
        .route(code::CHALLENGE, post(code::challenge))
        .route(code::SEND, post(code::send))
        .route(LOGOUT, get(login::ask_logout).post(login::logout))
        .route(APPS, get(apps::show))
        .route(DEVICE, get(device::show).post(device::submit))
        .route(setup::SETUP, get(setup::show).post(setup::create))
        .route(CALLBACK_PATH, get(dev::callback).post(dev::posted))
        .merge(account::router())
        .merge(administration::router())
        .merge(clients::router())
        .merge(invitations::router())
        .merge(tokens::router())
        .merge(old_paths::router())
        .merge(own::router())
        .merge(two_factor::router())
}

/// Sends the browser to another page, by GET. `path` is below the context path.
fn redirect(settings: &Settings, path: &str) -> Response {
    Redirect::to(&format!("{}{path}", settings.context_path())).into_response()
}
