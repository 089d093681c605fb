//! What is remembered of callers: for each, when its quota is whole again and how many of its requests are being
//! answered. Bounded: those who ask seldom make room, and begin with a whole quota when they come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use kibali_model::{ObjectId, Timestamp, Uid};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, UnitWeighter};

use super::limits::{Bound, Limit, Measure, Over};
use super::pace::Pace;
use crate::identity::Network;

/// Callers remembered, of all sorts together.
pub(super) const REMEMBERED: usize = 20_000;
/// When to come back after too many at once, in seconds.
const AGAIN_SECONDS: u32 = 1;

/// Who is counted, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Address(Network),
    Doors(Network),
    /// The address only where the client proves nothing.
    Tokens(Uid, Option<Network>),
    Client(Uid),
    User(ObjectId),
}

impl Key {
    pub(super) const fn limit(&self) -> Limit {
        match self {
            Self::Address(_) => Limit::Address,
            Self::Doors(_) => Limit::Doors,
            Self::Tokens(..) => Limit::Tokens,
            Self::Client(_) => Limit::Client,
            Self::User(_) => Limit::User,
        }
    }
}

/// One caller.
#[derive(Debug, Default)]
pub(super) struct Cell {
    whole: AtomicI64,
    flying: AtomicU32,
}

/// A request that is being answered. It counts until this goes.
#[derive(Debug)]
pub(super) struct Flight(Arc<Cell>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.flying.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How a request stands with one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) limit: Limit,
    pub(super) measure: Measure,
    pub(super) most: u32,
    pub(super) remaining: u32,
    /// Seconds until there is one more.
    pub(super) seconds: u32,
}

impl Tally {
    pub(super) const fn of(over: Over) -> Self {
        let Over { limit, measure, most, seconds } = over;
        Self { limit, measure, most, remaining: 0, seconds }
    }

    /// Is less left of this than of `other`?
    pub(super) fn is_tighter(&self, other: &Self) -> bool {
        u64::from(self.remaining) * u64::from(other.most) < u64::from(other.remaining) * u64::from(self.most)
    }
}

/// Every caller that is remembered. Reading one takes the lock of its part, shared; what is counted is atomic.
pub(super) struct Cells(Cache<Key, Arc<Cell>, UnitWeighter, DefaultHashBuilder, Flying>);

impl Cells {
    pub(super) fn new(most: usize) -> Self {
        let capacity = u64::try_from(most).unwrap_or(u64::MAX);
        Self(Cache::with(most, capacity, UnitWeighter, DefaultHashBuilder::default(), Flying))
    }

    fn cell(&self, key: &Key) -> Arc<Cell> {
        if let Some(cell) = self.0.get(key) {
            return cell;
        }
        let Ok(cell) = self.0.get_or_insert_with(key, || Ok::<_, std::convert::Infallible>(Arc::default()));
        cell
    }

