//! *Administration > One user*: what somebody has open, all of it, and the end of each.

use kibali_testkit::{Browser, Page, TestApp, both};
use kibali_web::why;
use serde_json::{Value, json};

use super::{by_password, happened, me, refresh};
use crate::pages::{ORDINARY, admin, assert_page, make_ordinary, signed_in};

const USER: &str = "/administration/user";

/// The page of a user.
async fn page(browser: &mut Browser, username: &str) -> Page {
    let page = browser.open(&format!("{USER}?user={username}")).await;
    assert_eq!(page.answer.status, 200, "{}", page.answer.text());
    page
}

/// Presses the first button of this name on the page of a user, in a form that goes there.
async fn press(browser: &mut Browser, page: &Page, action: &str, name: &str) -> Page {
    let form = page.form(action);
    let value = form.buttons.iter().find(|(button, _)| button == name).unwrap().1.clone();
    browser.submit(page, &form.press(name, &value)).await
}

/// A personal access token of [`ORDINARY`]: its uid, and itself.
async fn personal(t: &TestApp) -> (String, String) {
    let made = t.post("/api/apiTokens").basic(ORDINARY.0, ORDINARY.1).json(&json!({})).send().await.json();
    let text = |name: &str| made["response"][name].as_str().unwrap().to_owned();
    (text("uid"), text("key"))
}

async fn status(t: &TestApp, key: &str) -> u16 {
    t.get("/api/me").header("authorization", &format!("ApiToken {key}")).send().await.status
}

/// Why a call was refused, in one text.
async fn why(t: &TestApp, answer: &kibali_testkit::Answer) -> String {
    assert_eq!(answer.status, 401);
    format!("{:?}", why::explain(&t.app, answer.header("x-request-id").unwrap()).await.unwrap())
}

both!(
    fn an_administrator_sees_what_a_user_has_open_and_ends_each(t) {
        make_ordinary(t, &[]).await;
        let (first, second) = (by_password(t, ORDINARY).await, by_password(t, ORDINARY).await);
        let own = by_password(t, (kibali_testkit::seed::ADMIN, kibali_testkit::seed::ADMIN_PASSWORD)).await;
        let ((uid, ends), (_, stays)) = (personal(t).await, personal(t).await);
        let mut theirs = [signed_in(t, ORDINARY).await, signed_in(t, ORDINARY).await];
        let mut browser = admin(t).await;
        let shown = page(&mut browser, ORDINARY.0).await;
        assert_page(t, &shown.answer, "user").await;
        let html = shown.answer.text();
        for (button, count) in [("session", 2), ("grant", 2), ("token", 2)] {
            assert_eq!(html.matches(&format!("name=\"{button}\" value=\"")).count(), count, "{button}: {html}");
        }
        for text in ["Amani Baraka", &format!("Token {uid}"), "What the user may do", "127.0.0.1"] {
            assert!(html.contains(text), "{text} in {html}");
        }
        let list = browser.open("/administration/grants").await.answer.text();
        assert!(list.contains("href=\"/administration/user?user=ordinary\""), "{list}");

        let cookies = theirs.each_ref().map(|theirs| format!("kibali={}", theirs.cookies["kibali"]));
        let done = press(&mut browser, &shown, "/user/sessions", "session").await;
        assert_eq!(done.path, format!("{USER}?user=ordinary&done=ended"));
        assert!(done.answer.text().contains("Ended. The next call with it is refused."));
        let (mut open, mut over) = (0, 0);
        for (theirs, cookie) in theirs.iter_mut().zip(&cookies) {
            match theirs.open_once("/apps").await.status {
                200 => open += 1,
                _ => {
                    over += 1;
                    let refused = t.get("/api/me").header("cookie", cookie).send().await;
                    assert!(why(t, &refused).await.contains("an administrator ended it"));
                }
            }
        }
        assert_eq!((open, over), (1, 1));

        let done = press(&mut browser, &done, "/grants", "grant").await;
        assert_eq!(done.path, format!("{USER}?user=ordinary&done=ended"));
        let after = [me(t, &first).await.status, me(t, &second).await.status];
        assert!(after == [401, 200] || after == [200, 401], "{after:?}");

        let form = done.form("/user/tokens").press("token", &uid);
        let again = browser.submit(&done, &form).await;
        assert_eq!(again.path, format!("{USER}?user=ordinary&done=ended"));
        assert_eq!((status(t, &ends).await, status(t, &stays).await), (401, 200));
        let refused = t.get("/api/me").header("authorization", &format!("ApiToken {ends}")).send().await;
        assert!(why(t, &refused).await.contains("an administrator ended it"));
        let gone = browser.submit(&done, &form).await;
        assert!(gone.answer.text().contains("It had ended already."), "{}", gone.answer.text());

        let cut = happened(t, "access.cut").await;
        assert_eq!(cut.len(), 3, "each is told in the trail: {cut:?}");
        assert_eq!((&cut[0]["token"], &cut[2]["sessions"]), (&json!(uid), &json!(1)));
        let whose = |cut: &Value| cut["user"].as_str().unwrap().to_owned();
        assert!(whose(&cut[0]) == whose(&cut[2]) && happened(t, "api_token.deleted").await.is_empty());
        assert_eq!((me(t, &own).await.status, refresh(t, &own).await.status), (200, 200), "theirs alone");
    }
);

both!(
    fn nothing_of_one_user_ends_on_the_page_of_another(t) {
        make_ordinary(t, &[]).await;
        let (uid, key) = personal(t).await;
        let mut theirs = signed_in(t, ORDINARY).await;
        let mut browser = admin(t).await;
        let shown = page(&mut browser, ORDINARY.0).await;
        let (session, token) = (shown.form("/user/sessions"), shown.form("/user/tokens"));
        let name = session.buttons[0].1.clone();
        for (form, button, value) in [(session, "session", name), (token, "token", uid)] {
            let done = browser.submit(&shown, &form.press(button, &value).fill("user", "admin")).await;
            assert!(done.answer.text().contains("It had ended already."), "{}", done.answer.text());
        }
        assert_eq!((theirs.open_once("/apps").await.status, status(t, &key).await), (200, 200));
        assert!(happened(t, "access.cut").await.is_empty());
        let own = page(&mut browser, "admin").await.answer.text();
        assert!(own.contains("This browser") && !own.contains("name=\"session\""), "{own}");
        for (query, text) in [("", "One user"), ("?user=nobody", "No user has this name.")] {
            let shown = browser.open(&format!("{USER}{query}")).await;
            assert_page(t, &shown.answer, text).await;
            assert!(shown.answer.text().contains(text) && !shown.answer.text().contains("Browsers"), "{query}");
        }
    }
);
