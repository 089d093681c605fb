//! Why a call was refused, and what would allow it (rules of the door 11).

use kibali_testkit::seed::{ADMIN, ADMIN_PASSWORD, CLIENT, CLIENT_SECRET, import};
use kibali_testkit::{Answer, Request, TestApp, both};
use kibali_web::why::{self, Answer as Asked, Explanation, Verdict};
use serde_json::json;

use crate::pages::{ORDINARY, admin, assert_page, make_ordinary, signed_in};

fn number(answer: &Answer) -> &str {
    answer.header("x-request-id").unwrap()
}

/// Sends a request that is refused; why.
async fn refused(t: &TestApp, status: u16, request: Request) -> Explanation {
    let answer = request.send().await;
    assert_eq!(answer.status, status, "{}", answer.text());
    let found = why::explain(&t.app, number(&answer)).await.expect("it is remembered");
    assert_eq!((found.status, found.request.as_str()), (status, number(&answer)));
    assert!(!answer.text().contains(&found.change), "the caller sees only the number");
    found
}

/// The question that the call failed at, and what was found.
fn broken(found: &Explanation) -> (&str, &str) {
    let link = found.chain.iter().find(|link| link.verdict == Verdict::Refused).unwrap();
    (&link.step, &link.finding)
}

async fn token(t: &TestApp, (username, password): (&str, &str)) -> (String, i64) {
    let fields = [("grant_type", "password"), ("username", username), ("password", password)];
    let answer = t.post("/uaa/oauth/token").basic(CLIENT, CLIENT_SECRET).form(&fields).send().await.json();
    (answer["access_token"].as_str().unwrap().to_owned(), answer["expires_in"].as_i64().unwrap())
}

both!(
    fn each_refusal_names_where_it_broke_and_the_smallest_change(t) {
        make_ordinary(t, &[]).await;
        let found = refused(t, 401, t.get("/api/me?secret=hidden-query")).await;
        assert_eq!(broken(&found), ("credential", "none was sent"));
        assert_eq!((found.call.as_str(), found.address.as_str()), ("GET /api/me", "127.0.0.1"));
        assert!(found.change.contains("Authorization: Bearer"), "{}", found.change);

        let found = refused(t, 401, t.get("/api/me").basic("hunter2-typed-as-name", "x")).await;
        assert_eq!(broken(&found), ("credential", "user name and password, of no user there is"));
        assert!(!format!("{found:?}").contains("hunter2"));
        let found = refused(t, 401, t.get("/api/me").basic(ORDINARY.0, "wrong-password")).await;
        assert_eq!(found.change, "send the right password");

        let (access, lives) = token(t, ORDINARY).await;
        let change = "give the role Ordinary the authority F_SYSTEM_SETTING";
        let setting = t.post("/api/systemSettings/applicationTitle?value=x").bearer(&access);
        let found = refused(t, 403, setting).await;
        assert_eq!((broken(&found), found.change.as_str()), (("authority", "POST asks for F_SYSTEM_SETTING"), change));
        let steps: Vec<_> = found.chain.iter().map(|link| (link.step.as_str(), link.verdict)).collect();
        assert_eq!(steps, [
            ("credential", Verdict::Passed),
            ("token", Verdict::Passed),
            ("account", Verdict::Passed),
            ("scope", Verdict::Passed),
            ("authority", Verdict::Refused),
        ]);
        assert_eq!(found.chain[0].finding, "an access token of the client demo");
        let group = json!({ "name": "Mine", "shortName": "Mine" });
        let found = refused(t, 403, t.post("/api/dataElementGroups").bearer(&access).json(&group)).await;
        let change = "give the role Ordinary the authority F_DATAELEMENTGROUP_PUBLIC_ADD";
        assert_eq!((broken(&found).0, found.change.as_str()), ("authority", change));

        t.clock.advance_seconds(lives + 180);
        let found = refused(t, 401, t.get("/api/me").bearer(&access)).await;
        assert_eq!(found.change, "refresh: it expired 3 minutes ago");
        t.clock.advance_seconds(60);
        let again = why::explain(&t.app, &found.request).await.unwrap();
        assert_eq!(again.change, found.change, "as it was when the call was refused");

        let (access, _) = token(t, ORDINARY).await;
        let revoke = t.post("/uaa/oauth/revoke").basic(CLIENT, CLIENT_SECRET).form(&[("token", &access)]);
        assert_eq!(revoke.send().await.status, 200);
        let found = refused(t, 401, t.get("/api/me").bearer(&access)).await;
        assert_eq!((broken(&found).0, found.change.as_str()), ("token", "ask for a new token"));
        assert!(broken(&found).1.contains("was revoked"));

        let (access, _) = token(t, ORDINARY).await;
        let patch = json!([{ "op": "replace", "path": "/disabled", "value": true }]);
        let disable = t.patch("/api/users/userordin01").basic(ADMIN, ADMIN_PASSWORD);
        assert_eq!(disable.body("application/json-patch+json", patch.to_string()).send().await.status, 200);
        let found = refused(t, 401, t.get("/api/me").bearer(&access)).await;
        assert_eq!((broken(&found), found.change.as_str()), (("account", "ordinary: disabled"), "enable ordinary"));

        let found = refused(t, 401, t.post("/uaa/oauth/token").basic(CLIENT, "wrong").form(&[("grant_type", "password")])).await;
        assert_eq!(broken(&found), ("credential", "client ID and secret of demo"));
        let told = format!("{found:?}");
        assert!(!told.contains(&access) && !told.contains("hidden") && !told.contains("wrong"), "{told}");
    }
);

