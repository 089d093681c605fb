//! What changed, on its way to the caches.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use kibali_model::ObjectId;

use crate::door::changes::Topic;

/// A row of the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What kind of thing changed.
    pub topic: Topic,
    /// Which one; none: any of them.
    pub subject: Option<ObjectId>,
}

impl Change {
    /// Does it touch this one?
    #[must_use]
    pub fn touches(&self, subject: ObjectId) -> bool {
        self.subject.is_none_or(|changed| changed == subject)
    }
}

/// What a cache does when something changed.
pub(super) trait Forget: Send + Sync {
    /// Drops what rests on any of these.
    fn forget(&self, changes: &[Change]);
    /// Drops everything.
    fn forget_all(&self);
}

/// Changes that are kept to be held against what was loaded meanwhile; what took longer is not remembered.
const RECENT: usize = 256;

/// A moment in the feed, read before a load: how many changes had been published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u64);

/// The changes of one store, as its caches hear of them.
#[derive(Clone, Default)]
pub struct Feed(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// A cache takes a value under the read lock, and forgets under the write lock: no value that was loaded before a
    /// change that it rests on can enter after it.
    published: RwLock<Published>,
    /// The log is being read: what is remembered can be believed.
    trusted: AtomicBool,
    caches: Mutex<Vec<Weak<dyn Forget>>>,
}

#[derive(Default)]
struct Published {
    /// How many changes.
    count: u64,
    /// The newest of them, the oldest first.
    recent: VecDeque<Change>,
}

impl Published {
    /// What was published since; none, where that is not known any more.
    fn since(&self, mark: Mark) -> Option<impl Iterator<Item = &Change>> {
        let missed = usize::try_from(self.count - mark.0).ok()?;
        Some(self.recent.range(self.recent.len().checked_sub(missed)?..))
    }
}

impl Feed {
    /// This moment.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.0.published.read().unwrap_or_else(PoisonError::into_inner).count)
    }

    /// May what is remembered be believed?
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.0.trusted.load(Ordering::Acquire)
    }

    /// Runs `take` unless a change that `matters` was published since `mark`; nothing is published while it runs.
    pub(super) fn if_untouched(&self, mark: Mark, matters: impl Fn(&Change) -> bool, take: impl FnOnce()) {
        let published = self.0.published.read().unwrap_or_else(PoisonError::into_inner);
        let untouched = published.since(mark).is_some_and(|mut changes| !changes.any(matters));
        if untouched && self.is_trusted() {
            take();
        }
    }

    pub(super) fn register(&self, cache: Weak<dyn Forget>) {
        let mut caches = self.0.caches.lock().unwrap_or_else(PoisonError::into_inner);
        caches.retain(|cache| cache.strong_count() > 0);
        caches.push(cache);
    }

    /// Tells every cache. When this returns, none of them holds what rested on the changes.
    pub(crate) fn publish(&self, changes: &[Change]) {
        if !changes.is_empty() {
            let note = |published: &mut Published| {
                published.count += changes.len() as u64;
                let gone = (published.recent.len() + changes.len()).saturating_sub(RECENT);
                published.recent.extend(changes);
                published.recent.drain(..gone.min(published.recent.len()));
            };
            self.tell(note, |cache| cache.forget(changes));
        }
    }

    /// Tells every cache to forget everything: some changes were missed.
    pub(crate) fn publish_all(&self) {
        let note = |published: &mut Published| {
            published.count += 1;
            published.recent.clear();
        };
        self.tell(note, |cache| cache.forget_all());
    }

    /// The log is read up to the present.
    pub(crate) fn trust(&self) {
        self.0.trusted.store(true, Ordering::Release);
    }

    /// The log cannot be read.
    pub(crate) fn distrust(&self) {
        self.0.trusted.store(false, Ordering::Release);
        self.publish_all();
    }

    fn tell(&self, note: impl FnOnce(&mut Published), what: impl Fn(&dyn Forget)) {
        let mut published = self.0.published.write().unwrap_or_else(PoisonError::into_inner);
        note(&mut published);
        let caches = self.0.caches.lock().unwrap_or_else(PoisonError::into_inner);
        for cache in caches.iter().filter_map(Weak::upgrade) {
            what(&*cache);
        }
    }
}
