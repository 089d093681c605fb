//! Passwords that are too old, and those that were used before.

use kibali_testkit::both;
use serde_json::json;

use super::*;
use crate::pages::{assert_page, fill_login};

async fn update(t: &TestApp, username: &str, old: &str, new: &str) -> Answer {
    let body = json!({ "username": username, "oldPassword": old, "newPassword": new });
    send(t, "/api/auth/updatePassword", body).await
}

/// A month and a day after the password was set, where passwords live a month.
async fn aged(t: &TestApp) {
    with_amina(t, json!({})).await;
    set(t, json!({ "credentialsExpires": 1 })).await;
    t.clock.advance_seconds(32 * 86_400);
    assert_eq!(status_as(t, AMINA, PASSWORD).await, 401);
}

both!(
    fn a_password_that_is_too_old_is_replaced_by_whoever_knows_it(t) {
        aged(t).await;
        let generic = "The password could not be updated";
        for (username, old, new, said) in [
            (AMINA, "Wrong_2026", NEW, generic),
            ("nobody", PASSWORD, NEW, generic),
            (AMINA, PASSWORD, "weak", "at least 8 characters"),
            (AMINA, PASSWORD, PASSWORD, "one of the last 24"),
            (AMINA, PASSWORD, "", "New password is required"),
        ] {
            let answer = update(t, username, old, new).await;
            assert_eq!(answer.status, 400, "{said}: {}", answer.text());
            assert!(answer.json()["message"].as_str().unwrap().contains(said), "{}", answer.text());
        }
        let done = update(t, AMINA, PASSWORD, NEW).await;
        assert_eq!((done.status, done.json()["message"].clone()), (200, json!("Password updated")));
        assert_eq!(status_as(t, AMINA, NEW).await, 200);
        let again = update(t, AMINA, NEW, "Third_2028").await;
        assert_eq!((again.status, again.json()["message"].clone()), (400, json!(generic)), "it is not too old");
    }
);

both!(
    fn guesses_at_a_password_that_is_too_old_are_slowed_down(t) {
        aged(t).await;
        let mut last = 0;
        for _ in 0..4 {
            last = update(t, AMINA, "Wrong_2026", NEW).await.status;
        }
        assert_eq!(last, 429);
        assert_eq!(update(t, AMINA, PASSWORD, NEW).await.status, 429, "the right one waits too");
    }
);

both!(
    fn the_login_page_lets_a_password_be_replaced_that_is_too_old(t) {
        aged(t).await;
        let mut browser = t.browser();
        let asked = browser.open("/settings/oauth2-clients").await;
        assert_eq!(asked.path, "/login");
        let page = fill_login(&mut browser, &asked, AMINA, PASSWORD).await;
        assert_eq!(page.answer.status, 401);
        assert_page(t, &page.answer, "renew").await;
        let form = page.form("/renew-password");
        assert_eq!(form.value("username"), Some(AMINA));
        assert_eq!(form.value("oldPassword"), Some(""));
        let wrong = form.clone().fill("oldPassword", "Wrong_2026").fill("password", NEW);
        assert_eq!(browser.submit(&page, &wrong).await.answer.status, 400);
        let weak = form.clone().fill("oldPassword", PASSWORD).fill("password", "weak");
        assert!(browser.submit(&page, &weak).await.answer.text().contains("id=\"password-error\""));
        let good = form.fill("oldPassword", PASSWORD).fill("password", NEW);
        let done = browser.submit(&page, &good).await;
        assert_ne!(done.path, "/login", "signed in, and back to what was asked for");
        assert_eq!(status_as(t, AMINA, NEW).await, 200);
        assert_page(t, &browser.open("/renew-password").await.answer, "renew, empty").await;
        let form = [("username", AMINA), ("oldPassword", NEW), ("password", "Third_2028")];
        let old = t.post("/api/account/password").form(&form).send().await;
        assert_eq!((old.status, old.json()["status"].clone()), (400, json!("NON_MATCHING_PASSWORD")));
    }
);

both!(
    fn none_of_the_last_24_passwords_is_taken_again(t) {
        with_amina(t, json!({})).await;
        let name = |number: usize| format!("Number_{number}_of_many");
        let change = async |old: &str, new: &str| {
            let body = json!({ "oldPassword": old, "newPassword": new });
            t.put("/api/me/changePassword").basic(AMINA, old).json(&body).send().await
        };
        let mut present = PASSWORD.to_owned();
        for number in 1..24 {
            // An administrator's choice counts as well.
            if number == 5 {
                let body = json!([{ "op": "replace", "path": "/password", "value": name(number) }]);
                let patch = admin(t.patch("/api/users/useramina01"));
                let done = patch.body("application/json-patch+json", body.to_string()).send().await;
                assert_eq!(done.status, 200, "{}", done.text());
            } else {
                let changed = change(&present, &name(number)).await;
                assert_eq!(changed.status, 202, "{number}: {}", changed.text());
            }
            present = name(number);
        }
        for used in [PASSWORD.to_owned(), name(1), name(5), name(22)] {
            let refused = change(&present, &used).await;
            assert_eq!((refused.status, refused.json()["errorCode"].clone()), (409, json!("E4005")), "{used}");
            assert!(refused.text().contains("one of the last 24"), "{}", refused.text());
        }
        assert_eq!(change(&present, &name(24)).await.status, 202);
        assert_eq!(change(&name(24), PASSWORD).await.status, 202, "25 ago");
        assert_eq!(change(PASSWORD, &name(1)).await.status, 202, "and again");
    }
);
