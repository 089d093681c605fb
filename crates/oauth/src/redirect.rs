//! Redirect URIs: which are registered, and how answers are written into them.

use url::form_urlencoded;

/// Is `requested` the URI `registered`? They must be the same string; on a loopback address any port will
/// do, since an application takes the one it gets (rules of the door 2, RFC 8252 section 7.3). Unlike
/// DHIS2, nothing else is lenient.
#[must_use]
pub fn matches(registered: &str, requested: &str) -> bool {
    if registered == requested {
        return true;
    }
    match (loopback(registered), loopback(requested)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// A loopback URI without its port: host, and whatever follows.
fn loopback(uri: &str) -> Option<(&'static str, &str)> {
    ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find_map(|host| {
            let rest = uri.strip_prefix(host)?;
            let Some(after) = rest.strip_prefix(':') else { return Some((host, rest)) };
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (port, rest) = after.split_at_checked(digits)?;
            port.parse::<u16>().ok().filter(|port| *port > 0).map(|_| (host, rest))
        })
        // What follows the host must not turn it into something else: a longer name, or a user name.
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// `redirect_uri` with parameters added to its query, which is kept (RFC 6749 section 3.1.2). Spaces are
/// written `%20`.
#[must_use]
pub fn with_parameters(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    if parameters.is_empty() {
        return redirect_uri.to_owned();
    }
    let (uri, fragment) = match redirect_uri.find('#') {
        Some(at) => redirect_uri.split_at(at),
        None => (redirect_uri, ""),
    };
    let added = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let added = added.replace('+', "%20");
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{added}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_same_string_or_another_loopback_port() {
        for (registered, requested, same) in [
            ("https://a.example/cb", "https://a.example/cb", true),
            ("https://a.example/cb", "https://a.example/cb/", false),
            ("https://a.example/cb", "https://a.example/cb?x=1", false),
            ("https://a.example/cb", "https://A.example/cb", false),
            ("https://a.example/cb", "https://a.example:443/cb", false),
            ("https://a.example", "https://a.example.evil", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:4711/cb", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:4711/cb", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", true),
            ("http://[::1]/cb", "http://[::1]:4711/cb", true),
            ("http://127.0.0.1", "http://127.0.0.1:4711", true),
            ("http://127.0.0.1/cb", "http://127.0.0.1:4711/other", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:4711@evil.example/cb", false),
            ("http://127.0.0.1", "http://127.0.0.1.evil.example", false),
            ("http://127.0.0.1", "http://127.0.0.1@evil.example", false),
            ("http://127.0.0.1:1@evil.example/cb", "http://127.0.0.1:2@evil.example/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", false),
            ("http://127.0.0.1/cb", "https://127.0.0.1:1/cb", false),
            ("http://127.0.0.1/cb", "http://[::1]/cb", false),
            ("http://localhost/cb", "http://localhost:4711/cb", false),
            ("https://127.0.0.1/cb", "https://127.0.0.1:4711/cb", false),
            ("myapp://cb", "myapp://cb", true),
        ] {
            assert_eq!(matches(registered, requested), same, "{registered} {requested}");
        }
    }

    #[test]
    fn parameters_join_what_is_there() {
        let add = |uri| with_parameters(uri, &[("code", "a b"), ("state", "x&y=é+")]);
        let added = "code=a%20b&state=x%26y%3D%C3%A9%2B";
        assert_eq!(add("https://a.example/cb"), format!("https://a.example/cb?{added}"));
        assert_eq!(add("https://a.example/cb?p=1"), format!("https://a.example/cb?p=1&{added}"));
        assert_eq!(add("https://a.example/cb?"), format!("https://a.example/cb?{added}"));
        assert_eq!(add("https://a.example/cb?p=1&"), format!("https://a.example/cb?p=1&{added}"));
        assert_eq!(add("https://a.example/cb?p=/x?"), format!("https://a.example/cb?p=/x?&{added}"));
        assert_eq!(add("myapp:/cb"), format!("myapp:/cb?{added}"));
        assert_eq!(with_parameters("https://a.example/cb", &[]), "https://a.example/cb");
    }

    proptest! {
        /// Whatever matches has the same host, as a parser of addresses sees it, and the same path.
        #[test]
        fn matching_never_widens(
            registered in "http://(127\\.0\\.0\\.1|\\[::1\\])(:[0-9]{1,5})?(/[a-z]{0,3})?",
            requested in "http://(127\\.0\\.0\\.1|\\[::1\\]|127\\.0\\.0\\.1\\.a)?[:@/.a-z0-9#?\\\\]{0,12}",
        ) {
            if matches(&registered, &requested) && registered != requested {
                let (one, other) = (url::Url::parse(&registered), url::Url::parse(&requested));
                if let (Ok(one), Ok(other)) = (one, other) {
                    prop_assert_eq!(one.host(), other.host());
                    prop_assert_eq!(one.path(), other.path());
                    prop_assert_eq!(one.username(), other.username());
                    prop_assert_eq!(one.query(), other.query());
                }
            }
        }
    }
}
