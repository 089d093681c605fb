//! Another access token for a refresh token.

use kibali_crypto::{Secret, sha256};
use kibali_oauth::{RefreshFacts, refresh};
use kibali_store::door::accounts;
use kibali_store::door::grants::RefreshGrant;
use kibali_store::door::tokens::{self, NewTokens};

use super::Asking;
use super::answer::TokenAnswer;
use crate::Refusal;

impl Asking<'_> {
    pub(super) async fn refresh(&self, token: &str) -> Result<TokenAnswer, Refusal> {
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
}
