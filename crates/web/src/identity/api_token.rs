//! Personal access tokens: live rows of one user, used within their limits (rules of the door 1, 10).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use http::header::REFERER;
use http::request::Parts;
use kibali_crypto::{Digest, api_token_type, sha256};
use kibali_model::{Credential, ObjectId, Principal, Timestamp, TokenLimit, TokenLimits, TokenUse};
use kibali_store::door::changes::Topic;
use kibali_store::door::marks::Used;
use kibali_store::door::{accounts, api_tokens};
use kibali_store::fresh::{Cached, Change, RestsOn};

use super::ClientAddress;
use super::bearer::{NOTED_SECONDS, standing};
use super::refused::Refused;
use crate::{App, Refusal};

/// Live tokens that were used not long ago, by their hash.
pub(super) type ApiTokenCache = Cached<Digest, Live>;

/// A token that was found live, and whom it proves.
#[derive(Clone)]
pub(super) struct Live {
    principal: Arc<Principal>,
    token: ObjectId,
    limits: Arc<TokenLimits>,
    expires: Timestamp,
    /// When the account ends.
    account_ends: Option<Timestamp>,
    /// When its use was noted last, in milliseconds.
    noted: Arc<AtomicI64>,
}

impl RestsOn for Live {
    fn rests_on(&self, change: &Change) -> bool {
        match change.topic {
            // A token that is changed or deleted is told as a change of its user.
            Topic::User => change.touches(self.principal.user),
            // Few and rare: not worth remembering which ones the user has.
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

/// The principal of a personal access token that is used like this. Refused uses are counted.
pub(super) async fn verify(
    app: &App,
    token: &str,
    parts: &Parts,
    address: ClientAddress,
) -> Result<Arc<Principal>, Refusal> {
    decide(app, token, parts, address).await.map_err(|Refused { refusal, user }| {
        let cause = refusal.name();
        app.identity().gathered.happened("api_token.refused", &cause, user, None, address, app.now());
        refusal
    })
}

async fn decide(
    app: &App,
    token: &str,
    parts: &Parts,
    address: ClientAddress,
) -> Result<Arc<Principal>, Refused<Refusal>> {
    if !app.settings.api_tokens {
        return Err(Refusal::UnreadableCredentials("personal access tokens are switched off here").into());
    }
    if !has_form(token) {
        return Err(Refusal::ApiTokenMalformed.into());
    }
    api_token_type(token).ok_or(Refusal::ApiTokenChecksum)?;
    let hash = sha256(token);
    let remembered = &app.identity().api_tokens;
    let live = remembered.get_or_load(&hash, || load(app, hash)).await?;
    let now = app.now();
    may_be_used(&live, parts, address, now).map_err(Refused::of(Some(live.principal.user)))?;
    note_use(app, &live, now);
    Ok(live.principal)
}

/// Has it not ended, nor its owner's account, and do its limits allow this?
fn may_be_used(live: &Live, parts: &Parts, address: ClientAddress, now: Timestamp) -> Result<(), Refusal> {
    if now >= live.expires {
        return Err(Refusal::ApiTokenExpired);
    }
    if live.account_ends.is_some_and(|end| now >= end) {
        return Err(Refusal::ApiTokenOwner);
    }
    let referrer = parts.headers.get(REFERER).and_then(|value| value.to_str().ok());
    let using = TokenUse { address: address.0, method: parts.method.as_str(), referrer };
    match live.limits.broken_by(using) {
        Some(limit) => Err(Refusal::ApiTokenLimit(told(limit))),
        None => Ok(()),
    }
}

/// Letters, digits and `-._~+/`, then `=`: what DHIS2 takes for a token.
fn has_form(token: &str) -> bool {
    let bare = token.trim_end_matches('=');
    !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

/// What of the request a limit does not allow, in DHIS2's words.
const fn told(limit: &TokenLimit) -> &'static str {
    match limit {
        TokenLimit::IpAllowedList { .. } => "ip address is",
        TokenLimit::MethodAllowedList { .. } => "http method is",
        TokenLimit::RefererAllowedList { .. } => "http referrer is missing or",
    }
}

/// Notes the use of a token, rarely enough to cost nothing.
fn note_use(app: &App, live: &Live, now: Timestamp) {
    let before = live.noted.load(Ordering::Relaxed);
    if now.millis().saturating_sub(before) < NOTED_SECONDS * 1000 {
        return;
    }
    live.noted.store(now.millis(), Ordering::Relaxed);
    app.identity().gathered.used(&[Used::ApiToken(live.token), Used::SignIn(live.principal.user)], now);
}

/// Finds a token that lives now. Neither a second factor of its owner nor an old password stands in its way: it
/// was made by somebody who had proved enough (rules of the door 10).
async fn load(app: &App, hash: Digest) -> Result<Live, Refusal> {
    let mut reader = app.store.reader().await?;
    let found = api_tokens::find(&mut reader, hash).await?.ok_or(Refusal::ApiTokenUnknown)?;
    let now = app.now();
    if now >= found.expires {
        return Err(Refusal::ApiTokenExpired);
    }
    let account = accounts::by_user(&mut reader, found.user).await?.ok_or(Refusal::ApiTokenUnknown)?;
    if !account.is_open(now) {
        return Err(Refusal::ApiTokenOwner);
    }
    drop(reader);
    let standing = standing(app, found.user).await?;
    Ok(Live {
        principal: Arc::new(standing.of(&account, Credential::ApiToken { token: found.uid })),
        token: found.id,
        limits: Arc::new(found.limits),
        expires: found.expires,
        account_ends: account.expiry,
        noted: Arc::new(AtomicI64::new(i64::MIN)),
    })
}
