//! What a token is for (RFC 8707).

use url::Url;

use crate::{OAuthError, Parameters};

/// Characters of a resource, at most.
const LONGEST: usize = 2000;

/// The resource that a request names: an absolute URI without a fragment (section 2).
///
/// # Errors
/// [`OAuthError::InvalidTarget`], [`OAuthError::Repeated`].
pub fn resource(parameters: &Parameters) -> Result<Option<&str>, OAuthError> {
    match parameters.get("resource")? {
        Some(named) if !is_target(named) => Err(OAuthError::InvalidTarget),
        named => Ok(named),
    }
}

/// A token of what was granted before is for what was named then: another resource is not had by asking later, since
/// whoever granted it was not asked for that.
///
/// # Errors
/// [`OAuthError::InvalidTarget`].
pub fn as_granted(asked: Option<&str>, granted: Option<&str>) -> Result<(), OAuthError> {
    if asked.is_none_or(|asked| granted == Some(asked)) { Ok(()) } else { Err(OAuthError::InvalidTarget) }
}

fn is_target(text: &str) -> bool {
    let plain = text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_graphic() && c != '#');
    plain && Url::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::form_urlencoded;

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        for (text, taken) in [
            ("https://other.example.org/", true),
            ("https://other.example.org/api?tenant=1", true),
            ("urn:example:reports", true),
            ("http://localhost:8080", true),
            ("https://other.example.org/#", false),
            ("https://other.example.org/#part", false),
            ("other.example.org", false),
            ("/api", false),
            ("//other.example.org/", false),
            ("https://", false),
            ("https://other.example.org/a b", false),
            (&format!("https://other.example.org/{}", "x".repeat(2000)), false),
        ] {
            let form = form_urlencoded::Serializer::new(String::new()).append_pair("resource", text).finish();
            let parameters = Parameters::read([form.as_bytes()]);
            let expected = if taken { Ok(Some(text)) } else { Err(OAuthError::InvalidTarget) };
            assert_eq!(resource(&parameters), expected, "{text}");
        }
        assert_eq!(resource(&Parameters::read([b"resource=".as_slice()])), Ok(None));
        let two = Parameters::read([b"resource=https://a&resource=https://b".as_slice()]);
        assert_eq!(resource(&two), Err(OAuthError::Repeated("resource")));
    }

    #[test]
    fn what_was_granted_is_for_nothing_else() {
        for (asked, granted, taken) in [
            (None, None, true),
            (None, Some("https://a"), true),
            (Some("https://a"), Some("https://a"), true),
            (Some("https://b"), Some("https://a"), false),
            (Some("https://a"), None, false),
        ] {
            assert_eq!(as_granted(asked, granted).is_ok(), taken, "{asked:?} {granted:?}");
        }
    }
}
