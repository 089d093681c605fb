//! Passkeys: made, used beside a password and alone, and taken away.

mod made;
mod meanwhile;
mod used;

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Authenticator, Browser, Page, TestApp};
use serde_json::{Value, json};

use super::pages::{demand, recovery_codes, send};
use super::{get, login_status, opens};
use crate::pages::{ORDINARY, assert_page, fill_login, make_ordinary, signed_in};

const PAGE: &str = "/account/two-factor";
const NEW: &str = "/account/two-factor/passkeys/new";

/// What the script gets that asks for a challenge for a form of this page.
async fn challenge(browser: &mut Browser, page: &Page, form: &str, path: &str) -> Value {
    let csrf = page.form(form).value("csrf").unwrap().to_owned();
    let answer = browser.send(browser.request("POST", path).form(&[("csrf", &csrf)])).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

/// Makes a passkey on the page that asks for it.
async fn make(browser: &mut Browser, device: &mut Authenticator, name: &str) -> Page {
    let page = browser.open(NEW).await;
    assert_eq!((page.answer.status, page.path.as_str()), (200, NEW), "{}", page.answer.text());
    let options = challenge(browser, &page, "/passkeys", &format!("{NEW}/challenge")).await;
    let answer = device.make(&options);
    browser.submit(&page, &page.form("/passkeys").fill("name", name).fill("passkey", &answer)).await
}

/// Gives [`ORDINARY`] a passkey, through a browser that is signed in with it after that; and the recovery codes.
pub(crate) async fn protected(t: &TestApp) -> (Browser, Authenticator, Vec<String>) {
    make_ordinary(t, &[]).await;
    let mut browser = signed_in(t, ORDINARY).await;
    let mut device = Authenticator::default();
    let made = make(&mut browser, &mut device, "My telephone").await;
    assert_eq!(made.answer.status, 200, "{}", made.answer.text());
    (browser, device, recovery_codes(&made))
}

/// Signs in with a passkey and nothing else.
async fn alone(browser: &mut Browser, device: &mut Authenticator) -> Page {
    let page = browser.open("/login").await;
    let options = challenge(browser, &page, "/login/passkey", "/login/passkey/challenge").await;
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"], json!([]), "nobody is told who has passkeys");
    let answer = device.answer(&options);
    browser.submit(&page, &page.form("/login/passkey").fill("passkey", &answer)).await
}

/// Signs in with the password, and arrives where the second factor is asked for.
async fn with_password(t: &TestApp) -> (Browser, Page) {
    let mut browser = t.browser();
    let page = browser.open("/login").await;
    let page = fill_login(&mut browser, &page, ORDINARY.0, ORDINARY.1).await;
    assert_eq!((page.answer.status, page.path.as_str()), (200, "/login/code"), "{}", page.answer.text());
    (browser, page)
}

/// Shows a passkey there.
async fn beside(browser: &mut Browser, page: &Page, device: &mut Authenticator) -> Page {
    let options = challenge(browser, page, "/login/code", "/login/code/challenge").await;
    let answer = device.answer(&options);
    browser.submit(page, &page.form("/login/code").fill("passkey", &answer)).await
}

async fn events(t: &TestApp) -> Vec<String> {
    let mut reader = t.app.store.reader().await.unwrap();
    let events = kibali_store::door::audit::newest(&mut reader, 50).await.unwrap();
    events.iter().map(|event| format!("{} {}", event.name, event.detail)).collect()
}

async fn user(t: &TestApp) -> Value {
    let user = t.get("/api/users/userordin01?fields=twoFactorType,twoFactorEnabled");
    user.basic(ADMIN, ADMIN_PASSWORD).send().await.json()
}
