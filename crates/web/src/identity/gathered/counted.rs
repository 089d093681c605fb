//! Things that wait to be written, each with what there is to say about it.

use std::collections::HashMap;
use std::hash::Hash;

use kibali_model::Timestamp;

/// What is said twice becomes one.
pub(super) trait Merge {
    fn merge(&mut self, other: Self);
}

/// So many times.
impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self = self.saturating_add(other);
    }
}

/// When last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Last(pub(super) Timestamp);

impl Merge for Last {
    fn merge(&mut self, other: Self) {
        self.0 = self.0.max(other.0);
    }
}

/// When first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct First(pub(super) Timestamp);

impl Merge for First {
    fn merge(&mut self, other: Self) {
        self.0 = self.0.min(other.0);
    }
}

/// How often, and when last.
impl Merge for (u64, Last) {
    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
        self.1.merge(other.1);
    }
}

/// A bounded number of things.
#[derive(Debug)]
pub(super) struct Counted<K, V> {
    things: HashMap<K, V>,
    most: usize,
}

impl<K: Eq + Hash + Ord, V: Merge> Counted<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { things: HashMap::new(), most }
    }

    pub(super) fn has_room(&self, key: &K) -> bool {
        self.things.len() < self.most || self.things.contains_key(key)
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.things.get(key)
    }

    /// Adds what there is to say. False where there is no room for another thing.
    pub(super) fn add(&mut self, key: K, value: V) -> bool {
        let room = self.has_room(&key);
        if room {
            match self.things.entry(key) {
                std::collections::hash_map::Entry::Occupied(mut known) => known.get_mut().merge(value),
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(value);
                }
            }
        }
        room
    }

    /// Takes all, in order: two nodes that write the same rows take them in the same order.
    pub(super) fn take(&mut self) -> Vec<(K, V)> {
        let mut all: Vec<_> = std::mem::take(&mut self.things).into_iter().collect();
        all.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        all
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.things.len()
    }
}
