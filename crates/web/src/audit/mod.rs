//! Sealing the audit trail (rules of the door 11), so that whoever reads it later can tell whether it is the one
//! that was written.
//!
//! Events are written in the transactions they describe, by any node, and cost no more for being sealed: a second
//! later a node reads what came and closes it with one row. Which node does is decided by that row's number: of two
//! that close at once, one is kept.

mod chain;
mod ids;
mod verify;

pub use verify::{Finding, Verdict, verify};

use std::sync::{Mutex, MutexGuard, PoisonError};

use kibali_crypto::{Digest, MacKey, Purpose, equal_in_constant_time};
use kibali_model::{hex, unhex};
use kibali_store::Reader;
use kibali_store::door::seals::{self, CutAt, InsertSeal, Seal, TakeStrays};

use self::ids::{Ids, Missing};
use crate::{App, Refusal};

/// Events that one seal closes at most: as many as one write takes away later.
const MOST: i64 = 500;
/// Seals of one round at most; the next goes on.
const SEALS: usize = 40;
/// How long the audit trail reaches back.
const KEPT_SECONDS: i64 = 366 * 86_400;
/// Seals whose events one round takes away at most.
const CUTS: usize = 200;
/// How much longer events are kept that no seal holds.
const STRAY_SECONDS: i64 = 86_400;

/// Where the chain ends: what somebody notes outside to hold the trail against later. Written as `42:9f3c…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the seal.
    pub number: i64,
    /// What it holds.
    pub mac: Digest,
}

impl Head {
    fn of(seal: &Seal) -> Option<Self> {
        Some(Self { number: seal.number, mac: seal.mac.as_slice().try_into().ok()? })
    }

    /// Is this the seal?
    fn is(&self, seal: &Seal) -> bool {
        self.number == seal.number && equal_in_constant_time(self.mac, &seal.mac)
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.number, hex(&self.mac))
    }
}

/// The text is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a head is a number, a colon and 64 hexadecimal digits, as the log of the server shows it")]
pub struct NoHead;

impl std::str::FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let (number, digits) = text.split_once(':').ok_or(NoHead)?;
        let number = number.parse().ok().filter(|number| *number > 0).ok_or(NoHead)?;
        let mac = unhex(digits).and_then(|bytes| bytes.try_into().ok()).ok_or(NoHead)?;
        Ok(Self { number, mac })
    }
}

/// The newest head that this node saw: from there on it seals. Whoever takes seals out of the database, to have
/// what they changed sealed anew, finds no node that does so until it is started again.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Option<Head>>);

impl Seen {
    fn head(&self) -> MutexGuard<'_, Option<Head>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, head: Option<Head>) {
        let mut seen = self.head();
        if head.map(|head| head.number) > seen.map(|head| head.number) {
            *seen = head;
        }
    }
}

fn key(app: &App) -> MacKey {
    app.master_key.mac_key(Purpose::Audit)
}

/// Closes what came since the last seal. Answers the new head, where there is one.
///
/// # Errors
/// The database failed, holds a seal that cannot be read, or no longer the one that this node saw last.
pub async fn seal(app: &App) -> Result<Option<Head>, Refusal> {
    let mut head = None;
    for _ in 0..SEALS {
        let Some(seal) = next(app).await? else { break };
        let full = seal.events == MOST;
        let made = Head::of(&seal);
        if !app.store.write(InsertSeal(seal)).await? {
            break;
        }
        app.seen().note(made);
        head = made;
        if !full {
            break;
        }
    }
    Ok(head)
}

/// The next seal, if there is something to close.
async fn next(app: &App) -> Result<Option<Seal>, Refusal> {
    // Read before the seals are: one that is made meanwhile is newer.
    let seen = *app.seen().head();
    let mut reader = app.store.reader().await?;
    let before = seals::newest(&mut reader).await?;
    if let Some(seen) = seen
        && !is_there(&mut reader, seen, before.as_ref()).await?
    {
        return Err(Refusal::internal(format!(
            "seal {} of the audit trail was taken out or changed since it was made: nothing more is sealed until the \
             server is started again",
            seen.number
        )));
    }
    app.seen().note(before.as_ref().and_then(Head::of));
    let (missing, up_to) = match &before {
        Some(seal) => (Missing::parse(&seal.missing).ok_or_else(|| unreadable(seal))?, seal.up_to),
        None => (Missing::default(), 0),
    };
    let missing = missing.waited_for(app.now());
    let mut events = seals::events_among(&mut reader, &missing.ranges(), MOST).await?;
    let left = MOST.saturating_sub(i64::try_from(events.len()).unwrap_or(MOST));
    if left > 0 {
        events.extend(seals::events_of(&mut reader, (up_to.saturating_add(1), i64::MAX), left).await?);
    }
    drop(reader);
    if events.is_empty() {
        return Ok(None);
    }
    Ok(Some(chain::close(&key(app), before.as_ref(), missing, &events, app.now())))
}

/// Is the seal that was seen still in the trail?
async fn is_there(reader: &mut Reader, seen: Head, newest: Option<&Seal>) -> Result<bool, Refusal> {
    if newest.is_some_and(|newest| newest.number > seen.number) {
        let seals = seals::after(reader, seen.number.saturating_sub(1), 1).await?;
        return Ok(seals.iter().any(|seal| seen.is(seal)));
    }
    Ok(newest.is_some_and(|newest| seen.is(newest)))
}

/// Where the trail ended when this node looked last; none: it has not looked yet, or nothing is sealed.
#[must_use]
pub fn newest_seen(app: &App) -> Option<Head> {
    *app.seen().head()
}

fn unreadable(seal: &Seal) -> Refusal {
    Refusal::internal(format!("seal {} of the audit trail cannot be read", seal.number))
}

/// Takes away events older than a year, whole seals at a time; the last of those seals stays, with a proof that it
/// was Kibali that cut there. Answers how many events went.
///
/// # Errors
/// As [`seal`].
pub async fn cut(app: &App) -> Result<u64, Refusal> {
    let before = app.now().plus_seconds(-KEPT_SECONDS);
    let mut gone = 0;
    for _ in 0..CUTS {
        let oldest = seals::after(&mut app.store.reader().await?, 0, 2).await?;
        let Some(seal) = oldest.iter().find(|seal| seal.cut.is_none()) else { break };
        if seal.newest >= before {
            break;
        }
        let events = Ids::parse(&seal.ids).ok_or_else(|| unreadable(seal))?.ranges().to_vec();
        let proof = chain::cut_proof(&key(app), seal).to_vec();
        gone += app.store.write(CutAt { number: seal.number, events, proof }).await?;
    }
    if gone > 0 {
        let before = before.plus_seconds(-STRAY_SECONDS);
        gone += app.store.write(TakeStrays { before, most: MOST }).await?;
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = Head { number: 42, mac: [0x9f; 32] };
        assert_eq!(head.to_string().parse(), Ok(head));
        for text in ["", "42", "42:", "x:00", "0:", "42:9f", &format!("42:{}", "g".repeat(64))] {
            assert_eq!(text.parse::<Head>(), Err(NoHead), "{text}");
        }
        assert_eq!(format!("42:{}", "0".repeat(63)).parse::<Head>(), Err(NoHead));
    }
}
