//! What the token endpoints of both generations do: authenticate a client, decide, mint, store, answer.
//!
//! One file for each way to obtain a token, and one for giving it back. What differs between the generations is told by their
//! `Dialect`.

mod answer;
mod assertion;
mod client;
mod client_keys;
mod code;
mod device;
mod exchanged;
mod form;
mod granted;
mod itself;
mod mint;
mod password;
mod refresh;
mod refused;
mod revoke;

pub(crate) use answer::TokenAnswer;
pub(crate) use client::authenticate;
pub(crate) use client_keys::ClientKeys;
pub(crate) use form::{BodyForm, Form};
pub(crate) use granted::Granted;
pub(crate) use mint::subject;
pub(crate) use revoke::revoke;

use axum::response::{IntoResponse as _, Response};
use futures_util::future::{BoxFuture, FutureExt as _, TryFutureExt as _};
use kibali_crypto::sha256;
use kibali_model::{Client, Dialect, Timestamp};
use kibali_oauth::{TokenGrant, requested, resource, token_request};

use crate::identity::{ClientAddress, dpop};
use crate::why::SentRefreshToken;
use crate::{App, Refusal};

/// Answers a token request: each time with new tokens, where DHIS2 shared one among all holders.
pub(crate) async fn exchange(
    app: &App,
    address: ClientAddress,
    form: &Form,
    dialect: Dialect,
) -> Result<TokenAnswer, Refusal> {
    let client = authenticate(app, form, address, dialect).await?;
    let answered = ask(app, &client, address, form, dialect).await;
    if let Err(refusal) = &answered {
        let client = Some(client.object);
        app.identity().note_refused("token.refused", refusal, client, address, app.now());
    }
    answered
}

/// The answer that refuses; one about a refresh token names it by its hash to whoever asks why.
pub(crate) fn refuse(refusal: Refusal, form: &Form) -> Response {
    let about_refresh_token = matches!(
        refusal,
        Refusal::RefreshTokenUnknown | Refusal::RefreshTokenExpired | Refusal::RefreshTokenCopied
    );
    let mut answer = refusal.into_response();
    if let (true, Ok(Some(token))) = (about_refresh_token, form.parameters.get("refresh_token")) {
        answer.extensions_mut().insert(SentRefreshToken(sha256(token)));
    }
    answer
}

async fn ask(
    app: &App,
    client: &Client,
    address: ClientAddress,
    form: &Form,
    dialect: Dialect,
) -> Result<TokenAnswer, Refusal> {
    let key = dpop::key(app, form.proof.as_ref(), client).await?;
    if key.is_none() && client.rules().bound {
        return Err(Refusal::NoDpopProof);
    }
    let resource = resource(&form.parameters)?;
    Asking { app, client, address, dialect, key, resource, now: app.now() }.answer(form).await
}

/// An authenticated client, asking.
struct Asking<'a> {
    app: &'a App,
    client: &'a Client,
    address: ClientAddress,
    /// The generation of the endpoint.
    dialect: Dialect,
    /// Thumbprint of the key that it proved to hold (RFC 9449).
    key: Option<String>,
    /// What it wants the access token for (RFC 8707).
    resource: Option<&'a str>,
    now: Timestamp,
}

impl Asking<'_> {
    async fn answer(&self, form: &Form) -> Result<TokenAnswer, Refusal> {
        let parameters = &form.parameters;
        // On the heap: each request would be as large as the largest of them otherwise.
        let answer: BoxFuture<'_, _> = match token_request(parameters, self.client, self.dialect)? {
            TokenGrant::Password { username, password, otp } => {
                let scopes = requested(parameters, self.client)?;
                let noted = self.password(username, password, otp, scopes).inspect_ok(|_| {
                    let (client, address) = (self.client.object, self.address);
                    self.app.identity().note_password_grant(client, address, &form.headers, self.now);
                });
                noted.boxed()
            }
            TokenGrant::Refresh { token } => self.refresh(token, parameters).boxed(),
            TokenGrant::Code { code, redirect_uri, verifier } => {
                self.code(code, redirect_uri, verifier).boxed()
            }
            TokenGrant::Itself => self.itself(requested(parameters, self.client)?).boxed(),
            TokenGrant::Device { code } => self.device(code).boxed(),
            TokenGrant::Exchange => self.exchanged(parameters).boxed(),
        };
        answer.await
    }
}
