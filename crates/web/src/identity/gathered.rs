//! What is noted without a write: when things were last used, and what was refused. Gathered here and
//! written by [`flush`] every half minute or so; a crash loses that much (rules of the door 8, 11).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kibali_model::{ObjectId, Timestamp};
use kibali_store::StoreError;
use kibali_store::door::audit::{Event, RecordCounted};
use kibali_store::door::client_use::{self, CountRequests};
use kibali_store::door::families::MarkFirstUse;
use kibali_store::door::marks::{MarkUsed, Used};
use kibali_store::door::password_uses::{AddPasswordUses, Caller};
use kibali_store::door::tokens;
use serde_json::json;

use super::ClientAddress;
use crate::App;

/// Things of each sort that are remembered until the next flush; more go unnoted, and are counted.
const MOST: usize = 20_000;
/// Rows that one write takes.
const BATCH: usize = 500;

#[derive(Default)]
pub(crate) struct Gathered(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    used: HashMap<Used, Timestamp>,
    first_used: HashMap<tokens::Hash, Timestamp>,
    happened: HashMap<Happened, u64>,
    /// Requests at the token endpoint, by client and day.
    asked: HashMap<(ObjectId, i64), u64>,
    /// Tokens for passwords, by who asked for them, and when last.
    by_password: HashMap<Caller, (u64, Timestamp)>,
    unnoted: u64,
}

/// Events that are counted together.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Happened {
    minute: i64,
    event: &'static str,
    cause: String,
    user: Option<ObjectId>,
    client: Option<ObjectId>,
    address: ClientAddress,
}

impl Happened {
    fn event(&self, count: u64) -> Event {
        Event {
            at: Timestamp::from_millis(self.minute * 60_000),
            name: self.event.to_owned(),
            user: self.user,
            client: self.client,
            address: Some(self.address.to_string()),
            detail: json!({ "cause": self.cause, "count": count }),
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
            memory.mark(*thing, at);
        }
    }

    /// Notes the first use of a refresh token, by an access token issued with it. Answers false where too much
    /// waits: the next use is to be noted then. Written within half a minute, which is within the overlap that
    /// the mark decides about (decision 12).
    pub(super) fn first_used(&self, token: tokens::Hash, at: Timestamp) -> bool {
        self.memory().first_use(token, at)
    }

    /// Counts a request at the token endpoint.
    pub(super) fn asked(&self, client: ObjectId, at: Timestamp) {
        self.memory().ask(client, client_use::day_of(at), 1);
    }

    /// Counts a token for a password.
    pub(super) fn by_password(&self, caller: Caller, at: Timestamp) {
        self.memory().count_password(caller, 1, at);
    }

    /// When something was last used, if that is not written yet.
    pub(super) fn last_use(&self, thing: &Used) -> Option<Timestamp> {
        self.memory().used.get(thing).copied()
    }

    /// Counts an event that no write goes with: per cause, caller, address and minute.
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
        let happened = Happened { minute, event, cause: cause.to_owned(), user, client, address };
        self.memory().count(happened, 1);
    }
}

impl Memory {
    fn mark(&mut self, thing: Used, at: Timestamp) {
        match has_room(&self.used, &thing) {
            true => {
                let mark = self.used.entry(thing).or_insert(at);
                *mark = at.max(*mark);
            }
            false => self.unnoted += 1,
        }
    }

    fn first_use(&mut self, token: tokens::Hash, at: Timestamp) -> bool {
        let room = has_room(&self.first_used, &token);
        if room {
            let mark = self.first_used.entry(token).or_insert(at);
            *mark = at.min(*mark);
        }
        room
    }

    fn count(&mut self, happened: Happened, more: u64) {
        match has_room(&self.happened, &happened) {
            true => *self.happened.entry(happened).or_default() += more,
            false => self.unnoted += more,
        }
    }
}

impl Memory {
    fn ask(&mut self, client: ObjectId, day: i64, more: u64) {
        match has_room(&self.asked, &(client, day)) {
            true => *self.asked.entry((client, day)).or_default() += more,
            false => self.unnoted += more,
        }
    }
}

