//! Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, 30 seconds and six digits, which is what every
//! app understands.

use aws_lc_rs::hmac;

use crate::{Random, Secret, base32, equal_in_constant_time};

/// Seconds of one time step.
const STEP_SECONDS: i64 = 30;
/// Steps that the clock of a telephone may be wrong by, either way.
const DRIFT: i64 = 1;
/// Digits of a code.
const DIGITS: usize = 6;
/// Bytes of a seed, as many as SHA-1 makes (RFC 4226 section 4).
const SEED: usize = 20;

/// What an authenticator app and the server share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpSeed(Secret<Vec<u8>>);

impl TotpSeed {
    /// A new seed.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; SEED];
        random.fill(&mut bytes);
        Self(Secret::new(bytes.to_vec()))
    }

    /// A seed that was kept.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Secret::new(bytes.to_vec()))
    }

    /// The bytes to seal.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// The form that people type into their app.
    #[must_use]
    pub fn base32(&self) -> Secret<String> {
        Secret::new(base32::encode(self.bytes()))
    }

    /// The code of a time step.
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.bytes());
        let tag = hmac::sign(&key, &step.to_be_bytes());
        format!("{:06}", truncated(tag.as_ref()) % 1_000_000)
    }

    /// The time step around `seconds` (since 1970 UTC) whose code this is. It says nothing about whether that
    /// step was spent. Every step costs the same time, fitting or not.
    #[must_use]
    pub fn step_of(&self, code: &str, seconds: i64) -> Option<i64> {
        let present = step_at(seconds);
        let steps = present - DRIFT..=present + DRIFT;
        let fits = steps.map(|step| (step, equal_in_constant_time(self.code(step), code)));
        fits.fold(None, |found, (step, fits)| if fits { Some(step) } else { found })
    }
}

/// The time step at `seconds` since 1970 UTC.
#[must_use]
pub const fn step_at(seconds: i64) -> i64 {
    seconds.div_euclid(STEP_SECONDS)
}

/// When, in seconds since 1970 UTC, no clock within the drift takes the code of `step` any longer.
#[must_use]
pub const fn step_ends(step: i64) -> i64 {
    (step + DRIFT + 1) * STEP_SECONDS
}

/// The digits of a code as somebody typed it, with the spaces that apps show; none where it is no such code.
#[must_use]
pub fn typed_code(typed: &str) -> Option<String> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    (code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit())).then_some(code)
}

/// Dynamic truncation (RFC 4226 section 5.3).
fn truncated(tag: &[u8]) -> u32 {
    let at = usize::from(tag.last().copied().unwrap_or_default() & 15);
    let four = tag.get(at..).and_then(<[u8]>::first_chunk::<4>).copied().unwrap_or_default();
    u32::from_be_bytes(four) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    fn seed() -> TotpSeed {
        TotpSeed::from_bytes(b"12345678901234567890")
    }

    #[test]
    fn hotp_vectors_of_rfc_4226() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (step, code) in (0..).zip(codes) {
            assert_eq!(seed().code(step), code);
        }
    }

    #[test]
    fn totp_vectors_of_rfc_6238() {
        // The last six of their eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(seed().code(step_at(seconds)), code);
            assert_eq!(seed().step_of(code, seconds), Some(step_at(seconds)));
        }
    }

    #[test]
    fn a_clock_may_be_one_step_wrong_and_no_more() {
        let (seed, now) = (seed(), 1_000_000_010);
        let step = step_at(now);
        for (off, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = seed.step_of(&seed.code(step + off), now);
            assert_eq!(found, taken.then_some(step + off), "{off}");
        }
        assert_eq!(seed.step_of("", now), None);
        assert!(step_ends(step) > now && seed.step_of(&seed.code(step), step_ends(step)).is_none());
        assert!(seed.step_of(&seed.code(step), step_ends(step) - 1).is_some());
    }

    #[test]
    fn a_seed_is_written_for_apps_and_never_shown_by_accident() {
        assert_eq!(seed().base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(!format!("{:?}", seed()).contains("49"));
        assert_ne!(TotpSeed::generate(&SystemRandom), TotpSeed::generate(&SystemRandom));
    }

    #[test]
    fn codes_are_read_as_apps_show_them() {
        assert_eq!(typed_code(" 123 456\n").as_deref(), Some("123456"));
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６", "+12345"] {
            assert_eq!(typed_code(typed), None, "{typed}");
        }
    }
}
