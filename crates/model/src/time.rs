//! Points in time, and the clock that is handed in.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A point in time: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The point `millis` milliseconds after 1970-01-01 UTC.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This point moved by `seconds`, backwards when negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// This point so many months before; the last day of a month that is too short. Beyond the calendar, the
    /// beginning of it.
    #[must_use]
    pub fn minus_months(self, months: i64) -> Self {
        let earlier = jiff::Span::new()
            .try_months(months)
            .ok()
            .and_then(|span| self.civil().checked_sub(span).ok())
            .and_then(|local| Offset::UTC.to_timestamp(local).ok());
        Self(earlier.map_or(i64::MIN, |stamp| stamp.as_millisecond()))
    }

    /// Whole seconds from `earlier` to this point, negative when it lies before.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(1000)
    }

    /// The form of metadata dates: `yyyy-MM-dd'T'HH:mm:ss.SSS`, no zone, UTC (web-api reference 1.13).
    #[must_use]
    pub fn to_dhis2(self) -> String {
        let local = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
            local.millisecond()
        )
    }

    /// Reads every date form DHIS2 accepts on input (web-api reference 1.13): `yyyy`, `yyyy-MM`,
    /// `yyyy-MM-dd`, `yyyyMMdd`, and date-times from hours to nanoseconds, with `T` or a space, with
    /// or without a zone. A missing zone means UTC. Digits finer than a millisecond are dropped.
    #[must_use]
    pub fn from_dhis2(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, clock) = match text.find(['T', ' ']) {
            Some(at) => (text.get(..at)?, Some(text.get(at + 1..)?)),
            None => (text, None),
        };
        let (year, month, day) = parse_date(date)?;
        let (hms, offset) = match clock {
            Some(clock) => split_zone(clock)?,
            None => ("", 0),
        };
        let (hour, minute, second, milli) = parse_clock(hms)?;
        let local = DateTime::new(year, month, day, hour, minute, second, milli * 1_000_000).ok()?;
        let stamp = Offset::UTC.to_timestamp(local).ok()?;
        Some(Self(stamp.as_millisecond() - i64::from(offset) * 60_000))
    }

    fn civil(self) -> DateTime {
        let stamp = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Offset::UTC.to_datetime(stamp)
    }
}

fn number<T: std::str::FromStr>(text: &str, digits: usize) -> Option<T> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn parse_date(date: &str) -> Option<(i16, i8, i8)> {
    let dashed: Vec<&str> = date.split('-').collect();
    match dashed.as_slice() {
        [compact] if compact.len() == 8 => Some((
            number(compact.get(..4)?, 4)?,
            number(compact.get(4..6)?, 2)?,
            number(compact.get(6..)?, 2)?,
        )),
        [year] => Some((number(year, 4)?, 1, 1)),
        [year, month] => Some((number(year, 4)?, number(month, 2)?, 1)),
        [year, month, day] => Some((number(year, 4)?, number(month, 2)?, number(day, 2)?)),
        _ => None,
    }
}

/// Splits a trailing zone off a clock time; the zone is returned in minutes east of UTC.
fn split_zone(clock: &str) -> Option<(&str, i32)> {
    if let Some(rest) = clock.strip_suffix('Z') {
        return Some((rest.trim_end(), 0));
    }
    let Some(at) = clock.rfind(['+', '-']) else { return Some((clock, 0)) };
    let (hms, zone) = clock.split_at_checked(at)?;
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let zone = zone.get(1..)?.replace(':', "");
    let (hours, minutes) = match zone.len() {
        2 => (number::<i32>(&zone, 2)?, 0),
        4 => (number::<i32>(zone.get(..2)?, 2)?, number::<i32>(zone.get(2..)?, 2)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some((hms.trim_end(), sign * (hours * 60 + minutes)))
}

fn parse_clock(hms: &str) -> Option<(i8, i8, i8, i32)> {
    if hms.is_empty() {
        return Some((0, 0, 0, 0));
    }
    let (whole, fraction) = hms.split_once('.').unwrap_or((hms, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let milli = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let parts: Vec<&str> = whole.split(':').collect();
    match parts.as_slice() {
        [h] => Some((number(h, 2)?, 0, 0, milli)),
        [h, m] => Some((number(h, 2)?, number(m, 2)?, 0, milli)),
        [h, m, s] => Some((number(h, 2)?, number(m, 2)?, number(s, 2)?, milli)),
        _ => None,
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_dhis2())
    }
}

/// What time it is. The binary hands in the real clock, tests one that they move.
pub trait Clock: Send + Sync + 'static {
    /// The present.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn printing_then_reading_is_identity(millis in -62_000_000_000_000_i64..250_000_000_000_000) {
            let stamp = Timestamp::from_millis(millis);
            prop_assert_eq!(Timestamp::from_dhis2(&stamp.to_dhis2()), Some(stamp));
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = Timestamp::from_dhis2(&text);
        }
    }

    #[test]
    fn every_documented_form_is_read() {
        let noon = "2024-03-05T12:00:00.000";
        for text in [
            noon,
            "2024-03-05T12",
            "2024-03-05T12:00",
            "2024-03-05 12:00:00",
            "2024-03-05T12:00:00Z",
            "2024-03-05T14:00:00.000+0200",
            "2024-03-05T14:00:00+02:00",
            "2024-03-05T12:00:00.000000000",
        ] {
            assert_eq!(Timestamp::from_dhis2(text).map(Timestamp::to_dhis2).as_deref(), Some(noon), "{text}");
        }
        for (text, day) in [("20240305", "2024-03-05"), ("2024-03", "2024-03-01"), ("2024", "2024-01-01")] {
            assert_eq!(
                Timestamp::from_dhis2(text).map(Timestamp::to_dhis2),
                Some(format!("{day}T00:00:00.000")),
                "{text}"
            );
        }
        for text in ["", "yesterday", "2024-13", "2024-02-30", "2024-03-05T25", "2024-03-05T12:00:00+99:00"] {
            assert_eq!(Timestamp::from_dhis2(text), None, "{text}");
        }
    }
}
