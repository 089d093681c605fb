//! Codes that are mailed are good in the browser that asked for them.

use futures_util::future::join_all;
use kibali_crypto::sha256;
use kibali_model::Clock;
use kibali_store::door::accounts;
use kibali_store::door::mailed::{Asking, KeepMailed};
use kibali_testkit::both;
use serde_json::json;

use super::mail::{SENT, WHO, WRONG, amina, asked, mailed, other_than, protected, tried};
use super::{get, login, login_status, opens, post};
use crate::account::{AMINA, PASSWORD};
use crate::pages::fill_login;

both!(
    fn a_mailed_code_signs_in_where_it_was_asked_for_and_nowhere_else(t) {
        let (office, _) = protected(t).await;
        let node = &office.node;
        let (mut owner, code) = asked(&office).await;
        // Somebody else knows the password and hears of the code, in a browser without cookies or with some.
        let mut thief = node.browser();
        assert_eq!(tried(node, &thief, "203.0.113.1", &code).await, WRONG);
        thief.open("/login").await;
        assert_eq!(tried(node, &thief, "203.0.113.2", &code).await, WRONG);
        // Or has a code of their own.
        assert_eq!(login_status(&mut thief, WHO, None).await, SENT);
        let another = mailed(&office).await;
        assert_eq!(tried(node, &thief, "203.0.113.3", &code).await, WRONG);
        // Nor do they try out what they did not ask for.
        for guess in 0..5 {
            assert_eq!(tried(node, &thief, &format!("203.0.113.{}", 10 + guess), &other_than(&another)).await, WRONG);
        }
        assert_eq!(tried(node, &thief, "203.0.113.20", &another).await, WRONG, "theirs has been tried out");
        assert_eq!(tried(node, &owner, "203.0.113.21", &another).await, WRONG);
        assert_eq!(login_status(&mut owner, WHO, Some(&code)).await, "SUCCESS");
        assert!(opens(&mut owner).await && !opens(&mut thief).await);
        // The next sign-in in the same browser asks for another.
        t.clock.advance_seconds(60);
        let out = owner.open("/logout").await;
        owner.submit(&out, &out.form("/logout")).await;
        assert_eq!(login_status(&mut owner, WHO, Some(&code)).await, WRONG);
    }
);

both!(
    fn a_client_that_signs_in_is_given_the_cookie_that_its_code_belongs_to(t) {
        let (office, _) = protected(t).await;
        t.clock.advance_seconds(60);
        let mut browser = office.node.browser();
        let wrong = login(&mut browser, WHO, Some("123456")).await;
        assert_eq!(wrong.header("set-cookie"), None, "nobody waits for a code");
        let sent = login(&mut browser, WHO, None).await;
        let cookie = sent.header("set-cookie").unwrap();
        assert!(cookie.starts_with("kibali=") && cookie.contains("HttpOnly"), "{cookie}");
        assert!(!opens(&mut browser).await, "it opens nothing");
        let again = login(&mut browser, WHO, None).await;
        assert_eq!((again.header("set-cookie"), &again.json()["loginStatus"]), (None, &json!(SENT)), "it has it already");
        let code = mailed(&office).await;
        assert_eq!(login_status(&mut browser, WHO, Some(&code)).await, "SUCCESS");
    }
);

both!(
    fn a_mailed_code_of_the_login_page_belongs_to_its_browser(t) {
        let (office, _) = protected(t).await;
        let node = &office.node;
        t.clock.advance_seconds(60);
        let mut browsers = Vec::new();
        for _ in 0..2 {
            let mut browser = node.browser();
            let page = browser.open("/login").await;
            let page = fill_login(&mut browser, &page, AMINA, PASSWORD).await;
            assert!(page.answer.text().contains("A code was mailed to you"), "{}", page.answer.text());
            browsers.push((browser, page, mailed(&office).await));
        }
        let [(mut one, _, code), (mut other, asks, another)] = browsers.try_into().ok().unwrap();
        let refused = other.submit(&asks, &asks.form("/login/code").fill("code", &code)).await;
        assert!(refused.answer.text().contains("too old"), "{}", refused.answer.text());
        // Giving the password once more in the same browser is the same sign-in.
        let login = one.open("/login").await;
        let page = fill_login(&mut one, &login, AMINA, PASSWORD).await;
        assert!(office.mail().await.is_empty());
        assert_eq!(one.submit(&page, &page.form("/login/code").fill("code", &code)).await.path, "/apps");
        assert_eq!(other.submit(&refused, &refused.form("/login/code").fill("code", &another)).await.path, "/apps");
    }
);

both!(
    fn a_mailed_code_proves_the_factor_in_the_session_that_asked(t) {
        let (office, mut browser) = protected(t).await;
        let node = &office.node;
        let (mut other, sign_in) = asked(&office).await;
        let ask = post(&mut browser, "/api/2fa/disable", &json!({})).await;
        assert_eq!((ask.status, &ask.json()["errorCode"]), (409, &json!("E3051")));
        let off = mailed(&office).await;
        let refused = post(&mut browser, "/api/2fa/disable", &json!({ "code": sign_in })).await;
        assert_eq!((refused.status, &refused.json()["errorCode"]), (403, &json!("E3023")));
        assert_eq!(tried(node, &other, "203.0.113.1", &off).await, WRONG);
        assert_eq!(login_status(&mut other, WHO, Some(&sign_in)).await, "SUCCESS");
        let elsewhere = post(&mut other, "/api/2fa/disable", &json!({ "code": off })).await;
        assert_eq!(elsewhere.status, 403, "nor in another session");
        assert_eq!(post(&mut browser, "/api/2fa/disable", &json!({ "code": off })).await.status, 200);
    }
);

both!(
    fn whoever_sends_the_password_with_each_call_sets_codes_by_mail_up(t) {
        let (office, mut browser) = amina(t).await;
        let node = &office.node;
        let call = async |path: &str, body| node.post(path).basic(AMINA, PASSWORD).json(&body).send().await;
        assert_eq!(call("/api/2fa/enrollEmail2FA", json!({})).await.status, 200);
        let code = mailed(&office).await;
        let elsewhere = post(&mut browser, "/api/2fa/enable", &json!({ "code": code })).await;
        assert_eq!((elsewhere.status, &elsewhere.json()["errorCode"]), (403, &json!("E3023")));
        assert_eq!(call("/api/2fa/enable", json!({ "code": code })).await.status, 200);
        assert_eq!(get(&mut browser, "/api/me").await.status, 401, "other sessions end");
    }
);

both!(
    fn codes_that_are_asked_for_at_once_are_all_counted(t) {
        let (office, _) = protected(t).await;
        let mut reader = t.app.store.reader().await.unwrap();
        let user = accounts::by_username(&mut reader, AMINA).await.unwrap().unwrap().user;
        drop(reader);
        let now = t.clock.now();
        let asked = (0..20).map(|number| {
            let node = if number % 2 == 0 { t } else { &office.node };
            let asking = Asking { user, browser: Some(sha256(format!("browser {number}"))) };
            let verifier = sha256(format!("verifier {number}"));
            let keep = KeepMailed { asking, verifier, expires: now.plus_seconds(900), now };
            async move { node.app.store.write(keep).await.unwrap() }
        });
        let kept = join_all(asked).await;
        assert_eq!(kept.iter().filter(|kept| **kept).count(), 5);
    }
);
