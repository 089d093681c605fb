//! The address of a profile: changed by whoever proved a moment ago who they are.

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{Browser, both};
use serde_json::json;

use super::verification::verify_address;
use super::*;
use crate::pages::signed_in;

async fn change(browser: &mut Browser, path: &str, body: &Value) -> Answer {
    browser.send(browser.request("PUT", path).json(body)).await
}

both!(
    fn whoever_finds_a_browser_open_moves_no_address_and_the_one_of_before_is_told(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({})).await;
        let mut browser = signed_in(&office.node, (AMINA, PASSWORD)).await;
        let own = browser.open("/account/profile").await;
        office.node.clock.advance_seconds(300);
        let new = json!({ "email": "thief@example.org", "jobTitle": "Nurse" });
        let refused = change(&mut browser, "/api/me", &new).await;
        assert!(refused.status == 409 && refused.text().contains("sign in again"), "{}", refused.text());
        assert!(refused.text().contains("E4030"), "{}", refused.text());
        let same = json!({ "email": "Amina@example.org", "jobTitle": "Nurse" });
        assert_eq!(change(&mut browser, "/api/me", &same).await.status, 200, "the rest is theirs to change");
        assert_eq!(browser.open("/account/profile").await.path, "/account/password/prove");
        for form in [own.form("/account/profile").fill("surname", "Thief"), own.form("/account/profile/verify")] {
            assert_eq!(browser.submit(&own, &form).await.path, "/account/password/prove", "{}", form.action);
        }
        let me = browser.send(browser.request("GET", "/api/me")).await.json();
        assert_ne!(me["surname"], "Thief");
        assert!(office.mail().await.is_empty());
        let page = browser.open("/account/password/prove").await;
        browser.submit(&page, &page.form("/prove").fill("password", PASSWORD)).await;
        assert_eq!(change(&mut browser, "/api/me", &new).await.status, 200);
        let mail = office.mail().await;
        assert_eq!(mail.len(), 1, "{mail:?}");
        assert!(mail[0].contains("To: Amina@example.org\r\n") && mail[0].contains("was changed"), "{}", mail[0]);
        assert!(!mail[0].contains("thief"), "{}", mail[0]);
    }
);

both!(
    fn an_old_session_of_an_administrator_changes_none_of_their_ways_in_on_any_path(t) {
        let mut browser = signed_in(t, (ADMIN, ADMIN_PASSWORD)).await;
        t.clock.advance_seconds(300);
        let mut user = admin(t.get("/api/users/M5zQapPyTZI?fields=:owner")).send().await.json();
        for (name, value) in
            [("email", json!("thief@example.org")), ("password", json!("Another_2027")), ("openId", json!("thief"))]
        {
            let before = user[name].take();
            user[name] = value;
            let refused = change(&mut browser, "/api/users/M5zQapPyTZI", &user).await;
            assert!(refused.status == 409 && refused.text().contains("E4030"), "{name}: {}", refused.text());
            let import = browser.request("POST", "/api/metadata").json(&json!({ "users": [user] }));
            let refused = browser.send(import).await;
            assert!(refused.text().contains("E4030"), "{name}: {}", refused.text());
            user.as_object_mut().unwrap().remove(name);
            if !before.is_null() {
                user[name] = before;
            }
        }
        let untouched = change(&mut browser, "/api/users/M5zQapPyTZI", &user).await;
        assert_eq!(untouched.status, 200, "{}", untouched.text());
    }
);

both!(
    fn a_link_to_a_new_password_goes_to_the_address_that_was_read(t) {
        with_amina(t, json!({})).await;
        let office = Office::open(t, json!({ "keyAccountRecovery": true })).await;
        let node = &office.node;
        verify_address(&office).await;
        let new = json!({ "email": "thief@example.org" });
        assert_eq!(node.put("/api/me").basic(AMINA, PASSWORD).json(&new).send().await.status, 200);
        office.mail().await;
        assert_eq!(send(node, "/api/auth/forgotPassword", json!({ "emailOrUsername": AMINA })).await.status, 200);
        let mail = office.mail().await;
        assert!(mail.len() == 1 && mail[0].contains("To: amina@example.org\r\n"), "{mail:?}");
        let token = token_in(&link_in(&mail[0]));
        let body = json!({ "token": token, "newPassword": NEW });
        assert_eq!(send(node, "/api/auth/passwordReset", body).await.status, 200);
        assert_eq!(status_as(node, AMINA, NEW).await, 200);
        // Once the other one was read, it is that.
        assert_eq!(node.post("/api/account/sendEmailVerification").basic(AMINA, NEW).send().await.status, 201);
        let mut browser = node.browser();
        let page = browser.open(&office.link().await).await;
        browser.submit(&page, &page.form("/verify-email")).await;
        send(node, "/api/auth/forgotPassword", json!({ "emailOrUsername": AMINA })).await;
        let mail = office.mail().await;
        assert!(mail.len() == 1 && mail[0].contains("To: thief@example.org\r\n"), "{mail:?}");
    }
);
