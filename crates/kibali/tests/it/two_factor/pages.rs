//! The second step of signing in, and the page *Two-factor authentication*.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT};
use kibali_testkit::{Browser, Page, TestApp, both};
use serde_json::json;

use super::{App, enrolled, get, opens};
use crate::oauth2::{allow, asking, redeem, register, said};
use crate::pages::{CLIENTS, ORDINARY, assert_page, fill_login, make_ordinary, signed_in};

const TWO_FACTOR: &str = "/account/two-factor";

/// Fills in the login page and arrives where the code is asked for.
pub(super) async fn half(t: &TestApp, asked: &str) -> (Browser, Page) {
    let mut browser = t.browser();
    let page = browser.open(asked).await;
    let page = fill_login(&mut browser, &page, ORDINARY.0, ORDINARY.1).await;
    assert_eq!((page.answer.status, page.path.as_str()), (200, "/login/code"), "{}", page.answer.text());
    (browser, page)
}

pub(super) async fn send(browser: &mut Browser, page: &Page, action: &str, field: &str, code: &str) -> Page {
    browser.submit(page, &page.form(action).fill(field, code)).await
}

pub(super) async fn demand(t: &TestApp) {
    let role = json!([{ "op": "add", "path": "/restrictions", "value": ["R_ENABLE_2FA"] }]);
    let patch = t.patch("/api/userRoles/roleordin01").body("application/json-patch+json", role.to_string());
    assert_eq!(patch.basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
}

/// The ten codes of a page that shows them.
pub(super) fn recovery_codes(page: &Page) -> Vec<String> {
    let text = page.answer.text();
    let shown = text.split_once("id=\"recovery-codes\"").unwrap_or_else(|| panic!("{text}")).1;
    let shown = shown.split_once('>').unwrap().1.split_once('<').unwrap().0;
    let codes: Vec<String> = shown.lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10, "{codes:?}");
    codes
}

/// Sets up an app on the page where it is asked for; answers it and its recovery codes.
pub(super) async fn set_up(t: &TestApp, browser: &mut Browser, page: &Page) -> (App, Page) {
    let page = browser.submit(page, &page.form("/begin")).await;
    assert_eq!((page.answer.status, page.path.as_str()), (200, TWO_FACTOR));
    let text = page.answer.text();
    assert!(text.contains("<svg class=\"qr\"") && text.contains("aria-label=\"QR code"), "{text}");
    assert_page(t, &page.answer, "enrolling").await;
    let key = text.split_once("id=\"seed\"").unwrap().1.split_once('>').unwrap().1;
    let app = App::typed(key.split_once('<').unwrap().0);
    let wrong = send(browser, &page, "/confirm", "code", &app.wrong(t)).await;
    assert!(wrong.answer.status == 400 && wrong.answer.text().contains("This code is wrong"));
    let done = send(browser, &wrong, "/confirm", "code", &app.shows(t)).await;
    assert_eq!(done.answer.status, 200, "{}", done.answer.text());
    (app, done)
}

both!(
    fn the_code_is_asked_for_after_the_right_password_and_leads_where_the_browser_wanted(t) {
        make_ordinary(t, &["F_OAUTH2_CLIENT_MANAGE"]).await;
        let (_, app) = enrolled(t).await;
        let mut browser = t.browser();
        let page = browser.open("/login").await;
        let page = fill_login(&mut browser, &page, ORDINARY.0, "wrong").await;
        assert!(page.answer.status == 401 && page.path == "/login");

        let (mut browser, page) = half(t, CLIENTS).await;
        assert_page(t, &page.answer, "code").await;
        assert!(!page.answer.text().contains(ORDINARY.0), "nobody is signed in yet");
        let wrong = send(&mut browser, &page, "/login/code", "code", &app.wrong(t)).await;
        assert!(wrong.answer.text().contains("This code is wrong"), "{}", wrong.answer.text());
        let code = app.next(t);
        let shown = format!(" {} {} ", &code[..3], &code[3..]);
        let arrived = send(&mut browser, &wrong, "/login/code", "code", &shown).await;
        assert_eq!((arrived.answer.status, arrived.path.as_str()), (200, CLIENTS));
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["kibali"], "the others have served");
        let (mut browser, page) = half(t, "/login").await;
        let used = send(&mut browser, &page, "/login/code", "code", &code).await;
        assert!(used.answer.text().contains("used before"));
        assert!(!opens(&mut browser).await);
    }
);

