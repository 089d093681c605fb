//! Personal access tokens: their two formats, and what limits the use of one (modern reference 4.4).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format of a personal access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiTokenType {
    /// `d2pat_…`: made by DHIS2 up to 2.40.
    V1,
    /// `d2p_…`: made since.
    V2,
}

impl ApiTokenType {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "PERSONAL_ACCESS_TOKEN_V1",
            Self::V2 => "PERSONAL_ACCESS_TOKEN_V2",
        }
    }

    /// The type with this name; DHIS2 up to 2.40 had one name, for its only format.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "PERSONAL_ACCESS_TOKEN" | "PERSONAL_ACCESS_TOKEN_V1" => Some(Self::V1),
            "PERSONAL_ACCESS_TOKEN_V2" => Some(Self::V2),
            _ => None,
        }
    }

    /// `version` on the wire.
    #[must_use]
    pub const fn version(self) -> i64 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

/// One limit on the use of a token. An empty list limits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum TokenLimit {
    /// From these addresses only.
    IpAllowedList {
        /// IP addresses.
        #[serde(rename = "allowedIps", default)]
        allowed: Vec<String>,
    },
    /// With these methods only.
    MethodAllowedList {
        /// Names of methods, in any case.
        #[serde(rename = "allowedMethods", default)]
        allowed: Vec<String>,
    },
    /// From these pages only.
    RefererAllowedList {
        /// Addresses, in any case.
        #[serde(rename = "allowedReferrers", default)]
        allowed: Vec<String>,
    },
}

/// How a token is used.
#[derive(Debug, Clone, Copy)]
pub struct TokenUse<'a> {
    /// From where.
    pub address: IpAddr,
    /// With which method.
    pub method: &'a str,
    /// The `Referer` header.
    pub referrer: Option<&'a str>,
}

impl TokenLimit {
    /// What is allowed, as written.
    #[must_use]
    pub fn allowed(&self) -> &[String] {
        match self {
            Self::IpAllowedList { allowed }
            | Self::MethodAllowedList { allowed }
            | Self::RefererAllowedList { allowed } => allowed,
        }
    }

    fn allows(&self, using: TokenUse<'_>) -> bool {
        if self.allowed().is_empty() {
            return true;
        }
        let mut allowed = self.allowed().iter();
        match self {
            Self::IpAllowedList { .. } => {
                let address = using.address.to_canonical();
                allowed.any(|text| text.parse().is_ok_and(|known: IpAddr| known.to_canonical() == address))
            }
            Self::MethodAllowedList { .. } => allowed.any(|text| text.eq_ignore_ascii_case(using.method)),
            Self::RefererAllowedList { .. } => {
                let sent = using.referrer.map(comparable);
                allowed.any(|text| Some(comparable(text)) == sent)
            }
        }
    }
}

/// A referrer as it is compared. Browsers name an origin with a slash at its end, people without.
fn comparable(address: &str) -> String {
    address.strip_suffix('/').unwrap_or(address).to_lowercase()
}

/// Every limit of a token, on the wire `attributes`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenLimits(pub Vec<TokenLimit>);

/// Why limits are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitFault {
    /// They have another form.
    #[error("Not a list of attributes: {0}")]
    Form(String),
    /// An address that is none.
    #[error("Not a valid ip address, value={0}")]
    Address(String),
    /// A method that is none.
    #[error("Not a valid http method, value={0}")]
    Method(String),
    /// A referrer that is no address.
    #[error("Not a valid referrer url, value={0}")]
    Referrer(String),
    /// More than are kept.
    #[error("More than 10 attributes, or more than 100 values in one")]
    TooMany,
}

/// The methods that can be allowed.
pub const TOKEN_METHODS: [&str; 6] = ["HEAD", "GET", "POST", "PATCH", "PUT", "DELETE"];
/// Limits of one token, at most.
const LIMITS: usize = 10;
/// Values of one limit, at most.
const VALUES: usize = 100;
/// Characters of a value, at most; DHIS2 says nothing.
const LONGEST: usize = 2000;
/// Characters of a wrong value that are shown.
const SHOWN: usize = 100;

impl TokenLimits {
    /// Reads `attributes`; null is none.
    ///
    /// # Errors
    /// [`LimitFault`] for the first thing that is wrong.
    pub fn read(value: &Value) -> Result<Self, LimitFault> {
        if value.is_null() {
            return Ok(Self::default());
        }
        Self::deserialize(value).map_err(|error| LimitFault::Form(error.to_string()))?.checked()
    }

    /// The same limits, if they can be.
    ///
    /// # Errors
    /// [`LimitFault`] for the first thing that is wrong.
    pub fn checked(self) -> Result<Self, LimitFault> {
        if self.0.len() > LIMITS || self.0.iter().any(|limit| limit.allowed().len() > VALUES) {
            return Err(LimitFault::TooMany);
        }
        for limit in &self.0 {
            limit.allowed().iter().try_for_each(|text| check(limit, text))?;
        }
        Ok(self)
    }

