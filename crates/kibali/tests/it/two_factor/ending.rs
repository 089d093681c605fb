//! What ends when a second factor comes or goes (rules of the door 6).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{Answer, Browser, TestApp, both};
use serde_json::json;

use super::{enrol, enrolled, login_status, opens, post};
use crate::identity::{ask_token, bearer};
use crate::pages::{ORDINARY, make_ordinary};

const AUTHORIZE: &str = "/uaa/oauth/authorize";

/// A code for tokens that whoever is signed in there allows the demo client.
async fn code(browser: &mut Browser) -> String {
    let page = browser.open(&format!("{AUTHORIZE}?client_id={CLIENT}&response_type=code")).await;
    let form = page.form(AUTHORIZE).press("user_oauth_approval", "true");
    let page = browser.submit(&page, &form).await;
    page.answer.location().unwrap().split_once("code=").unwrap().1.to_owned()
}

async fn redeem(t: &TestApp, code: &str) -> Answer {
    let form = [("grant_type", "authorization_code"), ("code", code)];
    t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await
}

/// The tokens themselves.
pub(super) async fn allowed(t: &TestApp, browser: &mut Browser) -> (String, String) {
    let answer = redeem(t, &code(browser).await).await.json();
    (
        answer["access_token"].as_str().unwrap().to_owned(),
        answer["refresh_token"].as_str().unwrap().to_owned(),
    )
}

async fn refreshes(t: &TestApp, token: &str) -> bool {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&form).send().await.status == 200
}

fn reset(t: &TestApp, (username, password): (&str, &str)) -> kibali_testkit::Request {
    t.post("/api/users/userordin01/twoFA/disabled").basic(username, password)
}

both!(
    fn a_second_factor_set_up_ends_other_sessions_and_what_the_password_obtained(t) {
        make_ordinary(t, &["ALL"]).await;
        let (mut browser, mut other) = (t.browser(), t.browser());
        for browser in [&mut browser, &mut other] {
            assert_eq!(login_status(browser, ORDINARY, None).await, "SUCCESS");
        }
        let by_password = ask_token(t, ORDINARY.0, ORDINARY.1).await.json()["access_token"].as_str().unwrap().to_owned();
        let (by_code, _) = allowed(t, &mut other).await;
        assert_eq!(bearer(t, &by_password).await, 200);
        let app = enrol(t, &mut browser).await;
        assert!(opens(&mut browser).await && !opens(&mut other).await);
        assert_eq!((bearer(t, &by_password).await, bearer(t, &by_code).await), (401, 200));
        // It does not come back with the factor gone.
        let off = post(&mut browser, "/api/2fa/disable", &json!({ "code": app.next(t) })).await;
        assert_eq!(off.status, 200);
        assert!(opens(&mut browser).await && !opens(&mut other).await);
        assert_eq!((bearer(t, &by_password).await, bearer(t, &by_code).await), (401, 200));
    }
);

both!(
    fn a_second_factor_taken_away_by_somebody_else_takes_along_what_it_obtained(t) {
        make_ordinary(t, &["ALL"]).await;
        let mut early = t.browser();
        assert_eq!(login_status(&mut early, ORDINARY, None).await, "SUCCESS");
        let (before, _) = allowed(t, &mut early).await;
        t.clock.advance_seconds(60);
        let (mut browser, _) = enrolled(t).await;
        let (with, refresh) = allowed(t, &mut browser).await;
        assert_eq!((bearer(t, &with).await, bearer(t, &before).await), (200, 200));

        let waiting = code(&mut browser).await;
        let own = browser.request("POST", "/api/users/userordin01/twoFA/disabled").json(&json!({}));
        let own = browser.send(own).await;
        assert_eq!((own.status, &own.json()["errorCode"]), (403, &json!("E3021")));
        let done = reset(t, (ADMIN, ADMIN_PASSWORD)).send().await;
        assert_eq!((done.status, &done.json()["status"]), (200, &json!("OK")));
        assert!(!opens(&mut browser).await);
        assert_eq!((bearer(t, &with).await, bearer(t, &before).await), (401, 200));
        assert!(!refreshes(t, &refresh).await);
        assert_eq!(redeem(t, &waiting).await.status, 400, "nor does it obtain more");
        assert_eq!(login_status(&mut t.browser(), ORDINARY, None).await, "SUCCESS");
        // Again, and for somebody who has none, it changes nothing.
        assert_eq!(reset(t, (ADMIN, ADMIN_PASSWORD)).send().await.status, 200);
        assert_eq!(bearer(t, &before).await, 200);
        let missing = t.post("/api/users/nosuchuser1/twoFA/disabled").basic(ADMIN, ADMIN_PASSWORD);
        assert_eq!(missing.send().await.status, 404);
    }
);

both!(
    fn only_who_may_change_a_user_takes_away_their_second_factor(t) {
        make_ordinary(t, &["ALL"]).await;
        let (mut browser, _) = enrolled(t).await;
        import(&t.app, &json!({
            "userRoles": [{ "id": "Rkeeper0001", "name": "Keeper", "authorities": ["F_USER_ADD", "F_USER_VIEW"] },
                          { "id": "Rclerk00001", "name": "Clerk", "authorities": [] }],
            "users": [
                { "id": "Ukeeper0001", "username": "keeper", "password": ORDINARY.1, "firstName": "A",
                  "surname": "B", "userRoles": [{ "id": "Rkeeper0001" }] },
                { "id": "Uclerk00001", "username": "clerk", "password": ORDINARY.1, "firstName": "A",
                  "surname": "B", "userRoles": [{ "id": "Rclerk00001" }] },
            ]
        })).await;
        for name in ["keeper", "clerk"] {
            let refused = reset(t, (name, ORDINARY.1)).send().await;
            assert!(matches!(refused.status, 403 | 409), "{name}: {} {}", refused.status, refused.text());
        }
        assert_eq!(t.post("/api/users/userordin01/twoFA/disabled").send().await.status, 401);
        assert!(opens(&mut browser).await);
        let theirs = t.post("/api/users/Uclerk00001/twoFA/disabled").basic("keeper", ORDINARY.1);
        assert_eq!(theirs.send().await.status, 200);
    }
);

both!(
    fn personal_tokens_are_made_within_five_minutes_of_the_second_factor(t) {
        make_ordinary(t, &[]).await;
        let (mut browser, app) = enrolled(t).await;
        let make = async |browser: &mut Browser| post(browser, "/api/apiTokens", &json!({})).await;
        t.clock.advance_seconds(299);
        assert_eq!(make(&mut browser).await.status, 201);
        t.clock.advance_seconds(1);
        let refused = make(&mut browser).await;
        assert!(refused.status == 403 && refused.text().contains("second factor"), "{}", refused.text());
        let page = browser.open("/account/two-factor/prove").await;
        browser.submit(&page, &page.form("/prove").fill("code", &app.shows(t))).await;
        assert_eq!(make(&mut browser).await.status, 201);
    }
);

both!(
    fn a_deleted_user_leaves_no_factor_behind(t) {
        make_ordinary(t, &[]).await;
        let (_, app) = enrolled(t).await;
        let gone = t.delete("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD).send().await;
        assert_eq!(gone.status, 200, "{}", gone.text());
        make_ordinary(t, &[]).await;
        assert_eq!(login_status(&mut t.browser(), ORDINARY, None).await, "SUCCESS");
        assert!(!app.next(t).is_empty());
    }
);
