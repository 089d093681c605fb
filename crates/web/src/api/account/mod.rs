//! Accounts of people who are not signed in, and their addresses: `/api/auth/*` as the newer login app calls
//! them, `/api/account/*` as older pages did (modern reference 5.6).

mod forms;
mod json;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::HeaderMap;

use crate::account::recovery::NotRestored;
use crate::account::{Wrong, new_password};
use crate::api::WebMessage;
use crate::identity::{ClientAddress, Session, sign_in, start_session};
use crate::{App, Refusal};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/auth/forgotPassword", post(json::forgot_password))
        .route("/auth/passwordReset", post(json::reset_password))
        .route("/auth/updatePassword", post(json::update_password))
        .route("/auth/registration", post(json::register))
        .route("/auth/invite", post(json::accept_invitation))
        .route("/account", post(forms::create))
        .route("/account/recovery", post(forms::recover))
        .route("/account/restore", post(forms::restore))
        .route("/account/password", post(forms::renew))
        .route("/account/validatePassword", post(forms::validate_password))
        .route("/account/sendEmailVerification", post(forms::send_email_verification))
        .route("/account/verifyEmail", get(forms::verify_email))
}

/// Something is wrong with what somebody said of themselves: the first of it.
fn wrong(wrong: &[Wrong]) -> Refusal {
    Refusal::bad_request(wrong.first().map(|wrong| wrong.text.clone()).unwrap_or_default())
}

fn not_restored(why: NotRestored) -> Refusal {
    match why {
        NotRestored::Link => Refusal::conflict("Account recovery failed"),
        NotRestored::Off => Refusal::conflict("Account recovery is not enabled"),
        NotRestored::Password(fault) => Refusal::bad_request(new_password::told(fault)),
        NotRestored::Undecided(refusal) => refusal,
    }
}

/// Who sends a request, for the session that a new account begins with.
struct Sender {
    session: Session,
    address: ClientAddress,
    headers: HeaderMap,
}

/// The answer for an account that was just opened: signed in, where a password is all that it asks for.
async fn opened(
    app: &App,
    sender: &Sender,
    username: &str,
    password: &str,
    message: WebMessage,
) -> Result<Response, Refusal> {
    let Ok(who) = sign_in(app, username, password, sender.address).await else {
        return Ok(message.into_response());
    };
    let cookie = start_session(app, &sender.session, &who, sender.address, &sender.headers).await?;
    Ok((cookie, message).into_response())
}
