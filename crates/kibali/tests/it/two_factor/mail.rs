//! Codes that are mailed.

use futures_util::future::join_all;
use kibali_crypto::sha256;
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET};
use kibali_testkit::{Browser, TestApp, both};
use serde_json::{Value, json};

use super::pages::recovery_codes;
use super::{get, login_status, post};
use crate::account::{AMINA, Office, PASSWORD, verify_address, with_amina};
use crate::pages::fill_login;

pub(super) const WHO: (&str, &str) = (AMINA, PASSWORD);
pub(super) const SENT: &str = "EMAIL_TWO_FACTOR_CODE_SENT";
pub(super) const WRONG: &str = "INCORRECT_TWO_FACTOR_CODE_EMAIL";

/// The code of a message: six digits on a line of their own.
fn code_in(mail: &str) -> String {
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
    mail.lines().find(is_code).unwrap_or_else(|| panic!("no code: {mail}")).to_owned()
}

/// The code of the one message that came.
pub(super) async fn mailed(office: &Office) -> String {
    let mail = office.mail().await;
    assert_eq!(mail.len(), 1, "{mail:?}");
    code_in(&mail[0])
}

/// Another code than this.
pub(super) fn other_than(code: &str) -> String {
    let first = if code.starts_with('0') { "1" } else { "0" };
    format!("{first}{}", &code[1..])
}

/// Somebody whose address is verified, signed in.
pub(super) async fn amina(t: &TestApp) -> (Office, Browser) {
    with_amina(t, json!({})).await;
    let office = Office::open(t, json!({})).await;
    verify_address(&office).await;
    let mut browser = office.node.browser();
    assert_eq!(login_status(&mut browser, WHO, None).await, "SUCCESS");
    (office, browser)
}

/// The same, with codes by mail.
pub(super) async fn protected(t: &TestApp) -> (Office, Browser) {
    let (office, mut browser) = amina(t).await;
    assert_eq!(post(&mut browser, "/api/2fa/enrollEmail2FA", &json!({})).await.status, 200);
    let code = mailed(&office).await;
    let enabled = post(&mut browser, "/api/2fa/enable", &json!({ "code": code })).await;
    assert_eq!(enabled.status, 200, "{}", enabled.text());
    t.clock.advance_seconds(60);
    (office, browser)
}

/// Asks for a code by signing in without one, in a browser of its own.
pub(super) async fn asked(office: &Office) -> (Browser, String) {
    office.node.clock.advance_seconds(60);
    let mut browser = office.node.browser();
    assert_eq!(login_status(&mut browser, WHO, None).await, SENT);
    (browser, mailed(office).await)
}

/// Another with the same cookies.
pub(super) fn same(node: &TestApp, browser: &Browser) -> Browser {
    let mut other = node.browser();
    other.cookies.clone_from(&browser.cookies);
    other
}

/// What is said of a code that comes from this address, with the cookies of a browser.
pub(super) async fn tried(node: &TestApp, browser: &Browser, address: &str, code: &str) -> Value {
    let body = json!({ "username": AMINA, "password": PASSWORD, "twoFactorCode": code });
    let request = browser.request("POST", "/api/42/auth/login").from(address).json(&body);
    same(node, browser).send(request).await.json()["loginStatus"].clone()
}

