//! Sharing: who may read and write one object (web-api reference 3.6).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// An access string such as `rw------`, as bits.
///
/// Position 0 is metadata read, 1 metadata write, 2 data read, 3 data write; the other four are
/// always `-`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Access(u8);

impl Access {
    /// `--------`.
    pub const NONE: Self = Self(0);
    /// `r-------`.
    pub const READ: Self = Self(1);
    /// `rw------`.
    pub const READ_WRITE: Self = Self(3);
    /// `rwrw----`.
    pub const ALL: Self = Self(15);

    /// From the bits as stored: 1 read, 2 write, 4 data read, 8 data write. Higher bits are dropped.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 15)
    }

    /// The bits as stored.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// May the metadata be read?
    #[must_use]
    pub const fn read(self) -> bool {
        self.0 & 1 != 0
    }

    /// May the metadata be written?
    #[must_use]
    pub const fn write(self) -> bool {
        self.0 & 2 != 0
    }

    /// May data be read? Data write includes it (web-api reference 3.6).
    #[must_use]
    pub const fn data_read(self) -> bool {
        self.0 & 12 != 0
    }

    /// May data be written?
    #[must_use]
    pub const fn data_write(self) -> bool {
        self.0 & 8 != 0
    }

    /// Is either data bit set?
    #[must_use]
    pub const fn has_data(self) -> bool {
        self.0 & 12 != 0
    }
}

/// The text is not an access string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an access string has 8 characters: r or -, w or -, r or -, w or -, then four times -")]
pub struct AccessError;

impl FromStr for Access {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self, AccessError> {
        let bytes: &[u8; 8] = text.as_bytes().try_into().map_err(|_| AccessError)?;
        let mut bits = 0;
        for (position, (byte, letter)) in bytes.iter().zip(b"rwrw----").enumerate() {
            if byte == b"-".first().unwrap_or(&0) {
                continue;
            }
            if byte != letter || position > 3 {
                return Err(AccessError);
            }
            bits |= 1 << position;
        }
        Ok(Self(bits))
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, letter) in "rwrw".chars().enumerate() {
            fmt::Write::write_char(f, if self.0 & (1 << position) == 0 { '-' } else { letter })?;
        }
        f.write_str("----")
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// To whom an access is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grantee {
    /// One user.
    User,
    /// Every member of a user group.
    UserGroup,
}

impl Grantee {
    /// The number stored in the `sharing` table.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::User => 0,
            Self::UserGroup => 1,
        }
    }
}

/// Who may read and write one object.
///
/// Grantees are uids without a foreign key: a payload may name a group that does not exist yet
/// (rules of the metadata 2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sharing {
    /// Uid of the owner; none means that everybody may read and write, as DHIS2 has it.
    pub owner: Option<String>,
    /// What everybody may do. `None` is DHIS2's null and means readable; `--------` is not.
    pub public: Option<Access>,
    /// Access by user uid.
    pub users: BTreeMap<String, Access>,
    /// Access by user group uid.
    pub groups: BTreeMap<String, Access>,
    /// Kept for DHIS2; opens nothing.
    pub external: bool,
}

impl Sharing {
    /// May everybody read: public string null or with its first bit, or no owner.
    #[must_use]
    pub fn public_read(&self) -> bool {
        self.owner.is_none() || self.public.is_none_or(Access::read)
    }

    /// The union of what `user` gets as owner-independent access: public, by name, by group.
    #[must_use]
    pub fn granted_to(&self, user: &str, groups: &[crate::Uid]) -> Access {
        let mut bits = self.public.unwrap_or(Access::READ).bits();
        if let Some(access) = self.users.get(user) {
            bits |= access.bits();
        }
        for group in groups {
            if let Some(access) = self.groups.get(group.as_str()) {
                bits |= access.bits();
            }
        }
        Access::from_bits(bits)
    }

    /// Is `user` the owner, or is there none?
    #[must_use]
    pub fn owned_by(&self, user: &str) -> bool {
        self.owner.as_deref().is_none_or(|owner| owner == user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_then_reading_is_identity() {
        for bits in 0..16 {
            let access = Access::from_bits(bits);
            assert_eq!(access.to_string().parse(), Ok(access));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "rw", "wr------", "rw-----r", "rwrwrwrw", "rw-------", "RW------"] {
            assert_eq!(text.parse::<Access>(), Err(AccessError), "{text}");
        }
    }

    #[test]
    fn null_public_reads_and_dashes_do_not() {
        let owner = Some("GOLswS44mh8".to_owned());
        let with = |public| Sharing { owner: owner.clone(), public, ..Sharing::default() };
        assert!(with(None).public_read());
        assert!(!with(Some(Access::NONE)).public_read());
        assert!(with(Some(Access::READ)).public_read());
    }
}
