//! What the token endpoints of both generations do: authenticate a client, decide, mint, store, answer.
//!
//! One file for each way to obtain a token. What differs between the generations is told by the refusal
//! table and by the client's settings.

mod answer;
mod assertion;
mod client;
mod code;
mod device;
mod exchanged;
mod form;
mod itself;
mod mint;
mod password;
mod refresh;
mod refused;
mod revoke;

pub(crate) use answer::TokenAnswer;
pub(crate) use client::authenticate;
pub(crate) use form::{BodyForm, Form};
pub(crate) use revoke::revoke;

use kibali_model::{Client, Dialect, Timestamp};
use kibali_oauth::{TokenGrant, requested, token_request};

use crate::identity::ClientAddress;
use crate::{App, Refusal};

/// Answers a token request: each time with new tokens, where DHIS2 shared one among all holders.
pub(crate) async fn exchange(
    app: &App,
    address: ClientAddress,
    form: &Form,
    dialect: Dialect,
) -> Result<TokenAnswer, Refusal> {
    let client = authenticate(app, form, address, dialect).await?;
    let asking = Asking { app, client: &client, address, dialect, now: app.now() };
    let answered = asking.answer(form).await;
    if let Err(refusal) = &answered {
        let client = Some(client.object);
        app.identity().note_refused("token.refused", refusal, client, address, app.now());
    }
    answered
}

/// An authenticated client, asking.
struct Asking<'a> {
    app: &'a App,
    client: &'a Client,
    address: ClientAddress,
    /// The generation of the endpoint.
    dialect: Dialect,
    now: Timestamp,
}

impl Asking<'_> {
    async fn answer(&self, form: &Form) -> Result<TokenAnswer, Refusal> {
        let parameters = &form.parameters;
        match token_request(parameters, self.client, self.dialect)? {
            TokenGrant::Password { username, password } => {
                self.password(username, password, requested(parameters, self.client)?).await
            }
            TokenGrant::Refresh { token } => self.refresh(token, parameters).await,
            TokenGrant::Code { code, redirect_uri, verifier } => {
                self.code(code, redirect_uri, verifier).await
            }
            TokenGrant::Itself => self.itself(requested(parameters, self.client)?).await,
            TokenGrant::Device { code } => self.device(code).await,
            TokenGrant::Exchange => self.exchanged(parameters).await,
        }
    }
}