both!(
    fn half_a_sign_in_opens_nothing_and_belongs_to_one_browser_for_five_minutes(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        let (mut browser, page) = half(t, "/login").await;
        for path in ["/apps", TWO_FACTOR, CLIENTS] {
            assert_eq!(browser.open(path).await.path, "/login", "{path}");
        }
        for path in ["/api/me", "/api/2fa/enabled"] {
            assert_eq!(get(&mut browser, path).await.status, 401, "{path}");
        }
        let forged = browser.submit(&page, &page.form("/login/code").fill("code", "123456").fill("csrf", "x")).await;
        assert_eq!(forged.answer.status, 403);

        // In another browser, and in this one after five minutes, it is worth nothing.
        let mut thief = t.browser();
        thief.open("/login").await;
        thief.cookies.insert("kibali-code".to_owned(), browser.cookies["kibali-code"].clone());
        assert_eq!(thief.open("/login/code").await.path, "/login");
        assert_eq!(t.browser().open("/login/code").await.path, "/login");
        t.clock.advance_seconds(299);
        assert_eq!(browser.open("/login/code").await.path, "/login/code");
        t.clock.advance_seconds(1);
        let late = send(&mut browser, &page, "/login/code", "code", &app.shows(t)).await;
        assert_eq!(late.path, "/login");
        assert!(!opens(&mut browser).await);

        // Nor with a password that is no longer the account's.
        let (mut browser, page) = half(t, "/login").await;
        let patch = json!([{ "op": "add", "path": "/password", "value": "Another_2026" }]);
        let patch = t.patch("/api/users/userordin01").body("application/json-patch+json", patch.to_string());
        assert_eq!(patch.basic(ADMIN, ADMIN_PASSWORD).send().await.status, 200);
        assert_eq!(send(&mut browser, &page, "/login/code", "code", &app.next(t)).await.path, "/login");
        assert!(!opens(&mut browser).await);
    }
);

both!(
    fn a_role_that_demands_a_second_factor_leads_to_setting_one_up_before_anything_opens(t) {
        make_ordinary(t, &[]).await;
        let mut before = signed_in(t, ORDINARY).await;
        demand(t).await;
        assert!(!opens(&mut before).await, "a session of before opens nothing either");
        assert_eq!(before.open("/apps").await.path, TWO_FACTOR);

        let asked = format!("/uaa/oauth/authorize?client_id={CLIENT}&response_type=code");
        let mut browser = t.browser();
        let page = browser.open(&asked).await;
        let page = fill_login(&mut browser, &page, ORDINARY.0, ORDINARY.1).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, TWO_FACTOR));
        assert!(page.answer.text().contains("A role of yours demands a second factor."));
        for path in ["/apps", "/login", "/login/code", CLIENTS, "/account/two-factor/prove"] {
            assert_eq!(browser.open(path).await.path, TWO_FACTOR, "{path}");
        }
        assert_eq!(browser.open_once(&asked).await.location(), Some("/login"));
        for path in ["/api/me", "/api/2fa/enabled", "/api/users"] {
            assert_eq!(get(&mut browser, path).await.status, 401, "{path}");
        }
        let page = browser.open(TWO_FACTOR).await;
        let (app, done) = set_up(t, &mut browser, &page).await;
        assert!(done.answer.text().contains("/uaa/oauth/authorize?client_id="), "on to where it was going");
        assert!(opens(&mut browser).await && !opens(&mut before).await);
        assert!(browser.open(&asked).await.answer.text().contains("user_oauth_approval"));

        // Whoever switches it off is back at the beginning.
        let page = browser.open(TWO_FACTOR).await;
        let page = send(&mut browser, &page, "/off", "code-for-off", &app.next(t)).await;
        assert_eq!(page.path, TWO_FACTOR);
        assert!(page.answer.text().contains("Set it up") && !opens(&mut browser).await);
        let out = browser.submit(&page, &page.form("/logout")).await;
        assert_eq!(out.path, "/login");
    }
);

