//! The last so many of something, by name.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Keeps the newest `most`; an older one goes for each that comes, and is counted. Nothing it does takes longer
/// the more it holds.
pub(super) struct Ring<T> {
    most: usize,
    names: VecDeque<Box<str>>,
    by_name: HashMap<Box<str>, Arc<T>>,
    dropped: u64,
}

impl<T> Ring<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, names: VecDeque::new(), by_name: HashMap::new(), dropped: 0 }
    }

    pub(super) fn push(&mut self, name: Box<str>, item: Arc<T>) {
        if self.names.len() >= self.most
            && let Some(oldest) = self.names.pop_front()
        {
            self.by_name.remove(&oldest);
            self.dropped = self.dropped.saturating_add(1);
        }
        if self.by_name.insert(name.clone(), item).is_none() {
            self.names.push_back(name);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<T>> {
        self.by_name.get(name).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_and_the_rest_is_counted() {
        let mut ring = Ring::new(3);
        for number in 0..10_u32 {
            ring.push(number.to_string().into(), Arc::new(number));
        }
        assert_eq!((ring.len(), ring.names.len(), ring.dropped()), (3, 3, 7));
        assert_eq!(ring.get("6"), None);
        assert_eq!(
            [7, 8, 9].map(|number: u32| ring.get(&number.to_string()).as_deref().copied()),
            [Some(7), Some(8), Some(9)]
        );
    }
}
