//! A forgotten password.

use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use kibali_model::PasswordPolicy;

use super::{Ask, Token, dead_link, frame, password_field, policy, status};
use crate::account::recovery::{self as account, NotRestored};
use crate::account::{FORGOT, RESTORE};
use crate::identity::Session;
use crate::pages::body::Posted;
use crate::pages::frame::Frame;
use crate::pages::parts::{Field, Problem, Problems};
use crate::system_settings::Stored;
use crate::{App, Refusal};

const TITLE: &str = "Forgotten password";

pub(in crate::pages) fn asking(frame: Frame, typed: &str, problems: Vec<Problem>) -> Ask {
    let problems = Problems::new(problems);
    Ask {
        frame,
        heading: "Forgotten password",
        text: vec![
            "Enter your user name or your e-mail address. You get a link to choose a new password.".into(),
        ],
        action: FORGOT.to_owned(),
        fields: vec![Field {
            id: "username",
            label: "User name or e-mail address",
            value: typed.to_owned(),
            error: problems.of("username"),
            autocomplete: "username",
            required: true,
            autofocus: true,
            max_length: Some(255),
            ..Field::default()
        }],
        button: "Send the link",
        problems,
    }
}

pub(in crate::pages) fn restoring(
    frame: Frame,
    token: &str,
    policy: PasswordPolicy,
    problems: Vec<Problem>,
) -> Ask {
    let problems = Problems::new(problems);
    Ask {
        frame,
        heading: "Choose a new password",
        text: vec!["You are signed out everywhere, and applications that act for you must ask again.".into()],
        action: format!("{RESTORE}?token={token}"),
        fields: vec![password_field(policy, &problems)],
        button: "Set the password",
        problems,
    }
}

/// `GET /forgot-password`.
pub(super) async fn show_ask(State(app): State<App>, session: Session) -> Result<Response, Refusal> {
    let stored = Stored::read(&mut app.store.reader().await?).await?;
    let frame = frame(&app, &session, TITLE);
    if account::is_open(&app, &stored) {
        return asking(frame, "", Vec::new()).answer(&app, &session, StatusCode::OK);
    }
    let text = "Passwords are not recovered by mail here. An administrator can set a new one.";
    Ask::say(frame, "Forgotten password", text).answer(&app, &session, StatusCode::OK)
}

/// `POST /forgot-password`.
pub(super) async fn ask(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let name = posted.checked()?.text("username").trim();
    let frame = frame(&app, &posted.session, TITLE);
    if name.is_empty() {
        let text = "Enter your user name or your e-mail address.".to_owned();
        let problems = vec![Problem { field: "username", text }];
        return asking(frame, name, problems).answer(&app, &posted.session, StatusCode::BAD_REQUEST);
    }
    account::ask(&app, name, posted.address).await?;
    let text = "If an account has this name or address, a link is on its way to the address of that account. It \
                works for an hour. Nothing there? Look among the unwanted mail, or ask an administrator.";
    Ask::say(frame, "Look into your mail", text).answer(&app, &posted.session, StatusCode::OK)
}

/// `GET /restore-password?token=…`.
pub(super) async fn show_restore(
    State(app): State<App>,
    Query(Token { token }): Query<Token>,
    session: Session,
) -> Result<Response, Refusal> {
    match account::check(&app, &token).await {
        Ok(_) => {
            let frame = frame(&app, &session, TITLE);
            restoring(frame, &token, policy(&app).await?, Vec::new()).answer(&app, &session, StatusCode::OK)
        }
        Err(why) => refused(&app, &session, &token, why).await,
    }
}

/// `POST /restore-password?token=…`.
pub(super) async fn restore(
    State(app): State<App>,
    Query(Token { token }): Query<Token>,
    posted: Posted,
) -> Result<Response, Refusal> {
    let password = posted.checked()?.text("password");
    match account::restore(&app, &token, password, posted.address).await {
        Ok(()) => {
            let text = "Your new password is set. Sign in with it.";
            let frame = frame(&app, &posted.session, TITLE);
            Ask::say(frame, "Done", text).answer(&app, &posted.session, StatusCode::OK)
        }
        Err(why) => refused(&app, &posted.session, &token, why).await,
    }
}

async fn refused(app: &App, session: &Session, token: &str, why: NotRestored) -> Result<Response, Refusal> {
    match why {
        NotRestored::Link | NotRestored::Off => {
            dead_link(app, session, TITLE, "Ask for another one on the page to sign in.")
        }
        NotRestored::Password(fault) => {
            let text = format!("This password is not accepted: {fault}.");
            let problems = vec![Problem { field: "password", text }];
            let code = status(&problems);
            let frame = frame(app, session, TITLE);
            restoring(frame, token, policy(app).await?, problems).answer(app, session, code)
        }
        NotRestored::Undecided(refusal) => Err(refusal),
    }
}
