//! Browser sessions: a cookie that holds nothing but a random token.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponseParts, ResponseParts};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{COOKIE, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use kibali_crypto::{Digest, MacKey, Secret, equal_in_constant_time, new_token, sha256};
use kibali_model::{Credential, Principal, SignIn, Timestamp};
use kibali_store::door::marks::Used;
use kibali_store::door::{accounts, principals, sessions};

use super::again::Again;
use super::pending::Pending;
use super::{ClientAddress, SignedIn, half, passkey, pending};
use crate::{App, Refusal, Settings};

/// A session's use is noted at most this often.
const NOTED_SECONDS: i64 = 60;

/// The session of a browser, and a CSRF token with it. Nothing of it is stored before somebody signs in.
#[derive(Debug, Clone)]
pub struct Session {
    cookie: Secret<String>,
    /// The browser does not have the cookie yet.
    fresh: bool,
    form_token: String,
    principal: Option<Arc<Principal>>,
    enrolling: Option<Arc<Principal>>,
    since: Option<Timestamp>,
    amr: String,
    pending: Option<Pending>,
    again: Option<Again>,
}

impl Session {
    /// Who is signed in.
    #[must_use]
    pub const fn principal(&self) -> Option<&Arc<Principal>> {
        self.principal.as_ref()
    }

    /// Who gave the right password and must set up a second factor before anything opens: a role demands one.
    #[must_use]
    pub const fn enrolling(&self) -> Option<&Arc<Principal>> {
        self.enrolling.as_ref()
    }

    /// When they signed in; none where nobody is.
    #[must_use]
    pub const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// How they signed in, as tokens tell it.
    #[must_use]
    pub fn sign_in(&self) -> SignIn {
        let sid = session_name(self.hash());
        SignIn { at: self.since, sid: Some(sid), amr: self.amr.clone() }
    }

    /// The token that forms of this session carry in a field `csrf`.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.form_token
    }

    /// The page that asked for the login, which the browser returns to; below the context path.
    #[must_use]
    pub fn pending(&self) -> Option<&str> {
        self.pending.as_ref().map(|pending| pending.page.as_str())
    }

    /// Who is expected to sign in for it.
    pub(crate) fn expected(&self) -> Option<&str> {
        self.pending.as_ref()?.expected.as_deref()
    }

    /// Did they sign in since the request of this name demanded it?
    #[must_use]
    pub(crate) fn signed_in_for(&self, request: &str) -> bool {
        self.since.zip(self.again.as_ref()).is_some_and(|(since, again)| again.is_met(request, since))
    }

    /// Was a sign-in demanded that is not answered for yet?
    #[must_use]
    pub(super) const fn demands_sign_in(&self) -> bool {
        self.again.is_some()
    }

    /// The cookie to send along with a page that holds a form, where the browser does not have it yet.
    #[must_use]
    pub fn set_cookie(&self, settings: &Settings) -> Option<SetCookie> {
        self.fresh.then(|| SetCookie::new(settings, self.cookie.expose()))
    }

    /// The cookie, which a page to return to is sealed for.
    pub(super) fn cookie(&self) -> &str {
        self.cookie.expose()
    }

    /// SHA-256 of the cookie, under which the store knows the session.
    pub(crate) fn hash(&self) -> Digest {
        sha256(self.cookie.expose())
    }

    fn of_cookie(forms: &MacKey, cookie: String, fresh: bool) -> Self {
        let form_token = URL_SAFE_NO_PAD.encode(forms.tag(&cookie));
        Self {
            cookie: Secret::new(cookie),
            fresh,
            form_token,
            principal: None,
            enrolling: None,
            since: None,
            amr: String::new(),
            pending: None,
            again: None,
        }
    }

    fn fresh(app: &App) -> Self {
        let cookie = new_token(&*app.random);
        Self::of_cookie(&app.identity().forms, cookie.expose().clone(), true)
    }
}

impl FromRequestParts<App> for Session {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let session = match sent_cookie(&parts.headers, &app.settings) {
            Some(cookie) => {
                let pending = pending::sent(app, &parts.headers, &cookie);
                let again = Again::sent(app, &parts.headers, &cookie);
                Session { pending, again, ..load(app, cookie).await? }
            }
            None => Self::fresh(app),
        };
        parts.extensions.insert(session.clone());
        Ok(session)
    }
}