both!(
    fn codes_by_mail_are_set_up_with_an_address_that_is_read_and_dhis2s_codes(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let mut browser = office.node.browser();
        assert_eq!(login_status(&mut browser, WHO, None).await, "SUCCESS");
        let enroll = async |browser: &mut Browser| {
            let answer = post(browser, "/api/2fa/enrollEmail2FA", &json!({})).await;
            (answer.status, answer.json()["errorCode"].as_str().unwrap_or_default().to_owned(), answer.json()["message"].clone())
        };
        let (status, code, message) = enroll(&mut browser).await;
        assert_eq!((status, code.as_str()), (409, "E3043"));
        assert_eq!(message, "User does not have a verified email, please verify your email before you try to enable 2FA");
        assert!(office.mail().await.is_empty());
        verify_address(&office).await;
        let (status, _, message) = enroll(&mut browser).await;
        assert_eq!(status, 200);
        assert_eq!(message, "The user has enrolled in email-based 2FA, a code was generated and sent successfully to the user's email");
        let mail = office.mail().await;
        assert_eq!(mail.len(), 1);
        assert!(mail[0].contains("To: Amina@example.org\n") || mail[0].contains("To: Amina@example.org\r\n"), "{}", mail[0]);
        let code = code_in(&mail[0]);
        assert_eq!(get(&mut browser, "/api/me?fields=twoFactorType").await.json()["twoFactorType"], "ENROLLING_EMAIL");
        assert_eq!(get(&mut browser, "/api/2fa/enabled").await.json(), json!(false));
        // What stands in the database is no hash that could be tried out.
        let mut reader = office.node.app.store.reader().await.unwrap();
        let rows = reader.rows_composed("select verifier from mailed_code", Vec::new()).await.unwrap();
        drop(reader);
        let kept = rows[0].bytes_opt(0).unwrap().unwrap();
        assert!(kept.len() == 32 && kept != sha256(&code), "it is keyed");
        let wrong = post(&mut browser, "/api/2fa/enable", &json!({ "code": other_than(&code) })).await;
        assert_eq!((wrong.status, &wrong.json()["errorCode"]), (403, &json!("E3023")));
        // A password alone still opens, and the other browser ends with the confirmation.
        let mut other = office.node.browser();
        assert_eq!(login_status(&mut other, WHO, None).await, "SUCCESS");
        assert_eq!(post(&mut browser, "/api/2fa/enable", &json!({ "code": code })).await.status, 200);
        assert_eq!(get(&mut browser, "/api/2fa/enabled").await.json(), json!(true));
        assert_eq!(get(&mut browser, "/api/me?fields=twoFactorType").await.json()["twoFactorType"], "EMAIL_ENABLED");
        assert_eq!(get(&mut other, "/api/me").await.status, 401);
        assert_eq!(enroll(&mut browser).await.1, "E3022");
        assert_eq!(office.node.get("/api/me").basic(AMINA, PASSWORD).send().await.status, 401);
        let again = post(&mut browser, "/api/2fa/disable", &json!({ "code": code })).await;
        assert_eq!((again.status, &again.json()["errorCode"]), (403, &json!("E3023")), "it counted once");

        // Without a code, one is mailed.
        t.clock.advance_seconds(60);
        let asked = post(&mut browser, "/api/2fa/disable", &json!({})).await;
        assert_eq!((asked.status, &asked.json()["errorCode"]), (409, &json!("E3051")));
        let code = mailed(&office).await;
        assert_eq!(post(&mut browser, "/api/2fa/disable", &json!({ "code": code })).await.status, 200);
        assert_eq!(login_status(&mut office.node.browser(), WHO, None).await, "SUCCESS");
    }
);

both!(
    fn signing_in_takes_a_mailed_code_once_whichever_node_it_reaches(t) {
        let (office, _) = protected(t).await;
        let node = &office.node;
        let mut browser = node.browser();
        let old = post(&mut browser, "/api/auth/login", &json!({ "username": AMINA, "password": PASSWORD })).await;
        assert_eq!(old.json()["loginStatus"], "INCORRECT_TWO_FACTOR_CODE", "as older versions say it");
        let code = mailed(&office).await;
        assert_eq!(login_status(&mut browser, WHO, None).await, SENT);
        assert!(office.mail().await.is_empty(), "one was mailed just now");
        assert_eq!(login_status(&mut browser, WHO, Some(&other_than(&code))).await, WRONG);
        let mut again = same(node, &browser);
        assert_eq!(login_status(&mut browser, WHO, Some(&code)).await, "SUCCESS");
        assert_eq!(get(&mut browser, "/api/me").await.status, 200);
        assert_eq!(login_status(&mut again, WHO, Some(&code)).await, WRONG);
        let wrong = node.post("/api/42/auth/login").json(&json!({ "username": AMINA, "password": "wrong" })).send().await;
        assert_eq!(wrong.status, 401);
        assert!(office.mail().await.is_empty(), "who does not know the password has nothing mailed");
        // Of those that come at once, one gets in.
        for _ in 0..3 {
            let (browser, code) = asked(&office).await;
            let attempts = (0..4).map(|n| {
                let (node, browser, code) = (if n % 2 == 0 { t } else { node }, &browser, code.as_str());
                async move { tried(node, &same(node, browser), &format!("203.0.113.{n}"), code).await }
            });
            // Who is late is told that the code is wrong, or to wait.
            let statuses = join_all(attempts).await;
            assert_eq!(statuses.iter().filter(|status| **status == "SUCCESS").count(), 1, "{statuses:?}");
        }
    }
);

