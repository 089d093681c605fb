//! Passkeys: made, named and taken away. Only by somebody who proved who they are a moment ago, since a passkey
//! opens the account.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use kibali_model::Lately;
use kibali_store::door::passkeys::Passkey;

use super::handlers::{page, sender, shown};
use super::views::{LONGEST_NAME, NewPasskey, OnePasskey, Row, name_field};
use super::{PASSKEYS, TITLE, TWO_FACTOR};
use crate::factor::{KeepRefusal, Kept};
use crate::identity::{ClientAddress, returned, unproved};
use crate::pages::body::Posted;
use crate::pages::login::asked;
use crate::pages::own::browser;
use crate::pages::page::Page;
use crate::pages::proof::told_of_passkey;
use crate::pages::step_up::asked_first;
use crate::pages::visitor::{Member, Visitor};
use crate::pages::{APPS, redirect};
use crate::{App, Refusal};

/// `GET /account/two-factor/passkeys/new`.
pub(super) async fn ask(
    State(app): State<App>,
    Member(visitor): Member,
    address: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if let Some(question) = asked_first(&app, &visitor, Lately::WAYS_IN, &format!("{PASSKEYS}/new")).await? {
        return Ok(question);
    }
    let agent = headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let name: String = browser(agent).chars().take(LONGEST_NAME).collect();
    Ok(new(&app, &visitor, address, &name, None).await?.into_response())
}

async fn new(
    app: &App,
    visitor: &Visitor,
    address: ClientAddress,
    name: &str,
    problem: Option<&'static str>,
) -> Result<Page, Refusal> {
    let is_named = !name.trim().is_empty();
    Page::render(&NewPasskey {
        frame: visitor.frame(&app.settings, TITLE),
        problem: problem.map(str::to_owned),
        name: name_field(name, (!is_named).then(|| NO_NAME.to_owned())),
        first: !visitor.own(address).is_protected(app).await?,
    })
}

/// What is told of a name that is none.
const NO_NAME: &str = "Give it a name.";

/// `POST /account/two-factor/passkeys/new/challenge`: for the script.
pub(super) async fn challenge_for_new(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    if unproved(&app, &visitor.principal, Lately::WAYS_IN).await?.is_some() {
        return Err(Refusal::FormExpired);
    }
    Ok(asked(visitor.own(posted.address).ask_for_new_passkey(&app, &posted.session).await?))
}

/// `POST /account/two-factor/challenge`: for the script, where a passkey is shown once more.
pub(super) async fn challenge(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    Ok(asked(visitor.own(posted.address).ask_for_passkey(&app, &posted.session).await?))
}

/// `POST /account/two-factor/passkeys`: keeps what the browser made. The challenge was given only to somebody who
/// had proved who they are.
pub(super) async fn keep(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    let own = visitor.own(posted.address);
    let name: String = posted.typed().text("name").trim().chars().take(LONGEST_NAME).collect();
    let again = async |problem: Option<&'static str>| {
        let page = new(&app, &visitor, posted.address, &name, problem).await?;
        Ok(page.status(StatusCode::BAD_REQUEST).into_response())
    };
    if name.is_empty() {
        return again(Some(NO_NAME)).await;
    }
    match own.keep_passkey(&app, &posted.answered(&app), &name).await {
        Ok(Kept::First(codes)) => {
            let cookie = returned(&app, &posted.session);
            let next = posted.session.pending().unwrap_or(APPS);
            let notice = "Your account is protected now: your password alone opens it no longer.";
            shown(&app, &visitor, cookie, &codes, notice, next)
        }
        Ok(Kept::Another) => done(&app, &visitor, posted.address, "Passkey added").await,
        Err(KeepRefusal::Passkey(refused)) => match told_of_passkey(&refused) {
            Some(problem) => again(Some(problem)).await,
            None => Err(refused.into()),
        },
        Err(KeepRefusal::TooMany) => again(Some("You have twenty passkeys already. Remove one first.")).await,
        Err(KeepRefusal::Taken) => again(Some("This passkey is registered already.")).await,
    }
}

async fn done(
    app: &App,
    visitor: &Visitor,
    address: ClientAddress,
    notice: &'static str,
) -> Result<Response, Refusal> {
    Ok(page(app, visitor, address, Some(notice), None).await?.into_response())
}

/// `GET /account/two-factor/passkeys/{uid}`.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    address: ClientAddress,
    Path(uid): Path<String>,
) -> Result<Response, Refusal> {
    if let Some(question) = asked_first(&app, &visitor, Lately::WAYS_IN, &format!("{PASSKEYS}/{uid}")).await?
    {
        return Ok(question);
    }
    Ok(one(&app, &visitor, address, &uid, None).await?.into_response())
}

async fn one(
    app: &App,
    visitor: &Visitor,
    address: ClientAddress,
    uid: &str,
    problem: Option<&str>,
) -> Result<Page, Refusal> {
    let own = visitor.own(address);
    let passkeys = own.passkeys(app).await?;
    let found: Option<&Passkey> = passkeys.iter().find(|passkey| passkey.uid.to_string() == uid);
    let found = found.ok_or(Refusal::NotFound)?;
    let codes = own.find(app).await?.is_some_and(|found| found.state.is_enabled());
    Page::render(&OnePasskey {
        frame: visitor.frame(&app.settings, TITLE),
        passkey: Row::new(found),
        name: name_field(&found.name, problem.map(str::to_owned)),
        last: passkeys.len() == 1 && !codes,
    })
}

/// `POST /account/two-factor/passkeys/{uid}`: calls it otherwise.
pub(super) async fn rename(
    State(app): State<App>,
    Path(uid): Path<String>,
    posted: Posted,
) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    let name: String = posted.typed().text("name").trim().chars().take(LONGEST_NAME).collect();
    if name.is_empty() {
        let page = one(&app, &visitor, posted.address, &uid, Some(NO_NAME)).await?;
        return Ok(page.status(StatusCode::BAD_REQUEST).into_response());
    }
    visitor.own(posted.address).rename_passkey(&app, &uid, &name).await?;
    Ok(redirect(&app.settings, TWO_FACTOR))
}

/// `POST /account/two-factor/passkeys/{uid}/remove`.
pub(super) async fn remove(
    State(app): State<App>,
    Path(uid): Path<String>,
    posted: Posted,
) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    if let Some(question) = asked_first(&app, &visitor, Lately::WAYS_IN, &format!("{PASSKEYS}/{uid}")).await?
    {
        return Ok(question);
    }
    let own = visitor.own(posted.address);
    own.remove_passkey(&app, &uid).await?;
    // Where a role demands a factor and this was the last, the page says so when it is asked for anew.
    if !own.is_protected(&app).await? && !visitor.may_go_on_without(&app).await? {
        return Ok(redirect(&app.settings, TWO_FACTOR));
    }
    done(&app, &visitor, posted.address, "Passkey removed").await
}
