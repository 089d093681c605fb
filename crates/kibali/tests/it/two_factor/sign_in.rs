//! Signing in with a code, and never without.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{TestApp, both};
use serde_json::json;

use super::{enrolled, login, login_status, opens};
use crate::identity::ask_token;
use crate::pages::{ORDINARY, make_ordinary};

both!(
    fn a_password_alone_opens_nothing_once_there_is_a_second_factor(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        for code in [None, Some(""), Some("123"), Some("no code at all")] {
            let mut browser = t.browser();
            let answer = login(&mut browser, ORDINARY, code).await;
            assert_eq!((answer.status, answer.json()), (200, json!({ "loginStatus": "INCORRECT_TWO_FACTOR_CODE_TOTP" })));
            assert_eq!(answer.header("set-cookie"), None);
            assert!(!opens(&mut browser).await);
            t.clock.advance_seconds(60);
        }
        let old = t.post("/api/auth/login").json(&json!({ "username": ORDINARY.0, "password": ORDINARY.1 }));
        assert_eq!(old.send().await.json()["loginStatus"], "INCORRECT_TWO_FACTOR_CODE");
        let basic = t.get("/api/me").basic(ORDINARY.0, ORDINARY.1).send().await;
        assert!(basic.status == 401 && basic.text().contains("second factor"), "{}", basic.text());
        let token = ask_token(t, ORDINARY.0, ORDINARY.1).await;
        assert_eq!((token.status, &token.json()["error"]), (401, &json!("unauthorized")));
        // A right code after a wrong password says nothing.
        let wrong = login(&mut t.browser(), (ORDINARY.0, "wrong"), Some(&app.next(t))).await;
        assert_eq!((wrong.status, &wrong.json()["message"]), (401, &json!("Bad credentials")));

        let mut browser = t.browser();
        assert_eq!(login_status(&mut browser, ORDINARY, Some(&app.shows(t))).await, "SUCCESS");
        assert!(opens(&mut browser).await);
        assert!(opens(&mut browser).await);
    }
);

both!(
    fn a_code_counts_once_whichever_node_it_reaches(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        let used = login_status(&mut t.browser(), ORDINARY, Some(&app.shows(t))).await;
        assert_eq!(used, "INCORRECT_TWO_FACTOR_CODE_TOTP", "it confirmed the enrolment");
        let other = t.another(2, |_| {}).await;
        for round in 0..5 {
            let code = app.next(t);
            let attempts = (0..6).map(|n| {
                let (node, code) = (if n % 2 == 0 { t } else { &other }, code.clone());
                async move { login_status(&mut node.browser(), ORDINARY, Some(&code)).await }
            });
            let statuses = futures_util::future::join_all(attempts).await;
            let first = statuses.iter().filter(|status| **status == "SUCCESS").count();
            assert_eq!(first, 1, "round {round}: {statuses:?}");
        }
    }
);

both!(
    fn a_telephone_may_be_half_a_minute_wrong(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        t.clock.advance_seconds(300);
        for (off, status) in [(-30, "SUCCESS"), (30, "SUCCESS"), (-90, "INCORRECT_TWO_FACTOR_CODE_TOTP")] {
            t.clock.advance_seconds(120 + off);
            let code = app.shows(t);
            t.clock.advance_seconds(-off);
            assert_eq!(login_status(&mut t.browser(), ORDINARY, Some(&code)).await, status, "{off}");
        }
    }
);

both!(
    fn guesses_at_a_code_are_slowed_down_and_nobody_known_is_locked_out(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        let body = |code: &str| json!({ "username": ORDINARY.0, "password": ORDINARY.1, "twoFactorCode": code });
        let from = |address: &str, code: &str| t.post("/api/42/auth/login").from(address).json(&body(code)).send();
        let wrong = app.wrong(t);
        for guess in 0..10 {
            let answer = from(&format!("203.0.113.{guess}"), &wrong).await;
            assert_eq!(answer.json()["loginStatus"], "INCORRECT_TWO_FACTOR_CODE_TOTP");
        }
        // One more from wherever waits, and a right code with it; where the user is known, nobody waits.
        from("203.0.113.98", &wrong).await;
        let code = app.next(t);
        t.clock.advance_seconds(-30);
        let refused = from("203.0.113.99", &code).await;
        assert!(refused.status == 429 && refused.header("retry-after").is_some(), "{}", refused.text());
        assert_eq!(from("127.0.0.1", &code).await.json()["loginStatus"], "SUCCESS");
        // Who does not know the password slows down no codes.
        for guess in 0..20 {
            let body = json!({ "username": ORDINARY.0, "password": "x", "twoFactorCode": "000000" });
            let address = format!("198.51.100.{guess}");
            assert_eq!(t.post("/api/42/auth/login").from(&address).json(&body).send().await.status, 401);
        }
        t.clock.advance_seconds(60);
        assert_eq!(from("192.0.2.7", &app.shows(t)).await.json()["loginStatus"], "SUCCESS");
    }
);

async fn remembered(t: &TestApp) -> Vec<String> {
    let mut reader = t.app.store.reader().await.unwrap();
    let events = kibali_store::door::audit::newest(&mut reader, 50).await.unwrap();
    events.iter().map(|event| format!("{} {}", event.name, event.detail)).collect()
}

both!(
    fn sign_ins_say_which_factor_was_proved_and_keep_no_code(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        let code = app.next(t);
        assert_eq!(login_status(&mut t.browser(), ORDINARY, Some(&code)).await, "SUCCESS");
        assert_eq!(login_status(&mut t.browser(), (ADMIN, ADMIN_PASSWORD), None).await, "SUCCESS");
        let events = remembered(t).await;
        for event in [
            "factor.begun {\"factor\":\"totp\"}",
            "factor.enabled {\"factor\":\"totp\"}",
            "sign_in.accepted {\"by\":\"session\",\"factor\":\"totp\"}",
            "sign_in.accepted {\"by\":\"session\",\"factor\":null}",
        ] {
            assert!(events.iter().any(|told| told == event), "{event} is not in {events:#?}");
        }
        assert!(!events.iter().any(|event| event.contains(&code)));
    }
);