    /// The first limit that this use breaks.
    #[must_use]
    pub fn broken_by(&self, using: TokenUse<'_>) -> Option<&TokenLimit> {
        self.0.iter().find(|limit| !limit.allows(using))
    }
}

fn check(limit: &TokenLimit, text: &str) -> Result<(), LimitFault> {
    let (fits, fault): (bool, fn(String) -> LimitFault) = match limit {
        TokenLimit::IpAllowedList { .. } => (text.parse::<IpAddr>().is_ok(), LimitFault::Address),
        TokenLimit::MethodAllowedList { .. } => {
            (TOKEN_METHODS.iter().any(|method| method.eq_ignore_ascii_case(text)), LimitFault::Method)
        }
        TokenLimit::RefererAllowedList { .. } => (is_page(text), LimitFault::Referrer),
    };
    if fits && text.len() <= LONGEST { Ok(()) } else { Err(fault(text.chars().take(SHOWN).collect())) }
}

/// Could `text` be the address of a page, as a browser sends it?
fn is_page(text: &str) -> bool {
    let lower = text.to_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_alphanumeric() || first == '[')
            && !rest.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#')
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use serde_json::json;

    fn limits(value: Value) -> TokenLimits {
        TokenLimits::read(&value).unwrap()
    }

    fn using<'a>(address: &str, method: &'a str, referrer: Option<&'a str>) -> TokenUse<'a> {
        TokenUse { address: address.parse().unwrap(), method, referrer }
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        let value = json!([
            { "type": "IpAllowedList", "allowedIps": ["192.168.0.1", "2001:db8::1"] },
            { "type": "MethodAllowedList", "allowedMethods": ["GET", "post"] },
            { "type": "RefererAllowedList", "allowedReferrers": ["https://App.example.org"] },
        ]);
        assert_eq!(serde_json::to_value(limits(value.clone())).unwrap(), value);
        assert_eq!(limits(json!(null)), TokenLimits::default());
    }

    #[test]
    fn wrong_values_are_named_in_dhis2s_words() {
        for (value, told) in [
            (
                json!([{ "type": "IpAllowedList", "allowedIps": ["X.1.1.1", "2.2.2.2"] }]),
                "Not a valid ip address, value=X.1.1.1",
            ),
            (
                json!([{ "type": "MethodAllowedList", "allowedMethods": ["POST", "X"] }]),
                "Not a valid http method, value=X",
            ),
            (
                json!([{ "type": "RefererAllowedList", "allowedReferrers": ["http:no//hostname3.com"] }]),
                "Not a valid referrer url, value=http:no//hostname3.com",
            ),
            (
                json!([{ "type": "IpAllowedList", "allowedIps": vec!["192.0.2.1"; 101] }]),
                "More than 10 attributes, or more than 100 values in one",
            ),
        ] {
            assert_eq!(TokenLimits::read(&value).unwrap_err().to_string(), told);
        }
        for value in [json!({}), json!([{ "type": "Nothing" }]), json!([{}]), json!("GET"), json!([1])] {
            assert!(matches!(TokenLimits::read(&value), Err(LimitFault::Form(_))), "{value}");
        }
    }

    #[test]
    fn every_limit_must_allow_a_use() {
        let limits = limits(json!([
            { "type": "IpAllowedList", "allowedIps": ["192.0.2.1", "2001:DB8:0::1"] },
            { "type": "MethodAllowedList", "allowedMethods": ["get"] },
            { "type": "RefererAllowedList", "allowedReferrers": ["https://App.example.org"] },
        ]));
        let page = Some("https://app.example.org/");
        assert_eq!(limits.broken_by(using("192.0.2.1", "GET", page)), None);
        assert_eq!(limits.broken_by(using("::ffff:192.0.2.1", "GET", page)), None);
        assert_eq!(limits.broken_by(using("2001:db8::1", "GET", page)), None);
        assert_eq!(limits.broken_by(using("192.0.2.2", "GET", page)), limits.0.first());
        assert_eq!(limits.broken_by(using("192.0.2.1", "HEAD", page)), limits.0.get(1));
        assert_eq!(limits.broken_by(using("192.0.2.1", "GET", None)), limits.0.get(2));
        assert_eq!(
            limits.broken_by(using("192.0.2.1", "GET", Some("https://evil.example"))),
            limits.0.get(2)
        );
    }

    #[test]
    fn an_empty_list_limits_nothing() {
        let limits = limits(
            json!([{ "type": "IpAllowedList" }, { "type": "MethodAllowedList", "allowedMethods": [] }]),
        );
        assert_eq!(limits.broken_by(using("192.0.2.1", "DELETE", None)), None);
    }
}
