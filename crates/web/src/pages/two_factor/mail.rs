//! Codes that are mailed: set up, and sent where a form asks for one.

use axum::extract::State;
use axum::response::Response;
use kibali_store::door::emails;

use super::handlers::{ask_first, sender};
use super::views::Mail;
use super::{PROVE, TWO_FACTOR};
use crate::identity::is_mailed;
use crate::pages::body::Posted;
use crate::pages::redirect;
use crate::pages::visitor::Visitor;
use crate::{App, Refusal};

/// `POST /account/two-factor/begin-mail`.
pub(super) async fn begin(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    let visitor = sender(&posted)?;
    if let Some(question) = ask_first(&app, &visitor, &posted).await? {
        return Ok(question);
    }
    match visitor.own(posted.address).begin_mailed(&app).await {
        // The page shows why not.
        Ok(()) | Err(Refusal::Conflict { .. }) => Ok(redirect(&app.settings, TWO_FACTOR)),
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

/// May the visitor have codes mailed?
pub(super) async fn offer(app: &App, visitor: &Visitor) -> Result<Mail, Refusal> {
    let mut reader = app.store.reader().await?;
    if !app.settings.mailed_codes || !app.mailer().works(&mut reader).await? {
        return Ok(Mail::NotOffered);
    }
    let verified = emails::of_user(&mut reader, visitor.principal.user).await?.verified;
    Ok(if verified { Mail::Offered } else { Mail::Unverified })
}
