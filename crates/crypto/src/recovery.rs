//! Recovery codes: for the day the second factor is lost.

use crate::{Digest, Random, Secret, base32, sha256};

/// Bytes of a code: 80 bits, so that its SHA-256 can stand in the database like that of any token.
const BYTES: usize = 10;
/// Letters between two dashes.
const GROUP: usize = 4;
/// Letters of a code, the dashes apart.
const LETTERS: usize = BYTES * 8 / 5;

/// A new code, in the form that people copy: `k7dq-x3mz-2vbo-p4aw`.
#[must_use]
pub fn new_recovery_code(random: &dyn Random) -> Secret<String> {
    let mut bytes = [0; BYTES];
    random.fill(&mut bytes);
    let mut code = String::new();
    for (place, letter) in base32::encode(&bytes).to_ascii_lowercase().chars().enumerate() {
        if place > 0 && place % GROUP == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    Secret::new(code)
}

/// What is stored of a code, from what somebody typed: in whichever case, with dashes and spaces or without.
/// None where it cannot be such a code.
#[must_use]
pub fn recovery_hash(typed: &str) -> Option<Digest> {
    let letters = typed.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let code: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    let plausible =
        code.len() == LETTERS && code.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
    plausible.then(|| sha256(code))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = new_recovery_code(&SystemRandom);
        let code = code.expose();
        assert_eq!((code.len(), code.matches('-').count()), (19, 3));
        let hash = recovery_hash(code).unwrap();
        for typed in [code.to_uppercase(), code.replace('-', ""), format!(" {} ", code.replace('-', " "))] {
            assert_eq!(recovery_hash(&typed), Some(hash), "{typed}");
        }
        assert_ne!(recovery_hash(new_recovery_code(&SystemRandom).expose()), Some(hash));
        for typed in ["", "123456", &code[1..], &format!("{code}a"), &code.replace(&code[..1], "1")] {
            assert_eq!(recovery_hash(typed), None, "{typed}");
        }
    }
}
