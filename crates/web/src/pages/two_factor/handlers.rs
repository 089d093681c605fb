//! What the forms of the page do.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kibali_model::{Lately, TwoFactorType};

use super::mail;
use super::views::{Codes, Passkeys, Recovery, Stage, TwoFactor};
use super::{TITLE, TWO_FACTOR};
use crate::factor::{self, FactorRefusal, Own, RecoveryCodes};
use crate::identity::{ClientAddress, SetCookie, returned, unproved};
use crate::pages::body::Posted;
use crate::pages::page::Page;
use crate::pages::proof::{Means, told};
use crate::pages::step_up::asked_first;
use crate::pages::visitor::{Member, Visitor};
use crate::pages::{APPS, redirect};
use crate::system_settings::Stored;
use crate::{App, Refusal};

/// `GET /account/two-factor`.
pub(super) async fn show(
    State(app): State<App>,
    Member(visitor): Member,
    address: ClientAddress,
) -> Result<Page, Refusal> {
    page(&app, &visitor, address, None, None).await
}

/// The page, as the visitor's second factor is now.
pub(super) async fn page(
    app: &App,
    visitor: &Visitor,
    address: ClientAddress,
    notice: Option<&'static str>,
    problem: Option<String>,
) -> Result<Page, Refusal> {
    let own = visitor.own(address);
    let found = own.find(app).await?;
    let state = found.as_ref().map_or(TwoFactorType::NotEnabled, |found| found.state);
    let frame = visitor.frame(&app.settings, TITLE);
    let means = Means::of(found.as_ref());
    let recovery = found.as_ref().filter(|found| found.protects());
    let recovery = recovery.map(|found| Recovery::new(found.recovery_codes, means, &frame.base));
    let passkeys = Passkeys::new(&own.passkeys(app).await?, &app.settings);
    let waits = found.as_ref().is_some_and(|found| found.enrolment(app.now()).is_some());
    let proved = unproved(app, &visitor.principal, Lately::WAYS_IN).await?.is_none();
    let stage = match (state, found) {
        (TwoFactorType::TotpEnabled | TwoFactorType::EmailEnabled, Some(found)) => {
            Stage::on(&found, means, &frame.base)
        }
        // Whoever did not prove a moment ago who they are begins anew.
        (TwoFactorType::EnrollingTotp, _) if app.settings.totp && waits && proved => {
            let seed = own.enrolling(app).await?;
            let issuer = Stored::read(&mut app.store.reader().await?).await?.application_title();
            let address = factor::address(&issuer, &visitor.principal.username, &seed);
            Stage::enrolling(factor::svg(address.expose(), "QR code for your authenticator app")?, &seed)
        }
        (TwoFactorType::EnrollingEmail, _) if app.settings.mailed_codes && waits => {
            Stage::mailed(app.settings.totp)
        }
        _ => Stage::Off { may_enrol: app.settings.totp, mail: mail::offer(app, visitor).await? },
    };
    Page::render(&TwoFactor {
        frame,
        demanded: visitor.is_enrolling(),
        notice,
        problem,
        passkeys,
        recovery,
        news: mail::news(app, &own, state).await?,
        stage,
    })
}

/// What was shown in answer to a form is not there by GET.
pub(super) async fn back(State(app): State<App>, _: Member) -> Response {
    redirect(&app.settings, TWO_FACTOR)
}

/// Whoever sent a form of this page.
pub(super) fn sender(posted: &Posted) -> Result<Visitor, Refusal> {
    posted.checked()?;
    Visitor::even_enrolling(posted.session.clone()).ok_or(Refusal::FormExpired)
}

/// `POST /account/two-factor/begin`.
pub(super) async fn begin(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    if let Some(question) = asked_first(&app, &visitor, Lately::WAYS_IN, TWO_FACTOR).await? {
        return Ok(question);
    }
    match visitor.own(posted.address).begin_totp(&app).await {
        // The page shows why not.
        Ok(()) | Err(Refusal::Conflict { .. }) => Ok(redirect(&app.settings, TWO_FACTOR)),
        Err(refusal) => Err(refusal),
    }
}

