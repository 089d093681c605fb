//! The second step of signing in: the code of the second factor.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::body::Posted;
use super::frame::Frame;
use super::page::Page;
use super::parts::Field;
use super::{APPS, LOGIN, redirect};
use crate::identity::{CodeRefusal, Session, half_signed_in, start_session};
use crate::{App, Refusal};

/// Where people are asked for it.
pub(super) const CODE: &str = "/login/code";

#[derive(Template)]
#[template(path = "code.html")]
pub(super) struct Code {
    frame: Frame,
    problem: Option<String>,
    code: Field,
}

impl Code {
    pub(super) fn new(frame: Frame, problem: Option<String>) -> Self {
        Self { frame, problem, code: code_field("code", true) }
    }
}

/// The field that a code is typed into.
pub(super) fn code_field(id: &'static str, autofocus: bool) -> Field {
    Field {
        id,
        label: "Code",
        hint: "The six digits that your authenticator app shows now, or one of your recovery codes.".into(),
        autocomplete: "one-time-code",
        required: true,
        max_length: Some(32),
        autofocus,
        ..Field::default()
    }
}

/// `GET /login/code`: for a browser in which a password was right a moment ago.
pub(super) async fn show(
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // A page may ask for a second sign-in.
    if session.principal().is_some() && session.pending().is_none() {
        return Ok(redirect(&app.settings, APPS));
    }
    match half_signed_in(&app, &session, &headers).await? {
        Some(_) => ask(&app, &session, StatusCode::OK, None),
        None => Ok(redirect(&app.settings, LOGIN)),
    }
}

/// `POST /login/code`.
pub(super) async fn submit(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let Some(half) = half_signed_in(&app, &posted.session, &posted.headers).await? else {
        return Ok(redirect(&app.settings, LOGIN));
    };
    let code = posted.checked()?.text("code");
    let refused = match half.prove(&app, code, posted.address).await {
        Ok(who) => match start_session(&app, &posted.session, &who, posted.address, &posted.headers).await {
            Ok(cookie) => {
                let page = posted.session.pending().unwrap_or(APPS);
                return Ok((cookie, redirect(&app.settings, page)).into_response());
            }
            Err(Refusal::SecondFactorActive) => CodeRefusal::Wrong,
            Err(refusal) => return Err(refusal),
        },
        Err(refused) => refused,
    };
    let problem = told(&refused);
    let refusal = Refusal::from(refused);
    let Some(problem) = problem else { return Err(refusal) };
    let mut answer = ask(&app, &posted.session, refusal.status(), Some(problem))?;
    if let Some(seconds) = refusal.retry_after() {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(answer)
}

fn ask(
    app: &App,
    session: &Session,
    status: StatusCode,
    problem: Option<String>,
) -> Result<Response, Refusal> {
    let frame = Frame::anonymous(&app.settings, "Sign in").with_csrf(session.csrf());
    Ok(Page::render(&Code::new(frame, problem))?.status(status).into_response())
}

/// What a person is told about a code that proved nothing; nothing where that is no matter of the code.
pub(super) fn told(refused: &CodeRefusal) -> Option<String> {
    match refused {
        CodeRefusal::Wrong => {
            let text = "This code is wrong or was used before. Wait until your app shows the next one, then try \
                        again.";
            Some(text.to_owned())
        }
        CodeRefusal::Throttled(1) => Some("Too many wrong codes. Wait a second, then try again.".to_owned()),
        CodeRefusal::Throttled(seconds) => {
            Some(format!("Too many wrong codes. Wait {seconds} seconds, then try again."))
        }
        CodeRefusal::Undecided(_) => None,
    }
}
