//! Proving the second factor once more, where a page asks for a proof that is fresh.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::views::Prove;
use super::{TITLE, TWO_FACTOR};
use crate::factor::FactorRefusal;
use crate::identity::{ClientAddress, Mailed, ProofRefusal, mailed_before, returned};
use crate::pages::body::Posted;
use crate::pages::page::Page;
use crate::pages::proof::{Means, told};
use crate::pages::redirect;
use crate::pages::visitor::Visitor;
use crate::{App, Refusal};

/// `GET /account/two-factor/prove`.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    address: ClientAddress,
) -> Result<Page, Refusal> {
    ask(&app, &visitor, address, None).await
}

/// `POST /account/two-factor/prove`.
pub(super) async fn submit(State(app): State<App>, posted: Posted) -> Result<Response, Refusal> {
    posted.checked()?;
    let given = posted.given(&app, "code");
    let visitor = Visitor::of(posted.session.clone()).ok_or(Refusal::FormExpired)?;
    match visitor.own(posted.address).prove(&app, &given).await {
        Ok(()) => {
            let page = posted.session.pending().unwrap_or(TWO_FACTOR);
            Ok((returned(&app, &posted.session), redirect(&app.settings, page)).into_response())
        }
        Err(FactorRefusal::Other(Refusal::Conflict { .. })) => Ok(redirect(&app.settings, TWO_FACTOR)),
        Err(FactorRefusal::Other(refusal)) => Err(refusal),
        Err(FactorRefusal::Proof(refused)) => refuse(&app, &visitor, posted.address, refused).await,
    }
}

async fn refuse(
    app: &App,
    visitor: &Visitor,
    address: ClientAddress,
    refused: ProofRefusal,
) -> Result<Response, Refusal> {
    let problem = told(&refused);
    let refusal = Refusal::from(refused);
    let Some(problem) = problem else { return Err(refusal) };
    Ok(ask(app, visitor, address, Some(problem)).await?.unproved(refusal).into_response())
}

async fn ask(
    app: &App,
    visitor: &Visitor,
    address: ClientAddress,
    problem: Option<String>,
) -> Result<Page, Refusal> {
    let own = visitor.own(address);
    let means = Means::of(own.find(app).await?.as_ref());
    let news = match means.mail {
        true => match mailed_before(app, own.holder()).await? {
            Mailed::Sent => Some("A code was mailed to you; it works for fifteen minutes.".to_owned()),
            Mailed::NotNow => None,
            too_many @ Mailed::TooMany(_) => too_many.told(),
        },
        false => None,
    };
    Page::render(&Prove::new(visitor.frame(&app.settings, TITLE), means, news, problem))
}
