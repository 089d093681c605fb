//! A token without a person: the client acts as the user that an administrator bound it to.

use std::sync::Arc;

use kibali_model::{GrantType, ObjectId, Scopes};
use kibali_oauth::{OAuthError, Standing as Facts, act_as};
use kibali_store::door::accounts::Account;
use kibali_store::door::principals::Standing;

use super::Asking;
use super::answer::TokenAnswer;
use super::mint::Order;
use crate::Refusal;
use crate::identity::{known, standing};

impl Asking<'_> {
    pub(super) async fn itself(&self, scopes: Scopes) -> Result<TokenAnswer, Refusal> {
        let user = self.someone(self.client.acts_as).await?;
        let binder = self.someone(self.client.bound_by).await?;
        // Where nobody is written down, whoever runs the installation bound it, by command: nobody is asked again.
        let by_operator = self.client.bound_by.is_none();
        let binder = binder.as_ref().or(user.as_ref().filter(|_| by_operator));
        act_as(user.as_ref().map(|of| self.facts(of)), binder.map(|of| self.facts(of)))?;
        let (account, _) = user.ok_or(OAuthError::NotBound)?;
        // It asks again when the token ends: there is nobody to spare a sign-in.
        let order = Order { refreshable: false, ..self.order(&*account, scopes) };
        let (answer, tokens) = self.mint(&order).await?;
        let grant = self.grant(GrantType::ClientCredentials, &order);
        let granted = self.app.granted().give(self.app, grant, tokens, self.now).await?;
        if granted { Ok(answer) } else { Err(Refusal::ClientNotBound) }
    }

    async fn someone(&self, user: Option<ObjectId>) -> Result<Option<(Arc<Account>, Standing)>, Refusal> {
        let Some(user) = user else { return Ok(None) };
        let Some(person) = known::person(self.app, user).await? else { return Ok(None) };
        Ok(Some((person.account, standing(self.app, user).await?)))
    }

    fn facts<'f>(&self, (account, standing): &'f (Arc<Account>, Standing)) -> Facts<'f> {
        Facts { open: account.is_open(self.now), authorities: standing.authorities() }
    }
}
