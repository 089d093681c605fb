//! `POST /uaa/oauth/token` (legacy reference 3).

use axum::extract::State;
use axum::response::Response;
use kibali_crypto::{Secret, new_token, pkce_s256, sha256};
use kibali_model::{Client, GrantType, ObjectId, Scopes, Timestamp};
use kibali_oauth::{CodeFacts, RefreshFacts, TokenGrant, redeem, refresh, token_request};
use kibali_store::door::accounts;
use kibali_store::door::codes::{self, SpendCode, Spent};
use kibali_store::door::grants::{IssueGrant, NewGrant, RefreshGrant};
use kibali_store::door::tokens::{self, NewToken, NewTokens};

use super::answer::TokenAnswer;
use super::client::authenticate;
use super::form::Form;
use crate::identity::{ClientAddress, sign_in};
use crate::speech::Speech;
use crate::{App, Refusal};

/// Answers with tokens, each time with new ones: DHIS2 shared one among all holders.
pub(super) async fn token(
    State(app): State<App>,
    speech: Speech,
    address: ClientAddress,
    form: Form,
) -> Result<Response, Refusal> {
    let client = authenticate(&app, &form, address).await?;
    let asking = Asking { app: &app, client: &client, address, now: app.now() };
    match asking.answer(&form).await {
        Ok(answer) => Ok(answer.render(speech.format)),
        Err(refusal) => {
            let client = Some(client.object);
            app.identity().note_refused("token.refused", &refusal, client, address, app.now());
            Err(refusal)
        }
    }
}

/// An authenticated client, asking.
struct Asking<'a> {
    app: &'a App,
    client: &'a Client,
    address: ClientAddress,
    now: Timestamp,
}

impl Asking<'_> {
    async fn answer(&self, form: &Form) -> Result<TokenAnswer, Refusal> {
        match token_request(&form.parameters, self.client)? {
            TokenGrant::Password { username, password } => self.password(username, password).await,
            TokenGrant::Refresh { token } => self.refresh(token).await,
            TokenGrant::Code { code, redirect_uri, verifier } => {
                self.code(code, redirect_uri, verifier).await
            }
        }
    }

    async fn password(&self, username: &str, password: &str) -> Result<TokenAnswer, Refusal> {
        let who = sign_in(self.app, username, password, self.address).await?;
        let (answer, tokens) = self.mint(Scopes::all());
        let grant = self.grant(who.user, who.credential_version, GrantType::Password, answer.scopes.clone());
        let at_most = self.app.settings.password_grants_per_user;
        let issued = self.app.store.write(IssueGrant { grant, tokens, at_most, now: self.now }).await?;
        // The account changed between the password and the grant.
        if issued { Ok(answer) } else { Err(Refusal::WrongCredentials) }
    }

    async fn refresh(&self, token: &str) -> Result<TokenAnswer, Refusal> {
        let mut reader = self.app.store.reader().await?;
        let found = tokens::find_refresh(&mut reader, sha256(token)).await?;
        let account = match &found {
            Some(found) => accounts::by_user(&mut reader, found.user).await?,
            None => None,
        };
        drop(reader);
        let facts = found.as_ref().map(|found| RefreshFacts {
            client: found.client,
            expires: found.expires,
            live: account.as_ref().is_some_and(|account| found.stands(account, self.now)),
        });
        refresh(facts, self.client, self.now)?;
        let found = found.ok_or(Refusal::RefreshTokenUnknown)?;
        let (answer, minted) = self.mint(found.scopes);
        let tokens = NewTokens { access: minted.access, refresh: None };
        let write =
            RefreshGrant { grant: found.grant, tokens, address: self.address.to_string(), now: self.now };
        if !self.app.store.write(write).await? {
            return Err(Refusal::RefreshTokenUnknown);
        }
        Ok(TokenAnswer { refresh_token: Some(Secret::new(token.to_owned())), ..answer })
    }

    async fn code(
        &self,
        code: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
    ) -> Result<TokenAnswer, Refusal> {
        let hash = sha256(code);
        let mut reader = self.app.store.reader().await?;
        let (found, spent) = codes::find(&mut reader, hash).await?.ok_or(Refusal::CodeUnknown)?;
        let account = accounts::by_user(&mut reader, found.user).await?;
        drop(reader);
        let facts = CodeFacts {
            client: found.client,
            redirect_uri: &found.redirect_uri,
            redirect_sent: found.redirect_sent,
            challenge: found.challenge.as_ref().map(|(challenge, _)| challenge.as_str()),
            expires: found.expires,
            spent,
        };
        let answered = verifier.map(pkce_s256);
        let decision = redeem(facts, self.client, redirect_uri, answered.as_deref(), self.now);
        let account = account.filter(|account| account.is_open(self.now));
        let (answer, tokens) = self.mint(found.scopes.clone());
        let grant = match (&decision, &account) {
            (Ok(()), Some(account)) => {
                let version = account.credential_version;
                Some((self.grant(account.user, version, GrantType::AuthorizationCode, found.scopes), tokens))
            }
            _ => None,
        };
        // Spent even where it is refused; presented again, it takes along what it was spent for.
        let spent = self.app.store.write(SpendCode { hash, grant, now: self.now }).await?;
        decision?;
        match spent {
            Spent::Granted => Ok(answer),
            Spent::Replayed | Spent::Burnt => Err(Refusal::CodeUnknown),
        }
    }

    fn grant(
        &self,
        user: ObjectId,
        credential_version: i64,
        grant_type: GrantType,
        scopes: Scopes,
    ) -> NewGrant {
        NewGrant {
            id: self.app.new_object_id().0,
            user,
            client: self.client.object,
            grant_type,
            scopes,
            address: self.address.to_string(),
            credential_version,
        }
    }

    /// New tokens: the answer that shows them and the rows that know their hashes. A refresh token is for
    /// clients that may use one.
    fn mint(&self, scopes: Scopes) -> (TokenAnswer, NewTokens) {
        let settings = &self.app.settings;
        let access = new_token(&*self.app.random);
        let refreshes = self.client.grant_types.contains(&GrantType::RefreshToken);
        let refresh = refreshes.then(|| new_token(&*self.app.random));
        let row = |token: &Secret<String>, seconds| NewToken {
            hash: sha256(token.expose()),
            expires: self.now.plus_seconds(seconds),
        };
        let tokens = NewTokens {
            access: row(&access, settings.access_token_seconds),
            refresh: refresh.as_ref().map(|token| row(token, settings.refresh_token_seconds)),
        };
        let answer = TokenAnswer {
            access_token: access,
            refresh_token: refresh,
            expires_in: settings.access_token_seconds,
            scopes,
        };
        (answer, tokens)
    }
}
