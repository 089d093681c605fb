//! What a password must be (web-api reference 3.2).

use std::fmt;

/// The lengths an installation asks for: `minPasswordLength` and `maxPasswordLength`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Fewest characters.
    pub min: usize,
    /// Most characters; bcrypt reads no more than 72 bytes.
    pub max: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min: 8, max: 72 }
    }
}

/// Why a password is not accepted: the first rule it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PasswordFault {
    Blank,
    Generic,
    TooShort(usize),
    TooLong(usize),
    NoDigit,
    NoUpperCase,
    NoSpecial,
    HoldsName,
    LooksHashed,
    UsedBefore,
}

impl fmt::Display for PasswordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("it is empty"),
            Self::Generic => f.write_str("it holds a common word such as admin or password"),
            Self::TooShort(min) => write!(f, "it needs at least {min} characters"),
            Self::TooLong(max) => write!(f, "it may have at most {max} characters"),
            Self::NoDigit => f.write_str("it needs a digit"),
            Self::NoUpperCase => f.write_str("it needs an upper-case letter"),
            Self::NoSpecial => f.write_str("it needs a special character"),
            Self::HoldsName => f.write_str("it holds the user name or e-mail address"),
            Self::UsedBefore => f.write_str("it is one of the last 24 that were used"),
            Self::LooksHashed => f.write_str("it is a bcrypt hash, not a password"),
        }
    }
}

/// Words that stand in too many passwords.
const GENERIC: [&str; 8] =
    ["user", "admin", "system", "administrator", "username", "password", "login", "manager"];

impl PasswordPolicy {
    /// Holds `password` against the rules, in DHIS2's order.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn check(&self, password: &str, username: &str, email: Option<&str>) -> Result<(), PasswordFault> {
        let lower = password.to_lowercase();
        let holds = |name: &str| !name.is_empty() && lower.contains(&name.to_lowercase());
        let count = password.chars().count();
        let any = |test: fn(char) -> bool| password.chars().any(test);
        let broken = [
            (password.trim().is_empty(), PasswordFault::Blank),
            (looks_hashed(password), PasswordFault::LooksHashed),
            (GENERIC.iter().any(|word| lower.contains(word)), PasswordFault::Generic),
            (count < self.min, PasswordFault::TooShort(self.min)),
            (count > self.max || password.len() > 72, PasswordFault::TooLong(self.max)),
            (!any(|c| c.is_numeric()), PasswordFault::NoDigit),
            (!any(char::is_uppercase), PasswordFault::NoUpperCase),
            (!any(|c| !c.is_alphanumeric()), PasswordFault::NoSpecial),
            (holds(username) || email.is_some_and(holds), PasswordFault::HoldsName),
        ];
        match broken.into_iter().find(|(broken, _)| *broken) {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }
}

fn looks_hashed(password: &str) -> bool {
    password.len() == 60 && ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| password.starts_with(prefix))
}

/// Is `name` a user name: 4 to 255 letters, digits or `- _ . @`, those four neither first nor last nor next
/// to each other?
#[must_use]
pub fn is_username(name: &str) -> bool {
    let special = |c: char| matches!(c, '-' | '_' | '.' | '@');
    let chars: Vec<char> = name.chars().collect();
    (4..=255).contains(&chars.len())
        && chars.iter().all(|c| c.is_ascii_alphanumeric() || special(*c))
        && !chars.first().is_none_or(|c| special(*c))
        && !chars.last().is_none_or(|c| special(*c))
        && !chars.iter().zip(chars.iter().skip(1)).any(|(one, next)| special(*one) && special(*next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_told() {
        let check = |password| PasswordPolicy::default().check(password, "jdoe", Some("jane@example.org"));
        assert_eq!(check("Dist_rict1"), Ok(()));
        assert_eq!(check("Test1212?"), Ok(()));
        for (password, fault) in [
            ("  ", PasswordFault::Blank),
            ("myAdmin_1", PasswordFault::Generic),
            ("Ab_1", PasswordFault::TooShort(8)),
            ("District_", PasswordFault::NoDigit),
            ("district_1", PasswordFault::NoUpperCase),
            ("District1", PasswordFault::NoSpecial),
            ("Xx_1JDoe9", PasswordFault::HoldsName),
            ("$2a$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzABCDE", PasswordFault::LooksHashed),
        ] {
            assert_eq!(check(password), Err(fault), "{password}");
        }
        assert_eq!(check(&"Aa_1".repeat(19)), Err(PasswordFault::TooLong(72)));
    }

    #[test]
    fn user_names_are_told_from_others() {
        for name in ["jdoe", "j.doe", "jane@example.org", "a_b-c.d@e"] {
            assert!(is_username(name), "{name}");
        }
        for name in ["abc", "_jdoe", "jdoe.", "j..doe", "j doe", "jdöe", ""] {
            assert!(!is_username(name), "{name}");
        }
    }
}
