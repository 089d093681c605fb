//! The grants of clients that act by themselves, remembered for a minute: such a client asks for token after token, and
//! nobody allows anything anew.

use kibali_model::{ObjectId, Timestamp};
use kibali_store::door::changes::Topic;
use kibali_store::door::grants::{ISSUED, IssueGrant, NewGrant, issued};
use kibali_store::door::tokens::{FURTHER_SECONDS, FurtherTokens, NewTokens};
use kibali_store::fresh::{Cached, Change, Feed, RestsOn};

use crate::{App, Refusal};

/// Grants remembered, a few hundred bytes each.
const GRANTS: usize = 1000;

/// What is remembered.
pub(crate) struct Granted(Cached<Like, Standing>);

/// What two grants are alike in that are one.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Like {
    client: ObjectId,
    user: ObjectId,
    credential_version: i64,
    scopes: String,
    address: String,
    resource: Option<String>,
}

impl Like {
    fn of(grant: &NewGrant) -> Self {
        Self {
            client: grant.client,
            user: grant.user,
            credential_version: grant.credential_version,
            scopes: grant.scopes.to_string(),
            address: grant.address.clone(),
            resource: grant.resource.clone(),
        }
    }
}

/// A grant that stood when its use was written last.
#[derive(Clone)]
struct Standing {
    grant: i64,
    user: ObjectId,
    client: ObjectId,
    used: Timestamp,
}

impl RestsOn for Standing {
    fn rests_on(&self, change: &Change) -> bool {
        match change.topic {
            Topic::Grant => change.touches(ObjectId(self.grant)),
            Topic::User => change.touches(self.user),
            Topic::Client => change.touches(self.client),
            Topic::Token
            | Topic::Session
            | Topic::Setting
            | Topic::Role
            | Topic::Group
            | Topic::Unit
            | Topic::DataSet
            | Topic::Key => false,
        }
    }
}

impl Granted {
    pub(crate) fn new(feed: &Feed) -> Self {
        Self(Cached::new(feed, GRANTS))
    }

    /// Adds tokens to the grant that is like this one, or grants it. False, and nothing is granted, where its user's
    /// account is no longer as it was.
    pub(super) async fn give(
        &self,
        app: &App,
        grant: NewGrant,
        tokens: NewTokens,
        now: Timestamp,
    ) -> Result<bool, Refusal> {
        let like = Like::of(&grant);
        let mark = self.0.mark();
        let standing = self.0.get(&like).filter(|it| now.seconds_since(it.used) < FURTHER_SECONDS);
        let NewGrant { user, client, grant_type, .. } = grant;
        if let Some(Standing { grant: id, .. }) = standing {
            let (detail, address) = (issued(id, grant_type), grant.address);
            let further =
                FurtherTokens { grant: id, user, client, tokens, event: ISSUED, detail, address, now };
            further.add(&app.store).await?;
            return Ok(true);
        }
        let at_most = app.settings.password_grants_per_user;
        let granted = app.store.write(IssueGrant { grant, tokens, proof: None, at_most, now }).await?;
        if let Some(grant) = granted {
            self.0.remember(mark, like, Standing { grant, user, client, used: now });
        }
        Ok(granted.is_some())
    }
}
