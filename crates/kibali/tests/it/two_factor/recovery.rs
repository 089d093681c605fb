//! Recovery codes of whoever has none: told of, and made.

use futures_util::future::join_all;
use kibali_crypto::sha256;
use kibali_model::Clock;
use kibali_store::door::accounts;
use kibali_store::door::asker::Asker;
use kibali_store::door::factors::{self, MakeRecoveryCodes};
use kibali_testkit::{Browser, both};
use serde_json::json;

use super::pages::{half, recovery_codes, send};
use super::{App, enrolled, get, login_status, opens, post};
use crate::pages::{ORDINARY, assert_page, make_ordinary, signed_in};

const TWO_FACTOR: &str = "/account/two-factor";
const NONE: &str = "You have no recovery codes.";

/// Is who is signed in there told on the account page that they have none?
async fn told(browser: &mut Browser) -> bool {
    browser.open("/account").await.answer.text().contains(NONE)
}

both!(
    fn whoever_set_a_factor_up_by_the_web_api_is_told_and_makes_recovery_codes(t) {
        make_ordinary(t, &[]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        assert!(!told(&mut browser).await, "nothing protects the account yet");
        post(&mut browser, "/api/2fa/enrollTOTP2FA", &json!({})).await;
        let shown = get(&mut browser, "/api/2fa/qrCodeJson").await.json();
        let app = App::typed(shown["base32Secret"].as_str().unwrap());
        let enabled = post(&mut browser, "/api/2fa/enable", &json!({ "code": app.shows(t) })).await;
        let answer = json!({ "httpStatus": "OK", "httpStatusCode": 200, "status": "OK", "message": "2FA was enabled successfully" });
        assert_eq!(enabled.json(), answer, "nobody would be shown what stood there besides");

        let page = browser.open("/account").await;
        assert!(page.answer.text().contains(NONE), "{}", page.answer.text());
        assert_page(t, &page.answer, "without recovery codes").await;
        let page = browser.open(TWO_FACTOR).await;
        assert!(page.answer.text().contains("<strong>You have none.</strong>"), "{}", page.answer.text());
        assert_page(t, &page.answer, "makes recovery codes").await;
        let made = browser.submit(&page, &page.form("/codes/make")).await;
        assert_page(t, &made.answer, "recovery codes").await;
        let codes = recovery_codes(&made);
        assert!(!told(&mut browser).await);
        assert!(browser.open(TWO_FACTOR).await.answer.text().contains("10 of 10 are left"));
        // The form of before makes no others: those that were kept stay good.
        let again = browser.submit(&page, &page.form("/codes/make")).await;
        assert_eq!(again.path, TWO_FACTOR);
        assert!(again.answer.text().contains("10 of 10 are left") && !again.answer.text().contains("id=\"recovery-codes\""));
        let (mut other, page) = half(t, "/login").await;
        assert_eq!(send(&mut other, &page, "/login/code", "code", &codes[0]).await.path, "/apps");

        // With the last one somebody is in, is told, and has others.
        for code in &codes[1..9] {
            assert_eq!(login_status(&mut t.browser(), ORDINARY, Some(code)).await, "SUCCESS");
        }
        let mut last = t.browser();
        assert!(!told(&mut other).await, "one is left");
        assert_eq!(login_status(&mut last, ORDINARY, Some(&codes[9])).await, "SUCCESS");
        assert!(told(&mut last).await && told(&mut other).await);
        let page = last.open(TWO_FACTOR).await;
        let more = recovery_codes(&last.submit(&page, &page.form("/codes/make")).await);
        assert_eq!(login_status(&mut t.browser(), ORDINARY, Some(&more[0])).await, "SUCCESS");
    }
);

both!(
    fn whoever_finds_a_browser_open_makes_no_recovery_codes(t) {
        make_ordinary(t, &[]).await;
        let (mut browser, app) = enrolled(t).await;
        t.clock.advance_seconds(300);
        let page = browser.open(TWO_FACTOR).await;
        let asked = browser.submit(&page, &page.form("/codes/make")).await;
        assert_eq!(asked.path, "/account/two-factor/prove");
        assert!(told(&mut browser).await);
        let page = send(&mut browser, &asked, "/prove", "code", &app.shows(t)).await;
        assert_eq!(page.path, TWO_FACTOR, "back to where they were");
        recovery_codes(&browser.submit(&page, &page.form("/codes/make")).await);
        // Nor another site, nor anybody for an account that nothing protects.
        let forged = browser.submit(&page, &page.form("/codes/make").fill("csrf", "x")).await;
        assert_eq!(forged.answer.status, 403);
        let off = post(&mut browser, "/api/2fa/disable", &json!({ "code": app.next(t) })).await;
        assert_eq!(off.status, 200, "{}", off.text());
        let none = browser.submit(&page, &page.form("/codes/make")).await;
        assert!(none.path == TWO_FACTOR && !none.answer.text().contains("id=\"recovery-codes\""));
        assert!(opens(&mut browser).await && !told(&mut browser).await);
    }
);

both!(
    fn of_recovery_codes_that_are_made_at_once_only_the_first_are_kept(t) {
        make_ordinary(t, &[]).await;
        let (mut browser, app) = enrolled(t).await;
        let mut reader = t.app.store.reader().await.unwrap();
        let account = accounts::by_username(&mut reader, ORDINARY.0).await.unwrap().unwrap();
        drop(reader);
        let (user, session) = (account.user, Some(sha256(&browser.cookies["kibali"])));
        let by = Asker { user, credential_version: account.credential_version, session };
        let make = |number: usize| {
            let recovery_codes = vec![sha256(format!("code {number}"))];
            MakeRecoveryCodes { by, recovery_codes, address: "127.0.0.1".into(), now: t.clock.now() }
        };
        let other = t.another(2, |_| {}).await;
        let made = (0..8).map(|number| {
            let (node, make) = (if number % 2 == 0 { t } else { &other }, make(number));
            async move { node.app.store.write(make).await.unwrap() }
        });
        let made = join_all(made).await;
        assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
        let number = made.iter().position(|made| *made).unwrap();
        let mut reader = t.app.store.reader().await.unwrap();
        assert!(factors::has_recovery_code(&mut reader, user, sha256(format!("code {number}"))).await.unwrap());
        assert_eq!(factors::find(&mut reader, user).await.unwrap().unwrap().recovery_codes, 1);
        drop(reader);
        // None outlive the factor, nor come after it.
        assert_eq!(post(&mut browser, "/api/2fa/disable", &json!({ "code": app.next(t) })).await.status, 200);
        assert!(!t.app.store.write(make(9)).await.unwrap());
    }
);