both!(
    fn a_mailed_code_has_five_tries_and_a_quarter_of_an_hour(t) {
        let (office, _) = protected(t).await;
        let node = &office.node;
        let (mut browser, code) = asked(&office).await;
        for guess in 0..5 {
            assert_eq!(tried(node, &browser, &format!("203.0.113.{guess}"), &other_than(&code)).await, WRONG);
        }
        assert_eq!(login_status(&mut browser, WHO, Some(&code)).await, WRONG, "it has been tried out");
        let login = browser.open("/login").await;
        let page = fill_login(&mut browser, &login, AMINA, PASSWORD).await;
        assert!(page.answer.text().contains("No code waits for you"), "{}", page.answer.text());
        let (mut browser, code) = asked(&office).await;
        for guess in 0..4 {
            assert_eq!(tried(node, &browser, &format!("198.51.100.{guess}"), &other_than(&code)).await, WRONG);
        }
        assert_eq!(login_status(&mut browser, WHO, Some(&code)).await, "SUCCESS", "the fifth");
        let (mut browser, code) = asked(&office).await;
        t.clock.advance_seconds(15 * 60);
        assert_eq!(login_status(&mut browser, WHO, Some(&code)).await, WRONG);
        t.clock.advance_seconds(3600);
        let (mut browser, first) = asked(&office).await;
        t.clock.advance_seconds(60);
        assert_eq!(login_status(&mut browser, WHO, None).await, SENT);
        let second = mailed(&office).await;
        assert_eq!(login_status(&mut browser, WHO, Some(&first)).await, WRONG, "another took its place");
        assert_eq!(login_status(&mut browser, WHO, Some(&second)).await, "SUCCESS");
    }
);

both!(
    fn a_user_is_mailed_five_codes_an_hour_and_told_when_the_next_comes(t) {
        let (office, _) = protected(t).await;
        let (node, mut browser, mut came) = (&office.node, office.node.browser(), 0);
        for round in 0..8 {
            t.clock.advance_seconds(60);
            // Whoever asks, and in how many browsers.
            let mut other = node.browser();
            let asking = if round % 2 == 0 { &mut browser } else { &mut other };
            let told = login_status(asking, WHO, None).await;
            let mail = office.mail().await;
            assert!(mail.iter().all(|mail| mail.contains("To: Amina@example.org")), "{mail:?}");
            came += mail.len();
            assert_eq!(told, if round < 5 || round == 6 { SENT } else { WRONG }, "{round}: the last one still works");
        }
        assert_eq!(came, 5, "the one that was used counts for nothing");
        // The last one has run out, and there is no other.
        t.clock.advance_seconds(900);
        assert_eq!(login_status(&mut browser, WHO, None).await, WRONG, "none was sent");
        let login = browser.open("/login").await;
        let page = fill_login(&mut browser, &login, AMINA, PASSWORD).await;
        let text = page.answer.text();
        assert!(text.contains("No code was mailed to you") && text.contains("from 09:02 UTC on"), "{text}");
        assert!(!text.contains("A code was mailed"), "{text}");
        assert!(office.mail().await.is_empty());
        // An hour after the first of the five.
        t.clock.advance_seconds(3600 - 7 * 60 - 900);
        let (mut browser, code) = asked(&office).await;
        assert_eq!(login_status(&mut browser, WHO, Some(&code)).await, "SUCCESS");
    }
);

both!(
    fn codes_go_where_they_were_set_up_and_the_address_stays_while_they_do(t) {
        let (office, mut browser) = amina(t).await;
        let node = &office.node;
        let change = async |browser: &mut Browser, email: &str| {
            browser.send(browser.request("PUT", "/api/me").json(&json!({ "email": email }))).await
        };
        // While it is being set up, the address is the user's to change: the codes do not follow.
        assert_eq!(post(&mut browser, "/api/2fa/enrollEmail2FA", &json!({})).await.status, 200);
        let code = mailed(&office).await;
        assert_eq!(change(&mut browser, "other@example.org").await.status, 200);
        assert_eq!(office.mail().await.len(), 1, "the address of before is told");
        verify_address(&office).await;
        assert_eq!(post(&mut browser, "/api/2fa/enable", &json!({ "code": code })).await.status, 200);
        t.clock.advance_seconds(60);
        assert_eq!(login_status(&mut node.browser(), WHO, None).await, SENT);
        let mail = office.mail().await;
        assert!(mail.len() == 1 && mail[0].contains("To: Amina@example.org"), "{mail:?}");
        // From then on it stays, whoever wants to change it.
        let refused = change(&mut browser, "thief@example.org").await;
        assert!(refused.status == 409 && refused.text().contains("E3052"), "{}", refused.text());
        let patch = json!([{ "op": "replace", "path": "/email", "value": "thief@example.org" }]).to_string();
        let patch = node.patch("/api/users/useramina01").basic(ADMIN, ADMIN_PASSWORD).body("application/json-patch+json", patch);
        let refused = patch.send().await;
        assert!(refused.status == 409 && refused.text().contains("E3052"), "{}", refused.text());
        assert_eq!(change(&mut browser, "OTHER@example.org").await.status, 200, "letters in either case");
        assert!(office.mail().await.is_empty(), "it is the same address");
    }
);

