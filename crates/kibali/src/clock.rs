//! The clock of the machine: with the generator of random bytes, what is handed in everywhere else.

use std::time::{SystemTime, UNIX_EPOCH};

use kibali_model::{Clock, Timestamp};

/// What time it is, as the machine says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
