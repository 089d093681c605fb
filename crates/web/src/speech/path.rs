//! What a path says beside where it leads: context path, version number, format suffix, trailing slash
//! (web-api reference 1.1).

use super::{Format, Room};

/// A path, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path<'p> {
    pub(super) room: Room,
    /// The number in `/api/{n}/`.
    pub(super) version: Option<u16>,
    pub(super) suffix: Option<Suffix>,
    /// What the room sees: below `/api` in the Web API, below the context path elsewhere.
    pub(super) path: &'p str,
}

/// A format suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suffix {
    pub(super) text: &'static str,
    pub(super) format: Format,
    pub(super) gzip: bool,
}

const fn suffix(text: &'static str, format: Format, gzip: bool) -> Suffix {
    Suffix { text, format, gzip }
}

/// The suffixes Kibali answers. DHIS2's others (`.zip`, `.pdf` …) stay in the path and find no route.
const SUFFIXES: &[Suffix] = &[
    suffix(".json", Format::Json, false),
    suffix(".json.gz", Format::Json, true),
    suffix(".xml", Format::Xml, false),
    suffix(".xml.gz", Format::Xml, true),
    suffix(".csv", Format::Csv, false),
    suffix(".csv.gz", Format::Csv, true),
];

/// Where codes of the authorization pages lead: pages, though they lie below `/uaa/oauth`.
const OAUTH_PAGES: &[&str] = &[
    "/uaa/oauth/authorize",
    "/uaa/oauth/confirm_access",
    "/uaa/oauth/error",
    "/oauth2/authorize",
    "/oauth2/device",
    "/connect/logout",
];
/// What begins so, and is no page, is for programs that speak OAuth2.
const OAUTH2: &[&str] = &["/oauth2/", "/connect/", "/.well-known/", "/userinfo"];

/// Takes a path apart. The context path may be there (a proxy that passes it on) or not (one that strips
/// it).
pub(super) fn read<'p>(path: &'p str, context: &str) -> Path<'p> {
    let path = below(path, context);
    if let Some(rest) = path.strip_prefix("/api").filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        return read_api(rest);
    }
    let path = or_root(path.trim_end_matches('/'));
    let room = match path {
        page if OAUTH_PAGES.contains(&page) => Room::Page,
        token if token.starts_with("/uaa/") => Room::Token,
        modern if OAUTH2.iter().any(|start| modern.starts_with(start)) => Room::OAuth2,
        _ => Room::Page,
    };
    Path { room, version: None, suffix: None, path }
}

/// What follows the context path.
pub(super) fn below<'p>(path: &'p str, context: &str) -> &'p str {
    match path.strip_prefix(context) {
        Some("") => "/",
        Some(rest) if !context.is_empty() && rest.starts_with('/') => rest,
        _ => path,
    }
}

/// `rest` is what follows `/api`.
fn read_api(rest: &str) -> Path<'_> {
    let rest = rest.trim_end_matches('/');
    let (version, rest) = match split_version(rest) {
        Some((number, rest)) => (Some(number), rest),
        None => (None, rest),
    };
    let (rest, suffix) = split_suffix(rest);
    Path { room: Room::Api, version, suffix, path: or_root(rest) }
}

const fn or_root(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

/// `/41/users` is 41 and `/users`. Any number of two digits is a version: clients take it from what the
/// server reports, or let their user choose.
fn split_version(rest: &str) -> Option<(u16, &str)> {
    let number = rest.strip_prefix('/')?;
    let digits = number.get(..2)?;
    let rest = number.get(2..)?;
    let is_version =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (rest.is_empty() || rest.starts_with('/'));
    is_version.then(|| digits.parse().ok().map(|number| (number, rest)))?
}

/// The suffix begins at the first dot of the last segment, so that `.json.gz` is one.
fn split_suffix(rest: &str) -> (&str, Option<Suffix>) {
    let segment = rest.rfind('/').map_or(0, |at| at + 1);
    let Some(dot) = rest.get(segment..).and_then(|last| last.find('.')) else { return (rest, None) };
    let Some((path, text)) = rest.split_at_checked(segment + dot) else { return (rest, None) };
    match SUFFIXES.iter().find(|suffix| suffix.text.eq_ignore_ascii_case(text)) {
        // A segment that is nothing but a suffix has no name to speak of.
        Some(suffix) if dot > 0 => (path, Some(*suffix)),
        _ => (rest, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn api(path: &str) -> (Option<u16>, &'static str, &str) {
        let read = read(path, "/dhis");
        assert_eq!(read.room, Room::Api, "{path}");
        (read.version, read.suffix.map_or("", |suffix| suffix.text), read.path)
    }

    #[test]
    fn version_suffix_slash_and_context_path_are_taken_off() {
        for (path, version, suffix, routed) in [
            ("/api", None, "", "/"),
            ("/api/", None, "", "/"),
            ("/api/me", None, "", "/me"),
            ("/api/41/me.json", Some(41), ".json", "/me"),
            ("/dhis/api/99/users/", Some(99), "", "/users"),
            ("/api/29", Some(29), "", "/"),
            ("/api/411/users", None, "", "/411/users"),
            ("/api/users/xE7jOejl9FI.json.gz", None, ".json.gz", "/users/xE7jOejl9FI"),
            ("/api/users.XML", None, ".xml", "/users"),
            ("/api/users.pdf", None, "", "/users.pdf"),
            ("/api/a.b/c", None, "", "/a.b/c"),
            ("/api/.json", None, "", "/.json"),
            ("/api/api/me", None, "", "/api/me"),
        ] {
            assert_eq!(api(path), (version, suffix, routed), "{path}");
        }
    }

    #[test]
    fn every_path_leads_to_one_room() {
        for (path, room, routed) in [
            ("/", Room::Page, "/"),
            ("/dhis", Room::Page, "/"),
            ("/dhis/", Room::Page, "/"),
            ("/dhisother", Room::Page, "/dhisother"),
            ("/apix", Room::Page, "/apix"),
            ("/dhis/uaa/oauth/token", Room::Token, "/uaa/oauth/token"),
            ("/uaa/oauth/authorize", Room::Page, "/uaa/oauth/authorize"),
            ("/uaa/oauth/authorize/", Room::Page, "/uaa/oauth/authorize"),
            ("/login", Room::Page, "/login"),
        ] {
            let read = read(path, "/dhis");
            assert_eq!((read.room, read.path), (room, routed), "{path}");
        }
        assert_eq!(read("/uaa/oauth/token", "").room, Room::Token);
    }

    proptest! {
        #[test]
        fn any_path_is_read(path in "/\\PC{0,60}") {
            prop_assert!(read(&path, "/dhis").path.starts_with('/'));
        }
    }
}
