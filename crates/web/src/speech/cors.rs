//! Pages of other origins that may call (web-api reference 1.3): the list in `corsWhitelist`.

use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};
use kibali_store::door::changes::Topic;
use kibali_store::door::settings::system_value;
use kibali_store::fresh::{Change, RestsOn};
use url::Url;

use super::Room;
use crate::identity::require_own_site;
use crate::{App, Refusal};

/// The name under which the list is stored.
pub(crate) const WHITELIST: &str = "corsWhitelist";

/// Headers of an answer that such pages may read.
const EXPOSED: &str = "ETag, Location, RateLimit, RateLimit-Policy, Retry-After";

/// One entry of the list: an origin, or all hosts below a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    scheme: String,
    host: String,
    port: Option<u16>,
    below: bool,
}

impl Pattern {
    /// Reads `https://app.example.org:8443` or `https://*.example.org`. Bare `*` is none: with credentials
    /// allowed it would open every account to every page.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.trim().trim_end_matches('/').split_once("://")?;
        let (below, rest) = rest.strip_prefix("*.").map_or((false, rest), |rest| (true, rest));
        let url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
        let bare = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let host =
            url.host_str().filter(|host| bare && !host.contains('*') && (!below || host.contains('.')))?;
        matches!(url.scheme(), "http" | "https").then(|| Self {
            scheme: url.scheme().to_owned(),
            host: host.to_owned(),
            port: url.port_or_known_default(),
            below,
        })
    }

    fn covers(&self, origin: &Self) -> bool {
        let host = if self.below {
            origin.host.strip_suffix(&self.host).is_some_and(|rest| rest.ends_with('.'))
        } else {
            origin.host == self.host
        };
        host && !origin.below && self.scheme == origin.scheme && self.port == origin.port
    }
}

/// May pages of `origin` call? Our own may; others when the list covers them.
///
/// # Errors
/// The database failed.
pub(crate) async fn is_allowed(app: &App, origin: &str) -> Result<bool, Refusal> {
    let Some(origin) = Pattern::read(origin) else { return Ok(false) };
    let ours = app.settings.base_url.origin().ascii_serialization();
    if Pattern::read(&ours).is_some_and(|ours| ours.covers(&origin)) {
        return Ok(true);
    }
    let load = || async {
        let list = system_value(&mut app.store.reader().await?, WHITELIST).await?;
        let list: Vec<String> =
            list.map_or(Ok(Vec::new()), |list| serde_json::from_str(&list)).map_err(Refusal::internal)?;
        Ok::<_, Refusal>(Origins(list.iter().filter_map(|entry| Pattern::read(entry)).collect()))
    };
    Ok(app.origins().get_or_load(&(), load).await?.0.iter().any(|pattern| pattern.covers(&origin)))
}

/// The list, until a setting changes: a flood that is refused asks the database for nothing.
#[derive(Clone)]
pub(crate) struct Origins(Arc<[Pattern]>);

impl RestsOn for Origins {
    fn rests_on(&self, change: &Change) -> bool {
        change.topic == Topic::Setting
    }
}

/// Refuses a request that would change something, rests on a cookie, and comes from a page that may not
/// call (rules of the door 9).
///
/// # Errors
/// [`Refusal::CrossSite`], or the database failed.
pub(crate) async fn require_known_site(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let allowed = match origin {
        Some(origin) if !super::is_safe(method) && is_allowed(app, origin).await? => vec![origin.to_owned()],
        _ => Vec::new(),
    };
    require_own_site(method, headers, &app.settings, &allowed)
}

/// What CORS has to say about one request.
pub(crate) struct Cors {
    room: Room,
    /// The origin, when it is allowed.
    allowed: Option<HeaderValue>,
    /// The methods and headers asked for, when it is a preflight.
    preflight: Option<(HeaderValue, Option<HeaderValue>)>,
}

impl Cors {
    /// Judges a request; nothing for one without `Origin`, or to a page.
    pub(crate) async fn of(
        app: &App,
        room: Room,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, Refusal> {
        let Some(origin) = headers.get(ORIGIN).filter(|_| room != Room::Page) else { return Ok(None) };
        let known = match origin.to_str() {
            Ok(text) => is_allowed(app, text).await?,
            Err(_) => false,
        };
        let preflight = headers
            .get(ACCESS_CONTROL_REQUEST_METHOD)
            .filter(|_| method == Method::OPTIONS)
            .map(|method| (method.clone(), headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned()));
        Ok(Some(Self { room, allowed: known.then(|| origin.clone()), preflight }))
    }

    /// Is the request a preflight? It is answered here and goes no further.
    pub(crate) fn is_preflight(&self) -> bool {
        self.preflight.is_some()
    }

    /// Adds the headers of an answer.
    pub(crate) fn answer(self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = self.allowed else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        // A token is asked for with the client's credentials, never with a cookie.
        if self.room == Room::Api {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        if let Some((methods, asked)) = self.preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            if let Some(asked) = asked {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
            }
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        }
    }
}

#[cfg(test)]
mod tests {
    // Tests may fail loudly.
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;
    use proptest::prelude::*;

    fn covers(pattern: &str, origin: &str) -> bool {
        Pattern::read(pattern).unwrap().covers(&Pattern::read(origin).unwrap())
    }

    #[test]
    fn an_entry_covers_its_origin_and_nothing_near_it() {
        assert!(covers("https://app.example.org", "https://app.example.org"));
        assert!(covers("https://app.example.org/", "https://app.example.org:443"));
        assert!(covers("http://localhost:3000", "http://localhost:3000"));
        assert!(covers("https://*.example.org", "https://a.b.example.org"));
        for (pattern, origin) in [
            ("https://app.example.org", "http://app.example.org"),
            ("https://app.example.org", "https://app.example.org:8443"),
            ("https://app.example.org", "https://app.example.org.evil.org"),
            ("https://*.example.org", "https://example.org"),
            ("https://*.example.org", "https://evilexample.org"),
            ("https://*.example.org", "https://*.example.org"),
        ] {
            assert!(!covers(pattern, origin), "{pattern} {origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_no_entry() {
        for text in
            ["", "*", "null", "https://", "https://*", "https://*.org", "https://a.org/path", "ftp://a.org"]
        {
            assert_eq!(Pattern::read(text), None, "{text}");
        }
        assert_eq!(Pattern::read("https://user@a.org"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}") {
            let _ = Pattern::read(&text);
        }
    }
}
