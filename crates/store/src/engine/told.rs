//! What the rest of the process hears of commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fresh::{Change, Feed};

/// What is told of commits.
#[derive(Clone, Default)]
pub(super) struct Told {
    /// Changes, before they are answered.
    pub(super) feed: Feed,
    /// How many transactions wrote.
    pub(super) commits: Arc<AtomicU64>,
}

impl Told {
    /// Called after every commit, even when it failed: one whose answer was lost may stand, and forgetting
    /// too much harms nobody.
    pub(super) fn committed(&self, changes: &[Change]) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.feed.publish(changes);
    }
}
