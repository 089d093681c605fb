//! Numbers of events as they are written into a seal: `5-20,22`; and those that may still come.

use std::fmt;

use kibali_model::Timestamp;
use kibali_store::door::seals::Range;

/// A number is given out before its event is committed, so that a later one may be seen first. An event that
/// takes longer than this is not sealed any more.
const WAITED_SECONDS: i64 = 600;
/// Ranges of numbers that are waited for at most; the oldest are given up.
const WAITED_FOR: usize = 200;

/// Numbers, in order, as ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ids(Vec<Range>);

impl Ids {
    /// Of numbers in order.
    pub(super) fn of(ids: impl Iterator<Item = i64>) -> Self {
        let mut ranges: Vec<Range> = Vec::new();
        for id in ids {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(id) => *last = id,
                _ => ranges.push((id, id)),
            }
        }
        Self(ranges)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        text.split(',').map(range).collect::<Option<_>>().map(Self)
    }

    pub(super) fn ranges(&self) -> &[Range] {
        &self.0
    }

    pub(super) fn count(&self) -> i64 {
        let counts = self.0.iter().map(|(first, last)| last.saturating_sub(*first).saturating_add(1));
        counts.fold(0, i64::saturating_add)
    }

    pub(super) fn contains(&self, id: i64) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&id))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Those up to `most`, as ranges.
    pub(super) fn up_to(&self, most: i64) -> Vec<Range> {
        let within = self.0.iter().filter(|(first, _)| *first <= most);
        within.map(|(first, last)| (*first, (*last).min(most))).collect()
    }

    /// The numbers after `after` that were left out before one of these.
    fn left_out(&self, after: i64) -> Vec<Range> {
        let mut expected = after.saturating_add(1);
        let mut left_out = Vec::new();
        for (first, last) in self.0.iter().filter(|(_, last)| *last > after) {
            if *first > expected {
                left_out.push((expected, first - 1));
            }
            expected = last.saturating_add(1);
        }
        left_out
    }
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, range) in self.0.iter().enumerate() {
            write_range(f, at, *range)?;
        }
        Ok(())
    }
}

fn write_range(f: &mut fmt::Formatter<'_>, at: usize, (first, last): Range) -> fmt::Result {
    let comma = if at == 0 { "" } else { "," };
    if first == last { write!(f, "{comma}{first}") } else { write!(f, "{comma}{first}-{last}") }
}

fn range(text: &str) -> Option<Range> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

/// Numbers that were left out, each with when that was seen first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Missing(Vec<(Range, Timestamp)>);

impl Missing {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let one = |text: &str| {
            let (numbers, since) = text.split_once('@')?;
            Some((range(numbers)?, Timestamp::from_millis(since.parse().ok()?)))
        };
        text.split(',').filter(|text| !text.is_empty()).map(one).collect::<Option<_>>().map(Self)
    }

    /// Those that are still waited for.
    pub(super) fn waited_for(mut self, now: Timestamp) -> Self {
        self.0.retain(|(_, since)| now.seconds_since(*since) <= WAITED_SECONDS);
        self
    }

    pub(super) fn ranges(&self) -> Vec<Range> {
        self.0.iter().map(|(range, _)| *range).collect()
    }

    /// What is missing once these came too, the greatest number before them being `up_to`.
    pub(super) fn after(self, came: &Ids, up_to: i64, now: Timestamp) -> Self {
        let mut left = Vec::new();
        for ((first, last), since) in self.0 {
            let mut next = first;
            for id in came.iter().filter(|id| (first..=last).contains(id)) {
                if id > next {
                    left.push(((next, id - 1), since));
                }
                next = id + 1;
            }
            if next <= last {
                left.push(((next, last), since));
            }
        }
        left.extend(came.left_out(up_to).into_iter().map(|range| (range, now)));
        let too_many = left.len().saturating_sub(WAITED_FOR);
        left.drain(..too_many);
        Self(left)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (range, since)) in self.0.iter().enumerate() {
            write_range(f, at, *range)?;
            write!(f, "@{}", since.millis())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    fn ids(numbers: &[i64]) -> Ids {
        Ids::of(numbers.iter().copied())
    }

    #[test]
    fn numbers_are_written_as_ranges_and_read_back() {
        for (numbers, text) in [(&[5, 6, 7, 22][..], "5-7,22"), (&[1], "1"), (&[1, 3], "1,3")] {
            assert_eq!(ids(numbers).to_string(), text);
            assert_eq!(Ids::parse(text), Some(ids(numbers)));
            assert_eq!(ids(numbers).iter().collect::<Vec<_>>(), numbers);
        }
        for text in ["", "x", "7-5", "1,,2", "1-2-3"] {
            assert_eq!(Ids::parse(text), None, "{text}");
        }
        assert_eq!(ids(&[3, 4, 9]).up_to(3), [(3, 3)]);
        assert!(ids(&[3, 4, 9]).contains(4) && !ids(&[3, 4, 9]).contains(5));
    }

    #[test]
    fn what_is_left_out_is_waited_for_ten_minutes() {
        let at = Timestamp::from_millis;
        let none = Missing::default();
        let missing = none.after(&ids(&[2, 5, 6, 9]), 1, at(1000));
        assert_eq!(missing.to_string(), "3-4@1000,7-8@1000");
        let missing = missing.after(&ids(&[4, 7, 12]), 9, at(2000));
        assert_eq!(missing.to_string(), "3@1000,8@1000,10-11@2000");
        assert_eq!(Missing::parse(&missing.to_string()), Some(missing.clone()));
        assert_eq!(missing.clone().waited_for(at(602_000)).ranges(), [(10, 11)]);
        assert_eq!(missing.waited_for(at(603_000)).to_string(), "");
        assert_eq!(Missing::parse(""), Some(Missing::default()));
    }

    #[test]
    fn no_more_is_waited_for_than_can_be_asked_about_at_once() {
        let every_other: Vec<i64> = (1..=1000).map(|n| n * 2).collect();
        let missing = Missing::default().after(&ids(&every_other), 0, Timestamp::from_millis(0));
        assert_eq!(missing.ranges().len(), WAITED_FOR);
        assert_eq!(missing.ranges().last(), Some(&(1999, 1999)));
    }
}