async fn load(app: &App, cookie: String) -> Result<Session, Refusal> {
    let mut session = Session::of_cookie(&app.identity().forms, cookie, false);
    let mut reader = app.store.reader().await?;
    let now = app.now();
    let Some(found) = sessions::find(&mut reader, session.hash()).await? else { return Ok(session) };
    // Its use may be noted here and not written yet.
    let used = app.identity().gathered.last_use(&Used::Session(session.hash()));
    let moved = used.map(|used| used.plus_seconds(app.settings.session_seconds));
    if now >= moved.map_or(found.expires, |moved| moved.max(found.expires)) {
        return Ok(session);
    }
    let account = accounts::by_user(&mut reader, found.user).await?;
    let account = account.filter(|account| account.is_as_it_was(found.credential_version, now));
    // A password alone opens no account that has a second factor.
    let account = account.filter(|account| !account.protected || found.proved.is_some());
    let Some(account) = account else { return Ok(session) };
    let credential = Credential::Session { since: found.since, proved: found.proved, hash: session.hash() };
    let principal = Some(Arc::new(principals::load(&mut reader, &account, credential).await?));
    match account.must_enrol() {
        true => session.enrolling = principal,
        false => session.principal = principal,
    }
    session.since = Some(found.since);
    session.amr = found.amr;
    if now.seconds_since(found.last_used) >= NOTED_SECONDS {
        app.identity().gathered.used(&[Used::Session(session.hash())], now);
    }
    Ok(session)
}

/// What a session is called where it is told of: a hash of the hash that the store knows it under.
pub(crate) fn session_name(hash: Digest) -> String {
    URL_SAFE_NO_PAD.encode(sha256(hash))
}

/// Starts a session for somebody who signed in, in place of the one the browser had: its old cookie is
/// worthless from now on. The page to return to waits on while a second factor is to be set up first.
///
/// # Errors
/// [`Refusal::SecondFactorActive`] where the code of the second factor is spent; or the database failed.
pub async fn start_session(
    app: &App,
    before: &Session,
    who: &SignedIn,
    address: ClientAddress,
    headers: &HeaderMap,
) -> Result<SetCookie, Refusal> {
    let cookie = new_token(&*app.random);
    let now = app.now();
    let hash = sha256(cookie.expose());
    let start = sessions::StartSession {
        hash,
        sid: session_name(hash),
        replaces: Some(before.hash()),
        user: who.user,
        credential_version: who.credential_version,
        proof: who.proof,
        amr: who.amr.clone(),
        expires: now.plus_seconds(app.settings.session_seconds),
        address: address.to_string(),
        user_agent: user_agent(headers),
        at_most: app.settings.sessions_per_user,
        now,
    };
    if !app.store.write(start).await? {
        return Err(Refusal::SecondFactorActive);
    }
    let cookies = half::forget(app, headers, SetCookie::new(&app.settings, cookie.expose()));
    let mut cookies = passkey::forget(app, headers, cookies);
    if let Some(again) = &before.again {
        cookies = again.carry(app, cookies, cookie.expose())?;
    }
    match &before.pending {
        Some(asked) if who.must_enrol => pending::carry(app, cookies, cookie.expose(), &asked.page),
        Some(_) => Ok(pending::forget(&app.settings, cookies)),
        None => Ok(cookies),
    }
}

/// Signs out.
///
/// # Errors
/// The database failed.
pub async fn end_session(app: &App, session: &Session) -> Result<SetCookie, Refusal> {
    app.store.write(sessions::EndSession { hash: session.hash(), now: app.now() }).await?;
    Ok(SetCookie::removal(&app.settings))
}

/// Is `sent` the token of this session's forms?
///
/// # Errors
/// [`Refusal::FormExpired`].
pub fn check_csrf(session: &Session, sent: &str) -> Result<(), Refusal> {
    if !session.fresh && equal_in_constant_time(sent, session.csrf()) {
        Ok(())
    } else {
        Err(Refusal::FormExpired)
    }
}

/// `Set-Cookie` headers.
#[derive(Debug, Clone)]
pub struct SetCookie(Vec<HeaderValue>);

