//! Whether an account may be used at all, whatever proves it.

use crate::Timestamp;

/// Why it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Somebody switched it off.
    Disabled,
    /// It ended at this moment.
    Expired(Timestamp),
}

impl Closed {
    /// What closes, at `now`, an account that is disabled or not and ends at `expiry`, where it ends at all. None: it
    /// is open.
    #[must_use]
    pub fn at(now: Timestamp, disabled: bool, expiry: Option<Timestamp>) -> Option<Self> {
        match expiry {
            _ if disabled => Some(Self::Disabled),
            Some(end) if now >= end => Some(Self::Expired(end)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_open_until_the_moment_it_ends_unless_it_is_disabled() {
        let at = Timestamp::from_millis;
        assert_eq!(Closed::at(at(5), false, None), None);
        assert_eq!(Closed::at(at(5), false, Some(at(6))), None);
        assert_eq!(Closed::at(at(6), false, Some(at(6))), Some(Closed::Expired(at(6))));
        assert_eq!(Closed::at(at(5), true, None), Some(Closed::Disabled));
        assert_eq!(Closed::at(at(7), true, Some(at(6))), Some(Closed::Disabled));
    }
}
