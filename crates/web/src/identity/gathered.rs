//! What is noted without a write: when things were last used, and what was refused. Gathered here and
//! written by [`flush`] every half minute or so; a crash loses that much (rules of the door 8, 11).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kibali_model::{ObjectId, Timestamp};
use kibali_store::StoreError;
use kibali_store::door::audit::{Event, RecordCounted};
use kibali_store::door::marks::{MarkUsed, Used};
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
    happened: HashMap<Happened, u64>,
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

    fn count(&mut self, happened: Happened, more: u64) {
        match has_room(&self.happened, &happened) {
            true => *self.happened.entry(happened).or_default() += more,
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
    let Memory { used, happened, unnoted } = std::mem::take(&mut *gathered.memory());
    let mut done = Flushed { marks: used.len(), events: happened.len(), unnoted };
    let mut marks: Vec<(Used, Timestamp)> = used.into_iter().collect();
    marks.sort_unstable();
    let counts: Vec<(Happened, u64)> = happened.into_iter().collect();
    let session_seconds = app.settings.session_seconds;

    let mut failed = None;
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
        let memory = gathered.memory();
        assert_eq!((memory.used.len(), memory.happened.len(), memory.unnoted), (MOST, MOST, 10));
    }
}
