//! A token for the password of a user (legacy reference 3.2).

use kibali_model::{GrantType, Scopes};
use kibali_store::door::grants::IssueGrant;

use super::Asking;
use super::answer::TokenAnswer;
use crate::Refusal;
use crate::identity::sign_in;

impl Asking<'_> {
    pub(super) async fn password(
        &self,
        username: &str,
        password: &str,
        scopes: Scopes,
    ) -> Result<TokenAnswer, Refusal> {
        let who = sign_in(self.app, username, password, self.address).await?;
        let order = self.order(&who, scopes);
        let (answer, tokens) = self.mint(&order).await?;
        let grant = self.grant(GrantType::Password, &order);
        let at_most = self.app.settings.password_grants_per_user;
        let issued = self.app.store.write(IssueGrant { grant, tokens, at_most, now: self.now }).await?;
        // The account changed between the password and the grant.
        if issued { Ok(answer) } else { Err(Refusal::WrongCredentials) }
    }
}
