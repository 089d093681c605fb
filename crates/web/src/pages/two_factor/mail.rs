//! Codes that are mailed: set up, and sent where a form asks for one.

use axum::extract::State;
use axum::response::Response;
use kibali_model::{Lately, TwoFactorType};
use kibali_store::door::emails;

use super::handlers::sender;
use super::views::Mail;
use super::{PROVE, TWO_FACTOR};
use crate::factor::Own;
use crate::identity::{Mailed, is_mailed, mailed_before};
use crate::pages::body::Posted;
use crate::pages::redirect;
use crate::pages::step_up::asked_first;
use crate::pages::visitor::Visitor;
use crate::{App, Refusal};

/// `POST /account/two-factor/begin-mail`.
pub(super) async fn begin(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    if let Some(question) = asked_first(&app, &visitor, Lately::WAYS_IN, TWO_FACTOR).await? {
        return Ok(question);
    }
    match visitor.own(posted.address).begin_mailed(&app).await {
        // The page shows why not.
        Ok(_) | Err(Refusal::Conflict { .. }) => Ok(redirect(&app.settings, TWO_FACTOR)),
        Err(refusal) => Err(refusal),
    }
}

/// `POST /account/two-factor/send`: a code for a form of the page, or for the one that asks once more.
pub(super) async fn send(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    let own = visitor.own(posted.address);
    if own.is_enrolling_by_mail(&app).await? || is_mailed(&app, visitor.principal.user).await? {
        own.mail_code(&app).await?;
    }
    let page = if posted.typed().text("to") == "prove" { PROVE } else { TWO_FACTOR };
    Ok(redirect(&app.settings, page))
}

/// Why there is no code to wait for, where one is, or may be asked for.
pub(super) async fn news(app: &App, own: &Own<'_>, state: TwoFactorType) -> Result<Option<String>, Refusal> {
    let mailed = match state {
        TwoFactorType::EnrollingEmail | TwoFactorType::EmailEnabled => {
            mailed_before(app, own.holder()).await?
        }
        _ => return Ok(None),
    };
    let asked = state == TwoFactorType::EnrollingEmail || matches!(mailed, Mailed::TooMany(_));
    Ok(mailed.told().filter(|_| asked))
}

/// May the visitor have codes mailed?
pub(super) async fn offer(app: &App, visitor: &Visitor) -> Result<Mail, Refusal> {
    let mut reader = app.store.reader().await?;
    if !app.settings.mailed_codes || !app.mailer().works(&mut reader).await? {
        return Ok(Mail::NotOffered);
    }
    let verified = emails::of_user(&mut reader, visitor.principal.user).await?.verified;
    Ok(if verified { Mail::Offered } else { Mail::Unverified })
}
