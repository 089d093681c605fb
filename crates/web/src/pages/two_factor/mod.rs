//! *Two-factor authentication*: passkeys, an authenticator app, recovery codes; set up and taken away.
//!
//! The only page, beside signing out, that opens for somebody whose role demands a second factor and who has
//! none yet.

mod handlers;
mod mail;
mod passkeys;
mod prove;
mod views;

#[cfg(test)]
pub(super) use views::samples;

use axum::Router;
use axum::routing::{get, post};

use crate::App;

/// Where the page is.
pub(super) const TWO_FACTOR: &str = "/account/two-factor";
/// Where the second factor is proved once more.
pub(super) const PROVE: &str = "/account/two-factor/prove";
/// Passkeys, below the page.
const PASSKEYS: &str = "/account/two-factor/passkeys";
/// Where the script asks for a challenge to one of them.
const CHALLENGE: &str = "/account/two-factor/challenge";
/// Where a code is mailed from.
const SEND: &str = "/account/two-factor/send";
/// The title of the bar.
const TITLE: &str = "Two-factor authentication";

/// The pages.
pub(super) fn router() -> Router<App> {
    let at = |rest: &str| format!("{TWO_FACTOR}{rest}");
    Router::new()
        .route(TWO_FACTOR, get(handlers::show))
        .route(&at("/begin"), post(handlers::begin))
        .route(&at("/begin-mail"), post(mail::begin))
        .route(SEND, post(mail::send))
        .route(&at("/confirm"), get(handlers::back).post(handlers::confirm))
        .route(&at("/codes"), get(handlers::back).post(handlers::replace_codes))
        .route(&at("/codes/make"), get(handlers::back).post(handlers::make_codes))
        .route(&at("/off"), get(handlers::back).post(handlers::switch_off))
        .route(CHALLENGE, post(passkeys::challenge))
        .route(PASSKEYS, get(handlers::back).post(passkeys::keep))
        .route(&at("/passkeys/new"), get(passkeys::ask))
        .route(&at("/passkeys/new/challenge"), post(passkeys::challenge_for_new))
        .route(&at("/passkeys/{uid}"), get(passkeys::show).post(passkeys::rename))
        .route(&at("/passkeys/{uid}/remove"), get(handlers::back).post(passkeys::remove))
        .route(PROVE, get(prove::show).post(prove::submit))
}
