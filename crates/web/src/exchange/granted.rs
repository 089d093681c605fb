//! Further tokens of grants that stand: of clients that act by themselves, whose grants are remembered for a minute, and
//! of refresh tokens that stay. Nobody allows anything anew.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kibali_model::{ObjectId, Timestamp};
use kibali_store::door::changes::Topic;
use kibali_store::door::grants::{ISSUED, IssueGrant, NewGrant, issued};
use kibali_store::door::tokens::{
    ACCESS_TOKENS_PER_GRANT, FURTHER_SECONDS, FurtherTokens, MakeRoom, NewTokens,
};
use kibali_store::fresh::{Cached, Change, Feed, RestsOn};

use crate::{App, Refusal};

/// Grants remembered, a few hundred bytes each.
const GRANTS: usize = 1000;

/// What is remembered of grants.
pub(crate) struct Granted {
    standing: Cached<Like, Standing>,
    counted: Cached<i64, Count>,
    /// In which room is being made: whoever asks meanwhile does not wait for it.
    making: Mutex<HashSet<i64>>,
}

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

/// How many access tokens a grant has: those that were there when they were counted, and those that this node has
/// added since.
#[derive(Clone)]
struct Count {
    grant: i64,
    tokens: Arc<AtomicI64>,
}

impl RestsOn for Count {
    fn rests_on(&self, change: &Change) -> bool {
        matches!(change.topic, Topic::Token | Topic::Grant) && change.touches(ObjectId(self.grant))
    }
}

impl Granted {
    pub(crate) fn new(feed: &Feed) -> Self {
        let (standing, counted) = (Cached::new(feed, GRANTS), Cached::new(feed, GRANTS));
        Self { standing, counted, making: Mutex::default() }
    }

    /// Adds tokens to a grant that stands.
    pub(super) async fn add(&self, app: &App, further: FurtherTokens) -> Result<(), Refusal> {
        if self.add_and_count(app, &further).await? > ACCESS_TOKENS_PER_GRANT
            && let Some(_making) = self.making(further.grant)
        {
            // They are counted anew when everybody was told that some have gone.
            app.store.write(MakeRoom { grant: further.grant, now: further.now }).await?;
        }
        Ok(())
    }

    async fn add_and_count(&self, app: &App, further: &FurtherTokens) -> Result<i64, Refusal> {
        let (mark, grant) = (self.counted.mark(), further.grant);
        if let Some(Count { tokens, .. }) = self.counted.get(&grant) {
            further.add(&app.store).await?;
            return Ok(tokens.fetch_add(1, Ordering::Relaxed) + 1);
        }
        let count = further.add_and_count(&app.store).await?;
        let tokens = Arc::new(AtomicI64::new(count));
        self.counted.remember(mark, grant, Count { grant, tokens });
        Ok(count)
    }

    fn making(&self, grant: i64) -> Option<Making<'_>> {
        let begun = self.in_making().insert(grant);
        // Not made where it is not begun here: dropping it would end what somebody else began.
        begun.then(|| Making { of: self, grant })
    }

    fn in_making(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.making.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mark = self.standing.mark();
        let standing = self.standing.get(&like).filter(|it| now.seconds_since(it.used) < FURTHER_SECONDS);
        let NewGrant { user, client, grant_type, .. } = grant;
        if let Some(Standing { grant: id, .. }) = standing {
            let (detail, address) = (issued(id, grant_type), grant.address);
            let further =
                FurtherTokens { grant: id, user, client, tokens, event: ISSUED, detail, address, now };
            self.add(app, further).await?;
            return Ok(true);
        }
        let at_most = app.settings.password_grants_per_user;
        let granted = app.store.write(IssueGrant { grant, tokens, proof: None, at_most, now }).await?;
        if let Some(grant) = granted {
            self.standing.remember(mark, like, Standing { grant, user, client, used: now });
        }
        Ok(granted.is_some())
    }
}

/// Room is being made in a grant, until this is dropped.
struct Making<'g> {
    of: &'g Granted,
    grant: i64,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.of.in_making().remove(&self.grant);
    }
}
