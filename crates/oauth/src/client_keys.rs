//! Keys that a client keeps at an address of its own (`jwks_uri`): how long they count, and when they are asked for
//! again (rules of the door 9). Fetching them is done elsewhere.

use kibali_model::Timestamp;

/// Seconds that keys count whose host does not say how long.
const USUAL: i64 = 600;
/// Seconds that keys count at least and at most, whatever their host says.
const LEAST: i64 = 60;
const MOST: i64 = 86_400;
/// Seconds that keys still serve beyond that while their host cannot be reached.
const STALE: i64 = 86_400;
/// Seconds between two attempts, for whatever reason: nobody makes this server call another more often.
const PAUSE: i64 = 30;

/// When keys came, and how long they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    fresh_until: Timestamp,
}

impl Lifetime {
    /// That of keys that come `now`, with this `Cache-Control` header.
    #[must_use]
    pub fn begin(cache_control: Option<&str>, now: Timestamp) -> Self {
        Self { fresh_until: now.plus_seconds(seconds(cache_control)) }
    }

    /// Are they taken without asking?
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.fresh_until
    }

    /// Are they taken where their host cannot be reached?
    #[must_use]
    pub fn serves(&self, now: Timestamp) -> bool {
        now < self.fresh_until.plus_seconds(STALE)
    }
}

fn seconds(cache_control: Option<&str>) -> i64 {
    let named = cache_control.into_iter().flat_map(|value| value.split(',')).map(str::trim);
    let mut seconds = USUAL;
    for directive in named {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return LEAST,
            // Longer than any number is longer than the most.
            "max-age" => {
                let value = value.trim().trim_matches('"');
                let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                seconds = if digits { value.parse().unwrap_or(MOST) } else { USUAL };
            }
            _ => {}
        }
    }
    seconds.clamp(LEAST, MOST)
}

/// May the host be asked, the last attempt having begun then?
#[must_use]
pub fn may_ask(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| now >= last.plus_seconds(PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_count_as_long_as_their_host_says_within_bounds() {
        for (header, counts) in [
            (None, 600),
            (Some("max-age=120"), 120),
            (Some("public, Max-Age=\"300\", must-revalidate"), 300),
            (Some("max-age=1"), 60),
            (Some("max-age=99999999999999999999999"), 86_400),
            (Some("max-age=86401"), 86_400),
            (Some("no-store, max-age=3600"), 60),
            (Some("max-age=-5"), 600),
            (Some("private"), 600),
        ] {
            let begin = Timestamp::from_millis(5000);
            let lifetime = Lifetime::begin(header, begin);
            assert!(lifetime.is_fresh(begin.plus_seconds(counts - 1)), "{header:?}");
            assert!(!lifetime.is_fresh(begin.plus_seconds(counts)), "{header:?}");
            assert!(lifetime.serves(begin.plus_seconds(counts + 86_399)), "{header:?}");
            assert!(!lifetime.serves(begin.plus_seconds(counts + 86_400)), "{header:?}");
        }
    }

    #[test]
    fn a_host_is_left_alone_for_half_a_minute() {
        let begun = Timestamp::from_millis(5000);
        assert!(may_ask(None, begun));
        assert!(!may_ask(Some(begun), begun.plus_seconds(29)));
        assert!(may_ask(Some(begun), begun.plus_seconds(30)));
    }
}