impl SetCookie {
    fn new(settings: &Settings, value: &str) -> Self {
        Self(vec![line(settings, "", value, "")])
    }

    fn removal(settings: &Settings) -> Self {
        Self(vec![line(settings, "", "", "; Max-Age=0")])
    }

    /// Also sets the cookie whose name ends so; removes it where there is no value.
    pub(super) fn and(mut self, settings: &Settings, name: &str, value: &str) -> Self {
        let more = if value.is_empty() { "; Max-Age=0" } else { "" };
        self.0.push(line(settings, name, value, more));
        self
    }

    /// Sets nothing.
    pub(super) const fn nothing() -> Self {
        Self(Vec::new())
    }
}

fn line(settings: &Settings, name: &str, value: &str, more: &str) -> HeaderValue {
    let (prefix, path) = (cookie_name(settings), cookie_path(settings));
    let secure = if is_https(settings) { "; Secure" } else { "" };
    let text = format!("{prefix}{name}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{more}");
    // A context path that no header can hold leaves the browser without a cookie.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl IntoResponseParts for SetCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        for line in self.0 {
            parts.headers_mut().append(SET_COOKIE, line);
        }
        Ok(parts)
    }
}

fn is_https(settings: &Settings) -> bool {
    settings.base_url.scheme() == "https"
}

/// `__Host-` says that the cookie is ours alone on the host; below a context path, where we are not alone,
/// `__Secure-` is what can be said.
fn cookie_name(settings: &Settings) -> &'static str {
    match (is_https(settings), settings.context_path().is_empty()) {
        (true, true) => "__Host-kibali",
        (true, false) => "__Secure-kibali",
        (false, _) => "kibali",
    }
}

fn cookie_path(settings: &Settings) -> &str {
    let path = settings.context_path();
    if path.is_empty() { "/" } else { path }
}

/// Our cookie, if it looks like one.
pub(crate) fn sent_cookie(headers: &HeaderMap, settings: &Settings) -> Option<String> {
    let value = sent(headers, settings, "")?;
    let plausible =
        value.len() == 43 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    plausible.then(|| value.to_owned())
}

/// The value of our cookie whose name ends so.
pub(super) fn sent<'a>(headers: &'a HeaderMap, settings: &Settings, name: &str) -> Option<&'a str> {
    let prefix = cookie_name(settings);
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| key.strip_prefix(prefix) == Some(name)).map(|(_, value)| value)
}

/// What a caller names itself, as much of it as is kept.
pub(super) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(name.chars().take(255).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may stop at the first surprise
    use super::*;

    fn settings(base: &str) -> Settings {
        Settings::new(base.parse().unwrap())
    }

    #[test]
    fn the_cookie_is_as_strict_as_the_address_allows() {
        let line = |base: &str| line(&settings(base), "", "v", "").to_str().unwrap().to_owned();
        assert_eq!(
            line("https://kibali.example.org"),
            "__Host-kibali=v; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            line("https://example.org/dhis"),
            "__Secure-kibali=v; Path=/dhis; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(line("http://localhost:8080"), "kibali=v; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn only_a_plausible_cookie_of_our_name_is_read() {
        let settings = settings("http://localhost:8080");
        let token = "a".repeat(43);
        let read = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, line.parse().unwrap());
            sent_cookie(&headers, &settings)
        };
        assert_eq!(read(&format!("x=1; kibali={token}; y=2")), Some(token.clone()));
        assert_eq!(read(&format!("kibali={token}x")), None);
        assert_eq!(read(&format!("xkibali={token}")), None);
        assert_eq!(read("kibali=<script>"), None);
    }

    #[test]
    fn a_form_token_belongs_to_its_cookie() {
        let key = MacKey::new(&[1; 32]);
        let one = Session::of_cookie(&key, "a".repeat(43), false);
        let other = Session::of_cookie(&key, "b".repeat(43), false);
        assert!(check_csrf(&one, one.csrf()).is_ok());
        assert_eq!(check_csrf(&one, other.csrf()), Err(Refusal::FormExpired));
        assert_eq!(check_csrf(&one, ""), Err(Refusal::FormExpired));
        let unsent = Session::of_cookie(&key, "a".repeat(43), true);
        assert_eq!(check_csrf(&unsent, unsent.csrf()), Err(Refusal::FormExpired));
    }
}
