//! A password that is too old, replaced by whoever knows it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kibali_model::PasswordPolicy;

use super::{Ask, enter, frame, password_field, policy};
use crate::account::RENEW;
use crate::account::renewal::{NotRenewed, renew as renew_password};
use crate::identity::Session;
use crate::pages::body::Posted;
use crate::pages::frame::Frame;
use crate::pages::parts::{Field, Problem, Problems};
use crate::why::SentName;
use crate::{App, Refusal};

const TITLE: &str = "Password too old";

pub(in crate::pages) fn asking(
    frame: Frame,
    username: &str,
    policy: PasswordPolicy,
    problems: Vec<Problem>,
) -> Ask {
    let problems = Problems::new(problems);
    Ask {
        frame,
        heading: "Your password is too old",
        text: vec!["Enter it once more, and choose a new one.".into()],
        action: RENEW.to_owned(),
        fields: vec![
            Field {
                id: "username",
                label: "User name",
                value: username.to_owned(),
                error: problems.of("username"),
                autocomplete: "username",
                required: true,
                ..Field::default()
            },
            Field {
                id: "oldPassword",
                label: "Present password",
                error: problems.of("oldPassword"),
                autocomplete: "current-password",
                required: true,
                secret: true,
                autofocus: !username.is_empty(),
                ..Field::default()
            },
            password_field(policy, &problems),
        ],
        button: "Set the new password",
        problems,
    }
}

/// The page, for somebody whose sign-in failed for this alone.
pub(in crate::pages) async fn ask(
    app: &App,
    session: &Session,
    username: &str,
    refusal: Refusal,
    problems: Vec<Problem>,
) -> Result<Response, Refusal> {
    let frame = frame(app, session, TITLE);
    asking(frame, username, policy(app).await?, problems).refuse(app, session, refusal)
}

/// `GET /renew-password`.
pub(super) async fn show(State(app): State<App>, session: Session) -> Result<Response, Refusal> {
    let frame = frame(&app, &session, TITLE);
    asking(frame, "", policy(&app).await?, Vec::new()).answer(&app, &session, StatusCode::OK)
}

/// `POST /renew-password`.
pub(super) async fn renew(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let form = posted.checked()?;
    let username = form.text("username").trim();
    let (old, new) = (form.text("oldPassword"), form.text("password"));
    let (field, text) = match renew_password(&app, username, old, new, posted.address).await {
        Ok(()) => return enter(&app, &posted, username, new).await,
        Err(NotRenewed::Refused) => {
            let text =
                "The user name or the present password is wrong, or the password is not too old: then \
                        sign in with it."
                    .to_owned();
            ("oldPassword", text)
        }
        Err(NotRenewed::Password(fault)) => ("password", format!("This password is not accepted: {fault}.")),
        Err(NotRenewed::Throttled(seconds)) => {
            let text = format!("Too many failed attempts. Wait {seconds} s, then try again.");
            let problems = vec![Problem { field: "", text }];
            let refusal = Refusal::TooManyAttempts { seconds };
            let answer = ask(&app, &posted.session, username, refusal, problems).await?;
            return Ok((SentName::of(username), answer).into_response());
        }
        Err(NotRenewed::Undecided(refusal)) => return Err(refusal),
    };
    let refusal = Refusal::bad_request(text.as_str());
    ask(&app, &posted.session, username, refusal, vec![Problem { field, text }]).await
}
