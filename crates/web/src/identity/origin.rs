//! Requests from other sites that would ride on a cookie (rules of the door 9).

use http::header::ORIGIN;
use http::{HeaderMap, Method};
use url::Url;

use crate::{Refusal, Settings, speech};

/// Refuses a request that would change something, rests on a cookie, and was sent by a page of another
/// site. `allowed` are origins that may call all the same.
///
/// # Errors
/// [`Refusal::CrossSite`].
pub(crate) fn require_own_site(
    method: &Method,
    headers: &HeaderMap,
    settings: &Settings,
    allowed: &[String],
) -> Result<(), Refusal> {
    if speech::is_safe(method) {
        return Ok(());
    }
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    if let Some(origin) = origin {
        let known = is_ours(origin, &settings.base_url) || allowed.iter().any(|one| one == origin);
        return if known { Ok(()) } else { Err(Refusal::CrossSite) };
    }
    // A sender without `Origin` that is a browser says at least from what kind of site.
    match headers.get("sec-fetch-site") {
        Some(site) if site == "cross-site" => Err(Refusal::CrossSite),
        _ => Ok(()),
    }
}

fn is_ours(origin: &str, base: &Url) -> bool {
    base.origin().ascii_serialization() == origin
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    fn ask(method: Method, headers: &[(&'static str, &str)]) -> bool {
        let settings = Settings::new("https://kibali.example.org/dhis".parse().unwrap());
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect::<Vec<(http::HeaderName, http::HeaderValue)>>()
            .into_iter()
            .collect();
        require_own_site(&method, &headers, &settings, &["https://app.example.org".to_owned()]).is_ok()
    }

    #[test]
    fn only_our_own_pages_and_allowed_ones_change_anything_with_a_cookie() {
        assert!(ask(Method::POST, &[("origin", "https://kibali.example.org")]));
        assert!(ask(
            Method::POST,
            &[("origin", "https://app.example.org"), ("sec-fetch-site", "cross-site")]
        ));
        assert!(ask(Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(ask(Method::POST, &[]));
        assert!(ask(Method::GET, &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]));
        for origin in [
            "https://evil.example",
            "http://kibali.example.org",
            "http://kibali.example.org:443",
            "https://kibali.example.org:8443",
            "null",
            "https://kibali.example.org.evil",
        ] {
            assert!(!ask(Method::POST, &[("origin", origin)]), "{origin}");
            assert!(!ask(Method::DELETE, &[("origin", origin)]), "{origin}");
        }
        assert!(!ask(Method::POST, &[("sec-fetch-site", "cross-site")]));
    }
}
