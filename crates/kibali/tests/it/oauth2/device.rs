//! Devices without a browser (RFC 8628).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Answer, Browser, Page, TestApp, both};
use serde_json::{Value, json};

use super::par::all_but_one_wait;
use super::{SECRET, register, said, signed_in};
use crate::pages::{ORDINARY, make_ordinary};

pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const PAGE: &str = "/oauth2/device";

pub(super) async fn television(t: &TestApp) {
    let grants = format!("{GRANT},refresh_token");
    register(t, "tv", json!({ "authorizationGrantTypes": grants })).await;
}

pub(super) async fn start(t: &TestApp) -> Value {
    let fields = [("scope", "openid username")];
    let answer = t.post("/oauth2/device_authorization").basic("tv", SECRET).form(&fields).send().await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.text());
    answer.json()
}

pub(super) async fn poll(t: &TestApp, code: &str) -> Answer {
    let fields = [("grant_type", GRANT), ("device_code", code)];
    t.post("/oauth2/token").basic("tv", SECRET).form(&fields).send().await
}

async fn error(t: &TestApp, code: &str) -> String {
    let answer = poll(t, code).await;
    assert_eq!(answer.status, 400);
    answer.json()["error"].as_str().unwrap().to_owned()
}

async fn type_in(browser: &mut Browser, code: &str) -> Page {
    let page = browser.open(PAGE).await;
    let form = page.form(PAGE).fill("user_code", code);
    browser.submit(&page, &form).await
}

pub(super) async fn answer(browser: &mut Browser, code: &str, said: &str) -> Page {
    let page = type_in(browser, code).await;
    assert!(page.answer.text().contains("App tv"), "{}", page.answer.text());
    let form = page.form(PAGE).press("answer", said);
    browser.submit(&page, &form).await
}

both!(
    fn a_device_gets_its_tokens_once_its_user_typed_the_code_and_allowed_it(t) {
        television(t).await;
        let told = start(t).await;
        let code = told["device_code"].as_str().unwrap();
        let shown = told["user_code"].as_str().unwrap();
        assert_eq!((&told["interval"], &told["expires_in"]), (&json!(5), &json!(300)));
        assert_eq!(told["verification_uri"], "http://localhost:8080/oauth2/device");
        assert_eq!(error(t, code).await, "authorization_pending");
        assert_eq!(error(t, code).await, "slow_down");
        t.clock.advance_seconds(5);
        assert_eq!(error(t, code).await, "authorization_pending");
        let mut browser = t.browser();
        let complete = told["verification_uri_complete"].as_str().unwrap().replace("http://localhost:8080", "");
        assert_eq!(browser.open_once(&complete).await.location(), Some("/login"));
        let mut browser = signed_in(t).await;
        let page = browser.open(&complete).await;
        assert_eq!(page.form(PAGE).value("user_code"), Some(shown), "filled in, and still to be sent");
        let done = answer(&mut browser, &shown.to_lowercase().replace('-', " "), "allow").await;
        assert!(done.answer.text().contains("The device is connected"));
        let tokens = poll(t, code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text());
        let tokens = tokens.json();
        assert!(said(&tokens["id_token"])["auth_time"].is_i64());
        assert!(tokens["refresh_token"].is_string());
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(t.get("/api/me").bearer(token).send().await.status, 200);
        assert_eq!(error(t, code).await, "invalid_grant", "it works once");
        let again = type_in(&mut browser, shown).await;
        assert_eq!(again.answer.status, 400);
    }
);

both!(
    fn a_no_a_late_answer_and_another_clients_question_get_nothing(t) {
        television(t).await;
        register(t, "other", json!({ "authorizationGrantTypes": GRANT })).await;
        let told = start(t).await;
        let (code, shown) = (told["device_code"].as_str().unwrap(), told["user_code"].as_str().unwrap());
        let fields = [("grant_type", GRANT), ("device_code", code)];
        let stolen = t.post("/oauth2/token").basic("other", SECRET).form(&fields).send().await;
        assert_eq!(stolen.json()["error"], "invalid_grant");
        let mut browser = signed_in(t).await;
        answer(&mut browser, shown, "deny").await;
        assert_eq!(error(t, code).await, "access_denied");
        let told = start(t).await;
        let (code, shown) = (told["device_code"].as_str().unwrap(), told["user_code"].as_str().unwrap());
        t.clock.advance_seconds(300);
        assert_eq!(error(t, code).await, "expired_token");
        assert_eq!(type_in(&mut browser, shown).await.answer.status, 400);
        register(t, "plain", json!({})).await;
        let refused = t.post("/oauth2/device_authorization").basic("plain", SECRET).send().await;
        assert_eq!(refused.json()["error"], "unauthorized_client");
    }
);

both!(
    fn guesses_at_codes_are_slowed_down_and_a_form_of_another_site_answers_nothing(t) {
        television(t).await;
        let told = start(t).await;
        let mut browser = signed_in(t).await;
        let mut statuses = Vec::new();
        // A right code makes up for no wrong one: whoever has a device of their own has as many as they like.
        let right = told["user_code"].as_str().unwrap();
        for guess in ["BBBBBBBB", "CCCCCCCC", right, "DDDDDDDD", "FFFFFFFF"] {
            statuses.push(type_in(&mut browser, guess).await.answer.status);
        }
        assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
        let fields = [("user_code", right), ("answer", "allow")];
        let mut other = signed_in(t).await;
        let forged = other.send(other.request("POST", PAGE).form(&fields)).await;
        assert_eq!(forged.status, 403);
    }
);

both!(
    fn a_cut_takes_along_the_codes_of_devices_that_would_open_it_again(t) {
        television(t).await;
        register(t, "radio", json!({})).await;
        make_ordinary(t, &[]).await;
        // What ends: what the user allowed, what somebody else did, what nobody answered yet.
        for (cut, ends) in [
            ("client=tv", [true, true, true]),
            ("user=ordinary", [true, false, false]),
            ("user=ordinary&client=tv", [true, false, false]),
            ("user=ordinary&client=radio", [false; 3]),
            ("client=radio", [false; 3]),
        ] {
            let (told, by_others, waits) = (start(t).await, start(t).await, start(t).await);
            for (told, who) in [(&told, ORDINARY), (&by_others, (ADMIN, ADMIN_PASSWORD))] {
                let mut theirs = crate::pages::signed_in(t, who).await;
                answer(&mut theirs, told["user_code"].as_str().unwrap(), "allow").await;
            }
            let mut browser = signed_in(t).await;
            let ask = browser.open(&format!("/administration/grants/end?{cut}")).await;
            browser.submit(&ask, &ask.form("/end")).await;
            for (told, ends) in [told, by_others, waits].iter().zip(ends) {
                let polled = poll(t, told["device_code"].as_str().unwrap()).await;
                assert_eq!(polled.json()["error"] == "invalid_grant", ends, "{cut}: {}", polled.text());
            }
        }
    }
);

both!(
    fn two_thousand_codes_of_a_client_wait_and_no_more(t) {
        television(t).await;
        let insert = "insert into device_code (hash, user_hash, client, scope, created, expires) values ($1, $1, $2, '', $3, $4)";
        all_but_one_wait(t, "tv", insert).await;
        start(t).await;
        let full = t.post("/oauth2/device_authorization").basic("tv", SECRET).send().await;
        assert_eq!((full.status, full.header("retry-after")), (503, Some("60")), "{}", full.text());
        t.clock.advance_seconds(60);
        start(t).await;
    }
);
