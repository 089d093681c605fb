//! An address whose user shows that they read it. Programs that look into mail follow links, so the link asks
//! and a button does it.

use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;

use super::{Ask, Token, dead_link, frame};
use crate::account::{VERIFY, verification};
use crate::identity::Session;
use crate::pages::body::Posted;
use crate::pages::frame::Frame;
use crate::{App, Refusal};

const TITLE: &str = "E-mail address";

pub(in crate::pages) fn asking(frame: Frame, token: &str) -> Ask {
    let text = "The account that had this link sent uses it as its own.";
    Ask {
        action: format!("{VERIFY}?token={token}"),
        button: "Yes, it is mine",
        ..Ask::say(frame, "Is this your e-mail address?", text)
    }
}

/// `GET /verify-email?token=…`.
pub(super) async fn show(
    State(app): State<App>,
    Query(Token { token }): Query<Token>,
    session: Session,
) -> Result<Response, Refusal> {
    if !verification::check(&app, &token).await? {
        return gone(&app, &session);
    }
    asking(frame(&app, &session, TITLE), &token).answer(&app, &session, StatusCode::OK)
}

/// `POST /verify-email?token=…`.
pub(super) async fn verify(
    State(app): State<App>,
    Query(Token { token }): Query<Token>,
    posted: Posted,
) -> Result<Response, Refusal> {
    posted.checked()?;
    if !verification::verify(&app, &token).await? {
        return gone(&app, &posted.session);
    }
    let frame = frame(&app, &posted.session, TITLE);
    Ask::say(frame, "Thank you", "Your e-mail address is verified.").answer(
        &app,
        &posted.session,
        StatusCode::OK,
    )
}

fn gone(app: &App, session: &Session) -> Result<Response, Refusal> {
    dead_link(app, session, TITLE, "Sign in and have another one sent.")
}
