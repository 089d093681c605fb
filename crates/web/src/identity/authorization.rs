//! Reading the `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use kibali_crypto::Secret;

use crate::Refusal;

/// What the `Authorization` header of a request holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authorization {
    /// No header, or an empty one: DHIS2's app runtime sends such (rules of the door 1).
    Absent,
    /// `Basic`.
    Basic(BasicPair),
    /// `Bearer`.
    Bearer(Secret<String>),
    /// `DPoP`: an access token that is bound to a key (RFC 9449).
    Dpop(Secret<String>),
    /// `ApiToken`, a personal access token.
    ApiToken(Secret<String>),
}

/// User name and password, or client id and secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BasicPair {
    /// Before the first colon.
    pub(crate) name: String,
    /// After it.
    pub(crate) password: Secret<String>,
}

/// Base64 as senders write it, with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Authorization {
    /// Reads the header (RFC 9110 section 11.6.2). Schemes are compared ignoring case.
    ///
    /// # Errors
    /// [`Refusal::TwoCredentials`] for two headers, [`Refusal::UnreadableCredentials`] for what no scheme
    /// here can read. Neither repeats what was sent.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(Self::Absent) };
        if values.next().is_some() {
            return Err(Refusal::TwoCredentials);
        }
        let text = std::str::from_utf8(value.as_bytes())
            .map_err(|_| Refusal::UnreadableCredentials("it is not UTF-8"))?
            .trim();
        if text.is_empty() {
            return Ok(Self::Absent);
        }
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let is = |name: &str| scheme.eq_ignore_ascii_case(name);
        if is("Bearer") {
            // DHIS2 cuts the value at the first comma (legacy reference 5.1).
            let token = rest.split(',').next().unwrap_or_default();
            Ok(Self::Bearer(Secret::new(token.to_owned())))
        } else if is("DPoP") {
            Ok(Self::Dpop(Secret::new(rest.to_owned())))
        } else if is("Basic") {
            BasicPair::read(rest).map(Self::Basic)
        } else if is("ApiToken") {
            Ok(Self::ApiToken(Secret::new(rest.to_owned())))
        } else {
            Err(Refusal::UnreadableCredentials("its scheme is none of Bearer, DPoP, Basic and ApiToken"))
        }
    }
}

impl BasicPair {
    fn read(encoded: &str) -> Result<Self, Refusal> {
        let bytes =
            LENIENT.decode(encoded).map_err(|_| Refusal::UnreadableCredentials("Basic needs base64"))?;
        // RFC 7617 leaves the charset open; what is not UTF-8 is read as Latin-1, as servers always have.
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| error.into_bytes().iter().map(|b| char::from(*b)).collect());
        let (name, password) =
            text.split_once(':').ok_or(Refusal::UnreadableCredentials("Basic needs a colon"))?;
        Ok(Self { name: name.to_owned(), password: Secret::new(password.to_owned()) })
    }

    /// The pair as RFC 6749 section 2.3.1 has clients encode it, decoded: none where nothing is encoded.
    pub(crate) fn percent_decoded(&self) -> Option<Self> {
        let decode = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(String::from)
        };
        let decoded =
            Self { name: decode(&self.name)?, password: Secret::new(decode(self.password.expose())?) };
        (decoded != *self).then_some(decoded)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;
    use proptest::prelude::*;

    fn read(values: &[&str]) -> Result<Authorization, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Authorization::read(&headers)
    }

    fn basic(name: &str, password: &str) -> Authorization {
        Authorization::Basic(BasicPair { name: name.into(), password: Secret::new(password.into()) })
    }

    #[test]
    fn each_scheme_is_read_in_any_case() {
        assert_eq!(read(&[]), Ok(Authorization::Absent));
        assert_eq!(read(&[""]), Ok(Authorization::Absent));
        assert_eq!(read(&["  "]), Ok(Authorization::Absent));
        assert_eq!(read(&["Basic YWRtaW46ZGlzdHJpY3Q="]), Ok(basic("admin", "district")));
        assert_eq!(read(&["basic YWRtaW46ZGlzdHJpY3Q"]), Ok(basic("admin", "district")));
        assert_eq!(read(&["BASIC YTpiOmM="]), Ok(basic("a", "b:c")));
        let bearer = |token: &str| Ok(Authorization::Bearer(Secret::new(token.to_owned())));
        assert_eq!(read(&["Bearer abc"]), bearer("abc"));
        assert_eq!(read(&["bEARER  abc, def"]), bearer("abc"));
        assert_eq!(read(&["Bearer"]), bearer(""));
        assert_eq!(read(&["dpop  abc"]), Ok(Authorization::Dpop(Secret::new("abc".to_owned()))));
        let api_token = |token: &str| Ok(Authorization::ApiToken(Secret::new(token.to_owned())));
        assert_eq!(read(&["apitoken d2p_x"]), api_token("d2p_x"));
        assert_eq!(read(&["ApiToken"]), api_token(""));
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_repeating_it() {
        assert_eq!(read(&["Basic a", "Bearer b"]), Err(Refusal::TwoCredentials));
        for value in ["Basic", "Basic !!!", "Basic YWRtaW4=", "Digest x", "abc"] {
            assert!(matches!(read(&[value]), Err(Refusal::UnreadableCredentials(_))), "{value}");
        }
    }

    #[test]
    fn a_pair_is_decoded_only_where_something_is_encoded() {
        let pair = |n: &str, p: &str| BasicPair { name: n.into(), password: Secret::new(p.into()) };
        assert_eq!(pair("demo", "a%2Bb+c").percent_decoded(), Some(pair("demo", "a+b c")));
        assert_eq!(pair("demo", "plain").percent_decoded(), None);
    }

    proptest! {
        #[test]
        fn any_header_is_read(bytes in proptest::collection::vec(32_u8..=255, 0..100)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
                headers.append(AUTHORIZATION, value);
            }
            let _ = Authorization::read(&headers);
        }
    }
}
