//! A bounded cache that forgets in time.

use std::hash::Hash;
use std::sync::{Arc, Weak};

use quick_cache::sync::Cache;

use super::feed::Forget;
use super::{Change, Feed, Mark};

/// A value that knows what it was made of.
pub trait RestsOn: Clone + Send + Sync + 'static {
    /// Would it be another value after `change`?
    fn rests_on(&self, change: &Change) -> bool;
}

/// Values by key, at most so many; each is dropped before the change that makes it wrong is answered.
pub struct Cached<K, V> {
    feed: Feed,
    entries: Arc<Entries<K, V>>,
}

struct Entries<K, V>(Cache<K, V>);

impl<K, V> Cached<K, V>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: RestsOn,
{
    /// An empty cache for at most `capacity` values.
    #[must_use]
    pub fn new(feed: &Feed, capacity: usize) -> Self {
        let entries = Arc::new(Entries(Cache::new(capacity)));
        let weak: Weak<Entries<K, V>> = Arc::downgrade(&entries);
        feed.register(weak);
        Self { feed: feed.clone(), entries }
    }

    /// The value, if it is remembered and can be believed.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<V> {
        if self.feed.is_trusted() { self.entries.0.get(key) } else { None }
    }

    /// The value that is remembered, or the one that `load` finds. That one is remembered too, unless
    /// what it rests on changed while it was loaded.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn get_or_load<L, E>(&self, key: &K, load: impl FnOnce() -> L) -> Result<V, E>
    where
        L: Future<Output = Result<V, E>>,
    {
        if let Some(value) = self.get(key) {
            return Ok(value);
        }
        let mark = self.mark();
        // On the heap: it is rare and large, and would make the future of every call as large.
        let value = Box::pin(load()).await?;
        self.remember(mark, key.clone(), value.clone());
        Ok(value)
    }

    /// Remembers a value that was found after `mark`, unless what it rests on changed since.
    pub fn remember(&self, mark: Mark, key: K, value: V) {
        let matters = |change: &Change| value.rests_on(change);
        self.feed.if_untouched(mark, matters, || self.entries.0.insert(key, value.clone()));
    }

    /// The moment before a value is looked for.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.feed.mark()
    }

    /// How many values are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.0.len()
    }

    /// Is none remembered?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.0.is_empty()
    }
}

impl<K, V> Forget for Entries<K, V>
where
    K: Eq + Hash + Clone + Send + Sync + 'static,
    V: RestsOn,
{
    fn forget(&self, changes: &[Change]) {
        self.0.retain(|_, value| !changes.iter().any(|change| value.rests_on(change)));
    }

    fn forget_all(&self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use kibali_model::ObjectId;

    use super::*;
    use crate::door::changes::Topic;

    #[derive(Clone, Debug, PartialEq)]
    struct Of(i64);

    impl RestsOn for Of {
        fn rests_on(&self, change: &Change) -> bool {
            change.topic == Topic::User && change.touches(ObjectId(self.0))
        }
    }

    fn user(subject: i64) -> Change {
        Change { topic: Topic::User, subject: Some(ObjectId(subject)) }
    }

    async fn fill(cache: &Cached<i64, Of>, key: i64) {
        cache.get_or_load(&key, || async { Ok::<_, ()>(Of(key)) }).await.unwrap();
    }

    #[tokio::test]
    async fn a_change_drops_what_rests_on_it_and_nothing_else() {
        let feed = Feed::default();
        feed.trust();
        let cache = Cached::new(&feed, 10);
        fill(&cache, 1).await;
        fill(&cache, 2).await;
        feed.publish(&[user(1)]);
        assert_eq!((cache.get(&1), cache.get(&2)), (None, Some(Of(2))));
    }

    #[tokio::test]
    async fn a_load_that_a_change_overtook_is_not_remembered() {
        let feed = Feed::default();
        feed.trust();
        let cache = Cached::new(&feed, 10);
        // It may rest on the one, not on the other; or on any of too many, or of all.
        let many: Vec<_> = (1000..1300).map(user).collect();
        for (changes, value) in [(&[user(1)][..], None), (&[user(7), user(8)], Some(Of(1))), (&many, None)] {
            feed.publish(&[user(1)]);
            let load = || async {
                feed.publish(changes);
                Ok::<_, ()>(Of(1))
            };
            cache.get_or_load(&1, load).await.unwrap();
            assert_eq!(cache.get(&1), value, "{}", changes.len());
        }
        feed.publish_all();
        let load = || async {
            feed.publish_all();
            Ok::<_, ()>(Of(1))
        };
        cache.get_or_load(&1, load).await.unwrap();
        assert_eq!(cache.get(&1), None);
    }

    #[tokio::test]
    async fn nothing_is_believed_while_the_log_cannot_be_read() {
        let feed = Feed::default();
        let cache = Cached::new(&feed, 10);
        fill(&cache, 1).await;
        assert!(cache.is_empty());
        feed.trust();
        fill(&cache, 1).await;
        assert_eq!(cache.get(&1), Some(Of(1)));
        feed.distrust();
        feed.trust();
        assert_eq!(cache.get(&1), None);
    }
}
