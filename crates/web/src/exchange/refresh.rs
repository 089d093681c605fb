//! Another access token for a refresh token, which stays or is spent for its successor (rules of the door 5).

use std::sync::Arc;

use kibali_crypto::{SealKey, Secret, sha256};
use kibali_model::Timestamp;
use kibali_oauth::family::{self, Facts, Presenter, Spent, Verdict};
use kibali_oauth::{Parameters, as_granted, narrowed};
use kibali_store::door::accounts::Account;
use kibali_store::door::families::{
    self, Becomes, EndCopied, Line, REFRESHED, Refresh, Refreshed, Successor,
};
use kibali_store::door::tokens::{FURTHER_SECONDS, FoundToken, FurtherTokens, NewTokens};
use serde_json::Value;

use super::Asking;
use super::answer::TokenAnswer;
use super::mint::Order;
use crate::Refusal;
use crate::identity::known;

/// How often it is decided again, because another request with the same token was faster.
const ATTEMPTS: usize = 5;
/// What successors are sealed for.
const PLACE: &str = "refresh_token.sealed";

impl Asking<'_> {
    pub(super) async fn refresh(&self, token: &str, parameters: &Parameters) -> Result<TokenAnswer, Refusal> {
        for _ in 0..ATTEMPTS {
            if let Some(answer) = self.present(token, parameters).await? {
                return Ok(answer);
            }
        }
        Err(Refusal::Busy { seconds: 1 })
    }

    /// Presents the token once; none, where what the decision rests on has moved meanwhile.
    async fn present(&self, token: &str, parameters: &Parameters) -> Result<Option<TokenAnswer>, Refusal> {
        let (found, line, account) = self.look_up(token).await?;
        let facts = Facts {
            client: found.client,
            key: found.jkt.as_deref(),
            expires: found.expires,
            live: account.as_ref().is_some_and(|account| found.stands(account, self.now)),
            spent: line.spent.as_ref().map(|spent| Spent {
                key: spent.jkt.as_deref(),
                expires: spent.expires,
                used: spent.used,
            }),
        };
        let by = Presenter {
            client: self.client.object,
            is_public: self.client.is_public(),
            key: self.key.as_deref(),
            rotates: self.client.rotates_refresh_tokens(),
        };
        let verdict = family::present(&facts, &by, self.now);
        match &verdict {
            Verdict::Refuse(error) => return Err(error.clone().into()),
            Verdict::Theft => {
                let address = self.address.to_string();
                self.app.store.write(EndCopied { grant: found.grant, address, now: self.now }).await?;
                return Err(Refusal::RefreshTokenCopied);
            }
            Verdict::Keep | Verdict::Rotate | Verdict::Repeat => {}
        }
        as_granted(self.resource, found.resource.as_deref())?;
        let account = account.ok_or(Refusal::RefreshTokenUnknown)?;
        let order = Order {
            sign_in: found.sign_in.clone(),
            resource: found.resource.clone(),
            refreshable: verdict == Verdict::Rotate,
            ..self.order(&*account, narrowed(parameters, &self.still(&found.scopes))?)
        };
        let (answer, mut minted) = self.mint(&order).await?;
        minted.narrowed = (order.scopes != found.scopes).then_some(order.scopes);
        let minted = (answer, minted);
        let (becomes, answer, minted) = match (verdict, line.spent) {
            (Verdict::Repeat, Some(successor)) => repeat(token, &successor, minted)?,
            (Verdict::Rotate, _) => self.rotate(token, line.began, minted)?,
            _ => keep(token, &found, minted),
        };
        let lately = line.refreshed.is_some_and(|at| self.now.seconds_since(at) < FURTHER_SECONDS);
        if lately && matches!(becomes, Becomes::Kept { first: false }) {
            let detail = becomes.detail(found.grant);
            self.further(&found, minted, detail).await?;
            return Ok(Some(answer));
        }
        let write = Refresh {
            grant: found.grant,
            presented: sha256(token),
            becomes,
            tokens: minted,
            address: self.address.to_string(),
            now: self.now,
        };
        match self.app.store.write(write).await? {
            Refreshed::Done => Ok(Some(answer)),
            Refreshed::Moved => Ok(None),
            Refreshed::Ended => Err(Refusal::RefreshTokenUnknown),
        }
    }

    /// Of a token that stays, and was used before within a minute, nothing is written.
    async fn further(&self, found: &FoundToken, tokens: NewTokens, detail: Value) -> Result<(), Refusal> {
        let further = FurtherTokens {
            grant: found.grant,
            user: found.user,
            client: found.client,
            tokens,
            event: REFRESHED,
            detail,
            address: self.address.to_string(),
            now: self.now,
        };
        self.app.granted().add(self.app, further).await
    }

    /// The token, where it stands in its family, and its user's account.
    async fn look_up(&self, token: &str) -> Result<(FoundToken, Line, Option<Arc<Account>>), Refusal> {
        let hash = sha256(token);
        let mut reader = self.app.store.reader().await?;
        let (found, line) = families::line(&mut reader, hash).await?.ok_or(Refusal::RefreshTokenUnknown)?;
        drop(reader);
        let person = known::person(self.app, found.user).await?;
        Ok((found, line, person.map(|person| person.account)))
    }

    /// The token is spent for the successor that was minted.
    fn rotate(
        &self,
        token: &str,
        began: Timestamp,
        (answer, mut minted): Minted,
    ) -> Result<(Becomes, TokenAnswer, NewTokens), Refusal> {
        let (Some(successor), Some(row)) = (&answer.refresh_token, &mut minted.refresh) else {
            return Err(Refusal::RefreshTokenUnknown);
        };
        row.expires = family::ends(row.expires, began, self.client.family_seconds());
        let key = SealKey::of_successor(token);
        let sealed = key.seal(&*self.app.random, PLACE, successor.expose().as_bytes());
        Ok((Becomes::Spent { sealed: sealed.map_err(Refusal::internal)? }, answer, minted))
    }
}

type Minted = (TokenAnswer, NewTokens);

/// The token stays and is answered again.
fn keep(token: &str, found: &FoundToken, (answer, minted): Minted) -> (Becomes, TokenAnswer, NewTokens) {
    let answer = TokenAnswer { refresh_token: Some(Secret::new(token.to_owned())), ..answer };
    (Becomes::Kept { first: found.unused.is_some() }, answer, minted)
}

/// The successor that the token was spent for is answered again.
fn repeat(
    token: &str,
    successor: &Successor,
    (answer, minted): Minted,
) -> Result<(Becomes, TokenAnswer, NewTokens), Refusal> {
    let opened = SealKey::of_successor(token).unseal(PLACE, &successor.sealed).map_err(Refusal::internal)?;
    let opened = String::from_utf8(opened.expose().clone()).map_err(Refusal::internal)?;
    let answer = TokenAnswer { refresh_token: Some(Secret::new(opened)), ..answer };
    Ok((Becomes::Repeated { successor: successor.hash, used: successor.used }, answer, minted))
}
