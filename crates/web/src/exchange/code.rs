//! A token for an authorization code (legacy reference 4.2).

use kibali_crypto::{pkce_s256, sha256};
use kibali_model::GrantType;
use kibali_oauth::{CodeFacts, Redeemer, redeem};
use kibali_store::door::accounts;
use kibali_store::door::codes::{self, SpendCode, Spent};

use super::Asking;
use super::answer::TokenAnswer;
use super::mint::Order;
use crate::Refusal;

impl Asking<'_> {
    pub(super) async fn code(
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
            key: found.jkt.as_deref(),
            resource: found.resource.as_deref(),
            expires: found.expires,
            spent,
        };
        let answered = verifier.map(pkce_s256);
        let by = Redeemer {
            client: self.client,
            redirect_uri,
            answered: answered.as_deref(),
            key: self.key.as_deref(),
            resource: self.resource,
        };
        let decision = redeem(facts, by, self.now);
        let account = account.filter(|account| account.is_open(self.now));
        let (answer, grant) = match (&decision, &account) {
            (Ok(()), Some(account)) => {
                let order = Order {
                    sign_in: found.sign_in,
                    nonce: found.nonce,
                    resource: found.resource,
                    ..self.order(account, self.still(&found.scopes))
                };
                let (answer, tokens) = self.mint(&order).await?;
                (Some(answer), Some((self.grant(GrantType::AuthorizationCode, &order), tokens)))
            }
            _ => (None, None),
        };
        // Spent even where it is refused; presented again, it takes along what it was spent for.
        let spent = self.app.store.write(SpendCode { hash, grant, now: self.now }).await?;
        decision?;
        answer.filter(|_| spent == Spent::Granted).ok_or(Refusal::CodeUnknown)
    }
}
