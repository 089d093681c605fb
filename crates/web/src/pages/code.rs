//! The second step of signing in: the second factor.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use kibali_store::door::{factors, passkeys};

use super::body::Posted;
use super::frame::Frame;
use super::login::asked;
use super::page::Page;
use super::proof::{Means, ProofFields, told};
use super::{APPS, LOGIN, redirect};
use crate::identity::{
    Given, HalfSignedIn, PasskeyRefusal, ProofRefusal, Session, ask_to_use, half_signed_in, is_mailed,
    mail_code, mailed_before, start_session,
};
use crate::{App, Refusal};

/// Where people are asked for it.
pub(super) const CODE: &str = "/login/code";
/// Where the script asks for a challenge.
pub(super) const CHALLENGE: &str = "/login/code/challenge";

/// Where another code is mailed from.
pub(super) const SEND: &str = "/login/code/send";

#[derive(Template)]
#[template(path = "code.html")]
pub(super) struct Code {
    frame: Frame,
    problem: Option<String>,
    proof: ProofFields,
    means: Means,
    /// Why there is no code to wait for that was mailed.
    news: Option<String>,
}

impl Code {
    pub(super) fn new(frame: Frame, means: Means, news: Option<String>, problem: Option<String>) -> Self {
        let proof = ProofFields::new("code", true, means, &frame.base, CHALLENGE);
        Self { frame, problem, proof, means, news }
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
        Some(half) => Ok(ask(&app, &session, &half, None).await?.into_response()),
        None => Ok(redirect(&app.settings, LOGIN)),
    }
}

/// `POST /login/code`.
pub(super) async fn submit(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let Some(half) = half_signed_in(&app, &posted.session, &posted.headers).await? else {
        return Ok(redirect(&app.settings, LOGIN));
    };
    posted.checked()?;
    let given = posted.given(&app, "code");
    let refused = match half.clone().prove(&app, &given, Some(posted.session.hash()), posted.address).await {
        Ok(who) => match start_session(&app, &posted.session, &who, posted.address, &posted.headers).await {
            Ok(cookie) => {
                let page = posted.session.pending().unwrap_or(APPS);
                return Ok((cookie, redirect(&app.settings, page)).into_response());
            }
            Err(Refusal::SecondFactorActive) => match given {
                Given::Code(_) => ProofRefusal::Wrong,
                Given::Passkey(_) => ProofRefusal::Passkey(PasskeyRefusal::Late),
            },
            Err(refusal) => return Err(refusal),
        },
        Err(refused) => refused,
    };
    let problem = told(&refused);
    let refusal = Refusal::from(refused);
    let Some(problem) = problem else { return Err(refusal) };
    Ok(ask(&app, &posted.session, &half, Some(problem)).await?.refusing(refusal).into_response())
}

/// `POST /login/code/send`: another code, unless one was mailed just now.
pub(super) async fn send(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    posted.checked()?;
    let Some(half) = half_signed_in(&app, &posted.session, &posted.headers).await? else {
        return Ok(redirect(&app.settings, LOGIN));
    };
    if is_mailed(&app, half.user()).await? {
        mail_code(&app, half.holder(Some(posted.session.hash()))).await?;
    }
    Ok(redirect(&app.settings, CODE))
}

/// `POST /login/code/challenge`: for the script.
pub(super) async fn challenge(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    posted.checked()?;
    let half = half_signed_in(&app, &posted.session, &posted.headers).await?.ok_or(Refusal::FormExpired)?;
    let known = passkeys::of_user(&mut app.store.reader().await?, half.user()).await?;
    Ok(asked(ask_to_use(&app, &posted.session, &known, false)?))
}

async fn ask(
    app: &App,
    session: &Session,
    half: &HalfSignedIn,
    problem: Option<String>,
) -> Result<Page, Refusal> {
    let frame = Frame::anonymous(&app.settings, "Sign in").with_csrf(session.csrf());
    let found = factors::find(&mut app.store.reader().await?, half.user()).await?;
    let means = Means::of(found.as_ref());
    let holder = half.holder(Some(session.hash()));
    let news = if means.mail { mailed_before(app, holder).await?.told() } else { None };
    Page::render(&Code::new(frame, means, news, problem))
}
