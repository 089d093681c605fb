//! A token for a token of another client (RFC 8693).

use kibali_crypto::sha256;
use kibali_model::GrantType;
use kibali_oauth::Parameters;
use kibali_oauth::token_exchange::{SubjectFacts, exchange, subject_token};
use kibali_store::door::grants::{IssueGrant, NewGrant, Parent};
use serde_json::Value;

use super::Asking;
use super::answer::TokenAnswer;
use super::mint::Order;
use crate::Refusal;
use crate::identity::known;

impl Asking<'_> {
    pub(super) async fn exchanged(&self, parameters: &Parameters) -> Result<TokenAnswer, Refusal> {
        let token = subject_token(parameters)?;
        let found = known::token(self.app, token).await?;
        let found = found.ok_or(Refusal::SubjectRefused)?;
        let account = known::holder(self.app, &found, self.now).await?;
        let (account, client_id) = account.zip(found.client_id.as_ref()).ok_or(Refusal::SubjectRefused)?;
        let act: Option<Value> =
            found.act.as_deref().map(serde_json::from_str).transpose().map_err(Refusal::internal)?;
        let facts = SubjectFacts {
            client_id,
            scopes: &found.scopes,
            resource: found.resource.as_deref(),
            expires: found.expires,
            act: act.as_ref(),
            bound: found.jkt.is_some(),
        };
        let given = exchange(parameters, self.client, Some(facts))?;
        let order = Order {
            sign_in: found.sign_in.clone(),
            resource: given.resource,
            act: Some(given.act),
            ends: Some(given.expires),
            refreshable: false,
            ..self.order(&*account, given.scopes)
        };
        let (answer, tokens) = self.mint(&order).await?;
        // It may be remembered here and gone there.
        let parent = Parent { grant: found.grant, token: sha256(token) };
        let grant = NewGrant { parent: Some(parent), ..self.grant(GrantType::TokenExchange, &order) };
        let at_most = self.app.settings.password_grants_per_user;
        let issued =
            self.app.store.write(IssueGrant { grant, tokens, proof: None, at_most, now: self.now }).await?;
        if issued.is_some() {
            Ok(TokenAnswer { exchanged: true, ..answer })
        } else {
            Err(Refusal::SubjectRefused)
        }
    }
}
