//! *Account*: everybody sees and ends what is theirs, and nobody what is another's.

use kibali_model::SignIn;
use kibali_store::door::accounts;
use kibali_store::door::sessions::StartSession;
use kibali_testkit::seed::{CLIENT, CLIENT_SECRET};
use kibali_testkit::{Browser, both};
use kibali_web::identity::flush;

use super::{by_password, happened, me, refresh};
use crate::oauth2::{allow, asking, member, redeem, register};
use crate::pages::{ORDINARY, admin, assert_page, make_ordinary, signed_in};

const SESSIONS: &str = "/account/sessions";
const APPS: &str = "/account/apps";

/// Is the browser signed in?
async fn opens(browser: &mut Browser) -> bool {
    browser.open("/apps").await.path == "/apps"
}

/// The values of the buttons of the page.
fn buttons(html: &str) -> Vec<String> {
    html.split("name=\"session\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// Where the page asks once more.
fn ends(html: &str) -> Vec<String> {
    html.split('"').filter(|text| text.ends_with("/end")).map(str::to_owned).collect()
}

both!(
    fn a_person_sees_their_sessions_and_ends_one_or_all_others(t) {
        make_ordinary(t, &[]).await;
        let mut first = signed_in(t, ORDINARY).await;
        t.clock.advance_seconds(120);
        let mut second = signed_in(t, ORDINARY).await;
        let mut third = signed_in(t, ORDINARY).await;
        let overview = first.open("/account").await;
        assert_page(t, &overview.answer, "account").await;
        for link in ["profile", SESSIONS, APPS, "/account/password", "/account/two-factor", "/account/tokens"] {
            assert!(overview.answer.text().contains(link), "{link}");
        }
        let page = first.open(SESSIONS).await;
        assert_page(t, &page.answer, "sessions").await;
        let html = page.answer.text();
        assert_eq!(html.matches("This browser").count(), 1);
        assert!(html.contains("127.0.0.1") && html.contains("2026-01-15 08:00 UTC"), "{html}");
        let named = buttons(&html);
        assert_eq!((named.len(), named[0].as_str()), (3, "others"), "two, and all others");
        assert!(html.find("This browser") < html.find(&named[1]), "though it is the oldest: {html}");

        let done = first.submit(&page, &page.form(SESSIONS).press("session", &named[1])).await;
        assert!(done.answer.text().contains("Session ended"), "{}", done.answer.text());
        let (two, three) = (opens(&mut second).await, opens(&mut third).await);
        assert!(two != three, "one of them ended");
        assert_eq!(buttons(&done.answer.text()).len(), 2);
        let done = first.submit(&done, &done.form(SESSIONS).press("session", "others")).await;
        assert!(done.answer.text().contains("All other sessions ended"));
        assert!(!opens(&mut second).await && !opens(&mut third).await && opens(&mut first).await);
        assert!(buttons(&done.answer.text()).is_empty());
    }
);

both!(
    fn a_session_that_is_over_is_listed_no_longer(t) {
        make_ordinary(t, &[]).await;
        let mut first = signed_in(t, ORDINARY).await;
        let mut second = signed_in(t, ORDINARY).await;
        // One that rests on a password of before.
        let mut reader = t.app.store.reader().await.unwrap();
        let account = accounts::by_username(&mut reader, ORDINARY.0).await.unwrap().unwrap();
        drop(reader);
        let old = StartSession {
            hash: [7; 32],
            replaces: None,
            sid: "old".into(),
            user: account.user,
            credential_version: account.credential_version - 1,
            proof: None,
            amr: SignIn::PASSWORD.into(),
            expires: t.app.now().plus_seconds(10 * t.app.settings.session_seconds),
            address: "127.0.0.1".into(),
            user_agent: None,
            at_most: 50,
            now: t.app.now(),
        };
        assert!(t.app.store.write(old).await.unwrap());
        t.clock.advance_seconds(t.app.settings.session_seconds - 1);
        let html = first.open(SESSIONS).await.answer.text();
        assert_eq!((buttons(&html).len(), html.matches("This browser").count()), (2, 1), "the other, and all others");
        // The row is still there; it is not shown, and does not open.
        t.clock.advance_seconds(1);
        let html = first.open(SESSIONS).await.answer.text();
        assert_eq!((buttons(&html), html.matches("This browser").count()), (Vec::new(), 1));
        assert!(!opens(&mut second).await && opens(&mut first).await);
    }
);

both!(
    fn nobody_sees_or_ends_the_sessions_and_apps_of_another(t) {
        make_ordinary(t, &[]).await;
        let mut theirs = signed_in(t, ORDINARY).await;
        let mut also_theirs = signed_in(t, ORDINARY).await;
        let tokens = by_password(t, ORDINARY).await;
        register(t, "reader", serde_json::json!({ "scopes": "openid,profile,email" })).await;
        allow(&mut theirs, &asking("reader", "&scope=openid%20profile")).await;
        let name = buttons(&theirs.open(SESSIONS).await.answer.text())[1].clone();
        let mut browser = admin(t).await;
        admin(t).await;
        let page = browser.open(SESSIONS).await;
        assert_eq!(buttons(&page.answer.text()).len(), 2, "their own other one, and all others");
        let mut form = page.form(SESSIONS);
        form.fields.push(("session".to_owned(), name));
        browser.submit(&page, &form).await;
        assert!(opens(&mut theirs).await && opens(&mut also_theirs).await);
        assert!(browser.open(APPS).await.answer.text().contains("No application may act as you."));
        let end = ends(&theirs.open(APPS).await.answer.text())[0].clone();
        assert_eq!(browser.open(&end).await.answer.status, 404);

        // Nor do pages of other sites, or forms that are not of this session.
        let page = theirs.open(SESSIONS).await;
        let csrf = page.form(SESSIONS).value("csrf").unwrap().to_owned();
        for (path, what) in [(SESSIONS, "others"), (end.as_str(), ""), ("/account/password", ""), ("/account/password/prove", "")] {
            let forged = [("session", what), ("csrf", "x")];
            let request = theirs.request("POST", path).header("origin", "http://localhost:8080");
            assert_eq!(theirs.send(request.form(&forged)).await.status, 403, "{path}");
            let cross = [("session", what), ("csrf", csrf.as_str())];
            let request = theirs.request("POST", path).header("origin", "https://evil.example");
            assert_eq!(theirs.send(request.form(&cross)).await.status, 403, "{path}");
        }
        assert!(opens(&mut also_theirs).await && me(t, &tokens).await.status == 200);
        for path in ["/account", SESSIONS, APPS, "/account/password", &end] {
            assert_eq!(t.browser().open(path).await.path, "/login", "{path}");
        }
    }
);

both!(
    fn an_app_is_listed_with_what_it_may_do_and_ended_with_every_token_and_consent(t) {
        make_ordinary(t, &[]).await;
        register(t, "reader", serde_json::json!({ "scopes": "openid,profile,email" })).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let code = member(&allow(&mut browser, &asking("reader", "&scope=openid%20profile")).await, "code").unwrap();
        let modern = redeem(t, "reader", &code).await.json();
        let (first, second) = (by_password(t, ORDINARY).await, by_password(t, ORDINARY).await);
        t.clock.advance_seconds(3600 - 60);
        assert_eq!(me(t, &second).await.status, 200);
        flush(&t.app).await.unwrap();

        let page = browser.open(APPS).await;
        assert_page(t, &page.answer, "apps").await;
        let html = page.answer.text();
        for text in ["App reader", "Know that it is you who signed in; Know your name", "knows your password", "signed in 2 times", "2026-01-15 08:59 UTC", "127.0.0.1"] {
            assert!(html.contains(text), "{text} in {html}");
        }
        // The first by last use is the one with the password.
        for (end, answers) in ends(&html).iter().zip([vec![&first, &second], vec![&modern]]) {
            let waiting = member(&allow(&mut browser, &asking("reader", "&scope=openid%20profile")).await, "code").unwrap();
            let ask = browser.open(end).await;
            assert_page(t, &ask.answer, "end").await;
            let done = browser.submit(&ask, &ask.form("/end")).await;
            assert_eq!(done.path, format!("{APPS}?done=ended"));
            for tokens in answers {
                assert_eq!(me(t, tokens).await.status, 401);
                assert!(tokens["refresh_token"].is_null() || refresh(t, tokens).await.status != 200);
            }
            let sql = "select count(*) from oauth_grant where ended is null";
            let open = t.app.store.reader().await.unwrap().rows_composed(sql, Vec::new()).await.unwrap();
            assert_eq!(open[0].int(0).unwrap(), i64::from(end == &ends(&html)[0]), "the other app is another's matter");
            let left = redeem(t, "reader", &waiting).await;
            assert_eq!(left.status == 200, end == &ends(&html)[0], "codes that wait end with their app");
        }
        assert!(browser.open(APPS).await.answer.text().contains("No application may act as you."));
        assert_eq!(happened(t, "app.ended").await.len(), 2);
        let asked = browser.open(&asking("reader", "&scope=openid%20profile")).await;
        assert!(asked.answer.text().contains("user_oauth_approval"), "it has to ask again");
    }
);

both!(
    fn what_ended_for_being_too_many_is_told(t) {
        make_ordinary(t, &[]).await;
        let few = t.another(1, |settings| settings.password_grants_per_user = 1).await;
        for _ in 0..3 {
            by_password(&few, ORDINARY).await;
        }
        // One that its application gave back is not one of them.
        let given_back = by_password(&few, ORDINARY).await;
        let form = [("token", given_back["refresh_token"].as_str().unwrap())];
        let revoke = few.post("/uaa/oauth/revoke").basic(CLIENT, CLIENT_SECRET).form(&form).send().await;
        assert_eq!(revoke.status, 200);
        by_password(&few, ORDINARY).await;
        let mut browser = signed_in(&few, ORDINARY).await;
        let html = browser.open(APPS).await.answer.text();
        assert!(html.contains("3 older sign-ins of it ended because there were too many"), "{html}");
    }
);

both!(
    fn the_least_recently_used_session_ends_when_there_are_too_many(t) {
        let t = &t.another(1, |settings| settings.sessions_per_user = 2).await;
        make_ordinary(t, &[]).await;
        let mut first = signed_in(t, ORDINARY).await;
        t.clock.advance_seconds(100);
        let mut second = signed_in(t, ORDINARY).await;
        t.clock.advance_seconds(100);
        assert!(opens(&mut first).await);
        flush(&t.app).await.unwrap();
        let mut third = signed_in(t, ORDINARY).await;
        assert!(opens(&mut first).await && !opens(&mut second).await && opens(&mut third).await);
        let mut other = admin(t).await;
        assert!(opens(&mut other).await && opens(&mut first).await, "each user has their own");
    }
);

both!(
    fn a_password_is_changed_on_its_page_and_other_sessions_end(t) {
        make_ordinary(t, &[]).await;
        let mut browser = signed_in(t, ORDINARY).await;
        let mut other = signed_in(t, ORDINARY).await;
        for (current, new, again, told) in [
            ("wrong", "Another_2026", "Another_2026", "The current password is wrong."),
            (ORDINARY.1, "Another_2026", "Another_2027", "The two new passwords differ."),
            (ORDINARY.1, ORDINARY.1, ORDINARY.1, "The new password must differ from the old one."),
            (ORDINARY.1, "short", "short", "The password is not accepted"),
        ] {
            let page = browser.open("/account/password").await;
            let form = page.form("/account/password").fill("current", current).fill("password", new).fill("again", again);
            let page = browser.submit(&page, &form).await;
            assert_eq!(page.answer.status, 400);
            assert!(page.answer.text().contains(told), "{told} in {}", page.answer.text());
            assert_page(t, &page.answer, "wrong").await;
        }
        assert!(opens(&mut other).await);
        let page = browser.open("/account/password").await;
        let form = page.form("/account/password").fill("current", ORDINARY.1).fill("password", "Another_2026").fill("again", "Another_2026");
        let done = browser.submit(&page, &form).await;
        assert!(done.answer.text().contains("Password changed. All other sessions ended."));
        assert!(opens(&mut browser).await && !opens(&mut other).await);
        signed_in(t, (ORDINARY.0, "Another_2026")).await;
    }
);
