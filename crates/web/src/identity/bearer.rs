//! Bearer tokens: live rows, nothing else (rules of the door 1).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use http::Method;
use kibali_crypto::{Digest, sha256};
use kibali_model::{ClientProfile, Credential, ObjectId, Principal, Scopes, Timestamp, Uid};
use kibali_store::door::accounts;
use kibali_store::door::changes::Topic;
use kibali_store::door::marks::Used;
use kibali_store::door::principals::{self, Standing};
use kibali_store::door::tokens::{self, FoundToken, Hash};
use kibali_store::fresh::{Cached, Change, RestsOn};

use super::dpop::{self, Presented};
use crate::keys::is_signed;
use crate::{App, Refusal};

/// Tokens remembered, a few kilobytes each at most.
pub(super) const REMEMBERED: usize = 4096;

/// The use of a token is noted at most this often.
pub(super) const NOTED_SECONDS: i64 = 30;

/// Live tokens that were used not long ago, by their hash.
pub(super) type BearerCache = Cached<Digest, Live>;

/// A token that was found live, and whom it proves.
#[derive(Clone)]
pub(super) struct Live {
    principal: Arc<Principal>,
    grant: ObjectId,
    client: ObjectId,
    expires: Timestamp,
    /// When the account ends.
    account_ends: Option<Timestamp>,
    scopes: Scopes,
    /// Thumbprint of the key it is bound to (RFC 9449).
    jkt: Option<Arc<str>>,
    profile: Option<ClientProfile>,
    /// A key signed it.
    signed: bool,
    /// When its use was noted last, in milliseconds.
    noted: Arc<AtomicI64>,
    /// The refresh token that was issued with it, until the first use of either is noted.
    unused: Option<(Hash, Arc<AtomicBool>)>,
}

/// Users whose standing is remembered.
pub(super) const STANDINGS: usize = 2000;

/// The standing of users, shared by all their tokens: a script that asks for a token before every call has
/// many, and a hundred authorities are ten kilobytes.
pub(super) type StandingCache = Cached<ObjectId, UserStanding>;

/// The standing of one user.
#[derive(Clone)]
pub(super) struct UserStanding {
    user: ObjectId,
    standing: Standing,
}

impl RestsOn for UserStanding {
    fn rests_on(&self, change: &Change) -> bool {
        match change.topic {
            Topic::User => change.touches(self.user),
            Topic::Role | Topic::Group | Topic::Unit => true,
            Topic::Client
            | Topic::Grant
            | Topic::Token
            | Topic::Session
            | Topic::Setting
            | Topic::DataSet
            | Topic::Key => false,
        }
    }
}

impl RestsOn for Live {
    fn rests_on(&self, change: &Change) -> bool {
        match change.topic {
            Topic::Grant | Topic::Token => change.touches(self.grant),
            Topic::Client => change.touches(self.client),
            Topic::User => change.touches(self.principal.user),
            // Few and rare: not worth remembering which ones the user has.
            Topic::Role | Topic::Group | Topic::Unit => true,
            // The one that signed it may be retired.
            Topic::Key => self.signed,
            Topic::Session | Topic::Setting | Topic::DataSet => false,
        }
    }
}

/// The principal of an access token that was sent like this.
pub(super) async fn verify(
    app: &App,
    token: &str,
    method: &Method,
    presented: Presented<'_>,
) -> Result<Arc<Principal>, Refusal> {
    let hash = sha256(token);
    let remembered = &app.identity().bearer;
    let live = remembered.get_or_load(&hash, || load(app, token, hash)).await?;
    let now = app.now();
    if now >= live.expires {
        return Err(Refusal::ExpiredToken);
    }
    if live.account_ends.is_some_and(|end| now >= end) {
        return Err(Refusal::InvalidToken);
    }
    if live.jkt.is_some() || !matches!(presented, Presented::Bearer) {
        // On the heap: most tokens are bound to nothing.
        Box::pin(dpop::require(app, live.jkt.as_deref(), presented, live.profile)).await?;
    }
    opens(&live.scopes, method)?;
    note_use(app, &live, now);
    Ok(live.principal)
}

