//! Codes that are mailed: as many digits as those of authenticator apps, and nothing but random.

use crate::{Random, Secret};

/// Codes there are.
const CODES: u64 = 1_000_000;

/// A code to be mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailedCode(Secret<String>);

impl MailedCode {
    /// A new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        // Of 2^64 numbers, some codes get one more than others.
        Self(Secret::new(format!("{:06}", u64::from_be_bytes(bytes) % CODES)))
    }

    /// Its six digits.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SystemRandom, typed_code};

    #[test]
    fn a_code_has_six_digits_and_shows_in_no_debug_output() {
        for _ in 0..100 {
            let code = MailedCode::generate(&SystemRandom);
            assert_eq!(typed_code(code.expose()).as_deref(), Some(code.expose()));
            assert!(!format!("{code:?}").contains(code.expose()));
        }
    }
}
