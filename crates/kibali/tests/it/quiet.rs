//! No read call causes a write; what calls leave behind is written in batches (rules of the door 8).

use kibali_model::{Clock, Timestamp};
use kibali_store::{Statement, values};
use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD};
use kibali_testkit::{TestApp, both};
use kibali_web::identity::flush;
use serde_json::json;

use crate::freshness::{caching, caller};
use crate::grants::issue;

both!(
    fn ten_thousand_bearer_calls_commit_nothing(t) {
        caching(&t.app).await;
        issue(t, 1, "quiet").await;
        let before = t.app.store.commits();
        for _ in 0..10_000 {
            caller(&t.app, "quiet access").await.unwrap();
            t.clock.advance_millis(1);
        }
        assert_eq!(t.app.store.commits(), before);
        issue(t, 2, "loud").await;
        assert_ne!(t.app.store.commits(), before, "the count counts");
    }
);

/// When the grant and its client were last used, and when its user signed in, as the database has it.
async fn marks(t: &TestApp) -> [Option<Timestamp>; 3] {
    const MARKS: Statement = Statement::new(
        "test.marks",
        "select g.last_used, c.last_used, a.last_login
         from oauth_grant g join client c on c.object = g.client join account a on a.object = g.user_object
         where g.id = 1",
    );
    let mut reader = t.app.store.reader().await.unwrap();
    let row = reader.row(MARKS, values![]).await.unwrap().unwrap();
    [0, 1, 2].map(|column| row.time_opt(column).unwrap())
}

both!(
    fn a_thousand_uses_become_one_write_of_marks(t) {
        caching(&t.app).await;
        issue(t, 1, "marked").await;
        let issued = t.clock.now();
        t.clock.advance_seconds(100);
        for _ in 0..1000 {
            caller(&t.app, "marked access").await.unwrap();
        }
        let (used, before) = (t.clock.now(), t.app.store.commits());
        assert_eq!(marks(t).await, [Some(issued), None, Some(issued)]);
        assert_eq!(flush(&t.app).await.unwrap().marks, 2);
        assert_eq!(t.app.store.commits(), before + 1);
        // Whoever uses a token does not sign in by that.
        assert_eq!(marks(t).await, [Some(used), Some(used), Some(issued)]);
        assert_eq!(flush(&t.app).await.unwrap().marks, 0);
        assert_eq!(t.app.store.commits(), before + 1, "nothing gathered, nothing written");

        // Noted again only after half a minute.
        t.clock.advance_seconds(29);
        caller(&t.app, "marked access").await.unwrap();
        assert_eq!(flush(&t.app).await.unwrap().marks, 0);
        t.clock.advance_seconds(1);
        caller(&t.app, "marked access").await.unwrap();
        assert_eq!(flush(&t.app).await.unwrap().marks, 2);
        assert_eq!(marks(t).await, [Some(t.clock.now()), Some(t.clock.now()), Some(issued)]);
    }
);

both!(
    fn a_session_lives_as_long_as_it_is_used_and_reading_with_it_writes_nothing(t) {
        let mut browser = t.browser();
        let login = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
        browser.send(browser.request("POST", "/api/auth/login").json(&login)).await;
        let before = t.app.store.commits();
        for _ in 0..4 {
            t.clock.advance_seconds(3000);
            assert_eq!(browser.open_once("/api/userRoles").await.status, 200);
        }
        assert_eq!(t.app.store.commits(), before);
        flush(&t.app).await.unwrap();
        let other_node = t.another(2, |_| {}).await;
        t.clock.advance_seconds(3000);
        let cookie: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let call = async || other_node.get("/api/userRoles").header("cookie", &cookie.join("; ")).send().await;
        assert_eq!(call().await.status, 200, "the end that was moved is written");
        t.clock.advance_seconds(3600);
        assert_eq!(call().await.status, 401);
    }
);

both!(
    fn whoever_only_looks_and_is_not_signed_in_writes_nothing(t) {
        let before = t.app.store.commits();
        let long = "x".repeat(1500);
        for n in 0..50 {
            for path in ["/apps", "/settings/oauth2-clients?page=1", "/uaa/oauth/authorize?client_id=demo&response_type=code"] {
                let answer = t.get(&format!("{path}{}state={n}{long}", if path.contains('?') { "&" } else { "?" })).send().await;
                assert_eq!((answer.status, answer.location()), (303, Some("/login")), "{path}");
            }
        }
        assert_eq!(t.app.store.commits(), before);
        let longer = t.get(&format!("/uaa/oauth/authorize?client_id=demo&response_type=code&state={long}{long}")).send().await;
        assert_eq!((longer.status, longer.header("set-cookie")), (400, None));
    }
);
