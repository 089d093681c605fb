//! What is noted without a write: when things were last used, and what was refused. Gathered here and
//! written by [`flush`] every half minute or so; a crash loses that much (rules of the door 8, 11).

mod counted;
mod happened;

use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kibali_model::{ObjectId, Timestamp};
use kibali_store::door::audit::RecordCounted;
use kibali_store::door::client_use::{self, CountRequests};
use kibali_store::door::families::MarkFirstUse;
use kibali_store::door::marks::{MarkUsed, Used};
use kibali_store::door::password_uses::{AddPasswordUses, Caller};
use kibali_store::door::tokens;
use kibali_store::{StoreError, Write};

use self::counted::{Counted, First, Last, Merge};
use self::happened::{Events, Happened, Sort};
use super::ClientAddress;
use crate::App;

/// Things of each sort that are remembered until the next flush; more go unnoted, and are counted.
const MOST: usize = 20_000;
/// Rows that one write takes.
const BATCH: usize = 500;

#[derive(Default)]
pub(crate) struct Gathered(Mutex<Memory>);

struct Memory {
    used: Counted<Used, Last>,
    first_used: Counted<tokens::Hash, First>,
    events: Events,
    /// Requests at the token endpoint, by client and day.
    asked: Counted<(ObjectId, i64), u64>,
    /// Tokens for passwords, by who asked for them.
    by_password: Counted<Caller, (u64, Last)>,
    unnoted: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            used: Counted::new(MOST),
            first_used: Counted::new(MOST),
            events: Events::default(),
            asked: Counted::new(MOST),
            by_password: Counted::new(MOST),
            unnoted: 0,
        }
    }
}

/// What a flush wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flushed {
    /// Marks of last use.
    pub marks: usize,
    /// Marks of the first use of refresh tokens.
    pub first_uses: usize,
    /// Rows of the audit trail.
    pub events: usize,
    /// What was not noted since the last flush, because too much was waiting.
    pub unnoted: u64,
}

impl Gathered {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that things were used.
    pub(super) fn used(&self, things: &[Used], at: Timestamp) {
        let mut memory = self.memory();
        for thing in things {
            let noted = memory.used.add(*thing, Last(at));
            memory.noted(noted, 1);
        }
    }

    /// Notes the first use of a refresh token, by an access token issued with it. Answers false where too much
    /// waits: the next use is to be noted then. Written within half a minute, which is within the overlap that
    /// the mark decides about (decision 12).
    pub(super) fn first_used(&self, token: tokens::Hash, at: Timestamp) -> bool {
        self.memory().first_used.add(token, First(at))
    }

    /// Counts a request at the token endpoint.
    pub(super) fn asked(&self, client: ObjectId, at: Timestamp) {
        let mut memory = self.memory();
        let noted = memory.asked.add((client, client_use::day_of(at)), 1);
        memory.noted(noted, 1);
    }

    /// Counts a token for a password.
    pub(super) fn by_password(&self, caller: Caller, at: Timestamp) {
        let mut memory = self.memory();
        let noted = memory.by_password.add(caller, (1, Last(at)));
        memory.noted(noted, 1);
    }

    /// When something was last used, if that is not written yet.
    pub(super) fn last_use(&self, thing: &Used) -> Option<Timestamp> {
        self.memory().used.get(thing).map(|last| last.0)
    }

    /// Counts an event that no write goes with: per cause, caller, network and minute.
    pub(crate) fn happened(
        &self,
        event: &'static str,
        cause: &str,
        user: Option<ObjectId>,
        client: Option<ObjectId>,
        address: ClientAddress,
        at: Timestamp,
    ) {
        let minute = at.seconds().div_euclid(60);
        let sort = Sort { minute, event, cause: cause.to_owned(), user, client };
        self.memory().happened(Happened { sort, network: Some(address.network()) }, 1);
    }
}

impl Memory {
    fn noted(&mut self, noted: bool, times: u64) {
        self.unnoted += if noted { 0 } else { times };
    }

    fn happened(&mut self, happened: Happened, times: u64) {
        let noted = self.events.add(happened, times);
        self.noted(noted, times);
    }
}

