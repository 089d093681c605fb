//! So many requests a minute, as one number for each caller: the generic cell rate algorithm. A pure decision.

use kibali_model::Timestamp;

/// The window of every limit, in seconds.
pub(super) const WINDOW_SECONDS: u32 = 60;
const NANOS: i64 = 1_000_000_000;

/// How fast requests may come: a whole minute's at once, and after that one each time the minute's share of it has
/// passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// Requests a minute.
    most: u32,
    /// Nanoseconds that each of them takes up.
    share: i64,
}

/// A point in time, in nanoseconds: when a caller's quota is whole again.
pub(super) type Whole = i64;

/// What is left after a request that was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    /// When the quota is whole again, unless more requests come.
    pub(super) whole: Whole,
    /// Requests that would be let in now.
    pub(super) remaining: u32,
    /// Seconds until there is one more.
    pub(super) seconds: u32,
}

impl Pace {
    /// So many a minute; none where any number may come.
    pub(super) fn new(most: u32) -> Option<Self> {
        let share = (i64::from(WINDOW_SECONDS) * NANOS).checked_div(i64::from(most))?;
        Some(Self { most, share })
    }

    /// Nanoseconds that a whole quota takes up.
    fn quota(self) -> i64 {
        self.share * i64::from(self.most)
    }

    /// Is a request let in?
    ///
    /// # Errors
    /// Seconds until one would be.
    pub(super) fn take(self, whole: Whole, now: Timestamp) -> Result<Left, u32> {
        let now = now.millis().saturating_mul(NANOS / 1000);
        // What was unused for longer is whole and no more; what lies further ahead than a quota was written by a
        // clock that has since been set back.
        let next = whole.clamp(now, now.saturating_add(self.quota())).saturating_add(self.share);
        let free = self.quota() - (next - now);
        if free < 0 {
            return Err(seconds(-free));
        }
        let remaining = u32::try_from(free / self.share).unwrap_or(self.most);
        Ok(Left { whole: next, remaining, seconds: seconds(self.share - free % self.share) })
    }
}

/// Whole seconds that cover so many nanoseconds, one at least.
fn seconds(nanos: i64) -> u32 {
    u32::try_from(nanos.max(1).div_euclid(NANOS) + i64::from(nanos.rem_euclid(NANOS) > 0))
        .unwrap_or(WINDOW_SECONDS)
        .max(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// How many of requests at these times are let in.
    fn let_in(pace: Pace, times: impl IntoIterator<Item = i64>) -> u32 {
        let mut whole = 0;
        let mut count = 0;
        for time in times {
            if let Ok(left) = pace.take(whole, at(time)) {
                (whole, count) = (left.whole, count + 1);
            }
        }
        count
    }

    #[test]
    fn a_minutes_quota_may_come_at_once_and_comes_back_evenly() {
        let pace = Pace::new(120).unwrap();
        let now = 1_800_000_000_000;
        assert_eq!(let_in(pace, std::iter::repeat_n(now, 500)), 120);
        let first = pace.take(0, at(now)).unwrap();
        assert_eq!((first.remaining, first.seconds), (119, 1));
        let mut whole = 0;
        for _ in 0..120 {
            whole = pace.take(whole, at(now)).unwrap().whole;
        }
        assert_eq!(pace.take(whole, at(now)), Err(1));
        assert_eq!(pace.take(whole, at(now + 499)), Err(1));
        assert!(pace.take(whole, at(now + 500)).is_ok());
        assert_eq!(pace.take(whole, at(now + 30_000)).unwrap().remaining, 59);
        assert_eq!(
            pace.take(whole, at(now + 3_600_000)).unwrap().remaining,
            119,
            "no more than a quota gathers"
        );
    }

    #[test]
    fn few_a_minute_say_how_long_to_wait() {
        let pace = Pace::new(2).unwrap();
        let first = pace.take(0, at(0)).unwrap();
        assert_eq!((first.remaining, first.seconds), (1, 30));
        let second = pace.take(first.whole, at(10_000)).unwrap();
        assert_eq!((second.remaining, second.seconds), (0, 20));
        assert_eq!(pace.take(second.whole, at(10_000)), Err(20));
        assert_eq!(pace.take(second.whole, at(29_999)), Err(1));
    }

    #[test]
    fn parts_of_a_second_are_told_as_a_whole_one() {
        // Of seven a minute, each takes up 8.57 s.
        let pace = Pace::new(7).unwrap();
        let first = pace.take(0, at(0)).unwrap();
        assert_eq!((first.remaining, first.seconds), (6, 9));
        assert_eq!(pace.take(first.whole, at(500)).unwrap().seconds, 9, "8.07 s");
        assert_eq!(pace.take(first.whole, at(600)).unwrap().seconds, 8, "7.97 s");
        let last = (0..7).fold(0, |whole, _| pace.take(whole, at(0)).unwrap().whole);
        assert_eq!([0, 500, 600].map(|now| pace.take(last, at(now))), [Err(9), Err(9), Err(8)]);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer_than_a_quota() {
        let pace = Pace::new(60).unwrap();
        let whole = pace.take(0, at(1_800_000_000_000)).unwrap().whole;
        assert_eq!(pace.take(whole, at(0)), Err(1));
        assert!(pace.take(whole, at(i64::MAX)).is_ok() && pace.take(whole, at(i64::MIN)).is_err());
    }

    #[test]
    fn none_means_any_number() {
        assert_eq!(Pace::new(0), None);
    }

    proptest! {
        #[test]
        fn no_more_than_a_burst_and_the_pace_come_through(
            most in 1..5000_u32,
            steps in prop::collection::vec(0..2000_i64, 1..400),
        ) {
            let pace = Pace::new(most).unwrap();
            let times: Vec<i64> = steps.iter().scan(0, |time, step| { *time += step; Some(*time) }).collect();
            let passed = times.last().copied().unwrap_or_default();
            // A share rounds down, so slightly more than the quota fits into a minute.
            let share = (60_000_000_000 / i64::from(most)).max(1);
            let allowed = i64::from(most) + passed * 1_000_000 / share + 1;
            prop_assert!(i64::from(let_in(pace, times)) <= allowed);
        }

        #[test]
        fn whoever_waits_as_long_as_told_is_let_in_and_a_second_sooner_is_not(
            most in 1..200_u32,
            later in 0..60_000_i64,
        ) {
            let pace = Pace::new(most).unwrap();
            let spent = (0..most).fold(0, |whole, _| pace.take(whole, at(0)).unwrap().whole);
            if let Err(seconds) = pace.take(spent, at(later)) {
                let after = later + i64::from(seconds) * 1000;
                prop_assert!(pace.take(spent, at(after)).is_ok());
                prop_assert!(seconds == 1 || pace.take(spent, at(after - 1000)).is_err());
            }
        }

        #[test]
        fn whoever_keeps_to_the_pace_is_never_refused(most in 1..5000_u32, count in 1..300_i64) {
            let pace = Pace::new(most).unwrap();
            let gap = 60_000 / i64::from(most) + 1;
            let times: Vec<i64> = (0..count).map(|n| n * gap).collect();
            prop_assert_eq!(i64::from(let_in(pace, times)), count);
        }
    }
}
