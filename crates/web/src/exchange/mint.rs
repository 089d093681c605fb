//! New tokens and the grants they hang on.

use kibali_crypto::{Secret, new_token, sha256};
use kibali_model::{GrantType, ObjectId, Scopes};
use kibali_store::door::grants::NewGrant;
use kibali_store::door::tokens::{NewToken, NewTokens};

use super::Asking;
use super::answer::TokenAnswer;

impl Asking<'_> {
    /// A grant to this client, obtained just now.
    pub(super) fn grant(
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
    pub(super) fn mint(&self, scopes: Scopes) -> (TokenAnswer, NewTokens) {
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
            refresh: refresh
                .as_ref()
                .map(|token| row(token, self.client.refresh_seconds(settings.refresh_token_seconds))),
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
