//! Which DHIS2 Kibali speaks as: `--as-version` and the number in `/api/{n}/…`.

use std::fmt;
use std::str::FromStr;

/// The DHIS2 version Kibali reports, such as `2.41` or `2.41.4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    minor: u16,
    patch: u16,
}

impl ApiVersion {
    /// The version spoken when none is chosen.
    pub const DEFAULT: Self = Self { minor: 41, patch: 0 };

    /// The version with this number in `/api/{number}/…`.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self { minor: number, patch: 0 }
    }

    /// The number that stands in `/api/{number}/…`: 41 for 2.41.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.minor
    }

    /// The dialect of ambiguous places (client JSON, default token format).
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        if self.minor >= 42 { Dialect::Modern } else { Dialect::Legacy }
    }
}

/// Which generation of DHIS2's OAuth2 an ambiguous place speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Up to 2.41.
    Legacy,
    /// 2.42 and later.
    Modern,
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2.{}.{}", self.minor, self.patch)
    }
}

impl FromStr for ApiVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a DHIS2 version; write it like 2.41 or 2.41.4");
        let mut parts = text.split('.');
        let (Some("2"), Some(minor)) = (parts.next(), parts.next()) else { return Err(wrong()) };
        let minor: u16 = minor.parse().map_err(|_| wrong())?;
        let patch: u16 = parts.next().unwrap_or("0").parse().map_err(|_| wrong())?;
        if parts.next().is_some() || !(20..=99).contains(&minor) {
            return Err(wrong());
        }
        Ok(Self { minor, patch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_shown_with_three_parts() {
        assert_eq!("2.41".parse::<ApiVersion>().map(|v| v.to_string()).as_deref(), Ok("2.41.0"));
        assert_eq!("2.42.3".parse::<ApiVersion>().map(ApiVersion::dialect), Ok(Dialect::Modern));
        for text in ["", "2", "41", "3.41", "2.x", "2.41.1.1", "2.7"] {
            assert!(text.parse::<ApiVersion>().is_err(), "{text}");
        }
    }
}