    /// Counts a request of a caller.
    ///
    /// # Errors
    /// It is one too many.
    pub(super) fn take(
        &self,
        key: &Key,
        bound: Bound,
        now: Timestamp,
    ) -> Result<(Option<Tally>, Option<Flight>), Over> {
        let limit = key.limit();
        let pace = Pace::new(bound.per_minute);
        if pace.is_none() && bound.at_once == 0 {
            return Ok((None, None));
        }
        let cell = self.cell(key);
        let flight = match bound.at_once {
            0 => None,
            most => Some(cell.fly(most).ok_or(Over {
                limit,
                measure: Measure::AtOnce,
                most,
                seconds: AGAIN_SECONDS,
            })?),
        };
        let Some(pace) = pace else { return Ok((None, flight)) };
        let most = bound.per_minute;
        match cell.ask(pace, now) {
            Ok((remaining, seconds)) => {
                let measure = Measure::PerMinute;
                Ok((Some(Tally { limit, measure, most, remaining, seconds }), flight))
            }
            Err(seconds) => Err(Over { limit, measure: Measure::PerMinute, most, seconds }),
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl Cell {
    fn fly(self: &Arc<Self>, most: u32) -> Option<Flight> {
        let more = |flying| (flying < most).then_some(flying + 1);
        self.flying.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Flight(Arc::clone(self)))
    }

    /// What remains and when there is one more; else when to come back.
    fn ask(&self, pace: Pace, now: Timestamp) -> Result<(u32, u32), u32> {
        let mut before = self.whole.load(Ordering::Relaxed);
        loop {
            let left = pace.take(before, now)?;
            match self.whole.compare_exchange_weak(before, left.whole, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok((left.remaining, left.seconds)),
                Err(moved) => before = moved,
            }
        }
    }
}

/// Keeps callers whose requests are being answered: they would be counted anew.
#[derive(Clone)]
struct Flying;

impl Lifecycle<Key, Arc<Cell>> for Flying {
    type RequestState = ();

    fn is_pinned(&self, _: &Key, cell: &Arc<Cell>) -> bool {
        cell.flying.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use std::net::IpAddr;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const BOUND: Bound = Bound { per_minute: 100, at_once: 1 };

    fn far(number: u32) -> Key {
        Key::Address(Network::of(IpAddr::from(number.to_be_bytes())))
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_being_answered_stays() {
        let cells = Cells::new(1000);
        let flood = |numbers: std::ops::Range<u32>| {
            for number in numbers {
                cells.take(&far(number), BOUND, NOW).unwrap();
            }
        };
        // It comes when all places are taken, and once: nothing keeps it but that it is being answered.
        flood(1..5000);
        let flight = cells.take(&far(0), BOUND, NOW).unwrap().1;
        flood(5000..50_000);
        assert!(cells.len() <= 1000, "{}", cells.len());
        let over = cells.take(&far(0), BOUND, NOW).unwrap_err();
        assert_eq!((over.measure, over.most, over.seconds), (Measure::AtOnce, 1, 1));
        drop(flight);
        assert!(cells.take(&far(0), BOUND, NOW).is_ok());
    }

    #[test]
    fn each_caller_and_each_limit_has_a_quota_of_its_own() {
        let cells = Cells::new(100);
        let bound = Bound { per_minute: 1, at_once: 0 };
        let uid = Uid::from_random([0; 11]);
        let here = Network::of(IpAddr::from([192, 0, 2, 1]));
        let keys = [
            far(1),
            far(2),
            Key::Doors(here),
            Key::Address(here),
            Key::Tokens(uid, None),
            Key::Tokens(uid, Some(here)),
            Key::Client(uid),
            Key::User(ObjectId(1)),
            Key::User(ObjectId(2)),
        ];
        for key in &keys {
            assert!(cells.take(key, bound, NOW).is_ok(), "{key:?}");
        }
        for key in &keys {
            let over = cells.take(key, bound, NOW).unwrap_err();
            assert_eq!((over.limit, over.seconds), (key.limit(), 60), "{key:?}");
        }
    }

    #[test]
    fn that_is_tighter_of_which_a_smaller_part_is_left() {
        let left = |remaining, most| Tally {
            limit: Limit::User,
            measure: Measure::PerMinute,
            most,
            remaining,
            seconds: 1,
        };
        let more_but_a_smaller_part = left(10, 1000);
        let less_but_a_larger_part = left(5, 10);
        assert!(more_but_a_smaller_part.is_tighter(&less_but_a_larger_part));
        assert!(!less_but_a_larger_part.is_tighter(&more_but_a_smaller_part));
        assert!(!left(5, 10).is_tighter(&left(50, 100)), "the one that was counted first stays");
        assert!(left(0, 1000).is_tighter(&left(1, u32::MAX)), "and no product is too great");
    }

    #[test]
    fn many_threads_get_one_quota_together() {
        let cells = Cells::new(100);
        let bound = Bound { per_minute: 1000, at_once: 0 };
        let let_in: usize = std::thread::scope(|scope| {
            let ask = || (0..1000).filter(|_| cells.take(&far(1), bound, NOW).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(let_in, 1000);
    }
}