both!(
    fn recovery_codes_are_shown_once_and_open_once_each(t) {
        make_ordinary(t, &[]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let page = browser.open(TWO_FACTOR).await;
        assert_page(t, &page.answer, "off").await;
        let (app, done) = set_up(t, &mut browser, &page).await;
        assert_page(t, &done.answer, "recovery codes").await;
        let first = recovery_codes(&done);
        let page = browser.open("/account/two-factor/confirm").await;
        assert!(page.path == TWO_FACTOR && page.answer.text().contains("10 of 10 are left"));
        assert!(!page.answer.text().contains(&first[0]), "never again");

        let (mut other, page) = half(t, "/login").await;
        let typed = first[0].to_uppercase().replace('-', " ");
        let page = send(&mut other, &page, "/login/code", "code", &typed).await;
        assert_eq!(page.path, "/apps");
        assert!(other.open(TWO_FACTOR).await.answer.text().contains("9 of 10 are left"));
        let (mut again, page) = half(t, "/login").await;
        let page = send(&mut again, &page, "/login/code", "code", &first[0]).await;
        assert!(page.answer.text().contains("used before") && !opens(&mut again).await);

        let page = browser.open(TWO_FACTOR).await;
        let made = send(&mut browser, &page, "/codes", "code-for-codes", &app.next(t)).await;
        let second = recovery_codes(&made);
        let (mut old, page) = half(t, "/login").await;
        let page = send(&mut old, &page, "/login/code", "code", &first[1]).await;
        assert!(page.answer.text().contains("This code is wrong"), "the old ones are worthless");
        assert_eq!(send(&mut old, &page, "/login/code", "code", &second[1]).await.path, "/apps");
    }
);

both!(
    fn a_second_factor_is_switched_off_with_a_code(t) {
        make_ordinary(t, &[]).await;
        let (mut browser, app) = enrolled(t).await;
        let page = browser.open(TWO_FACTOR).await;
        assert!(page.answer.text().contains("It is on since 2026-01-15."));
        assert_page(t, &page.answer, "on").await;
        let refused = send(&mut browser, &page, "/off", "code-for-off", &app.shows(t)).await;
        assert!(refused.answer.text().contains("used before"));
        let off = send(&mut browser, &refused, "/off", "code-for-off", &app.next(t)).await;
        assert!(off.answer.text().contains("is off. Your password alone"), "{}", off.answer.text());
        signed_in(t, ORDINARY).await;
    }
);

both!(
    fn a_session_remembers_when_the_factor_was_proved(t) {
        make_ordinary(t, &[]).await;
        let (mut browser, app) = enrolled(t).await;
        let proved = async |browser: &Browser| {
            let hash = kibali_crypto::sha256(&browser.cookies["kibali"]);
            let mut reader = t.app.store.reader().await.unwrap();
            let found = kibali_store::door::sessions::find(&mut reader, hash).await.unwrap().unwrap();
            found.proved.map(|(factor, at)| (factor.as_str(), at.seconds()))
        };
        let now = || kibali_model::Clock::now(&*t.clock).seconds();
        assert_eq!(proved(&browser).await, Some(("totp", now())));
        t.clock.advance_seconds(600);
        let page = browser.open("/account/two-factor/prove").await;
        assert_page(t, &page.answer, "prove").await;
        let refused = send(&mut browser, &page, "/prove", "code", &app.wrong(t)).await;
        assert_eq!(refused.answer.status, 400);
        assert_eq!(proved(&browser).await, Some(("totp", now() - 600)));
        let page = send(&mut browser, &refused, "/prove", "code", &app.shows(t)).await;
        assert_eq!(page.path, TWO_FACTOR);
        assert_eq!(proved(&browser).await, Some(("totp", now())));
        let mut without = signed_in(t, (ADMIN, ADMIN_PASSWORD)).await;
        assert_eq!(proved(&without).await, None);
        let page = without.open("/account/two-factor/prove").await;
        assert_eq!(send(&mut without, &page, "/prove", "code", "123456").await.path, TWO_FACTOR);
    }
);

both!(
    fn signing_in_again_because_an_application_asks_takes_the_code_again(t) {
        make_ordinary(t, &[]).await;
        register(t, "app", json!({})).await;
        let (mut browser, app) = enrolled(t).await;
        t.clock.advance_seconds(600);
        let again = browser.open(&asking("app", "&scope=openid&prompt=login")).await;
        assert_eq!((again.answer.status, again.path.as_str()), (200, "/login"));
        let page = fill_login(&mut browser, &again, ORDINARY.0, ORDINARY.1).await;
        assert_eq!((page.answer.status, page.path.as_str()), (200, "/login/code"), "{}", page.answer.text());
        // Nor does the password, given once more where one without a second factor is asked for it.
        assert_eq!(browser.open("/account/password/prove").await.path, "/account/two-factor/prove");
        let csrf = browser.open("/apps").await.form("/logout").value("csrf").unwrap().to_owned();
        let fields = [("csrf", csrf.as_str()), ("password", ORDINARY.1)];
        let request = browser.request("POST", "/account/password/prove").header("origin", "http://localhost:8080");
        assert_eq!(browser.send(request.form(&fields)).await.location(), Some("/account/two-factor/prove"));
        // Whoever is signed in already gets no further with the password alone.
        let before = browser.open(&asking("app", "&scope=openid&max_age=60")).await;
        assert_eq!(before.path, "/login");
        let page = browser.open("/login/code").await;
        assert_eq!(page.path, "/login/code");
        let wrong = send(&mut browser, &page, "/login/code", "code", &app.wrong(t)).await;
        assert_eq!(wrong.answer.status, 401, "{}", wrong.answer.text());
        let done = send(&mut browser, &wrong, "/login/code", "code", &app.shows(t)).await;
        let done = allow(&mut browser, &asking("app", "&scope=openid&max_age=60")).await.answer.location().map(str::to_owned).or(done.answer.location().map(str::to_owned)).unwrap();
        let code = done.split_once("code=").unwrap_or_else(|| panic!("{done}")).1.split('&').next().unwrap().to_owned();
        let tokens = redeem(t, "app", &code).await.json();
        let told = said(&tokens["id_token"]);
        assert_eq!(told["auth_time"].as_i64(), Some(kibali_model::Clock::now(&*t.clock).seconds()));
    }
);

both!(
    fn whoever_finds_a_browser_open_sets_up_no_second_factor_and_sees_no_seed(t) {
        make_ordinary(t, &[]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let off = browser.open(TWO_FACTOR).await;
        let enrolling = browser.submit(&off, &off.form("/begin")).await;
        assert!(enrolling.answer.text().contains("id=\"seed\""));
        t.clock.advance_seconds(300);
        // Neither on the pages
        let hidden = browser.open(TWO_FACTOR).await;
        assert!(!hidden.answer.text().contains("id=\"seed\""), "{}", hidden.answer.text());
        let asked = browser.submit(&hidden, &hidden.form("/begin")).await;
        assert_eq!(asked.path, "/account/password/prove");
        let asked = send(&mut browser, &enrolling, "/confirm", "code", "123456").await;
        assert_eq!(asked.path, "/account/password/prove");
        // nor by the Web API.
        let api = [("POST", "/api/2fa/enrollTOTP2FA"), ("GET", "/api/2fa/qrCode"), ("GET", "/api/2fa/qrCodeJson"),
                   ("GET", "/api/2fa/qrCodePng"), ("POST", "/api/2fa/enable")];
        for (method, path) in api {
            let request = browser.request(method, path).json(&json!({ "code": "123456" }));
            let refused = browser.send(request).await;
            assert_eq!(refused.status, 403, "{path}");
            assert!(refused.text().contains("Sign in again first"), "{path}: {}", refused.text());
        }
        // Whoever gives the password goes on where they were, until a quarter of an hour is over.
        let page = browser.submit(&asked, &asked.form("/prove").fill("password", ORDINARY.1)).await;
        assert_eq!(page.path, TWO_FACTOR);
        assert!(page.answer.text().contains("id=\"seed\""), "{}", page.answer.text());
        t.clock.advance_seconds(600);
        let page = browser.open("/account/password/prove").await;
        let page = browser.submit(&page, &page.form("/prove").fill("password", ORDINARY.1)).await;
        assert_eq!(page.path, "/account");
        let over = browser.open(TWO_FACTOR).await;
        assert!(!over.answer.text().contains("id=\"seed\""), "{}", over.answer.text());
        assert_eq!(get(&mut browser, "/api/2fa/qrCodeJson").await.status, 409);
        set_up(t, &mut browser, &over).await;
    }
);
