//! Second factors: enrolled, asked for, lost.

mod api;
mod ending;
mod grant;
mod mail;
mod mail_browsers;
mod mail_pages;
mod pages;
pub(crate) mod passkeys;
mod races;
mod recovery;
mod side_by_side;
mod sign_in;

use kibali_crypto::{TotpSeed, step_at};
use kibali_model::Clock;
use kibali_testkit::{Answer, Browser, TestApp};
use serde_json::{Value, json};

use crate::pages::ORDINARY;

/// An authenticator app that was given a seed.
pub(crate) struct App(TotpSeed);

impl App {
    /// From the key as it is typed, spaces or not.
    pub(crate) fn typed(key: &str) -> Self {
        let letters = key.bytes().filter(|letter| *letter != b' ').map(|letter| match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            other => panic!("{other} is no letter of base32 in {key}"),
        });
        let bits: Vec<u8> =
            letters.flat_map(|letter| (0..5).rev().map(move |bit| letter >> bit & 1)).collect();
        let bytes: Vec<u8> =
            bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
        assert_eq!(bytes.len(), 20, "{key}");
        Self(TotpSeed::from_bytes(&bytes))
    }

    /// What it shows now.
    fn shows(&self, t: &TestApp) -> String {
        self.0.code(step_at(t.clock.now().seconds()))
    }

    /// What it shows at a time, in seconds.
    pub(crate) fn at(&self, seconds: i64) -> String {
        self.0.code(step_at(seconds))
    }

    /// What it shows after what it showed has been used.
    fn next(&self, t: &TestApp) -> String {
        t.clock.advance_seconds(30);
        self.shows(t)
    }

    /// A code that it does not show around now.
    fn wrong(&self, t: &TestApp) -> String {
        let now = t.clock.now().seconds();
        let mut codes = (0..10).map(|digit| digit.to_string().repeat(6));
        codes.find(|code| self.0.step_of(code, now).is_none()).unwrap()
    }
}

/// Signs in by `/api/42/auth/login`.
async fn login(browser: &mut Browser, (username, password): (&str, &str), code: Option<&str>) -> Answer {
    let mut body = json!({ "username": username, "password": password });
    if let Some(code) = code {
        body["twoFactorCode"] = code.into();
    }
    browser.send(browser.request("POST", "/api/42/auth/login").json(&body)).await
}

async fn login_status(browser: &mut Browser, who: (&str, &str), code: Option<&str>) -> Value {
    let answer = login(browser, who, code).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["loginStatus"].clone()
}

async fn post(browser: &mut Browser, path: &str, body: &Value) -> Answer {
    browser.send(browser.request("POST", path).json(body)).await
}

async fn get(browser: &mut Browser, path: &str) -> Answer {
    browser.send(browser.request("GET", path)).await
}

/// Gives [`ORDINARY`] a second factor, through a browser that is signed in with it after that. The code of
/// this moment is used.
async fn enrolled(t: &TestApp) -> (Browser, App) {
    let mut browser = t.browser();
    assert_eq!(login_status(&mut browser, ORDINARY, None).await, "SUCCESS");
    let app = enrol(t, &mut browser).await;
    (browser, app)
}

/// The same for whoever is signed in there.
pub(crate) async fn enrol(t: &TestApp, browser: &mut Browser) -> App {
    assert_eq!(post(browser, "/api/2fa/enrollTOTP2FA", &json!({})).await.status, 200);
    let shown = get(browser, "/api/2fa/qrCodeJson").await.json();
    let app = App::typed(shown["base32Secret"].as_str().unwrap());
    let enabled = post(browser, "/api/2fa/enable", &json!({ "code": app.shows(t) })).await;
    assert_eq!(enabled.status, 200, "{}", enabled.text());
    app
}

/// Is somebody signed in there?
async fn opens(browser: &mut Browser) -> bool {
    get(browser, "/api/me").await.status == 200
}
