//! The pool that hashes passwords: threads of its own and a short queue, so that a flood of sign-ins
//! starves nothing but itself.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use kibali_crypto::{Random, dummy_hash, hash_password, verify_password};
use tokio::sync::oneshot;

use crate::{Parts, Refusal};

/// Hashes that may wait for each thread; at DHIS2's cost about two seconds of work.
const WAITING_PER_THREAD: usize = 32;
/// When a caller who found the queue full may come back, in seconds.
const RETRY_SECONDS: u32 = 2;

type Job = Box<dyn FnOnce() + Send>;

/// Whose turn it is to have a password hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Somebody who is signed in, or did sign in from the same network within a day.
    Known,
    /// Anybody else. The last quarter of the queue is not theirs: a flood of guesses leaves it to those who are known.
    Stranger,
}

/// Hashes and verifies passwords, away from the runtime.
pub struct HashPool {
    jobs: SyncSender<Job>,
    /// How many wait, and how many may.
    waiting: Arc<AtomicUsize>,
    most: usize,
    random: Arc<dyn Random>,
    cost: u32,
    dummy: String,
    done: Arc<AtomicU64>,
}

impl HashPool {
    pub(super) fn start(parts: &Parts) -> Self {
        let threads = parts.settings.hash_threads.max(1);
        let most = threads * WAITING_PER_THREAD;
        let (jobs, waiting) = sync_channel(most);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new().name(format!("hash-{number}"));
            // A system that can start no thread refuses sign-ins: nobody receives the jobs then.
            if let Err(error) = thread.spawn(move || work(&waiting)) {
                tracing::error!(%error, "a thread that hashes passwords could not be started");
            }
        }
        let cost = parts.settings.bcrypt_cost;
        let (random, dummy) = (Arc::clone(&parts.random), dummy_hash(cost));
        Self { jobs, waiting: Arc::default(), most, random, cost, dummy, done: Arc::default() }
    }

    /// Is `password` the one `hash` was made from? Without a hash the same work is done and the answer is
    /// no, so that an unknown user costs the time of a known one.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when too many wait already.
    pub async fn verify(
        &self,
        password: &str,
        hash: Option<&str>,
        priority: Priority,
    ) -> Result<bool, Refusal> {
        let password = password.to_owned();
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.dummy).to_owned();
        let fits = self.run(priority, move || verify_password(&password, &hash)).await?;
        Ok(fits && known)
    }

    /// The hash to store for `password`, of somebody who proved that they may choose one.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when too many wait already.
    pub async fn hash(&self, password: &str) -> Result<String, Refusal> {
        let (password, random, cost) = (password.to_owned(), Arc::clone(&self.random), self.cost);
        self.run(Priority::Known, move || hash_password(&*random, &password, cost))
            .await?
            .map_err(Refusal::internal)
    }

    /// Hashes computed since the process started.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        priority: Priority,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let busy = Refusal::Busy { seconds: RETRY_SECONDS };
        let most = match priority {
            Priority::Known => self.most,
            Priority::Stranger => self.most - self.most / 4,
        };
        let one_more = |waiting| (waiting < most).then_some(waiting + 1);
        if self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            return Err(busy);
        }
        let (reply, answer) = oneshot::channel();
        let (done, waiting) = (Arc::clone(&self.done), Arc::clone(&self.waiting));
        let job = Box::new(move || {
            waiting.fetch_sub(1, Ordering::Relaxed);
            // Whoever asked has gone: the work would be for nobody.
            if reply.is_closed() {
                return;
            }
            let result = work();
            done.fetch_add(1, Ordering::Relaxed);
            let _ = reply.send(result);
        });
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => busy,
            TrySendError::Disconnected(_) => Refusal::internal("no thread hashes passwords"),
        })?;
        answer.await.map_err(|_| Refusal::internal("a password hash was not finished"))
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use futures_util::FutureExt as _;
    use kibali_crypto::SystemRandom;

    use super::*;

    #[test]
    fn strangers_leave_the_last_quarter_of_the_queue_to_those_who_are_known() {
        // Nobody works: what is asked for waits.
        let (jobs, waiting) = sync_channel(8);
        let (random, dummy) = (Arc::new(SystemRandom), dummy_hash(4));
        let pool =
            HashPool { jobs, waiting: Arc::default(), most: 8, random, cost: 4, dummy, done: Arc::default() };
        let ask = |priority| pool.verify("guess", None, priority).now_or_never();
        let is_busy = |priority| matches!(ask(priority), Some(Err(Refusal::Busy { seconds: RETRY_SECONDS })));
        assert!((0..6).all(|_| ask(Priority::Stranger).is_none()));
        assert!(is_busy(Priority::Stranger));
        assert!((0..2).all(|_| ask(Priority::Known).is_none()));
        assert!(is_busy(Priority::Known) && is_busy(Priority::Stranger));
        // Those who asked have gone: their places come back, and nothing was hashed for them.
        waiting.try_iter().for_each(|job| job());
        assert!(ask(Priority::Stranger).is_none());
        assert_eq!(pool.hashes(), 0);
    }
}