both!(
    fn sharing_that_does_not_reach_is_named_with_its_object(t) {
        make_ordinary(t, &["F_DATAELEMENTGROUP_PUBLIC_ADD"]).await;
        let group = json!({
            "id": "DEGshared01", "name": "Shared", "shortName": "Shared",
            "sharing": { "owner": "M5zQapPyTZI", "public": "r-------" },
        });
        import(&t.app, &json!({ "dataElementGroups": [group] })).await;
        let put = t.put("/api/dataElementGroups/DEGshared01").basic(ORDINARY.0, ORDINARY.1).json(&group);
        let found = refused(t, 403, put).await;
        let finding = "the Data Element Group DEGshared01 gives this user r-------";
        assert_eq!(broken(&found), ("sharing and organisation unit", finding));
        let change = "share the Data Element Group DEGshared01 with ordinary for reading and writing (rw------)";
        assert_eq!(found.change, change);
    }
);

both!(
    fn what_is_let_in_is_not_remembered_and_what_is_refused_writes_nothing(t) {
        let (access, _) = token(t, (ADMIN, ADMIN_PASSWORD)).await;
        let (fill, commits) = (t.app.why().fill(), t.app.store.commits());
        for _ in 0..20 {
            assert_eq!(t.get("/api/me").bearer(&access).send().await.status, 200);
        }
        assert_eq!(t.app.why().fill(), fill);
        for _ in 0..10_050 {
            assert_eq!(t.get("/api/me").send().await.status, 401);
        }
        let full = t.app.why().fill();
        assert_eq!((full.remembered, full.dropped), (10_000, 50 + u64::try_from(fill.remembered).unwrap()));
        assert_eq!(t.app.store.commits(), commits);
    }
);

both!(
    fn whichever_node_refused_answers_every_other(t) {
        let other = t.another(2, |_| {}).await;
        let answer = t.get("/api/me").send().await;
        assert_eq!(why::ask(&other.app, number(&answer)).await.unwrap(), Asked::Asked);
        why::answer_questions(&other.app).await.unwrap();
        assert_eq!(why::ask(&other.app, number(&answer)).await.unwrap(), Asked::Asked, "it does not know");
        why::answer_questions(&t.app).await.unwrap();
        let Asked::Known(found) = why::ask(&other.app, number(&answer)).await.unwrap() else { panic!("no answer") };
        assert_eq!(Some(*found), why::explain(&t.app, number(&answer)).await);
        for wrong in ["", "x", "00f1e2d3c4b5a69z", "00f1e2d3c4b5a6970"] {
            assert!(why::ask(&t.app, wrong).await.is_err(), "{wrong}");
        }
        other.app.store.close().await;
    }
);

both!(
    fn an_administrator_sees_the_chain_on_a_page_and_nobody_else_does(t) {
        make_ordinary(t, &["F_SYSTEM_SETTING"]).await;
        let answer = t.get("/api/me").send().await;
        let page = format!("/admin/why?id={}", number(&answer));
        let mut browser = admin(t).await;
        let shown = browser.open(&page).await;
        assert_page(t, &shown.answer, "why").await;
        assert!(shown.answer.text().contains("send a credential"), "{}", shown.answer.text());
        assert!(browser.open("/admin/why?id=nonsense").await.answer.text().contains("16 characters"));
        assert!(browser.open("/admin/why?id=00f1e2d3c4b5a697").await.answer.text().contains("have been asked"));

        let mut browser = signed_in(t, ORDINARY).await;
        let refused = browser.open(&page).await.answer;
        assert_eq!(refused.status, 403);
        assert!(!refused.text().contains("send a credential"));
        let found = why::explain(&t.app, number(&refused)).await.unwrap();
        assert_eq!(found.change, "give the role Ordinary the authority ALL");
        assert_eq!(t.get(&page).send().await.status, 303, "strangers are asked to sign in");
    }
);
