//! Another access token for a refresh token, which stays or is spent for its successor (rules of the door 5).

use kibali_crypto::{SealKey, Secret, sha256};
use kibali_model::Timestamp;
use kibali_oauth::family::{self, Facts, Presenter, Spent, Verdict};
use kibali_store::door::accounts;
use kibali_store::door::families::{self, Becomes, EndCopied, Line, Refresh, Refreshed, Successor};
use kibali_store::door::tokens::{self, FoundToken, NewTokens};

use super::Asking;
use super::answer::TokenAnswer;
use crate::Refusal;

/// How often it is decided again, because another request with the same token was faster.
const ATTEMPTS: usize = 5;
/// What successors are sealed for.
const PLACE: &str = "refresh_token.sealed";

impl Asking<'_> {
    pub(super) async fn refresh(&self, token: &str) -> Result<TokenAnswer, Refusal> {
        for _ in 0..ATTEMPTS {
            if let Some(answer) = self.present(token).await? {
                return Ok(answer);
            }
        }
        Err(Refusal::Busy { seconds: 1 })
    }

    /// Presents the token once; none, where what the decision rests on has moved meanwhile.
    async fn present(&self, token: &str) -> Result<Option<TokenAnswer>, Refusal> {
        let (found, line, live) = self.look_up(token).await?;
        let facts = Facts {
            client: found.client,
            key: None,
            expires: found.expires,
            live,
            spent: line.spent.as_ref().map(|spent| Spent { expires: spent.expires, used: spent.used }),
        };
        let by = Presenter {
            client: self.client.object,
            key: None,
            rotates: self.client.rotates_refresh_tokens(),
        };
        let (becomes, answer, minted) = match (family::present(&facts, &by, self.now), line.spent) {
            (Verdict::Refuse(error), _) => return Err(error.into()),
            (Verdict::Theft, _) => {
                let address = self.address.to_string();
                self.app.store.write(EndCopied { grant: found.grant, address, now: self.now }).await?;
                return Err(Refusal::RefreshTokenCopied);
            }
            (Verdict::Repeat, Some(successor)) => self.repeat(token, successor, &found)?,
            (Verdict::Rotate, _) => self.rotate(token, &found, line.began)?,
            (Verdict::Keep | Verdict::Repeat, _) => self.keep(token, &found),
        };
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

    /// The token, where it stands in its family, and whether its grant and its user do.
    async fn look_up(&self, token: &str) -> Result<(FoundToken, Line, bool), Refusal> {
        let hash = sha256(token);
        let mut reader = self.app.store.reader().await?;
        let found = tokens::find_refresh(&mut reader, hash).await?.ok_or(Refusal::RefreshTokenUnknown)?;
        let line = families::line(&mut reader, hash).await?.ok_or(Refusal::RefreshTokenUnknown)?;
        let account = accounts::by_user(&mut reader, found.user).await?;
        let live = account.is_some_and(|account| found.stands(&account, self.now));
        Ok((found, line, live))
    }

    fn keep(&self, token: &str, found: &FoundToken) -> (Becomes, TokenAnswer, NewTokens) {
        let (answer, minted) = self.mint(found.scopes.clone());
        let answer = TokenAnswer { refresh_token: Some(Secret::new(token.to_owned())), ..answer };
        (Becomes::Kept { first: found.unused.is_some() }, answer, NewTokens { refresh: None, ..minted })
    }

    fn rotate(
        &self,
        token: &str,
        found: &FoundToken,
        began: Timestamp,
    ) -> Result<(Becomes, TokenAnswer, NewTokens), Refusal> {
        let (answer, mut minted) = self.mint(found.scopes.clone());
        let (Some(successor), Some(row)) = (&answer.refresh_token, &mut minted.refresh) else {
            return Err(Refusal::RefreshTokenUnknown);
        };
        row.expires = family::ends(row.expires, began, self.client.family_seconds());
        let key = SealKey::of_successor(token);
        let sealed = key.seal(&*self.app.random, PLACE, successor.expose().as_bytes());
        Ok((Becomes::Spent { sealed: sealed.map_err(Refusal::internal)? }, answer, minted))
    }

    fn repeat(
        &self,
        token: &str,
        successor: Successor,
        found: &FoundToken,
    ) -> Result<(Becomes, TokenAnswer, NewTokens), Refusal> {
        let opened =
            SealKey::of_successor(token).unseal(PLACE, &successor.sealed).map_err(Refusal::internal)?;
        let opened = String::from_utf8(opened.expose().clone()).map_err(Refusal::internal)?;
        let (answer, minted) = self.mint(found.scopes.clone());
        let answer = TokenAnswer { refresh_token: Some(Secret::new(opened)), ..answer };
        let becomes = Becomes::Repeated { successor: successor.hash, used: successor.used };
        Ok((becomes, answer, NewTokens { refresh: None, ..minted }))
    }
}
