//! *Account*: what somebody has open, and the end of it. Of their own only; no page takes the name of a user.

mod apps;
mod browser;
mod overview;
mod password;
mod profile;
mod prove;
#[cfg(test)]
pub(super) mod samples;
pub(super) mod sessions;

pub(super) use browser::browser;
pub(super) use profile::PROFILE;

use axum::Router;
use axum::routing::{get, post};

use crate::App;

/// The first of these pages, below the context path.
pub(super) const ACCOUNT: &str = "/account";
/// Where the password is given once more.
pub(super) const PROVE: &str = "/account/password/prove";
/// *Change password*.
const PASSWORD: &str = "/account/password";
/// *Where am I signed in*.
const SESSIONS: &str = "/account/sessions";
/// *Connected apps*.
const APPS: &str = "/account/apps";
/// The title of the bar.
const TITLE: &str = "Account";

/// The pages.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route(ACCOUNT, get(overview::show))
        .route(PASSWORD, get(password::show).post(password::submit))
        .route(PROFILE, get(profile::show).post(profile::save))
        .route(profile::VERIFY, post(profile::verify))
        .route(PROVE, get(prove::show).post(prove::submit))
        .route(SESSIONS, get(sessions::show).post(sessions::end))
        .route(APPS, get(apps::show))
        .route("/account/apps/{uid}/end", get(apps::ask_end).post(apps::end))
}

/// What an address says has just been done.
#[derive(serde::Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}