impl Memory {
    fn count_password(&mut self, caller: Caller, more: u64, at: Timestamp) {
        match has_room(&self.by_password, &caller) {
            true => {
                let (times, last) = self.by_password.entry(caller).or_insert((0, at));
                *times += more;
                *last = at.max(*last);
            }
            false => self.unnoted += more,
        }
    }
}

fn has_room<K: Eq + Hash, V>(map: &HashMap<K, V>, key: &K) -> bool {
    map.len() < MOST || map.contains_key(key)
}

/// Writes what was gathered, in batches. To be called about every 30 s and before the store closes.
///
/// # Errors
/// The database failed; what was not written waits for the next flush.
pub async fn flush(app: &App) -> Result<Flushed, StoreError> {
    let gathered = &app.identity().gathered;
    let Memory { used, first_used, happened, asked, by_password, unnoted } =
        std::mem::take(&mut *gathered.memory());
    let mut done =
        Flushed { marks: used.len(), first_uses: first_used.len(), events: happened.len(), unnoted };
    let mut first_uses: Vec<(tokens::Hash, Timestamp)> = first_used.into_iter().collect();
    first_uses.sort_unstable();
    let mut marks: Vec<(Used, Timestamp)> = used.into_iter().collect();
    marks.sort_unstable();
    let counts: Vec<(Happened, u64)> = happened.into_iter().collect();
    let session_seconds = app.settings.session_seconds;

    let mut failed = None;
    for batch in first_uses.chunks(BATCH) {
        if let Err(error) = app.store.write(MarkFirstUse { uses: batch.to_vec() }).await {
            failed = Some(error);
            done.first_uses -= batch.len();
            for (token, at) in batch {
                let _ = gathered.memory().first_use(*token, *at);
            }
        }
    }
    for batch in marks.chunks(BATCH) {
        let write = MarkUsed { marks: batch.to_vec(), session_seconds };
        if let Err(error) = app.store.write(write).await {
            failed = Some(error);
            done.marks -= batch.len();
            batch.iter().for_each(|(thing, at)| gathered.memory().mark(*thing, *at));
        }
    }
    for batch in counts.chunks(BATCH) {
        let events = batch.iter().map(|(happened, count)| happened.event(*count)).collect();
        if let Err(error) = app.store.write(RecordCounted { events }).await {
            failed = Some(error);
            done.events -= batch.len();
            batch.iter().for_each(|(happened, count)| gathered.memory().count(happened.clone(), *count));
        }
    }
    let mut asked: Vec<((ObjectId, i64), u64)> = asked.into_iter().collect();
    asked.sort_unstable();
    for batch in asked.chunks(BATCH) {
        let counts = batch
            .iter()
            .map(|((client, day), count)| (*client, *day, i64::try_from(*count).unwrap_or(i64::MAX)));
        if let Err(error) = app.store.write(CountRequests { counts: counts.collect() }).await {
            failed = Some(error);
            batch.iter().for_each(|((client, day), count)| gathered.memory().ask(*client, *day, *count));
        }
    }
    let mut uses: Vec<(Caller, u64, Timestamp)> =
        by_password.into_iter().map(|(caller, (times, last))| (caller, times, last)).collect();
    uses.sort_unstable();
    for batch in uses.chunks(BATCH) {
        if let Err(error) = app.store.write(AddPasswordUses { uses: batch.to_vec() }).await {
            failed = Some(error);
            let again = batch.iter().cloned();
            again.for_each(|(caller, times, at)| gathered.memory().count_password(caller, times, at));
        }
    }
    failed.map_or(Ok(done), Err)
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
            gathered.used(&[Used::User(ObjectId(number))], at);
        }
        gathered.used(&[Used::User(ObjectId(1))], at);
        let address = ClientAddress(std::net::IpAddr::from([192, 0, 2, 1]));
        for number in 0..most + 3 {
            let cause = number.to_string();
            gathered.happened("token.refused", &cause, None, None, address, at);
        }
        for number in 0..most + 5 {
            let mut token = [0; 32];
            token[..8].copy_from_slice(&number.to_le_bytes());
            assert_eq!(gathered.first_used(token, at), number < most);
        }
        let memory = gathered.memory();
        assert_eq!(memory.first_used.len(), MOST);
        assert_eq!((memory.used.len(), memory.happened.len(), memory.unnoted), (MOST, MOST, 10));
    }
}
