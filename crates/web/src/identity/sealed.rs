//! Cookies that only this server reads: sealed under the master key, bound to the session's cookie, good for
//! a while. What a browser that is not signed in must keep lies there and not in the database, so that
//! whoever only looks writes nothing (rules of the door 8).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use kibali_model::Timestamp;

use super::session::{SetCookie, sent as sent_cookie};
use crate::{App, Refusal, Settings};

/// One such cookie.
pub(super) struct Sealed {
    /// What its name ends with.
    pub(super) name: &'static str,
    /// Where it is sealed for, beside the session's cookie: a value of one place does not open in another.
    pub(super) place: &'static str,
    /// How long it is good for.
    pub(super) seconds: i64,
}

impl Sealed {
    /// Also sets the cookie, which opens beside the session cookie `session` only.
    pub(super) fn set(
        &self,
        app: &App,
        cookies: SetCookie,
        session: &str,
        text: &str,
    ) -> Result<SetCookie, Refusal> {
        let until = app.now().plus_seconds(self.seconds).millis();
        let value = format!("{until} {text}");
        let key = &app.identity().cookies;
        let sealed = key.seal(&*app.random, &self.place(session), value.as_bytes());
        let sealed = URL_SAFE_NO_PAD.encode(sealed.map_err(Refusal::internal)?);
        Ok(cookies.and(&app.settings, self.name, &sealed))
    }

    /// What the cookie holds: none where it is too old, was changed, or was sealed for another session.
    pub(super) fn sent(&self, app: &App, headers: &HeaderMap, session: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(sent_cookie(headers, &app.settings, self.name)?).ok()?;
        let opened = app.identity().cookies.unseal(&self.place(session), &sealed).ok()?;
        let (until, text) = std::str::from_utf8(opened.expose()).ok()?.split_once(' ')?;
        let until = Timestamp::from_millis(until.parse().ok()?);
        (app.now() < until).then(|| text.to_owned())
    }

    /// Also removes the cookie: it has served.
    pub(super) fn forget(&self, settings: &Settings, cookies: SetCookie) -> SetCookie {
        cookies.and(settings, self.name, "")
    }

    fn place(&self, session: &str) -> String {
        format!("{}:{session}", self.place)
    }
}
