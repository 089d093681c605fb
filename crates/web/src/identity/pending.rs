//! The page that a browser returns to after sign-in (rules of the door 9), in a sealed cookie.

use http::HeaderMap;

use super::sealed::Sealed;
use super::session::{Session, SetCookie};
use crate::{App, Refusal, Settings};

const COOKIE: Sealed = Sealed { name: "-return", place: "return", seconds: 1800 };
/// Longest page remembered, in bytes. Browsers keep cookies of 4 KiB, and this grows by a half.
const LONGEST: usize = 2048;
/// Longest name of somebody expected, in bytes.
const LONGEST_NAME: usize = 255;
/// What no address has in it.
const BETWEEN: char = '\n';

/// What the cookie holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// The page, below the context path, with its query.
    pub(super) page: String,
    /// Who is expected to sign in.
    pub(super) expected: Option<String>,
}

/// Seals the page to return to after sign-in into a cookie, which opens beside the cookie of this session
/// only. `page` is below the context path, with its query.
///
/// # Errors
/// The page's address is too long.
pub fn remember_return(app: &App, session: &Session, page: &str) -> Result<SetCookie, Refusal> {
    remember_return_of(app, session, page, None)
}

/// The same, of a page that expects somebody: the login page has their name in its field. One that is longer than any
/// is passed over.
///
/// # Errors
/// As [`remember_return`].
pub(crate) fn remember_return_of(
    app: &App,
    session: &Session,
    page: &str,
    expected: Option<&str>,
) -> Result<SetCookie, Refusal> {
    if page.len() > LONGEST {
        return Err(Refusal::bad_request("The address of the request is too long"));
    }
    let cookies = session.set_cookie(&app.settings).unwrap_or(SetCookie::nothing());
    match expected.filter(|name| name.len() <= LONGEST_NAME) {
        Some(name) => COOKIE.set(app, cookies, session.cookie(), &format!("{page}{BETWEEN}{name}")),
        None => carry(app, cookies, session.cookie(), page),
    }
}

/// Also seals a page for the session cookie that takes the place of the one it was sealed for.
pub(super) fn carry(app: &App, cookies: SetCookie, session: &str, page: &str) -> Result<SetCookie, Refusal> {
    COOKIE.set(app, cookies, session, page)
}

/// What stands in the cookie that was sent beside the session's: nothing where it is too old, was changed, or was
/// sealed for another session.
pub(super) fn sent(app: &App, headers: &HeaderMap, session_cookie: &str) -> Option<Pending> {
    let text = COOKIE.sent(app, headers, session_cookie)?;
    let (page, expected) = match text.split_once(BETWEEN) {
        Some((page, name)) => (page, Some(name.to_owned())),
        None => (text.as_str(), None),
    };
    is_local(page).then(|| Pending { page: page.to_owned(), expected })
}

/// Also removes the cookie: it has served.
pub(super) fn forget(settings: &Settings, cookies: SetCookie) -> SetCookie {
    COOKIE.forget(settings, cookies)
}

/// Removes the cookie of a browser that has been sent on, where there is one.
pub(crate) fn returned(app: &App, session: &Session) -> Option<SetCookie> {
    session.pending().map(|_| forget(&app.settings, SetCookie::nothing()))
}

/// A path of this site, and no browser's idea of another host.
fn is_local(page: &str) -> bool {
    page.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']))
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_paths_of_ours_are_returned_to() {
        for page in
            ["/apps", "/", "/settings/oauth2-clients?page=2", "/uaa/oauth/authorize?redirect_uri=https://x"]
        {
            assert!(is_local(page), "{page}");
        }
        for page in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "apps", "javascript:alert(1)"]
        {
            assert!(!is_local(page), "{page}");
        }
    }
}
