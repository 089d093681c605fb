//! The page that a browser returns to after sign-in (rules of the door 9): sealed into a cookie of its own, so
//! that whoever only looks writes nothing (rules of the door 8).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use kibali_model::Timestamp;

use super::session::{Session, SetCookie, sent as sent_cookie};
use crate::{App, Refusal, Settings};

/// What the name of the cookie ends with.
const NAME: &str = "-return";
/// Longest page remembered, in bytes. Browsers keep cookies of 4 KiB, and this grows by a half.
const LONGEST: usize = 2048;
/// How long a browser that was asked to sign in may take, in seconds.
const SECONDS: i64 = 1800;

/// Seals the page to return to after sign-in into a cookie, which opens beside the cookie of this session
/// only. `page` is below the context path, with its query.
///
/// # Errors
/// The page's address is too long.
pub fn remember_return(app: &App, session: &Session, page: &str) -> Result<SetCookie, Refusal> {
    if page.len() > LONGEST {
        return Err(Refusal::bad_request("The address of the request is too long"));
    }
    let until = app.now().plus_seconds(SECONDS).millis();
    let value = format!("{until} {page}");
    let place = place(session.cookie());
    let sealed = app.identity().returns.seal(&*app.random, &place, value.as_bytes());
    let sealed = URL_SAFE_NO_PAD.encode(sealed.map_err(Refusal::internal)?);
    let cookies = session.set_cookie(&app.settings).unwrap_or(SetCookie::nothing());
    Ok(cookies.and(&app.settings, NAME, &sealed))
}

/// The page in the cookie that was sent beside the session's: none where it is too old, was changed, or was
/// sealed for another session.
pub(super) fn sent(app: &App, headers: &HeaderMap, session_cookie: &str) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(sent_cookie(headers, &app.settings, NAME)?).ok()?;
    let opened = app.identity().returns.unseal(&place(session_cookie), &sealed).ok()?;
    let (until, page) = std::str::from_utf8(opened.expose()).ok()?.split_once(' ')?;
    let until = Timestamp::from_millis(until.parse().ok()?);
    (app.now() < until && is_local(page)).then(|| page.to_owned())
}

/// Also removes the cookie: it has served.
pub(super) fn forget(settings: &Settings, cookies: SetCookie) -> SetCookie {
    cookies.and(settings, NAME, "")
}

/// A path of this site, and no browser's idea of another host.
fn is_local(page: &str) -> bool {
    page.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']))
}

fn place(session_cookie: &str) -> String {
    format!("return:{session_cookie}")
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