/// `POST /account/two-factor/confirm`.
pub(super) async fn confirm(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    if let Some(question) = asked_first(&app, &visitor, Lately::WAYS_IN, TWO_FACTOR).await? {
        return Ok(question);
    }
    let own = visitor.own(posted.address);
    match own.confirm(&app, posted.typed().text("code"), true).await {
        Ok(codes) => {
            let cookie = returned(&app, &posted.session);
            let next = posted.session.pending().unwrap_or(APPS);
            let notice = "Your account is protected now. Signing in takes a code.";
            shown(&app, &visitor, cookie, &codes, notice, next)
        }
        Err(refusal) => again(&app, &visitor, posted.address, refusal).await,
    }
}

/// `POST /account/two-factor/codes/make`: for whoever has none, since they were used, or since what set the factor up
/// could show none.
pub(super) async fn make_codes(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    if let Some(question) = asked_first(&app, &visitor, Lately::WAYS_IN, TWO_FACTOR).await? {
        return Ok(question);
    }
    match visitor.own(posted.address).make_codes(&app).await {
        Ok(Some(codes)) => shown(&app, &visitor, None, &codes, "Recovery codes made.", TWO_FACTOR),
        // Done in another window meanwhile: the page shows how things are.
        Ok(None) | Err(Refusal::Conflict { .. }) => Ok(redirect(&app.settings, TWO_FACTOR)),
        Err(refusal) => Err(refusal),
    }
}

/// `POST /account/two-factor/codes`.
pub(super) async fn replace_codes(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    let own = visitor.own(posted.address);
    match own.replace_codes(&app, &posted.given(&app, "code-for-codes")).await {
        Ok(codes) => {
            let notice = "New recovery codes made. The old ones no longer work.";
            shown(&app, &visitor, None, &codes, notice, TWO_FACTOR)
        }
        Err(refusal) => again(&app, &visitor, posted.address, refusal).await,
    }
}

/// `POST /account/two-factor/off`.
pub(super) async fn switch_off(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    let own: Own<'_> = visitor.own(posted.address);
    match own.switch_off(&app, &posted.given(&app, "code-for-off")).await {
        Ok(()) if own.is_protected(&app).await? => {
            let notice = Some("Codes are off. Your passkeys still protect your account.");
            Ok(page(&app, &visitor, posted.address, notice, None).await?.into_response())
        }
        Ok(()) if visitor.may_go_on_without(&app).await? => {
            let notice = Some("Two-factor authentication is off. Your password alone opens your account.");
            Ok(page(&app, &visitor, posted.address, notice, None).await?.into_response())
        }
        // A role demands one: the page says so when it is asked for anew.
        Ok(()) => Ok(redirect(&app.settings, TWO_FACTOR)),
        Err(refusal) => again(&app, &visitor, posted.address, refusal).await,
    }
}

/// Recovery codes, which are shown in answer to making them and never again.
pub(super) fn shown(
    app: &App,
    visitor: &Visitor,
    cookie: Option<SetCookie>,
    codes: &RecoveryCodes,
    notice: &'static str,
    next: &str,
) -> Result<Response, Refusal> {
    let frame = visitor.frame(&app.settings, TITLE);
    Ok((cookie, Page::render(&Codes::new(frame, notice, codes, next))?).into_response())
}

/// The page once more, with what is wrong with the code.
async fn again(
    app: &App,
    visitor: &Visitor,
    address: ClientAddress,
    refusal: FactorRefusal,
) -> Result<Response, Refusal> {
    let (problem, refusal) = match refusal {
        FactorRefusal::Proof(refused) => (told(&refused), Refusal::from(refused)),
        // Done in another window meanwhile: the page shows how things are.
        FactorRefusal::Other(Refusal::Conflict { .. }) => return Ok(redirect(&app.settings, TWO_FACTOR)),
        FactorRefusal::Other(refusal) => (None, refusal),
    };
    let Some(problem) = problem else { return Err(refusal) };
    Ok(page(app, visitor, address, None, Some(problem)).await?.unproved(refusal).into_response())
}
