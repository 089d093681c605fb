//! Reading the `Authorization` header: the one credential that a request brings (rules of the door 1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};

/// What the `Authorization` header of a request holds.
#[derive(Clone, PartialEq, Eq)]
pub enum SentCredential<'a> {
    /// No header, or an empty one: DHIS2's app runtime sends such.
    Absent,
    /// `Basic`.
    Basic(BasicPair),
    /// `Bearer`.
    Bearer(&'a str),
    /// `DPoP`: an access token that is bound to a key (RFC 9449).
    Dpop(&'a str),
    /// `ApiToken`, a personal access token.
    ApiToken(&'a str),
}

/// User name and password, or client id and secret.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicPair {
    /// Before the first colon.
    pub name: String,
    /// After it.
    pub password: String,
}

/// Why the header says nothing. Never repeats what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// There are two headers.
    #[error("more than one Authorization header")]
    Two,
    /// No scheme here can read it; why.
    #[error("the Authorization header cannot be read: {0}")]
    Unreadable(&'static str),
}

/// Base64 as senders write it, with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl<'a> SentCredential<'a> {
    /// Reads the values of the header, of which there may be one (RFC 9110 section 11.6.2). Schemes are compared
    /// ignoring case.
    ///
    /// # Errors
    /// [`CredentialFault`].
    pub fn read(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, CredentialFault> {
        let mut values = values.into_iter();
        let Some(value) = values.next() else { return Ok(Self::Absent) };
        if values.next().is_some() {
            return Err(CredentialFault::Two);
        }
        let text = std::str::from_utf8(value).map_err(|_| CredentialFault::Unreadable("it is not UTF-8"))?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Absent);
        }
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let is = |name: &str| scheme.eq_ignore_ascii_case(name);
        if is("Bearer") {
            // DHIS2 cuts the value at the first comma (legacy reference 5.1).
            Ok(Self::Bearer(rest.split(',').next().unwrap_or_default()))
        } else if is("DPoP") {
            Ok(Self::Dpop(rest))
        } else if is("Basic") {
            BasicPair::read(rest).map(Self::Basic)
        } else if is("ApiToken") {
            Ok(Self::ApiToken(rest))
        } else {
            Err(CredentialFault::Unreadable("its scheme is none of Bearer, DPoP, Basic and ApiToken"))
        }
    }
}

impl fmt::Debug for SentCredential<'_> {
    /// The kind only: the rest opens something.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Basic(pair) => pair.fmt(f),
            Self::Bearer(_) => f.write_str("Bearer(…)"),
            Self::Dpop(_) => f.write_str("Dpop(…)"),
            Self::ApiToken(_) => f.write_str("ApiToken(…)"),
        }
    }
}

impl fmt::Debug for BasicPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Basic({:?}, …)", self.name)
    }
}

impl BasicPair {
    fn read(encoded: &str) -> Result<Self, CredentialFault> {
        let bytes = LENIENT.decode(encoded).map_err(|_| CredentialFault::Unreadable("Basic needs base64"))?;
        // RFC 7617 leaves the charset open; what is not UTF-8 is read as Latin-1, as servers always have.
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| error.into_bytes().iter().map(|b| char::from(*b)).collect());
        let (name, password) =
            text.split_once(':').ok_or(CredentialFault::Unreadable("Basic needs a colon"))?;
        Ok(Self { name: name.to_owned(), password: password.to_owned() })
    }

    /// The pair as RFC 6749 section 2.3.1 has clients encode it, decoded: none where nothing is encoded.
    #[must_use]
    pub fn percent_decoded(&self) -> Option<Self> {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(String::from)
        };
        let decoded = Self { name: decode(&self.name)?, password: decode(&self.password)? };
        (decoded != *self).then_some(decoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read<'a>(values: &[&'a str]) -> Result<SentCredential<'a>, CredentialFault> {
        SentCredential::read(values.iter().map(|value| value.as_bytes()))
    }

    fn pair(name: &str, password: &str) -> BasicPair {
        BasicPair { name: name.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn each_scheme_is_read_in_any_case() {
        use SentCredential::{Absent, ApiToken, Basic, Bearer, Dpop};
        for (values, credential) in [
            (&[][..], Absent),
            (&[""], Absent),
            (&["  "], Absent),
            (&["Basic YWRtaW46ZGlzdHJpY3Q="], Basic(pair("admin", "district"))),
            (&["basic YWRtaW46ZGlzdHJpY3Q"], Basic(pair("admin", "district"))),
            (&["BASIC YTpiOmM="], Basic(pair("a", "b:c"))),
            (&["Bearer abc"], Bearer("abc")),
            (&["bEARER  abc, def"], Bearer("abc")),
            (&["Bearer"], Bearer("")),
            (&["dpop  abc"], Dpop("abc")),
            (&["apitoken d2p_x"], ApiToken("d2p_x")),
            (&["ApiToken"], ApiToken("")),
        ] {
            assert_eq!(read(values), Ok(credential), "{values:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_repeating_it() {
        assert_eq!(read(&["Basic a", "Bearer b"]), Err(CredentialFault::Two));
        for value in ["Basic", "Basic !!!", "Basic YWRtaW4=", "Digest x", "abc"] {
            assert!(matches!(read(&[value]), Err(CredentialFault::Unreadable(_))), "{value}");
        }
    }

    #[test]
    fn a_pair_is_decoded_only_where_something_is_encoded() {
        assert_eq!(pair("demo", "a%2Bb+c").percent_decoded(), Some(pair("demo", "a+b c")));
        assert_eq!(pair("demo", "plain").percent_decoded(), None);
    }

    #[test]
    fn what_opens_something_is_not_shown() {
        for (value, shown) in [
            ("Basic YWRtaW46ZGlzdHJpY3Q=", "Basic(\"admin\", …)"),
            ("Bearer abc", "Bearer(…)"),
            ("DPoP abc", "Dpop(…)"),
            ("ApiToken abc", "ApiToken(…)"),
        ] {
            assert_eq!(format!("{:?}", read(&[value])), format!("Ok({shown})"));
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read(bytes: Vec<u8>) {
            let _ = SentCredential::read([bytes.as_slice()]);
        }
    }
}
