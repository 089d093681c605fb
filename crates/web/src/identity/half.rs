//! Between the right password and the second factor: who it was stands in a sealed cookie, which
//! opens nothing but the question for it.

use http::HeaderMap;
use kibali_model::ObjectId;
use kibali_store::door::accounts;

use super::sealed::Sealed;
use super::session::{Session, SetCookie, sent};
use super::sign_in::HalfSignedIn;
use crate::{App, Refusal};

/// Five minutes to find the telephone.
const COOKIE: Sealed = Sealed { name: "-code", place: "code", seconds: 300 };

/// The cookie that remembers whose password was right.
///
/// # Errors
/// It cannot be sealed.
pub(crate) fn ask_for_code(app: &App, session: &Session, who: &HalfSignedIn) -> Result<SetCookie, Refusal> {
    let cookies = session.set_cookie(&app.settings).unwrap_or(SetCookie::nothing());
    let text = format!("{} {}", who.user().0, who.credential_version());
    COOKIE.set(app, cookies, session.cookie(), &text)
}

/// Whose password was right in this browser within five minutes, if the account still asks for a code and the
/// password is still the same.
///
/// # Errors
/// The database failed.
pub(crate) async fn half_signed_in(
    app: &App,
    session: &Session,
    headers: &HeaderMap,
) -> Result<Option<HalfSignedIn>, Refusal> {
    let Some((user, version)) = remembered(app, session, headers) else { return Ok(None) };
    let account = accounts::by_user(&mut app.store.reader().await?, user).await?;
    let account = account.filter(|account| account.is_as_it_was(version, app.now()) && account.protected);
    Ok(account.map(|account| HalfSignedIn::new(account.user, account.uid, account.username, version)))
}

fn remembered(app: &App, session: &Session, headers: &HeaderMap) -> Option<(ObjectId, i64)> {
    let text = COOKIE.sent(app, headers, session.cookie())?;
    let (user, version) = text.split_once(' ')?;
    Some((ObjectId(user.parse().ok()?), version.parse().ok()?))
}

/// Also removes the cookie, where the browser sent it.
pub(super) fn forget(app: &App, headers: &HeaderMap, cookies: SetCookie) -> SetCookie {
    match sent(headers, &app.settings, COOKIE.name) {
        Some(_) => COOKIE.forget(&app.settings, cookies),
        None => cookies,
    }
}