/// Notes the use of a token, rarely enough to cost nothing.
fn note_use(app: &App, live: &Live, now: Timestamp) {
    if let Some((successor, noted)) = &live.unused
        && !noted.load(Ordering::Relaxed)
    {
        noted.store(app.identity().gathered.first_used(*successor, now), Ordering::Relaxed);
    }
    let before = live.noted.load(Ordering::Relaxed);
    if now.millis().saturating_sub(before) < NOTED_SECONDS * 1000 {
        return;
    }
    live.noted.store(now.millis(), Ordering::Relaxed);
    app.identity().gathered.used(&[Used::Grant(live.grant), Used::Client(live.client)], now);
}

/// Finds a token that lives now; what ends it later by the clock alone is part of the answer, what ends it
/// by a change is told by the feed.
async fn load(app: &App, token: &str, hash: Digest) -> Result<Live, Refusal> {
    if app.signer().disowns(token).await? {
        return Err(Refusal::InvalidToken);
    }
    let mut reader = app.store.reader().await?;
    let found = tokens::find_access(&mut reader, hash).await?.ok_or(Refusal::InvalidToken)?;
    let now = app.now();
    let client = client_here(app, &found, now)?;
    let account = accounts::by_user(&mut reader, found.user).await?.ok_or(Refusal::InvalidToken)?;
    if !found.stands(&account, now) {
        return Err(Refusal::InvalidToken);
    }
    let credential = Credential::Bearer { client, scopes: found.scopes.clone() };
    drop(reader);
    let standing = standing(app, found.user).await?;
    Ok(Live {
        principal: Arc::new(standing.of(&account, credential)),
        grant: ObjectId(found.grant),
        client: found.client,
        expires: found.expires,
        account_ends: account.expiry,
        scopes: found.scopes,
        jkt: found.jkt.map(Arc::from),
        profile: found.profile,
        signed: is_signed(token),
        noted: Arc::new(AtomicI64::new(i64::MIN)),
        unused: found.unused.map(|successor| (successor, Arc::default())),
    })
}

/// The client of an access token that has not expired at `now`; whether its grant stands is asked beside it
/// ([`FoundToken::stands`]). What was made for somebody else opens nothing here (RFC 8707).
///
/// # Errors
/// [`Refusal::ExpiredToken`], [`Refusal::InvalidToken`].
pub(crate) fn client_here(app: &App, found: &FoundToken, now: Timestamp) -> Result<Uid, Refusal> {
    if now >= found.expires {
        return Err(Refusal::ExpiredToken);
    }
    let is_ours = found.resource.as_deref().is_none_or(|resource| app.settings.is_ours(resource));
    found.client_uid.filter(|_| is_ours).ok_or(Refusal::InvalidToken)
}

/// What a user is, remembered for all its tokens.
pub(crate) async fn standing(app: &App, user: ObjectId) -> Result<Standing, Refusal> {
    let standing = app.identity().standings.get_or_load(&user, || async {
        let mut reader = app.store.reader().await?;
        Ok::<_, Refusal>(UserStanding { user, standing: principals::standing(&mut reader, user).await? })
    });
    Ok(standing.await?.standing)
}

/// Do the scopes open the Web API for this method?
fn opens(scopes: &Scopes, method: &Method) -> Result<(), Refusal> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if scopes.opens_api() || (reads && scopes.opens_api_read()) {
        Ok(())
    } else {
        Err(Refusal::InsufficientScope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_opens_what_it_says() {
        for (scopes, get, post) in [
            ("ALL", true, true),
            ("username", true, true),
            ("api:read", true, false),
            ("openid", false, false),
            ("", false, false),
            ("openid api:read", true, false),
        ] {
            let scopes = Scopes::parse(scopes);
            assert_eq!(opens(&scopes, &Method::GET).is_ok(), get, "{scopes}");
            assert_eq!(opens(&scopes, &Method::HEAD).is_ok(), get, "{scopes}");
            assert_eq!(opens(&scopes, &Method::POST).is_ok(), post, "{scopes}");
        }
    }
}
