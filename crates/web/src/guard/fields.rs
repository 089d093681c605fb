//! `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers, as it stood in September 2025): which
//! limits count a request, and how it stands with the one of which least is left.

use std::fmt::Write as _;

use http::{HeaderName, HeaderValue};

use super::cells::Tally;
use super::limits::{Limit, Limits, Measure};
use super::pace::WINDOW_SECONDS;

pub(super) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(super) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The policies of every set of limits, written once.
pub(super) struct Fields(Vec<Option<HeaderValue>>);

impl Fields {
    pub(super) fn new(limits: &Limits) -> Self {
        let sets = 0..1_u8 << Limit::EVERY.len();
        Self(sets.map(|set| policies(limits, set)).collect())
    }

    /// The policies that counted a request, where `tightest` is the one to tell of.
    pub(super) fn policy(&self, asked: u8, tightest: &Tally) -> Option<HeaderValue> {
        match tightest.measure {
            Measure::PerMinute => self.0.get(usize::from(asked))?.clone(),
            Measure::AtOnce => {
                let Tally { most, .. } = tightest;
                HeaderValue::try_from(format!("{};q={most};qu=\"concurrent-requests\"", name(tightest))).ok()
            }
        }
    }
}

fn policies(limits: &Limits, set: u8) -> Option<HeaderValue> {
    let mut text = String::new();
    for limit in Limit::EVERY.into_iter().filter(|limit| set & limit.bit() != 0) {
        let most = limits.of(limit).per_minute;
        if most > 0 {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}\"{}\";q={most};w={WINDOW_SECONDS}", limit.name());
        }
    }
    HeaderValue::try_from(text).ok().filter(|text| !text.is_empty())
}

/// A policy's name, quoted.
fn name(tally: &Tally) -> String {
    match tally.measure {
        Measure::PerMinute => format!("\"{}\"", tally.limit.name()),
        Measure::AtOnce => format!("\"{}-at-once\"", tally.limit.name()),
    }
}

/// What is left, and when there is more.
pub(super) fn standing(tally: &Tally) -> String {
    format!("{};r={};t={}", name(tally), tally.remaining, tally.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_draft_has_them() {
        let fields = Fields::new(&Limits::default());
        let mut tally = Tally {
            limit: Limit::User,
            measure: Measure::PerMinute,
            most: 60_000,
            remaining: 59_999,
            seconds: 1,
        };
        let asked = Limit::Address.bit() | Limit::User.bit();
        let policy = fields.policy(asked, &tally);
        assert_eq!(policy, HeaderValue::try_from("\"address\";q=120000;w=60, \"user\";q=60000;w=60").ok());
        assert_eq!(standing(&tally), "\"user\";r=59999;t=1");
        tally = Tally { measure: Measure::AtOnce, most: 64, remaining: 0, ..tally };
        let policy = fields.policy(asked, &tally);
        assert_eq!(policy, HeaderValue::try_from("\"user-at-once\";q=64;qu=\"concurrent-requests\"").ok());
        assert_eq!(standing(&tally), "\"user-at-once\";r=0;t=1");
        assert_eq!(
            Fields::new(&Limits::NONE).policy(asked, &Tally { measure: Measure::PerMinute, ..tally }),
            None
        );
    }
}