both!(
    fn a_code_that_was_mailed_for_another_address_confirms_nothing(t) {
        let (office, mut browser) = amina(t).await;
        let begin = async |browser: &mut Browser| post(browser, "/api/2fa/enrollEmail2FA", &json!({})).await.status;
        assert_eq!(begin(&mut browser).await, 200);
        let first = mailed(&office).await;
        let change = browser.request("PUT", "/api/me").json(&json!({ "email": "other@example.org" }));
        assert_eq!(browser.send(change).await.status, 200);
        office.mail().await;
        verify_address(&office).await;
        assert_eq!(begin(&mut browser).await, 200, "the code of before does not hold up the next");
        let second = mailed(&office).await;
        assert_eq!(post(&mut browser, "/api/2fa/enable", &json!({ "code": first })).await.status, 403);
        assert_eq!(post(&mut browser, "/api/2fa/enable", &json!({ "code": second })).await.status, 200);
    }
);

both!(
    fn a_first_code_by_mail_is_waited_for_a_quarter_of_an_hour(t) {
        let (office, mut browser) = amina(t).await;
        assert_eq!(post(&mut browser, "/api/2fa/enrollEmail2FA", &json!({})).await.status, 200);
        let code = mailed(&office).await;
        t.clock.advance_seconds(900);
        assert_eq!(login_status(&mut browser, WHO, None).await, "SUCCESS");
        let late = post(&mut browser, "/api/2fa/enable", &json!({ "code": code })).await;
        assert_eq!((late.status, &late.json()["errorCode"]), (409, &json!("E3029")), "{}", late.text());
        let page = browser.open("/account/two-factor").await;
        assert!(!page.answer.text().contains("/two-factor/confirm\""), "{}", page.answer.text());
        // It is begun anew by whoever proved a moment ago who they are.
        t.clock.advance_seconds(300);
        assert_eq!(browser.submit(&page, &page.form("/begin-mail")).await.path, "/account/password/prove");
    }
);

both!(
    fn a_full_queue_of_mail_keeps_out_no_recovery_code(t) {
        let (office, mut browser) = amina(t).await;
        let node = &office.node;
        let fill = || -> Vec<_> { std::iter::from_fn(|| node.app.mailer().place().ok()).collect() };
        let full = fill();
        assert_eq!(post(&mut browser, "/api/2fa/enrollEmail2FA", &json!({})).await.status, 503);
        let page = browser.open("/account/two-factor").await;
        assert!(page.answer.text().contains("No code waits for you"), "{}", page.answer.text());
        drop(full);
        assert_eq!(post(&mut browser, "/api/2fa/enrollEmail2FA", &json!({})).await.status, 200);
        let code = mailed(&office).await;
        let page = browser.open("/account/two-factor").await;
        assert!(!page.answer.text().contains("No code waits for you"), "{}", page.answer.text());
        let done = browser.submit(&page, &page.form("/confirm").fill("code", &code)).await;
        let recovery = recovery_codes(&done);
        let full = fill();
        assert!(!full.is_empty());
        assert_eq!(login_status(&mut node.browser(), WHO, None).await, WRONG, "none was sent");
        let mut other = node.browser();
        let login = other.open("/login").await;
        let asked = fill_login(&mut other, &login, AMINA, PASSWORD).await;
        assert_eq!((asked.answer.status, asked.path.as_str()), (200, "/login/code"));
        assert!(asked.answer.text().contains("No code waits for you"), "{}", asked.answer.text());
        let entered = other.submit(&asked, &asked.form("/login/code").fill("code", &recovery[0])).await;
        assert_eq!(entered.path, "/apps");
        drop(full);
    }
);

async fn token(t: &TestApp, otp: Option<&str>) -> (u16, Value) {
    let mut fields = vec![("grant_type", "password"), ("username", AMINA), ("password", PASSWORD)];
    fields.extend(otp.map(|otp| ("otp", otp)));
    let answer = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await;
    (answer.status, answer.json())
}

both!(
    fn no_mailed_code_goes_with_the_password_grant(t) {
        let (office, _) = protected(t).await;
        let node = &office.node;
        let change = json!([{ "op": "replace", "path": "/takesOtp", "value": true }]).to_string();
        let patch = node.patch("/api/oAuth2Clients/e0jkVfDkSMT").basic(ADMIN, ADMIN_PASSWORD);
        assert_eq!(patch.body("application/json-patch+json", change).send().await.status, 200);
        let refused = token(node, None).await;
        assert_eq!(refused.0, 401);
        assert!(office.mail().await.is_empty(), "a script reads no mail");
        let (mut browser, code) = asked(&office).await;
        assert_eq!(token(node, Some(&code)).await, refused);
        assert_eq!(login_status(&mut browser, WHO, Some(&code)).await, "SUCCESS");
    }
);