/// Writes what was gathered, in batches. To be called about every 30 s and before the store closes.
///
/// # Errors
/// The database failed; what was not written waits for the next flush.
pub async fn flush(app: &App) -> Result<Flushed, StoreError> {
    let session_seconds = app.settings.session_seconds;
    let first_uses = flush_one(
        app,
        |memory| &mut memory.first_used,
        |batch| MarkFirstUse { uses: batch.iter().map(|(token, first)| (*token, first.0)).collect() },
    );
    let first_uses = first_uses.await;
    let marks = flush_one(
        app,
        |memory| &mut memory.used,
        |batch| MarkUsed {
            marks: batch.iter().map(|(thing, last)| (*thing, last.0)).collect(),
            session_seconds,
        },
    );
    let marks = marks.await;
    let happened = app.identity().gathered.memory().events.take();
    let record = |batch: &[(Happened, u64)]| RecordCounted {
        events: batch.iter().map(|(happened, count)| happened.event(*count)).collect(),
    };
    let events = write_all(app, happened, record, Memory::happened).await;
    let asked = flush_one(
        app,
        |memory| &mut memory.asked,
        |batch| {
            let counts = batch
                .iter()
                .map(|((client, day), count)| (*client, *day, i64::try_from(*count).unwrap_or(i64::MAX)));
            CountRequests { counts: counts.collect() }
        },
    );
    let asked = asked.await;
    let by_password = flush_one(
        app,
        |memory| &mut memory.by_password,
        |batch| {
            let uses = batch.iter().map(|(caller, (times, last))| (caller.clone(), *times, last.0));
            AddPasswordUses { uses: uses.collect() }
        },
    );
    let by_password = by_password.await;
    if let Some(error) =
        [first_uses.1, marks.1, events.1, asked.1, by_password.1].into_iter().flatten().next_back()
    {
        return Err(error);
    }
    let unnoted = std::mem::take(&mut app.identity().gathered.memory().unnoted);
    Ok(Flushed { marks: marks.0, first_uses: first_uses.0, events: events.0, unnoted })
}

/// Writes one sort of things. Answers how many, and what failed last.
async fn flush_one<K, V, W>(
    app: &App,
    part: impl Fn(&mut Memory) -> &mut Counted<K, V>,
    write: impl Fn(&[(K, V)]) -> W,
) -> (usize, Option<StoreError>)
where
    K: Clone + Eq + Hash + Ord,
    V: Copy + Merge,
    W: Write,
{
    let things = part(&mut app.identity().gathered.memory()).take();
    let back = |memory: &mut Memory, thing, value| {
        let noted = part(memory).add(thing, value);
        memory.noted(noted, 1);
    };
    write_all(app, things, write, back).await
}

/// The same, of things that were taken. Those that could not be written go `back`.
async fn write_all<K: Clone, V: Copy, W: Write>(
    app: &App,
    things: Vec<(K, V)>,
    write: impl Fn(&[(K, V)]) -> W,
    back: impl Fn(&mut Memory, K, V),
) -> (usize, Option<StoreError>) {
    let (mut written, mut failed) = (0, None);
    for batch in things.chunks(BATCH) {
        match app.store.write(write(batch)).await {
            Ok(_) => written += batch.len(),
            Err(error) => {
                failed = Some(error);
                let mut memory = app.identity().gathered.memory();
                batch.iter().for_each(|(thing, value)| back(&mut memory, thing.clone(), *value));
            }
        }
    }
    (written, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_what_does_not_fit_is_counted() {
        let gathered = Gathered::default();
        let at = Timestamp::from_millis(0);
        let most = i64::try_from(MOST).unwrap_or_default();
        for number in 0..most + 7 {
            gathered.used(&[Used::SignIn(ObjectId(number))], at);
        }
        gathered.used(&[Used::SignIn(ObjectId(1))], at);
        for number in 0..most + 5 {
            let mut token = [0; 32];
            token[..8].copy_from_slice(&number.to_le_bytes());
            assert_eq!(gathered.first_used(token, at), number < most);
        }
        let memory = gathered.memory();
        assert_eq!((memory.used.len(), memory.first_used.len(), memory.unnoted), (MOST, MOST, 7));
    }
}
