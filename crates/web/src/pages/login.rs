//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::account::ask_to_renew;
use super::body::Posted;
use super::code::CODE;
use super::frame::Frame;
use super::page::Page;
use super::parts::Field;
use super::proof::told_of_passkey;
use super::two_factor::TWO_FACTOR;
use super::visitor::Visitor;
use super::{APPS, CONNECT_LOGOUT, LOGIN, LOGOUT, redirect};
use crate::account::{recovery, registration};
use crate::api::answer;
use crate::identity::{
    Opened, PasskeyRefusal, Question, Session, SignInRefusal, ask_for_code, ask_to_use, end_session,
    is_mailed, mail_code, sign_in_by_passkey, sign_in_by_password, start_session,
};
use crate::system_settings::Stored;
use crate::why::SentName;
use crate::{App, Refusal};

#[derive(Template)]
#[template(path = "login.html")]
pub(super) struct Login {
    pub(super) frame: Frame,
    pub(super) problem: Option<String>,
    /// Why the person is asked, when another page asked for it.
    pub(super) reason: Option<&'static str>,
    pub(super) username: Field,
    pub(super) password: Field,
    /// Passkeys can be used at this address.
    pub(super) passkeys: bool,
    /// What else may be done without being signed in.
    pub(super) offers: Offers,
}

/// What the installation lets people do who are not signed in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offers {
    /// Recover their account by mail.
    pub(super) recovery: bool,
    /// Make an account.
    pub(super) registration: bool,
}

impl Offers {
    async fn of(app: &App) -> Result<Self, Refusal> {
        let mut reader = app.store.reader().await?;
        let stored = Stored::read(&mut reader).await?;
        let registration = registration::offer(&mut reader, &stored).await?.is_some();
        Ok(Self { recovery: recovery::is_open(app, &stored), registration })
    }
}

impl Login {
    pub(super) fn new(
        frame: Frame,
        passkeys: bool,
        typed: &str,
        reason: Option<&'static str>,
        problem: Option<String>,
        offers: Offers,
    ) -> Self {
        // Whose name stands there goes on with the password.
        let goes_on = problem.is_some() || !typed.is_empty();
        Self {
            frame,
            problem,
            reason,
            username: Field {
                id: "username",
                label: "User name",
                value: typed.to_owned(),
                autocomplete: "username",
                required: true,
                autofocus: !goes_on,
                ..Field::default()
            },
            password: Field {
                id: "password",
                label: "Password",
                autocomplete: "current-password",
                required: true,
                secret: true,
                autofocus: goes_on,
                ..Field::default()
            },
            passkeys,
            offers,
        }
    }
}

/// `GET /login`.
pub(super) async fn show(State(app): State<App>, session: Session) -> Result<Response, Refusal> {
    // A page may ask for a second sign-in.
    if session.principal().is_some() && session.pending().is_none() {
        return Ok(redirect(&app.settings, APPS));
    }
    if session.enrolling().is_some() {
        return Ok(redirect(&app.settings, TWO_FACTOR));
    }
    ask(&app, &session, session.expected().unwrap_or_default(), None).await
}

/// What is told of a form that carries no token of its session.
const TOO_LONG: &str = "This page was open for too long, or your browser keeps no cookies. Try again.";

/// `POST /login`.
pub(super) async fn submit(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let (username, password) = (posted.typed().text("username").trim(), posted.typed().text("password"));
    let again = async |refusal, problem: &str| {
        ask(&app, &posted.session, username, Some((refusal, problem.to_owned()))).await
    };
    if posted.checked().is_err() {
        return again(Refusal::FormExpired, TOO_LONG).await;
    }
    if username.is_empty() || password.is_empty() {
        let problem = "Enter your user name and your password.";
        return again(Refusal::bad_request(problem), problem).await;
    }
    let (who, page) = match sign_in_by_password(&app, username, password, posted.address).await {
        Ok(Opened::In(who)) => (who, posted.session.pending().unwrap_or(APPS)),
        Ok(Opened::Enrol(who)) => (who, TWO_FACTOR),
        Ok(Opened::Code(half)) => {
            if is_mailed(&app, half.user()).await? {
                mail_code(&app, half.holder(Some(posted.session.hash()))).await?;
            }
            let cookie = ask_for_code(&app, &posted.session, &half)?;
            return Ok((cookie, redirect(&app.settings, CODE)).into_response());
        }
        Err(refused) => return refuse(&app, &posted, username, refused).await,
    };
    let cookie = start_session(&app, &posted.session, &who, posted.address, &posted.headers).await?;
    Ok((cookie, redirect(&app.settings, page)).into_response())
}

/// The form once more, with what was wrong.
async fn refuse(
    app: &App,
    posted: &Posted,
    username: &str,
    refused: SignInRefusal,
) -> Result<Response, Refusal> {
    if refused == SignInRefusal::PasswordExpired {
        let answer = ask_to_renew(app, &posted.session, username, refused.into(), Vec::new()).await?;
        return Ok((SentName::of(username), answer).into_response());
    }
    let problem = told(&refused);
    let refusal = Refusal::from(refused);
    let Some(problem) = problem else { return Err(refusal) };
    let answer = ask(app, &posted.session, username, Some((refusal, problem))).await?;
    Ok((SentName::of(username), answer).into_response())
}

