//! HTTP Basic: verified pairs, remembered for a while (rules of the door 1).

use std::sync::Arc;

use kibali_crypto::{Digest, MacKey};
use kibali_model::{Credential, ObjectId, Principal, Timestamp};
use kibali_oauth::BasicPair;
use kibali_store::door::marks::Used;
use kibali_store::door::{accounts, principals};
use quick_cache::sync::Cache;

use super::ClientAddress;
use super::sign_in::{SignInRefusal, may_sign_in, sign_in};
use crate::guard::Passage;
use crate::{App, Refusal};

/// How long a verified pair is believed without hashing again.
const REMEMBERED_SECONDS: i64 = 300;
/// Pairs remembered.
const PAIRS: usize = 10_000;

/// Pairs that were right not long ago: under an HMAC whose key lives as long as the process, so that no
/// memory dump holds a password.
pub(super) struct BasicCache {
    key: MacKey,
    pairs: Cache<Digest, Verified>,
}

#[derive(Clone, Copy)]
struct Verified {
    user: ObjectId,
    credential_version: i64,
    until: Timestamp,
}

impl BasicCache {
    pub(super) fn new(key: MacKey) -> Self {
        Self { key, pairs: Cache::new(PAIRS) }
    }
}

/// The principal of a pair.
pub(super) async fn verify(
    app: &App,
    pair: &BasicPair,
    passage: Option<Arc<Passage>>,
    address: ClientAddress,
) -> Result<Principal, Refusal> {
    let cache = &app.identity().basic;
    let key = cache.key.tag_parts(&[pair.name.as_bytes(), pair.password.as_bytes()]);
    if let Some(verified) = cache.pairs.get(&key) {
        if let Some(principal) = recall(app, verified).await? {
            return Ok(principal);
        }
        cache.pairs.remove(&key);
    }
    // Calls that arrive together wait for the first to hash; each takes its turn when that one fails.
    let verified = cache
        .pairs
        .get_or_insert_async(&key, async {
            if let Some(passage) = &passage {
                app.guard().of_hash(passage, app.now()).map_err(SignInRefusal::Undecided)?;
            }
            let signed_in = sign_in(app, &pair.name, &pair.password, address).await?;
            let (user, now) = (Some(signed_in.user), app.now());
            app.identity().gathered.happened("sign_in.accepted", "Basic", user, None, address, now);
            Ok::<_, SignInRefusal>(Verified {
                user: signed_in.user,
                credential_version: signed_in.credential_version,
                until: app.now().plus_seconds(REMEMBERED_SECONDS),
            })
        })
        .await?;
    recall(app, verified).await?.ok_or(Refusal::WrongCredentials)
}

/// The principal of a remembered pair; none when it is too old or the password has changed since.
async fn recall(app: &App, verified: Verified) -> Result<Option<Principal>, Refusal> {
    if app.now() >= verified.until {
        return Ok(None);
    }
    let mut reader = app.store.reader().await?;
    let Some(account) = accounts::by_user(&mut reader, verified.user).await? else { return Ok(None) };
    if account.credential_version != verified.credential_version {
        return Ok(None);
    }
    may_sign_in(&account, accounts::sign_in_rules(&mut reader).await?, app.now())?;
    app.identity().gathered.used(&[Used::SignIn(account.user)], app.now());
    Ok(Some(principals::load(&mut reader, &account, Credential::Basic).await?))
}
