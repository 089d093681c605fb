//! Telling clients that a session ended (OpenID Connect Back-Channel Logout 1.0), after it did: what is to be told stands
//! in the database, and one node tells it.

use futures_util::stream::{self, StreamExt as _};
use kibali_oauth::algorithm;
use kibali_oauth::logout::{self, again};
use kibali_store::door::logouts::{self, Claim, Listener, Notice, Settle};
use url::form_urlencoded;

use crate::outbound::OutboundFault;
use crate::{App, Refusal};

/// Clients that are told in one round, one notice each.
const CLIENTS: i64 = 64;
/// Of those at once: one that is slow takes a place from seven others.
const AT_ONCE: usize = 8;
/// Seconds until it is tried again where no call could be made.
const SOON: i64 = 5;
/// Seconds that others leave a last attempt alone.
const LAST: i64 = 60;

/// Tells what is due, until nothing is or nobody hears it.
///
/// # Errors
/// The database failed, or nothing can be signed.
pub async fn tell(app: &App) -> Result<(), Refusal> {
    loop {
        let due = logouts::due(&mut app.store.reader().await?, CLIENTS, app.now()).await?;
        let telling = stream::iter(due).map(|notice| tell_one(app, notice)).buffer_unordered(AT_ONCE);
        let told: Vec<Result<bool, Refusal>> = telling.collect().await;
        let told: Result<Vec<bool>, Refusal> = told.into_iter().collect();
        if !told?.contains(&true) {
            return Ok(());
        }
    }
}

/// Tells one; false where that failed, or somebody else does it.
async fn tell_one(app: &App, notice: Notice) -> Result<bool, Refusal> {
    let now = app.now();
    let (attempts, client) = (notice.attempts + 1, notice.client);
    let next = again(attempts, now);
    let claim = Claim { notice: notice.clone(), again: next.unwrap_or(now.plus_seconds(LAST)) };
    if !app.store.write(claim).await? {
        return Ok(false);
    }
    let Some(listener) = &notice.listener else {
        app.store.write(Settle::Done(notice)).await?;
        return Ok(true);
    };
    let form = form(app, listener, &notice).await?;
    match (app.outbound().post_form(&listener.address, form).await, next) {
        // Nobody was asked: that was no attempt.
        (Err(OutboundFault::Busy), _) => {
            app.store.write(Settle::NotTried(notice, now.plus_seconds(SOON))).await?;
            Ok(false)
        }
        (Ok(_), _) => {
            app.store.write(Settle::Done(notice)).await?;
            Ok(true)
        }
        (Err(fault), Some(next)) => {
            tracing::info!(client_id = listener.client_id, %fault, attempts, "a client was not told of a logout");
            // The others that wait for it need not find out one by one.
            app.store.write(Settle::Postpone(client, next.min(now.plus_seconds(LAST)))).await?;
            Ok(false)
        }
        (Err(fault), None) => {
            tracing::warn!(client_id = listener.client_id, %fault, attempts, "a client was never told of a logout");
            app.store.write(Settle::Done(notice)).await?;
            Ok(false)
        }
    }
}

/// The form with a new logout token.
async fn form(app: &App, listener: &Listener, notice: &Notice) -> Result<String, Refusal> {
    let issuer = app.settings.issuer();
    let claims = logout::claims(&issuer, &listener.client_id, &notice.subject, &notice.sid, app.now());
    let signs = algorithm(listener.profile, listener.algorithm.as_deref());
    let token = app.signer().sign(signs, Some(logout::TYPE), claims).await?;
    Ok(form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token.expose()).finish())
}
