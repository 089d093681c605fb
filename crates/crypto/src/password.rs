//! Passwords: bcrypt, as DHIS2 stores them.

use crate::Random;

/// The password cannot be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a bcrypt cost lies between 4 and 31")]
pub struct PasswordError;

/// Hashes `password` in the form `$2a$…`, 60 characters, which DHIS2 reads too. `cost` is the logarithm
/// of the rounds; 10 in DHIS2, about 60 ms. Bytes after the 72nd do not count: bcrypt knows no more.
///
/// # Errors
/// The cost is out of range.
pub fn hash_password(random: &dyn Random, password: &str, cost: u32) -> Result<String, PasswordError> {
    let mut salt = [0; 16];
    random.fill(&mut salt);
    let parts = bcrypt::hash_with_salt(password, cost, salt).map_err(|_| PasswordError)?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}

/// Is `password` the one `hash` was made from? `$2a$`, `$2b$` and `$2y$` are read; anything else is no.
#[must_use]
pub fn verify_password(password: &str, hash: &str) -> bool {
    bcrypt::verify(password, hash).unwrap_or(false)
}

/// A hash of this cost that no password is known to fit: checked where there is no user, so that a
/// stranger cannot tell from the time taken. Made without hashing anything.
#[must_use]
pub fn dummy_hash(cost: u32) -> String {
    format!("$2a${cost:02}$kibali.kibali.kibali.Okibali.kibali.kibali.kibali.ki.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn known_vectors_hold() {
        // From the test suite of OpenBSD's and jBCrypt's implementations.
        for (password, hash) in [
            ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
            ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
            ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
            ("abcdefghijklmnopqrstuvwxyz", "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC"),
        ] {
            assert!(verify_password(password, hash), "{password}");
            assert!(!verify_password("another", hash));
        }
    }

    #[test]
    fn the_documented_password_of_dhis2_demos_is_read_and_ours_have_its_form() {
        let hash = hash_password(&SystemRandom, "district", 4).unwrap();
        assert!(hash.starts_with("$2a$04$") && hash.len() == 60);
        assert!(verify_password("district", &hash) && !verify_password("District", &hash));
        assert_ne!(hash, hash_password(&SystemRandom, "district", 4).unwrap());
    }

    #[test]
    fn what_is_no_hash_fits_nothing() {
        for hash in
            ["", "district", "$2a$", "$1$abc", "$2a$99$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
        {
            assert!(!verify_password("district", hash), "{hash}");
        }
        assert_eq!(hash_password(&SystemRandom, "x", 99), Err(PasswordError));
    }

    #[test]
    fn the_dummy_is_a_hash_that_costs_what_a_real_one_does() {
        let parts: bcrypt::HashParts = dummy_hash(10).parse().unwrap();
        assert_eq!(parts.get_cost(), 10);
        assert!(!verify_password("district", &dummy_hash(4)));
    }
}
