//! Identifiers: the public `Uid` of DHIS2 and the internal row number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A DHIS2 identifier: 11 ASCII characters, a letter first, then letters and digits
/// (`^[a-zA-Z][a-zA-Z0-9]{10}$`, web-api reference 1.13).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid([u8; 11]);

const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALPHANUMERICS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

impl Uid {
    /// The identifier made from eleven random bytes.
    ///
    /// A byte is reduced modulo 52 or 62, so letters early in the alphabet come up slightly more
    /// often; an identifier is a name, not a secret.
    #[must_use]
    pub fn from_random(bytes: [u8; 11]) -> Self {
        let mut out = [0; 11];
        for (position, (slot, byte)) in out.iter_mut().zip(bytes).enumerate() {
            let alphabet: &[u8] = if position == 0 { LETTERS } else { ALPHANUMERICS };
            *slot = alphabet.get(usize::from(byte) % alphabet.len()).copied().unwrap_or(b'a');
        }
        Self(out)
    }

    /// The eleven characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 11 characters: a letter, then letters or digits")]
pub struct UidError;

impl FromStr for Uid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Self, UidError> {
        let bytes: [u8; 11] = text.as_bytes().try_into().map_err(|_| UidError)?;
        let (first, rest) = bytes.split_first().ok_or(UidError)?;
        if first.is_ascii_alphabetic() && rest.iter().all(u8::is_ascii_alphanumeric) {
            Ok(Self(bytes))
        } else {
            Err(UidError)
        }
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Uid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The row number of an object, never shown outside.
///
/// Numbers rise with time: milliseconds since 1970 in the high bits and a random start below, so
/// that any number of nodes can take blocks without asking each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ObjectId(pub i64);

impl ObjectId {
    /// The first number of a block taken at `now`; the block is the numbers that follow it.
    #[must_use]
    pub fn block(now: crate::Timestamp, random: u32) -> Self {
        Self((now.millis() << 22) | i64::from(random & 0x001f_ffff))
    }

    /// The number `n` places further in the block.
    #[must_use]
    pub fn nth(self, n: usize) -> Self {
        Self(self.0.saturating_add(i64::try_from(n).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn random_bytes_make_identifiers(bytes: [u8; 11]) {
            let uid = Uid::from_random(bytes);
            prop_assert_eq!(uid.as_str().parse::<Uid>(), Ok(uid));
        }
    }

    #[test]
    fn digits_first_and_wrong_lengths_are_refused() {
        for text in ["1aaaaaaaaaa", "", "short", "aaaaaaaaaaaa", "aaaaaaaaaa-", "aaaaaaaaaaé"] {
            assert_eq!(text.parse::<Uid>(), Err(UidError), "{text}");
        }
    }
}