/// Shows the form, with what was wrong.
async fn ask(
    app: &App,
    session: &Session,
    typed: &str,
    wrong: Option<(Refusal, String)>,
) -> Result<Response, Refusal> {
    let (refusal, problem) = wrong.unzip();
    let reason =
        session.pending().map(|page| match page.starts_with("/uaa/") || page.starts_with("/oauth2/") {
            true => "An application asks to act for you. Sign in to answer.",
            false => "Sign in to open the page you asked for.",
        });
    let frame = Frame::anonymous(&app.settings, "Sign in").with_csrf(session.csrf());
    let (passkeys, offers) = (app.settings.passkey_site().is_some(), Offers::of(app).await?);
    let page = Page::render(&Login::new(frame, passkeys, typed, reason, problem, offers))?;
    let page = match refusal {
        Some(refusal) => page.refusing(refusal),
        None => page,
    };
    Ok((session.set_cookie(&app.settings), page).into_response())
}

/// `POST /login/passkey/challenge`: for the script.
pub(super) async fn challenge(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    posted.checked()?;
    Ok(asked(ask_to_use(&app, &posted.session, &[], true)?))
}

/// A question to the browser, as its script reads it.
pub(super) fn asked(question: Question) -> Response {
    (question.cookies, answer::no_store(answer::json(&question.options))).into_response()
}

/// `POST /login/passkey`.
pub(super) async fn by_passkey(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    if posted.checked().is_err() {
        let wrong = (Refusal::FormExpired, TOO_LONG.to_owned());
        return ask(&app, &posted.session, "", Some(wrong)).await;
    }
    let who = match sign_in_by_passkey(&app, &posted.answered(&app), posted.address).await {
        Ok(who) => who,
        Err(refused) => return refuse(&app, &posted, "", refused).await,
    };
    match start_session(&app, &posted.session, &who, posted.address, &posted.headers).await {
        Ok(cookie) => {
            let page = posted.session.pending().unwrap_or(APPS);
            Ok((cookie, redirect(&app.settings, page)).into_response())
        }
        // The answer was used before, here or elsewhere.
        Err(Refusal::SecondFactorActive) => {
            refuse(&app, &posted, "", SignInRefusal::Passkey(PasskeyRefusal::Late)).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// What a person is told, and what to do about it; nothing where the failure is no matter of signing in.
fn told(refused: &SignInRefusal) -> Option<String> {
    let text = match refused {
        SignInRefusal::BadCredentials => "The user name or the password is wrong.",
        SignInRefusal::Locked => {
            "This account is locked for a while after too many failed attempts. Try again in 15 minutes."
        }
        SignInRefusal::Disabled => "This account is disabled. An administrator can enable it.",
        SignInRefusal::Expired => "This account has expired. An administrator can extend it.",
        SignInRefusal::PasswordExpired => {
            "This password is too old to be used any longer. It can be replaced by a new one."
        }
        SignInRefusal::External => "This account signs in through another service, not with a password here.",
        SignInRefusal::TwoFactor => {
            "This account is protected by a second factor. The password alone does not open it."
        }
        SignInRefusal::TwoFactorDemanded => {
            "A role of this account demands a second factor. The password alone does not open it."
        }
        SignInRefusal::Passkey(refused) => return told_of_passkey(refused).map(str::to_owned),
        SignInRefusal::Throttled(1) => "Too many failed attempts. Wait a second, then try again.",
        SignInRefusal::Throttled(seconds) => {
            return Some(format!("Too many failed attempts. Wait {seconds} seconds, then try again."));
        }
        SignInRefusal::Undecided(Refusal::Busy { .. }) => {
            "Too many people are signing in at this moment. Wait a few seconds, then try again."
        }
        SignInRefusal::Undecided(_) => return None,
    };
    Some(text.to_owned())
}

#[derive(Template)]
#[template(path = "logout.html")]
pub(super) struct Logout {
    pub(super) frame: Frame,
    /// Where the form goes, below the context path.
    pub(super) action: &'static str,
    /// The application that asks, by name.
    pub(super) client: Option<String>,
    /// What the form carries besides.
    pub(super) carried: Vec<(&'static str, String)>,
}

/// The question whether to sign out, for an application that asks it (OpenID Connect RP-Initiated Logout).
pub(crate) fn logout_page(
    app: &App,
    session: &Session,
    client: Option<String>,
    carried: Vec<(&'static str, String)>,
) -> Result<Response, Refusal> {
    let visitor = Visitor::of(session.clone()).ok_or(Refusal::NoCredentials)?;
    let frame = visitor.frame(&app.settings, "Sign out");
    let target = carried.iter().find(|(name, _)| *name == "post_logout_redirect_uri");
    let target = target.map(|(_, uri)| uri.clone()).unwrap_or_default();
    let page = Page::render(&Logout { frame, action: CONNECT_LOGOUT, client, carried })?;
    Ok(page.ending_at(&target).into_response())
}

/// `GET /logout`: asks, since a link on another site leads here as well.
pub(super) async fn ask_logout(State(app): State<App>, session: Session) -> Result<Response, Refusal> {
    let Some(visitor) = Visitor::even_enrolling(session) else { return Ok(redirect(&app.settings, LOGIN)) };
    let frame = visitor.frame(&app.settings, "Sign out");
    Ok(Page::render(&Logout { frame, action: LOGOUT, client: None, carried: Vec::new() })?.into_response())
}

/// `POST /logout`.
pub(super) async fn logout(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    if posted.session.principal().or(posted.session.enrolling()).is_none() {
        return Ok(redirect(&app.settings, LOGIN));
    }
    posted.checked()?;
    let cookie = end_session(&app, &posted.session).await?;
    Ok((cookie, redirect(&app.settings, LOGIN)).into_response())
}
