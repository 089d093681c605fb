//! A sign-in that an application demands of somebody who is signed in already (`prompt=login`): which request demanded
//! it and when, in a sealed cookie, so that nothing but a sign-in meets it.

use http::HeaderMap;
use kibali_model::Timestamp;

use super::sealed::Sealed;
use super::session::{Session, SetCookie};
use crate::{App, Refusal};

const COOKIE: Sealed = Sealed { name: "-again", place: "again", seconds: 1800 };

/// A demand that waits, or was met and not answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Again {
    asked: Timestamp,
    /// What the request is called.
    request: String,
}

impl Again {
    /// The one in the cookie that was sent beside the session's.
    pub(super) fn sent(app: &App, headers: &HeaderMap, session_cookie: &str) -> Option<Self> {
        let text = COOKIE.sent(app, headers, session_cookie)?;
        let (asked, request) = text.split_once(' ')?;
        Some(Self { asked: Timestamp::from_millis(asked.parse().ok()?), request: request.to_owned() })
    }

    /// Does somebody who signed in then meet what the request of this name demands?
    pub(super) fn is_met(&self, request: &str, since: Timestamp) -> bool {
        self.request == request && since >= self.asked
    }

    /// Also seals it for this session cookie.
    pub(super) fn carry(&self, app: &App, cookies: SetCookie, session: &str) -> Result<SetCookie, Refusal> {
        COOKIE.set(app, cookies, session, &format!("{} {}", self.asked.millis(), self.request))
    }
}

/// Also remembers that the request of this name demands a sign-in from now on.
///
/// # Errors
/// It cannot be sealed.
pub(crate) fn demand_sign_in(
    app: &App,
    cookies: SetCookie,
    session: &Session,
    request: &str,
) -> Result<SetCookie, Refusal> {
    let again = Again { asked: app.now(), request: request.to_owned() };
    again.carry(app, cookies, session.cookie())
}

/// Removes the cookie of a request that is answered, where there is one.
pub(crate) fn forget_demand(app: &App, session: &Session) -> Option<SetCookie> {
    session.demands_sign_in().then(|| COOKIE.forget(&app.settings, SetCookie::nothing()))
}
